# SPDX-License-Identifier: GPL-2.0-only
"""Does what was planned: each change as a whole or not at all, and goes on with the next."""
import contextlib
import errno
import re

from . import lio
from .names import Error
from .plan import IN_USE
from .snapshot import device_of
from .state import Entry

PATIENCE = 10  # seconds without another disk, or another record of udev, until no more are waited for
UDEV = "/run/udev"


class Executor:
    def __init__(self, tree, store, state, warn):
        self.tree, self.store, self.state, self.warn = tree, store, state, warn
        self.faults = []  # Errors
        self.done = []  # changes that were made
        self.begun = tree.now()
        self.deadlines = {}
        self.written = True  # whether the intentions are in the state file

    def run(self, changes, recovering=False):
        self.faults += [change.fault for change in changes if change.fault]
        changes = [change for change in changes if not change.fault]
        if not changes:
            return
        told = any(change.entries for change in changes)  # else the disks are others', and nothing is written down
        if told and not recovering:  # else the intention stays written down as it is
            for change in changes:
                self.state.entries.update(change.entries)
                self.state.ports.update(change.ports)
            self.begin_state(changes)
        left = list(changes)  # those that are to be as before
        pending = []  # those that are linked, or half made, and what takes them back
        try:
            if any(step.do is lio.make_backstore or step.do is lio.make_port for change in changes for step in change.steps):
                self.prepare()
            for change in changes:
                self.begin(change, pending, left)
            for change, undo in list(pending):
                self.complete(change, undo, pending, left)
        finally:
            self.tree.finishing = True  # a second signal does not stop what takes back
            for change, undo in reversed(pending):
                self.take_back(change, undo, left)
            for change in left if not recovering else ():
                self.state.entries.update({name: Entry(entry.now, entry.now) for name, entry in change.entries.items()})
            self.forget()
            if told and self.written:
                self.save("the next command brings it to an end")
            elif told:
                with contextlib.suppress(OSError):
                    self.store.save(self.state)
            self.tree.finishing = False

    def prepare(self):
        try:
            lio.prepare(self.tree)
        except OSError as e:
            raise Error(f"{lio.reason_of(self.tree, e)}; is there a kernel module tcm_loop?") from e

    def begin_state(self, changes):
        """Write down what is intended.  A removal needs no room: of what is gone, and written down as there, the next command sees it."""
        try:
            self.save("nothing was changed")
        except Error as e:
            if any(entry.next for change in changes for entry in change.entries.values()):
                raise
            self.written = False
            self.warn(str(e).replace("nothing was changed", "disks are removed all the same"))

    def save(self, what):
        try:
            self.store.save(self.state)
        except OSError as e:
            raise Error(f"{self.store.path}: {e.strerror}; {what}") from e

    def forget(self):
        entries = self.state.entries
        for name in [name for name, entry in entries.items() if entry == (None, None)]:
            del entries[name]
        used = {made.port for entry in entries.values() for made in entry if made}
        for port in [port for port in self.state.ports if port not in used]:
            del self.state.ports[port]

    def begin(self, change, pending, left):
        undo = []
        pending.append((change, undo))
        self.tree.mark_log()
        if self.attempt(change, undo, change.steps, pending, left) and not self.new_places(change):
            self.complete(change, undo, pending, left)

    def complete(self, change, undo, pending, left):
        for place in self.new_places(change):
            if not self.appears(place):
                pending.remove((change, undo))
                self.take_back(change, undo, left)
                self.refuse(change, "no disk appeared; \"dmesg\" may say why")
                return
        if self.attempt(change, undo, change.cleanup, pending, left):
            pending.remove((change, undo))
            left.remove(change)
            self.done.append(change)
            self.state.entries.update({name: Entry(entry.next, entry.next) for name, entry in change.entries.items()})

    def attempt(self, change, undo, steps, pending, left):
        try:
            for step in steps:
                step.do(self.tree, undo, *step.args)
                if lio.no_way_back(step):
                    # From here on there is no way back, for a signal neither.
                    undo.clear()
                    self.tree.finishing = True
        except (OSError, Error) as e:
            reason = lio.reason_of(self.tree, e)
            pending.remove((change, undo))
            if self.tree.finishing:
                reason += "; the next command brings it to an end"
                left.remove(change)
            self.take_back(change, undo, left)
            if isinstance(e, OSError) and e.errno == errno.EBUSY and (e.filename or "").startswith("/dev/"):
                self.refuse(change, f"{e.filename} is in use; with --force it is unlinked all the same", IN_USE)
            else:
                self.refuse(change, reason)
            return False
        finally:
            self.tree.finishing = False
        return True

    def refuse(self, change, reason, status=1):
        self.faults.append(Error(f"{', '.join(move.name for move in change.moves)}: {reason}", status))

    def take_back(self, change, undo, left):
        """What cannot be taken back now stays an intention, for the next command.  A signal is heeded afterwards."""
        finishing, self.tree.finishing = self.tree.finishing, True
        while undo:
            try:
                undo.pop()()
            except (OSError, Error) as e:
                self.warn(f"{', '.join(move.name for move in change.moves)}: cannot be taken back: {lio.reason_of(self.tree, e)}")
                if change in left:
                    left.remove(change)
        self.tree.finishing = finishing

    @staticmethod
    def new_places(change):
        return [step.args[0] for step in change.steps if step.do is lio.link]

    # Waiting, once for all

    def until(self, what, find):
        """What find() returns as soon as that is something; None if nothing has come of it, nor of another, for too long."""
        pause = 0.002
        while True:
            found = find()
            now = self.tree.now()
            if found:
                self.deadlines[what] = now + PATIENCE
                return found
            if now > self.deadlines.setdefault(what, now + PATIENCE):
                return None
            self.tree.waits_for("a disk to appear" if what == "device" else "udev")
            self.tree.sleep(pause)
            pause = min(2 * pause, 0.1)

    def appears(self, place):
        address = (self.tree.read(f"{lio.port_path(*place[:2])}/address") or "").strip()
        return self.until("device", lambda: address and device_of(self.tree, f"{address}:{place[2]}"))

    def wait_for_udev(self, devices):
        """Until udev has made its links of disks that have just appeared.  Of a SCSI generic device it keeps no record."""
        if not self.tree.node(f"{UDEV}/control"):
            return
        for device in devices:
            node = self.tree.node(f"/dev/{device}")
            if node and node.kind == "block":
                self.until("udev", lambda path=f"{UDEV}/data/b{node.key[1]}:{node.key[2]}": self.is_new(self.tree.read(path)))

    def is_new(self, record):
        """Not that of an earlier disk of the same number: the line I: has the microseconds of the monotonic clock."""
        match = re.search(r"^I:(\d+)$", record or "", re.MULTILINE)
        return bool(match) and int(match[1]) >= self.begun * 1000000
