# SPDX-License-Identifier: GPL-2.0-only
"""Disks over backstores that others made, of which nothing is changed."""
import contextlib
import json

from fake import CORE, Died, Fake
from tcmloop import model, targetcli
from world import Case, apply, below, pending, run, seen, state


def machine():
    fake = Fake()
    fake.backstore("core/iblock_3/lv1", "udev_path=/dev/vda", "5cafe")
    fake.backstore("core/rd_mcp_1/twice", "rd_pages=256", "5beef")
    fake.nodes["/srv/x"] = ("file", 1 << 20, 8, 0o644)
    fake.backstore("core/fileio_0/twice", "fd_dev_name=/srv/x,fd_dev_size=1048576", "")
    return fake


class Backstore(Case):
    OPTIONS = "create", "--backstore", "lv1", "--target", "naa.5001405000000001"
    TEXT = "[d]\nbackstore = {}\ntarget = naa.5001405000000001\n"

    def test_it_comes_and_goes(self):
        fake = machine()
        theirs, before = below(fake, CORE), seen(fake)
        self.good(run(fake, *self.OPTIONS, "--paths", "2"), "^disk1: /dev/sd0 .*\ndisk1:2: /dev/sd1")
        self.assertEqual(below(fake, CORE), theirs)
        self.assertEqual([disk["backstore"]["ours"] for disk in state(fake)["disks"].values()], [False, True])
        rows = json.loads(run(fake, "list", "--json").output)
        self.assertEqual([(row["name"], row["backstore"], row["backstore_name"], row["path"], row["serial"], row["managed"]) for row in rows],
                         [(name, "iblock", "lv1", "/dev/vda", "5cafe", True) for name in ("disk1", "disk1:2")])
        self.good(run(fake, "remove", "disk1"))
        self.assertEqual((below(fake, CORE), seen(fake), state(fake)["disks"]), (theirs, before, {}))

    def test_a_tape_has_no_block_device(self):
        fake = machine()
        fake.backstore("core/pscsi_0/tape", "udev_path=/dev/vdb", "")
        self.good(run(fake, "create", "--backstore", "tape", "--name", "d"), "^d: /dev/sg0\n")
        self.assertLess(fake.clock, 101)
        self.refused(run(fake, "create", "--backstore", "tape", "--name", "e", "--alua", "standby"), 1, "core/pscsi_0/tape has no ALUA of the target core's")
        fake.folder("/proc/42/fd")
        fake.nodes["/proc/42/fd/3"] = ("link", "/dev/nst0")
        self.refused(run(fake, "remove", "d"), 5, "d: /dev/nst0 is in use by .*process 42")
        del fake.nodes["/proc/42/fd/3"]
        self.good(run(fake, "remove", "d"))

    def test_which_it_is(self):
        for where, reason in (("lv2", "disk1: there is no backstore lv2$"), ("fileio/lv1", "there is no backstore fileio/lv1"),
                              ("twice", "backstore twice is one of core/fileio_0/twice, core/rd_mcp_1/twice; which one, as TYPE/NAME?"),
                              ("iblock/lv1", "accepted is NAME, or TYPE/NAME as targetcli has it, and of types ramdisk, fileio, block, user, pscsi"),
                              ("a/b/c", "accepted is NAME, or TYPE/NAME")):
            self.refused(run(machine(), "create", "--backstore", where), 1, reason)
        for where, inside in ("block/lv1", "iblock_3/lv1"), ("ramdisk/twice", "rd_mcp_1/twice"), ("fileio/twice", "fileio_0/twice"):
            fake = machine()
            self.good(run(fake, "create", "--backstore", where, "--name", "d"))
            self.assertEqual(len(fake.exports(f"{CORE}/{inside}")), 1)
            self.good(run(fake, "remove", "d"))
        fake = machine()
        fake.nodes[f"{CORE}/iblock_3/lv1/enable"] = "0"
        self.refused(run(fake, *self.OPTIONS), 1, "backstore lv1 is not enabled")

    def test_what_is_whoever_made_it_s(self):
        for option in ("--size", "1M"), ("--serial", "1"), ("--set", "block_size=512"), ("--vendor", "x"), ("--product", "x"), ("--revision", "1"):
            self.refused(run(machine(), *self.OPTIONS, *option), 1, f"{option[0][2:]}: backstore lv1 is as whoever made it wants it")
        fake = machine()
        self.good(run(fake, "create", "--ramdisk", "1M", "--name", "mine"))
        self.refused(run(fake, "create", "--backstore", "mine"), 1, "backstore mine is that of mine, which this command made; paths = N gives that more paths")
        self.assertEqual(run(fake, "complete", "create", "--backstore", "ramd").output, "ramdisk/mine\nramdisk/twice\n")
        self.refused(run(fake, "adopt", "lv1"), 4, "no LUN has a backstore of that name")
        self.good(run(fake, *self.OPTIONS))
        self.refused(run(fake, "adopt", "lv1"), 4, "its LUN is that of disk1, which is this command's already")

    def test_a_file_that_changes(self):
        fake = machine()
        self.good(apply(fake, self.TEXT.format("lv1")), r"^\+ d: backstore lv1, naa")
        self.good(apply(fake, self.TEXT.format("lv1")), "^nothing to do")
        changes = fake.changes
        self.good(apply(fake, self.TEXT.format("block/lv1")), "^= d: is so already")
        self.assertLess(fake.changes, changes + 5)
        self.good(apply(fake, self.TEXT.format("block/lv1")), "^nothing to do")
        self.good(apply(fake, self.TEXT.format("ramdisk/twice") + "paths = 2\n"), "^~ d: where block/lv1 -> ramdisk/twice\n\\+ d:2")
        self.good(apply(fake, self.TEXT.format("fileio/twice") + "paths = 2\n"), "^~ d: where .*\n~ d:2: with d")
        self.assertEqual(len(fake.exports(f"{CORE}/fileio_0/twice")), 2)
        self.refused(apply(fake, "[d]\nramdisk = 1M\n"), 3, "d is the name of backstore fileio/twice; \"tcm-loop remove d\" comes first")
        self.good(apply(fake, ""))
        self.assertEqual(below(fake, CORE).keys(), below(machine(), CORE).keys())

    def test_its_groups_go_with_it(self):
        fake = machine()
        theirs = below(fake, CORE)
        self.good(apply(fake, self.TEXT.format("lv1") + "paths = 2\nalua = active standby\n"))
        self.assertIn(f"{CORE}/iblock_3/lv1/alua/lun_0.1.naa.5001405", "".join(fake.nodes))
        self.good(apply(fake, self.TEXT.format("lv1") + "paths = 2\nalua = active standby\n"), "^nothing to do")
        self.good(run(fake, "remove", "d"))
        self.assertEqual(below(fake, CORE), theirs)

    def test_every_operation(self):
        text = self.TEXT.format("lv1") + "paths = 2\nalua = standby active\n"
        for first, then in ("", text), (text, ""), (text, text.replace("lv1", "ramdisk/twice")):
            for way in "fail_at", "die_at":
                number, tried = 0, True
                while tried:
                    number += 1
                    tried = self.one_operation(first, then, way, number)
                self.assertGreater(number, 10)

    def one_operation(self, first, then, way, number):
        """Whether there are so many, of which the last fails, or is the last of a process."""
        fake = machine()
        self.good(apply(fake, first))
        end = fake.changes + number
        setattr(fake, way, end)
        with contextlib.suppress(Died):
            apply(fake, then)
        tried, fake = fake.changes >= end, fake.again()
        run(fake, "remove", "none")  # brings it to an end
        self.assertEqual(pending(fake), [])
        self.good(apply(fake, ""))
        self.assertEqual(seen(fake), seen(machine()), (first, then, way, number))
        self.assertEqual(below(fake, CORE).keys(), below(machine(), CORE).keys(), (first, then, way, number))
        return tried

    def test_what_is_restored_late(self):
        fake = Fake()
        self.refused(apply(fake, self.TEXT.format("lv1")), 3, "d: there is no backstore lv1")
        sleep, fake.sleep = fake.sleep, lambda seconds: sleep(seconds) or fake.clock > 110 and f"{CORE}/iblock_3" not in fake.nodes and fake.backstore(
            "core/iblock_3/lv1", "udev_path=/dev/vda", "5cafe")
        self.good(run(fake, "wait"), "^d: waits: there is no backstore lv1\nd: /dev/sd0")

    def test_what_targetcli_saved_with_its_lun_is_taken_over(self):
        fake = machine()
        fake.expose("loopback/naa.5001405000000001/tpgt_1", 0, "core/iblock_3/lv1", "naa.5001405000000002")
        self.good(apply(fake, self.TEXT.format("lv1")), "^= d: is there already, adopted")

    def test_targetcli_saves_the_backstore_and_not_the_lun(self):
        made = model.Made("d", "/etc/tcm-loop.conf", "backstore", "lv1", 0, "core/iblock_3/lv1", False, "", "naa.5001405000000001", 1, 0)
        path = made._replace(name="d:2", kind=model.PATH, where="d", tpg=2)
        lun = {"index": 0, "storage_object": "/backstores/block/lv1"}
        saved = {"storage_objects": [{"plugin": "block", "name": "lv1", "wwn": "5cafe"}],
                 "targets": [{"fabric": "loopback", "wwn": "naa.5001405000000001", "tpgs": [{"tag": tag, "luns": [lun]} for tag in (1, 2, 3)]}]}
        left = targetcli.without(saved, [made, path])
        self.assertEqual((len(left["storage_objects"]), [tpg["tag"] for tpg in left["targets"][0]["tpgs"]]), (1, [3]))
