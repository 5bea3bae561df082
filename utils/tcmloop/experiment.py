# SPDX-License-Identifier: GPL-2.0-only
"""A scenario as it runs: its steps at their times, what became of the paths meanwhile, and whether that was expected."""
import contextlib
import re
import signal
from typing import NamedTuple, Optional

from . import lio
from .names import Error
from .output import say, say_table
from .scenario import COUNTS, MAP, OF_COMMAND, OPERATORS, SAID, STATES
from .snapshot import Done, device_of, done, errors_of

INTERVAL = 0.1  # seconds between two looks
PATIENCE = 30  # seconds for multipathd(8) to make a map
END = 10  # seconds for what uses the disks to let go of them
FAILED = 6  # an exit status


class Look(NamedTuple):
    """What a path, or a map, is and has done at a time.  errors: how often a command ended with one or timed out; a state that there is not is ""."""
    port: str = ""
    alua: str = ""
    scsi: str = ""
    path: str = ""
    errors: Optional[int] = None
    done: Optional[Done] = None


def map_of(tree, device):
    """The multipath map that has a disk, as device-mapper numbers it, or None."""
    return next((holder for holder in tree.links(f"/sys/class/block/{device}/holders")
                 if (tree.read(f"/sys/class/block/{holder}/dm/uuid") or "").startswith("mpath-")), None)


def name_of_map(tree, device):
    return (tree.read(f"/sys/class/block/{device}/dm/name") or "").strip()


def flush_maps(tree, devices):
    """Have multipathd(8) give disks back.  A program may have a map open for a moment yet, as udev's."""
    end = tree.now() + END
    while True:
        maps = sorted({map_of(tree, device) for device in devices} - {None})
        for holder in maps:
            tree.run("multipath", "-f", name_of_map(tree, holder))
        if not maps or tree.now() > end:
            return
        tree.waits_for("the multipath maps to be idle")
        tree.sleep(INTERVAL)


class Path:
    """A path of the lab, or a multipath map over several."""

    def __init__(self, tree, snapshot, name, place=None, device=None):
        self.tree, self.name, self.place = tree, name, place
        self.device = snapshot.device(place) if place else device
        self.hctl = snapshot.hctl(place) if place else ""
        self.inside = snapshot.luns[place].inside if place else None
        self.looks, self.io_errors = [], []  # (time, Look), and when requests of who uses the disk failed
        self.number = ""  # the device's, as 8:0
        self.of_bios = not place and not tree.is_folder(f"/sys/class/block/{device}/mq")  # a map that has no requests
        self.events, self.failing = [], None  # changes; how many errors there have been since they began

    def look(self, now, states):
        """states: of paths in maps, by device number."""
        tree, device = self.tree, f"/sys/bus/scsi/devices/{self.hctl}"
        if self.place:
            self.device = device_of(tree, self.hctl) or self.device  # one that came back may have another name
        self.number = (tree.read(f"/sys/class/block/{self.device}/dev") or self.number).strip()
        if self.place:
            found = Look((tree.read(f"{lio.port_path(*self.place[:2])}/transport_status") or "gone").strip(), lio.access_of(tree, self.place, self.inside) or "",
                         (tree.read(f"{device}/state") or "gone").strip(), states.get(self.number, ""), errors_of(tree, self.hctl), done(tree, self.device))
        else:
            found = Look(done=done(tree, self.device))
        if self.looks:
            self.compare(now, self.looks[-1][1], found)
        self.looks.append((now, found))

    def compare(self, now, before, after):
        """An event is a time, a state, what it was and what it is; of errors that they begin, or how many there were when they end."""
        self.events += [(now, what, getattr(before, what), getattr(after, what)) for what in STATES if getattr(before, what) != getattr(after, what)]
        more = more_errors(before, after)
        if more and self.failing is None:
            self.failing = 0
            self.events.append((now, "errors", "", "begin"))
        if more:
            self.failing += more
        elif self.failing is not None:
            self.events.append((now, "errors", "", f"end: {self.failing}"))
            self.failing = None

    def pairs(self, begin=0.0, end=float("inf")):
        """Two looks that follow each other, the second of which is in a span of time, and its time."""
        return [(now, before, after) for (_, before), (now, after) in zip(self.looks, self.looks[1:]) if begin <= now <= end]

    def latencies(self, begin=0.0, end=float("inf")):
        """Of each interval in which requests ended: its end, and the milliseconds of a request."""
        for now, before, after in self.pairs(begin, end):
            requests, milliseconds = work(before, after)
            if requests:
                yield now, milliseconds / requests

    def count(self, what, begin=0.0, end=float("inf")):
        """In a span of time; None if it is not known."""
        if what == "latency":
            return max((value for _, value in self.latencies(begin, end)), default=None)
        if not self.pairs(begin, end):
            return None
        if what == "io_errors":
            return sum(begin <= now <= end for now in self.io_errors)
        return sum(more_errors(before, after) for _, before, after in self.pairs(begin, end))

    def total(self):
        """The cells of a row."""
        works = [work(before, after) for _, before, after in self.pairs()]
        requests, milliseconds, most = sum(each[0] for each in works), sum(each[1] for each in works), self.count("latency")
        return [self.name, f"{requests}", f"{self.count('errors') or 0}" if self.place else "-", f"{len(self.io_errors)}",
                *(f"{value:.2f}" if value is not None else "-" for value in (milliseconds / requests if requests else None, most))]


def more_errors(before, after):
    """Of a device that is new there is no number before."""
    return max(0, after.errors - before.errors) if before.errors is not None and after.errors is not None else 0


def work(before, after):
    """Requests that ended between two looks, and how many milliseconds they took."""
    if not before.done or not after.done:
        return 0, 0
    requests = after.done.reads + after.done.writes - before.done.reads - before.done.writes
    return (requests, max(0, after.done.milliseconds - before.done.milliseconds)) if requests > 0 else (0, 0)


class Experiment:
    def __init__(self, tree, scenario, snapshot, places, perform):
        """places: of each name; perform: does a step, and gives its exit status."""
        self.tree, self.scenario, self.snapshot, self.perform = tree, scenario, snapshot, perform
        self.paths = {name: Path(tree, snapshot, name, place) for name, place in places.items()}
        self.failed, self.missed = tree.failed_requests(f"tcm-loop-{scenario.names[0]}"), []  # when some that failed may have been missed
        self.process, self.status, self.ended = None, None, None
        self.begun, self.done, self.wrong = 0.0, [], []  # done: the steps, with their real times; wrong: what must not be, in words
        self.width = max(len(name) for name in scenario.names) + len(MAP) + 1

    def wait_for_map(self, name):
        """With all paths to the disk, and a node of its own."""
        end = self.tree.now() + PATIENCE
        devices = [path.device for other, path in self.paths.items() if path.place and self.scenario.first(other) == name]
        while self.tree.now() < end:
            found = {map_of(self.tree, device) for device in devices}
            if len(found) == 1 and None not in found:
                node = self.tree.node(f"/dev/mapper/{name_of_map(self.tree, *found)}")
                if node and node.kind == "block":
                    return found.pop()
            self.tree.waits_for(f"multipathd to make a map of {name}")
            self.tree.sleep(INTERVAL)
        raise Error(f"{name}: within {PATIENCE} s multipathd(8) made no map of all its paths; is it running, and is its find_multipaths yes?")

    def tell(self, now, name, text):
        say(f"{now:8.3f}  {name.ljust(self.width)}  {text}")

    def time(self):
        return self.tree.now() - self.begun

    def look(self):
        """The command first: what it has met by its end is then in all counters."""
        status, now, states = self.process.ended() if self.process else None, self.time(), {}
        for path in [path for path in self.paths.values() if not path.place]:
            # device-mapper's words of a path: its number, A or F, and how often it failed.
            table = self.tree.ask("dmsetup", "status", name_of_map(self.tree, path.device))
            states.update({number: {"A": "active", "F": "failed"}[state] for number, state in re.findall(r"\b(\d+:\d+) ([AF]) \d+", table)})
        failed = self.failed.devices()
        if not self.failed.complete:
            self.missed.append(now)
        for path in self.paths.values():
            told = len(path.events)
            before = path.number
            path.look(now, states)
            path.io_errors += [now] * sum(number in (before, path.number) for number in failed)
            for when, what, was, becomes in path.events[told:]:
                self.tell(when, path.name, f"{what} {was or 'none'} -> {becomes or 'none'}" if what in STATES else f"{what} {becomes}")
        if status is not None and self.ended is None:
            self.status, self.ended = status, now
            self.tell(now, "", f"command ends: {shown_status(status)}")

    def run(self):
        """Until all steps are done, the command has ended, and nothing is expected any more."""
        left = list(self.scenario.steps)
        for name in self.scenario.maps():
            self.paths[f"{name}:{MAP}"] = Path(self.tree, self.snapshot, f"{name}:{MAP}", device=self.wait_for_map(name))
        words = [SAID.sub(lambda match: self.node(match[1]), word) for word in self.scenario.command]
        self.failed.begin()
        self.begun = self.tree.now()
        self.look()
        for name, path in self.paths.items():
            states = [f"{what} {getattr(path.looks[0][1], what)}" for what in STATES if getattr(path.looks[0][1], what)]
            self.tell(0, name, ", ".join([f"/dev/{path.device}"] + states))
        if words:
            self.process = self.tree.start(words)
            self.tell(0, "", "command begins: " + " ".join(words))
        while left or self.process and self.ended is None or any(self.is_open(e) for e in self.scenario.expectations):
            if self.time() > self.scenario.limit:
                self.wrong.append(f"not over after {self.scenario.limit:g} s")
                self.tell(self.time(), "", self.wrong[-1])
                return
            if left and left[0].time <= self.time():
                self.step(left.pop(0))
            else:
                self.tree.sleep(min(INTERVAL, max(0, left[0].time - self.time())) if left else INTERVAL)
            self.look()

    def step(self, step):
        now, words = self.time(), " ".join(step.words)
        self.done.append((now, step))
        self.tell(now, "", words + (f", {now - step.time:.1f} s late" if now - step.time >= INTERVAL else ""))
        if self.perform(step):
            self.wrong.append(f"{words}: failed")
            self.tell(self.time(), "", self.wrong[-1])

    def node(self, name):
        path = self.paths[name]
        return f"/dev/{path.device}" if path.place else f"/dev/mapper/{name_of_map(self.tree, path.device)}"

    def is_open(self, e):
        """Whether it may still come.  The command is waited for by itself."""
        if e.end is None or self.time() > e.end or e.what in OF_COMMAND:
            return False
        return e.what in COUNTS or not self.judge(e)[0]

    def judge(self, e):
        """Whether an expectation is met, and what there was."""
        begin, end = (0.0, float("inf")) if e.end is None else (e.begin, e.end)
        if e.what in OF_COMMAND:
            if self.ended is None:
                return False, "it has not ended"
            return (self.status == 0) == (e.what == "succeeds") and begin <= self.ended <= end, f"{shown_status(self.status)} at {self.ended:.3f}"
        path = self.paths[e.name]
        if e.what in COUNTS:
            found = path.count(e.what, begin, end)
            if found is None:
                return False, "no request ended" if e.what == "latency" else "nothing was looked at"
            if e.what == "io_errors" and e.compare not in (">", ">="):
                if any(now >= begin for now in self.missed):
                    return False, f"{found}, and some may have been missed: this kernel has no trace event of them, or it was too slow to read"
                if path.of_bios:
                    return False, f"{found}, and some may have been missed: the map's queue_mode is bio"
            return OPERATORS[e.compare](found, e.value), f"{found:.2f} ms" if e.what == "latency" else f"{found}"
        became = [(now, becomes) for now, what, _, becomes in path.events if what == e.what]
        if e.end is None:  # all the time
            other = next(((now, state) for now, state in [(0, getattr(path.looks[0][1], e.what)), *became] if state != e.value), None)
            return not other, f"{other[1] or 'none'} at {other[0]:.3f}" if other else "all the time"
        when = next((now for now, state in became if state == e.value and begin <= now <= end), None)
        return when is not None, f"at {when:.3f}" if when is not None else "; ".join(f"{state or 'none'} at {now:.3f}" for now, state in became) or "never changed"

    def verdict(self):
        """What it all was in numbers, and each expectation; the exit status, and of each what judge() gives."""
        say("")
        say_table([["NAME", "REQUESTS", "ERRORS", "I/O ERRORS", "MS", "MOST MS"]] + [path.total() for path in self.paths.values()])
        say("")
        judged = [(e.text, *self.judge(e)) for e in self.scenario.expectations] + [("the scenario", False, wrong) for wrong in self.wrong]
        for text, met, found in judged:
            say(f"{'as expected' if met else 'NOT AS EXPECTED'}: {text}: {found}")
        return 0 if all(met for _, met, _ in judged) else FAILED, judged

    def end(self):
        """The command, and all that it started, if that still runs, and what the steps left: ports answer, and there is no fault."""
        self.failed.end()
        lives = bool(self.process) and self.process.end(signal.SIGTERM)
        for path in [path for path in self.paths.values() if path.place]:
            port = lio.port_path(*path.place[:2])
            with contextlib.suppress(OSError):  # a port that is gone
                if (self.tree.read(f"{port}/transport_status") or "").strip() == "offline":
                    self.tree.write(f"{port}/transport_status", "online")
                if self.tree.read(f"{port}/faults"):
                    self.tree.write(f"{port}/faults", f"{path.place[2]} 0")
        end = self.tree.now() + END / 2
        while lives and self.tree.now() < end:
            self.tree.sleep(INTERVAL)
            self.process.ended()  # which takes note of it
            lives = self.process.end(0)
        if lives:
            self.process.end(signal.SIGKILL)


def shown_status(status):
    return f"signal {-status}" if status < 0 else f"exit status {status}"
