#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""iscsi.py TARGET OPERATION...: an iSCSI initiator on 127.0.0.1, of what a test needs of one (RFC 7143).

Operations, on LUN 0, in turn: "reset" (LOGICAL UNIT RESET), "register:KEY", "reserve:KEY" (exclusive access,
registrants only), "clear:KEY", "preempt:KEY:KEY" (PREEMPT AND ABORT: own key, and that of whom is preempted).
"""
import socket
import struct
import sys

NOP_OUT, SCSI_COMMAND, TASK_MANAGEMENT, LOGIN = 0x00, 0x01, 0x02, 0x03
NOP_IN, SCSI_RESPONSE, TASK_MANAGEMENT_RESPONSE, LOGIN_RESPONSE = 0x20, 0x21, 0x22, 0x23
IMMEDIATE, FINAL, WRITE, SIMPLE = 0x40, 0x80, 0x20, 0x01
OPERATIONAL_TO_FULL_FEATURE = 0x07
NO_TAG = 0xFFFFFFFF


class Session:
    """A session of one connection, one command at a time."""

    def __init__(self, target):
        self.connection = socket.create_connection(("127.0.0.1", 3260), timeout=300)
        self.command_number = self.status_number = 1
        # The target's own proposals want an answer each.
        keys = {"InitiatorName": "iqn.2003-01.org.linux-iscsi.lab:other", "TargetName": target, "SessionType": "Normal",
                "AuthMethod": "None", "HeaderDigest": "None", "DataDigest": "None", "MaxConnections": "1",
                "InitialR2T": "Yes", "ImmediateData": "Yes", "MaxRecvDataSegmentLength": "8192",
                "MaxBurstLength": "8192", "FirstBurstLength": "8192", "DefaultTime2Wait": "2",
                "DefaultTime2Retain": "0", "MaxOutstandingR2T": "1", "DataPDUInOrder": "Yes",
                "DataSequenceInOrder": "Yes", "ErrorRecoveryLevel": "0", "IFMarker": "No", "OFMarker": "No"}
        text = b"".join(f"{key}={value}".encode() + b"\0" for key, value in keys.items())
        while True:
            self.send(LOGIN | IMMEDIATE, FINAL | OPERATIONAL_TO_FULL_FEATURE, bytes.fromhex("400001370000") + bytes(2), 1, bytes(4), data=text)
            header, _ = self.receive()
            if header[0] != LOGIN_RESPONSE or header[36]:
                raise SystemExit(f"login refused: {header.hex()}")
            if header[1] & FINAL:
                return
            text = b""

    def send(self, opcode, flags, lun, tag, word, tail=b"", data=b""):
        """Send a PDU: a header of 48 bytes, and data in whole words."""
        header = struct.pack(">BBHI8sI4sII", opcode, flags, 0, len(data), lun, tag, word, self.command_number, self.status_number) + tail
        self.connection.sendall(header.ljust(48, b"\0") + data + bytes(-len(data) % 4))
        if not opcode & IMMEDIATE:
            self.command_number += 1

    def bytes(self, count):
        """Receive as many bytes."""
        data = b""
        while len(data) < count:
            some = self.connection.recv(count - len(data))
            if not some:
                raise SystemExit("the target has closed the connection")
            data += some
        return data

    def receive(self):
        """Receive the next PDU that is for this, and answer those that only ask whether anybody is there."""
        while True:
            header = self.bytes(48)
            length = int.from_bytes(header[5:8], "big")
            data = self.bytes(length + -length % 4)[:length]
            asked, status = struct.unpack_from(">II", header, 20)
            if header[0] != NOP_IN:
                self.status_number = status + 1
                return header, data
            if asked != NO_TAG:
                self.send(NOP_OUT | IMMEDIATE, FINAL, header[8:16], NO_TAG, header[20:24])

    def reset(self):
        """LOGICAL UNIT RESET; the response, 0 if it is complete."""
        self.send(TASK_MANAGEMENT | IMMEDIATE, FINAL | 5, bytes(8), 2, b"\xff" * 4)
        header, _ = self.receive()
        return header[2] if header[0] == TASK_MANAGEMENT_RESPONSE else header.hex()

    def command(self, cdb, data=b""):
        """A command without data, or with data to the target; the status, or a response that is no status."""
        self.send(SCSI_COMMAND, FINAL | SIMPLE | (WRITE if data else 0), bytes(8), 3, struct.pack(">I", len(data)), cdb, data)
        header, _ = self.receive()
        return header[3] if header[0] == SCSI_RESPONSE and not header[2] else header.hex()

    def reserve_out(self, action, key, new):
        """PERSISTENT RESERVE OUT, of type EXCLUSIVE ACCESS - REGISTRANTS ONLY."""
        return self.command(bytes((0x5F, action, 6, 0, 0, 0, 0, 0, 24, 0)), struct.pack(">QQ8x", key, new))


def main():
    """Do as the arguments say, and tell what went wrong."""
    session = Session(sys.argv[1])
    while session.command(bytes(6)) == 2:  # unit attentions
        pass
    for operation in sys.argv[2:]:
        name, *keys = operation.split(":")
        keys = [int(key, 16) for key in keys]
        if name == "reset":
            answer = session.reset()
        else:
            action = {"register": 6, "reserve": 1, "clear": 3, "preempt": 5}[name]
            keys = [0] + keys if name == "register" else (keys + [0])[:2]
            answer = session.reserve_out(action, *keys)
        if answer != 0:
            raise SystemExit(f"{operation}: {answer}")


main()
