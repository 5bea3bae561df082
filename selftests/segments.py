#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""segments.py SEED SECONDS|CASESx NAME DISK BLOCK_SIZE...: commands whose data lies in random pieces of memory.

Each case is one command with SG_IO: its pieces begin and end anywhere, within a page and across pages, and what
is around them must stay as it is.  The outcome, the data and the residual must be those of the same command with
one plain buffer, and what is written must be read back.  There are cases for so many seconds, or so many of each
command for each disk.  Case N of a disk depends on SEED, NAME and N only.
TAP on standard output: a check for each disk and command.
"""
import ctypes
import errno
import mmap
import os
import random
import sys
import time

import sg

PAGE = mmap.PAGESIZE
PIECES, ROOM = 8, 6 # so many pieces, each in so many pages of its own
FILLED = 0xee
BLOCKS = 64 # of the disk that are used
GOOD, CHECK_CONDITION = 0, 2
MISCOMPARE, UNIT_ATTENTION = 0xe, 6
SHOWN = 5 # failures of a command that are told


def decode(sense):
    """Sense key, and additional sense code with its qualifier, of either format: SPC-4 r37, 4.5."""
    if not sense:
        return 0, ""
    return (sense[1] & 0xf, sense[2:4].hex()) if sense[0] & 2 else (sense[2] & 0xf, sense[12:14].hex())


class Memory:
    def __init__(self):
        size = PIECES * ROOM * PAGE
        self.map = mmap.mmap(-1, size)
        self.address = ctypes.addressof(ctypes.c_char.from_buffer(self.map))
        self.clean = bytes([FILLED]) * size
        self.map[:] = self.clean

    def put(self, pieces, data):
        at = 0
        for start, length in pieces:
            self.map[start:start + length] = data[at:at + length]
            at += length

    def take(self, pieces):
        """What is in the pieces, and whether all around them is as it was; both are made so again."""
        data = b"".join(self.map[start:start + length] for start, length in pieces)
        for start, length in pieces:
            self.map[start:start + length] = self.clean[:length]
        whole = self.map[:] == self.clean
        if not whole:
            self.map[:] = self.clean
        return data, whole


def layout(choice, size):
    """Random pieces, no two of which share a page or touch."""
    unit = choice.choice((1, 4, 4, 4, 4, 8, 64, 512, 512))
    count = choice.choice((1, 2, 2, 2, 3, 4, PIECES))
    cuts = sorted(choice.randrange(0, size // unit + 1) * unit for _ in range(count - 1))
    lengths = [end - start for start, end in zip([0] + cuts, cuts + [size])]
    regions = list(range(PIECES))
    choice.shuffle(regions)
    pieces = []
    for region, length in zip(regions, lengths):
        if not length:
            continue
        if length > (ROOM - 1) * PAGE:
            return None
        offset = choice.choice((
            0, choice.randrange(0, PAGE // unit) * unit, # anywhere
            PAGE - choice.randrange(1, 5) * unit, # a little before a page's end
            (PAGE - length // unit * unit) % PAGE)) # up to a page's end, or nearly
        pieces.append((region * ROOM * PAGE + offset % PAGE, length))
    return pieces


class Disk:
    def __init__(self, name, path, block):
        self.name, self.block = name, block
        self.fd = os.open(path, os.O_RDWR)
        self.memory, self.plain = Memory(), Memory()
        self.shadow = bytearray(self.read(0, BLOCKS))
        # scsi_debug answers each MODE SELECT with a unit attention, and the kernel that with an event for udev.
        self.commands = [command for command in COMMANDS if command != "mode select" or not name.startswith("pscsi")]
        self.results = {}
        self.good = set() # what opcodes were GOOD once
        self.key = bytes(8)

    def transfer(self, memory, cdb, out, pieces, size):
        """The outcome of a command, the data, and whether memory is whole."""
        memory.put(pieces, out if out else memory.clean[:size])
        direction = sg.SG_DXFER_TO_DEV if out else sg.SG_DXFER_FROM_DEV
        for _ in range(9):
            try:
                header, sense = sg.transfer(self.fd, cdb, direction, [(memory.address + start, length) for start, length in pieces])
            except OSError as error:
                # 5.10 does not map each layout to a queue whose segments may have no gaps, as that of a disk of pscsi.
                if error.errno != errno.EINVAL or not self.name.startswith("pscsi"):
                    raise
                memory.take(pieces)
                return None, b"", True
            if header.status != CHECK_CONDITION or decode(sense)[0] != UNIT_ATTENTION: # once more after that
                break
        data, whole = memory.take(pieces)
        return (header.status, header.host_status, *decode(sense), header.resid), data, whole

    def in_plain(self, cdb, out=b"", size=0):
        size = size or len(out)
        outcome, data, _ = self.transfer(self.plain, cdb, out, [(0, size)], size)
        return outcome, data

    def read(self, lba, blocks):
        data = b""
        while blocks:
            count = min(blocks, ROOM * PAGE // self.block)
            data += self.in_plain(lba16(0x88, lba, count), size=count * self.block)[1]
            lba, blocks = lba + count, blocks - count
        return data


def lba16(opcode, lba, count):
    return bytes((opcode, 0)) + lba.to_bytes(8, "big") + count.to_bytes(4, "big") + bytes(2)


def rw_cdb(choice, base, lba, count, verify=False):
    """READ or WRITE of 6, 10, 12 or 16 bytes."""
    opcode = choice.choice((base, base | 0x20, base | 0xa0, base | 0x80))
    if verify:
        opcode = choice.choice((0x2e, 0x8e))
    if opcode < 0x20:
        return bytes((opcode,)) + lba.to_bytes(3, "big") + bytes((count, 0))
    if opcode < 0x40:
        return bytes((opcode, 0)) + lba.to_bytes(4, "big") + bytes((0,)) + count.to_bytes(2, "big") + bytes(1)
    if opcode < 0xa0:
        return lba16(opcode, lba, count)
    return bytes((opcode, 0)) + lba.to_bytes(4, "big") + count.to_bytes(4, "big") + bytes(2)


def place(disk, choice):
    """An LBA, and how many blocks from it on, the lengths of which end within a page."""
    most = min(20 * 1024 // disk.block, BLOCKS // 2)
    count = choice.choice((1, 1, 2, 3, choice.randrange(1, most + 1)))
    return choice.randrange(0, BLOCKS - count), count


# Each of these makes a case: the CDB, what is sent or how much is asked for, and what must then be on the disk.

def case_read(disk, choice):
    lba, count = place(disk, choice)
    return rw_cdb(choice, 0x08, lba, count), b"", count * disk.block, None


def case_write(disk, choice, verify=False):
    lba, count = place(disk, choice)
    data = choice.randbytes(count * disk.block)
    return rw_cdb(choice, 0x0a, lba, count, verify), data, 0, (lba, data)


def case_write_and_verify(disk, choice):
    return case_write(disk, choice, True)


def case_compare_and_write(disk, choice):
    lba = choice.randrange(0, BLOCKS - 1)
    old, new = bytes(disk.shadow[lba * disk.block:(lba + 1) * disk.block]), choice.randbytes(disk.block)
    wrong = choice.random() < 0.3
    if wrong:
        at = choice.randrange(disk.block)
        old = old[:at] + bytes((old[at] ^ 1,)) + old[at + 1:]
    return bytes((0x89, 0)) + lba.to_bytes(8, "big") + bytes((0, 0, 0, 1, 0, 0)), old + new, 0, None if wrong else (lba, new)


def case_write_same(disk, choice):
    lba, count = place(disk, choice)
    data = choice.randbytes(disk.block)
    cdb = choice.choice((
        bytes((0x41, 0)) + lba.to_bytes(4, "big") + bytes((0,)) + count.to_bytes(2, "big") + bytes(1),
        lba16(0x93, lba, count),
        bytes((0x7f,)) + bytes(6) + bytes((0x18, 0, 0x0d, 0, 0)) + lba.to_bytes(8, "big") + bytes(8) + count.to_bytes(4, "big")))
    return cdb, data, 0, (lba, data * count)


def case_inquiry(disk, choice):
    size = choice.randrange(4, choice.choice((64, 300, 5000)))
    page = choice.choice((None, 0x00, 0x80, 0x83, 0x83, 0xb0, 0xb0, 0xb1, 0xb2))
    return bytes((0x12, page is not None, page or 0)) + size.to_bytes(2, "big") + bytes(1), b"", size, None


def case_mode_sense(disk, choice):
    size = choice.randrange(4, 256)
    if choice.random() < 0.5:
        return bytes((0x1a, 8 * choice.randrange(2), choice.choice((0x3f, 0x0a, 0x08)), 0, size, 0)), b"", size, None
    return bytes((0x5a, 8 * choice.randrange(2), choice.choice((0x3f, 0x0a, 0x08)), 0, 0, 0, 0)) + size.to_bytes(2, "big") + bytes(1), b"", size, None


def case_report(disk, choice):
    """What is asked for with 32 bits of length."""
    size = choice.randrange(16, choice.choice((64, 600, 9000)))
    length = size.to_bytes(4, "big")
    return choice.choice((
        bytes((0xa0,)) + bytes(5) + length + bytes(2), # REPORT LUNS
        bytes((0xa3, 0x0a)) + bytes(4) + length + bytes(2), # REPORT TARGET PORT GROUPS
        bytes((0xa3, 0x0c)) + bytes(4) + length + bytes(2), # REPORT SUPPORTED OPERATION CODES
        bytes((0x9e, 0x10)) + bytes(8) + length + bytes(2), # READ CAPACITY(16)
        bytes((0x84, 0x03)) + bytes(8) + length + bytes(2))), b"", size, None # RECEIVE COPY OPERATING PARAMETERS


def case_reserve_in(disk, choice):
    size = choice.randrange(8, choice.choice((40, 100, 4500)))
    return bytes((0x5e, choice.randrange(4), 0, 0, 0, 0, 0)) + size.to_bytes(2, "big") + bytes(1), b"", size, None


def case_reserve_out(disk, choice):
    """REGISTER AND IGNORE EXISTING KEY; see check_key()"""
    key = choice.randbytes(8)
    return bytes((0x5f, 6, 0, 0, 0, 0, 0, 0, 24, 0)), bytes(8) + key + bytes(8), 0, None


def case_mode_select(disk, choice):
    _, page = disk.in_plain(bytes((0x5a, 8, 0x0a, 0, 0, 0, 0, 0, 64, 0)), size=64)
    data = bytearray(8) + page[8:2 + int.from_bytes(page[:2], "big")]
    if choice.random() < 0.3 and len(data) > 8:
        data[choice.randrange(8, len(data))] ^= 0x55
    return bytes((0x55, 0x10, 0, 0, 0, 0, 0, 0, len(data), 0)), bytes(data), 0, None


def case_list(disk, choice):
    """Lists that the target looks at and, as they are, refuses or has nothing to do for."""
    if choice.random() < 0.5: # UNMAP of nothing, or of a block far behind the end
        count = choice.randrange(0, 20)
        data = (6 + 16 * count).to_bytes(2, "big") + (16 * count).to_bytes(2, "big") + bytes(4)
        data += ((1 << 60).to_bytes(8, "big") + (1).to_bytes(4, "big") + bytes(4)) * count
        return bytes((0x42, 0, 0, 0, 0, 0, 0)) + len(data).to_bytes(2, "big") + bytes(1), data, 0, None
    data = bytes((0, 0, 0, 32, 0, 0, 0, 0, 0, 0, 0, 28)) + bytes(4) + choice.randbytes(60) # EXTENDED COPY
    return bytes((0x83,)) + bytes(9) + len(data).to_bytes(4, "big") + bytes(2), data, 0, None


COMMANDS = {name[5:].replace("_", " "): function for name, function in list(globals().items()) if name.startswith("case_")}


def differences(disk, name, choice):
    """What is wrong with one case, or nothing; False if it makes no case."""
    cdb, out, size, after = COMMANDS[name](disk, choice)
    pieces = layout(choice, size or len(out))
    if not pieces:
        return False
    changes = after is not None or name == "compare and write"
    wanted = data = None
    if not changes:
        wanted, data = disk.in_plain(cdb, out, size)
    outcome, found, whole = disk.transfer(disk.memory, cdb, out, pieces, size)
    if not outcome:
        return False
    wrong = []
    if not whole:
        wrong.append("memory beside the data is overwritten")
    if out and found != out:
        wrong.append("what was sent has changed")
    if not changes:
        if outcome != wanted:
            wrong.append(f"outcome {outcome}, expected {wanted}")
        # Behind what the target has to say there may be zeros or what was there before.
        found, data = (text.replace(bytes([FILLED]), b"\0") for text in (found, data))
        if not out and found != data:
            at = next(number for number in range(len(data)) if data[number] != found[number])
            wrong.append(f"data differ from byte {at} on: {found[at:at + 16].hex()}, expected {data[at:at + 16].hex()}")
    if name == "reserve out":
        _, keys = disk.in_plain(bytes((0x5e, 0, 0, 0, 0, 0, 0, 0, 64, 0)), size=64)
        if outcome[0] == GOOD and keys[8:16] != out[8:16]:
            wrong.append(f"key {keys[8:16].hex()}, expected {out[8:16].hex()}")
    if changes:
        supported = outcome[3] not in ("2000", "2400") # INVALID COMMAND OPERATION CODE, or a field of it
        if after and outcome[0] != GOOD and (supported or cdb[0] in disk.good):
            wrong.append(f"outcome {outcome}")
        elif after and outcome[0] == GOOD:
            lba, blocks = after
            disk.shadow[lba * disk.block:lba * disk.block + len(blocks)] = blocks
            disk.good.add(cdb[0])
        elif not after and (outcome[0] != CHECK_CONDITION or (supported and outcome[2] != MISCOMPARE)):
            wrong.append(f"outcome {outcome}, expected a miscompare")
        first = max(0, (after or (int.from_bytes(cdb[2:10], "big"),))[0] - 2)
        count = min(BLOCKS - first, (len(after[1]) // disk.block if after else 1) + 4)
        read = disk.read(first, count)
        if read != disk.shadow[first * disk.block:(first + count) * disk.block]:
            wrong.append("the disk has other data")
            disk.shadow = bytearray(disk.read(0, BLOCKS))
    if wrong:
        wrong.append(f"CDB {cdb.hex()}, pieces {[(start % (ROOM * PAGE), length) for start, length in pieces]}")
    return wrong


def main():
    seed, most = sys.argv[1], sys.argv[2]
    seconds, each = (0, int(most[:-1])) if most.endswith("x") else (float(most), 0)
    disks = [Disk(name, path, int(block)) for name, path, block in zip(*[iter(sys.argv[3:])] * 3)]
    print(f"# seed {seed}")
    start = time.monotonic()
    number = failures = cases = 0
    for disk in disks:
        for name in disk.commands:
            disk.results[name] = [0, []] # cases, failures
        end = start + seconds * (disks.index(disk) + 1) / len(disks)
        n = 0
        while time.monotonic() < end or min(count for count, _ in disk.results.values()) < each:
            choice = random.Random(f"{seed} {disk.name} {n}")
            name = choice.choice(disk.commands)
            wrong = differences(disk, name, choice)
            n += 1
            if wrong is False:
                continue
            disk.results[name][0] += 1
            if wrong:
                disk.results[name][1].append((n - 1, time.monotonic() - start, wrong))
        for name, (count, wrongs) in disk.results.items():
            number += 1
            cases += count
            failures += bool(wrongs)
            print(f"{'not ' if wrongs else ''}ok {number} - {disk.name}: {name}: {count} cases")
            for at, when, wrong in wrongs[:SHOWN]:
                print(f"#   case {at}, after {when:.1f} s: {'; '.join(wrong)}")
            if len(wrongs) > SHOWN:
                print(f"#   and {len(wrongs) - SHOWN} more")
    print(f"# {cases} cases in {time.monotonic() - start:.0f} s")
    print(f"1..{number}")
    sys.exit(failures != 0)


main()
