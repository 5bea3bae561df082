# SPDX-License-Identifier: GPL-2.0-only
"""What the command does to what it made, and that it does nothing to what others made."""
import contextlib
import errno
import json
import os
import shutil
import tempfile
import unittest
import unittest.mock

from fake import CORE, LOOPBACK, TARGET, Died, Fake
from tcmloop import names
from tcmloop import run as running
from tcmloop.tree import Stop
from world import CONF, apply, backstores, below, data, pending, run, seen, state

A = "[a]\nramdisk = 8M\ntarget = naa.5001405000000001\n"
PORT = f"{LOOPBACK}/naa.5001405000000001/tpgt_1"


class Case(unittest.TestCase):
    maxDiff = None

    def good(self, result, output=None):
        self.assertEqual((result.status, result.errors), (0, ""))
        if output is not None:
            self.assertRegex(result.output, output)

    def refused(self, result, status, reason):
        self.assertEqual(result.status, status, result.output + result.errors)
        self.assertRegex(result.errors, reason)

    def unchanged(self, fake, *argv):
        """The command changes nothing; its result."""
        before, changes = dict(fake.nodes), fake.changes
        result = run(fake, *argv)
        self.assertEqual(dict(fake.nodes), before)
        self.assertEqual(fake.changes, changes)
        return result


class Ownership(Case):
    def machine(self):
        """a was made, and then taken down and made by others, as a file: the name is the same."""
        fake = Fake()
        self.good(apply(fake, A))
        self.good(run(fake, "list", "--names"), "^a\n$")
        for path in (f"{PORT}/lun/lun_0/backstore",):
            fake.unlink(path)
        for path in f"{PORT}/lun/lun_0", PORT, f"{LOOPBACK}/naa.5001405000000001", f"{CORE}/rd_mcp_0/a", f"{CORE}/rd_mcp_0":
            fake.rmdir(path)
        fake.nodes["/srv/x"] = ("file", 1 << 20, 8, 0o644)
        fake.backstore("core/fileio_0/a", "fd_dev_name=/srv/x,fd_dev_size=1048576", "others")
        fake.expose("loopback/naa.5001405000000001/tpgt_1", 0, "core/fileio_0/a", "naa.5001405000000002")
        return fake

    def test_a_backstore_of_that_name_is_left(self):
        for command in ("remove", "a"), ("remove", "--all"), ("remove", "--all", "--force"), ("apply", "--prune"):
            fake = self.machine()
            before = below(fake, TARGET)
            fake.nodes[CONF] = ""
            self.good(run(fake, *command), "^(- )?a: ")
            self.assertEqual(below(fake, TARGET), before)
            self.assertEqual(state(fake)["disks"], {})

    def test_a_dry_run_of_an_empty_file_changes_nothing(self):
        fake = self.machine()
        fake.nodes[CONF] = ""
        fake.writable = False
        self.good(self.unchanged(fake, "apply", "--dry-run"), "^- a: ramdisk, naa.5001405000000001; core/rd_mcp_0/a is gone; lun 0 .* is linked to core/fileio_0/a")

    def test_what_is_another_s_is_not_replaced(self):
        fake = self.machine()
        before = below(fake, TARGET)
        result = apply(fake, A)
        self.refused(result, 3, "a: there is a backstore of that name, which this command did not make")
        self.assertRegex(result.output, "^! a: core/rd_mcp_0/a is gone; .*; made again: ramdisk 8 MiB")
        self.assertEqual(below(fake, TARGET), before)

    def second_path(self):
        fake = Fake()
        self.good(apply(fake, A))
        fake.folder(f"{TARGET}/iscsi")
        fake.expose("iscsi/iqn.2003-01.org.example:[x]/tpgt_1", 3, "core/rd_mcp_0/a")
        return fake

    def test_a_backstore_with_a_second_path_is_not_taken_from_it(self):
        fake = self.second_path()
        before = below(fake, TARGET)
        used = r"core/rd_mcp_0/a is used by iscsi/iqn.2003-01.org.example:\[x\]/tpgt_1/lun/lun_3, too"
        self.refused(run(fake, "remove", "a"), 5, used + "; with --force only this disk goes")
        self.refused(apply(fake, ""), 3, used)
        self.refused(apply(fake, A.replace("8M", "16M"), "--force"), 3, used + "; nothing was changed")
        self.refused(apply(fake, A + "serial = 5\n", "--force"), 3, used)
        self.assertEqual(below(fake, TARGET), before)
        self.good(run(fake, "remove", "a", "--force"), "^a: removed; core/rd_mcp_0/a stays, for iscsi/")
        self.assertNotIn(PORT, fake.nodes)
        self.assertIn(f"{CORE}/rd_mcp_0/a", fake.nodes)

    def test_a_backstore_with_a_second_path_may_get_another_place(self):
        fake = self.second_path()
        self.good(apply(fake, A + "lun = 5\n"), "^~ a: lun 0 -> 5\n")
        self.assertIn(f"{TARGET}/iscsi/iqn.2003-01.org.example:[x]/tpgt_1/lun/lun_3/theirs", fake.nodes)

    def test_a_port_of_others_stays(self):
        fake = Fake()
        fake.backstore("core/rd_mcp_0/theirs", "rd_pages=256", "5")
        fake.expose("loopback/naa.5001405000000001/tpgt_1", 4, "core/rd_mcp_0/theirs", "naa.5001405000000002")
        before = below(fake, TARGET)
        self.good(apply(fake, A))
        self.assertEqual(fake.nodes[f"{PORT}/nexus"], "naa.5001405000000002\n")
        self.refused(apply(fake, A + "lun = 1\ninitiator = naa.5001405000000009\n"), 3, "is naa.5001405000000002, and others use it")
        self.good(run(fake, "remove", "--all"))
        self.assertEqual(below(fake, TARGET), before)

    def test_a_lun_that_is_taken(self):
        fake = Fake()
        fake.backstore("core/rd_mcp_0/theirs", "rd_pages=256", "5")
        fake.expose("loopback/naa.5001405000000001/tpgt_1", 0, "core/rd_mcp_0/theirs", "naa.5001405000000002")
        before = below(fake, TARGET)
        self.refused(run(fake, "create", "--ramdisk", "1M", "--target", "naa.5001405000000001"), 1, "lun 0 of .* is taken")
        self.refused(run(fake, "create", "--ramdisk", "1M", "--target", "naa.5001405000000001", "--lun", "1", "--initiator", "naa.5001405000000009"),
                     1, "the initiator of naa.5001405000000001, TPG 1, is naa.5001405000000002, and others use it")
        self.assertEqual(below(fake, TARGET), before)


class Origin(Case):
    def test_apply_removes_only_what_its_file_made(self):
        fake = Fake()
        self.good(run(fake, "create", "--ramdisk", "8M", "--name", "mine"))
        self.good(apply(fake, "[lab]\nramdisk = 1M\n", path="/tmp/lab.conf"))
        self.good(apply(fake, A))
        self.good(apply(fake, ""), "^- a: ")
        self.assertEqual(list(state(fake)["disks"]), ["mine", "lab"])
        self.good(run(fake, "remove", "--origin", "/tmp/lab.conf"), "^lab: removed")
        self.good(apply(fake, "", "--prune"), "^- mine: ")
        self.assertEqual(seen(fake), {"hbas": 0})

    def test_a_file_is_what_it_is_called(self):
        """A link that has come to point elsewhere is the same file."""
        root = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, root)
        link, fake = f"{root}/conf", Fake()
        for version, text in ("1", A), ("2", "[b]\nramdisk = 1M\n"):
            fake.nodes[f"{root}/{version}"] = text
            with contextlib.suppress(FileNotFoundError):
                os.unlink(link)
            os.symlink(version, link)
            self.good(apply(fake, text, path=link))
            self.assertEqual(list(state(fake)["disks"]), ["a" if version == "1" else "b"])
        self.good(run(fake, "remove", "--origin", f"{root}/./conf"), "^b: removed")

    def test_what_is_no_file_cannot_be_named_again(self):
        for path in "/dev/fd/63", "/proc/self/fd/3":
            self.refused(apply(Fake(), A, path=path), 1, f"{path}: its disks could not be told from others' at the next")
        for path in "/dev/stdin", "/dev/fdx":
            self.good(apply(Fake(), A, path=path))

    def test_a_disk_of_another_origin_is_not_changed(self):
        fake = Fake()
        self.good(run(fake, "create", "--ramdisk", "8M", "--name", "a"))
        before = below(fake, TARGET)
        self.refused(apply(fake, "[a]\nramdisk = 16M\n"), 3, "a was made by \"tcm-loop create\"; with --force")
        self.assertEqual(below(fake, TARGET), before)
        self.good(apply(fake, "[a]\nramdisk = 8M\n"), "^= a: is there already, adopted\n")
        self.assertEqual(below(fake, TARGET), before)
        self.assertEqual(state(fake)["disks"]["a"]["origin"], CONF)


class FilesOf300(Case):
    GOOD = "[good]\nramdisk = 1M\ntarget = naa.5001405000000001\nserial = 1\ninitiator = naa.5001405000000007\n"

    def test_one_disk_that_is_wrong_keeps_no_other_from_being_made(self):
        for name, text, reason in (("bad", "file = /srv/x\nsize = 1000", "multiples of 512"), ("bad", "ramdisk = 1M\nserial = a/b", "but /"),
                                   ("bad", "ramdisk = 1M\nserial = \u00e4", "printable ASCII"), ("bad", "file = /srv/x ; y", "a comment has a line"),
                                   ("-x", "ramdisk = 1M", 'disk "-x"'), ("bad", "colour = red\nramdisk = 1M", 'unknown option "colour"'),
                                   ("bad", "ramdisk = 1M\nserial = 1x", "would be one disk"),
                                   ("bad", "ramdisk = 1M\ntarget = naa.5001405000000001\nlun = 1\ninitiator = naa.5001405000000008", "different initiators")):
            text, fake = f"{self.GOOD}[{name}]\n{text}\n[after]\nramdisk = 1M\n", Fake()
            result = apply(fake, text)
            self.refused(result, 3, f"^tcm-loop: {CONF}:[0-9]+: .*{reason}")
            self.assertEqual(list(state(fake)["disks"]), ["good", "after"])
            self.refused(self.unchanged(fake, "apply", "-n"), 3, reason)

    def test_a_disk_whose_section_has_become_wrong_stays(self):
        fake = Fake()
        self.good(apply(fake, self.GOOD + "[b]\nramdisk = 1M\n"))
        before = below(fake, TARGET)
        self.refused(apply(fake, self.GOOD + "[b]\nramdisk = 1M\nlun = x\n", "--prune"), 3, f'{CONF}:8: b: lun "x"')
        self.assertEqual(below(fake, TARGET), before)

    def test_without_a_machine_id_what_needs_none_is_made(self):
        def none():
            raise names.Error("/etc/machine-id has no machine ID yet")
        given = "ramdisk = 1M\ntarget = naa.5001405000000001\n"
        text = (self.GOOD + f"[two]\n{given}lun = 1\nserial = 2\n[derived]\nramdisk = 1M\n"
                f"[serial]\n{given}lun = 2\n[no initiator]\n{given}lun = 3\n[late]\nramdisk = 1M\ntarget = naa.5001405000000002\nserial = 4\n"
                "[last]\nramdisk = 1M\ntarget = naa.5001405000000003\nserial = 5\ninitiator = naa.5001405000000007\n").replace("[no initiator]", "[three]\nserial = 3")
        with unittest.mock.patch("tcmloop.names.machine", none):
            fake = Fake()
            result = apply(fake, text)
            self.refused(result, 3, "late: /etc/machine-id has no machine ID yet")
            self.assertEqual(len(result.errors.splitlines()), 3, result.errors)
            self.assertEqual(list(state(fake)["disks"]), ["good", "two", "three", "last"])
            self.refused(run(fake, "create", "--ramdisk", "1M"), 1, "has no machine ID yet")
            self.good(run(fake, "remove", "--all"))

    def test_what_was_taken(self):
        fake = Fake()
        self.good(apply(fake, "[_x]\nramdisk = 10K\nlun = 000001\n"), "_x: /dev/sd0")
        self.assertEqual(state(fake)["disks"]["_x"]["paths"]["1"]["lun"], 1)


class InUse(Case):
    def machine(self):
        fake = Fake()
        self.good(apply(fake, A + "[b]\nramdisk = 1M\n[c]\nramdisk = 1M\n"))
        return fake

    def test_what_holds_it_exclusively(self):
        fake = self.machine()
        fake.claimed.add("/dev/sd1")  # a file system in another namespace, ZFS, DRBD, btrfs, ...
        self.refused(run(fake, "remove", "b"), 5, "b: /dev/sd1 is in use; with --force it is removed all the same")
        fake.nodes["/proc/mounts"] = "/dev/sd1 /mnt/a\\040b ext4 rw 0 0\n"
        self.refused(run(fake, "remove", "b"), 5, "b: /dev/sd1 is in use as /mnt/a")

    def test_who_has_it_open(self):
        fake = self.machine()
        for name, device, node in ("fio", "/dev/sd1", ("block", 8, 1)), ("sg_dd", "/dev/sg7", ("character", 21, 7)), ("dd", "/dev/sd1p1", ("block", 259, 0)):
            fake = self.machine()
            hctl = next(path for path in fake.nodes if path.endswith("/block/sd1"))[:-len("/block/sd1")]
            fake.folder(f"{hctl}/block/sd1/sd1p1")
            fake.nodes[f"{hctl}/block/sd1/sd1p1/dev"] = "259:0\n"
            fake.folder(f"{hctl}/scsi_generic/sg7")
            fake.nodes[f"{hctl}/scsi_generic/sg7/dev"] = "21:7\n"
            fake.nodes[device] = node
            fake.folder("/proc/4711/fd")
            fake.nodes["/proc/4711/comm"] = f"{name}\n"
            fake.nodes["/proc/4711/fd/5"] = ("link", device)
            self.refused(run(fake, "remove", "b"), 5, rf"b: {device} is in use by {name} \(process 4711\)")
            self.good(run(fake, "remove", "b", "--force"), "b: removed")

    def test_one_without_a_node_in_dev(self):
        fake = self.machine()
        del fake.nodes["/dev/sd1"]
        hctl = next(path for path in fake.nodes if path.endswith("/block/sd1"))[:-len("/block/sd1")]
        fake.folder(f"{hctl}/block/sd1/holders")
        fake.nodes[f"{hctl}/block/sd1/holders/dm-0"] = ("link", "../../dm-0")
        self.refused(run(fake, "remove", "b"), 5, "b: /dev/sd1 is in use by dm-0")
        fake.nodes["/proc/mounts"] = "/dev/sd1 /mnt ext4 rw 0 0\n"
        self.refused(run(fake, "remove", "b"), 5, "b: /dev/sd1 is in use as /mnt")
        self.refused(run(fake, "check-idle"), 5, "b: /dev/sd1 is in use as /mnt")

    def test_one_that_cannot_be_opened_goes(self):
        """Offline after an error, or where the process may open no device: it is in use by nobody that is to be seen."""
        for number in errno.ENXIO, errno.EPERM, errno.ENODEV:
            for options in (), ("--force",):
                fake = self.machine()
                fake.unreadable = {"/dev/sd1": number}
                self.good(run(fake, "remove", "b", *options), "^b: removed")
        fake = self.machine()
        fake.unreadable = {"/dev/sd1": errno.ENXIO}
        fake.nodes["/proc/mounts"] = "/dev/sd1 /mnt ext4 rw 0 0\n"
        self.refused(run(fake, "remove", "b"), 5, "b: /dev/sd1 is in use as /mnt")

    def test_what_the_kernel_has_open(self):
        """A loop device, nvmet and a fileio backstore: neither exclusively nor as a process."""
        def loop(fake):
            fake.folder("/sys/devices/virtual/block/loop3/loop")
            fake.nodes["/sys/devices/virtual/block/loop3/loop/backing_file"] = "/dev/sd1\n"

        def nvmet(fake):
            fake.folder("/sys/kernel/config/nvmet/subsystems/nqn/namespaces/2")
            fake.nodes["/sys/kernel/config/nvmet/subsystems/nqn/namespaces/2/device_path"] = "/dev/disk/by-id/x\n"
            fake.nodes["/sys/kernel/config/nvmet/subsystems/nqn/namespaces/2/enable"] = "1\n"
            fake.nodes["/dev/disk/by-id/x"] = ("link", "../../sd1")

        def fileio(fake):
            fake.backstore("core/fileio_7/x", "fd_dev_name=/dev/sd1,fd_dev_size=1048576", "5")

        for make, user in (loop, "loop3"), (nvmet, "nvmet nqn, namespace 2"), (fileio, "core/fileio_7/x"):
            fake = self.machine()
            make(fake)
            self.refused(run(fake, "remove", "b"), 5, f"b: /dev/sd1 is in use by {user}; with --force")
            self.refused(run(fake, "remove", "--all"), 3, "^tcm-loop: b: /dev/sd1 is in use[^\n]*\n$")
            self.good(run(fake, "remove", "b", "--force"), "b: removed")

    def test_there_may_be_no_swap_and_no_mounts(self):
        self.good(run(self.machine(), "remove", "--all"))

    def test_the_others_go_all_the_same(self):
        fake = self.machine()
        fake.claimed.add("/dev/sd1")
        result = run(fake, "remove", "--all")
        self.refused(result, 3, "^tcm-loop: b: /dev/sd1 is in use")
        self.assertEqual(result.output, "c: removed\na: removed\n")
        fake.claimed.clear()
        self.good(run(fake, "remove", "--all"), "^b: removed\n$")

    def test_one_in_use_does_not_keep_new_ones_from_being_made(self):
        fake = self.machine()
        fake.claimed.add("/dev/sd1")
        result = apply(fake, A + "[new]\nramdisk = 1M\n")
        self.refused(result, 3, "b: /dev/sd1 is in use")
        self.assertRegex(result.output, r"(?s)- c: .*c: removed\nnew: /dev/sd")

    def test_a_mount_between_the_look_and_the_removal(self):
        fake = self.machine()
        unlink = fake.unlink

        def mounted(path):
            fake.claimed.add("/dev/sd1")
            unlink(path)
        fake.unlink = mounted  # at the first of three
        result = run(fake, "remove", "--all")
        self.refused(result, 3, "b: /dev/sd1 is in use")
        self.assertIn("b", state(fake)["disks"])
        self.assertEqual(pending(fake), [])


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
        self.refused(apply(fake, "[p]\nfile = /srv/p.img\nsize = 2M\n"), 3, "has 1048576 bytes, not 2097152")

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
        self.refused(run(fake, *command), 1, "/srv/a b/c/x does not exist, and /srv/a b, which is in /etc/fstab, is not mounted; with --force")
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
        self.good(apply(fake, text))
        self.assertLess(fake.clock - start, running.PATIENCE + 1)

    def test_no_disk_appears(self):
        fake = Fake()
        fake.settle = lambda tpg: None
        start = fake.clock
        self.refused(apply(fake, A + "[b]\nramdisk = 1M\n"), 3, "a: no disk appeared.*\n.*b: no disk appeared")
        self.assertLess(fake.clock - start, running.PATIENCE + 1)
        self.assertEqual(seen(fake), {"hbas": 0})


class Others(Case):
    def test_adopt_and_forget(self):
        fake = Fake()
        self.good(apply(fake, A))
        before = below(fake, TARGET)
        self.good(run(fake, "forget", "a"), "^a: forgotten, and left as it is\n$")
        self.assertEqual((state(fake)["disks"], state(fake)["ports"]), ({}, {}))
        self.refused(run(fake, "forget", "a"), 4, "a is not a disk")
        self.good(run(fake, "adopt", "a"), "^a: adopted\n$")
        self.refused(run(fake, "adopt", "a"), 1, "already")
        self.refused(run(fake, "adopt", "b"), 4, "no LUN has a backstore of that name")
        self.assertEqual(below(fake, TARGET), before)
        disk = state(fake)["disks"]["a"]
        self.assertEqual((disk["origin"], disk["backstore"]["size"]), ("create", 8 << 20))
        self.good(run(fake, "remove", "a"))
        self.assertEqual(seen(fake), {"hbas": 0})

    def test_target_service_is_not_started_over_disks_in_use(self):
        fake = Fake()
        self.good(run(fake, "check-idle"))
        self.good(apply(fake, A))
        self.good(self.unchanged(fake, "check-idle"))
        fake.claimed.add("/dev/sd0")
        self.refused(self.unchanged(fake, "check-idle"), 5, "a: /dev/sd0 is in use")

    def test_target_service_does_not_clear_what_it_cannot(self):
        """It clears what it knows first, other fabrics' targets, and then gives up at a name that it does not know."""
        for target in "fc.2100002400ff0001", "iqn.2003-01.org:x", "naa.60014050000000010000000000000000", "naa.3001405000000001":
            fake = Fake()
            self.good(run(fake, "create", "--ramdisk", "1M", "--target", target, "--name", "x"))
            self.refused(self.unchanged(fake, "check-idle"), 5, f"{target}: targetctl does not know such names, and would stop half-way")
            self.good(run(fake, "remove", "x"))
            self.good(run(fake, "check-idle"))

    def test_target_service_starts_where_it_clears_nothing(self):
        """Without what targetcli saved targetctl ends before that: another package's installation starts the service."""
        for path in "/etc/target/saveconfig.json", "/etc/rtslib-fb-target/saveconfig.json":
            fake = Fake()
            self.good(apply(fake, A))
            fake.claimed.add("/dev/sd0")
            self.good(self.unchanged(fake, "check-idle", "--restore"))
            self.refused(self.unchanged(fake, "check-idle"), 5, "is in use")
            fake.folder(path.rpartition("/")[0])
            fake.nodes[path] = "{}"
            self.refused(self.unchanged(fake, "check-idle", "--restore"), 5, "a: /dev/sd0 is in use")

    def test_completion(self):
        fake = Fake()
        self.good(apply(fake, A))
        for words, found in (([""], "create list remove apply adopt forget check-idle targetcli"), (["re"], "remove"), (["remove", ""], "a"),
                             (["remove", "--"], "--help --all --origin --force"), (["create", "--protocol", ""], "sas fc iscsi"), (["create", "--file", ""], ""),
                             (["apply", "--dry-run", ""], ""), (["--ver"], "--version --verbose"), (["targetcli", "--"], ""), ([], "create list remove apply adopt "
                                                                                                                               "forget check-idle targetcli")):
            self.assertEqual(run(fake, "complete", *words).output.split(), found.split(), words)


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
