# SPDX-License-Identifier: GPL-2.0-only
"""What the command leaves to others: their objects, disks of another file, and what is in use."""
import contextlib
import errno
import os
import shutil
import tempfile
import unittest.mock

from fake import CORE, LOOPBACK, TARGET, Fake
from tcmloop import names
from world import A, CONF, PORT, Case, apply, below, pending, run, seen, state


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

    def test_target_service_is_not_started_over_disks(self):
        """Nor over idle ones: a ramdisk's data would be gone, and nobody would make the others again."""
        fake = Fake()
        self.good(run(fake, "check-idle"))
        self.good(apply(fake, A))
        self.refused(self.unchanged(fake, "check-idle"), 5, "a: is there; \"systemctl stop tcm-loop\"")
        fake.claimed.add("/dev/sd0")
        self.refused(self.unchanged(fake, "check-idle"), 5, "a: /dev/sd0 is in use; ")
        fake.claimed.clear()
        fake.unlink(f"{PORT}/lun/lun_0/backstore")
        self.refused(self.unchanged(fake, "check-idle"), 5, "a: is there")
        self.good(run(fake, "remove", "a"))
        self.good(run(fake, "check-idle"))

    def test_target_service_does_not_clear_what_others_made_and_use(self):
        fake = Fake()
        fake.backstore("core/rd_mcp_7/theirs", "rd_pages=16", "s1")
        fake.expose("loopback/naa.5001405000000009/tpgt_1", 3, "core/rd_mcp_7/theirs", "naa.5001405000000008")
        self.good(self.unchanged(fake, "check-idle"))
        fake.claimed.add("/dev/sd0")
        self.refused(self.unchanged(fake, "check-idle"), 5, "^tcm-loop: naa.5001405000000009 1:3: /dev/sd0 is in use\n$")

    def test_target_service_sees_what_others_made_in_the_place_of_a_disk(self):
        fake = Fake()
        self.good(apply(fake, A))
        fake.unlink(f"{PORT}/lun/lun_0/backstore")
        fake.backstore("core/rd_mcp_7/a", "rd_pages=16", "s1")
        fake.rmdir(f"{CORE}/rd_mcp_0/a")
        fake.symlink(f"{TARGET}/core/rd_mcp_7/a", f"{PORT}/lun/lun_0/theirs")
        self.good(self.unchanged(fake, "check-idle"))
        fake.claimed.add("/dev/sd0")
        self.refused(self.unchanged(fake, "check-idle"), 5, "^tcm-loop: naa.5001405000000001 1:0: /dev/sd0 is in use\n$")

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
        for words, found in (([""], "create list remove apply wait adopt forget fault show faults watch lab resize offline online alua reset check-idle targetcli"), (["re"], "remove resize reset"), (["fault", ""], "a"), (["remove", ""], "a"),
                             (["remove", "--"], "--help --all --origin --wait --unmount --force"), (["create", "--protocol", ""], "sas fc iscsi"), (["create", "--file", ""], ""),
                             (["apply", "--dry-run", ""], ""), (["--ver"], "--version --verbose"), (["targetcli", "--"], ""), ([], "create list remove apply wait adopt forget fault show faults watch lab resize offline online alua reset "
                                                                                                                               "check-idle targetcli")):
            self.assertEqual(run(fake, "complete", *words).output.split(), found.split(), words)
