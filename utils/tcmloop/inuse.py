# SPDX-License-Identifier: GPL-2.0-only
"""Who uses a disk."""
import errno
import os
import re

from .snapshot import name_of
from .tree import open_files

NVMET = "/sys/kernel/config/nvmet/subsystems"


def numbers_of(tree, device, hctl):
    """The device numbers of a disk, its partitions and its SCSI character devices, as "b8:0" and "c21:0"."""
    found = {}
    block = f"/sys/bus/scsi/devices/{hctl}/block/{device}"
    parts = [(block, device)] + [(f"{block}/{part}", part) for part in tree.folders(block) if part.startswith(device)]
    for path, name in parts if tree.is_folder(block) else ():
        found[f"b{(tree.read(path + '/dev') or '').strip()}"] = name
    for kind in "scsi_generic", "bsg", "scsi_tape", "scsi_changer":
        for name in tree.folders(f"/sys/bus/scsi/devices/{hctl}/{kind}"):
            found[f"c{(tree.read(f'/sys/bus/scsi/devices/{hctl}/{kind}/{name}/dev') or '').strip()}"] = name
    return found


def block_devices(tree, snapshot, place):
    """A disk, and its partitions."""
    hctl = snapshot.hctl(place)
    device = name_of(tree, hctl)
    return [f"/dev/{name}" for number, name in numbers_of(tree, device, hctl).items() if number[0] == "b"] if device else []


def open_in_kernel(snapshot):
    """The device numbers that loop devices, nvmet and backstores have open, neither exclusively nor as a process: of each, which."""
    tree, found = snapshot.tree, {}
    paths = [(f"/sys/devices/virtual/block/{name}/loop/backing_file", name) for name in tree.folders("/sys/devices/virtual/block") if name.startswith("loop")]
    for subsystem in tree.folders(NVMET):
        for number in tree.folders(f"{NVMET}/{subsystem}/namespaces"):
            if (tree.read(f"{NVMET}/{subsystem}/namespaces/{number}/enable") or "").strip() == "1":
                paths.append((f"{NVMET}/{subsystem}/namespaces/{number}/device_path", f"nvmet {subsystem}, namespace {number}"))
    files = [((tree.read(path) or "").strip(), user) for path, user in paths]
    files += [(b.where(), b.inside) for b in snapshot.backstores.values()]
    for path, user in files:
        node = tree.node(path) if path.startswith("/dev/") else None
        if node and node.kind == "block":
            found.setdefault(f"b{node.key[1]}:{node.key[2]}", user)
    return found


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
        self.open = self.open_in_kernel = None

    def of(self, place):
        # Without a node in /dev a disk can be in use all the same.
        hctl = self.snapshot.hctl(place)
        device = name_of(self.tree, hctl)
        if not device:
            return None
        numbers = numbers_of(self.tree, device, hctl)
        try:
            with self.tree.exclusive(f"/dev/{device}"):
                pass
        except OSError as e:
            user = mounted_as(self.tree, numbers.values()) or self.holder(hctl, device, numbers)
            if user or e.errno == errno.EBUSY:
                return user or f"/dev/{device} is in use"
        if self.open_in_kernel is None:
            self.open_in_kernel = open_in_kernel(self.snapshot)
        using = next((number for number in numbers if number in self.open_in_kernel), None)
        if using:
            return f"/dev/{numbers[using]} is in use by {self.open_in_kernel[using]}"
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
