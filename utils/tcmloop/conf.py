# SPDX-License-Identifier: GPL-2.0-only
"""Files as /etc/tcm-loop.conf."""
import configparser
import re

from .model import PATH, Disk
from .names import Error, designator


def lines_of(text):
    """Where a section, and a key in it, begins."""
    lines, section = {}, ""
    for number, line in enumerate(text.splitlines(), 1):
        match = re.match(r"\[(.+)\]", line)
        if match:
            section = match[1]
            lines.setdefault((section, ""), number)
        elif "=" in line:
            lines.setdefault((section, line.split("=")[0].strip().lower()), number)
    return lines


def parse(text, path, faults=None, scenarios=None):
    """The disks of a file, in its order.  What is wrong with one of them alone is raised, or put into faults by its name.
    The sections of "tcm-loop lab" are put into scenarios: by name the options, and what tells where one is wrong."""
    parser = configparser.ConfigParser(interpolation=None, delimiters=("=",), comment_prefixes=("#",), strict=True)
    try:
        parser.read_string(text, path)
    except configparser.Error as e:
        raise Error(re.sub(r"\s+", " ", str(e))) from e
    lines, disks = lines_of(text), []

    def told(name, key, reason):
        number = lines.get((name, key)) or lines.get((name, ""))
        reason = re.sub(r"[\x00-\x1f\x7f]", lambda match: f"\\x{ord(match[0]):02x}", reason)
        return Error(f"{path}:{number}: {reason}" if number else f"{path}: {reason}")

    def disk_of(name):
        options = dict(parser[name])
        for key, value in options.items():
            if re.search(r"(^|\s)[#;]", value):
                raise told(name, key, f"{name}: {key} {value!r}: a comment has a line of its own")
        try:
            return Disk(name, options)
        except Error as e:
            named = next((key for key in options if re.search(rf"\b{re.escape(key)}\b", str(e).split('"')[0])), "")
            raise told(name, named, str(e)) from e

    units, ports = {}, {}
    for name in parser.sections():
        scenario = re.fullmatch(r"scenario\s+(\S.*)", name)
        if scenario and scenarios is not None:
            options = {key: value for key, value in parser[name].items() if parser.defaults().get(key) != value}
            scenarios[scenario[1]] = options, lambda key, reason, name=name: told(name, key, reason)
            continue
        try:
            if scenario:
                raise told(name, "", f"[{name}] is for \"tcm-loop lab\"")
            found = disk_of(name).with_paths()
            for disk in found:
                reason = clash(disk, units, ports)
                if not reason and disk.kind == PATH and disk.name in parser:
                    reason = f"{disk.name} is the name of a path to {name}, and of a disk"
                if reason:
                    raise told(name, "", reason)
            disks += found
        except Error as e:
            if faults is None:
                raise
            faults[name] = e
    check_places(disks, lambda disk, reason: told(disk.where if disk.kind == PATH else disk.name, "", reason))
    return disks


def clash(disk, units, ports):
    """Why a disk cannot be beside those that were seen before, if so."""
    other = units.setdefault(designator(disk.serial), disk) if disk.serial else disk
    if other is not disk and disk.kind != PATH:
        return (f"{other.name} and {disk.name} would be one disk to the system: of the serial number only "
                f"the first 25 hexadecimal digits count, and these are {designator(disk.serial)} in both")
    other = ports.setdefault(disk.port, disk) if disk.initiator else disk
    if other.initiator != disk.initiator:
        return f"{other.name} and {disk.name} have different initiators, but one port: {disk.target}, TPG {disk.tpg}"
    return None


def check_places(disks, told):
    """Which of two in one place is meant nobody knows: nothing of such a file is done."""
    places = {}
    for disk in disks:
        other = places.setdefault((*disk.port, disk.lun), disk)
        if other is not disk:
            raise told(disk, f"{other.name} and {disk.name} are both lun {disk.lun} of {disk.target}, TPG {disk.tpg}")


def read(tree, path, faults=None, scenarios=None):
    try:
        return parse(tree.contents(path), path, faults, scenarios)
    except OSError as e:
        raise Error(f"{path}: {e.strerror}") from e
