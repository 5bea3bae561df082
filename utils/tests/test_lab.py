# SPDX-License-Identifier: GPL-2.0-only
"""Faults, ports that are offline, resets, sizes."""
import contextlib
import errno
import json
import unittest
import unittest.mock

from fake import CORE, LOOPBACK, Died, Fake
from tcmloop import faults
from tcmloop.tree import Stop
from world import A, PORT, Case, apply, pending, run, seen, state

B = "[b]\nramdisk = 8M\ntarget = naa.5001405000000001\nlun = 3\n"
FC = "[c]\nramdisk = 8M\ntarget = fc.5001405000000002\n"


class Resize(Case):
    """A file grows with its disks; a disk of a device looks at it again."""

    def setUp(self):
        self.fake = Fake()
        self.good(run(self.fake, "create", "--file", "/srv/f", "--size", "1M", "--name", "f", "--paths", "2"))

    def rescans(self, fake):
        return [path for path, text in fake.nodes.items() if path.endswith("/rescan") and text == "1"]

    def test_a_file_and_its_disks_grow_in_use(self):
        self.fake.claimed.update(("/dev/sd0", "/dev/sd1"))
        self.good(run(self.fake, "resize", "f:2", "2M"), "^f: /dev/sd0 .*\n$")
        self.assertEqual(self.fake.nodes["/srv/f"][1], 2 << 20)
        self.assertIn("Size: 2097152", self.fake.nodes[f"{CORE}/fileio_0/f/info"])
        self.assertEqual(state(self.fake)["disks"]["f"]["backstore"]["size"], 2 << 20)
        self.assertEqual(len(self.rescans(self.fake)), 2)

    def test_without_a_size_it_is_that_of_the_file(self):
        self.fake.truncate("/srv/f", 3 << 20)
        self.good(run(self.fake, "resize", "f"))
        self.assertIn("Size: 3145728", self.fake.nodes[f"{CORE}/fileio_0/f/info"])
        self.assertEqual(state(self.fake)["disks"]["f"]["backstore"]["size"], 3 << 20)

    def test_one_of_others(self):
        self.fake.nodes["/srv/o"] = ("file", 4 << 20, 0, 0o600)
        self.fake.backstore("core/fileio_5/o", "fd_dev_name=/srv/o,fd_dev_size=1048576", "5beef")
        self.fake.expose("loopback/naa.5001405aaaaaaaaa/tpgt_1", 0, "core/fileio_5/o", "naa.5001405aaaaaaaab")
        before = state(self.fake)
        self.refused(self.unchanged(self.fake, "resize", "o", "2M"), 1, "o: /srv/o has 4194304 bytes, not 2097152")
        self.fake.full = 9  # nothing is written down
        self.good(run(self.fake, "resize", "o"), "^o: /dev/sd2")
        self.assertIn("Size: 4194304", self.fake.nodes[f"{CORE}/fileio_5/o/info"])
        self.assertEqual(state(self.fake), before)

    def test_another_one_in_its_place(self):
        """Its size is no matter of the disk that was there."""
        inside, before = f"{CORE}/fileio_0/f", state(self.fake)["disks"]["f"]
        self.fake.nodes[f"{inside}/wwn/vpd_unit_serial"] += "0"
        self.fake.nodes["/srv/other"] = ("file", 1 << 20, 0, 0o600)
        self.fake.nodes[f"{inside}/udev_path"] = "/srv/other"
        self.good(run(self.fake, "resize", "/dev/sd0", "2M"))
        self.assertEqual((self.fake.nodes["/srv/other"][1], self.fake.nodes["/srv/f"][1]), (2 << 20, 1 << 20))
        self.assertEqual(state(self.fake)["disks"]["f"], before)

    def test_the_size_is_that_of_the_backstore(self):
        text = "[c]\nfile = /srv/c\nsize = 1M\n"
        self.good(apply(self.fake, text))
        self.fake.truncate("/srv/c", 4 << 20)
        self.fake.write(f"{CORE}/fileio_1/c/control", f"fd_dev_size={4 << 20}")  # others
        self.refused(apply(self.fake, text.replace("1M", "2M")), 3, "c: /srv/c has 4194304 bytes, not 2097152")
        self.assertIn("Size: 4194304", self.fake.nodes[f"{CORE}/fileio_1/c/info"])

    def test_one_of_3_0_0(self):
        made = state(self.fake)["disks"]["f"]
        path = made["paths"]["1"]
        self.good(run(self.fake, "remove", "f:2"))
        del self.fake.nodes["/run/tcm-loop/state.json"]
        self.fake.nodes["/run/tcm-loop/disks.json"] = json.dumps({"f": {
            "kind": "file", "where": "/srv/f", "size": 1 << 20, "serial": made["serial"], "target": path["target"], "tpg": 1, "lun": 0,
            "initiator": "naa.5001405000000009", "made_target": True, "made_tpg": True}})
        self.good(run(self.fake, "resize", "f", "2M"))
        told = state(self.fake)["disks"]["f"]["backstore"]
        self.assertEqual((told["size"], told["in"]), (2 << 20, "core/fileio_0/f"))

    def test_another_file_in_the_place_of_its_own(self):
        for node in ("file", 1 << 19, 0, 0o600), ("block", 252, 0):
            self.fake.nodes["/srv/f"] = node
            self.refused(self.unchanged(self.fake, "resize", "f", "2M"), 1, "/srv/f is not the file that the disk has|f: size 2M: its size is that of the device")
        self.fake.nodes["/srv/f"] = ("file", 1 << 20, 0, 0o600)
        self.fake.nodes["/etc/fstab"] = "/dev/vdb /srv ext4 defaults 0 0\n"
        self.refused(self.unchanged(self.fake, "resize", "f", "2M"), 1, "/srv is in /etc/fstab and not mounted")

    def test_a_new_path_and_a_size_at_once(self):
        text = "[c]\nfile = /srv/c\nsize = 1M\n"
        self.good(apply(self.fake, text))
        self.good(apply(self.fake, text.replace("1M", "2M\npaths = 2")))
        self.assertEqual(len(self.rescans(self.fake)), 2)

    def test_what_is_made_anew_and_whose_file_is_gone(self):
        text = "[c]\nfile = /srv/c\nsize = 1M\nset = emulate_tpu=1\n"
        self.good(apply(self.fake, text))
        del self.fake.nodes["/srv/c"]
        self.good(apply(self.fake, "[c]\nfile = /srv/c\nsize = 2M\n"))
        self.assertEqual(self.fake.nodes["/srv/c"][1], 2 << 20)

    def test_a_signal_leaves_the_old_size_or_the_new_one(self):
        for at in range(1, 12):
            fake = self.fake.copy()
            change = fake.change

            def stopped(path, line, fake=fake, change=change, at=at):
                if fake.changes + 1 == at:
                    fake.stop(15)
                return change(path, line)
            with unittest.mock.patch.object(fake, "change", stopped), contextlib.suppress(Stop):
                run(fake, "resize", "f", "2M")
            told = state(fake)["disks"]["f"]["backstore"]["size"]
            self.assertIn(f"Size: {told} ", fake.nodes[f"{CORE}/fileio_0/f/info"], at)
            self.assertEqual(fake.nodes["/srv/f"][1], told, at)

    def test_a_device_that_has_grown(self):
        self.good(run(self.fake, "create", "--block", "/dev/vda", "--name", "v"))
        self.good(run(self.fake, "resize", "v"), "^v: /dev/sd2")
        self.assertEqual(len(self.rescans(self.fake)), 1)

    def test_what_cannot_grow_is_refused(self):
        self.good(run(self.fake, "create", "--ramdisk", "1M", "--name", "r"))
        self.good(run(self.fake, "create", "--block", "/dev/vda", "--name", "v"))
        self.good(apply(self.fake, "[c]\nfile = /srv/c\nsize = 1M\n"))
        self.good(run(self.fake, "create", "--file", "/srv/gone", "--size", "1M", "--name", "gone"))
        del self.fake.nodes["/srv/gone"]
        self.fake.truncate("/srv/c", 3 << 20)
        for words, reason in ((("r", "2M"), "r: ramdisk is a backstore that this command cannot grow"), (("v", "2M"), "v: size 2M: its size is that of the device"),
                              (("c", "3M"), "c is in /etc/tcm-loop.conf: with another size there \"tcm-loop apply /etc/tcm-loop.conf\""), (("c",), "c is in /etc/tcm-loop.conf"), (("f", "512K"), "f: size 512 KiB: it has 1 MiB, and a disk"),
                              (("f", "1000"), "f: size \"1000\": accepted are multiples of 512"), (("gone", "2M"), "gone: /srv/gone is not there any more")):
            with self.subTest(words):
                self.refused(self.unchanged(self.fake, "resize", *words), 1, reason)
        self.refused(self.unchanged(self.fake, "resize", "none"), 4, "none is not a disk")

    def test_a_failure_leaves_it_as_it_was(self):
        start = self.fake.copy
        for at in range(1, 8):
            fake = start()
            fake.fail_at = at
            if run(fake, "resize", "f", "2M").status and not pending(fake):
                self.assertEqual((fake.nodes["/srv/f"], fake.nodes[f"{CORE}/fileio_0/f/info"]), (self.fake.nodes["/srv/f"], self.fake.nodes[f"{CORE}/fileio_0/f/info"]), at)
                self.assertEqual(state(fake)["disks"], state(self.fake)["disks"], at)

    def test_a_death_is_brought_to_an_end(self):
        for at in range(1, 8):
            fake = self.fake.copy()
            fake.die_at = at
            with contextlib.suppress(Died):
                run(fake, "resize", "f", "2M")
            fake = fake.again()
            run(fake, "remove", "none")  # who writes next
            told = state(fake)["disks"]["f"]
            self.assertEqual(told["phase"], "made", at)
            self.assertIn(f"Size: {told['backstore']['size']} ", fake.nodes[f"{CORE}/fileio_0/f/info"], at)
            self.assertEqual(fake.nodes["/srv/f"][1], told["backstore"]["size"], at)

    def test_a_larger_size_in_the_file_grows_it_in_place(self):
        text = "[c]\nfile = /srv/c\nsize = 1M\n"
        self.good(apply(self.fake, text))
        number = self.fake.nodes[f"{CORE}/fileio_1/c/data"]
        self.fake.claimed.add("/dev/sd2")
        self.good(apply(self.fake, text.replace("1M", "2M")), "^~ c: size 1048576 -> 2097152\n")
        self.assertEqual(self.fake.nodes[f"{CORE}/fileio_1/c/data"], number)
        self.assertEqual(self.fake.nodes["/srv/c"][1], 2 << 20)
        self.good(apply(self.fake, text.replace("1M", "2M")), "^nothing to do\n$")
        self.refused(apply(self.fake, text), 3, "c: /srv/c has 2097152 bytes, not 1048576")

    def test_what_targetcli_restored_smaller_grows(self):
        self.fake.nodes["/srv/c"] = ("file", 1 << 20, 0, 0o600)
        text = "[c]\nfile = /srv/c\nsize = 2M\nserial = 5beef\n"
        self.fake.backstore("core/fileio_5/c", "fd_dev_name=/srv/c,fd_dev_size=1048576", "5beef")
        self.good(apply(self.fake, text))
        self.assertIn("Size: 2097152", self.fake.nodes[f"{CORE}/fileio_5/c/info"])


class Faults(Case):
    def setUp(self):
        self.fake = Fake()
        self.good(apply(self.fake, A + B + FC))

    def rules(self):
        return self.fake.nodes[f"{PORT}/faults"].splitlines()

    def test_each_option_is_a_line_and_back(self):
        for options, line in (("--sense 3/11/0", "2 1 0xff 0x0 0x0 0x2 0x3 0x11 0x0"), ("--on inquiry --sense b/0/0 --count 5", "2 -5 0x12 0x0 0x0 0x2 0xb 0x0 0x0"),
                              ("--on unmap --status busy", "2 1 0x42 0x0 0x0 0x8 0x0 0x0 0x0"), ("--status 40", "2 1 0xff 0x0 0x0 0x40 0x0 0x0 0x0"),
                              ("--host no-connect", "2 1 0xff 0x1 0x0 0x0 0x0 0x0 0x0"), ("--on 0x28 --delay 200 --lba 1000+8", "16 1 0x28 200 lba=1000+8"),
                              ("--attention 2a/9 --count 1", "17 -1 0xff 0x6 0x2a 0x9"), ("--no-answer --every 3", "0 1 0xff every=3"),
                              ("--on 0x2a --answer-lost --percent 10", "21 1 0x2a p=10"), ("--not-taken device --count 2", "1 -2 0xff 0x1056"),
                              ("--abort-fails", "3 1 0xff"), ("--on test-unit-ready --reset-fails", "4 1 0x0")):
            self.good(run(self.fake, "fault", "b", *options.split()))
            self.assertEqual(self.rules(), [f"3 {line}"])
            options = options if options.startswith("--on") else f"--on any {options}"
            self.good(run(self.fake, "faults"), f"^b \\(/dev/sd1\\): {options.replace('+', '.')}\n$")
            self.good(run(self.fake, "fault", "b", *faults.shown(line).split()))
            self.assertEqual(self.rules(), [f"3 {line}"])
            self.good(run(self.fake, "fault", "--clear", "b"))
            self.assertEqual(self.rules(), [])

    def test_a_name_of_several_operation_codes(self):
        self.good(run(self.fake, "fault", "a", "b", "--on", "read", "--sense", "3/11/0"))
        self.assertEqual([line.split()[0::3][:2] for line in self.rules()], [[lun, f"0x{code:x}"] for lun in ("0", "3") for code in (0x08, 0x28, 0xa8, 0x88)])

    def test_those_of_one_disk_or_of_all_are_taken_away(self):
        self.good(run(self.fake, "fault", "a", "/dev/sd1", "c", "--delay", "5"))
        self.assertEqual(len(self.rules()), 2)
        self.good(run(self.fake, "fault", "a", "--clear"))
        self.assertEqual([line[0] for line in self.rules()], ["3"])
        self.assertNotEqual(self.fake.nodes[f"{LOOPBACK}/fc.5001405000000002/tpgt_1/faults"], "")
        self.good(run(self.fake, "fault", "--clear"))
        self.assertEqual(self.rules(), [])
        self.assertEqual(self.fake.nodes[f"{LOOPBACK}/fc.5001405000000002/tpgt_1/faults"], "")

    def test_what_is_used_up_and_what_others_wrote_is_shown(self):
        self.fake.nodes[f"{PORT}/faults"] = "0 17 0 0x0 0x6 0x2a 0x9\n0 2 1 0x28 0x0 0x0 0x2 0x3 0x11 0x0 lba=7+1\n0 2 1 0xff 0x3 0x0 0x2 0x3 0x0 0x0\n"
        self.good(run(self.fake, "faults", "a"), r"^a \(/dev/sd0\): --on test-unit-ready --attention 2a/9 \(used up\)\n"
                  r"a \(/dev/sd0\): --on 0x28 --sense 3/11/0 --lba 7.1\na \(/dev/sd0\): --on any --sense 3/0/0, host byte 3, status 2\n$")

    def test_debugfs_has_all_of_them(self):
        """A page of the port's file may end before the last one."""
        hctl = self.fake.hctl(f"{PORT}/lun/lun_3")
        self.fake.folder(f"/sys/kernel/debug/tcm_loop/{hctl}")
        self.fake.nodes[f"/sys/kernel/debug/tcm_loop/{hctl}/error"] = "16 1 0xff 7\n"
        self.good(run(self.fake, "faults"), r"^b \(/dev/sd1\): --on any --delay 7\n$")

    def test_what_is_wrong_is_told(self):
        for options, status, words in (((), 2, "exactly one of --sense, .*; none is given"), (("--delay", "1", "--no-answer"), 2, "given are --delay and --no-answer"),
                                       (("--sense", "3/11"), 2, "--sense \"3/11\"; accepted: "), (("--sense", "30/0/0"), 2, "--sense \"30/0/0\""),
                                       (("--sense", "10/0/0"), 2, "a sense key from 0 to f"), (("--delay", "0"), 2, "a number from 1 to 300000"),
                                       (("--delay", "300001"), 2, "a number from 1 to 300000"), (("--delay", "-1"), 2, "--delay"), (("--status", "bsy"), 2, "busy, "),
                                       (("--host", "100"), 2, "--host \"100\""), (("--attention", "2a"), 2, "--attention"), (("--not-taken", "1055"), 2, "host, device"),
                                       (("--no-answer", "--on", "reads"), 2, "any, read, write"), (("--no-answer", "--on", "28"), 2, "any, read, write"), (("--no-answer", "--on", ""), 2, "--on \"\""), (("--clear", "--on", "read"), 2, "no other option"),
                                       (("--no-answer", "--lba", "9999999999999999999+9999999999999999999"), 2, "--lba"), (("--no-answer", "--every", "2147483648"), 2, "--every"),
                                       (("--no-answer", "--lba", "7"), 2, "--lba \"7\""), (("--no-answer", "--lba", "7+0"), 2, "--lba"), (("--no-answer", "--every", "1"), 2, "--every"),
                                       (("--no-answer", "--percent", "100"), 2, "--percent"), (("--no-answer", "--count", "0"), 2, "--count")):
            with self.subTest(options):
                try:
                    self.refused(self.unchanged(self.fake, "fault", "a", *options), status, words)
                except SystemExit as e:  # argparse's
                    self.assertEqual(e.code, status)
        self.refused(self.unchanged(self.fake, "fault", "--delay", "1"), 2, "which disk")
        self.refused(self.unchanged(self.fake, "fault", "d", "--delay", "1"), 4, "d is not a disk of the loopback target; there are: a, b, c")
        self.refused(self.unchanged(self.fake, "fault", "/dev/sd9", "--delay", "1"), 4, "/dev/sd9 is not")

    def test_one_that_fails_keeps_no_other_from_it(self):
        del self.fake.nodes[f"{PORT}/faults"]
        self.refused(run(self.fake, "fault", "a", "c", "--delay", "1"), 3, "^tcm-loop: a: loopback/.*\\n$")
        self.assertNotEqual(self.fake.nodes[f"{LOOPBACK}/fc.5001405000000002/tpgt_1/faults"], "")
        self.fake.unreadable["/dev/sd0"] = errno.EIO
        self.assertEqual(run(self.fake, "reset", "a", "b").output, "b: reset\n")

    def test_a_name_is_this_commands_disk_or_one_disk(self):
        for number in 1, 2:
            self.fake.backstore(f"core/rd_mcp_{6 + number}/{'az'[number - 1]}", "rd_pages=16", f"s{number}")
            self.fake.expose(f"loopback/naa.500140500000009{number}/tpgt_1", 0, f"core/rd_mcp_{6 + number}/{'az'[number - 1]}", "naa.5001405000000008")
        self.fake.expose("loopback/naa.5001405000000093/tpgt_1", 0, "core/rd_mcp_8/z", "naa.5001405000000008")
        self.good(run(self.fake, "offline", "a"), "^a, b: offline\\n$")
        self.refused(run(self.fake, "offline", "z"), 4, "z: several LUNs have a backstore of that name")
        self.assertEqual(self.fake.nodes[f"{LOOPBACK}/naa.5001405000000091/tpgt_1/transport_status"], "online\n")

    def test_of_another_module_there_are_none(self):
        del self.fake.nodes[f"{PORT}/faults"]
        self.refused(self.unchanged(self.fake, "fault", "a", "--delay", "1"), 1, "a: loopback/naa.5001405000000001/tpgt_1/faults is not there: the kernel's own tcm_loop")
        self.good(run(self.fake, "fault", "--clear"))

    def test_the_module_says_why(self):
        with unittest.mock.patch.object(self.fake, "write", side_effect=OSError(errno.ENOSPC, "No space left on device", f"{PORT}/faults")), \
                unittest.mock.patch.object(self.fake, "log_since_mark", lambda: ["tcm_loop: naa.5001405000000001 tpgt_1 lun_0: has 64 fault rules"]):
            self.refused(run(self.fake, "fault", "a", "--delay", "1"), 1, "a: naa.5001405000000001 tpgt_1 lun_0: has 64")


class Show(Case):
    def test_all_of_a_logical_unit(self):
        fake = Fake()
        self.good(run(fake, "create", "--ramdisk", "1M", "--name", "d", "--paths", "2", "--serial", "s1", "--write-protect"))
        self.good(apply(fake, A))
        self.good(run(fake, "fault", "d:2", "--delay", "5"))
        self.good(run(fake, "offline", "d:2"))
        one, two = (state(fake)["disks"][name]["paths"]["1"]["target"] for name in ("d", "d:2"))
        fake.nodes[f"{LOOPBACK}/{one}/tpgt_1/held"] = "lun_0 rd_mcp_0/d 3 61\n"
        fake.nodes[f"{LOOPBACK}/{one}/tpgt_1/lun/lun_0/alua_tg_pt_gp"] += "TG Port Primary Access State: Active/Optimized\n"
        fake.claimed.add("/dev/sd0")
        fake.expose("iscsi/iqn.2003-01.org.example:x/tpgt_1", 0, "core/rd_mcp_0/d")
        first = rf"d: /dev/sd0, 0:0:1:0, {one} 1:0, initiator naa\.\w+, online, active/optimized, write-protected\n"
        second = rf"d:2: /dev/sd1, 1:0:1:0, {two} 1:0, initiator naa\.\w+, offline, write-protected\n    fault --on any --delay 5\n"
        held = r"    /dev/sd0 is in use\n    holds 3 commands that rd_mcp_0/d has not answered, the oldest for 61 s\n"
        paths = sorted([(one, f"  {first}{held}"), (two, f"  {second}")])
        expected = r"^d: ramdisk, 1 MiB, core/rd_mcp_0/d, serial s1\n" + "".join(text for _, text in paths) + r"  also iscsi/iqn.2003-01.org.example:x/tpgt_1/lun/lun_0\n"
        for name in "d", "d:2", "/dev/sd0":
            self.good(self.unchanged(fake, "show", name), expected + "$")
        self.good(self.unchanged(fake, "show", "d", "d:2"), expected + "$")
        self.good(self.unchanged(fake, "show"), r"(?m)^a: ramdisk, 8 MiB")

    def test_a_lun_without_a_nexus(self):
        fake = Fake()
        fake.backstore("core/rd_mcp_7/theirs", "rd_pages=16", "")
        fake.expose("loopback/naa.5001405000000009/tpgt_1", 3, "core/rd_mcp_7/theirs")
        self.good(run(fake, "show"), "^theirs: ramdisk, 64 KiB, core/rd_mcp_7/theirs\n  theirs: no disk, .*, initiator none, online\n$")


class Ports(Case):
    def test_a_port_is_offline_with_all_its_disks(self):
        fake = Fake()
        self.good(apply(fake, A + B + FC))
        self.good(run(fake, "offline", "b"), "^a, b: offline\n$")
        self.assertEqual(fake.nodes[f"{PORT}/transport_status"], "offline\n")
        self.assertEqual(fake.nodes[f"{LOOPBACK}/fc.5001405000000002/tpgt_1/transport_status"], "online\n")
        self.good(run(fake, "online", "a", "b"), "^a, b: online\n$")
        self.assertEqual(fake.nodes[f"{PORT}/transport_status"], "online\n")

    def test_it_is_others_too(self):
        fake = Fake()
        fake.backstore("core/rd_mcp_7/theirs", "rd_pages=16", "s1")
        fake.expose("loopback/naa.5001405000000009/tpgt_1", 3, "core/rd_mcp_7/theirs", "naa.5001405000000008")
        self.good(run(fake, "offline", "/dev/sd0"), "^theirs: offline\n$")

    def test_reset(self):
        fake = Fake()
        self.good(apply(fake, A + FC))
        resets = []
        with unittest.mock.patch.object(fake, "reset", resets.append):
            self.good(run(fake, "reset", "c"), "^c: reset\n$")
        self.assertEqual(resets, ["/dev/sd1"])
        fake.unreadable["/dev/sd1"] = errno.EIO
        self.refused(run(fake, "reset", "c"), 1, "c: LOGICAL UNIT RESET of /dev/sd1: ")

    def test_the_state_of_one_path(self):
        fake = Fake()
        self.good(run(fake, "create", "--ramdisk", "1M", "--name", "d", "--paths", "3"))
        groups = f"{CORE}/rd_mcp_0/d/alua"
        self.good(run(fake, "alua", "standby", "d:2"), "^d:2: standby\\n$")
        self.good(run(fake, "alua", "unavailable", "/dev/sd2"), "^d:3: unavailable\\n$")
        made = [path for path in fake.children(groups) if not path.endswith("/default_tg_pt_gp")]
        self.assertEqual([(fake.nodes[f"{path}/tg_pt_gp_id"], fake.nodes[f"{path}/alua_access_state"]) for path in made], [("1", "2"), ("2", "3")])
        self.good(run(fake, "alua", "active", "d:2"))
        self.assertEqual(fake.nodes[f"{made[0]}/alua_access_state"], "0")
        self.assertEqual(fake.nodes[f"{groups}/default_tg_pt_gp/alua_access_state"], "0")
        self.good(run(fake, "remove", "d"))
        self.assertEqual(seen(fake), {"hbas": 0})

    def test_a_state_that_is_refused_leaves_no_group(self):
        fake = Fake()
        self.good(run(fake, "create", "--ramdisk", "1M", "--name", "d"))
        for number in range(1, 5):
            here = fake.copy()
            here.fail_at = number
            self.assertEqual(run(here, "alua", "standby", "d").status, 1)
            self.assertEqual({path: text for path, text in here.nodes.items() if "/alua" in path}, {path: text for path, text in fake.nodes.items() if "/alua" in path}, number)

    def test_without_alua(self):
        fake = Fake()
        self.good(run(fake, "create", "--ramdisk", "1M", "--name", "d"))
        lun, = [path for path in fake.nodes if path.endswith("/alua_tg_pt_gp")]
        fake.nodes[lun] = ""
        self.refused(self.unchanged(fake, "alua", "standby", "d"), 1, "d: core/rd_mcp_0/d has no ALUA")

    def test_only_root(self):
        fake = Fake()
        self.good(apply(fake, A))
        with unittest.mock.patch.object(fake, "is_root", lambda: False):
            for words in ("fault", "a", "--delay", "1"), ("faults",), ("show",), ("offline", "a"), ("reset", "a"):
                self.refused(self.unchanged(fake, *words), 1, "only root can do this")
