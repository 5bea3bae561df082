# SPDX-License-Identifier: GPL-2.0-only
"""A file system in memory that behaves as LIO's configfs, sysfs and udev do, as far as tcm-loop sees it.

Target, TPG, nexus and LUN obey the model of selftests/states.py, along which the module is led, too: test_fake.py.
"""
import collections
import contextlib
import errno
import os
import re

from tcmloop import model
from tcmloop.lio import TARGET, protected
from tcmloop.names import designator
from tcmloop.tree import Node, Tree

CORE, LOOPBACK = f"{TARGET}/core", f"{TARGET}/loopback"
ATTRIBUTES = {"attrib/block_size": "512\n", "attrib/emulate_tpu": "0\n"}
TCMU_ATTRIBUTES = {"attrib/cmd_time_out": "30\n", "attrib/nl_reply_supported": "0\n"}
INQUIRY = {"wwn/vendor_id": "LIO-ORG\n", "wwn/product_id": "DATA\n", "wwn/revision": "4.0\n"}
SERIAL = "T10 VPD Unit Serial Number: "


class Died(BaseException):
    """The process is gone, as by SIGKILL; what it changed is there."""


class Nodes(dict):
    """By path.  Knows the children of each folder, and the links to each path."""

    def __init__(self):
        super().__init__()
        self.children, self.linked = collections.defaultdict(dict), collections.defaultdict(dict)

    def __setitem__(self, path, node):
        if path != "/":
            self.children[os.path.dirname(path)][path] = None
        if isinstance(node, tuple) and node[0] == "link":
            self.linked[node[1]][path] = None
        super().__setitem__(path, node)

    def setdefault(self, path, node):
        if path not in self:
            self[path] = node

    def __delitem__(self, path):
        self.pop(path)

    def pop(self, path, *default):
        self.children[os.path.dirname(path)].pop(path, None)
        node = super().pop(path, *default)
        if isinstance(node, tuple) and node[0] == "link":
            self.linked[node[1]].pop(path, None)
        return node

    def below(self, path):
        """All that is below a path, and itself."""
        found = [path]
        for name in found:
            found += self.children.get(name, ())
        return found[::-1]


class Fake(Tree):
    FOLDER = "folder",

    def __init__(self, writable=True):
        super().__init__(writable=writable)
        self.nodes = Nodes()  # path: FOLDER, a text, ("link", to), ("file", size, blocks, mode) or ("block", major, minor)
        self.nodes["/"] = self.FOLDER
        self.changes, self.fail_at, self.die_at, self.dead = 0, None, None, False
        self.failure = errno.EIO
        self.clock, self.number, self.claimed = 100.0, 0, set()
        self.udev, self.hosts = True, {}
        self.unreadable = {}  # path: errno
        self.handlers = {"rbd", "file"}  # of TCMU, of a program that runs
        self.full = 0  # how many times there is no room for a file
        for path in ("/dev/disk/by-id", "/run", "/run/udev/data", "/srv", "/sys/bus/scsi/devices", "/proc/sys/kernel/random", CORE, f"{LOOPBACK}/discovery_auth",
                     "/var/target/pr", "/var/target/alua", "/etc"):
            self.folder(path)
        self.nodes["/run/udev/control"] = ""
        self.nodes["/proc/sys/kernel/random/boot_id"] = "boot-1\n"
        self.nodes["/proc/meminfo"] = "MemAvailable:    1048576 kB\n"
        self.nodes[f"{TARGET}/dbroot"] = "/var/target\n"
        for minor in range(4):
            self.nodes[f"/dev/vd{'abcd'[minor]}"] = ("block", 252, minor)

    def again(self):
        """The next process, on the same machine."""
        other = Fake()
        other.__dict__.update({key: value for key, value in self.__dict__.items() if key not in ("signal", "finishing")})
        other.changes, other.fail_at, other.die_at, other.dead, other.operations = 0, None, None, False, 0
        return other

    def copy(self):
        """Another machine that is as this one."""
        other = self.again()
        other.nodes = Nodes()
        for path, node in self.nodes.items():
            other.nodes[path] = node
        other.claimed, other.hosts = set(self.claimed), dict(self.hosts)
        return other

    def folder(self, path):
        while path not in self.nodes:
            self.nodes[path] = self.FOLDER
            path = os.path.dirname(path)

    def change(self, path, line):
        if self.dead:
            raise Died
        super().change(path, line)
        self.changes += 1
        if self.changes == self.die_at:
            self.dead = True
            raise Died
        if self.changes == self.fail_at:
            raise OSError(self.failure, os.strerror(self.failure), path)
        return path

    def children(self, path):
        return [name for name in self.nodes.children.get(path, ()) if not name.endswith("/alua_tg_pt_gp")]

    @staticmethod
    def refuse(number, path):
        raise OSError(number, os.strerror(number), path)

    # Reading

    def contents(self, path):
        self.operations += 1
        if path in self.unreadable:
            self.refuse(self.unreadable[path], path)
        found = self.nodes.get(path)
        return found if isinstance(found, str) else self.refuse(errno.ENOENT, path)

    def folders(self, path):
        self.operations += 1
        return sorted(os.path.basename(name) for name in self.children(path) if self.nodes[name] is self.FOLDER)

    def links(self, path):
        names = [name for name in self.children(path) if isinstance(self.nodes[name], tuple) and self.nodes[name][0] == "link"]
        self.operations += 1 + len(names)
        return {os.path.basename(name): self.nodes[name][1] for name in names}

    def is_folder(self, path):
        self.operations += 1
        return self.nodes.get(path) is self.FOLDER

    def node(self, path):
        self.operations += 1
        found = self.nodes.get(path)
        while isinstance(found, tuple) and found[0] == "link":
            path = os.path.normpath(os.path.join(os.path.dirname(path), found[1]))
            found = self.nodes.get(path)
        if isinstance(found, tuple) and found[0] == "file":
            return Node("file", found[1], ("file", path), found[2], found[3])
        if isinstance(found, tuple):
            return Node(found[0], 0, found, 0, 0)
        return Node("other", 0, (), 0, 0) if found is not None else None

    # Changing

    def mkdir(self, path):
        self.change(path, f"mkdir {path}")
        if path in self.nodes:
            self.refuse(errno.EEXIST, path)
        if self.nodes.get(os.path.dirname(path)) is not self.FOLDER:
            self.refuse(errno.ENOENT, path)
        parts = path[len(TARGET) + 1:].split("/") if path.startswith(TARGET) else []
        if len(parts) == 2 and parts[0] == "core" and not re.fullmatch(r"(rd_mcp|fileio|iblock|pscsi|user)_\d+", parts[1]):
            self.refuse(errno.EINVAL, path)
        if len(parts) == 2 and parts[0] == "loopback" and not re.match(r"(naa|fc|iqn|eui)\..", parts[1]):
            self.refuse(errno.EINVAL, path)
        self.nodes[path] = self.FOLDER
        if len(parts) == 3 and parts[0] == "core":
            for name, text in (("control", ""), ("enable", "0"), ("udev_path", ""), ("info", ""), ("attrib/emulate_write_cache", "0"), *(ATTRIBUTES if parts[1][:5] != "user_" else TCMU_ATTRIBUTES).items(),
                               *INQUIRY.items(), ("wwn/vpd_unit_serial", SERIAL), ("pr/res_aptpl_metadata", "")):
                self.folder(f"{path}/{os.path.dirname(name)}".rstrip("/"))
                self.nodes[f"{path}/{name}"] = text
            self.folder(f"{path}/alua")
            self.group(f"{path}/alua/default_tg_pt_gp", "0")
            self.number += 1
            self.nodes[f"{path}/data"] = str(self.number)  # of this backstore, and of none that is made again
        if len(parts) == 5 and parts[0] == "core" and parts[3] == "alua":
            self.group(path, "")
        if len(parts) == 5 and parts[0] == "loopback" and parts[3] == "lun":
            self.nodes[f"{path}/alua_tg_pt_gp"] = ""
        if len(parts) == 3 and parts[0] != "core":
            self.folder(f"{path}/lun")
            self.nodes[f"{path}/transport_status"] = "online\n"
            self.nodes[f"{path}/write_protect"] = "\n"
            self.nodes[f"{path}/faults"] = ""
            self.nodes[f"{path}/address"] = f"{self.hosts.setdefault(parts[1], len(self.hosts))}:0:{parts[2][5:]}\n"

    def group(self, path, number):
        self.folder(path)
        self.nodes[f"{path}/tg_pt_gp_id"] = number
        self.nodes[f"{path}/alua_access_state"] = "0"

    def rmdir(self, path):
        self.change(path, f"rmdir {path}")
        if self.nodes.get(path) is not self.FOLDER:
            self.refuse(errno.ENOENT, path)
        parts = path[len(TARGET) + 1:].split("/") if path.startswith(TARGET) else []
        if len(parts) == 3 and parts[0] == "core":
            if self.exports(path):
                self.refuse(errno.EBUSY, path)
            if len(self.children(f"{path}/alua")) > 1:
                self.refuse(errno.ENOTEMPTY, path)
            if parts[1].startswith("user_"):
                if self.nodes.get(f"/proc/77/fd/{parts[1][5:]}") == ("link", f"/dev/uio{parts[1][5:]}"):  # the handler is slow, and has the device still open
                    self.nodes[f"/proc/77/fd/{parts[1][5:]}"] = ("link", f"/dev/uio{parts[1][5:]} (deleted)")
                    self.nodes[f"/dev/uio{parts[1][5:]} (deleted)"] = self.nodes[f"/dev/uio{parts[1][5:]}"]
                for name in (f"/dev/uio{parts[1][5:]}", *self.nodes.below(f"/sys/class/uio/uio{parts[1][5:]}")):
                    self.nodes.pop(name, None)
        elif len(parts) == 3 and parts[0] != "core":
            if self.children(f"{path}/lun"):
                self.refuse(errno.ENOTEMPTY, path)
        elif self.children(path) and parts[3:4] != ["alua"]:
            self.refuse(errno.ENOTEMPTY, path)
        for name in self.nodes.below(path):
            del self.nodes[name]

    def exports(self, backstore):
        return list(self.nodes.linked.get(backstore, ()))

    def symlink(self, to, path):
        self.change(path, f"ln -s {to} {path}")
        if self.nodes.get(os.path.dirname(path)) is not self.FOLDER:
            self.refuse(errno.ENOENT, path)
        if path in self.nodes:
            self.refuse(errno.EEXIST, path)
        if path.startswith(TARGET):
            if self.nodes.get(f"{to}/enable") != "1":
                self.refuse(errno.ENODEV, path)
            if [name for name in self.children(os.path.dirname(path)) if name != path]:
                self.refuse(errno.EEXIST, path)
        self.nodes[path] = ("link", to)
        if path.startswith(LOOPBACK):
            self.nodes[f"{os.path.dirname(path)}/alua_tg_pt_gp"] = "TG Port Alias: default_tg_pt_gp\nTG Port Group ID: 0\n"
            self.settle(os.path.dirname(os.path.dirname(os.path.dirname(path))))

    def unlink(self, path):
        self.change(path, f"rm {path}")
        if not isinstance(self.nodes.get(path), (tuple, str)):
            self.refuse(errno.ENOENT, path)
        del self.nodes[path]
        if path.startswith(LOOPBACK):
            self.nodes[f"{os.path.dirname(path)}/alua_tg_pt_gp"] = ""
            self.disappear(self.hctl(os.path.dirname(path)))

    def write(self, path, text):
        self.change(path, f"echo {text} >{path}")
        tpg = os.path.dirname(path)
        if path.startswith(LOOPBACK) and path.endswith("/nexus"):
            if not self.is_folder(tpg):
                self.refuse(errno.ENOENT, path)
            if text == "NULL":
                if path not in self.nodes:
                    self.refuse(errno.ENODEV, path)
                if any(self.children(lun) for lun in self.children(f"{tpg}/lun")):
                    self.refuse(errno.EPERM, path)
                del self.nodes[path]
            else:
                if path in self.nodes:
                    self.refuse(errno.EEXIST, path)
                self.nodes[path] = text + "\n"
                self.settle(tpg)
            return
        if not isinstance(self.nodes.get(path), str):
            self.refuse(errno.ENOENT, path)
        if path.startswith(LOOPBACK) and path.endswith("/write_protect"):
            changed = protected(self.nodes[path]) ^ protected(text)
            if any(self.children(f"{tpg}/lun/lun_{lun}") for lun in changed):
                self.refuse(errno.EBUSY, path)
            text = text.strip() + "\n"
        backstore = os.path.dirname(path)
        if path.endswith("/wwn/vpd_unit_serial"):
            if self.exports(os.path.dirname(backstore)):
                self.refuse(errno.EINVAL, path)
            text = SERIAL + text
        elif path[len(backstore) - 3:] in INQUIRY:
            if self.exports(os.path.dirname(backstore)):
                self.refuse(errno.EINVAL, path)
            text = text.strip() + "\n"
        elif path.endswith("/attrib/block_size"):
            if text not in ("512", "4096") or self.exports(os.path.dirname(backstore)):
                self.refuse(errno.EINVAL, path)
            text += "\n"
        elif path.endswith("/attrib/emulate_tpu"):
            if text[0] not in "01":
                self.refuse(errno.EINVAL, path)
            text = f"{text[0]}\n"
        elif path.endswith("/control"):
            options = dict(option.split("=") for option in filter(None, f"{self.nodes[path]},{text}".split(",")))
            text = ",".join(map("=".join, options.items()))
            if self.nodes[f"{backstore}/enable"] == "1":
                self.tell(backstore, options)
        elif path.endswith("/enable"):
            self.enable(backstore, dict(option.split("=") for option in self.nodes[f"{backstore}/control"].split(",")))
        elif path.endswith("/alua_tg_pt_gp"):
            group = f"{self.nodes[self.children(os.path.dirname(path))[0]][1]}/alua/{text}"
            if not self.nodes.get(f"{group}/tg_pt_gp_id"):
                self.refuse(errno.EINVAL, path)
            text = f"TG Port Alias: {text}\nTG Port Group ID: {self.nodes[f'{group}/tg_pt_gp_id']}\n"
        elif path.endswith("/alua_access_state") and not self.nodes[f"{backstore}/tg_pt_gp_id"]:
            self.refuse(errno.EINVAL, path)
        elif path.endswith("/faults"):
            text = self.rules(self.nodes[path], text)
        self.nodes[path] = text
        if path.endswith("/transport_status"):
            self.nodes[path] = text + "\n"
            self.settle(tpg)

    @staticmethod
    def rules(before, line):
        """Of tpgt_N/faults: "LUN 0" takes all of a LUN's away; a rule takes the place of one of its type, operation code and blocks."""
        lun, _, rule = line.partition(" ")
        words = rule.split()
        kept = before.splitlines()
        if words == ["0"]:
            kept = [old for old in kept if old.split()[0] != lun]
        else:
            words[2] = f"0x{int(words[2], 16):x}"
            hexadecimal = int(words[0]) != 16
            rule = " ".join(words[:3] + [word if "=" in word or not hexadecimal else f"0x{int(word, 16):x}" for word in words[3:]])
            key = words[0], words[2], [word for word in words if word.startswith("lba=")]
            kept = [old for old in kept
                    if (old.split()[1], old.split()[3], [word for word in old.split() if word.startswith("lba=")]) != key or old.split()[0] != lun]
            kept.append(f"{lun} {rule}")
        return "".join(f"{old}\n" for old in kept)

    def reset(self, device):
        self.change(device, f"reset {device}")
        if device in self.unreadable:
            self.refuse(self.unreadable[device], device)

    def enable(self, backstore, options):
        if "dev_config" not in options:
            self.nodes.update({f"{backstore}/{name}": text for name, text in ATTRIBUTES.items()})
        if "fd_dev_name" in options:
            if not self.node(options["fd_dev_name"]):
                self.refuse(errno.ENOENT, options["fd_dev_name"])
        elif "dev_config" in options:
            self.make_uio(backstore, options["dev_config"])
        elif "scsi_host_id" in options:
            device = f"/sys/bus/scsi/devices/{':'.join(options[f'scsi_{what}_id'] for what in ('host', 'channel', 'target', 'lun'))}"
            if device not in self.nodes:
                self.refuse(errno.ENODEV, backstore)
            if f"{device}/vpd_pg80" in self.nodes:
                self.nodes[f"{backstore}/wwn/vpd_unit_serial"] = SERIAL + self.nodes[f"{device}/vpd_pg80"][4:].rstrip("\0") + "\n"
        elif "rd_pages" not in options:
            node = self.node(options["udev_path"])
            if not node or node.kind != "block":
                self.refuse(errno.ENODEV, options["udev_path"])
            for other in [other for hba in self.children(CORE) for other in self.children(hba) if other != backstore]:
                if f"udev_path={options['udev_path']}," in self.nodes[f"{other}/control"] + "," and self.nodes[f"{other}/enable"] == "1":
                    self.refuse(errno.EBUSY, options["udev_path"])
        self.tell(backstore, options)

    def make_uio(self, backstore, config):
        """A handler opens a backstore's device, if it has the image of no other one."""
        taken = any(self.nodes[f"{name}/name"].endswith(f"/{config}\n") for name in self.children("/sys/class/uio"))
        hba, name = backstore[len(CORE) + 1:].split("/")
        number = hba.rpartition("_")[2]
        for folder in "/sys/class/uio", "/proc/77/fd":
            self.folder(folder)
        self.nodes[f"/sys/class/uio/uio{number}"] = ("link", f"../../devices/uio/uio{number}")
        self.nodes[f"/sys/class/uio/uio{number}/name"] = f"tcm-user/{number}/{name}/{config}\n"
        self.nodes[f"/sys/class/uio/uio{number}/dev"] = f"240:{number}\n"
        self.nodes[f"/dev/uio{number}"] = ("character", 240, int(number))
        if not taken and config.partition("/")[0] in self.handlers:
            self.nodes[f"/proc/77/fd/{number}"] = ("link", f"/dev/uio{number}")

    def tell(self, backstore, options):
        info = "Status: DEACTIVATED  Max Queue Depth: 128  SectorSize: 512  HwMaxSectors: 16384\n        "
        if "rd_pages" in options:
            self.nodes[f"{backstore}/info"] = f"{info}TCM RamDisk ID: 0  RamDisk Makeup: rd_mcp\n        PAGES/PAGE_SIZE: {options['rd_pages']}*{model.PAGE}  nullio: 0\n"
        elif "dev_config" in options:
            self.nodes[f"{backstore}/info"] = f"{info}Config: {options['dev_config']} Size: {options['dev_size']} MaxDataAreaMB: 8 DataPagesPerBlk: 1 CmdRingSizeMB: 8\n"
        elif "fd_dev_name" in options:
            self.nodes[f"{backstore}/info"] = (f"{info}TCM FILEIO ID: 0        File: {options['fd_dev_name']}"
                                                f"  Size: {options['fd_dev_size']}  Mode: Buffered-WCE Async: 0\n")

    def create(self, path, size):
        self.change(path, f"truncate -s {size} {path}")
        if path in self.nodes:
            self.refuse(errno.EEXIST, path)
        self.nodes[path] = ("file", size, 0, 0o600)

    def truncate(self, path, size):
        self.change(path, f"truncate -s {size} {path}")
        if self.node(path).kind != "file":
            self.refuse(errno.EINVAL, path)
        self.nodes[path] = ("file", size, *self.nodes[path][2:])

    def replace(self, path, text):
        self.change(path, f"replace {path}")
        if self.full:
            self.full -= 1
            self.refuse(errno.ENOSPC, path)
        self.nodes[path] = text

    def rename(self, path, to):
        self.change(path, f"mv {path} {to}")
        self.nodes[to] = self.nodes.pop(path)

    # Devices

    def hctl(self, lun):
        return f"{self.nodes[os.path.dirname(os.path.dirname(lun)) + '/address'].strip()}:{os.path.basename(lun)[4:]}"

    def settle(self, tpg):
        """After what lets linked LUNs appear."""
        for lun in self.children(f"{tpg}/lun"):
            device = f"/sys/bus/scsi/devices/{self.hctl(lun)}"
            for path in self.children(lun):
                if f"{tpg}/nexus" in self.nodes and self.nodes[f"{tpg}/transport_status"] == "online\n" and device not in self.nodes:
                    self.appear(device, self.nodes[path][1])

    def appear(self, device, backstore):
        minor = 0
        while f"/dev/sd{minor}" in self.nodes:
            minor += 1
        if re.search(r"/pscsi_\d+/tape", backstore):
            self.nodes[f"{device}/type"] = "1\n"
            for kind, number in ("scsi_generic/sg", 21), ("scsi_tape/nst", 9):
                self.folder(f"{device}/{kind}{minor}")
                self.nodes[f"{device}/{kind}{minor}/dev"] = f"{number}:{minor}\n"
                self.nodes[f"/dev/{os.path.basename(kind)}{minor}"] = ("character", number, minor)
            return
        self.folder(f"{device}/block/sd{minor}")
        self.nodes[f"{device}/rescan"] = ""
        self.nodes[f"{device}/block/sd{minor}/dev"] = f"8:{minor}\n"
        self.nodes[f"/dev/sd{minor}"] = ("block", 8, minor)
        if self.udev:
            self.nodes[f"/run/udev/data/b8:{minor}"] = f"S:disk/by-id/wwn\nI:{int(self.clock * 1e6) + 1}\n"
        serial = self.nodes[f"{backstore}/wwn/vpd_unit_serial"][len(SERIAL):]
        if serial:
            self.nodes.setdefault(f"/dev/disk/by-id/wwn-0x6001405{designator(serial)}", ("link", f"../../sd{minor}"))

    def disappear(self, hctl):
        device = f"/sys/bus/scsi/devices/{hctl}"
        for name in [os.path.basename(name) for name in self.children(f"{device}/block")]:
            self.nodes.pop(f"/dev/{name}", None)
            self.nodes.pop(f"/run/udev/data/b8:{name[2:]}", None)
            for path in list(self.nodes.linked.get(f"../../{name}", ())):
                del self.nodes[path]
        if device in self.nodes:
            for name in self.nodes.below(device):
                del self.nodes[name]

    @contextlib.contextmanager
    def exclusive(self, path):
        self.operations += 1
        if path not in self.nodes or path in self.unreadable:
            self.refuse(self.unreadable.get(path, errno.ENOENT), path)
        if path in self.claimed:
            self.refuse(errno.EBUSY, path)
        yield

    @contextlib.contextmanager
    def lock(self, path, wait):
        yield

    @staticmethod
    def is_root():
        return True

    def now(self):
        return self.clock

    def sleep(self, seconds):
        self.clock += seconds
        self.heed_signal()

    def run(self, *command):
        pass

    def mark_log(self):
        pass

    def log_since_mark(self):
        return []

    # What others make

    def backstore(self, inside, control, serial):
        path = f"{TARGET}/{inside}"
        if os.path.dirname(path) not in self.nodes:
            self.mkdir(os.path.dirname(path))
        self.mkdir(path)
        self.write(f"{path}/control", control)
        self.write(f"{path}/enable", "1")
        self.write(f"{path}/wwn/vpd_unit_serial", serial)
        match = re.search("(?:fd_dev_name|udev_path)=([^,]*)", control)
        if match:
            self.write(f"{path}/udev_path", match[1])

    def expose(self, port, lun, inside, nexus=None):
        """port is "loopback/naa.…/tpgt_1"."""
        for path in (os.path.dirname(f"{TARGET}/{port}"), f"{TARGET}/{port}"):
            if path not in self.nodes:
                self.folder(os.path.dirname(path))
                self.mkdir(path)
        if nexus:
            self.write(f"{TARGET}/{port}/nexus", nexus)
        self.mkdir(f"{TARGET}/{port}/lun/lun_{lun}")
        self.symlink(f"{TARGET}/{inside}", f"{TARGET}/{port}/lun/lun_{lun}/theirs")
