#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""buffers.py DISK BLOCK_SIZE [write-same]: commands whose data is not one piece of memory.

Each command's data is laid out in several ways, none of which may make a difference: the target gets
what is sent, the initiator what it would have in one piece, and memory beside the data stays as it is.
TAP on standard output.
"""
import ctypes
import mmap
import os
import random
import sys

import sg

PAGES = 16
PAGE = mmap.PAGESIZE
FILLED = 0xee
GOOD, CHECK_CONDITION, MISCOMPARE = 0, 2, 0xe

checks = failures = 0


def check(what, good, *explanation):
    global checks, failures
    checks += 1
    failures += not good
    print(f"{'' if good else 'not '}ok {checks} - {what}")
    for line in () if good else explanation:
        print(f"#   {line}")


def across(pages, size, before):
    """Pieces that begin so many bytes before a page's end and go on at the start of the next in the list."""
    return [(pages[0] + PAGE - before, before)] + [
        (page, min(PAGE, size - at)) for page, at in zip(pages[1:], range(before, size, PAGE))]


def shreds(pages, size):
    """Four pieces, none where another ends."""
    length = (size // 4 + 3) & ~3
    return [(pages[number] + 64 * (number + 1), min(length, size - at)) for number, at in enumerate(range(0, size, length))]


# Pages that follow each other in memory are one segment.  In one of two opposite orders they do not.
def layouts(pages, size):
    back = pages[::-1]
    half = (size // 2 + 3) & ~3
    yield "in one piece", [(pages[0], size)]
    for order, name in (pages, "upwards"), (back, "downwards"):
        yield f"across pages, {name}", across(order, size, min(half, PAGE))
        yield f"across pages, most of it first, {name}", across(order, size, min(size - 4, PAGE - 4))
        yield f"in shreds, {name}", shreds(order, size)


class Memory:
    def __init__(self):
        self.map = mmap.mmap(-1, PAGES * PAGE)
        start = ctypes.addressof(ctypes.c_char.from_buffer(self.map))
        self.start, self.pages = start, [start + 2 * i * PAGE for i in range(PAGES // 2)]

    def put(self, pieces, data):
        """Data into the pieces, and what nobody may touch around them."""
        self.map[:] = bytes([FILLED]) * len(self.map)
        for address, length in pieces:
            self.map[address - self.start:address - self.start + length] = data[:length]
            data = data[length:]

    def take(self, pieces):
        """What is in the pieces, and whether all else is as it was."""
        left = bytearray(self.map[:])
        data = b""
        for address, length in pieces:
            at = address - self.start
            data += self.map[at:at + length]
            left[at:at + length] = bytes([FILLED]) * length
        return data, left.count(FILLED) == len(left)


def main():
    disk, block = sys.argv[1], int(sys.argv[2])
    fd = os.open(disk, os.O_RDWR)
    memory = Memory()
    random.seed(1)

    def send(cdb, data, layout):
        memory.put(layout, data)
        header, sense = sg.transfer(fd, cdb, sg.SG_DXFER_TO_DEV, layout)
        _, rest = memory.take(layout)
        return header.status | header.host_status << 8, sense, rest

    def in_one_piece(cdb, size):
        layout = [(memory.pages[0], size)]
        memory.put(layout, bytes([FILLED]) * size)
        header, _ = sg.transfer(fd, cdb, sg.SG_DXFER_FROM_DEV, layout)
        return header.status, header.resid, memory.take(layout)[0]

    def cdb16(opcode, lba, count):
        return bytes((opcode, 0)) + lba.to_bytes(8, "big") + count.to_bytes(4, "big") + bytes(2)

    lba = 8
    for name, layout in layouts(memory.pages, 2 * block):
        what = f"COMPARE AND WRITE {name}"
        old, new = random.randbytes(block), random.randbytes(block)
        around = random.randbytes(3 * block)
        sg.command(fd, cdb16(0x8a, lba - 1, 3), around[:block] + old + around[2 * block:])
        cdb = bytes((0x89, 0)) + lba.to_bytes(8, "big") + bytes((0, 0, 0, 1, 0, 0))
        status, sense, rest = send(cdb, old + new, layout)
        _, _, found = in_one_piece(cdb16(0x88, lba - 1, 3), 3 * block)
        check(what, (status, found, rest) == (GOOD, around[:block] + new + around[2 * block:], True),
              f"status {status:#x}, sense {sense.hex()}",
              f"the block is {'new' if found[block:2 * block] == new else 'old' if found[block:2 * block] == old else 'neither'}")
        status, sense, rest = send(cdb, old + old, layout)
        _, _, found = in_one_piece(cdb16(0x88, lba, 1), block)
        check(f"{what}: no match, no write", (status, sense[1:2] if sense[:1] == b"\x72" else sense[2:3], found, rest) ==
              (CHECK_CONDITION, bytes((MISCOMPARE,)), new, True), f"status {status:#x}, sense {sense.hex()}")

    if "write-same" in sys.argv[3:]:
        for name, layout in layouts(memory.pages, block):
            data = random.randbytes(block)
            status, sense, _ = send(cdb16(0x93, lba, 4), data, layout)
            _, _, found = in_one_piece(cdb16(0x88, lba, 4), 4 * block)
            check(f"WRITE SAME {name}", (status, found) == (GOOD, 4 * data), f"status {status:#x}, sense {sense.hex()}")

    # The key that is registered is the one that was sent.
    keys_cdb = bytes((0x5e, 0, 0, 0, 0, 0, 0, 0, 32, 0))
    old = bytes(8)
    for name, layout in layouts(memory.pages, 24):
        key = random.randbytes(8)
        status, sense, rest = send(bytes((0x5f, 0, 0, 0, 0, 0, 0, 0, 24, 0)), old + key + bytes(8), layout)
        _, _, keys = in_one_piece(keys_cdb, 32)
        check(f"PERSISTENT RESERVE OUT {name}", (status, keys[8:16], rest) == (GOOD, key, True),
              f"status {status:#x}, sense {sense.hex()}, keys {keys[8:].hex()}")
        old = keys[8:16]

    # The target takes the parameters that it has, and no others.
    _, _, mode = in_one_piece(bytes((0x5a, 8, 0x0a, 0, 0, 0, 0, 0, 64, 0)), 64)
    mode = bytes(3) + mode[3:2 + int.from_bytes(mode[:2], "big")]
    for name, layout in layouts(memory.pages, len(mode)):
        cdb = bytes((0x55, 0x10, 0, 0, 0, 0, 0, 0, len(mode), 0))
        status, sense, _ = send(cdb, mode, layout)
        check(f"MODE SELECT {name}", status == GOOD, f"status {status:#x}, sense {sense.hex()}, {mode.hex()}")
        status, sense, _ = send(cdb, mode[:-1] + bytes((mode[-1] ^ 0xff,)), layout)
        check(f"MODE SELECT of other values {name}", status == CHECK_CONDITION, f"status {status:#x}")

    for name, cdb in {
        "INQUIRY": "12 00 00 00 60 00",
        "INQUIRY, page 80": "12 01 80 00 60 00",
        "INQUIRY, page 83": "12 01 83 01 00 00",
        "INQUIRY, page b0": "12 01 b0 00 60 00",
        "MODE SENSE": "5a 08 3f 00 00 00 00 00 60 00",
        "READ CAPACITY": "9e 10 00 00 00 00 00 00 00 00 00 00 00 20 00 00",
        "REPORT LUNS": "a0 00 00 00 00 00 00 00 00 40 00 00",
        "REPORT TARGET PORT GROUPS": "a3 0a 00 00 00 00 00 00 00 40 00 00",
        "READ KEYS": "5e 00 00 00 00 00 00 00 40 00",
        "READ FULL STATUS": "5e 03 00 00 00 00 00 01 00 00",
    }.items():
        cdb = bytes.fromhex(cdb)
        size = int.from_bytes({0x12: cdb[3:5], 0x5a: cdb[7:9], 0x5e: cdb[7:9], 0x9e: cdb[10:14]}.get(cdb[0], cdb[6:10]), "big")
        _, wanted_resid, wanted = in_one_piece(cdb, size)
        for layout_name, layout in layouts(memory.pages, size):
            memory.put(layout, bytes([FILLED]) * size)
            header, sense = sg.transfer(fd, cdb, sg.SG_DXFER_FROM_DEV, layout)
            found, rest = memory.take(layout)
            check(f"{name} {layout_name}", (header.status, header.resid, found, rest) == (GOOD, wanted_resid, wanted, True),
                  f"status {header.status:#x}, residual {header.resid} ({wanted_resid}), memory beside it {'whole' if rest else 'overwritten'}",
                  f"expected: {wanted.hex()}", f"actual:   {found.hex()}")

    # However short the allocation length is, nothing behind it is written to.
    for size in range(8, 72, 4):
        for layout in ([(memory.pages[0], size)], [(memory.pages[0] + PAGE - size, size)], across(memory.pages, size, 4)):
            memory.put(layout, bytes([FILLED]) * size)
            header, sense = sg.transfer(fd, bytes((0x5e, 3, 0, 0, 0, 0, 0)) + size.to_bytes(2, "big") + b"\0", sg.SG_DXFER_FROM_DEV, layout)
            _, rest = memory.take(layout)
            check(f"READ FULL STATUS of {size} bytes, {len(layout)} pieces", (header.status, rest) == (GOOD, True),
                  f"status {header.status:#x}, memory beside it {'whole' if rest else 'overwritten'}")

    # The target reads as many bytes of a CDB of variable length as this one says that it has.  It does not know
    # WRITE(32), and would say so.
    layout = [(memory.pages[0], block)]
    for length in 10, 16, 32:
        for additional in 0xff, 0xf4, length - 7:
            cdb = bytes((0x7f, 0, 0, 0, 0, 0, 0, additional, 0, 0x0b)).ljust(length, b"\0")
            status, sense, _ = send(cdb, bytes(block), layout)
            check(f"{length} bytes of a CDB of {additional + 8}", (status, sense[2:3], sense[12:14]) == (CHECK_CONDITION, b"\5", b"\x24\0"),
                  f"status {status:#x}, sense {sense.hex()}")

    print(f"1..{checks}")
    sys.exit(failures != 0)


main()
