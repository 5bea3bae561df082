#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""churn.py SECONDS [WORKERS [SEED]]: everything at once, at random.

The workers create, link, write, verify, reset, take offline, delete, rescan,
unlink and remove targets, TPGs, nexuses and LUNs, without regard to each other.
Each operation may be refused with the errnos that make sense for it; what was
written to a backstore must be read from it, through whichever disk; and no
operation may take longer than LIMIT.  The backstores that exist are used.
"""
import collections
import contextlib
import errno
import fcntl
import json
import mmap
import os
import random
import struct
import sys
import time

from configfs import CONFIG, LOOPBACK, device_of, write

NAMES = {  # target: initiator port
    "naa.5001405000000001": "naa.5001405000000002",
    "fc.21:00:00:24:ff:00:00:01": "fc.21:00:00:24:ff:00:00:02",
    "iqn.2003-01.org.linux-iscsi.lab:target": "iqn.2003-01.org.linux-iscsi.lab:initiator,i,0x00023d000001",
}
TPGTS = 1, 2
LUNS = 0, 1, 5
BLOCK = 4096
AREA = 256  # blocks of each backstore that belong to a worker
LIMIT = float(os.environ.get("CHURN_LIMIT", 60))  # seconds
SG_SCSI_RESET, RESETS = 0x2284, {"device": 1, "host": 3}

CONFIGFS = {errno.ENOENT, errno.EEXIST, errno.ENOTEMPTY, errno.EBUSY}
DISK = {errno.ENOENT, errno.ENXIO, errno.ENODEV, errno.EIO, errno.ENOLINK, errno.EREMOTEIO, errno.ETIMEDOUT,
        errno.ENOSPC}  # a disk that is gone has no blocks


class Wrong(Exception):
    """What must not happen."""


def read(path):
    with open(path, "rb") as f:
        return f.read()


@contextlib.contextmanager
def locked(lun, how):
    """While configfs looks for what a new link points to, it lets go of the link's directory.  When that is removed in
    this moment, the target core is called for a LUN without a TPG, and crashes (seen on 7.3; no fabric is asked before)."""
    with open("/tmp/churn-" + lun.replace("/", "-"), "w") as f:
        fcntl.flock(f, how)
        yield


def link_lun(backstore, lun):
    with locked(lun, fcntl.LOCK_SH):
        os.symlink(backstore, f"{lun}/backstore")


def remove_lun(lun):
    with locked(lun, fcntl.LOCK_EX):
        os.rmdir(lun)


class Worker:
    def __init__(self, number, seed, slot):
        self.number = number
        self.random = random.Random(f"{seed} {number}")
        self.slot = slot
        self.content = {}  # (backstore, block): what it must be; None if a write failed
        self.buffer = mmap.mmap(-1, 64 * BLOCK)
        self.stamp = 0
        self.counts = collections.defaultdict(collections.Counter)
        self.slowest = collections.defaultdict(float)
        self.mib = 0.0

    def target(self):
        return f"{LOOPBACK}/{self.random.choice(list(NAMES))}"

    def tpg(self):
        return f"{self.target()}/tpgt_{self.random.choice(TPGTS)}"

    def lun(self):
        return f"{self.tpg()}/lun/lun_{self.random.choice(LUNS)}"

    def backstore(self):
        paths = [f"{CONFIG}/core/{hba}/churn" for hba in os.listdir(f"{CONFIG}/core") if hba != "alua"]
        return self.random.choice([path for path in paths if os.path.isdir(path)])

    def device(self):
        """A scsi_device of ours, if there is one."""
        devices = []
        for target in os.listdir(LOOPBACK):
            for tpgt in TPGTS:
                for lun in LUNS:
                    with contextlib.suppress(OSError):
                        devices.append(device_of(f"{LOOPBACK}/{target}/tpgt_{tpgt}", lun))
        devices = [device for device in devices if os.path.isdir(device)]
        if not devices:
            raise FileNotFoundError(errno.ENOENT, "no disk")
        return self.random.choice(devices)

    def disk(self):
        return "/dev/" + self.random.choice(os.listdir(f"{self.device()}/block") or ["none"])

    # The operations; their errnos are in OPERATIONS.

    def mkdir_target(self):
        os.mkdir(self.target())

    def rmdir_target(self):
        os.rmdir(self.target())

    def mkdir_tpg(self):
        os.mkdir(self.tpg())

    def rmdir_tpg(self):
        os.rmdir(self.tpg())

    def remove_all(self):
        """A target from its LUNs upwards, as targetcli does, as far as nobody stands in the way."""
        target = self.target()
        steps = []
        for tpgt in TPGTS:
            for lun in LUNS:
                steps += [(os.unlink, f"tpgt_{tpgt}/lun/lun_{lun}/backstore"), (remove_lun, f"tpgt_{tpgt}/lun/lun_{lun}")]
            steps.append((os.rmdir, f"tpgt_{tpgt}"))
        for step, path in steps:
            try:
                step(f"{target}/{path}")
            except OSError as e:
                if e.errno not in CONFIGFS:
                    raise
        os.rmdir(target)

    def make_all(self):
        """A disk and all that it needs, unless it is there."""
        lun = self.lun()
        tpg = os.path.dirname(os.path.dirname(lun))
        for step in (lambda: os.makedirs(lun), lambda: write(f"{tpg}/nexus", NAMES[tpg.split("/")[-2]])):
            try:
                step()
            except OSError as e:
                if e.errno not in CONFIGFS:
                    raise
        link_lun(self.backstore(), lun)

    def make_nexus(self):
        tpg = self.tpg()
        write(f"{tpg}/nexus", NAMES[tpg.split("/")[-2]])

    def drop_nexus(self):
        write(f"{self.tpg()}/nexus", "NULL")

    def mkdir_lun(self):
        os.mkdir(self.lun())

    def rmdir_lun(self):
        remove_lun(self.lun())

    def link(self):
        link_lun(self.backstore(), self.lun())

    def unlink(self):
        os.unlink(f"{self.lun()}/backstore")

    def offline(self):
        write(f"{self.tpg()}/transport_status", "offline")

    def online(self):
        write(f"{self.tpg()}/transport_status", "online")

    def delete(self):
        write(f"{self.device()}/delete", "1")

    def rescan_disk(self):
        write(f"{self.device()}/rescan", "1")

    def scan_host(self):
        host = os.path.basename(self.device()).split(":")[0]
        write(f"/sys/class/scsi_host/host{host}/scan", "- - -")

    def look(self):
        for where, _, names in os.walk(self.tpg()):
            for name in names:
                try:
                    read(os.path.join(where, name))
                except OSError:  # some are write-only, some vanish
                    pass

    def reset(self, kind):
        fd = os.open(self.disk(), os.O_RDONLY | os.O_NONBLOCK)
        try:
            fcntl.ioctl(fd, SG_SCSI_RESET, struct.pack("i", RESETS[kind]))
        finally:
            os.close(fd)

    def reset_device(self):
        self.reset("device")

    def reset_host(self):
        self.reset("host")

    def hold(self):
        fd = os.open(self.disk(), os.O_RDONLY)
        try:
            time.sleep(self.random.random() / 4)
        finally:
            os.close(fd)

    def io(self):
        fd = os.open(self.disk(), os.O_RDWR | os.O_DIRECT)
        try:
            # While it is open, nobody else gets its device number.
            rdev = os.fstat(fd).st_rdev
            serial = read(f"/sys/dev/block/{os.major(rdev)}:{os.minor(rdev)}/device/vpd_pg80")[4:].split(b"\0")[0].decode().strip()
            for _ in range(self.random.randint(1, 8)):
                count = self.random.choice((1, 1, 1, 2, 8, 64))
                first = self.random.randint(0, AREA - count)
                if self.random.random() < 0.5:
                    self.write_blocks(fd, serial, first, count)
                else:
                    self.read_blocks(fd, serial, first, count)
                self.mib += count * BLOCK / 2**20
        finally:
            os.close(fd)

    def write_blocks(self, fd, serial, first, count):
        blocks = range(first, first + count)
        for at, block in enumerate(blocks):
            self.stamp += 1
            self.content[serial, block] = None
            self.buffer[at * BLOCK:(at + 1) * BLOCK] = struct.pack("<IIQ", self.number, block, self.stamp) * (BLOCK // 16)
        done = os.pwritev(fd, [memoryview(self.buffer)[:count * BLOCK]], (self.number * AREA + first) * BLOCK)
        for at, block in enumerate(blocks[:done // BLOCK]):
            self.content[serial, block] = self.buffer[at * BLOCK:(at + 1) * BLOCK]

    def read_blocks(self, fd, serial, first, count):
        self.buffer[:count * BLOCK] = b"\xa5" * (count * BLOCK)
        done = os.preadv(fd, [memoryview(self.buffer)[:count * BLOCK]], (self.number * AREA + first) * BLOCK)
        for at in range(done // BLOCK):
            expected = self.content.get((serial, first + at))
            actual = self.buffer[at * BLOCK:(at + 1) * BLOCK]
            if expected is not None and actual != expected:
                raise Wrong(f"{serial}: block {first + at} of worker {self.number} is {struct.unpack('<IIQ', actual[:16])}, "
                            f"but {struct.unpack('<IIQ', expected[:16])} was written")

    def run(self, end):
        names = list(OPERATIONS)
        weights = [OPERATIONS[name][0] for name in names]
        wrong = []
        while time.time() < end and not wrong:
            name = self.random.choices(names, weights)[0]
            start = time.time()
            self.slot[:] = struct.pack("di", start, names.index(name))
            try:
                getattr(self, name)()
                result = "done"
            except OSError as e:
                result = errno.errorcode.get(e.errno, str(e.errno))
                if e.errno not in OPERATIONS[name][1]:
                    wrong.append(f"{name}: {e}")
            except Wrong as e:
                result = "wrong"
                wrong.append(f"{name}: {e}")
            self.counts[name][result] += 1
            self.slowest[name] = max(self.slowest[name], time.time() - start)
        self.slot[:] = struct.pack("di", 0, 0)
        return {"counts": self.counts, "slowest": self.slowest, "wrong": wrong, "mib": self.mib}


OPERATIONS = {  # how often, and the errnos with which it may be refused
    "mkdir_target": (4, CONFIGFS),
    "rmdir_target": (1, CONFIGFS),
    "remove_all": (1, CONFIGFS),
    "make_all": (4, CONFIGFS | {errno.EPERM}),
    "mkdir_tpg": (6, CONFIGFS),
    "rmdir_tpg": (2, CONFIGFS),
    "make_nexus": (8, CONFIGFS),
    "drop_nexus": (2, CONFIGFS | {errno.EPERM, errno.ENODEV}),
    "mkdir_lun": (8, CONFIGFS),
    "rmdir_lun": (2, CONFIGFS),
    "link": (12, CONFIGFS | {errno.EPERM}),
    "unlink": (5, CONFIGFS),
    "offline": (1, CONFIGFS),
    "online": (5, CONFIGFS),
    "delete": (2, DISK),
    "rescan_disk": (2, DISK),
    "scan_host": (2, CONFIGFS | DISK),
    "look": (2, CONFIGFS),
    "reset_device": (3, DISK | {errno.EBUSY, errno.EAGAIN}),
    "reset_host": (1, DISK | {errno.EBUSY, errno.EAGAIN}),
    "hold": (3, DISK),
    "io": (60, DISK),
}


def stuck(slots, pids):
    """Which workers take longer than the limit?"""
    for slot, pid in zip(slots, pids):
        start, index = struct.unpack("di", slot[:struct.calcsize("di")])
        if start and time.time() - start > LIMIT:
            try:
                stack = read(f"/proc/{pid}/stack").decode()
            except OSError:
                stack = ""
            yield f"{list(OPERATIONS)[index]} takes more than {LIMIT:.0f} s; the task waits in:\n{stack}"


def main():
    seconds = float(sys.argv[1])
    workers = int(sys.argv[2]) if len(sys.argv) > 2 else 6
    seed = sys.argv[3] if len(sys.argv) > 3 else str(random.SystemRandom().randrange(10**9))
    print(f"# {workers} workers for {seconds:.0f} s; to repeat their choices: churn.py {seconds:.0f} {workers} {seed}", flush=True)
    size = struct.calcsize("di")
    shared = mmap.mmap(-1, size * workers)
    slots = [memoryview(shared)[n * size:(n + 1) * size] for n in range(workers)]
    end = time.time() + seconds
    pids, pipes, wrong = [], [], []
    for number in range(workers):
        out, into = os.pipe()
        pid = os.fork()
        if not pid:
            os.close(out)
            result = Worker(number, seed, slots[number]).run(end)
            with os.fdopen(into, "w") as f:
                json.dump(result, f)
            os._exit(0)
        os.close(into)
        pids.append(pid)
        pipes.append(out)

    left = set(pids)
    while left and not wrong:
        time.sleep(0.2)
        wrong += stuck(slots, pids)
        while left and not wrong:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                break
            left.discard(pid)
            if status:
                wrong.append(f"a worker ended with status {status}")
    if left:
        write("/proc/sysrq-trigger", "w")
    else:
        counts, slowest, mib = collections.defaultdict(collections.Counter), {}, 0
        for out in pipes:
            with os.fdopen(out) as f:
                result = json.loads(f.read() or "{}")
            wrong += result.get("wrong", [])
            mib += result.get("mib", 0)
            for name, values in result.get("counts", {}).items():
                counts[name].update(values)
                slowest[name] = max(slowest.get(name, 0), result["slowest"][name])
        for name in OPERATIONS:
            print(f"# {name:13} {slowest.get(name, 0):6.2f} s at most; "
                  + ", ".join(f"{count} {what}" for what, count in counts[name].most_common()))
        print(f"# {sum(sum(c.values()) for c in counts.values())} operations, "
              f"{mib:.0f} MiB; the longest took {max(slowest.values(), default=0):.2f} s")
        # The rarest, of targets and TPGs that happen to be empty, succeeds once in 25 tries.
        wrong += [f"{name} never succeeded" for name in OPERATIONS if not counts[name]["done"] and sum(counts[name].values()) > 500]
    for line in "\n".join(wrong).splitlines():
        print(line)
    sys.stdout.flush()
    os._exit(bool(wrong))


main()
