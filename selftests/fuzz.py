#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""fuzz.py SECONDS [WORKERS [SEED]]: anything for a name, anything for an attribute.

Names and values are made from good ones by random changes, or of random bytes.
What is accepted must be right by the patterns below, which are written from the
standards and not from the module; what is right must be accepted; what was
accepted must be read back; and a refusal has one of the errnos that fit.
"""
import collections
import errno
import os
import random
import re
import sys
import time

from configfs import CONFIG, LOOPBACK, write

CORE = f"{CONFIG}/core/rd_mcp_0/fuzz"
PARAMETERS = "/sys/module/tcm_loop/parameters"
SPACE = b" \t\n\v\f\r"

HEX = rb"[0-9A-Fa-f]"
LABEL = rb"[-a-z0-9\x80-\xff]+"
TARGET = {
    "SAS": rb"naa\.(?:[1235C-Fc-f]%s{15}|6%s{15}(?:%s{16})?)" % (HEX, HEX, HEX),
    "FC": rb"fc\.(?:%s{16}|%s{2}(?::%s{2}){7})" % (HEX, HEX, HEX),
    "iSCSI": rb"(?:iqn\.[0-9]{4}-(?:0[1-9]|1[0-2])\.%s(?:\.%s)*(?::[-.:a-z0-9\x80-\xff]*)?|eui\.%s{16})" % (LABEL, LABEL, HEX),
}
ISID = rb"(?:,i,0x%s{12})?" % HEX
SEEDS = [
    b"naa.5001405000000001", b"naa.60014050000000010000000000000001", b"naa.600140554cf3a18e", b"fc.21:00:00:24:ff:00:00:01",
    b"fc.21000024ff000001", b"iqn.2003-01.org.linux-iscsi.lab:x", b"iqn.2003-01.org.l\xc3\xa0", b"eui.02004567a425678d",
    b"iqn.2003-01.org.lab,i,0x00023d000001", b"tpgt_1", b"tpgt_01", b"tpgt_65535", b"tpgt_0", b"lun_0", b"lun_255", b"lun_65535", b"lun_4294967295",
    b"lun_18446744073709551615", b"online", b"offline", b"NULL", b"0", b"1", b"3", b"65535", b"256", b"0x10", b"- - -", b"0 1 0",
]
with open("/sys/module/tcm_loop/parameters/strict_names") as parameter:
    STRICT = parameter.read().strip() == "Y"
REFUSED = {errno.EINVAL, errno.ENAMETOOLONG, errno.EEXIST, errno.ERANGE, errno.ENOENT, errno.EPERM}


PREFIXES = {"SAS": (b"naa.",), "FC": (b"fc.",), "iSCSI": (b"iqn.", b"eui.")}


def name_can_be_used(name, role, protocols):
    """Unless strict_names is set, a prefix and printable bytes do, 223 in all; old configfs takes a target's name for a format."""
    if role == "target" and b"%" in name:
        return False
    for protocol in protocols:
        for prefix in PREFIXES[protocol]:
            text = name
            if role == "initiator" and protocol == "iSCSI" and len(name) > len(prefix) + 17 and re.fullmatch(ISID, name[-17:]):
                text = name[:-17]
            if text.startswith(prefix) and len(prefix) < len(text) <= 223 and not re.search(rb"[\0- \x7f]", text):
                return True
    return False


def name_is_right(name, role, protocols=tuple(TARGET)):
    if not STRICT and name_can_be_used(name, role, protocols):
        return True
    for protocol in protocols:
        isid = ISID if role == "initiator" and protocol == "iSCSI" else b""
        text = name.split(b",")[0]
        if re.fullmatch(TARGET[protocol] + isid, name, re.DOTALL) and len(text) <= 223 + (not text.startswith(b"iqn")):
            return True
    return False


def number(text):
    """As the kernel reads one: up to a zero byte, and a newline may follow."""
    text = text.split(b"\0")[0]
    if text.endswith(b"\n"):
        text = text[:-1]
    text = text[1:] if text.startswith(b"+") else text
    if re.fullmatch(rb"0[xX][0-9a-fA-F]+", text):
        return int(text, 16)
    if re.fullmatch(rb"0[0-7]*", text):
        return int(text, 8)
    return int(text) if re.fullmatch(rb"[1-9][0-9]*", text) else -1


class Fuzzer:
    def __init__(self, worker, seed):
        self.random = random.Random(f"{seed} {worker}")
        self.worker = worker
        self.counts = collections.Counter()
        self.protocol = ("SAS", "iSCSI", "FC")[worker % 3]
        target = {"SAS": f"naa.500140500000f{worker:03x}", "FC": f"fc.21:00:00:24:ff:0f:00:{worker:02x}",
                  "iSCSI": f"iqn.2003-01.org.linux-iscsi.fuzz:{worker}"}
        self.tpg = f"{LOOPBACK}/{target[self.protocol]}/tpgt_1"
        os.makedirs(self.tpg)

    def bytes(self, count):
        return bytes(self.random.randrange(256) for _ in range(count))

    def value(self):
        """Bytes that are nearly right, but some: configfs does not pass on an empty write."""
        return self.changed() or b"\n"

    def changed(self):
        r = self.random
        value = r.choice(SEEDS)
        if r.random() < 0.1:
            return self.bytes(r.choice((1, 3, 20, 300, 4200)))
        for _ in range(r.choice((0, 0, 1, 1, 2, 4))):
            at = r.randint(0, len(value))
            to = r.randint(at, min(len(value), at + 4))
            value = r.choice((
                lambda: value[:at] + value[to:],
                lambda: value[:at] + self.bytes(1) + value[at:],
                lambda: value[:at] + self.bytes(1) + value[at + 1:],
                lambda: value[:at] + bytes([r.choice(b"0123456789abcdefABCDEF:.,- _\n\0%s/")]) + value[at + 1:],
                lambda: value[:at] + value[at:to] * r.choice((2, 3, 100, 1000)) + value[to:],
                lambda: value + r.choice((b"\n", b" ", b"\t\n", b"\0", b"\xa0", b"\n\n")),
                lambda: r.choice((b"\n", b" ", b"\0", b"+")) + value,
                lambda: value.upper(),
                lambda: value[:at] + r.choice(SEEDS),
            ))()
        return value

    def write(self, path, value):
        """The errno, or 0.  configfs and sysfs take a page at most."""
        try:
            write(path, value)
            return 0
        except OSError as e:
            return e.errno

    def expect(self, what, value, right, error, errors=REFUSED):
        self.counts[f"{what} {'refused' if error else 'accepted'}"] += 1
        if bool(error) == right and not (right and error in (errno.EEXIST, errno.ENAMETOOLONG)):
            raise AssertionError(f"{what}: {value[:300]!r} is {'right' if right else 'wrong'}, but it was "
                                 + (f"refused with {errno.errorcode[error]}" if error else "accepted"))
        if error and error not in errors:
            raise AssertionError(f"{what}: {value[:300]!r} was refused with {errno.errorcode[error]}")

    def make(self, what, parent, name, right):
        """mkdir, and rmdir if it was accepted."""
        if b"/" in name or b"\0" in name or name in (b"", b".", b".."):
            return
        path = os.fsencode(parent) + b"/" + name
        try:
            os.mkdir(path)
            error = 0
        except OSError as e:
            error = e.errno
        self.expect(what, name, right, error)
        if not error:
            os.rmdir(path)

    def target(self):
        name = self.value()
        self.make("target", LOOPBACK, name, name_is_right(name, "target"))

    def tag(self):
        name = self.value()
        digits = re.fullmatch(rb"tpgt_([0-9]+)", name)
        right = bool(digits) and int(digits[1]) <= 65535
        if right and int(digits[1]) == 1:
            right = name == b"tpgt_1"  # which exists, so no other spelling of it may
        self.make("TPG", os.path.dirname(self.tpg), name, right)

    def lun(self):
        """The target core accepts any number, and the module must bear it."""
        name = self.value()
        if b"/" in name or b"\0" in name or not name.startswith(b"lun_"):
            return
        path = os.fsencode(self.tpg) + b"/lun/" + name
        try:
            os.mkdir(path)
        except OSError:
            self.counts["LUN refused"] += 1
            return
        self.counts["LUN accepted"] += 1
        if self.random.random() < 0.5:
            os.symlink(CORE, path + b"/backstore")
            os.unlink(path + b"/backstore")
        os.rmdir(path)

    def nexus(self):
        value = self.value()
        name = value[:4095].strip(SPACE)
        if name == b"NULL":
            return
        error = self.write(f"{self.tpg}/nexus", value)
        self.expect("nexus", value, name_is_right(name, "initiator", (self.protocol,)), error)
        if error:
            return
        with open(f"{self.tpg}/nexus", "rb") as f:
            shown = f.read()[:-1]

        def plain(text):
            return text if text.startswith(b"iqn") and b"," not in text else text.lower().replace(b":", b"")
        if plain(shown) != plain(name):
            raise AssertionError(f"nexus: {value!r} is read back as {shown!r}")
        error = self.write(f"{self.tpg}/nexus", b"NULL")
        if error:
            raise AssertionError(f"nexus: NULL: {errno.errorcode[error]}")

    def attribute(self):
        value = self.value()
        given = value[:4095]
        name, right = self.random.choice((
            ("transport_status", given.strip(SPACE) in (b"online", b"offline")),
            ("complete_device_id", given.strip(SPACE) in (b"0", b"1")),
            ("attrib/fabric_prot_type", number(given) in (0, 1, 3)),
        ))
        self.expect(name, value, right, self.write(f"{self.tpg}/{name}", value), {errno.EINVAL})

    def parameter(self):
        value = self.value()
        name, least, most, usual = self.random.choice((
            ("nr_hw_queues", 0, 4096, b"0"), ("can_queue", 1, 10240, b"1024"), ("cmd_per_lun", 0, 10240, b"0")))
        self.expect(name, value, least <= number(value[:4095]) <= most, self.write(f"{PARAMETERS}/{name}", value), {errno.EINVAL})
        self.write(f"{PARAMETERS}/{name}", usual)

    def other(self):
        """What is the target core's and the SCSI layer's: it must not crash."""
        with open(f"{self.tpg}/address") as f:
            scan = f"/sys/class/scsi_host/host{f.read().split(':')[0]}/scan"
        path = self.random.choice((f"{self.tpg}/rtpi", f"{self.tpg}/enable", scan))
        if os.path.exists(path):
            self.write(path, self.value())
            self.counts["others"] += 1

    def run(self, end):
        steps = [self.target] * 3 + [self.tag] * 2 + [self.lun] * 2 + [self.nexus] * 4 + [self.attribute] * 4 + \
                [self.parameter] * 2 + [self.other]
        while time.time() < end:
            try:
                self.random.choice(steps)()
            except (AssertionError, OSError) as e:
                print(f"worker {self.worker}: {e}", flush=True)
                return 1
        print(f"# worker {self.worker}, {self.protocol}: " + ", ".join(f"{n} {what}" for what, n in sorted(self.counts.items())), flush=True)
        os.rmdir(self.tpg)
        os.rmdir(os.path.dirname(self.tpg))
        return 0


def main():
    seconds = float(sys.argv[1])
    workers = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    seed = sys.argv[3] if len(sys.argv) > 3 else str(random.SystemRandom().randrange(10**9))
    print(f"# to repeat: fuzz.py {seconds:.0f} {workers} {seed}", flush=True)
    pids = []
    for worker in range(workers):
        pid = os.fork()
        if not pid:
            os._exit(Fuzzer(worker, seed).run(time.time() + seconds))
        pids.append(pid)
    sys.exit(any([os.waitpid(pid, 0)[1] for pid in pids]))


main()
