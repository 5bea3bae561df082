# SPDX-License-Identifier: GPL-2.0-only
"""SG_IO, for the selftests in Python."""
import ctypes
import fcntl

SG_IO = 0x2285
SG_DXFER_NONE, SG_DXFER_TO_DEV, SG_DXFER_FROM_DEV = -1, -2, -3


class Header(ctypes.Structure):  # struct sg_io_hdr of <scsi/sg.h>
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


def command(fd, cdb, out=b"", room=0, guard=0):
    """Send a command with the data out, or with room bytes for what comes in.

    Returns the header, the sense data and the room, with guard bytes 0xee that lie behind it.
    """
    given = out or bytes(room) + b"\xee" * guard or b"\0"
    data = ctypes.create_string_buffer(given, len(given))
    sense = ctypes.create_string_buffer(64)
    buffer = ctypes.create_string_buffer(cdb, len(cdb))
    direction = SG_DXFER_TO_DEV if out else SG_DXFER_FROM_DEV if room else SG_DXFER_NONE
    header = Header(interface_id=ord("S"), dxfer_direction=direction, cmd_len=len(cdb), mx_sb_len=len(sense),
                    dxfer_len=len(out) or room, dxferp=ctypes.addressof(data), cmdp=ctypes.addressof(buffer),
                    sbp=ctypes.addressof(sense), timeout=20000)
    fcntl.ioctl(fd, SG_IO, header)
    return header, sense.raw[:header.sb_len_wr], data.raw[:room + guard]
