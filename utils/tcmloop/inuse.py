# SPDX-License-Identifier: GPL-2.0-only
"""Who uses a disk."""
import errno
import os
import re


def numbers_of(tree, device, hctl):
    """The device numbers of a disk, its partitions and its SCSI character devices, as "b8:0" and "c21:0"."""
    found = {}
    block = f"/sys/bus/scsi/devices/{hctl}/block/{device}"
    for path, name in [(block, device)] + [(f"{block}/{part}", part) for part in tree.folders(block) if part.startswith(device)]:
        found[f"b{(tree.read(path + '/dev') or '').strip()}"] = name
    for kind in "scsi_generic", "bsg":
        for name in tree.folders(f"/sys/bus/scsi/devices/{hctl}/{kind}"):
            found[f"c{(tree.read(f'/sys/bus/scsi/devices/{hctl}/{kind}/{name}/dev') or '').strip()}"] = name
    return found


def open_files(tree):
    """The device numbers that processes have open: of each, which process.  One pass over all of them."""
    found = {}
    for pid in tree.folders("/proc"):
        if not pid.isdigit() or int(pid) == os.getpid():
            continue
        for fd, to in tree.links(f"/proc/{pid}/fd").items():
            # Of what is elsewhere nothing is asked: a file server that does not answer would stop this command, too.
            if not to.startswith("/dev/"):
                continue
            node = tree.node(f"/proc/{pid}/fd/{fd}")
            if node and node.kind in ("block", "character"):
                found.setdefault(f"{node.kind[0]}{node.key[1]}:{node.key[2]}", pid)
    return {number: f"{(tree.read(f'/proc/{pid}/comm') or '?').strip()} (process {pid})" for number, pid in found.items()}


def mounted_as(tree, names):
    """Where this process sees a disk, or a partition, mounted or used for swap."""
    for line in ((tree.read("/proc/mounts") or "") + (tree.read("/proc/swaps") or "")).splitlines():
        fields = re.sub(r"\\040", " ", line).split(" ") if line.startswith("/dev/") else []
        if len(fields) > 1 and os.path.basename(fields[0].split()[0]) in names:
            return f"{fields[0].split()[0]} is in use as {(' '.join(fields[1:])).split()[0]}"
    return None


class Users:
    """Answers by what a disk is in use, or None; the processes are looked at once."""

    def __init__(self, snapshot, patience=1.0):
        self.snapshot, self.tree, self.patience = snapshot, snapshot.tree, patience
        self.open = None

    def of(self, place):
        device, hctl = self.snapshot.device(place), self.snapshot.hctl(place)
        if not device:
            return None
        numbers = numbers_of(self.tree, device, hctl)
        try:
            with self.tree.exclusive(f"/dev/{device}"):
                pass
        except OSError as e:
            if e.errno == errno.EBUSY:
                return mounted_as(self.tree, numbers.values()) or self.holder(hctl, device, numbers) or f"/dev/{device} is in use"
        # udev and the like look at a disk for a moment only.
        end = self.tree.now() + self.patience
        while True:
            if self.open is None:
                self.open = open_files(self.tree)
            using = next((number for number in numbers if number in self.open), None)
            if not using:
                return None
            if self.tree.now() > end:
                return f"/dev/{numbers[using]} is in use by {self.open[using]}"
            self.open = None
            self.tree.sleep(0.1)

    def holder(self, hctl, device, numbers):
        block = f"/sys/bus/scsi/devices/{hctl}/block/{device}"
        for path in [block] + [f"{block}/{name}" for name in numbers.values() if name != device]:
            for holder in list(self.tree.links(f"{path}/holders")) + self.tree.folders(f"{path}/holders"):
                return f"/dev/{os.path.basename(path)} is in use by {holder}"
        return None
