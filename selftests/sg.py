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


class Piece(ctypes.Structure):  # struct sg_iovec
    _fields_ = [("base", ctypes.c_void_p), ("len", ctypes.c_size_t)]


def transfer(fd, cdb, direction, pieces):
    """Send a command whose data is in pieces of memory, each an address and a length.

    Returns the header and the sense data.
    """
    vector = (Piece * len(pieces))(*pieces)
    sense = ctypes.create_string_buffer(64)
    buffer = ctypes.create_string_buffer(cdb, len(cdb))
    header = Header(interface_id=ord("S"), dxfer_direction=direction, cmd_len=len(cdb), mx_sb_len=len(sense),
                    iovec_count=len(pieces), dxfer_len=sum(length for _, length in pieces),
                    dxferp=ctypes.addressof(vector), cmdp=ctypes.addressof(buffer),
                    sbp=ctypes.addressof(sense), timeout=20000)
    fcntl.ioctl(fd, SG_IO, header)
    return header, sense.raw[:header.sb_len_wr]


def command(fd, cdb, out=b"", room=0, guard=0):
    """Send a command with the data out, or with room bytes for what comes in.

    Returns the header, the sense data and the room, with guard bytes 0xee that lie behind it.
    """
    given = out or bytes(room) + b"\xee" * guard or b"\0"
    data = ctypes.create_string_buffer(given, len(given))
    direction = SG_DXFER_TO_DEV if out else SG_DXFER_FROM_DEV if room else SG_DXFER_NONE
    header, sense = transfer(fd, cdb, direction, [(ctypes.addressof(data), len(out) or room)] if out or room else [])
    return header, sense, data.raw[:room + guard]
