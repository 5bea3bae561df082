# SPDX-License-Identifier: GPL-2.0-only
"""What the command does to what it made: its data, its ports, and how it ends."""
import contextlib
import errno
import json
import os
import unittest.mock

from fake import CORE, LOOPBACK, TARGET, Died, Fake
from tcmloop import run as running
from tcmloop.lio import protected
from tcmloop.tree import Stop
from world import A, CONF, PORT, Case, apply, backstores, below, data, pending, run, seen, state


class Data(Case):
    def test_a_mistyped_file_leaves_the_good_disk(self):
        fake = Fake()
        self.good(apply(fake, "[p]\nfile = /srv/p.img\nsize = 1M\n"))
        before = dict(fake.nodes)
        for option in (), ("--dry-run",):
            self.refused(apply(fake, "[p]\nfile = /srv/typo.img\n", *option), 3, "p: /srv/typo.img does not exist; with a size it is made")
        fake.nodes[CONF] = before[CONF]
        self.assertEqual(dict(fake.nodes), before)
        self.refused(apply(fake, "[p]\nfile = /srw/typo.img\nsize = 1M\n"), 3, "there is no folder /srw")
        self.refused(apply(fake, "[p]\nblock = /srv/p.img\n"), 3, "is not a block device")
        self.refused(apply(fake, "[p]\nfile = /srv/p.img\nsize = 512K\n"), 3, "has 1048576 bytes, not 524288")

    def test_another_place_keeps_the_data(self):
        fake = Fake()
        self.good(apply(fake, A))
        before = data(fake)
        for change in "lun = 1\n", "tpg = 3\n", "serial = 77\n", "initiator = naa.5001405000000009\n", "":
            self.good(apply(fake, A + change), "^~ a: ")
            self.assertEqual(data(fake), before)
        self.assertEqual(len([node for node in fake.nodes if node.startswith(f"{LOOPBACK}/naa") and node.count("/") == 6]), 1)

    def test_a_loss_is_told_and_needs_force(self):
        fake = Fake()
        self.good(apply(fake, A))
        before = data(fake)
        result = apply(fake, A.replace("8M", "16M"))
        self.refused(result, 3, "a: its data would be lost; with --force it is made anew")
        self.assertRegex(result.output, r"^~ a: size 8388608 -> 16777216 \(its data is lost\)")
        self.assertEqual(data(fake), before)
        self.good(apply(fake, A.replace("8M", "16M"), "--force"))
        self.assertNotEqual(data(fake), before)
        self.good(apply(fake, "", "-n"), r"^- a: ramdisk, naa.5001405000000001 \(its data is lost\)")

    def test_no_file_is_made_below_what_is_not_mounted(self):
        """There the real one may be; a blank one would be up under its name."""
        fake = Fake()
        fake.folder("/srv/a b/c")
        fake.folder("/srv/other")
        fake.nodes["/etc/fstab"] = "# /srv/other\n/dev/vda / ext4\nUUID=1 /srv/a\\040b/ ext4 nofail 0 2\n\nbad\n/dev/vdb none swap sw 0 0\n"
        fake.nodes["/proc/mounts"] = "/dev/vda / ext4 rw 0 0\n"
        command = "create", "--file", "/srv/a b/c/x", "--size", "1M"
        self.refused(run(fake, *command), 1, "/srv/a b/c/x is on /srv/a b, which is in /etc/fstab and not mounted; with --force it is taken as it is")
        self.assertNotIn("/srv/a b/c/x", fake.nodes)
        self.good(run(fake, "create", "--file", "/srv/other/x", "--size", "1M"))
        self.good(run(fake.copy(), *command, "--force"))
        fake.nodes["/proc/mounts"] += "/dev/vdc /srv/a\\040b ext4 rw 0 0\n"
        self.good(run(fake, *command))

    def test_two_disks_on_one_file_or_of_one_serial_number(self):
        fake = Fake()
        fake.nodes["/srv/x"] = ("file", 1 << 20, 8, 0o600)
        fake.nodes["/srv/link"] = ("link", "x")
        self.refused(apply(fake, "[p]\nfile = /srv/x\n[q]\nfile = /srv/link\n"), 3, "q: /srv/link is the data of p, too")
        self.refused(apply(fake, "[p]\nfile = /srv/new\nsize = 1M\n[q]\nfile = /srv//new\nsize = 1M\n"), 3, "is the data of")
        self.refused(apply(fake, "[p]\nramdisk = 1M\nserial = vm-1\n[q]\nramdisk = 1M\nserial = lun-1\n"), 3, f"{CONF}:4: .*would be one disk to the system")
        fake = Fake()
        fake.nodes["/srv/x"] = ("file", 1 << 20, 8, 0o600)
        fake.backstore("core/fileio_0/theirs", "fd_dev_name=/srv/x,fd_dev_size=1048576", "c0ffee")
        self.refused(run(fake, "create", "--file", "/srv/x"), 1, "/srv/x is the data of core/fileio_0/theirs, too")
        self.refused(run(fake, "create", "--ramdisk", "1M", "--serial", "C0FFEE"), 1, "core/fileio_0/theirs has the same serial number")

    def test_a_failed_create_leaves_no_file(self):
        fake = Fake()
        fake.fail_at = 9
        self.assertNotEqual(run(fake, "create", "--file", "/srv/new", "--size", "1M").status, 0)
        self.assertGreaterEqual(fake.changes, 9)
        self.assertNotIn("/srv/new", fake.nodes)

    def test_more_memory_than_there_is(self):
        fake = Fake()
        self.refused(run(fake, "create", "--ramdisk", "900T"), 1, "but 1024 MiB are available; with --force")
        self.refused(apply(fake, "[a]\nramdisk = 700M\n[b]\nramdisk = 700M\n"), 3, "700 MiB of RAM, 1400 MiB for all new ramdisks")

    def test_a_ramdisk_has_whole_pages_of_the_machine_s_size(self):
        for page, text, pages in (4096, "10K", 3), (65536, "10K", 1), (65536, "1M", 16), (65536, "65537", 2), (4096, "4096", 1):
            with unittest.mock.patch("tcmloop.model.PAGE", page):
                fake = Fake()
                self.good(run(fake, "create", "--ramdisk", text, "--name", "a"))
                self.assertEqual(fake.nodes[f"{CORE}/rd_mcp_0/a/control"], f"rd_pages={pages}")
                self.assertEqual(state(fake)["disks"]["a"]["backstore"]["size"], pages * page)
                del fake.nodes["/run/tcm-loop/state.json"]
                serial = "serial = " + fake.nodes[f"{CORE}/rd_mcp_0/a/wwn/vpd_unit_serial"].split(": ")[1]
                self.good(apply(fake, f"[a]\nramdisk = {text}\n{serial}\n"), "^= a: is there already, adopted")

    def test_a_name_that_is_given_by_the_command(self):
        fake = Fake()
        fake.nodes[CONF] = "[disk2]\nramdisk = 1M\n"
        fake.backstore("core/rd_mcp_0/disk1", "rd_pages=256", "5")
        self.good(run(fake, "create", "--ramdisk", "1M"), "^disk3: ")
        first = state(fake)["disks"]["disk3"]["serial"]
        self.good(run(fake, "remove", "disk3"))
        self.good(run(fake, "create", "--ramdisk", "1M"), "^disk3: ")
        self.assertNotEqual(state(fake)["disks"]["disk3"]["serial"], first)


class Protection(Case):
    """A LUN that takes no command that writes."""

    def test_it_comes_and_goes_with_the_lun(self):
        fake = Fake()
        self.good(run(fake, "create", "--ramdisk", "8M", "--name", "a", "--target", "naa.5001405000000001", "--lun", "3", "--write-protect"))
        self.assertEqual(fake.nodes[f"{PORT}/write_protect"], "3\n")
        self.assertTrue(json.loads(run(fake, "list", "--json").output)[0]["write_protect"])
        self.good(run(fake, "create", "--ramdisk", "8M", "--name", "b", "--target", "naa.5001405000000001"))
        self.good(run(fake, "remove", "a"))
        self.assertEqual(fake.nodes[f"{PORT}/write_protect"], "\n")

    def test_a_file_changes_it(self):
        fake = Fake()
        self.good(apply(fake, A))
        before = data(fake)
        self.good(apply(fake, A + "write_protect = yes\n"), "^~ a: write_protect no -> yes")
        self.assertEqual(fake.nodes[f"{PORT}/write_protect"], "0\n")
        self.good(apply(fake, A + "write_protect = yes\n"), "^nothing to do")
        fake.claimed.add("/dev/sd0")
        self.refused(apply(fake, A), 3, "/dev/sd0 is in use")
        fake.claimed.clear()
        self.good(apply(fake, A), "^~ a: write_protect yes -> no")
        self.assertEqual((fake.nodes[f"{PORT}/write_protect"], data(fake)), ("\n", before))

    def test_what_others_protect_stays(self):
        fake = Fake()
        self.good(apply(fake, A))
        fake.write(f"{PORT}/write_protect", "2-4,7\n")
        self.good(apply(fake, A + "[b]\nramdisk = 8M\ntarget = naa.5001405000000001\nlun = 5\nwrite_protect = yes\n"))
        self.assertEqual(protected(fake.nodes[f"{PORT}/write_protect"]), {2, 3, 4, 5, 7})
        self.good(apply(fake, A + "[c]\nramdisk = 8M\ntarget = naa.5001405000000001\nlun = 4\n"))
        self.assertEqual(protected(fake.nodes[f"{PORT}/write_protect"]), {2, 3, 4, 7})

    def test_the_kernel_s_own_module_has_none(self):
        fake = Fake()
        self.good(apply(fake, A))
        del fake.nodes[f"{PORT}/write_protect"]
        before = below(fake, TARGET)
        self.refused(apply(fake, A + "write_protect = yes\n"), 3, "tpgt_1/write_protect is not there: the kernel's own tcm_loop")
        self.assertEqual(below(fake, TARGET), before)

    def test_restored_without_it(self):
        fake = Fake()
        self.good(apply(fake, A + "write_protect = yes\n"))
        goal = seen(fake)
        del fake.nodes["/run/tcm-loop/state.json"]
        fake.unlink(f"{PORT}/lun/lun_0/backstore")
        fake.write(f"{PORT}/write_protect", "\n")
        fake.symlink(backstores(fake)[0], f"{PORT}/lun/lun_0/backstore")
        self.good(apply(fake, A + "write_protect = yes\n"), "^~? ?=? ?a: is there already, adopted")
        self.assertEqual(seen(fake), goal)


class Attributes(Case):
    """Of a backstore, which the user set."""
    BLOCKS = A + "set = block_size=4096, emulate_tpu=1\n"

    def value(self, fake, name):
        return fake.nodes[f"{backstores(fake)[0]}/attrib/{name}"].strip()

    def test_they_are_set_before_the_link(self):
        fake = Fake()
        self.good(run(fake, "create", "--ramdisk", "8M", "--name", "a", "--target", "naa.5001405000000001", "--set", "block_size=04096,emulate_tpu=1"))
        self.assertEqual((self.value(fake, "block_size"), self.value(fake, "emulate_tpu")), ("4096", "1"))
        self.assertEqual(json.loads(run(fake, "list", "--json").output)[0]["set"], "block_size=4096,emulate_tpu=1")
        self.assertIn("block_size=4096,emulate_tpu=1\n", run(fake, "show", "a").output)

    def test_a_file_changes_them(self):
        fake = Fake()
        self.good(apply(fake, A + "paths = 2\n"))
        before = data(fake)
        self.good(apply(fake, self.BLOCKS + "paths = 2\n"), "^~ a: block_size 512 -> 4096, emulate_tpu 0 -> 1\n~ a:2: with a\n")
        self.assertEqual((self.value(fake, "block_size"), data(fake)), ("4096", before))
        self.good(apply(fake, self.BLOCKS + "paths = 2\n"), "^nothing to do")
        self.good(apply(fake, A + "set = emulate_tpu=0 block_size=512\npaths = 2\n"), "^~ a: emulate_tpu 1 -> 0, block_size 4096 -> 512\n")
        self.assertEqual((self.value(fake, "emulate_tpu"), data(fake)), ("0", before))

    def test_what_inquiry_says(self):
        fake = Fake()
        self.good(run(fake, "create", "--ramdisk", "8M", "--name", "a", "--target", "naa.5001405000000001", "--vendor", "ACME", "--product", " A disk, b", "--set", "emulate_tpu=1"))
        row = json.loads(run(fake, "list", "--json").output)[0]
        self.assertEqual([row[key] for key in ("vendor", "product", "revision", "set")], ["ACME", "A disk, b", "4.0", "emulate_tpu=1"])
        self.assertRegex(run(fake, "show", "a").output, "emulate_tpu=1, vendor ACME, product A disk, b\n")
        self.good(run(fake, "remove", "a"))
        self.good(apply(fake, A + "vendor = ACME\npaths = 2\n"))
        before = data(fake)
        text = A + "vendor = Other\nrevision = 1.2\npaths = 2\n"
        self.good(apply(fake, text), "^~ a: vendor ACME -> Other, revision 4.0 -> 1.2\n~ a:2: with a\n")
        self.assertEqual([fake.nodes[f"{backstores(fake)[0]}/wwn/{name}"] for name in ("vendor_id", "product_id", "revision")], ["Other\n", "DATA\n", "1.2\n"])
        self.assertEqual(data(fake), before)
        self.good(apply(fake, text), "^nothing to do")
        self.refused(apply(fake, A + "vendor = Other\npaths = 2\n"), 3, "a: its data would be lost; with --force it is made anew")
        # Others change it, and a kernel has none.
        other = fake.copy()
        other.nodes[f"{backstores(other)[0]}/wwn/vendor_id"] = "LIO-ORG\n"
        self.good(apply(other, text), "^~ a: vendor LIO-ORG -> Other\n")
        del fake.nodes[f"{backstores(fake)[0]}/wwn/product_id"]
        self.refused(apply(fake, text + "product = b\n"), 3, "core/rd_mcp_0/a has no attribute product_id; those that there are are files of /sys/kernel/config/target/core/rd_mcp_0/a/wwn")
        self.assertIsNone(json.loads(run(fake, "list", "--json").output)[0]["product"])

    def test_what_inquiry_says_is_taken_back(self):
        text = A + "vendor = Other\nproduct = a=b, 'c'\nset = emulate_tpu=1\n"
        undone = 0
        for k in range(1, 40):
            fake = Fake()
            self.good(apply(fake, A + "vendor = ACME\n"))
            before = below(fake, f"{CORE}/rd_mcp_0")
            fake = fake.again()
            fake.fail_at = k
            if apply(fake, text).status == 0:
                break
            if not pending(fake):
                undone += 1
                self.assertEqual(below(fake, f"{CORE}/rd_mcp_0"), before, k)
            fake.fail_at = None
            self.assertEqual(apply(fake, text).status, 0, k)
            self.assertEqual(fake.nodes[f"{CORE}/rd_mcp_0/a/wwn/vendor_id"], "Other\n", k)
        self.assertGreater(undone, 5)

    def test_what_others_changed_is_seen(self):
        fake = Fake()
        self.good(apply(fake, self.BLOCKS))
        fake.write(f"{backstores(fake)[0]}/attrib/emulate_tpu", "0")
        self.good(apply(fake, self.BLOCKS), "^~ a: emulate_tpu 0 -> 1\n")
        self.assertEqual(self.value(fake, "emulate_tpu"), "1")

    def test_one_that_is_not_set_any_more(self):
        fake = Fake()
        self.good(apply(fake, self.BLOCKS))
        before = data(fake)
        self.refused(apply(fake, A), 3, "a: its data would be lost; with --force it is made anew")
        self.assertEqual(data(fake), before)
        self.good(apply(fake, A, "--force"), r"^~ a: block_size 4096 -> the default, emulate_tpu 1 -> the default \(its data is lost\)")
        self.assertEqual((self.value(fake, "block_size"), self.value(fake, "emulate_tpu")), ("512", "0"))

    def test_those_that_the_kernel_does_not_take(self):
        fake = Fake()
        self.good(apply(fake, A))
        goal = seen(fake)
        for text, reason in (("colour=1", "core/rd_mcp_0/a has no attribute colour"), ("block_size=100", "core/rd_mcp_0/a does not take block_size=100: Invalid argument"),
                             ("emulate_tpu=1 block_size=100", "does not take block_size=100: Invalid argument"), ("emulate_tpu=10", "emulate_tpu=10: the kernel makes 1 of it")):
            self.refused(apply(fake, A + f"set = {text}\n"), 3, reason)
            self.assertEqual(seen(fake), goal, text)
            self.refused(run(fake, "create", "--ramdisk", "8M", "--name", "b", "--set", text.replace(" ", ",")), 1, reason.replace("_0/a", "_1/b"))
            self.assertEqual(seen(fake), goal, text)

    def test_killed_while_they_are_set(self):
        """What is written down of them is what they are, and from there both ways are open."""
        for k in range(1, 20):
            fake = Fake()
            self.good(apply(fake, A))
            fake = fake.again()
            fake.die_at = k
            try:
                apply(fake, self.BLOCKS)
                break
            except Died:
                fake = fake.again()
            run(fake, "remove", "none")
            written = dict(each.split("=") for each in (json.loads(run(fake, "list", "--json").output)[0]["set"] or "").split(",") if each)
            self.assertEqual(written, {name: self.value(fake, name) for name in written}, k)
            self.assertTrue(all(self.BLOCKS.count(f"{name}={value}") for name, value in written.items()), (k, written))
            other = fake.copy()
            self.good(apply(fake, self.BLOCKS))
            self.assertEqual((self.value(fake, "block_size"), self.value(fake, "emulate_tpu")), ("4096", "1"), k)
            self.good(apply(other, A, *("--force",) if written else ()))
            self.assertEqual((self.value(other, "block_size"), self.value(other, "emulate_tpu")), ("512", "0"), k)
        self.assertGreater(k, 5)

    def test_one_that_there_is_not_takes_no_disk_away(self):
        fake = Fake()
        self.good(apply(fake, A))
        goal = dict(fake.nodes)
        self.refused(apply(fake, A + "set = emulate_tpu=1 colour=1\n", "--dry-run"), 3, "core/rd_mcp_0/a has no attribute colour")
        fake.nodes[CONF] = goal[CONF]
        self.assertEqual(dict(fake.nodes), goal)
        changes = fake.changes
        self.refused(apply(fake, A + "set = emulate_tpu=1 colour=1\n", "--force"), 3, "core/rd_mcp_0/a has no attribute colour")
        self.assertEqual(fake.changes, changes)

    def test_what_is_so_already_is_written_down(self):
        fake = Fake()
        self.good(apply(fake, A))
        fake.write(f"{backstores(fake)[0]}/attrib/emulate_tpu", "1")
        self.good(apply(fake, A + "set = emulate_tpu=1\n"), "^= a: is so already\n")
        self.assertEqual(json.loads(run(fake, "list", "--json").output)[0]["set"], "emulate_tpu=1")
        self.good(apply(fake, A + "set = emulate_tpu=1\n"), "^nothing to do")
        fake.write(f"{backstores(fake)[0]}/attrib/emulate_tpu", "0")
        self.good(apply(fake, A + "set = emulate_tpu=0\n"), "^= a: is so already\n")
        self.good(apply(fake, A + "set = emulate_tpu=0\n"), "^nothing to do")

    def test_others_have_the_backstore_too(self):
        fake = Fake()
        self.good(apply(fake, A))
        fake.expose("loopback/naa.5001405000000009/tpgt_1", 0, backstores(fake)[0][len(TARGET) + 1:])
        goal = seen(fake)
        self.refused(apply(fake, self.BLOCKS), 3, "is used by loopback/naa.5001405000000009/tpgt_1/lun/lun_0, too; nothing was changed")
        self.assertEqual(seen(fake), goal)

    def test_restored_with_and_without_them(self):
        for attributes in (), ("4096", "1"):
            fake = Fake()
            self.good(apply(fake, self.BLOCKS))
            goal = seen(fake)
            del fake.nodes["/run/tcm-loop/state.json"]
            if not attributes:
                fake.unlink(f"{PORT}/lun/lun_0/backstore")
                fake.write(f"{backstores(fake)[0]}/attrib/block_size", "512")
                fake.symlink(backstores(fake)[0], f"{PORT}/lun/lun_0/backstore")
            self.good(apply(fake, self.BLOCKS), "^= a: is there already, adopted\n" if attributes else "^~ a: is there already, adopted; block_size 512 -> 4096\n")
            self.assertEqual(seen(fake), goal)
            self.good(apply(fake, self.BLOCKS), "^nothing to do")

    def test_restored_with_other_paths(self):
        fake = Fake()
        self.good(apply(fake, A + "paths = 2\n"))
        before = data(fake)
        del fake.nodes["/run/tcm-loop/state.json"]
        self.good(apply(fake, self.BLOCKS + "paths = 2\n"), "^~ a: is there already, adopted; block_size 512 -> 4096")
        self.assertEqual((self.value(fake, "block_size"), data(fake)), ("4096", before))
        self.good(apply(fake, self.BLOCKS + "paths = 2\n"), "^nothing to do")


class Restored(Case):
    """What targetcli saved, target.service has made before the command comes."""

    CONF = "[sas]\nfile = /srv/sas\nsize = 1M\n[fc]\nramdisk = 1M\nprotocol = fc\n"

    def machine(self):
        fake = Fake()
        self.good(apply(fake, self.CONF))
        goal, disks = seen(fake), state(fake)["disks"]
        fake = Fake()
        fake.nodes["/srv/sas"] = ("file", 1 << 20, 8, 0o600)
        fake.backstore("core/fileio_0/sas", "fd_dev_name=/srv/sas,fd_dev_size=1048576,fd_buffered_io=1", disks["sas"]["serial"])
        fake.backstore("core/rd_mcp_0/fc", "rd_pages=256", disks["fc"]["serial"])
        fake.expose(f"loopback/{disks['sas']['paths']['1']['target']}/tpgt_1", 0, "core/fileio_0/sas", "naa.5001405fffffffff")
        return fake, goal

    def test_it_is_adopted_and_completed(self):
        fake, goal = self.machine()
        before = data(fake)
        self.good(apply(fake, self.CONF), "^= sas: is there already, adopted, initiator naa.5001405fffffffff -> naa.5001405.*\n"
                                          "= fc: is there already, adopted; lun 0 of fc.* is gone; made: fc.*\n")
        self.assertEqual(data(fake), before)
        self.assertEqual({key: value for key, value in seen(fake).items() if key[0] not in ("backstore",)},
                         {key: value for key, value in goal.items() if key[0] not in ("backstore",)})
        self.good(apply(fake, self.CONF), "^nothing to do")
        self.good(run(fake, "remove", "--all"))
        self.assertEqual(seen(fake), {"hbas": 0})

    def test_what_is_in_use_keeps_its_initiator(self):
        fake, _ = self.machine()
        fake.claimed.add("/dev/sd0")
        self.good(apply(fake, self.CONF), "^= sas: is there already, adopted\n")

    def test_of_what_is_there_udev_says_nothing_new(self):
        fake = Fake()
        self.good(apply(fake, self.CONF))
        del fake.nodes["/run/tcm-loop/state.json"]
        start = fake.clock = fake.clock + 1000
        self.good(apply(fake, self.CONF), "^= sas: is there already, adopted\n= fc: is there already, adopted\n")
        self.assertLess(fake.clock - start, 1)

    def test_what_is_not_equal_is_not_adopted(self):
        fake, _ = self.machine()
        before = below(fake, TARGET)
        self.refused(apply(fake, self.CONF.replace("ramdisk = 1M", "ramdisk = 2M").replace("/srv/sas", "/srv/new")), 3,
                     "sas: core/fileio_0/sas has its name and serial number, but not its data: it is file /srv/sas; with --force .*\n.*fc: .*ramdisk 1 MiB")
        self.assertEqual(below(fake, TARGET), before)


    def test_with_force_it_is_made_as_the_file_says(self):
        fake, _ = self.machine()
        text = self.CONF.replace("ramdisk = 1M", "ramdisk = 2M").replace("/srv/sas", "/srv/new")
        self.good(apply(fake, text, "--force"), r"^~ sas: where /srv/sas -> /srv/new.*\n~ fc: size 1048576 -> 2097152 \(its data is lost\)")
        self.assertIn("/srv/sas", fake.nodes)
        self.good(apply(fake.again(), text), "^nothing to do")
        self.good(run(fake, "remove", "--all"))
        self.assertEqual(seen(fake), {"hbas": 0})


class Ports(Case):
    def test_one_port_has_one_initiator(self):
        fake = Fake()
        two = A + "[b]\nramdisk = 1M\ntarget = naa.5001405000000001\nlun = 1\n"
        self.refused(apply(fake, two + "initiator = naa.5001405000000007\n[c]\nramdisk = 1M\ntarget = naa.5001405000000001\nlun = 2\n"
                           "initiator = naa.5001405000000008\n"), 3, "b and c have different initiators, but one port")
        self.good(apply(fake, two))
        first = fake.nodes[f"{PORT}/nexus"]
        self.good(apply(fake, two), "nothing to do")
        before = data(fake)
        self.good(apply(fake, two + "initiator = naa.5001405000000009\n"),
                  r"^~ a: initiator \S* -> naa.5001405000000009\n~ b: initiator \S* -> naa.5001405000000009\n")
        self.assertEqual(fake.nodes[f"{PORT}/nexus"], "naa.5001405000000009\n")
        self.assertEqual(data(fake), before)
        self.good(apply(fake, two))
        self.assertEqual(fake.nodes[f"{PORT}/nexus"], first)

    def test_create_in_a_port_that_is_there(self):
        fake = Fake()
        self.good(apply(fake, A))
        before = fake.nodes[f"{PORT}/nexus"]
        self.good(run(fake, "create", "--ramdisk", "1M", "--target", "naa.5001405000000001", "--lun", "1"))
        self.assertEqual(fake.nodes[f"{PORT}/nexus"], before)
        self.good(run(fake, "remove", "a"))
        self.assertIn(PORT, fake.nodes)
        self.good(run(fake, "remove", "--all"))
        self.assertEqual(seen(fake), {"hbas": 0})


class Ended(Case):
    def test_by_a_signal_at_every_operation(self):
        """Either all of it is made or nothing, and the state says which."""
        number = 0
        while True:
            number += 1
            fake, change = Fake(), Fake.change

            def counted(path, line, fake=fake):
                if fake.changes + 1 == number:
                    fake.stop(15)
                return change(fake, path, line)
            fake.change = counted
            try:
                run(fake, "create", "--file", "/srv/x", "--size", "1M", "--name", "x")
                break
            except Stop as e:
                self.assertEqual(e.signal, 15)
            del fake.change
            self.assertEqual(pending(fake), [])
            self.assertEqual(seen(fake), {"hbas": 0}, number)
            self.assertNotIn("/srv/x", fake.nodes)
            self.good(run(fake.again(), "create", "--file", "/srv/x", "--size", "1M", "--name", "x"))
        self.assertGreater(number, 15)

    def test_by_a_signal_while_it_is_taken_back(self):
        """What has failed is taken back all the same."""
        text = A + "[b]\nramdisk = 8M\nset = emulate_tpu=1\n"
        undone = 0
        for number in range(1, 60):
            fake, change = Fake(), Fake.change
            self.good(apply(fake, A))
            before = seen(fake)
            fake = fake.again()

            def failing(path, line, fake=fake, number=number):
                if fake.changes + 1 == number:
                    fake.fail_at = number
                if fake.changes >= number:
                    fake.stop(15)
                return change(fake, path, line)
            fake.change = failing
            with contextlib.suppress(Stop):
                if apply(fake, text).status == 0:
                    break
            del fake.change
            if not pending(fake):  # else the state could not be written, as the next command sees
                self.assertEqual(seen(fake), before, number)
                undone += 1
            self.assertEqual(apply(fake.again(), text).status, 0, number)
        self.assertGreater(undone, 8)

    def test_of_a_ramdisk_that_goes_nothing_is_made_anew(self):
        """By a signal and by a failure at every operation: it is there with its data, or gone."""
        two = A + "[b]\nramdisk = 8M\ntarget = naa.5001405000000001\nlun = 1\n"
        swapped = two.replace("8M", "16M") + "initiator = naa.5001405000000009\n"  # both together
        for command in ("remove", "a"), ("apply", CONF, "--force"):
            for signal in True, False:
                number = 0
                while True:
                    number += 1
                    fake, change = Fake(), Fake.change
                    self.good(apply(fake, two))
                    before, fake.nodes[CONF], last = data(fake), swapped, fake.changes

                    reached = []

                    def counted(path, line, fake=fake, last=last, reached=reached):
                        if fake.changes + 1 == last + number:
                            reached.append(True)
                            if signal:
                                fake.stop(15)
                            else:
                                fake.fail_at = last + number
                        return change(fake, path, line)
                    fake.change = counted
                    try:
                        run(fake, *command)
                    except Stop:
                        pass
                    del fake.change
                    if not reached:
                        break
                    told = (command, signal, number)
                    sizes = {name: disk["backstore"]["size"] for name, disk in state(fake)["disks"].items()}
                    for name, size in sizes.items():
                        if size == 8 << 20 and name not in pending(fake):
                            self.assertEqual(data(fake).get(name), before[name], told)
                    for name, found in data(fake).items():
                        if found != before[name] and name not in pending(fake):
                            self.assertEqual(sizes.get(name), 16 << 20, told)
                    self.assertEqual(run(fake.again(), "remove", "--all").status, 0)
                    self.assertEqual(seen(fake), {"hbas": 0})
                self.assertGreater(number, 6)

    def test_a_file_that_was_only_opened_is_made_again(self):
        """Killed before it had its size."""
        command = "create", "--file", "/srv/new", "--size", "1M", "--name", "x"
        fake = Fake()
        create = fake.create

        def killed(path, size):
            create(path, 0)
            fake.dead = True
            raise Died
        fake.create = killed
        with self.assertRaises(Died):
            run(fake, *command)
        del fake.create
        self.assertEqual(fake.nodes["/srv/new"], ("file", 0, 0, 0o600))
        result = run(fake.again(), *command)
        self.assertEqual((result.status, fake.nodes["/srv/new"][1]), (0, 1 << 20), result.errors)

    def test_who_reads_no_more_ends_nothing(self):
        """--verbose into a pipe that is closed, or a file on a full disk."""
        for number in errno.EPIPE, errno.ENOSPC:
            fake = Fake()

            def log(line, number=number):
                raise OSError(number, os.strerror(number))
            fake.log = log
            self.good(apply(fake, A))
            self.assertEqual(pending(fake), [])
            self.good(run(fake, "remove", "a"))
            self.assertEqual(seen(fake), {"hbas": 0})

    def test_a_full_run_removes_all_the_same(self):
        """As at shutdown: what is removed needs no room, and the next command sees that it is gone."""
        for count in 1, 100:
            fake = Fake()
            self.good(apply(fake, A + "[b]\nramdisk = 1M\n"))
            fake.full = count  # so many times
            result = run(fake, "remove", "--all")
            self.assertEqual((result.status, result.output), (0, "b: removed\na: removed\n"))
            self.assertRegex(result.errors, "^tcm-loop: /run/tcm-loop/state.json: No space left on device; disks are removed all the same\n")
            self.assertEqual(seen(fake), {"hbas": 0})
            fake.full = 0
            self.assertEqual(run(fake.again(), "remove", "--all").status, 0)
            self.assertEqual(run(fake.again(), "list", "--names").output, "")

    def test_a_full_run_changes_nothing(self):
        fake = Fake()
        self.good(apply(fake, A))
        before = below(fake, TARGET)
        fake = fake.again()
        fake.fail_at, fake.failure = 1, 28
        self.refused(apply(fake, A + "[b]\nramdisk = 1M\n"), 1, "state.json: No space left on device; nothing was changed")
        self.assertEqual(below(fake, TARGET), before)
        self.good(run(fake.again(), "list"), "tcm-loop")
        self.good(run(fake.again(), "remove", "--all"))


class Scale(Case):
    def budget(self, number):
        """The operations of each command, by disk."""
        text = "".join(f"[d{n}]\nfile = /srv/d{n}\nsize = 1M\nprotocol = {('sas', 'fc', 'iscsi')[n % 3]}\n" for n in range(number))
        fake, found = Fake(), {}
        for what, command in (("apply", lambda f: apply(f, text)), ("list", lambda f: run(f, "list")), ("list --json", lambda f: run(f, "list", "--json")),
                              ("apply, nothing to do", lambda f: apply(f, text)), ("remove --all", lambda f: run(f, "remove", "--all"))):
            fake = fake.again()
            self.good(command(fake))
            found[what] = fake.operations / number
        return found

    def test_operations_are_linear(self):
        few = None
        for number in 30, 100, 300:
            found = self.budget(number)
            print(f"# operations for each of {number} disks: " + ", ".join(f"{what} {count:.1f}" for what, count in found.items()))
            for what, count in found.items():
                self.assertLessEqual(count, 50, what)
                self.assertLessEqual(count, (few or found)[what] + 0.5, what)
            few = few or found

    def test_no_time_is_lost_for_disks_without_a_link(self):
        fake = Fake()
        fake.udev = False  # a udev that does not answer
        text = "".join(f"[d{n}]\nramdisk = 1M\n" for n in range(30))
        start = fake.clock
        self.good(apply(fake, text), errors="tcm-loop: waits for udev\n")
        self.assertLess(fake.clock - start, running.PATIENCE + 1)

    def test_no_disk_appears(self):
        fake = Fake()
        fake.settle = lambda tpg: None
        start = fake.clock
        self.refused(apply(fake, A + "[b]\nramdisk = 1M\n"), 3, "a: no disk appeared.*\n.*b: no disk appeared")
        self.assertLess(fake.clock - start, running.PATIENCE + 1)
        self.assertEqual(seen(fake), {"hbas": 0})


class Listing(Case):
    def test_keys_order_and_what_is_missing(self):
        fake = Fake()
        self.good(apply(fake, "".join(f"[d{n}]\nramdisk = 1M\ntarget = naa.5001405000000001\nlun = {n}\n" for n in (10, 2))))
        rows = json.loads(run(fake, "list", "--json").output)
        self.assertEqual([row["lun"] for row in rows], [2, 10])
        self.assertLessEqual({"name", "backstore", "protocol", "target", "tpg", "lun", "initiator", "status", "device", "by_id", "managed"}, set(rows[0]))
        fake.unlink(f"{PORT}/lun/lun_2/backstore")
        self.assertRegex(run(fake, "list").output, "(?m)^d2 +- .* missing +tcm-loop$")
        self.assertEqual(run(fake, "list", "--names").output, "d10\nd2\n")
        self.assertEqual(len(backstores(fake)), 2)

    def test_it_needs_neither_root_nor_a_state(self):
        fake = Fake(writable=False)
        fake.is_root = lambda: False
        self.good(self.unchanged(fake, "list"))
        self.refused(run(fake, "remove", "--all"), 1, "only root can do this")

    def test_exit_statuses(self):
        fake = Fake()
        self.refused(run(fake, "remove", "none"), 4, "none is not a disk that this command made; it made: none")
        self.refused(run(fake, "remove"), 2, "which disk")
        self.good(run(fake, "remove", "--all"))
        self.refused(run(fake, "apply", "/none"), 1, "/none: No such file")
