#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""A program behind TCMU that takes another size: tcmu.py NAME FILE

Serves the backstore user_0/NAME, whose attribute dev_size says how large the disk is, as long as it is enabled.
"""
import glob
import mmap
import os
import socket
import struct
import sys

BLOCK = 512
GOOD, CHECK_CONDITION = 0x00, 0x02
ILLEGAL_REQUEST = 0x05
INVALID_OPCODE, INVALID_FIELD = 0x20, 0x24
OP_COMMAND, FLAG_UNKNOWN_OP = 1, 1


class Refused(Exception):
    """The additional sense code of ILLEGAL REQUEST."""


def last_block(name):
    with open(f"/sys/kernel/config/target/core/user_0/{name}/attrib/dev_size", encoding="ascii") as size:
        return int(size.read()) // BLOCK - 1


def answer(name, cdb):
    """What a command reads that is neither READ nor WRITE."""
    if cdb[0] == 0x12:  # INQUIRY
        if cdb[1]:
            raise Refused(INVALID_FIELD)
        return bytes([0, 0, 5, 2, 31, 0, 0, 2]) + b"LIO-ORG ".ljust(8) + b"program".ljust(16) + b"1".ljust(4)
    if cdb[0] == 0x03:  # REQUEST SENSE
        return bytes([0x70, 0, 0, 0, 0, 0, 0, 10])
    if cdb[0] == 0x25:  # READ CAPACITY(10)
        return struct.pack(">II", last_block(name), BLOCK)
    if cdb[0] == 0x9e and cdb[1] & 0x1f == 0x10:  # READ CAPACITY(16)
        return struct.pack(">QI20x", last_block(name), BLOCK)
    if cdb[0] == 0x1a:  # MODE SENSE(6)
        return bytes([3, 0, 0, 0])
    if cdb[0] == 0x5a:  # MODE SENSE(10)
        return bytes([0, 6, 0, 0, 0, 0, 0, 0])
    if cdb[0] in (0x00, 0x1b, 0x35):  # TEST UNIT READY, START STOP UNIT, SYNCHRONIZE CACHE
        return b""
    raise Refused(INVALID_OPCODE)


def execute(name, image, ring, cdb, pieces):
    if cdb[0] in (0x28, 0x2a):  # READ(10), WRITE(10)
        at = struct.unpack_from(">I", cdb, 2)[0] * BLOCK
    elif cdb[0] in (0x88, 0x8a):  # READ(16), WRITE(16)
        at = struct.unpack_from(">Q", cdb, 2)[0] * BLOCK
    else:
        at, data = None, answer(name, cdb)
    for base, length in pieces:
        if at is None:
            ring[base:base + length] = data[:length].ljust(length, b"\0")
            data = data[length:]
            continue
        if cdb[0] & 0x0f == 0x0a:
            os.pwrite(image, ring[base:base + length], at)
        else:
            ring[base:base + length] = os.pread(image, length, at)
        at += length


def serve(name, image, uio, ring):
    """The ring's layout is that of <linux/target_core_user.h>, not packed within an entry."""
    while True:
        ring_at, ring_size, head = struct.unpack_from("=III", ring, 4)
        tail = struct.unpack_from("=I", ring, 64)[0]
        if tail == head:
            try:
                os.read(uio, 4)
            except OSError:  # EIO: the backstore is gone
                return
            continue
        entry = ring_at + tail
        length = struct.unpack_from("=I", ring, entry)[0]
        if length & 7 == OP_COMMAND:
            count, _, _, cdb_at = struct.unpack_from("@IIIQ", ring, entry + 8)
            iovec = entry + 8 + struct.calcsize("@IIIQQQ")
            pieces = [struct.unpack_from("@PN", ring, iovec + i * struct.calcsize("@PN")) for i in range(count)]
            status, sense = GOOD, b""
            try:
                execute(name, image, ring, ring[cdb_at:cdb_at + 16], pieces)
            except Refused as refused:
                status = CHECK_CONDITION
                sense = bytes([0x70, 0, ILLEGAL_REQUEST, 0, 0, 0, 0, 10, 0, 0, 0, 0, refused.args[0]])
            struct.pack_into("=B7x96s", ring, entry + 8, status, sense)
        elif length & 7:
            ring[entry + 7] = FLAG_UNKNOWN_OP
        struct.pack_into("=I", ring, 64, (tail + (length & ~7)) % ring_size)
        os.write(uio, struct.pack("=I", 0))


def attributes(message):
    """The attributes of a netlink message: (type, value) of each."""
    while len(message) >= 4:
        length, kind = struct.unpack_from("=HH", message)
        yield kind & 0x3fff, message[4:length]
        message = message[(length + 3) & ~3:]


def listen():
    """The kernel refuses another size when nobody listens to the news of TCMU.

    The request is <linux/genetlink.h>'s CTRL_CMD_GETFAMILY.
    """
    family = b"TCM-USER\0"
    request = struct.pack("=BBHHH", 3, 1, 0, 4 + len(family), 2) + family.ljust(12, b"\0")
    news = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
    news.bind((0, 0))
    news.send(struct.pack("=IHHII", 16 + len(request), 16, 1, 1, 0) + request)
    for group in attributes(dict(attributes(news.recv(65536)[20:]))[7]):
        news.setsockopt(270, 1, struct.unpack("=I", dict(attributes(group[1]))[2])[0])  # NETLINK_ADD_MEMBERSHIP
    return news


def device(name):
    for path in glob.glob("/sys/class/uio/*/name"):
        with open(path, encoding="ascii") as given:
            if given.read().startswith(f"tcm-user/0/{name}/"):
                return path[:-len("/name")]
    sys.exit(f"tcmu.py: there is no backstore user_0/{name} that is enabled")


def main(name, path):
    folder = device(name)
    with open(f"{folder}/maps/map0/size", encoding="ascii") as given:
        size = int(given.read(), 16)
    uio = os.open(f"/dev/{os.path.basename(folder)}", os.O_RDWR)
    with listen():
        serve(name, os.open(path, os.O_RDWR), uio, mmap.mmap(uio, size))


main(*sys.argv[1:])
