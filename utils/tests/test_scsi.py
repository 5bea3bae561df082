# SPDX-License-Identifier: GPL-2.0-only
"""Disks, tapes and the like over a SCSI device as it is."""
import contextlib
import errno
import unittest

from fake import CORE, Died, Fake
from world import Case, apply, pending, run, seen, state

TAPE = f"{CORE}/pscsi_0/tape"
CONF = "[tape]\nscsi = /dev/sg9\npaths = 2\n"


def machine(page="\0\udc80\0\x06 S1234"):
    fake = Fake()
    device = "/sys/bus/scsi/devices/2:0:0:5"
    fake.nodes["/dev/sg9"], fake.nodes["/dev/nst9"] = ("character", 21, 9), ("character", 9, 137)
    for number in "21:9", "9:137":
        fake.folder(f"/sys/dev/char/{number}")
        fake.nodes[f"/sys/dev/char/{number}/device"] = ("link", "../../../2:0:0:5")
    fake.folder(device)
    if page:
        fake.nodes[f"{device}/vpd_pg80"] = page
    return fake


class Scsi(Case):
    def setUp(self):
        self.fake = machine()

    def test_it_comes_and_goes(self):
        self.good(run(self.fake, "create", "--scsi", "/dev/sg9", "--name", "tape", "--protocol", "fc"), "^tape: /dev/sg0")
        self.assertEqual((self.fake.nodes[f"{TAPE}/control"], self.fake.nodes[f"{TAPE}/udev_path"]),
                         ("scsi_host_id=2,scsi_channel_id=0,scsi_target_id=0,scsi_lun_id=5", "/dev/sg9"))
        self.assertEqual(state(self.fake)["disks"]["tape"]["serial"], "S1234")
        self.assertRegex(run(self.fake, "show", "tape").output, "^tape: scsi, /dev/sg9, core/pscsi_0/tape, serial S1234\n")
        self.assertRegex(run(self.fake, "list").output, r"(?m)^tape +/dev/sg0 +fc .* pscsi +online +tcm-loop$")
        self.good(run(self.fake, "remove", "tape"), "^tape: removed\n$")
        self.assertEqual(set(seen(self.fake)), {"hbas"})

    def test_a_file_has_it_by_any_of_its_nodes_and_finds_it_again(self):
        self.good(apply(self.fake, CONF))
        self.good(apply(self.fake, CONF), "^nothing to do\n$")
        self.good(apply(self.fake, CONF.replace("sg9", "nst9")), "^nothing to do\n$")
        del self.fake.nodes["/run/tcm-loop/state.json"]  # and as after "targetctl restore"
        self.good(apply(self.fake, CONF), "^= tape: is there already, adopted\n= tape:2: is there already, adopted\n")
        self.good(apply(self.fake, ""), "removed")
        self.assertEqual(set(seen(self.fake)), {"hbas"})

    def test_while_the_device_is_gone_it_stays(self):
        self.good(apply(self.fake, CONF))
        before = seen(self.fake)
        del self.fake.nodes["/dev/sg9"]
        self.good(apply(self.fake, CONF), "^nothing to do\n$")
        self.assertEqual(seen(self.fake), before)
        self.good(run(self.fake, "remove", "--all"))
        self.refused(apply(self.fake, CONF), 3, "tape: /dev/sg9 is not there")

    def test_one_that_is_not_there_yet_is_waited_for(self):
        node = self.fake.nodes.pop("/dev/sg9")
        sleep = self.fake.sleep

        def comes(seconds):
            sleep(seconds)
            if self.fake.clock > 105:
                self.fake.nodes["/dev/sg9"] = node
        self.fake.sleep = comes
        self.fake.nodes["/etc/tcm-loop.conf"] = CONF
        self.good(run(self.fake, "wait"), "^tape: waits: /dev/sg9 is not there\n(?s:.*)tape: /dev/sg0")

    def test_without_a_serial_number_it_gets_one(self):
        self.fake = machine("")
        self.good(apply(self.fake, CONF))
        self.assertRegex(state(self.fake)["disks"]["tape"]["serial"], "^[0-9a-f]{32}$")
        self.good(apply(self.fake, CONF), "^nothing to do\n$")

    def test_two_have_serial_numbers_that_are_no_digits(self):
        """What the system sees is the device's own identifier, not what the target core would make of these."""
        for number in "7", "8":
            self.fake.nodes[f"/dev/sg{number}"] = ("character", 21, int(number))
            self.fake.folder(f"/sys/dev/char/21:{number}")
            self.fake.nodes[f"/sys/dev/char/21:{number}/device"] = ("link", f"../../../3:0:0:{number}")
            self.fake.folder(f"/sys/bus/scsi/devices/3:0:0:{number}")
            self.fake.nodes[f"/sys/bus/scsi/devices/3:0:0:{number}/vpd_pg80"] = "\0\udc80\0\2XY\0"
        self.good(apply(self.fake, "[tape1]\nscsi = /dev/sg7\n[tape2]\nscsi = /dev/sg8\n"))

    def test_a_disk_is_opened_by_its_block_device(self):
        self.fake.folder("/sys/bus/scsi/devices/2:0:0:5/block/sdq")
        self.good(run(self.fake, "create", "--scsi", "/dev/sg9", "--name", "tape"))
        self.assertEqual(self.fake.nodes[f"{TAPE}/udev_path"], "/dev/sdq")

    def test_one_device_is_one_disk_s(self):
        self.good(run(self.fake, "create", "--scsi", "/dev/sg9", "--name", "tape"))
        self.refused(run(self.fake, "create", "--scsi", "/dev/nst9", "--name", "tape2"), 1, "tape2: /dev/nst9 is the data of core/pscsi_0/tape, too")

    def test_another_serial_number_than_was_told(self):
        write = self.fake.write

        def other(path, text):
            write(path, text)
            if path == f"{TAPE}/enable":
                self.fake.nodes[f"{TAPE}/wwn/vpd_unit_serial"] = "T10 VPD Unit Serial Number: S9\n"
        self.fake.write = other
        self.refused(run(self.fake, "create", "--scsi", "/dev/sg9", "--name", "tape"), 1, "tape: /dev/sg9 has the serial number \"S9\", not \"S1234\"")
        self.assertEqual(set(seen(self.fake)), {"hbas"})
        self.assertEqual(pending(self.fake), [])

    def test_what_is_wrong(self):
        for words, reason in (("--scsi sg9", "scsi \"sg9\" is not an absolute path"), ("--scsi /dev/sg8", "x: /dev/sg8 is not there"), ("--scsi /dev/vda", "x: /dev/vda is no SCSI device"),
                              ("--scsi /etc", "x: /etc is no SCSI device"), ("--scsi /dev/sg9 --serial 5", "x: serial: scsi /dev/sg9 is as the device is"),
                              ("--scsi /dev/sg9 --size 1M", "size: scsi /dev/sg9 is as the device is"), ("--scsi /dev/sg9 --vendor X", "vendor: scsi /dev/sg9 is as the device is"),
                              ("--scsi /dev/sg9 --alua standby", "alua: scsi /dev/sg9 is as the device is"), ("--scsi /dev/sg9 --ramdisk 1M", "exactly one of ramdisk, file, block, tcmu, scsi, backstore")):
            self.refused(run(self.fake, "create", "--name", "x", *words.split()), 1, reason)
            self.assertLessEqual(set(seen(self.fake)), {"hbas"})

    def test_a_failure_and_a_death_at_every_operation(self):
        for at in range(1, 60):
            for how in "fail_at", "die_at":
                fake = machine()
                setattr(fake, how, at)
                result = None
                with contextlib.suppress(Died, OSError):
                    result = apply(fake, CONF)
                if result and not result.status:
                    self.assertGreater(at, 15)
                    return
                fake = fake.again()
                self.good(run(fake, "remove", "--all")) if not state(fake)["disks"] else run(fake, "remove", "--all")
                self.assertEqual((state(fake)["disks"], set(seen(fake)) - {"hbas"}), ({}, set()), (how, at))
                self.good(apply(fake, CONF))
        self.fail("it never succeeds")

    def test_the_kernel_refuses_it(self):
        self.fake.failure = errno.ENODEV
        for path in [path for path in self.fake.nodes if path.startswith("/sys/bus/scsi/devices/2:")]:
            del self.fake.nodes[path]
        self.refused(run(self.fake, "create", "--scsi", "/dev/sg9", "--name", "tape"), 1, "^tcm-loop: tape: ")
        self.assertEqual(set(seen(self.fake)), {"hbas"})


if __name__ == "__main__":
    unittest.main()
