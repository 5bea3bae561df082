# SPDX-License-Identifier: GPL-2.0-only
"""The units: what systemd runs, and in which order."""
import os
import re
import subprocess
import tempfile
import unittest

UTILS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")


def commands(name, key):
    """What a unit's key says, in its order; an empty one forgets what was before."""
    with open(f"{UTILS}/{name}") as f:
        return [line.strip().split("=", 1)[1] for line in f if line.startswith(f"{key}=")]


def script(command, variables=(), **instead):
    """The exit status and the output of a shell's script with other programs in it."""
    text = re.fullmatch("/bin/sh -c '(.*)'", command)[1].replace("$$", "$")
    for program, other in instead.items():
        assert program in text, text
        text = text.replace(program, other)
    done = subprocess.run(["/bin/sh", "-c", text], env=dict(os.environ, **dict(variables)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          universal_newlines=True, check=False)
    return done.returncode, done.stdout


STOPPING = "systemctl list-jobs --no-legend shutdown.target"  # says also while the boot has not ended that the machine goes down
STOPS = {True: "echo 1 shutdown.target start waiting", False: "true"}


class TargetService(unittest.TestCase):
    def test_its_stop_clears_nothing_while_there_is_a_disk(self):
        """A command that fails ends the sequence; without the empty line ours would come after the service's own."""
        empty, save, check, clear = commands("target.service.conf", "ExecStop")
        self.assertEqual(empty, "")
        for works in True, False: # rtslib 2.2.3's does not
            status, output = script(clear, **{"/usr/bin/targetctl": "true" if works else "false", "python3": "echo"})
            self.assertEqual(status, 0)
            self.assertEqual("clear_existing(confirm=True)" in output, not works)
        for idle in True, False:
            with tempfile.TemporaryDirectory() as folder:
                status, _ = script(check, **{"/usr/sbin/tcm-loop check-idle": "true" if idle else "false", "/run/tcm-loop": f"{folder}/x"})
                self.assertEqual(status, 0 if idle else 5)
                self.assertEqual(os.path.exists(f"{folder}/x/clear"), not idle)
        for variable, output in ({}, ""), ({"CONFIG_FILE": ""}, ""), ({"CONFIG_FILE": "/etc/x"}, "save /etc/x\n"):
            self.assertEqual(script(save[1:], variable, **{"/usr/bin/targetctl": "echo"}), (0, output))

    def test_its_start_clears_nothing_while_there_is_a_disk(self):
        """A condition that does not hold is no failure, at which a package's upgrade would end; but only systemd 243 knows it."""
        for key in "ExecCondition", "ExecStartPre":
            self.assertEqual(commands("target.service.conf", key), ["/usr/sbin/tcm-loop check-idle --restore"])


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
        for status in 0, 1, 3:
            self.assertEqual(script(command, **{"/usr/sbin/tcm-loop --lock-timeout 120 apply": f"(exit {status})", "systemctl": "echo"}),
                             (1 if status else 0, "--no-block restart tcm-loop-late.service\n"))

    def test_at_shutdown_what_is_in_use_is_waited_for(self):
        """Else an administrator is told of it, and what was made by hand stays."""
        command, = commands("tcm-loop.service", "ExecStop")
        for stopping, options in (True, "--all --wait 5"), (False, "--origin /etc/tcm-loop.conf"):
            self.assertEqual(script(command, **{STOPPING: STOPS[stopping], "exec /usr/sbin/tcm-loop": "echo"}),
                             (0, f"--lock-timeout 120 remove {options}\n"))

    def test_only_a_shutdown_removes_what_nobody_uses_before_its_data_goes(self):
        command, = commands("tcm-loop-remote.service", "ExecStop")
        for stopping, output in (True, "--lock-timeout 30 remove --all\n"), (False, ""):
            self.assertEqual(script(command, **{STOPPING: STOPS[stopping], "/usr/sbin/tcm-loop": "echo"}), (0, output))

    def test_what_is_mounted_as_a_local_disk_goes_at_shutdown(self):
        """With it, if a stop of target.service had to leave everything, what that would have cleared; not while others are in use."""
        remove, clear = (command[1:] for command in commands("tcm-loop-unmounted.service", "ExecStop"))
        for stopping, output in (True, "--lock-timeout 30 remove --all --wait 15 --unmount\n"), (False, ""):
            self.assertEqual(script(remove, **{STOPPING: STOPS[stopping], "/usr/sbin/tcm-loop": "echo"}), (0, output))
        for there, stopping, idle, output in (False, True, True, ""), (True, False, True, ""), (True, True, False, ""), (True, True, True, "clear\n"):
            with tempfile.TemporaryDirectory() as folder:
                if there:
                    open(f"{folder}/clear", "w").close()
                programs = {STOPPING: STOPS[stopping], "/run/tcm-loop": folder, "/usr/sbin/tcm-loop check-idle": "true" if idle else "false", "/usr/bin/targetctl": "echo"}
                self.assertEqual(script(clear, **programs)[1], output)
                self.assertEqual(os.listdir(folder), ["clear"] if there and not stopping else [])

    def test_it_is_stopped_after_local_file_systems(self):
        """An order counts between units that are both stopped, and the target is passive: who orders by it wants it."""
        for key, value in ("DefaultDependencies", "no"), ("Wants", "local-fs-pre.target"), ("Conflicts", "shutdown.target"), \
                ("Before", "local-fs-pre.target shutdown.target"):
            self.assertEqual(commands("tcm-loop-unmounted.service", key), [value])

    def test_what_is_restarted_at_a_reload_removes_nothing(self):
        for key in "ExecStop", "ExecStopPost", "RemainAfterExit":
            self.assertEqual(commands("tcm-loop-late.service", key), [])

    def test_all_of_them_are_installed(self):
        """And started by the one that is enabled."""
        wanted = commands("tcm-loop.service", "Wants")[0].split()
        with open(f"{UTILS}/../Makefile") as file:  # the RPM's list is made from what it installs
            makefile = file.read()
        for name in sorted(name for name in os.listdir(UTILS) if name.endswith(".service")):
            self.assertEqual(makefile.count(f"utils/{name}"), 1, name)
            self.assertTrue(name == "tcm-loop.service" or name in wanted, name)
