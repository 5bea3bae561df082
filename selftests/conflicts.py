#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""conflicts.py HOLDER REGISTRANT OTHER: three disks, one logical unit through three I_T nexuses.

For each type of persistent reservation, each command from a registrant and from another initiator
port: does it conflict where SPC-4 r37, table 66, and SBC-3 r36, table 13, say so, and only there?
TAP on standard output.
"""
import os
import sys

import sg

CONFLICT = 0x18
KEYS = {"holder": 0x1111, "registrant": 0x2222}
REGISTER, RESERVE, CLEAR = 0, 1, 3
TYPES = {"write exclusive": 1, "exclusive access": 3, "write exclusive, registrants only": 5,
         "exclusive access, registrants only": 6, "write exclusive, all registrants": 7,
         "exclusive access, all registrants": 8}

# Not COMPARE AND WRITE: the target core of 7.3 warns when it refuses one for a reservation.
# command: CDB, data out, room for data in; and when it conflicts: with every reservation that is not
# one's own ("any"), with exclusive access only ("exclusive"), or with none
COMMANDS = {
    "TEST UNIT READY": ("00 00 00 00 00 00", b"", 0, None),
    "REQUEST SENSE": ("03 00 00 00 12 00", b"", 18, None),
    "INQUIRY": ("12 00 00 00 60 00", b"", 96, None),
    "REPORT LUNS": ("a0 00 00 00 00 00 00 00 01 00 00 00", b"", 256, None),
    "PERSISTENT RESERVE IN": ("5e 00 00 00 00 00 00 01 00 00", b"", 256, None),
    "REPORT TARGET PORT GROUPS": ("a3 0a 00 00 00 00 00 00 01 00 00 00", b"", 256, None),
    "READ CAPACITY (10)": ("25 00 00 00 00 00 00 00 00 00", b"", 8, None),
    "READ CAPACITY (16)": ("9e 10 00 00 00 00 00 00 00 00 00 00 00 20 00 00", b"", 32, None),
    "MODE SENSE (6)": ("1a 00 08 00 ff 00", b"", 255, "any"),
    "MODE SENSE (10)": ("5a 00 08 00 00 00 00 00 ff 00", b"", 255, "any"),
    "READ (6)": ("08 00 00 00 01 00", b"", 512, "exclusive"),
    "READ (10)": ("28 00 00 00 00 00 00 00 01 00", b"", 512, "exclusive"),
    "READ (12)": ("a8 00 00 00 00 00 00 00 00 01 00 00", b"", 512, "exclusive"),
    "READ (16)": ("88 00 00 00 00 00 00 00 00 00 00 00 00 01 00 00", b"", 512, "exclusive"),
    "WRITE (6)": ("0a 00 00 00 01 00", bytes(512), 0, "any"),
    "WRITE (10)": ("2a 00 00 00 00 00 00 00 01 00", bytes(512), 0, "any"),
    "WRITE (12)": ("aa 00 00 00 00 00 00 00 00 01 00 00", bytes(512), 0, "any"),
    "WRITE (16)": ("8a 00 00 00 00 00 00 00 00 00 00 00 00 01 00 00", bytes(512), 0, "any"),
    "VERIFY (10)": ("2f 00 00 00 00 00 00 00 01 00", b"", 0, "exclusive"),
    "SYNCHRONIZE CACHE (10)": ("35 00 00 00 00 00 00 00 00 00", b"", 0, "any"),
    "SYNCHRONIZE CACHE (16)": ("91 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00", b"", 0, "any"),
}
# Here the target core differs from the standards for some types and roles, behind every fabric: it
# counts SYNCHRONIZE CACHE and MODE SENSE among the reads, VERIFY among the writes, and refuses READ CAPACITY.
CORE_DIFFERS = {"MODE SENSE (6)", "MODE SENSE (10)", "READ CAPACITY (10)", "READ CAPACITY (16)", "VERIFY (10)",
                "SYNCHRONIZE CACHE (10)", "SYNCHRONIZE CACHE (16)"}


def reserve_out(fd, action, scope_type=0, key=0, new_key=0):
    cdb = bytes((0x5f, action, scope_type, 0, 0, 0, 0, 0, 24, 0))
    header, sense, _ = sg.command(fd, cdb, key.to_bytes(8, "big") + new_key.to_bytes(8, "big") + bytes(8))
    if header.status or header.host_status:
        sys.exit(f"PERSISTENT RESERVE OUT {action}: status {header.status:#x}, sense {sense.hex()}")


def take_attention(fd):
    """A change of registrations or a reset leaves unit attentions."""
    for _ in range(8):
        if not sg.command(fd, bytes(6))[0].status:
            return


def conflicts(fd, name):
    cdb, out, room, _ = COMMANDS[name]
    take_attention(fd)
    return sg.command(fd, bytes.fromhex(cdb), out, room)[0].status == CONFLICT


def expected(name, kind, role):
    when = COMMANDS[name][3]
    if not when or role == "registrant" and "registrants" in kind:
        return False
    return when == "any" or "exclusive access" in kind


def main():
    disks = {role: os.open(path, os.O_RDWR | os.O_NONBLOCK) for role, path in zip(("holder", "registrant", "other"), sys.argv[1:])}
    for number, (kind, code) in enumerate(TYPES.items(), 1):
        for role, key in KEYS.items():
            take_attention(disks[role])
            reserve_out(disks[role], REGISTER, new_key=key)
        reserve_out(disks["holder"], RESERVE, code, KEYS["holder"])
        wrong, known = [], []
        for name in COMMANDS:
            for role, fd in disks.items():
                want = role != "holder" and expected(name, kind, role)
                if conflicts(fd, name) != want:
                    (known if name in CORE_DIFFERS else wrong).append(f"{name} from the {role} {'does not conflict' if want else 'conflicts'}")
        print(f"{'not ok' if wrong else 'ok'} {number} - {kind}: {len(COMMANDS)} commands from {len(disks)} initiator ports")
        for line in [*wrong, *(f"known: {line}" for line in known)]:
            print(f"#   {line}")
        for fd in disks.values():
            take_attention(fd)
        reserve_out(disks["holder"], CLEAR, key=KEYS["holder"])
    print(f"1..{len(TYPES)}")


main()
