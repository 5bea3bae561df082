#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""page83.py DISK FILE [overflow]: INQUIRY of page 0x83 at many allocation lengths.

Each answer must be the beginning of the whole page, its PAGE LENGTH that of the
whole page, and the residual what is missing.  The whole page goes to FILE.
With "overflow", also with allocation lengths beyond the buffer.
"""
import os
import sys

import sg


def inquiry(fd, allocation, room):
    """The bytes transferred, for an allocation length and a buffer of room bytes."""
    cdb = bytes((0x12, 1, 0x83, allocation >> 8, allocation & 0xff, 0))
    header, _, data = sg.command(fd, cdb, room=room, guard=16)
    if header.status or header.host_status or header.driver_status:
        sys.exit(f"allocation length {allocation}: status {header.status:#x}, "
                 f"host {header.host_status:#x}, driver {header.driver_status:#x}")
    if data[room:] != b"\xee" * 16:
        sys.exit(f"allocation length {allocation}: written beyond the buffer")
    if not 0 <= header.resid <= room:
        sys.exit(f"allocation length {allocation}: residual {header.resid} of {room}")
    return data[:room - header.resid]


def main():
    fd = os.open(sys.argv[1], os.O_RDWR | os.O_NONBLOCK)
    whole = inquiry(fd, 4096, 4096)
    if len(whole) != 4 + int.from_bytes(whole[2:4], "big"):
        sys.exit(f"PAGE LENGTH {whole[2:4].hex()} of {len(whole)} bytes")
    for allocation in [*range(1, 301), 1023, 1024, 1025, 2048, 32768, 65535]:
        if inquiry(fd, allocation, allocation) != whole[:allocation]:
            sys.exit(f"allocation length {allocation}: not the beginning of the page")
    # an allocation length that is not the buffer's: the smaller one counts
    overflow = [(255, 64), (4096, 5)] if sys.argv[3:] == ["overflow"] else []
    for allocation, room in [(0, 64), (8, 64), *overflow]:
        if inquiry(fd, allocation, room) != whole[:min(allocation, room)]:
            sys.exit(f"allocation length {allocation}, {room} bytes of buffer: wrong page")
    with open(sys.argv[2], "wb") as out:
        out.write(whole)
    print(f"{len(whole)} bytes")


main()
