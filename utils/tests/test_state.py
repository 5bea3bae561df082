# SPDX-License-Identifier: GPL-2.0-only
"""State files: of 3.0.0, of later versions, damaged ones, and two processes at once."""
import errno
import fcntl
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

from fake import CORE, LOOPBACK, TARGET, Fake
from tcmloop.names import digits
from tcmloop.state import Store
from tcmloop.tree import Tree
from world import apply, below, data, run, seen, state

HERE = os.path.dirname(os.path.abspath(__file__))
PATH, OLD = "/run/tcm-loop/state.json", "/run/tcm-loop/disks.json"
CONF = "[one]\nfile = /srv/one\nsize = 16M\nprotocol = fc\n[two]\nramdisk = 8M\ntarget = iqn.2003-01.org:two\n"


def of_3_0_0(fake, sizes=True):
    """The file of tcm-loop 3.0.0 for disks that were made just now, as that version wrote it."""
    disks = {}
    for name, disk in state(fake)["disks"].items():
        backstore, path = disk["backstore"], disk["paths"]["1"]
        disks[name] = {"name": name, "kind": backstore["kind"], "where": backstore["path"], "size": backstore["size"] if sizes else 0,
                       "target": path["target"], "initiator": state(fake)["ports"][f"{path['target']}/{path['tpg']}"]["initiator"],
                       "tpg": path["tpg"], "lun": path["lun"], "serial": disk["serial"], "made_tpg": True, "made_target": True}
    del fake.nodes[PATH]
    fake.nodes[OLD] = json.dumps(disks, indent=2)
    return fake.again()


class Version1(unittest.TestCase):
    def machine(self, **options):
        fake = Fake()
        self.assertEqual(apply(fake, CONF).status, 0)
        return of_3_0_0(fake, **options)

    def test_an_upgrade_with_disks_in_use_changes_none(self):
        for options in {}, {"sizes": False}:
            fake = self.machine(**options)
            goal, before = seen(fake), data(fake)
            fake.claimed |= {"/dev/sd0", "/dev/sd1"}
            result = apply(fake, CONF)
            self.assertEqual((result.status, result.output), (0, "= one: is there already, adopted\n= two: is there already, adopted\n"
                                                              f"one: /dev/sd0 /dev/disk/by-id/wwn-0x6001405{digits('one', 'serial', 25)}\n"
                                                              f"two: /dev/sd1 /dev/disk/by-id/wwn-0x6001405{digits('two', 'serial', 25)}\n"))
            self.assertEqual((seen(fake), data(fake)), (goal, before))
            self.assertNotIn(OLD, fake.nodes)
            self.assertEqual(apply(fake.again(), CONF).output, "nothing to do\n")
            fake.claimed.clear()
            self.assertEqual(run(fake, "remove", "--all").status, 0)
            self.assertEqual(seen(fake), {"hbas": 0})

    def test_reading_changes_nothing(self):
        fake = self.machine()
        fake.writable = False
        before = dict(fake.nodes)
        self.assertEqual(run(fake, "list", "--names").output, "one\ntwo\n")
        self.assertRegex(run(fake, "list").output, "two .* tcm-loop")
        self.assertEqual(dict(fake.nodes), before)

    def test_a_ramdisk_that_was_not_of_whole_pages_is_the_same(self):
        fake = Fake()
        text = CONF.replace("8M", "10K")
        self.assertEqual(apply(fake, text).status, 0)
        fake = of_3_0_0(fake)
        fake.nodes[OLD] = fake.nodes[OLD].replace("12288", "10240")
        self.assertRegex(apply(fake, text).output, "= two: is there already, adopted")

    def test_of_two_that_it_may_be_neither_is_taken(self):
        fake = self.machine()
        fake.backstore("core/rd_mcp_9/two", "rd_pages=256", json.loads(fake.nodes[OLD])["two"]["serial"])
        result = run(fake, "remove", "two")
        self.assertRegex(result.output, "^two: forgotten; .* found are core/rd_mcp_0/two .* and core/rd_mcp_9/two")
        self.assertIn(f"{LOOPBACK}/iqn.2003-01.org:two/tpgt_1/lun/lun_0/backstore", fake.nodes)

    def test_what_its_file_does_not_have_stays(self):
        fake = self.machine()
        result = apply(fake, CONF[:CONF.index("[two]")])
        self.assertEqual(result.status, 0)
        self.assertRegex(result.errors, "two: was made by tcm-loop 3.0.0, which did not say by what file, and stays")
        self.assertIn("two", data(fake))

    def test_the_unit_s_stop_removes_them(self):
        """After an upgrade nothing is applied before it."""
        fake = self.machine()
        self.assertEqual(run(fake, "remove", "--origin", "/srv/other.conf").output, "")
        self.assertEqual(run(fake, "remove", "--origin", "/etc/tcm-loop.conf").output, "two: removed\none: removed\n")
        self.assertEqual(seen(fake), {"hbas": 0})

    def test_a_file_that_is_empty_or_cut_off_at_any_byte(self):
        machine = self.machine()
        text, goal = machine.nodes[OLD], seen(machine)
        for at in range(len(text)):
            fake = machine.copy()
            fake.nodes[OLD] = text[:at]
            self.assertEqual(run(fake, "list").status, 0)
            result = apply(fake, CONF)
            self.assertEqual(result.status, 0, result.errors)
            self.assertEqual(seen(fake), goal, at)


class Version2(unittest.TestCase):
    def machine(self):
        fake = Fake()
        self.assertEqual(apply(fake, CONF).status, 0)
        return fake.again()

    def test_a_file_that_is_cut_off_at_any_byte_or_has_another_byte(self):
        machine, choice = self.machine(), random.Random(1)
        text = machine.nodes[PATH]
        bad = [text[:at] for at in range(0, len(text) - 2, 7)]
        for _ in range(200):
            at = choice.randrange(len(text))
            bad.append(text[:at] + choice.choice("0{}[]\",:x\x00\n") + text[at + 1:])
        for damaged in bad:
            fake = machine.copy()
            fake.nodes[PATH] = damaged
            fake.backstore("core/fileio_7/one", "fd_dev_name=/srv/one,fd_dev_size=1", "5")
            before = below(fake, f"{CORE}/fileio_7")
            self.assertIn(run(fake, "list").status, (0, 1), damaged)
            self.assertIn(run(fake, "remove", "--all").status, (0, 1, 3), damaged)
            self.assertEqual(below(fake, f"{CORE}/fileio_7"), before)

    def test_what_cannot_be_read_is_told_and_kept(self):
        fake = self.machine()
        text = fake.nodes[PATH][:-9]
        fake.nodes[PATH] = text
        self.assertRegex(run(fake, "list").errors, "state.json cannot be read .*; its disks count as others'")
        self.assertEqual(fake.nodes[PATH], text)
        goal = seen(fake)
        result = apply(fake, CONF)
        self.assertRegex(result.errors, "and is /run/tcm-loop/state.json.bad now")
        self.assertRegex(result.output, "^= one: is there already, adopted\n= two: is there already, adopted\n")
        self.assertEqual(fake.nodes[PATH + ".bad"], text)
        self.assertEqual(seen(fake), goal)

    def test_keys_that_are_not_known_are_kept(self):
        fake = self.machine()
        text = json.loads(fake.nodes[PATH])
        text["restore"] = [["naa.5/1", "transport_status", "online"]]
        text["disks"]["one"]["later"] = text["disks"]["one"]["backstore"]["later"] = text["disks"]["one"]["paths"]["1"]["group"] = {"a": 1}
        text["disks"]["one"]["paths"]["2"] = {"target": "x"}
        text["ports"]["iqn.2003-01.org:two/1"]["later"] = 2
        fake.nodes[PATH] = json.dumps(text)
        goal = seen(fake)
        self.assertEqual(apply(fake, CONF + "[three]\nramdisk = 1M\n").status, 0)
        self.assertEqual(apply(fake, CONF).status, 0)
        self.assertEqual(json.loads(fake.nodes[PATH]), text)
        self.assertEqual(seen(fake), goal)

    def test_one_that_is_there_and_cannot_be_read_is_left_alone(self):
        for path in PATH, OLD:
            fake = self.machine()
            fake.nodes[path] = fake.nodes.pop(PATH)
            fake.unreadable = {path: errno.EIO}
            before = dict(fake.nodes)
            for command in ("create", "--ramdisk", "1M"), ("remove", "--all"), ("list",), ("forget", "one"):
                result = run(fake, *command)
                self.assertEqual((result.status, result.errors), (1, f"tcm-loop: {path}: Input/output error\n"), command)
            self.assertEqual(dict(fake.nodes), before)

    def test_without_configfs_nothing_is_forgotten(self):
        """As in a root of its own, or another mount namespace, that has /run in common."""
        machine = self.machine()
        for there in "/sys/module/target_core_mod", "/sys":  # the second without sysfs
            fake = machine.copy()
            for path in below(fake, TARGET):
                del fake.nodes[path]
            fake.folder("/sys/kernel/config")
            fake.folder(there)
            before = dict(fake.nodes)
            for command in ("remove", "--all"), ("create", "--ramdisk", "1M"), ("apply", "--prune"):
                fake.nodes["/etc/tcm-loop.conf"] = before["/etc/tcm-loop.conf"] = CONF
                result = run(fake, *command)
                self.assertEqual(result.status, 1, command)
                self.assertRegex(result.errors, "^tcm-loop: /sys/kernel/config/target is not to be seen here, where one, two were made")
                self.assertEqual(dict(fake.nodes), before, command)

    def test_with_the_target_core_gone_the_disks_are(self):
        fake = self.machine()
        for path in below(fake, TARGET):
            del fake.nodes[path]
        fake.folder("/sys/module")
        self.assertRegex(run(fake, "remove", "--all").output, "^two: forgotten; core/rd_mcp_0/two is gone; lun 0 of iqn.2003-01.org:two, TPG 1, is gone\none: forgotten; ")

    def test_configfs_is_mounted_first(self):
        fake = self.machine()
        hidden = {path: fake.nodes[path] for path in list(fake.nodes) if path.startswith(TARGET)}
        for path in reversed(list(hidden)):
            del fake.nodes[path]
        fake.folder("/sys/kernel/config")

        def command(*words):
            if words[0] == "mount":
                for path, node in hidden.items():
                    fake.nodes[path] = node
        fake.run = command
        result = run(fake, "remove", "--all")
        self.assertEqual((result.status, result.output), (0, "two: removed\none: removed\n"))

    def test_a_later_version_is_left_alone(self):
        fake = self.machine()
        text = json.loads(fake.nodes[PATH])
        text["version"] = 3
        fake.nodes[PATH] = json.dumps(text)
        before = dict(fake.nodes)
        result = run(fake, "remove", "--all")
        self.assertEqual(result.status, 1)
        self.assertRegex(result.errors, "is of version 3, and this command knows 2: a later tcm-loop wrote it")
        self.assertEqual(dict(fake.nodes), before)

    def test_of_an_earlier_boot_all_is_forgotten(self):
        fake = self.machine()
        text = fake.nodes[PATH]
        fake = Fake()
        fake.nodes["/srv/one"] = ("file", 16 << 20, 8, 0o600)
        fake.folder("/run/tcm-loop")
        fake.nodes[PATH] = text.replace("boot-1", "boot-0")
        self.assertEqual(run(fake, "list", "--names").output, "")
        self.assertRegex(apply(fake, CONF).output, "(?m)^\\+ one: .*\n\\+ two: ")


class Processes(unittest.TestCase):
    """With the real flock and rename, in a folder that stands for the machine's root."""

    def setUp(self):
        self.root = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.root)
        for folder in ("run", "srv", "sys/kernel/config/target/core", "sys/kernel/config/target/loopback", "proc/sys/kernel/random"):
            os.makedirs(f"{self.root}/{folder}")
        with open(f"{self.root}/proc/sys/kernel/random/boot_id", "w") as f:
            f.write("boot")

    PROGRAM = """if True:
        import sys
        sys.path[:0] = [sys.argv[1]]
        from tcmloop.state import Entry, Store
        from tcmloop.model import Made
        from tcmloop.tree import Tree
        tree = Tree(sys.argv[2])
        store = Store(tree)
        for n in range(20):
            with store.locked(lambda: None):
                state = store.load(write=True)
                name = f"{sys.argv[3]}{n}"
                made = Made(name, "create", "ramdisk", "", 4096, f"core/rd_mcp_0/{name}", False, "5", "naa.5", 1, n)
                state.entries[name] = Entry(made, made)
                store.save(state)
    """

    def test_two_at_once_lose_nothing(self):
        both = [subprocess.Popen([sys.executable, "-c", self.PROGRAM, os.path.dirname(HERE), self.root, name]) for name in "ab"]
        reader, reads = Store(Tree(self.root, writable=False), say=self.fail), 0
        while any(process.poll() is None for process in both):
            reader.load()
            reads += 1
        self.assertEqual([process.returncode for process in both], [0, 0])
        self.assertEqual(len(reader.load().entries), 40)
        self.assertGreater(reads, 0)
        self.assertEqual(os.stat(f"{self.root}/run/tcm-loop/state.json").st_mode & 0o777, 0o644)

    def test_who_waits_too_long_says_so(self):
        tree = Tree(self.root)
        tree.is_root = lambda: True
        os.mkdir(f"{self.root}/run/tcm-loop")
        with open(f"{self.root}/run/tcm-loop/lock", "w") as f:
            fcntl.flock(f, fcntl.LOCK_EX)
            start = time.monotonic()
            result = run(tree, "--lock-timeout", "0.2", "remove", "--all")
            self.assertEqual((result.status, result.errors), (7, "tcm-loop: another tcm-loop, or targetcli, is at work\n"))
            self.assertLess(time.monotonic() - start, 30)
            self.assertEqual(run(tree, "list").status, 0)  # who reads waits for nobody

    def test_a_signal_that_is_ignored_stays_so(self):
        """As SIGHUP under nohup(1)."""
        program = """if True:
            import signal, sys
            sys.path[:0] = [sys.argv[1]]
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            from tcmloop import cli
            cli.run(["list", "--names"])
            print(signal.getsignal(signal.SIGHUP) == signal.SIG_IGN, callable(signal.getsignal(signal.SIGTERM)))
        """
        output = subprocess.check_output([sys.executable, "-c", program, os.path.dirname(HERE)], stderr=subprocess.STDOUT)
        self.assertEqual(output.split()[-2:], [b"True", b"True"])

    def test_a_new_image_is_root_s_alone(self):
        tree = Tree(self.root)
        tree.create("/srv/x", 1 << 20)
        found = os.stat(f"{self.root}/srv/x")
        self.assertEqual((found.st_mode & 0o777, found.st_size), (0o600, 1 << 20))
        self.assertEqual(tree.node("/srv/x").kind, "file")

    def test_a_dry_run_cannot_write(self):
        tree = Tree(self.root, writable=False)
        for change in ((tree.mkdir, "/x"), (tree.rmdir, "/run"), (tree.unlink, "/x"), (tree.symlink, "/x", "/y"), (tree.write, "/x", ""),
                       (tree.create, "/x", 1), (tree.replace, "/x", ""), (tree.rename, "/x", "/y"), (tree.run, "false")):
            with self.assertRaises(AssertionError):
                change[0](*change[1:])
