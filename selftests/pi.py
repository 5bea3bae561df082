#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""pi.py DISK LBA: protection information of the caller's own, through io_uring (Linux 6.13).

Writes a block with right tags and reads them back; with a wrong guard and a wrong reference tag the
write must fail.  TAP on standard output; "1..0 # SKIP" where there is no such interface.
"""
import ctypes
import mmap
import os
import struct
import sys

SETUP, ENTER = 425, 426  # system calls
OP_READ, OP_WRITE = 22, 23
FEAT_SINGLE_MMAP, FEAT_RW_ATTR, ENTER_GETEVENTS = 1 << 0, 1 << 16, 1
ATTR_PI = 1
CHECK_GUARD, CHECK_REFERENCE = 1, 2
BLOCK = 512
libc = ctypes.CDLL(None, use_errno=True)


class Ring:
    """An io_uring for one command at a time."""

    def __init__(self):
        params = ctypes.create_string_buffer(120)  # struct io_uring_params
        self.fd = libc.syscall(SETUP, 1, params)
        self.features = struct.unpack_from("<I", params, 20)[0] if self.fd >= 0 else 0
        if not self.features & FEAT_RW_ATTR or not self.features & FEAT_SINGLE_MMAP:
            print("1..0 # SKIP io_uring takes no protection information here")
            sys.exit(4)
        entries = struct.unpack_from("<II", params, 0)
        submission = struct.unpack_from("<7I", params, 40)
        completion = struct.unpack_from("<6I", params, 80)
        self.tail, self.mask, self.array = submission[1], submission[2], submission[6]
        self.done_head, self.done_mask, self.done = completion[0], completion[2], completion[5]
        size = max(self.array + 4 * entries[0], self.done + 16 * entries[1])
        self.rings = mmap.mmap(self.fd, size, offset=0)
        self.entries = mmap.mmap(self.fd, 64 * entries[0], offset=0x10000000)

    def u32(self, at):
        return struct.unpack_from("<I", self.rings, at)[0]

    def command(self, opcode, fd, data, lba, pi):
        """Data and pi are ctypes buffers.  Returns what read() or write() would, or a negative errno."""
        attributes = ctypes.create_string_buffer(struct.pack(
            "<HHIQQQ", CHECK_GUARD | CHECK_REFERENCE, 0, len(pi), ctypes.addressof(pi), lba, 0), 32)
        index = self.u32(self.tail) & self.u32(self.mask)
        struct.pack_into("<BBHiQQIIQHHiQQ", self.entries, 64 * index, opcode, 0, 0, fd, lba * BLOCK,
                         ctypes.addressof(data), len(data), 0, 0, 0, 0, 0, ctypes.addressof(attributes), ATTR_PI)
        struct.pack_into("<I", self.rings, self.array + 4 * index, index)
        struct.pack_into("<I", self.rings, self.tail, self.u32(self.tail) + 1)
        if libc.syscall(ENTER, self.fd, 1, 1, ENTER_GETEVENTS, None, 0) != 1:
            return -ctypes.get_errno()
        head = self.u32(self.done_head)
        result = struct.unpack_from("<i", self.rings, self.done + 16 * (head & self.u32(self.done_mask)) + 8)[0]
        struct.pack_into("<I", self.rings, self.done_head, head + 1)
        return result


def guard(data):  # CRC-16 of SBC-3 r36, 4.22.4.2: x^16 + x^15 + x^11 + x^9 + x^8 + x^7 + x^5 + x^4 + x^2 + x + 1
    crc = 0
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x8bb7 if crc & 0x8000 else crc << 1) & 0xffff
    return crc


def main():
    lba = int(sys.argv[2])
    fd = os.open(sys.argv[1], os.O_RDWR | os.O_DIRECT)
    ring = Ring()
    memory = mmap.mmap(-1, 8192)  # O_DIRECT wants it aligned
    data = (ctypes.c_char * BLOCK).from_buffer(memory)
    memory[:BLOCK] = os.urandom(BLOCK)
    right = guard(memory[:BLOCK])
    number = 0

    def check(what, good, *explanation):
        nonlocal number
        number += 1
        print(f"{'ok' if good else 'not ok'} {number} - {what}", *(() if good else ("#", *explanation)))

    def write(tags):
        return ring.command(OP_WRITE, fd, data, lba, ctypes.create_string_buffer(struct.pack(">HHI", *tags), 8))

    tags = (right, 0x1234, lba)
    result = write(tags)
    check("right tags are written", result == BLOCK, result)
    written, read = bytes(memory[:BLOCK]), ctypes.create_string_buffer(8)
    memory[:BLOCK] = bytes(BLOCK)
    result = ring.command(OP_READ, fd, data, lba, read)
    check("and read back, the application tag, too", result == BLOCK and memory[:BLOCK] == written
          and struct.unpack(">HHI", read.raw) == tags, result, read.raw.hex())
    memory[:BLOCK] = other = os.urandom(BLOCK)
    for what, wrong in ("guard", (guard(other) ^ 1, 0x1234, lba)), ("reference tag", (guard(other), 0x1234, lba + 1)):
        result = write(wrong)
        check(f"a wrong {what} is refused", result < 0, result)
    result = ring.command(OP_READ, fd, data, lba, read)
    check("and nothing was written", result == BLOCK and memory[:BLOCK] == written, result)
    print(f"1..{number}")


main()
