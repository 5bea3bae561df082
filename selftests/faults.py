#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Every operation with its first allocation failing, then its second, and so on to the last.

fail-nth of fault injection makes the n-th allocation that this task makes fail.
Whatever an operation answers then, nothing half-made may stay behind, and the
same operation must work when it is asked again.
"""
import collections
import errno
import fcntl
import mmap
import os
import struct
import sys
import time

CONFIG = "/sys/kernel/config/target"
LOOPBACK = f"{CONFIG}/loopback"
WWN = f"{LOOPBACK}/iqn.2003-01.org.linux-iscsi.lab:faults"
TPG = f"{WWN}/tpgt_1"
LUN = f"{TPG}/lun/lun_0"
BACKSTORE = f"{CONFIG}/core/rd_mcp_0/faults"
FAIL_NTH = "/proc/thread-self/fail-nth"
SG_SCSI_RESET, SG_SCSI_RESET_DEVICE = 0x2284, 1


def write(path, text):
    fd = os.open(path, os.O_WRONLY)
    try:
        os.write(fd, text.encode())
    finally:
        os.close(fd)


def device():
    with open(f"{TPG}/address") as f:
        return f"/sys/bus/scsi/devices/{f.read().strip()}:0"


def disk():
    end = time.time() + 60
    while time.time() < end:
        names = os.listdir(f"{device()}/block") if os.path.isdir(f"{device()}/block") else []
        if names and os.path.exists(f"/dev/{names[0]}"):
            return f"/dev/{names[0]}"
        time.sleep(0.05)
    raise SystemExit("the disk did not appear")


class Disk:
    """Opened beforehand, so that only the command itself is tried."""

    def __init__(self):
        self.fd = os.open(disk(), os.O_RDWR | os.O_DIRECT)
        self.buffer = mmap.mmap(-1, 1 << 18)

    def read(self):
        os.preadv(self.fd, [self.buffer], 0)

    def write(self):
        os.pwritev(self.fd, [self.buffer], 0)

    def reset(self):
        fcntl.ioctl(self.fd, SG_SCSI_RESET, struct.pack("i", SG_SCSI_RESET_DEVICE))

    def inquiry(self):
        """Page 0x83 through SG_IO: struct sg_io_hdr."""
        cdb = (b"\x12\x01\x83\x10\x00\x00")
        command, answer, sense = (mmap.mmap(-1, 4096) for _ in range(3))
        command[:len(cdb)] = cdb

        def address(m):
            import ctypes
            return ctypes.addressof(ctypes.c_char.from_buffer(m))
        header = struct.pack("@iiBBHIPPPIIiPBBBBHHiII", ord("S"), -3, len(cdb), 32, 0, 4096, address(answer), address(command),
                             address(sense), 20000, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        fcntl.ioctl(self.fd, 0x2285, header)

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


def with_fault(number, operation):
    """Was a failure injected?  And the errno, or 0."""
    with open(FAIL_NTH, "r+b", buffering=0) as f:
        f.write(b"%d" % number)
        try:
            operation()
            error = 0
        except OSError as e:
            error = e.errno
        f.seek(0)
        left = int(f.read(20))
        f.write(b"0")
    return left == 0, error


def attempt(operation, undo, exists):
    """Fail each allocation in turn.  Returns how many there were, the answers, and what was wrong."""
    answers, wrong, number = collections.Counter(), [], 0
    while True:
        number += 1
        injected, error = with_fault(number, operation)
        answers[errno.errorcode.get(error, error) if error else "done"] += 1
        if exists and exists() != (not error):
            wrong.append(f"allocation {number}: {errno.errorcode.get(error, 'done')}, but it is {'' if exists() else 'not '}there")
        if undo and (exists() if exists else not error):
            try:
                undo()
            except OSError as e:
                wrong.append(f"allocation {number}: cannot be undone: {e}")
                break
        if not injected:
            if error:
                wrong.append(f"fails without a failure, too: {errno.errorcode.get(error, error)}")
            break
    return number - 1, answers, wrong


def main():
    failures = 0
    number = 0

    def report(name, count, answers, wrong):
        nonlocal failures, number
        number += 1
        print(f"{'not ok' if wrong else 'ok'} {number} - {name}: any of its {count} allocations may fail: "
              + ", ".join(f"{n} {what}" for what, n in answers.most_common()))
        for line in wrong:
            print(f"#   {line}")
        sys.stdout.flush()
        failures += bool(wrong)

    for name, operation, undo, exists in STEPS:
        count, answers, wrong = attempt(operation, undo, exists)
        report(name, count, answers, wrong if count else wrong + ["no allocation failed"])
        operation()
    opened = Disk()
    for name in COMMANDS:
        report(name, *attempt(getattr(opened, name), None, None))
    opened.close()
    for _, _, undo, _ in reversed(STEPS):
        undo()
    print(f"1..{number}")
    return failures != 0


sys.exit(main())
