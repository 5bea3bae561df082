# SPDX-License-Identifier: GPL-2.0-only
"""What there is, looked at once: every answer of a command comes from here."""
import os
import re
from typing import NamedTuple

from .lio import TARGET, access_of, attribute_path, lun_path, port_path, protected, serial_of
from .model import PLUGINS, TARGETCLI


DISK_TYPES = "0", "7", "14", "20"  # SPC-4, 6.6.2, PERIPHERAL DEVICE TYPE: what the kernel has a block device for


class Backstore:
    def __init__(self, tree, inside):
        self.tree, self.inside = tree, inside
        _, hba, self.name = inside.split("/")
        self.plugin = hba.rpartition("_")[0]
        self.serial = serial_of(tree, inside)
        self.luns = []  # all that are linked to it, of all fabrics
        self.attributes = {}  # that were looked at

    @property
    def kind(self):
        return next((kind for kind, plugin in PLUGINS.items() if plugin == self.plugin), self.plugin)

    def attribute(self, name):
        """What it has, or None."""
        if name not in self.attributes:
            value = self.tree.read(attribute_path(self.inside, name))
            self.attributes[name] = value.strip() if value is not None else None
        return self.attributes[name]

    def info(self):
        return self.tree.read(f"{TARGET}/{self.inside}/info") or ""

    def where(self):
        """The file, the block device or TCMU's HANDLER:CONFIG, or ""."""
        if self.plugin == "user":
            match = re.search(r"Config: (.*) Size: ", self.info())
            return match[1].replace("/", ":", 1) if match and match[1] != "NULL" else ""
        path = "" if self.plugin == "rd_mcp" else (self.tree.read(f"{TARGET}/{self.inside}/udev_path") or "").strip()
        if not path and self.plugin == "fileio":
            match = re.search(r"File: (.*)  Size: ", self.info())
            path = match[1] if match else ""
        return path

    def size(self):
        """Bytes of a ramdisk, a file or a disk of TCMU, or 0."""
        info = self.info()
        pages, size = re.search(r"PAGES/PAGE_SIZE: (\d+)\*(\d+)", info), re.search(r"(?:File: .* |Config: .*) Size: (\d+)", info)
        return int(pages[1]) * int(pages[2]) if pages else int(size[1]) if size else 0


def hbas(tree):
    """Each HBA of the target core, and the names of its backstores."""
    return [(hba, tree.folders(f"{TARGET}/core/{hba}")) for hba in tree.folders(f"{TARGET}/core") if re.fullmatch(r".+_\d+", hba)]


def named(where, insides):
    """Of backstores below core those that a user means by NAME, or by TYPE/NAME."""
    kind, _, name = where.rpartition("/")
    parts = [inside.split("/") for inside in insides]
    return ["/".join(part) for part in parts if part[2] == name and kind in ("", TARGETCLI.get(part[1].rpartition("_")[0]))]


class Lun:
    """name is that of the link to the backstore; without one it and inside are None."""

    def __init__(self, path, links):
        self.path = path  # below TARGET
        self.name, self.inside = None, None
        for name, to in links.items():
            self.name, self.inside = name, "/".join(os.path.normpath(to).split("/")[-3:])


class Look:
    """Files, devices and mounts, each looked at once."""

    def __init__(self, tree):
        self.tree, self.cache = tree, {}

    def once(self, key, look):
        if key not in self.cache:
            self.cache[key] = look()
        return self.cache[key]

    def node(self, path):
        """What there is at a path.  Another disk's name and what a handler of TCMU is told are none."""
        return self.once(("node", path), lambda: self.tree.node(path) if path.startswith("/") else None)

    def is_ready(self, node):
        """Whether udev lets a block device be used: it is no part of another one, and is set up.  A part of a btrfs is whole as a disk."""
        record = (self.tree.read(f"/run/udev/data/b{node.key[1]}:{node.key[2]}") or "").splitlines()
        return "E:SYSTEMD_READY=0" not in record or "E:ID_BTRFS_READY=0" in record

    def mount_points(self, path):
        """Those of a file as /etc/fstab."""
        lines = [line.split() for line in (self.tree.read(path) or "").splitlines()]
        points = [re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), line[1]) for line in lines if len(line) > 2 and line[0][0] != "#"]
        return {os.path.normpath(point) for point in points if point.startswith("/")}

    def missing_mount(self, path):
        """The file system that a path is to be on, if it is not mounted."""
        there, folder = self.once("mounts", lambda: self.mount_points("/proc/mounts")), os.path.dirname(os.path.realpath(path))
        wanted = self.once("fstab", lambda: self.mount_points("/etc/fstab"))
        while folder != "/" and folder not in wanted:
            folder = os.path.dirname(folder)
        return folder if folder != "/" and folder not in there else None


class Snapshot(Look):
    def __init__(self, tree):
        super().__init__(tree)
        self.backstores, self.luns, self.ports, self.targets = {}, {}, {}, set()
        self.hbas = set()
        for hba, names in hbas(tree):
            self.hbas.add(hba)
            for name in names:
                inside = f"core/{hba}/{name}"
                self.backstores[inside] = Backstore(tree, inside)
        for fabric in tree.folders(TARGET):
            if fabric != "core":
                self.look_at(fabric)

    def look_at(self, fabric):
        for target in self.tree.folders(f"{TARGET}/{fabric}"):
            if target == "discovery_auth":  # each fabric has it, and it is none
                continue
            ports = self.tree.folders(f"{TARGET}/{fabric}/{target}")
            if fabric == "loopback":
                self.targets.add(target)
            for tpg in ports:
                for name in self.tree.folders(f"{TARGET}/{fabric}/{target}/{tpg}/lun"):
                    path = f"{fabric}/{target}/{tpg}/lun/{name}"
                    lun = Lun(path, self.tree.links(f"{TARGET}/{path}"))
                    if lun.inside in self.backstores:
                        self.backstores[lun.inside].luns.append(path)
                    number = re.fullmatch(r"lun_(\d+)", name)
                    if fabric == "loopback" and number and tpg.startswith("tpgt_"):
                        self.luns.setdefault((target, int(tpg[5:]), int(number[1])), lun)
                if fabric == "loopback" and tpg.startswith("tpgt_"):
                    self.ports[target, int(tpg[5:])] = f"{TARGET}/{fabric}/{target}/{tpg}"

    def attribute(self, port, name):
        """What an attribute of a port has, or ""."""
        path = self.ports.get(port)
        return self.once((path, name), lambda: (self.tree.read(f"{path}/{name}") or "").strip()) if path else ""

    def nexus(self, port):
        return self.attribute(port, "nexus")

    def is_protected(self, place):
        return place[2] in protected(self.attribute(place[:2], "write_protect"))

    def hctl(self, place):
        address = self.attribute(place[:2], "address")
        return f"{address}:{place[2]}" if address else ""

    def alua(self, place):
        """The asymmetric access state of a linked LUN, or None."""
        lun = self.luns.get(place)
        return self.once(("alua", place), lambda: access_of(self.tree, place, lun.inside)) if lun and lun.inside else None

    def places(self, inside):
        """Of the LUNs that are linked to a backstore."""
        return [place for place, lun in self.luns.items() if lun.inside == inside]

    def device(self, place):
        """The disk's name under /dev, or None."""
        return self.once(("device", place), lambda: device_of(self.tree, self.hctl(place)))

    def by_id(self, device):
        def look():
            found = {}
            for name, to in sorted(self.tree.links("/dev/disk/by-id").items()):
                found.setdefault(os.path.basename(to), []).append(f"/dev/disk/by-id/{name}")
            return found
        links = self.once("by-id", look).get(device, [])
        return ([link for link in links if "/wwn-" in link] + [link for link in links if "/scsi-3" in link] + links + [None])[0]

    def available_memory(self):
        match = re.search(r"^MemAvailable:\s*(\d+) kB", self.tree.read("/proc/meminfo") or "", re.MULTILINE)
        return int(match[1]) << 10 if match else None

    def free_hba(self, plugin):
        """The lowest number that no HBA has, as rtslib takes it: one for each backstore."""
        number = 0
        while f"{plugin}_{number}" in self.hbas:
            number += 1
        self.hbas.add(f"{plugin}_{number}")
        return f"{plugin}_{number}"


def name_of(tree, hctl):
    """What the kernel calls a disk, or the SCSI generic device of a tape and the like, which have none; or None."""
    device = f"/sys/bus/scsi/devices/{hctl}"
    disk = (tree.read(f"{device}/type") or "0").strip() in DISK_TYPES
    found = tree.folders(f"{device}/block") + ([] if disk else tree.folders(f"{device}/scsi_generic")) if hctl else []
    return found[0] if found else None


def device_of(tree, hctl):
    """The same, if it has a node in /dev."""
    name = name_of(tree, hctl)
    return name if name and tree.node(f"/dev/{name}") else None


class Done(NamedTuple):
    """What a disk has done until a time, as the block layer counts it: requests, sectors of 512 bytes, and how long the requests took."""
    time: float
    reads: int
    writes: int
    sectors: int
    milliseconds: int


def done(tree, device):
    """Or None without a disk."""
    words = (tree.read(f"/sys/class/block/{device}/stat") or "").split()
    if len(words) < 8:
        return None
    reads, _, read, reading, writes, _, written, writing = map(int, words[:8])
    return Done(tree.now(), reads, writes, read + written, reading + writing)


def errors_of(tree, hctl):
    """How often a command of a SCSI device ended with an error or timed out, or None.  What timed out, and ended in the error handler, is in
    the second count alone, which older kernels have not."""
    found = [int(text, 0) for text in (tree.read(f"/sys/bus/scsi/devices/{hctl}/{name}_cnt") for name in ("ioerr", "iotmo")) if text]
    return sum(found) if found else None
