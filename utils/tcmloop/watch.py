# SPDX-License-Identifier: GPL-2.0-only
"""Disks while something goes on: their states, what they do in a second and how long it takes, until the command is interrupted."""
import math
import re
import signal
import time

from .lab import chosen, held
from .names import Error
from .output import say, say_table
from .snapshot import done
from .tree import Stop

# With room for numbers as they come, so that one table has its columns below those of the last.
HEAD = ["TIME", "NAME", "DISK", "STATUS", "ALUA", "SCSI", *(name.ljust(8) for name in ("READ/S", "WRITE/S", "MIB/S", "MS")), "HELD"]


def rates(before, after):
    """Requests for reading and for writing and MiB in a second, and the milliseconds of a request."""
    if not before or not after or after.reads < before.reads or after.writes < before.writes or after.time <= before.time:
        return ["-"] * 4  # a disk that is new, or not there
    seconds = after.time - before.time
    reads, writes = after.reads - before.reads, after.writes - before.writes
    requests = reads + writes
    return [f"{reads / seconds:.0f}", f"{writes / seconds:.0f}", f"{(after.sectors - before.sectors) / 2048 / seconds:.1f}",
            f"{(after.milliseconds - before.milliseconds) / requests:.2f}" if requests else "-"]


def seconds_of(text):
    if not re.fullmatch(r"[0-9]{1,5}(\.[0-9]{1,3})?", text) or not 0.1 <= float(text) <= 86400:
        raise Error(f"--interval {text}: accepted are seconds, from 0.1 to 86400", 2)
    return float(text)


def count_of(text):
    if text is not None and not re.fullmatch("[1-9][0-9]{0,8}", text):
        raise Error(f"--count {text}: accepted is a number from 1 on", 2)
    return int(text) if text else math.inf


def watch(session, arguments):
    """A table after each interval; of disks that are named also while they are not there."""
    interval, left = seconds_of(arguments.interval), count_of(arguments.count)
    tree = session.tree
    found, _, snapshot = chosen(session, arguments.disk)
    before = {place: done(tree, snapshot.device(place)) for _, place in found}
    end = tree.now()
    try:
        while left:
            end, left = max(end + interval, tree.now()), left - 1
            while tree.now() < end:
                tree.sleep(min(0.2, max(0, end - tree.now())))
            there, _, snapshot = chosen(session, [])
            found = found if arguments.disk else there
            after = {place: done(tree, snapshot.device(place)) for _, place in found}
            say_table([HEAD] + [row(tree, snapshot, label, place, rates(before.get(place), after[place])) for label, place in found])
            before = after
    except Stop as e:
        if e.signal != signal.SIGINT:
            raise
    return 0


def row(tree, snapshot, label, place, numbers):
    device, lun = snapshot.device(place), snapshot.luns.get(place)
    held_now = held(snapshot, place)
    return [time.strftime("%H:%M:%S"), label, f"/dev/{device}" if device else "-",
            (snapshot.attribute(place[:2], "transport_status") or "?") if lun and lun.inside else "gone", snapshot.alua(place) or "-",
            (tree.read(f"/sys/bus/scsi/devices/{snapshot.hctl(place)}/state") or "-").strip() if device else "-",
            *numbers, f"{held_now[1]} for {held_now[2]} s" if held_now else "-"]
