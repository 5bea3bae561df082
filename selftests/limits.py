#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""limits.py DISK BELOW LAYOUT: writes and reads blocks of DISK directly, from memory in pieces.

LAYOUT is one of those below.  What is written is looked for in BELOW, the device that DISK is on, and so are the blocks
beside it, which stay as they are.  Prints as how many commands the data was written, and as how many it was read.
"""
import mmap
import os
import sys
import time

PAGE = mmap.PAGESIZE
BESIDE = 64 << 10
HUGE = 2 << 20
MAP_HUGETLB = 0x40000
disk, below, layout = sys.argv[1:]

# Bytes in a piece, how many pieces, from where to where in memory they begin, where on the disk.
LAYOUTS = {
    "pages": (4096, 256, 0, 2 * PAGE, 1 << 20), # 1 MiB, no page of which lies behind another
    "blocks": (512, 256, 1024, PAGE, (1 << 20) + 512), # 128 KiB
    "odd": ((1 << 20) - 512, 1, 512, 0, (2 << 20) + 1536), # begins and ends within pages, and anywhere on the disk
    "large": (6 << 20, 1, 0, 0, 512),
    "huge": (30 << 20, 1, 0, 0, 1 << 20), # in huge pages
}


READS, WRITES = 0, 4 # in a disk's "stat"


def requests(kind):
    """How many commands of the disk have ended, when no more are counted: who waits hears of an end before it is."""
    before = None
    while True:
        time.sleep(0.1)
        with open(f"/sys/block/{os.path.basename(disk)}/stat") as f:
            now = int(f.read().split()[kind])
        if now == before:
            return now
        before = now


def direct(path, flags):
    return os.open(path, flags | os.O_DIRECT)


def read_below(offset, size):
    data = mmap.mmap(-1, size)
    fd = direct(below, os.O_RDONLY)
    got = os.preadv(fd, [data], offset)
    os.close(fd)
    assert got == size, f"{got} of {size} bytes read from {below}"
    return data[:]


def main():
    size, count, first, step, offset = LAYOUTS[layout]
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | (MAP_HUGETLB if layout == "huge" else 0)
    room = -(-max(first + step * count, first + size) // HUGE) * HUGE
    memory = mmap.mmap(-1, room, flags=flags)
    pieces = [memoryview(memory)[first + step * n:first + step * n + size] for n in range(count)]
    wanted = os.urandom(size * count)
    for n, piece in enumerate(pieces):
        piece[:] = wanted[size * n:size * (n + 1)]
    before = offset - min(BESIDE, offset)
    around = read_below(before, offset - before), read_below(offset + len(wanted), BESIDE)

    fd = direct(disk, os.O_RDWR)
    writes = requests(WRITES)
    written = os.pwritev(fd, pieces, offset)
    writes = requests(WRITES) - writes
    for piece in pieces:
        piece[:] = bytes(size)
    reads = requests(READS)
    read = os.preadv(fd, pieces, offset)
    reads = requests(READS) - reads

    wrong = []
    if (written, read) != (len(wanted), len(wanted)):
        wrong.append(f"of {len(wanted)} bytes {written} were written, {read} read")
    if b"".join(pieces) != wanted:
        wrong.append("other bytes are read")
    if read_below(offset, len(wanted)) != wanted:
        wrong.append(f"other bytes are on {below}")
    if (read_below(before, offset - before), read_below(offset + len(wanted), BESIDE)) != around:
        wrong.append("blocks beside were changed")
    if wrong:
        sys.exit("; ".join(wrong))
    print(writes, reads)


main()
