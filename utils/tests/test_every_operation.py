# SPDX-License-Identifier: GPL-2.0-only
"""From one wanted state to another, with a failure, or an end, at every operation on the way."""
import random
import re
import unittest

from fake import CORE, LOOPBACK, Died, Fake
from tcmloop import conf
from tcmloop.lio import protected
from tcmloop.model import PATH
from tcmloop.names import Error
from world import apply, backstores, below, data, pending, run, seen, state

PAIRS = *range(25), 44, 52, 82, 92, 144  # and some that were red where none of the first were
PROGRAMS = 600, 602, 605, 610, 611, 619, 627, 628  # with disks of TCMU
GROWING = 500, 501, 502, 505, 508, 519, 524  # where a file has a size


def machine():
    """With others' objects."""
    fake = Fake()
    fake.nodes["/srv/theirs"] = ("file", 1 << 20, 8, 0o644)
    fake.backstore("core/rd_mcp_0/theirs", "rd_pages=256", "5cafe")
    fake.backstore("core/fileio_0/z", "fd_dev_name=/srv/theirs,fd_dev_size=1048576", "5beef")
    fake.expose("loopback/naa.5001405aaaaaaaaa/tpgt_1", 0, "core/rd_mcp_0/theirs", "naa.5001405aaaaaaaab")
    fake.folder("/sys/kernel/config/target/iscsi")
    fake.expose("iscsi/iqn.2003-01.org.example:[x]/tpgt_1", 0, "core/rd_mcp_0/theirs")
    fake.nodes["/srv/old"] = ("file", 2 << 20, 16, 0o600)
    return fake


def others(fake):
    found = {}
    for path in ("/sys/kernel/config/target/iscsi", f"{LOOPBACK}/naa.5001405aaaaaaaaa", f"{CORE}/rd_mcp_0", f"{CORE}/fileio_0", "/srv/theirs", "/srv/old"):
        found.update(below(fake, path))
    return found


def wanted(random):
    """A file of up to four disks that are in each other's way as often as can be."""
    while True:
        text = ""
        for name in random.sample("abcd", random.randrange(5)):
            kind = random.choice(("ramdisk = 1M", "ramdisk = 2M", f"file = /srv/{random.choice('xy')}\nsize = 1M", "file = /srv/old",
                                  f"block = /dev/vd{random.choice('ab')}"))
            text += f"[{name}]\n{kind}\n"
            if random.random() < 0.7:
                text += f"target = naa.500140500000000{random.randrange(3)}\ntpg = {random.choice((1, 1, 2))}\nlun = {random.randrange(2)}\n"
                text += random.choice(("", "", "initiator = naa.5001405000000009\n"))
            text += random.choice(("", "", f"serial = {random.randrange(1, 3)}\n"))
            text += "write_protect = yes\n" if len(text) % 3 == 0 else ""
            text += random.choice(("", "", "paths = 2\n", "paths = 3\n"))
            paths = re.search(r"paths = (\d)\n$", text)
            if len(text) % 4 == 0:
                text += f"alua = {' '.join(('standby', 'active')[(len(text) // 4 + path) % 2] for path in range(int(paths[1]) if paths else 1))}\n"
            text += ("set = block_size=4096 emulate_tpu=1\n", "set = emulate_tpu=1\n", "", "", "")[len(text) % 5]
            text += ("vendor = ACME\n", "product = A b\nrevision = 1\n", "", "")[len(text) % 4]
        if is_possible(text):
            return text


def is_possible(text):
    try:
        files = [disk.where for disk in conf.parse(text, "conf") if disk.where and disk.kind != PATH]
    except Error:
        return False
    return len(set(files)) == len(files)


def files(fake):
    return {path for path in fake.children("/srv") if fake.nodes[path][0] == "file"}


def kept(before, after):
    """The names of ramdisks that need no other backstore."""
    one, two = ({disk.name: disk for disk in conf.parse(text, "conf")} for text in (before, after))
    return {name for name in one if name in two and one[name].kind == "ramdisk" == two[name].kind and one[name].size == two[name].size
            and dict(one[name].attributes).keys() <= dict(two[name].attributes).keys()}


def larger(before, after):
    """What is wanted after, but that disks whose file has a size stay, and grow."""
    kept = [section.replace("size = 1M", "size = 2M") for section in re.findall(r"\[[^[]*", before) if "size = 1M" in section]
    text = "".join(kept + [section for section in re.findall(r"\[[^[]*", after) if section[:3] not in [one[:3] for one in kept]])
    return text if is_possible(text) else "".join(kept)


def in_programs(text, shift):
    """The same with disks of TCMU in the place of ramdisks.  Another shift gives each image to another disk."""
    found = ""
    for section in re.findall(r"\[[^[]*", text):
        size = re.search("ramdisk = (.*)", section)
        if size:
            image = "abcd"["abcd".index(section[1]) - shift]
            section = re.sub("(set|alua|vendor|product|revision) = .*\n", "", section)
            section = section.replace(size[0], f"tcmu = rbd:{image}\nsize = {size[1]}\nset = cmd_time_out=3")
        found += section
    return found


class EveryOperation(unittest.TestCase):
    figures = {"pairs": 0, "failures": 0, "deaths": 0}

    @classmethod
    def tearDownClass(cls):
        print("# {pairs} pairs of wanted states, {failures} failures and {deaths} deaths at every operation".format(**cls.figures))

    def check_whole(self, fake, theirs, what):
        """Nothing is half made: what there is is another's, or of a disk that is written down and linked."""
        self.assertEqual(others(fake), theirs, what)
        self.assertEqual(pending(fake), [], what)
        disks, found = state(fake)["disks"], seen(fake)
        for key, value in found.items():
            options = dict(option.split("=") for option in value[0].split(",")) if key[0] == "backstore" else {}
            if "fd_dev_size" in options:
                self.assertGreaterEqual(fake.node(options["fd_dev_name"]).size, int(options["fd_dev_size"]), what)
        linked = sorted(link[0] for key, link in found.items() if key[0] == "lun")
        self.assertEqual(found["hbas"], 0, what)
        self.assertEqual(len(backstores(fake)), len([disk for disk in disks.values() if disk["backstore"]["kind"] != PATH]) + 2, what)
        self.assertEqual(len(linked), len(disks) + 1, (what, found))
        wanted_of = {}
        for disk in disks.values():
            path = disk["paths"]["1"]
            if path["write_protect"]:
                wanted_of.setdefault(f"{LOOPBACK}/{path['target']}/tpgt_{path['tpg']}", set()).add(path["lun"])
        self.assertEqual({key[1]: protected(text) for key, text in found.items() if key[0] == "protected" and protected(text)}, wanted_of, what)
        for key, value in found.items():
            if key[0] in ("target", "device"):
                self.assertTrue(value, f"{what}: {key}")
            if key[0] == "nexus":
                self.assertTrue(value, f"{what}: {key}")

    def one_pair(self, number):
        choice = random.Random(number)
        before, after = wanted(choice), wanted(choice)
        if number in GROWING:
            after = larger(before, after)
            self.assertIn("size = 2M", after)
        if number in PROGRAMS:
            before, after = in_programs(before, 0), in_programs(after, number % 2)
            self.assertIn("tcmu", before + after)
        what = f"pair {number}:\n{before}-- to --\n{after}"

        first = machine()
        result = apply(first, before, "--force")
        self.assertEqual((result.status, result.errors), (0, ""), what)
        start, fake = first.copy, first.copy()
        theirs = others(fake)
        its_data = data(fake)
        result = apply(fake, after, "--force")
        self.assertEqual((result.status, result.errors), (0, ""), what)
        operations, goal = fake.changes, seen(fake)
        self.check_whole(fake, theirs, what)
        self.assertEqual(apply(fake.again(), after).output, "nothing to do\n", what)
        keep = kept(before, after)
        self.assertEqual({name: data(fake)[name] for name in keep}, {name: its_data[name] for name in keep}, what)

        for k in range(1, operations + 1):
            told = f"{what} fails at {k}"
            fake = start()
            fake.fail_at = k
            result = apply(fake, after, "--force")
            self.figures["failures"] += 1
            if not pending(fake):
                self.check_whole(fake, theirs, told)
                self.assertLessEqual(files(fake) - files(first), {disk["backstore"]["path"] for disk in state(fake)["disks"].values()}, told)
                if result.status == 0:
                    self.assertEqual(seen(fake), goal, told)
            self.assertEqual(others(fake), theirs, told)
            self.reaches(fake, after, goal, theirs, keep, its_data, told, k % 5 == 0)

            told = f"{what} dies at {k}"
            fake = start()
            fake.die_at = k
            with self.assertRaises(Died):
                apply(fake, after, "--force")
            self.figures["deaths"] += 1
            self.assertEqual(others(fake), theirs, told)
            if k % 3 == 0:  # and who recovers dies, too
                fake = fake.again()
                fake.die_at = k // 3
                try:
                    apply(fake, after, "--force")
                except Died:
                    pass
            self.reaches(fake, after, goal, theirs, keep, its_data, told, k % 5 == 0)
        self.figures["pairs"] += 1

    def reaches(self, fake, after, goal, theirs, keep, its_data, told, more):
        fake = fake.again()
        result = apply(fake, after, "--force")
        self.assertEqual(result.status, 0, f"{told}: {result.errors}")
        self.assertEqual(seen(fake), goal, told)
        self.check_whole(fake, theirs, told)
        self.assertEqual({name: data(fake)[name] for name in keep}, {name: its_data[name] for name in keep}, told)
        if not more:
            return
        self.assertEqual(apply(fake.again(), after).output, "nothing to do\n", told)
        gone = fake.again()
        self.assertEqual(run(gone, "remove", "--all").status, 0, told)
        self.check_whole(gone, theirs, told)


def add(number):
    setattr(EveryOperation, f"test_pair_{number:03}", lambda self: self.one_pair(number))


for each in (*PAIRS, *GROWING, *PROGRAMS):
    add(each)
