# SPDX-License-Identifier: GPL-2.0-only
"""A scenario as it runs: its steps at their times, what became of the paths meanwhile, and whether that was expected."""
import contextlib
import re
import signal
from typing import NamedTuple, Optional

from . import lio
from .names import Error
from .output import say, say_table
from .scenario import COUNTS, MAP, OPERATORS, STATES
from .watch import Done, done

INTERVAL = 0.1  # seconds between two looks
PATIENCE = 30  # seconds for multipathd(8) to make a map
FAILED = 6  # an exit status


class Look(NamedTuple):
    """What a path, or a map, is and has done at a time.  errors are commands that ended with one; a state that there is not is ""."""
    port: str
    alua: str
    scsi: str
    path: str
    errors: int
    done: Optional[Done]


class Path:
    """A path of the lab, or a multipath map over several."""

    def __init__(self, tree, snapshot, name, place=None, device=None):
        self.tree, self.name, self.place = tree, name, place
        self.device = snapshot.device(place) if place else device
        self.hctl = snapshot.hctl(place) if place else ""
        self.inside = snapshot.luns[place].inside if place else None
        self.number = (tree.read(f"/sys/class/block/{self.device}/dev") or "").strip()
        self.looks, self.io_errors = [], []  # (time, Look), and the times of lines in the kernel log
        self.events, self.failing = [], None  # changes; how many errors there were before those that come now

    def look(self, now, paths):
        """paths: the states in the map, by device number."""
        tree, device = self.tree, f"/sys/bus/scsi/devices/{self.hctl}"
        found = Look("", "", "", "", 0, done(tree, self.device))
        if self.place:
            errors = tree.read(f"{device}/ioerr_cnt")
            found = found._replace(port=(tree.read(f"{lio.port_path(*self.place[:2])}/transport_status") or "gone").strip(),
                                   alua=lio.access_of(tree, self.place, self.inside) or "", scsi=(tree.read(f"{device}/state") or "gone").strip(),
                                   path=paths.get(self.number, ""), errors=int(errors, 0) if errors else self.looks[-1][1].errors if self.looks else 0)
        if self.looks:
            self.compare(now, self.looks[-1][1], found)
        self.looks.append((now, found))

    def compare(self, now, before, after):
        """An event is a time, a state, what it was and what it is; of errors that they begin, or how many there were when they end."""
        self.events += [(now, what, getattr(before, what), getattr(after, what)) for what in STATES if getattr(before, what) != getattr(after, what)]
        if after.errors > before.errors and self.failing is None:
            self.failing = before.errors
            self.events.append((now, "errors", "", "begin"))
        elif after.errors == before.errors and self.failing is not None:
            self.events.append((now, "errors", "", f"end: {after.errors - self.failing}"))
            self.failing = None

    def latencies(self):
        """Of each interval in which requests ended: its end, and the milliseconds of a request."""
        for (_, before), (now, after) in zip(self.looks, self.looks[1:]):
            if before.done and after.done:
                requests = after.done.reads + after.done.writes - before.done.reads - before.done.writes
                if requests > 0:
                    yield now, max(0, after.done.milliseconds - before.done.milliseconds) / requests

    def count(self, what, begin, end):
        """In a span of time."""
        if what == "latency":
            return max((value for now, value in self.latencies() if begin <= now <= end), default=0.0)
        if what == "io_errors":
            return sum(begin <= now <= end for now in self.io_errors)
        inside = [look.errors for now, look in self.looks if begin <= now <= end] or [0]
        before = [look.errors for now, look in self.looks if now < begin]
        return inside[-1] - (before[-1] if before else inside[0])

    def total(self):
        """The cells of a row."""
        first, last = self.looks[0][1], self.looks[-1][1]
        requests = last.done.reads + last.done.writes - first.done.reads - first.done.writes if first.done and last.done else 0
        mean = f"{(last.done.milliseconds - first.done.milliseconds) / requests:.2f}" if requests > 0 else "-"
        return [self.name, f"{requests}", f"{last.errors - first.errors}" if self.place else "-", f"{len(self.io_errors)}", mean,
                f"{self.count('latency', 0, self.looks[-1][0]):.2f}"]


class Experiment:
    def __init__(self, tree, scenario, snapshot, places, perform):
        """places: of each name; perform: does a step, and gives its exit status."""
        self.tree, self.scenario, self.perform = tree, scenario, perform
        self.paths = {name: Path(tree, snapshot, name, place) for name, place in places.items()}
        self.snapshot = snapshot
        self.process, self.status, self.ended = None, None, None
        self.begun, self.done = 0.0, []  # done: the steps, with their real times
        self.width = max(len(name) for name in scenario.names) + len(MAP) + 1

    def siblings(self, name):
        return [path for other, path in self.paths.items() if path.place and other.partition(":")[0] == name]

    def map_of(self, path):
        """The multipath map that has a disk, as device-mapper numbers it, or None."""
        return next((holder for holder in self.tree.links(f"/sys/class/block/{path.device}/holders")
                     if (self.tree.read(f"/sys/class/block/{holder}/dm/uuid") or "").startswith("mpath-")), None)

    def wait_for_map(self, name):
        """With all paths to the disk."""
        end = self.tree.now() + PATIENCE
        while self.tree.now() < end:
            found = {self.map_of(path) for path in self.siblings(name)}
            if len(found) == 1 and None not in found:
                return found.pop()
            self.tree.waits_for(f"multipathd to make a map of {name}")
            self.tree.sleep(INTERVAL)
        raise Error(f"{name}: within {PATIENCE} s multipathd(8) made no map of all its paths; is it running, and does \"multipath -ll -v3\" say why not?")

    def tell(self, now, name, text):
        say(f"{now:8.3f}  {name.ljust(self.width)}  {text}")

    def time(self):
        return self.tree.now() - self.begun

    def look(self):
        now, states = self.time(), {}
        for path in [path for path in self.paths.values() if not path.place]:
            # device-mapper's words of a path: its number, A or F, and how often it failed.
            status = self.tree.ask("dmsetup", "status", (self.tree.read(f"/sys/class/block/{path.device}/dm/name") or "").strip())
            states.update({number: {"A": "active", "F": "failed"}[state] for number, state in re.findall(r"\b(\d+:\d+) ([AF]) \d+", status)})
        lost = [match[1] for line in self.tree.log_since_mark() for match in [re.search(r" error, dev ([^ ,]+),", line)] if match]
        for path in self.paths.values():
            path.look(now, states)
            path.io_errors += [now] * lost.count(path.device)
            for when, what, was, becomes in path.events:
                if when == now:
                    self.tell(when, path.name, f"{what} {was or 'none'} -> {becomes or 'none'}" if what in STATES else f"{what} {becomes}")
        if self.process and self.ended is None:
            self.status = self.process.ended()
            if self.status is not None:
                self.ended = now
                self.tell(now, "", f"command ends: {shown_status(self.status)}")

    def run(self):
        """Until all steps are done, the command has ended, and nothing is expected any more."""
        left = list(self.scenario.steps)
        for name in self.scenario.maps():
            self.paths[f"{name}:{MAP}"] = Path(self.tree, self.snapshot, f"{name}:{MAP}", device=self.wait_for_map(name))
        words = [re.sub(r"\{([^{}]*)\}", lambda match: self.node(match[1]), word) for word in self.scenario.command]
        self.tree.mark_log()
        self.begun = self.tree.now()
        self.look()
        for name, path in self.paths.items():
            self.tell(0, name, ", ".join([f"/dev/{path.device}"] + [f"{what} {getattr(path.looks[0][1], what)}" for what in STATES if getattr(path.looks[0][1], what)]))
        if words:
            self.process = self.tree.start(words)
            self.tell(0, "", "command begins: " + " ".join(words))
        while left or self.process and self.ended is None or any(self.is_open(e) for e in self.scenario.expectations):
            if self.time() > self.scenario.limit:
                self.tell(self.time(), "", f"not over after {self.scenario.limit:g} s")
                break
            while left and left[0].time <= self.time():
                step, now = left.pop(0), self.time()
                self.done.append((now, step))
                self.tell(now, "", " ".join(step.words) + (f", {now - step.time:.1f} s late" if now - step.time >= INTERVAL else ""))
                if self.perform(step):
                    raise Error(f"\"{' '.join(step.words)}\" failed; the scenario ends")
            self.tree.sleep(min(INTERVAL, max(0, left[0].time - self.time())) if left else INTERVAL)
            self.look()

    def node(self, name):
        path = self.paths[name]
        mapped = (self.tree.read(f"/sys/class/block/{path.device}/dm/name") or "").strip()
        return f"/dev/mapper/{mapped}" if mapped else f"/dev/{path.device}"

    def is_open(self, e):
        """Whether it may still come."""
        if e.end is None or self.time() > e.end:
            return False
        if e.name == "command":
            return False  # it is waited for by itself
        return e.what in COUNTS or not self.judge(e)[0]

    def judge(self, e):
        """Whether an expectation is met, and what there was."""
        begin, end = (0, float("inf")) if e.end is None else (e.begin, e.end)
        if e.name == "command":
            if self.ended is None:
                return False, "it has not ended"
            return (self.status == 0) == (e.what == "succeeds") and begin <= self.ended <= end, f"{shown_status(self.status)} at {self.ended:.3f}"
        path = self.paths[e.name]
        if e.what in COUNTS:
            found = path.count(e.what, begin, end)
            return OPERATORS[e.compare](found, e.value), f"{found:.2f} ms" if e.what == "latency" else f"{found}"
        became = [(now, becomes) for now, what, _, becomes in path.events if what == e.what]
        if e.end is None:  # all the time
            other = next(((now, state) for now, state in [(0, getattr(path.looks[0][1], e.what)), *became] if state != e.value), None)
            return not other, f"{other[1] or 'none'} at {other[0]:.3f}" if other else "all the time"
        when = next((now for now, state in became if state == e.value and begin <= now <= end), None)
        return when is not None, f"at {when:.3f}" if when is not None else "; ".join(f"{state} at {now:.3f}" for now, state in became) or "never changed"

    def verdict(self):
        """What it all was in numbers, and each expectation; the exit status, and of each what judge() gives."""
        say("")
        say_table([["NAME", "REQUESTS", "ERRORS", "I/O ERRORS", "MS", "MOST MS"]] + [path.total() for path in self.paths.values()])
        say("")
        judged = [(e.text, *self.judge(e)) for e in self.scenario.expectations]
        for text, met, found in judged:
            say(f"{'as expected' if met else 'NOT AS EXPECTED'}: {text}: {found}")
        late = bool(self.process) and self.ended is None
        return FAILED if late or not all(met for _, met, _ in judged) else 0, judged

    def end(self, keep):
        """The command, if it still runs, and what the steps left: ports answer, there is no fault, and no map has a path of disks that go."""
        if self.process and self.process.ended() is None:
            self.process.end(signal.SIGTERM)
        paths = [path for path in self.paths.values() if path.place]
        for path in paths:
            port = lio.port_path(*path.place[:2])
            with contextlib.suppress(OSError):  # a port that is gone
                if (self.tree.read(f"{port}/transport_status") or "").strip() == "offline":
                    self.tree.write(f"{port}/transport_status", "online")
                if self.tree.read(f"{port}/faults"):
                    self.tree.write(f"{port}/faults", f"{path.place[2]} 0")
        end = self.tree.now() + 5
        while self.process and self.process.ended() is None and self.tree.now() < end:
            self.tree.sleep(INTERVAL)
        if self.process and self.process.ended() is None:
            self.process.end(signal.SIGKILL)
        for holder in sorted({self.map_of(path) for path in paths} - {None}) if not keep else ():
            self.tree.run("multipath", "-f", self.tree.read(f"/sys/class/block/{holder}/dm/name").strip())


def shown_status(status):
    return f"signal {-status}" if status < 0 else f"exit status {status}"
