# SPDX-License-Identifier: GPL-2.0-only
"""What a user can want: a disk.  No input or output but the machine's ID."""
import copy
import os
import re
from typing import NamedTuple

from .names import PROTOCOLS, Error, check_name, digits, generate, protocol_of

PLUGINS = {"ramdisk": "rd_mcp", "file": "fileio", "block": "iblock", "tcmu": "user", "scsi": "pscsi"}
TARGETCLI = {"rd_mcp": "ramdisk", "fileio": "fileio", "iblock": "block", "user": "user", "pscsi": "pscsi"}  # what targetcli calls the core's plugins
PATH_BYTES = {"file": 255, "block": 511, "scsi": 511, "tcmu": 255}  # FD_MAX_DEV_NAME, SE_UDEV_PATH_LEN and TCMU_CONFIG_LEN of the target core, without the NUL
SERIAL_LENGTH = 240  # so that the name of the core's file of registrations, aptpl_SERIAL, is one that can be
UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
PAGE = os.sysconf("SC_PAGE_SIZE")  # what a ramdisk is counted in
PATH = "path"  # the kind of a disk that is another path to one before it
BACKSTORE = "backstore"  # and of one over a backstore that others made
LUN_ONLY = PATH, BACKSTORE  # of such a disk nothing is made but a LUN, and its port
KINDS = (*PLUGINS, BACKSTORE)
OPTIONS = (*KINDS, "size", "protocol", "target", "initiator", "tpg", "lun", "serial", "write_protect", "paths", "alua", "set",
           "vendor", "product", "revision")
INQUIRY = {"vendor": 8, "product": 16, "revision": 4}  # bytes at most of what standard INQUIRY data says, SPC-4, 6.6.2
MAX_PATHS = 32
ALUA_STATES = {"active": 0, "nonoptimized": 1, "standby": 2, "unavailable": 3, "transitioning": 15}  # SPC-4, 6.37: ASYMMETRIC ACCESS STATE


def size_of(text, unit, what):
    """Bytes: "64M", "1G", "4096"; a multiple of the unit."""
    match = re.fullmatch(r"([0-9]{1,19})\s*([KMGT]?)(i?B)?", text.strip(), re.IGNORECASE | re.ASCII)
    if not match or not int(match[1]):
        raise Error(f"{what} \"{text}\": accepted are a number and K, M, G or T, as 64M or 1G")
    size = int(match[1]) * UNITS[match[2].upper()]
    if size % unit or size >= 1 << 63:
        raise Error(f"{what} \"{text}\": accepted are {f'multiples of {unit} bytes' if unit > 1 else 'sizes'} below 8 EiB")
    return size


def attributes_of(text, name):
    """The backstore's: "block_size=4096,emulate_tpu=1", with commas or blanks between them."""
    found = {}
    for word in re.split(r"[,\s]+", text.strip(" ,")) if text.strip(" ,") else ():
        match = re.fullmatch(r"([a-z0-9_]{1,64})=([0-9]{1,20})", word, re.ASCII)
        if not match or match[1] in found or match[1] in INQUIRY:
            raise Error(f"{name}: set \"{text}\": accepted are attributes of a backstore, each once, and numbers, as block_size=4096,emulate_tpu=1")
        found[match[1]] = str(int(match[2]))
    return tuple(found.items())


def states_of(text, paths, name):
    """Of each path: "active,standby", with commas or blanks between them; of none if there is no text."""
    words = re.split(r"[,\s]+", text.strip(" ,")) if text.strip(" ,") else []
    if words and (len(words) != paths or not set(words) <= set(ALUA_STATES)):
        raise Error(f"{name}: alua \"{text}\": accepted is for each of its {paths} paths one of {', '.join(ALUA_STATES)}")
    return words or [""] * paths


def pages(size):
    """How many a ramdisk of that size has."""
    return -(-size // PAGE)


def shown_size(size):
    for unit in "TGMK":
        if size % UNITS[unit] == 0:
            return f"{size // UNITS[unit]} {unit}iB"
    return f"{size} bytes"


def backstore_of(disk):
    """In words."""
    return f"ramdisk {shown_size(disk.size)}" if disk.kind == "ramdisk" else f"{'path to' if disk.kind == PATH else disk.kind} {disk.where}"


class Disk:
    """One section of a file, or the options of create.  initiator is None if the user gave none."""

    def __init__(self, name, options):
        if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.:-]{0,63}", name) or name == "DEFAULT":
            raise Error(f"disk \"{name}\": accepted are up to 64 letters, digits and . : _ - that begin with a letter, a digit or _, but DEFAULT")
        unknown = [key for key in options if key not in OPTIONS]
        if unknown:
            raise Error(f"{name}: unknown option \"{unknown[0]}\"; accepted are {', '.join(OPTIONS)}")
        kinds = [kind for kind in KINDS if options.get(kind)]
        if len(kinds) != 1:
            raise Error(f"{name}: exactly one of {', '.join(KINDS)} says where the data is"
                        + (f"; given are {' and '.join(kinds)}" if kinds else "; none is given"))
        self.name, self.kind = name, kinds[0]
        self.where = options[self.kind]
        self.size = size_of(options["size"], 512, f"{name}: size") if options.get("size") else 0
        if self.kind == "ramdisk":
            self.size, self.where = pages(size_of(self.where, 1, f"{name}: size")) * PAGE, ""
        elif self.kind == "tcmu":
            if not re.fullmatch(r"[A-Za-z0-9_.-]+:[^,\x00-\x1f\x7f]+", self.where):
                raise Error(f"{name}: tcmu {self.where!r}; accepted is HANDLER:CONFIG, as rbd:pool/image, without commas and control characters")
            if not self.size:
                raise Error(f"{name}: tcmu \"{self.where}\" needs a size")
        elif self.kind == BACKSTORE:
            self.check_backstore(options)
        elif not self.where.startswith("/"):
            raise Error(f"{name}: {self.kind} \"{self.where}\" is not an absolute path")
        elif re.search(r"[,\x00-\x1f\x7f]", self.where):  # The kernel takes what follows a comma or a newline for another option.
            raise Error(f"{name}: {self.kind} {self.where!r}; accepted is a path without commas and control characters")
        if self.kind == "scsi":
            self.check_as_is(options, "size", "serial", "alua", *INQUIRY)
        if self.kind in PATH_BYTES and len(os.fsencode(self.where)) > PATH_BYTES[self.kind]:
            raise Error(f"{name}: {self.kind} \"{self.where}\" has {len(os.fsencode(self.where))} bytes; accepted are {PATH_BYTES[self.kind]} at most")
        protocol = options.get("protocol") or (protocol_of(options["target"], f"{name}: target") if options.get("target") else "sas")
        if protocol not in PROTOCOLS:
            raise Error(f"{name}: protocol \"{protocol}\"; accepted are {', '.join(PROTOCOLS)}")
        self.protocol = protocol
        self.target = options.get("target") or generate(name, "target", protocol)
        check_name(name, "target", self.target, protocol)
        self.initiator = options.get("initiator") or None
        if self.initiator:
            check_name(name, "initiator", self.initiator, protocol)
        self.serial = (options.get("serial") or "").strip() or digits(name, "serial", 32) if self.kind != BACKSTORE else ""
        if self.kind != BACKSTORE and not re.fullmatch(rf"[ -.0-~]{{1,{SERIAL_LENGTH}}}", self.serial):
            raise Error(f"{name}: serial {self.serial!r}; accepted are up to {SERIAL_LENGTH} printable ASCII characters but /")
        self.tpg = self.number(options, "tpg", 1)
        self.lun = self.number(options, "lun", 0)
        protect = options.get("write_protect") or "no"
        if protect not in ("yes", "no"):
            raise Error(f"{name}: write_protect \"{protect}\"; accepted are yes and no")
        self.write_protect = protect == "yes"
        self.attributes = attributes_of(options.get("set") or "", name)
        self.attributes += self.inquiry(options)
        told = {"dev_config", "dev_size", "nl_reply_supported"} & dict(self.attributes).keys() if self.kind == "tcmu" else ()
        if told:
            raise Error(f"{name}: set {min(told)}: tcmu and size say that")
        if self.kind == "file" and ("emulate_write_cache", "0") in self.attributes:
            raise Error(f"{name}: set emulate_write_cache=0: a file is written through the page cache, of which a disk without a cache would not tell")
        self.paths = self.number(options, "paths", 1)
        if not 1 <= self.paths <= MAX_PATHS:
            raise Error(f"{name}: paths \"{options['paths']}\"; accepted is a number from 1 to {MAX_PATHS}")
        self.states = states_of(options.get("alua") or "", self.paths, name)
        if self.kind == "tcmu" and any(self.states):
            raise Error(f"{name}: alua: the access states of a disk of TCMU are its handler's")
        self.alua = self.states[0]  # "" if the user gave none

    def with_paths(self):
        """The disk, and the other paths to its logical unit: each through a target port of its own."""
        found = [self]
        for number in range(2, self.paths + 1):
            path = copy.copy(self)
            path.name, path.kind, path.where, path.size, path.attributes = f"{self.name}:{number}", PATH, self.name, 0, ()
            path.target, path.alua = generate(path.name, "target", self.protocol), self.states[number - 1]
            found.append(path)
        return found

    def check_backstore(self, options):
        match = re.fullmatch("(?:([a-z]+)/)?[^/\x00-\x1f\x7f]+", self.where)
        if not match or match[1] and match[1] not in TARGETCLI.values():
            raise Error(f"{self.name}: backstore {self.where!r}; accepted is NAME, or TYPE/NAME as targetcli has it, and of types {', '.join(TARGETCLI.values())}")
        self.check_as_is(options, "size", "serial", "set", *INQUIRY)

    def check_as_is(self, options, *keys):
        told = [what for what in keys if options.get(what)]
        if told:
            raise Error(f"{self.name}: {told[0]}: {self.kind} {self.where} is " + ("as whoever made it wants it" if self.kind == BACKSTORE else "as the device is"))

    def inquiry(self, options):
        """What standard INQUIRY data is to say: name and text."""
        texts = {what: (options.get(what) or "").strip(" ") for what in INQUIRY}
        if self.kind == "tcmu" and any(texts.values()):
            raise Error(f"{self.name}: {next(what for what in INQUIRY if texts[what])}: what a disk of TCMU says of itself is its handler's")
        if texts["product"] and ("emulate_model_alias", "1") in self.attributes:
            raise Error(f"{self.name}: product: set emulate_model_alias=1 makes it the backstore's name")
        for what, text in texts.items():
            if not re.fullmatch(rf"[ -~]{{0,{INQUIRY[what]}}}", text):
                raise Error(f"{self.name}: {what} \"{text}\"; accepted are up to {INQUIRY[what]} printable ASCII characters")
        return tuple((what, text) for what, text in texts.items() if text)

    def number(self, options, what, default):
        text = options.get(what)
        if text in (None, ""):
            return default
        if not re.fullmatch("[0-9]{1,19}", str(text)) or int(text) > 65535:
            raise Error(f"{self.name}: {what} \"{text}\"; accepted is a number from 0 to 65535")
        return int(text)

    @property
    def port(self):
        return self.target, self.tpg

    def generated_initiator(self):
        return generate(self.name, "initiator", self.protocol)

    def backstore(self):
        return backstore_of(self)


class Made(NamedTuple):
    """A disk that this command made, or is about to make, or a path to one, whose name is then where.

    inside is its backstore below configfs's target folder.  A backstore that others made may have any serial number: then serial is empty.  3.0.0 did not save that: then it has a * in the place
    of the HBA's number.  other holds the keys of the state file that this version does not know.
    """
    name: str
    origin: str  # the file that has it, "create", or "" of 3.0.0, which did not save that
    kind: str
    where: str
    size: int
    inside: str
    made_file: bool
    serial: str
    target: str
    tpg: int
    lun: int
    other: dict = {}
    write_protect: bool = False
    attributes: tuple = ()  # of its backstore, which the user set: name and value of each
    alua: str = ""  # the asymmetric access state that the user wants

    @property
    def port(self):
        return self.target, self.tpg

    @property
    def place(self):
        return self.target, self.tpg, self.lun

    def backstore(self):
        return backstore_of(self)

    def shown_attributes(self):
        """As --set takes them, or None."""
        return ",".join(f"{name}={value}" for name, value in self.attributes if name not in INQUIRY) or None
