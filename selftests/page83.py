#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""page83.py DISK FILE [overflow]: INQUIRY of page 0x83 at many allocation lengths.

Each answer must be the beginning of the whole page, its PAGE LENGTH that of the
whole page, and the residual what is missing.  The whole page goes to FILE.
With "overflow", also with allocation lengths beyond the buffer.
"""
import ctypes
import fcntl
import os
import sys

SG_IO = 0x2285
SG_DXFER_FROM_DEV = -3


class SgIoHdr(ctypes.Structure):  # struct sg_io_hdr of <scsi/sg.h>
    _fields_ = [
        ("interface_id", ctypes.c_int), ("dxfer_direction", ctypes.c_int),
        ("cmd_len", ctypes.c_ubyte), ("mx_sb_len", ctypes.c_ubyte),
        ("iovec_count", ctypes.c_ushort), ("dxfer_len", ctypes.c_uint),
        ("dxferp", ctypes.c_void_p), ("cmdp", ctypes.c_void_p),
        ("sbp", ctypes.c_void_p), ("timeout", ctypes.c_uint),
        ("flags", ctypes.c_uint), ("pack_id", ctypes.c_int),
        ("usr_ptr", ctypes.c_void_p), ("status", ctypes.c_ubyte),
        ("masked_status", ctypes.c_ubyte), ("msg_status", ctypes.c_ubyte),
        ("sb_len_wr", ctypes.c_ubyte), ("host_status", ctypes.c_ushort),
        ("driver_status", ctypes.c_ushort), ("resid", ctypes.c_int),
        ("duration", ctypes.c_uint), ("info", ctypes.c_uint)]


def inquiry(fd, allocation, room):
    """The bytes transferred, for an allocation length and a buffer of room bytes."""
    cdb = (ctypes.c_ubyte * 6)(0x12, 1, 0x83, allocation >> 8, allocation & 0xff, 0)
    data = (ctypes.c_ubyte * (room + 16))(*([0xee] * (room + 16)))
    sense = (ctypes.c_ubyte * 32)()
    hdr = SgIoHdr(interface_id=ord("S"), dxfer_direction=SG_DXFER_FROM_DEV, cmd_len=6,
                  mx_sb_len=32, dxfer_len=room, dxferp=ctypes.addressof(data),
                  cmdp=ctypes.addressof(cdb), sbp=ctypes.addressof(sense), timeout=60000)
    fcntl.ioctl(fd, SG_IO, hdr)
    if hdr.status or hdr.host_status or hdr.driver_status:
        sys.exit(f"allocation length {allocation}: status {hdr.status:#x}, "
                 f"host {hdr.host_status:#x}, driver {hdr.driver_status:#x}")
    if bytes(data)[room:] != b"\xee" * 16:
        sys.exit(f"allocation length {allocation}: written beyond the buffer")
    if not 0 <= hdr.resid <= room:
        sys.exit(f"allocation length {allocation}: residual {hdr.resid} of {room}")
    return bytes(data)[:room - hdr.resid]


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
