# SPDX-License-Identifier: GPL-2.0-only
"""The units: what systemd runs, and in which order."""
import os
import subprocess
import unittest

UTILS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")


def commands(name, key):
    """What a unit's key says, in its order; an empty one forgets what was before."""
    with open(f"{UTILS}/{name}") as f:
        return [line.strip().split("=", 1)[1] for line in f if line.startswith(f"{key}=")]


class TargetService(unittest.TestCase):
    def test_its_stop_clears_nothing_while_a_disk_is_in_use(self):
        """A command that fails ends the sequence; without the empty line ours would come after the service's own."""
        self.assertEqual(commands("target.service.conf", "ExecStop"), ["", "/usr/sbin/tcm-loop check-idle", "/usr/bin/targetctl clear"])

    def test_its_start_clears_nothing_while_a_disk_is_in_use(self):
        self.assertEqual(commands("target.service.conf", "ExecStartPre"), ["/usr/sbin/tcm-loop check-idle --restore"])


class Unit(unittest.TestCase):
    def test_a_boot_does_not_wait_for_it_for_ever(self):
        """remote-fs-pre.target is after it, and a oneshot service has no limit of its own."""
        self.assertEqual(commands("tcm-loop.service", "TimeoutStartSec"), ["15min"])
        for key in "ExecStart", "ExecReload", "ExecStop":
            command, = commands("tcm-loop.service", key)
            self.assertIn("/usr/sbin/tcm-loop --lock-timeout 120 ", command)

    def test_a_reload_says_that_some_disks_failed(self):
        """SuccessExitStatus= is for the start alone: the unit stays active, and takes away at its stop what was made."""
        command, = commands("tcm-loop.service", "ExecReload")
        self.assertRegex(command, "^/bin/sh -c '.*'$")
        for status in 0, 1, 3:
            script = command[len("/bin/sh -c '"):-1].replace("/usr/sbin/tcm-loop --lock-timeout 120 apply", f"(exit {status})")
            self.assertEqual(subprocess.call(["/bin/sh", "-c", script]), 1 if status else 0)
