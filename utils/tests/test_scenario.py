# SPDX-License-Identifier: GPL-2.0-only
"""Scenarios: their files, what is done when, what is expected, the picture, and that nothing is left."""
import contextlib
import os
import re
import signal
import tempfile
import unittest
import unittest.mock
import xml.dom.minidom

from fake import CORE, LOOPBACK, Fake
from tcmloop import cli, scenario
from tcmloop import tree as real
from tcmloop.tree import Stop
from world import Case, run, seen, state

LAB = """[x]
ramdisk = 8M
paths = 2
[y]
ramdisk = 8M

[scenario cable]
command = fio --filename={x:map} --other={y} "two words"
steps =
  2    offline x x:2 for 3
  # between
  1.5  alua standby y
expect =
  x port=offline at 2 within 1
  x port=online at 5 within 1
"""
MAP = "/sys/class/block/dm-0"


class Command:
    """Of a user, which ends by itself at a time, or by a signal."""

    def __init__(self, fake, words):
        self.fake, self.words, self.signals = fake, words, []

    def ended(self):
        return -self.signals[0] if self.signals and not self.fake.deaf else self.fake.status if self.fake.clock >= self.fake.command_end else None

    def end(self, number):
        alive = self.ended() is None or self.fake.orphans
        if alive and number:
            self.signals.append(number)
        if number == signal.SIGKILL:
            self.fake.deaf = self.fake.orphans = False
        return alive


class FailedRequests:
    def __init__(self, fake):
        self.fake, self.ended = fake, False

    def begin(self):
        self.ended = False

    @property
    def complete(self):
        return not self.fake.missed

    def devices(self):
        assert not self.ended
        found, self.fake.failures = self.fake.failures, []
        return found

    def end(self):
        self.ended = True


class Machine(Fake):
    """Whose multipathd makes a map of all that has several paths, and where things happen at times since the command began."""

    def __init__(self):
        super().__init__()
        self.events, self.status, self.command_end, self.deaf, self.started, self.ran, self.failures, self.multipath = {}, 0, 1e9, False, None, [], [], True
        self.missed, self.of_requests = False, True  # of_requests: the map's queue_mode
        self.orphans, self.busy = False, 0  # whether something that the command started lives on; how often a map is still in use
        self.begun, self.failed, self.writes = 1e9, {}, []

    def sleep(self, seconds):
        self.clock = round(self.clock + seconds, 6)
        for when in sorted(when for when in self.events if when + self.begun <= self.clock + 1e-6):
            self.events.pop(when)()
        self.heed_signal()

    def write(self, path, text):
        super().write(path, text)
        if path.startswith(LOOPBACK) and path.endswith(("/transport_status", "/faults")) or path.endswith("/alua_access_state"):
            self.writes.append((round(self.clock - self.begun, 1), os.path.basename(path), text))

    def settle(self, tpg):
        super().settle(tpg)
        disks = sorted(path for path in self.nodes if re.fullmatch(r"/dev/sd\d+", path))
        for path in disks:
            minor = path[len("/dev/sd"):]
            self.folder(f"/sys/class/block/sd{minor}/holders")
            self.nodes[f"/sys/class/block/sd{minor}/dev"] = f"8:{minor}\n"
            self.nodes.setdefault(f"/sys/class/block/sd{minor}/stat", "0 0 0 0 0 0 0 0 0 0 0\n")
        for path in [path for path in self.nodes if re.fullmatch(r"/sys/bus/scsi/devices/[0-9:]+/rescan", path)]:
            self.nodes[f"{os.path.dirname(path)}/state"] = "running\n"
        if self.multipath and len(disks) >= 2:
            self.nodes[f"{MAP}/dm/uuid"], self.nodes[f"{MAP}/dm/name"], self.nodes[f"{MAP}/stat"] = "mpath-36001405\n", "mpatha\n", "0 0 0 0 0 0 0 0 0 0 0\n"
            self.nodes["/dev/mapper/mpatha"], self.nodes[f"{MAP}/dev"] = ("block", 254, 0), "254:0\n"
            if self.of_requests:
                self.folder(f"{MAP}/mq")
            for path in disks[:2]:
                self.nodes[f"/sys/class/block/{path[5:]}/holders/dm-0"] = ("link", "../../dm-0")

    def ask(self, *command):
        assert command == ("dmsetup", "status", "mpatha"), command
        return "0 16384 multipath 2 0 1 0 1 1 A 0 2 2 " + " ".join(f"8:{minor} {self.failed.get(minor, 'A')} 0 1" for minor in (0, 1)) + "\n"

    @staticmethod
    def which(command):
        return f"/usr/bin/{command}" if command in ("fio", "dmsetup", "multipath") else None

    def start(self, command):
        self.started, self.begun = Command(self, command), self.clock
        return self.started

    def run(self, *command):
        self.ran.append(command)
        self.busy -= 1
        if command[:2] == ("multipath", "-f") and self.busy < 0:
            for path in [path for path in self.nodes if path.endswith("/holders/dm-0")]:
                del self.nodes[path]

    def failed_requests(self, name):
        assert name.startswith("tcm-loop-"), name
        return FailedRequests(self)

    def copy(self):
        other = super().copy()
        other.__class__ = Machine
        return other

    def does(self, when, device, stat):
        self.events[when] = lambda: self.nodes.update({f"/sys/class/block/{device}/stat": stat})


class Lab(Case):
    def setUp(self):
        self.fake = Machine()
        self.fake.command_end = 108

    def lab(self, text, *argv):
        self.fake.nodes["/x.lab"] = text
        return run(self.fake, "lab", "/x.lab", *argv)

    def nothing_left(self):
        self.assertEqual(set(seen(self.fake)), {"hbas"})
        self.assertEqual(state(self.fake)["disks"], {})

    def told(self, text):
        """The lines of a run that have a time."""
        return [re.sub(r"\s+", " ", line).strip() for line in text.splitlines() if re.match(r"\s+\d+\.\d{3} ", line)]


class Files(Lab):
    def test_steps_are_told_and_nothing_is_done(self):
        self.fake.nodes["/x.lab"] = LAB
        self.good(self.unchanged(self.fake, "lab", "-n", "/x.lab"), "^   1.500  alua standby y\n   2.000  offline x x:2\n   5.000  online x x:2\n$")

    def test_what_is_wrong_is_told_with_its_line(self):
        for text, reason in (
                (LAB.replace("offline x x:2 for 3", "ofline x"), "/x.lab:9: cable: steps: '2    ofline x': a step is a time in seconds and one of offline, "),
                (LAB.replace("offline x x:2 for 3", "remove x"), "a step is a time"),
                (LAB.replace("2    offline", "-2 offline"), "a step is a time"),
                (LAB.replace("2    offline", "2s offline"), "a step is a time"),
                (LAB.replace("2    offline x x:2 for 3", "2"), "a step is a time"),
                (LAB.replace("for 3", "for x"), "\"for\" and a time in seconds are taken after offline and fault"),
                (LAB.replace("standby y", "standby y for 3"), "\"for\" and a time in seconds are taken after offline and fault"),
                (LAB.replace("x x:2 for", "x x:3 for"), "x:3 is none of the lab's disks: x, x:2, y"),
                (LAB.replace("x x:2 for", "/dev/sda for"), "/dev/sda is none of the lab's disks"),
                (LAB.replace("alua standby y", "alua lazy y"), "invalid choice: 'lazy'"),
                (LAB.replace("alua standby y", "fault y"), "exactly one of --sense"),
                (LAB.replace("alua standby y", "fault y --delay x"), "--delay \"x\"; accepted: a number from 1"),
                (LAB.replace("alua standby y", "fault --clear"), "which disk\\? The lab's are x, x:2, y"),
                (LAB.replace("alua standby y", "fault y --clear --lba 1+1"), "--clear takes all"),
                (LAB.replace("alua standby y", "alua standby y 'z"), "No closing quotation"),
                (LAB.replace("{y}", "{z}"), "/x.lab:8: cable: command: {z} is none of x, x:2, y, x:map"),
                (LAB.replace("{y}", "{y:map}"), "{y:map} is none of"),
                (LAB.replace("\"two words\"", "\"two"), "No closing quotation"),
                (LAB.replace("x port=offline at 2 within 1", "z port=offline"), "/x.lab:13: cable: expect: 'z port=offline': z is none of x, x:2, y, x:map"),
                (LAB.replace("x port=offline at", "x port<offline at"), "port is one state or another: only = is taken"),
                (LAB.replace("x port=offline at", "x colour=red at"), "accepted are \"command succeeds\""),
                (LAB.replace("within 1", "before 3"), "accepted are \"command succeeds\""),
                (LAB.replace("x port=offline at", "x:map errors=1 at"), "x:map has io_errors and latency; errors is a path's"),
                (LAB.replace("x port=offline at", "y path=failed at"), "y has no other path"),
                (LAB.replace("x port=offline at", "x errors=some at"), "some is no number"),
                (LAB.replace("expect =", "expected ="), "/x.lab:13: cable: unknown key 'expected'; accepted: command, steps, expect, limit"),
                (LAB.replace("[scenario cable]", "[scenario cable]\nlimit = 0"), "limit '0': accepted are seconds"),
                (LAB[:LAB.index("[scenario")], "/x.lab: 0 sections \\[scenario NAME\\]; a lab has one; installed are bad-sector, failover, slow-path"),
                (LAB + "[scenario more]\n", "/x.lab: 2 sections"),
                ("[scenario none]\n", "none: there is no disk"),
                (LAB.replace("ramdisk = 8M\npaths", "ramdisk = 8X\npaths"), "/x.lab:1: x: size"),
                ("[DEFAULT]\nsteps = 1\n" + LAB, "unknown key|steps"),
                (LAB.replace("for 3", "for 0"), "\"for\" and a time in seconds"),
                (LAB.replace("2    offline", "350 offline"), "/x.lab:7: cable: limit 300: there is something at 353 s"),
                (LAB.replace("within 1", "within 500"), "limit 300: there is something at 505 s"),
                (LAB.replace("x port=offline", "x port=of"), "port is one of online, offline, gone"),
                (LAB.replace("x port=offline", "x path=lost"), "path is one of active, failed"),
                (LAB.replace("x port=offline", "x alua=lost"), "alua is one of active, nonoptimized, standby"),
                (LAB.replace("alua standby y", "offline -h"), "offline -h is no step"),
                (LAB.replace("alua standby y", "offline"), "the following arguments are required: disk"),
                (LAB.replace("[y]", "[x:map]").replace("{y}", "").replace(" y", " x"), "x:map is the name of a disk, and of the multipath map of another"),
                (LAB.replace("two words", "two\0words"), "has a control character"),
                ("  [scenario s]\n  steps = 1 ofline x\n[x]\nramdisk = 8M\n", "a step is a time|no section")):
            self.fake.nodes["/x.lab"] = text
            result = self.unchanged(self.fake, "lab", "/x.lab")
            self.assertIn(result.status, (1, 2), text)
            self.assertRegex(result.errors, reason, text)
        self.refused(run(self.fake, "lab", "/none"), 1, "/none: No such file")
        self.refused(self.lab(LAB.replace("fio", "gio")), 1, "gio: there is no such command")
        self.refused(self.lab(LAB, "--", "cat", "{q}"), 1, "{q} is none of")
        self.refused(self.lab(LAB, "--svg", "/no/such/x.svg"), 1, "--svg /no/such/x.svg: there is no folder /no/such")
        self.refused(self.lab(LAB, "--svg", "/dev/vda"), 1, "--svg /dev/vda: is there, and is not a file")
        self.refused(self.lab(LAB, "--svg", "/srv"), 1, "--svg /srv: is there, and is not a file")
        self.refused(self.lab(LAB.replace("command", "#command") + "  command fails\n"), 1, "there is no command")
        self.nothing_left()

    def test_apply_does_not_take_one(self):
        self.fake.nodes["/x.lab"] = LAB
        self.refused(run(self.fake, "apply", "/x.lab"), 3, r"/x.lab:7: \[scenario cable\] is for \"tcm-loop lab\"")
        self.assertEqual(sorted(state(self.fake)["disks"]), ["x", "x:2", "y"])  # a stray section at a boot costs no disk

    def test_a_disk_that_is_there(self):
        self.good(run(self.fake, "create", "--ramdisk", "8M", "--name", "x"))
        before = seen(self.fake)
        self.refused(self.lab(LAB), 1, "x is there already; \"tcm-loop remove x\" removes it")
        self.assertEqual(seen(self.fake), before)

    def test_the_installed_ones(self):
        self.assertEqual(scenario.installed(), ["bad-sector", "failover", "slow-path"])
        for name in scenario.installed():
            with open(f"{scenario.INSTALLED}/{name}.lab") as f:
                self.fake.nodes[f"{scenario.INSTALLED}/{name}.lab"] = f.read()
            self.good(self.unchanged(self.fake, "lab", "-n", name))
        self.assertEqual(run(self.fake, "complete", "lab", "f").output, "failover\n")


class Runs(Lab):
    def test_what_happens_when(self):
        self.fake.events[2.5] = lambda: self.fake.failed.update({0: "F"})
        self.fake.events[6] = self.fake.failed.clear
        self.fake.command_end = 107.45
        result = self.lab(LAB + "  x path=failed at 2 within 1\n  x:2 path=active\n  x path=active at 5 within 2\n")
        self.good(result)
        self.assertEqual(self.fake.started.words, ["fio", "--filename=/dev/mapper/mpatha", "--other=/dev/sd2", "two words"])
        self.assertEqual([line for line in self.told(result.output) if float(line.split()[0])], [
            "1.500 alua standby y", "1.500 y alua active -> standby", "2.000 offline x x:2", "2.000 x port online -> offline", "2.000 x:2 port online -> offline",
            "2.500 x path active -> failed", "5.000 online x x:2", "5.000 x port offline -> online", "5.000 x:2 port offline -> online", "6.000 x path failed -> active",
            "7.500 command ends: exit status 0"])
        self.assertIn("as expected: x path=failed at 2 within 1: at 2.500\n", result.output)
        self.assertIn("as expected: command succeeds: exit status 0 at 7.500\n", result.output)
        self.assertNotIn("NOT", result.output)
        self.assertEqual(self.fake.ran[-1], ("multipath", "-f", "mpatha"))
        self.nothing_left()

    def test_each_expectation_can_fail(self):
        for text, found in (("x port=offline at 3 within 1", "offline at 2.000; online at 5.000"), ("x port=offline at 1 within 0.5", "offline at 2.000; online at 5.000"), ("x port=online", "offline at 2.000"), ("x errors = 0 at 3 within 1", "5"),
                            ("x path=failed at 2 within 1", "never changed"),
                            ("x errors = 0", "5"), ("x errors > 5", "5"), ("x errors >= 1 at 0 within 2", "0"), ("x:map io_errors < 1", "1"), ("x:map latency <= 3.9", "4.00 ms"),
                            ("x:map latency >= 1 at 0 within 2", "no request ended"), ("command fails", "exit status 0 at 8.000"), ("command succeeds at 1 within 2", "exit status 0 at 8.000")):
            with self.subTest(text):
                self.setUp()
                self.fake.events[3] = lambda: self.fake.nodes.update({"/sys/bus/scsi/devices/0:0:1:0/ioerr_cnt": "0x5\n", f"{MAP}/stat": "2 0 800 8 0 0 0 0 0 0 0\n"}) or self.fake.failures.append("254:0")
                self.fake.events[0.1] = lambda: self.fake.nodes.update({"/sys/bus/scsi/devices/0:0:1:0/ioerr_cnt": "0x0\n"})
                result = self.lab(LAB + f"  {text}\n")
                self.refused(result, 6, "^$")
                self.assertIn(f"NOT AS EXPECTED: {text}: {found}\n", result.output)
                self.nothing_left()
                without = self.lab(LAB)  # no expectation but those that are met
                self.assertEqual(without.status, 0, without.output)

    def test_a_command_that_fails(self):
        self.fake.status = 2
        self.refused(self.lab(LAB), 6, "^$")
        self.setUp()
        self.fake.status, self.fake.command_end = -9, 103
        result = self.lab(LAB + "  command fails at 2 within 2\n")
        self.good(result, "as expected: command fails at 2 within 2: signal 9 at 3.000")
        self.nothing_left()

    def test_options_before_it_may_be_abbreviated(self):
        self.fake.nodes["/x.lab"] = LAB
        self.good(run(self.fake, "--stat", "/run/tcm-loop", "--lock", "1", "lab", "/x.lab", "--", "fio", "--", "{y}"))
        self.assertEqual(self.fake.started.words, ["fio", "--", "/dev/sd2"])
        self.nothing_left()

    def test_words_after_it_take_the_place_of_the_command(self):
        self.good(self.lab(LAB, "--keep", "--", "fio", "--x={x:2}", "-n"))
        self.assertEqual(self.fake.started.words, ["fio", "--x=/dev/sd1", "-n"])
        self.assertEqual(sorted(state(self.fake)["disks"]), ["x", "x:2", "y"])
        self.assertEqual(self.fake.ran, [])
        self.refused(self.lab(LAB), 1, "is there already")
        self.good(run(self.fake, "remove", "--origin", "/x.lab"))
        self.nothing_left()

    def test_without_a_command(self):
        result = self.lab(re.sub("command.*\n", "", LAB))
        self.good(result)
        self.assertNotIn("command", result.output)
        self.assertTrue(5.0 < self.fake.clock - 100 < 6)

    def test_one_that_does_not_end(self):
        self.fake.command_end = 1e9
        result = self.lab(LAB.replace("steps", "limit = 7\nsteps"))
        self.refused(result, 6, "^$")
        self.assertRegex(result.output, "7.[01]00 +not over after 7 s\n")
        self.assertIn("NOT AS EXPECTED: command succeeds: it has not ended\n", result.output)
        self.assertEqual(self.fake.started.signals, [signal.SIGTERM])
        self.nothing_left()
        self.setUp()
        self.fake.command_end, self.fake.deaf = 1e9, True
        self.refused(self.lab(LAB.replace("steps", "limit = 7\nsteps")), 6, "^$")
        self.assertEqual(self.fake.started.signals, [signal.SIGTERM, signal.SIGKILL])
        self.nothing_left()

    def test_what_may_still_come_is_waited_for(self):
        self.fake.command_end = 101
        result = self.lab(LAB + "  x path=failed at 6 within 3\n")
        self.refused(result, 6, "^$")
        self.assertTrue(9 <= self.fake.clock - 100 < 10)
        self.setUp()
        self.fake.command_end = 101
        self.fake.events[6.5] = lambda: self.fake.failed.update({0: "F"})
        self.good(self.lab(LAB + "  x path=failed at 6 within 3\n"))
        self.assertTrue(6.5 <= self.fake.clock - 100 < 7)
        self.setUp()
        self.fake.command_end = 101
        self.fake.events[1] = lambda: self.fake.nodes.update({"/sys/bus/scsi/devices/0:0:1:0/ioerr_cnt": "0x1\n"})
        self.fake.events[7.5] = lambda: self.fake.nodes.update({"/sys/bus/scsi/devices/0:0:1:0/ioerr_cnt": "0x3\n"})
        result = self.lab(LAB + "  x errors = 0 at 6 within 3\n")
        self.refused(result, 6, "^$")
        self.assertIn("NOT AS EXPECTED: x errors = 0 at 6 within 3: 2\n", result.output)

    def test_a_signal_and_a_step_that_fails_leave_nothing(self):
        for number in range(1, 90, 8):
            self.setUp()
            self.fake.events[number / 10] = lambda: self.fake.stop(signal.SIGTERM)
            with contextlib.suppress(Stop):
                self.lab(LAB.replace("alua standby y", "fault y --delay 9"))
                self.assertGreater(number, 80)
            self.nothing_left()
        self.setUp()
        self.fake.events[1] = lambda: self.fake.nodes.pop(f"{CORE}/rd_mcp_1/y/alua/default_tg_pt_gp/tg_pt_gp_id") and self.fake.unreadable.update({"/dev/sd2": 5})
        result = self.lab(LAB.replace("alua standby y", "reset y"), "--svg", "/srv/x.svg")
        self.refused(result, 6, "^tcm-loop: y: LOGICAL UNIT RESET")
        self.assertIn("NOT AS EXPECTED: the scenario: reset y: failed\n", result.output)
        self.assertIn("reset y: failed", self.fake.nodes["/srv/x.svg"])
        self.nothing_left()

    def test_a_failure_while_disks_are_made_leaves_nothing(self):
        for at in range(1, 60):
            self.setUp()
            self.fake.fail_at = at
            result = None
            with contextlib.suppress(OSError):
                result = self.lab(LAB)
            if result and not result.status:
                break
            self.fake.fail_at = None
            run(self.fake, "remove", "--all")  # brings to an end what could not be
            self.assertEqual(state(self.fake)["disks"], {}, at)
        self.assertGreater(at, 20)

    def test_a_signal_at_each_change_leaves_nothing(self):
        """One that comes during the removal, too; and the exit status tells of it."""
        for at in range(1, 200):
            self.setUp()
            change = self.fake.change

            came = []

            def stopped(path, line, change=change, at=at, came=came):
                if self.fake.changes + 1 == at and not came:
                    came.append(at)
                    self.fake.stop(signal.SIGINT)
                return change(path, line)
            self.fake.change = stopped
            result = None
            with contextlib.suppress(Stop):
                result = self.lab(LAB)
            if not came:
                break
            self.assertIsNone(result, at)
            self.nothing_left()
        self.assertGreater(at, 40)

    def test_a_reader_that_goes_away_leaves_nothing(self):
        """While a disk is in use for a moment yet."""
        self.fake.events[7] = lambda: self.fake.claimed.add("/dev/sd2")
        self.fake.events[9.5] = self.fake.claimed.clear
        lines = []

        def told(text):
            if "removed" in text:
                lines.append(text)
                raise BrokenPipeError
        with unittest.mock.patch.object(cli, "say", told), self.assertRaises(BrokenPipeError):
            self.lab(LAB)
        self.assertTrue(lines)
        self.nothing_left()

    def test_what_the_command_started_ends_with_it(self):
        self.fake.orphans = True
        self.good(self.lab(LAB))
        self.assertEqual(self.fake.started.signals, [signal.SIGTERM, signal.SIGKILL])
        self.nothing_left()

    def test_a_map_that_is_still_in_use(self):
        self.fake.busy = 20
        self.good(self.lab(LAB))
        self.assertEqual(len(self.fake.ran), 21)
        self.nothing_left()

    def test_a_map_of_disks_of_which_not_all_could_be_made(self):
        """And of a scenario that does not speak of it."""
        self.refused(self.lab(LAB.replace("[y]\nramdisk = 8M", "[y]\nfile = /none/y\nsize = 8M")), 1, "y: there is no folder /none")
        self.assertEqual(self.fake.ran, [("multipath", "-f", "mpatha")])
        self.nothing_left()
        self.setUp()
        self.good(self.lab(LAB.replace("{x:map}", "{x}")))
        self.assertEqual(self.fake.ran, [("multipath", "-f", "mpatha")])

    def test_what_is_not_known_is_not_as_expected(self):
        errors = "/sys/bus/scsi/devices/0:0:1:0/ioerr_cnt"
        for text, found, event in (
                ("x:map io_errors = 0", "0, and some may have been missed: this kernel has no trace event of them, or it was too slow to read", lambda: setattr(self.fake, "missed", True)),
                ("x latency < 200", "no request ended", None), ("x latency > 200", "no request ended", None),
                ("x errors = 0", "3", lambda: self.fake.nodes.update({errors: "0x3\n", "/sys/bus/scsi/devices/0:0:1:0/iotmo_cnt": "0x2\n"}))):
            with self.subTest(text):
                self.setUp()
                self.fake.events[0.5] = lambda: self.fake.nodes.update({errors: "0x2\n"})
                self.fake.events[3] = event or (lambda: None)
                result = self.lab(LAB + f"  {text}\n")
                self.refused(result, 6, "^$")
                self.assertIn(f"NOT AS EXPECTED: {text}: {found}\n", result.output)

    def test_a_map_of_bios_has_no_requests(self):
        self.fake.of_requests = False
        result = self.lab(LAB + "  x:map io_errors = 0\n")
        self.refused(result, 6, "^$")
        self.assertIn("NOT AS EXPECTED: x:map io_errors = 0: 0, and some may have been missed: the map's queue_mode is bio\n", result.output)

    def test_counters_of_a_device_that_is_new_are_no_errors(self):
        errors = "/sys/bus/scsi/devices/0:0:1:0/ioerr_cnt"
        for when, text in (1, "0x5"), (2, "0x2"), (3, "0x2"):
            self.fake.events[when] = lambda text=text: self.fake.nodes.update({errors: text + "\n"})
        self.good(self.lab(LAB + "  x errors = 0\n"))

    def test_where_nothing_was_looked_at(self):
        self.fake.events[2.1] = lambda: setattr(self.fake, "clock", self.fake.clock + 5)
        result = self.lab(LAB + "  x errors < 1 at 3 within 2\n")
        self.assertIn("NOT AS EXPECTED: x errors < 1 at 3 within 2: nothing was looked at\n", result.output)

    def test_what_comes_just_before_the_command_ends_counts(self):
        ended = Command.ended

        def last(command):
            if self.fake.clock >= self.fake.command_end:
                self.fake.failures.append("8:0")
                self.fake.command_end = 0
            return ended(command)
        self.fake.status = 1
        with unittest.mock.patch.object(Command, "ended", last):
            result = self.lab(LAB + "  command fails\n  x io_errors = 0\n")
        self.assertIn("NOT AS EXPECTED: x io_errors = 0: 1\n", result.output)

    def test_a_disk_called_command(self):
        self.fake.status = 7
        text = "[command]\nramdisk = 8M\n[scenario s]\ncommand = fio\nexpect = command port=online\n"
        result = self.lab(text)
        self.refused(result, 6, "^$")
        self.assertIn("as expected: command port=online: all the time\nNOT AS EXPECTED: command succeeds: exit status 7", result.output)

    def test_names_with_a_colon_and_paths_that_only_a_state_tells_of(self):
        self.fake.events[1] = lambda: self.fake.failed.update({0: "F"})
        result = self.lab("[a:b]\nramdisk = 8M\npaths = 2\n[a:b:9]\nramdisk = 8M\n[scenario s]\ncommand = fio {print $1}\nexpect =\n  a:b path=failed at 1 within 1\n  a:b:2 path=active\n")
        self.good(result)
        self.assertEqual(self.fake.started.words, ["fio", "{print", "$1}"])

    def test_an_end_comes_before_a_beginning_of_the_same_time(self):
        self.fake.nodes["/x.lab"] = LAB.replace("2    offline x x:2 for 3", "3.3 offline x for 1\n  1.1 offline x for 2.2").replace(" at 2", " at 1").replace(" at 5", " at 4")
        self.good(run(self.fake, "lab", "-n", "/x.lab"), "1.100  offline x\n(?s:.*)3.300  online x\n   3.300  offline x\n")

    def test_all_is_at_an_end_if_the_limit_is_reached_without_a_command(self):
        self.fake.begun = 100
        self.fake.events[1] = lambda: setattr(self.fake, "clock", self.fake.clock + 20)
        result = self.lab(re.sub("command.*\n", "limit = 8\n", LAB))
        self.refused(result, 6, "^$")
        self.assertIn("NOT AS EXPECTED: the scenario: not over after 8 s\n", result.output)

    def test_an_installed_one_is_removed_by_its_name(self):
        with open(f"{scenario.INSTALLED}/bad-sector.lab") as f:
            self.fake.nodes[f"{scenario.INSTALLED}/bad-sector.lab"] = f.read()
        run(self.fake, "lab", "bad-sector", "--keep")
        self.good(run(self.fake, "remove", "--origin", "bad-sector"), "^bad: removed\n$")

    def test_no_map_is_made(self):
        self.fake.multipath = False
        self.refused(self.lab(LAB), 1, r"x: within 30 s multipathd\(8\) made no map of all its paths")
        self.assertIsNone(self.fake.started)
        self.nothing_left()
        self.good(self.lab(LAB.replace("{x:map}", "{x}")))

    def test_what_steps_left_is_undone(self):
        self.good(self.lab(LAB.replace("offline x x:2 for 3", "offline x x:2").replace("x port=online at 5 within 1", "command succeeds").replace(
            "alua standby y", "fault y --no-answer"), "--keep"))
        self.assertEqual({self.fake.nodes[path] for path in self.fake.nodes if path.endswith("/transport_status")}, {"online\n"})
        self.assertEqual({self.fake.nodes[path] for path in self.fake.nodes if path.endswith("/faults")}, {""})

    def test_a_step_that_is_late(self):
        self.fake.events[1] = lambda: setattr(self.fake, "clock", self.fake.clock + 3)
        result = self.lab(LAB)
        self.assertIn(" alua standby y, 2.5 s late\n", result.output)
        self.assertIn(" offline x x:2, 2.0 s late\n", result.output)


class Picture(Lab):
    def test_it_has_paths_steps_errors_and_expectations(self):
        self.fake.events[0.1] = lambda: self.fake.nodes.update({"/sys/bus/scsi/devices/0:0:1:0/ioerr_cnt": "0x0\n"})
        self.fake.does(0.5, "sd2", "9 0 8 0 0 0 0 0 0 0 0\n")  # in less than a millisecond
        self.fake.does(1, "sd0", "100 0 800 50 10 0 80 5 0 0 0\n")
        self.fake.does(1.2, "sd0", "200 0 800 1050 10 0 80 5 0 0 0\n")
        self.fake.events[3] = lambda: self.fake.nodes.update({"/sys/bus/scsi/devices/0:0:1:0/ioerr_cnt": "0x5\n"})
        self.fake.events[2.5] = lambda: self.fake.failed.update({0: "F"})
        self.refused(self.lab(LAB.replace("[scenario cable]", "[scenario <&\">\x07\udc80\u00e9]") + "  x path=active\n", "--svg", "/srv/x.svg"), 6, "^$")
        text = self.fake.nodes["/srv/x.svg"]
        found = xml.dom.minidom.parseString(text).documentElement
        words = [node.firstChild.data for node in found.getElementsByTagName("text")]
        for word in ("<&\">??\u00e9", "x", "x:2", "y", "x:map", "offline, failed", "standby", "10", "5", "1: 1.5 s: alua standby y", "3: 5.0 s: online x x:2", "as expected: x port=offline at 2 within 1: at 2.000",
                     "NOT AS EXPECTED: x path=active: failed at 2.500"):
            self.assertIn(word, words)
        bars = [node for node in found.getElementsByTagName("rect") if node.firstChild]
        self.assertEqual([node.firstChild.firstChild.data.split(" s: ")[0] for node in bars if node.firstChild.firstChild.data.startswith("x ")],
                         ["x 0.0 to 2.0", "x 2.0 to 2.5", "x 2.5 to 5.0", "x 5.0 to 8.0"])
        width = float(found.getAttribute("width"))
        for node in bars:
            self.assertLessEqual(float(node.getAttribute("x")) + float(node.getAttribute("width")), width)
        self.assertEqual(len([node for node in found.getElementsByTagName("path") if node.getAttribute("d").startswith("M")]), 2)
        self.assertEqual(len([node for node in found.getElementsByTagName("line") if node.getAttribute("stroke-width") == "2" and node.getAttribute("stroke") == "#000"]), 1)
        self.assertEqual(len([node for node in found.getElementsByTagName("line") if node.getAttribute("stroke-dasharray")]), 3)


class Real(unittest.TestCase):
    """What the tree does with a process."""

    def test_a_command_ends_with_what_it_started(self):
        tree = cli.Tree()
        process = tree.start(["sh", "-c", "sleep 100 & wait"])
        self.assertIsNone(process.ended())
        self.assertTrue(process.end(signal.SIGTERM))
        process.child.wait(10)
        self.assertEqual(process.ended(), -15)
        process = tree.start(["true"])
        process.child.wait(10)
        self.assertFalse(process.end(signal.SIGKILL))
        process = tree.start(["sh", "-c", "sleep 100 & exit 3"])
        process.child.wait(10)
        self.assertEqual((process.ended(), process.end(0)), (3, True))
        process.end(signal.SIGKILL)
        tree.mark_log()
        self.assertEqual(tree.log_since_mark(), [])
        self.assertEqual(tree.ask("echo", "1", "A"), "1 A\n")
        self.assertEqual(tree.ask("no-such-command"), "")
        self.assertTrue(tree.which("sh"))

    def failed_requests(self, event, read):
        """Of a tracefs with one event, and what is read from it, piece by piece; an instance is left of a command that was killed."""
        with tempfile.TemporaryDirectory() as root:
            tree = cli.Tree(root)
            failed = real.FailedRequests(tree, "lab")
            os.makedirs(root + failed.instance)
            made = tree.mkdir

            def mkdir(path):
                made(path)
                for folder in "options", f"events/block/{event}":
                    os.makedirs(f"{root}{path}/{folder}")
                for name in *(f"options/{option}" for option in ("raw", "hex", "bin")), *(f"events/block/{event}/{name}" for name in ("filter", "enable")):
                    with open(f"{root}{path}/{name}", "w", encoding="ascii"):
                        pass
                os.mkfifo(f"{root}{path}/trace_pipe")
            with unittest.mock.patch.object(tree, "mkdir", mkdir), \
                    unittest.mock.patch.object(tree, "rmdir", lambda path: os.rename(root + path, f"{root}/{len(os.listdir(root))}")):
                failed.begin()
                for name, text in (("options/raw", "0"), (f"events/block/{event}/filter", "error != 0"), (f"events/block/{event}/enable", "1")):
                    self.assertEqual(tree.read(f"{failed.instance}/{name}"), text)
                found = [failed.devices()]
                writer = os.open(f"{root}{failed.instance}/trace_pipe", os.O_WRONLY)
                for piece in read:
                    os.write(writer, piece)
                    found.append(failed.devices())
                found.append(failed.devices())
                complete = failed.complete
                failed.end()
            os.close(writer)
            self.assertEqual(os.listdir(f"{root}{failed.TRACING}/instances"), [])
        return found, complete

    def test_failed_requests(self):
        line = b"  fio-8 [000] d.h1. 5.123456: block_rq_error: 8,16 WS () 2048 + 8 none,0,0 [-5]\n"
        self.assertEqual(self.failed_requests("block_rq_error", [line[:70], line[70:] + line, line * 500]), ([[], [], ["8:16"] * 2, ["8:16"] * 500, []], True))
        self.assertEqual(self.failed_requests("block_rq_error", [b"CPU:0 [LOST 12 EVENTS]\n"]), ([[], [], []], False))
        old = b"multipathd-9 [000] ..s1. 5.2: block_rq_complete: 8,0 N () 0 + 0 [-5]\n <idle>-0 [001] ..s1. 5.3: block_rq_complete: 254,0 R () 8 + 8 [-5]\n"
        self.assertEqual(self.failed_requests("block_rq_complete", [old]), ([[], ["254:0"], []], True))

    def test_failed_requests_where_nothing_tells_of_them(self):
        with tempfile.TemporaryDirectory() as root:
            failed = real.FailedRequests(cli.Tree(root), "lab")
            with unittest.mock.patch.object(failed.tree, "run") as mount:
                failed.begin()
            mount.assert_called_once_with("mount", "-t", "tracefs", "tracefs", "/sys/kernel/tracing")
            self.assertEqual((failed.devices(), failed.complete), ([], False))
            failed.end()


if __name__ == "__main__":
    unittest.main()
