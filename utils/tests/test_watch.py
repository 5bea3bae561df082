# SPDX-License-Identifier: GPL-2.0-only
"""Disks that are watched."""
import re
import signal
import unittest

from fake import Fake
from tcmloop.tree import Stop
from world import A, PORT, Case, apply, run

B = "[b]\nramdisk = 8M\ntarget = naa.5001405000000001\nlun = 3\n"

HEAD = "TIME      NAME  DISK      STATUS  ALUA    SCSI     READ/S    WRITE/S   MIB/S     MS        HELD"


class Moving(Fake):
    """Whose disks do something while it sleeps."""
    STAT = "/sys/class/block/sd0/stat"

    def __init__(self):
        super().__init__()
        self.events = {}  # time: what happens then

    def sleep(self, seconds):
        super().sleep(seconds)
        for when in sorted(when for when in self.events if when <= self.clock + 1e-6):
            self.events.pop(when)()

    def does(self, when, **nodes):
        self.events[100 + when] = lambda: self.nodes.update({{"stat": self.STAT, "state": "/sys/bus/scsi/devices/0:0:1:0/state", "held": f"{PORT}/held"}[key]: text
                                                             for key, text in nodes.items()})


class Watch(Case):
    def setUp(self):
        self.fake = Moving()
        self.good(apply(self.fake, A))
        self.fake.clock = 100.0
        self.fake.nodes[Moving.STAT] = "100 0 800 50 10 0 80 5 0 0 0\n"
        self.fake.nodes["/sys/bus/scsi/devices/0:0:1:0/state"] = "running\n"

    def lines(self, *argv):
        """Without the time of the day."""
        result = run(self.fake, "watch", *argv)
        self.assertEqual((result.status, result.errors), (0, ""))
        for line in result.output.splitlines():
            self.assertRegex(line, r"^(TIME    |\d\d:\d\d:\d\d)  ")
        return [re.sub(r"^\d.{9}", "", line) for line in result.output.splitlines()]

    def test_what_it_has_done(self):
        self.assertIn("\n    100 reads, 10 writes, 0.4 MiB\n", run(self.fake, "show", "a").output)
        self.fake.nodes["/sys/bus/scsi/devices/0:0:1:0/ioerr_cnt"] = "0x1f\n"
        self.assertIn("\n    100 reads, 10 writes, 0.4 MiB, 31 errors\n", run(self.fake, "show", "a").output)

    def test_what_it_does_in_a_second(self):
        self.fake.does(0.4, stat="500 0 4000 250 210 0 1680 105 0 0 0\n")
        self.fake.does(1.4, state="blocked\n", held="lun_1 rd_mcp_0/b 1 2\nlun_0 rd_mcp_0/a 24 7\n")
        self.assertEqual(self.lines("a", "--count", "2"), [
            HEAD, "a     /dev/sd0  online  active  running  400       200       2.3       0.50      -",
            HEAD, "a     /dev/sd0  online  active  blocked  0         0         0.0       -         24 for 7 s"])
        self.assertAlmostEqual(self.fake.clock, 102, 3)

    def test_in_an_interval(self):
        self.fake.does(9.8, stat="1100 0 800 50 10 0 80 5 0 0 0\n")
        self.assertEqual(self.lines("--interval", "10", "--count", "1")[1].split()[5:9], ["100", "0", "0.0", "0.00"])
        self.assertAlmostEqual(self.fake.clock, 110, 3)

    def test_one_that_goes_and_comes(self):
        link = f"{PORT}/lun/lun_0/backstore"
        to = self.fake.nodes[link][1]
        self.fake.events.update({100.5: lambda: self.fake.unlink(link), 101.5: lambda: self.fake.symlink(to, link)})
        tables = self.lines("a", "--count", "2")
        self.assertEqual([line.split()[:6] for line in tables[1::2]], [["a", "-", "gone", "-", "-", "-"], ["a", "/dev/sd0", "online", "active", "-", "-"]])

    def test_all_that_there_are_then(self):
        self.fake.events[100.5] = lambda: self.good(apply(self.fake, A + B))
        self.assertEqual([line.split()[0] for line in self.lines("--count", "1")], ["TIME", "a", "b"])

    def test_another_disk_of_the_name_has_no_rates_yet(self):
        self.fake.does(0.5, stat="3 0 8 0 0 0 0 0 0 0 0\n")
        self.assertEqual(self.lines("--count", "1")[1].split()[5:9], ["-"] * 4)

    def test_a_port_that_is_offline(self):
        self.good(run(self.fake, "offline", "a"))
        self.assertEqual(self.lines("a", "--count", "1")[1].split()[:3], ["a", "/dev/sd0", "offline"])

    def test_it_ends(self):
        for number, status in (signal.SIGINT, 0), (signal.SIGTERM, None):
            self.fake.signal = None
            self.fake.events[self.fake.clock + 2.5] = lambda number=number: self.fake.stop(number)
            if status is None:
                with self.assertRaises(Stop):
                    run(self.fake, "watch", "a")
            else:
                self.assertEqual(len(self.lines("a")), 4)

    def test_it_writes_nothing(self):
        fake = Fake(writable=False)
        fake.nodes = self.fake.nodes
        self.assertEqual(run(fake, "watch", "--count", "1").status, 0)

    def test_wrong_numbers(self):
        for words, reason in (("--interval 0", "--interval 0: accepted are seconds, from 0.1 to 86400"), ("--interval 1e9", "accepted are seconds"),
                              ("--interval 0.05", "accepted are seconds"), ("--interval nan", "accepted are seconds"), ("--count 0", "--count 0: accepted is a number from 1 on"),
                              ("--count x", "accepted is a number")):
            self.refused(run(self.fake, "watch", *words.split()), 2, reason)
        self.refused(run(self.fake, "watch", "none"), 4, "none is not a disk of the loopback target; there are: a")


if __name__ == "__main__":
    unittest.main()
