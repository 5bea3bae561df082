#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""faults.py [TRIES]: every operation, with one of its allocations failing.

fail-nth of fault injection makes the n-th allocation that this task makes fail.
Whatever an operation answers then, nothing half-made may stay behind, and the
same operation must work when it is asked again.  Of each operation's allocations
TRIES fail, at even distances from a start at random; all of them, if it is 0.
"""
import collections
import errno
import fcntl
import mmap
import os
import random
import struct
import sys
import time

import sg
from configfs import CONFIG, LOOPBACK, device_of, scan, write

WWN = f"{LOOPBACK}/iqn.2003-01.org.linux-iscsi.lab:faults"
TPG = f"{WWN}/tpgt_1"
LUN = f"{TPG}/lun/lun_0"
BACKSTORE = f"{CONFIG}/core/rd_mcp_0/faults"
FAIL_NTH = "/proc/thread-self/fail-nth"
SG_SCSI_RESET, SG_SCSI_RESET_DEVICE = 0x2284, 1


def open_disk():
    """Linked last, it may just be appearing."""
    end = time.time() + 60
    while True:
        try:
            return os.open(f"/dev/{os.listdir(f'{device_of(TPG, 0)}/block')[0]}", os.O_RDWR | os.O_DIRECT)
        except (OSError, IndexError):
            if time.time() > end:
                raise
        time.sleep(0.05)


class Disk:
    """Opened beforehand, so that only the command itself is tried."""

    def __init__(self):
        self.fd = open_disk()
        self.buffer = mmap.mmap(-1, 1 << 18)

    def read(self):
        os.preadv(self.fd, [self.buffer], 0)

    def write(self):
        os.pwritev(self.fd, [self.buffer], 0)

    def reset(self):
        fcntl.ioctl(self.fd, SG_SCSI_RESET, struct.pack("i", SG_SCSI_RESET_DEVICE))

    def inquiry(self):
        """Page 0x83 through SG_IO."""
        sg.command(self.fd, b"\x12\x01\x83\x10\x00\x00", room=4096)

    def close(self):
        os.close(self.fd)


def remove_link():
    if os.path.islink(f"{LUN}/backstore"):
        os.unlink(f"{LUN}/backstore")


# name: the operation, what undoes it, whether what it makes is there
STEPS = (
    ("mkdir target", lambda: os.mkdir(WWN), lambda: os.rmdir(WWN), lambda: os.path.isdir(WWN)),
    ("mkdir tpgt_1", lambda: os.mkdir(TPG), lambda: os.rmdir(TPG), lambda: os.path.isdir(TPG)),
    ("write nexus", lambda: write(f"{TPG}/nexus", "iqn.2003-01.org.linux-iscsi.lab:me,i,0x00023d000001"),
     lambda: write(f"{TPG}/nexus", "NULL"), None),
    ("mkdir lun_0", lambda: os.mkdir(LUN), lambda: os.rmdir(LUN), lambda: os.path.isdir(LUN)),
    ("link", lambda: os.symlink(BACKSTORE, f"{LUN}/backstore"), remove_link, lambda: os.path.islink(f"{LUN}/backstore")),
)
COMMANDS = "read", "write", "reset", "inquiry"
steps = {step[0]: step for step in STEPS}


def drop_nexus():
    """Of a LUN whose disk, if none came with the nexus, a scan must find."""
    scan(TPG, 0)
    if not os.path.isdir(device_of(TPG, 0)):
        raise OSError(errno.ENODEV, "a nexus, but no disk")
    remove_link()
    steps["write nexus"][2]()
    steps["link"][1]()


def with_fault(number, operation):
    """How many allocations were left until the failure, and the errno, or 0."""
    # Nothing else may allocate meanwhile, so what is read later is opened before.
    into, out = os.open(FAIL_NTH, os.O_WRONLY), os.open(FAIL_NTH, os.O_RDONLY)
    error = 0
    os.write(into, b"%d" % number)
    try:
        operation()
    except OSError as e:
        error = e.errno
    left = int(os.read(out, 20))
    os.write(into, b"0")
    os.close(into)
    os.close(out)
    return left, error


NEVER = 1 << 20


def attempt(operation, undo, exists, tries, most=NEVER):
    """Returns how many allocations there are (at most most), how many failed, the answers, and what was wrong."""
    answers, wrong, failed, number = collections.Counter(), [], 0, NEVER
    count, numbers = None, []
    while True:
        left, error = with_fault(number, operation)
        failed += left == 0
        answers[errno.errorcode.get(error, error) if error else "done"] += number != NEVER
        what = "no failure" if number == NEVER else f"allocation {number}"
        if exists and exists() != (not error):
            wrong.append(f"{what}: {errno.errorcode.get(error, 'done')}, but it is {'' if exists() else 'not '}there")
        if undo and (exists() if exists else not error):
            try:
                undo()
            except OSError as e:
                wrong.append(f"{what}: cannot be undone: {e}")
                break
        if number == NEVER and error:
            wrong.append(f"{what}, but {errno.errorcode.get(error, error)}")
        if count is None:
            count = min(NEVER - left, most)
            step = max(1, count // tries) if tries else 1
            numbers = list(range(random.randint(1, step), count + 1, step)) + [NEVER]
        elif number == NEVER:
            break
        number = numbers.pop(0)
    return count, failed, answers, wrong


def main():
    tries = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    number = failures = 0

    def report(name, count, failed, answers, wrong):
        nonlocal failures, number
        number += 1
        print(f"{'not ok' if wrong else 'ok'} {number} - {name}: {failed} of its {count} allocations failed: "
              + (", ".join(f"{n} {what}" for what, n in answers.most_common()) or "-"))
        for line in wrong:
            print(f"#   {line}")
        sys.stdout.flush()
        failures += bool(wrong)

    for name, operation, undo, exists in STEPS:
        count, failed, answers, wrong = attempt(operation, undo, exists, tries)
        report(name, count, failed, answers, wrong if failed else wrong + ["no allocation failed"])
        operation()
    opened = Disk()
    for name in COMMANDS:
        report(name, *attempt(getattr(opened, name), None, None, tries))
    opened.close()
    for _, _, undo, _ in reversed(STEPS):
        undo()

    for name in "mkdir target", "mkdir tpgt_1", "mkdir lun_0", "link":
        steps[name][1]()
    # Until the session is there; what follows is the scan, as of "link".
    report("write nexus of a LUN", *attempt(steps["write nexus"][1], drop_nexus, None, tries, 40))
    for name in "link", "mkdir lun_0", "mkdir tpgt_1", "mkdir target":
        steps[name][2]()
    print(f"1..{number}")
    return failures != 0


sys.exit(main())
