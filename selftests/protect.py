#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""protect.py DEVICE [COPY_FROM COPY_TO SENT_TO]...: commands to a protected LUN.

What writes must be refused with DATA PROTECT, WRITE PROTECTED, and must not write; what fencing needs, and
what reads, must pass.  Each COPY_FROM and COPY_TO is the device of a LUN that EXTENDED COPY, sent to SENT_TO,
copies; DEVICE among the COPY_TO is a reason to be refused.  TAP on standard output.
"""
import os
import sys

import sg

BLOCK = 512
GOOD, CHECK_CONDITION = 0, 2
PROTECTED = "refused: key 0x7, 27/00"

checks = failures = 0


def check(what, expected, found):
    global checks, failures
    checks += 1
    failures += expected != found
    print(f"{'' if expected == found else 'not '}ok {checks} - {what}")
    if expected != found:
        print(f"#   expected: {expected}\n#   actual:   {found}")


def told(header, sense):
    """A command's outcome in words."""
    if header.host_status or header.status not in (GOOD, CHECK_CONDITION):
        return f"host status {header.host_status:#x}, status {header.status:#x}"
    if header.status == GOOD:
        return "done"
    key, asc, ascq = (sense[1], sense[2], sense[3]) if sense[0] & 0x7e == 0x72 else (sense[2], sense[12], sense[13])
    return f"refused: key {key & 0xf:#x}, {asc:02x}/{ascq:02x}"


def send(fd, cdb, out=b"", room=0):
    """The outcome, and the data; once more after a unit attention."""
    for _ in range(5):
        header, sense, data = sg.command(fd, bytes(cdb), out, room)
        if not told(header, sense).startswith("refused: key 0x6"):
            break
    return told(header, sense), data


def read(fd):
    return send(fd, (0x28, 0, 0, 0, 0, 0, 0, 0, 16, 0), room=16 * BLOCK)


def designator(fd):
    _, page = send(fd, (0x12, 1, 0x83, 1, 0, 0), room=256)
    at = 4
    while at < 4 + int.from_bytes(page[2:4], "big"):
        if page[at + 1] & 0x3f == 3: # NAA, of the logical unit
            return page[at + 4:at + 4 + page[at + 3]]
        at += 4 + page[at + 3]
    sys.exit("no designator found")


def copy(source, destination, sent_to):
    """EXTENDED COPY of a block from LBA 1 to LBA 2."""
    def target(fd):
        return bytes((0xe4, 0, 0, 0, 1, 3, 0, 16)) + designator(fd) + bytes(4) + bytes((0,)) + BLOCK.to_bytes(3, "big")
    segment = bytes((2, 0, 0, 0x18, 0, 0, 0, 1, 0, 0, 0, 1)) + (1).to_bytes(8, "big") + (2).to_bytes(8, "big")
    header = bytes((0, 0)) + (64).to_bytes(2, "big") + bytes(4) + len(segment).to_bytes(4, "big") + bytes(4)
    data = header + target(source) + target(destination) + segment
    return send(sent_to, bytes((0x83,)) + bytes(9) + len(data).to_bytes(4, "big") + bytes(2), data)[0]


def lba16(opcode, blocks, flags=0):
    return bytes((opcode, flags)) + bytes(8) + blocks.to_bytes(4, "big") + bytes(2)


def writing(before):
    """Commands that write, were they executed: a name, the CDB, and what is sent."""
    data = bytes(byte ^ 0x5a for byte in before[:BLOCK])
    unmap = bytes((0, 22, 0, 16, 0, 0, 0, 0)) + bytes(8) + (8).to_bytes(4, "big") + bytes(4)
    yield "WRITE(6)", (0x0a, 0, 0, 0, 1, 0), data
    yield "WRITE(10)", (0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0), data
    yield "WRITE(12)", (0xaa, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0), data
    yield "WRITE(16)", lba16(0x8a, 1), data
    yield "WRITE AND VERIFY(10)", (0x2e, 0, 0, 0, 0, 0, 0, 0, 1, 0), data
    yield "WRITE AND VERIFY(12)", (0xae, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0), data
    yield "WRITE AND VERIFY(16)", lba16(0x8e, 1), data
    yield "WRITE ATOMIC(16)", bytes((0x9c,)) + bytes(11) + bytes((0, 1, 0, 0)), data
    yield "COMPARE AND WRITE", bytes((0x89,)) + bytes(12) + bytes((1, 0, 0)), before[:BLOCK] + data
    yield "WRITE SAME(10)", (0x41, 0, 0, 0, 0, 0, 0, 0, 8, 0), data
    yield "WRITE SAME(16)", lba16(0x93, 8), data
    yield "WRITE SAME(16) with UNMAP", lba16(0x93, 8, 8), bytes(BLOCK)
    yield "WRITE SAME(32)", bytes((0x7f, 0, 0, 0, 0, 0, 0, 0x18, 0, 0x0d)) + bytes(18) + (8).to_bytes(4, "big"), data
    yield "WRITE(32)", bytes((0x7f, 0, 0, 0, 0, 0, 0, 0x18, 0, 0x0b)) + bytes(18) + (1).to_bytes(4, "big"), data
    yield "UNMAP", (0x42, 0, 0, 0, 0, 0, 0, 0, len(unmap), 0), unmap
    yield "FORMAT UNIT", (4, 0, 0, 0, 0, 0), b""
    yield "SANITIZE", (0x48, 3, 0, 0, 0, 0, 0, 0, 0, 0), b""
    yield "WRITE LONG(10)", (0x3f, 0, 0, 0, 0, 0, 0, 2, 0, 0), data
    yield "WRITE SCATTERED(16)", bytes((0x9f, 0x12)) + bytes(14), data
    yield "a vendor's command", (0xc1, 0, 0, 0, 0, 0), data
    # The direction is the initiator's, and the target core goes by it.
    yield "READ(10) of data that is sent", (0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0), data


def main():
    fd = os.open(sys.argv[1], os.O_RDWR)
    others = [os.open(name, os.O_RDWR) for name in sys.argv[2:]]

    outcome, before = read(fd)
    check("READ(10)", "done", outcome)
    for name, cdb, data in writing(before):
        check(name, PROTECTED, send(fd, cdb, data)[0])
        _, now = read(fd)
        check(f"{name}: nothing is written", True, now == before)
        before = now
    check("WRITE SAME(16) of data that is asked for", PROTECTED, send(fd, lba16(0x93, 8), room=BLOCK)[0])
    check("WRITE SAME(16) of data that is asked for: nothing is written", True, read(fd)[1] == before)
    for name, cdb, room in (
            ("READ(6)", (8, 0, 0, 0, 1, 0), BLOCK),
            ("READ(12)", (0xa8, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0), BLOCK),
            ("READ(16)", lba16(0x88, 1), BLOCK),
            ("INQUIRY", (0x12, 0, 0, 0, 36, 0), 36),
            ("REPORT LUNS", (0xa0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0), 256),
            ("READ CAPACITY(10)", (0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0), 8),
            ("SYNCHRONIZE CACHE", (0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0), 0),
            ("START STOP UNIT", (0x1b, 1, 0, 0, 1, 0), 0),
            ("TEST UNIT READY", (0, 0, 0, 0, 0, 0), 0)):
        check(name, "done", send(fd, cdb, room=room)[0])

    _, mode = send(fd, (0x1a, 8, 0x0a, 0, 64, 0), room=64)
    check("MODE SENSE(6): WP", True, mode[2] & 0x80 == 0x80)
    _, mode = send(fd, (0x5a, 8, 0x0a, 0, 0, 0, 0, 0, 64, 0), room=64)
    check("MODE SENSE(10): WP", True, mode[3] & 0x80 == 0x80)
    mode = bytes(8) + mode[8:2 + int.from_bytes(mode[:2], "big")]
    check("MODE SELECT(10)", "done", send(fd, (0x55, 0x10, 0, 0, 0, 0, 0, 0, len(mode), 0), mode)[0])

    check("RESERVE(6)", "done", send(fd, (0x16, 0, 0, 0, 0, 0))[0])
    check("RELEASE(6)", "done", send(fd, (0x17, 0, 0, 0, 0, 0))[0])

    def reserve(action, kind, key, new):
        return send(fd, (0x5f, action, kind, 0, 0, 0, 0, 0, 24, 0), key.to_bytes(8, "big") + new.to_bytes(8, "big") + bytes(8))[0]
    check("PERSISTENT RESERVE OUT, REGISTER", "done", reserve(0, 0, 0, 0xabc))
    check("PERSISTENT RESERVE OUT, RESERVE", "done", reserve(1, 5, 0xabc, 0))
    check("PERSISTENT RESERVE OUT, PREEMPT", "done", reserve(4, 5, 0xabc, 0xabc))
    check("PERSISTENT RESERVE IN", "done", send(fd, (0x5e, 0, 0, 0, 0, 0, 0, 0, 64, 0), room=64)[0])
    check("PERSISTENT RESERVE OUT, CLEAR", "done", reserve(3, 0, 0xabc, 0))

    for source, destination, sent_to in zip(others[::3], others[1::3], others[2::3]):
        names = [os.readlink(f"/proc/self/fd/{one}") for one in (source, destination, sent_to)]
        what = "EXTENDED COPY from {} to {}, sent to {}".format(*names)
        _, before = read(destination)
        _, data = read(source)
        outcome = copy(source, destination, sent_to)
        if names[1] == os.path.realpath(sys.argv[1]):
            check(what, PROTECTED, outcome)
        else:
            check(what, "done", outcome)
            before = before[:2 * BLOCK] + data[BLOCK:2 * BLOCK] + before[3 * BLOCK:]
        check(f"{what}: what is there then", True, read(destination)[1] == before)

    print(f"1..{checks}")
    sys.exit(failures != 0)


main()
