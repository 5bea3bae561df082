# SPDX-License-Identifier: GPL-2.0-only
"""What is made below configfs: paths, and the steps that make and remove.

A step is called with the tree, a list of what takes back what it did, and its arguments.  It appends to the list
after each operation, so that a step that fails half-way is taken back as one that is done.
"""
import contextlib
import errno
import os
import re
from functools import partial
from typing import Callable, NamedTuple

from .model import ALUA_STATES, INQUIRY, PLUGINS, pages
from .names import Error
from .tree import open_files

TARGET = "/sys/kernel/config/target"
EXCLUSIVE = "block", "tcmu", "scsi"  # data that one backstore alone can have
UIO = "/sys/class/uio"
HANDLER_SECONDS, HANDLER_LOOKS = 10, 6  # until a program has it, and how often it does then, every 0.1 s
DEFAULT_GROUP = "default_tg_pt_gp"  # of the target ports that have no other one
# Where rtslib wants the core's files of registrations, on Debian and elsewhere.
DBROOTS = "/etc/rtslib-fb-target", "/etc/target"


class Step(NamedTuple):
    do: Callable
    args: tuple

    def __str__(self):
        return f"{self.do.__name__} {' '.join(map(str, self.args))}"


def port_path(target, tpg):
    return f"{TARGET}/loopback/{target}/tpgt_{tpg}"


def lun_path(target, tpg, lun):
    return f"{port_path(target, tpg)}/lun/lun_{lun}"


def remove_empty(tree, path):
    """Remove a folder that others, too, may use, if none does.  Whether it is gone."""
    try:
        tree.rmdir(path)
    except OSError as e:
        if e.errno not in (errno.ENOTEMPTY, errno.EBUSY, errno.ENOENT):
            raise
        return e.errno == errno.ENOENT
    return True


def make_file(tree, undo, path, size):
    tree.create(path, size)
    undo.append(partial(tree.unlink, path))


def grow_file(tree, undo, path, before, after):
    undo.append(partial(tree.truncate, path, before))
    tree.truncate(path, after)


def grow_backstore(tree, _, inside, size):
    """Of a file that has that size, in use or not: the target core asks for it at every command.  What is written
    beyond the old size would be lost if this was taken back."""
    tree.write(f"{TARGET}/{inside}/control", f"fd_dev_size={size}")


def look_again(tree, _, places):
    """Have disks see what size they are.  One that is offline sees it when it is online again."""
    for place in places:
        address = (tree.read(f"{port_path(*place[:2])}/address") or "").strip()
        with contextlib.suppress(OSError):
            tree.write(f"/sys/bus/scsi/devices/{address}:{place[2]}/rescan", "1")


def scsi_address(tree, node):
    """H:C:T:L of the SCSI device that a node of /dev is of, or None."""
    if not node or node.kind not in ("block", "character"):
        return None
    device = tree.links(f"/sys/dev/{node.kind[:5].replace('chara', 'char')}/{node.key[1]}:{node.key[2]}").get("device", "")
    return os.path.basename(device) if re.fullmatch(r"(\d+:){3}\d+", os.path.basename(device)) else None


def scsi_serial(tree, address):
    """What the device says in its Unit Serial Number page (SPC-4, 7.8.16), as far as the target core takes it, or ""."""
    return (tree.read(f"/sys/bus/scsi/devices/{address}/vpd_pg80") or "")[4:257].partition("\0")[0].strip()


def control(tree, made):
    """What a backstore is told before it is enabled: attribute and value."""
    if made.kind == "scsi":
        address = scsi_address(tree, tree.node(made.where))
        if not address:
            raise Error(f"{made.where} is no SCSI device")
        # Of a disk the target core opens the block device.
        disk = tree.folders(f"/sys/bus/scsi/devices/{address}/block")
        words = zip(("host", "channel", "target", "lun"), address.split(":"))
        return [("udev_path", f"/dev/{disk[0]}" if disk else made.where), ("control", ",".join(f"scsi_{what}_id={number}" for what, number in words))]
    if made.kind == "ramdisk":
        return [("control", f"rd_pages={pages(made.size)}")]
    if made.kind == "file":
        return [("control", f"fd_dev_name={made.where},fd_dev_size={made.size}"), ("attrib/emulate_write_cache", "1"),
                ("control", "fd_buffered_io=1"), ("udev_path", made.where)]
    if made.kind == "tcmu":
        # From 4.14 on the kernel would wait for the program's word, which one that is dead or stopped never gives.
        return [("control", f"dev_config={made.where.replace(':', '/', 1)},dev_size={made.size},nl_reply_supported=-1")]
    return [("udev_path", made.where), ("control", f"udev_path={made.where}"), ("control", "readonly=0")]


def make_backstore(tree, undo, made, attended=True):
    """Of TCMU, unless attended is False, as where it is made again, only if a program has it."""
    path = f"{TARGET}/{made.inside}"
    hba = os.path.dirname(path)
    with contextlib.suppress(FileExistsError):
        tree.mkdir(hba)
        undo.append(partial(remove_empty, tree, hba))
    tree.mkdir(path)
    undo.append(partial(tree.rmdir, path))
    # The serial number comes first: by it a backstore is known as this command's.
    tree.write(f"{path}/wwn/vpd_unit_serial", made.serial)
    for attribute, value in control(tree, made):
        tree.write(f"{path}/{attribute}", value)
    tree.write(f"{path}/enable", "1")
    if made.kind == "scsi":
        told = serial_of(tree, made.inside)
        if told != made.serial:
            raise Error(f"{made.where} has the serial number \"{told}\", not \"{made.serial}\"")
    if made.kind == "tcmu" and attended:
        await_handler(tree, undo, made)
    set_attributes(tree, [], made.inside, made.attributes)
    restore_registrations(tree, path, made.serial)


def await_handler(tree, _, made):
    """Without a program that has opened the backstore's device each command would wait for TCMU's time-out.  What refuses the
    configuration closes it again, as a rule at once."""
    number, name = re.fullmatch(r"core/user_(\d+)/(.*)", made.inside).groups()
    called = f"tcm-user/{number}/{name}/{made.where.replace(':', '/', 1)}"
    end, looks = tree.now() + HANDLER_SECONDS, 0
    while True:
        devices = [f"{UIO}/{uio}" for uio in tree.links(UIO) if (tree.read(f"{UIO}/{uio}/name") or "").rstrip("\n") == called]
        opened = open_files(tree) if devices else {}
        looks = looks + 1 if any(f"c{(tree.read(f'{device}/dev') or '').strip()}" in opened for device in devices) else 0
        if looks == HANDLER_LOOKS:
            return
        if tree.now() > end:
            raise Error(f"no program has taken {made.where} within {HANDLER_SECONDS} s: tcmu-runner, or another one that has the handler "
                        f"{made.where.partition(':')[0]}, does not run, or refuses it, as its log says")
        tree.waits_for(f"a program that has {made.where.partition(':')[0]}, for {made.name}")
        tree.sleep(0.1)


def serial_of(tree, inside):
    return (tree.read(f"{TARGET}/{inside}/wwn/vpd_unit_serial") or "").partition(":")[2].strip()


def restore_registrations(tree, path, serial):
    """The persistent reservations (APTPL) that the target core saved of a disk of this serial number."""
    root = (tree.read(f"{TARGET}/dbroot") or "/var/target").strip()
    lines = (tree.read(f"{root}/pr/aptpl_{serial}") or "").split()
    registration = []
    for line in lines:
        if line.startswith("PR_REG_START:"):
            registration = []
        elif line.startswith("PR_REG_END:"):
            tree.write(f"{path}/pr/res_aptpl_metadata", ",".join(registration))
        else:
            registration.append(line)


def remove_backstore(tree, undo, made):
    """The kernel refuses while a LUN is linked to it.  Groups for ALUA that others made of it go with it."""
    path = f"{TARGET}/{made.inside}"
    for group in tree.folders(f"{path}/alua"):
        if group != DEFAULT_GROUP:
            remove_group(tree, undo, f"{path}/alua/{group}")
    if made.kind == "tcmu":
        heed_no_handler(tree, undo, path)
    tree.rmdir(path)
    if not is_final(made):
        undo.append(partial(make_backstore, tree, [], made, False))


def heed_no_handler(tree, undo, path):
    """A backstore that others made would not go before the program says so, which may be dead or stopped."""
    attribute = f"{path}/attrib/nl_reply_supported"
    before = (tree.read(attribute) or "-1").strip()
    if before != "-1":
        tree.write(attribute, "-1")
        undo.append(partial(tree.write, attribute, before))


def no_way_back(step):
    """Whether what a step has done stays so, if all after it fails, too."""
    return step.do is grow_backstore or step.do is remove_backstore and is_final(*step.args)


def is_final(made):
    """Whether nothing brings its data back once its backstore is gone."""
    return made.kind == "ramdisk"


def remove_hba(tree, undo, hba):
    remove_empty(tree, f"{TARGET}/{hba}")


def set_serial(tree, undo, inside, before, after):
    path = f"{TARGET}/{inside}/wwn/vpd_unit_serial"
    tree.write(path, after)
    undo.append(partial(tree.write, path, before))


def attribute_path(inside, name):
    """Where a backstore has what its standard INQUIRY data says, or another attribute."""
    names = {"vendor": "vendor_id", "product": "product_id"}
    return f"{TARGET}/{inside}/wwn/{names.get(name, name)}" if name in INQUIRY else f"{TARGET}/{inside}/attrib/{name}"


def no_attribute(inside, name):
    folder, name = os.path.split(attribute_path(inside, name))
    return Error(f"{inside} has no attribute {name}; those that there are are files of {folder}")


def set_attributes(tree, undo, inside, attributes):
    """Of a backstore that is enabled, to which no LUN is linked: the kernel refuses most of them else."""
    for name, value in attributes:
        path = attribute_path(inside, name)
        before = tree.read(path)
        if before is None:
            raise no_attribute(inside, name)
        if before.strip() != value:
            try:
                tree.write(path, value)
            except OSError as e:
                raise Error(f"{inside} does not take {name}={value}: {e.strerror}") from e
            undo.append(partial(tree.write, path, before.strip()))
            found = tree.read(path).strip()
            if found != value:
                raise Error(f"{name}={value}: the kernel makes {found} of it")


def make_port(tree, undo, target, tpg, initiator, ours=()):
    """What is missing of a target, its TPG and the nexus."""
    path = port_path(target, tpg)
    for what, folder in ("target", os.path.dirname(path)), ("tpg", path):
        made = False
        with contextlib.suppress(FileExistsError):
            tree.mkdir(folder)
            made = True
        # By then what another disk had there may be gone.
        if made or what == "target" and what in ours:
            undo.append(partial(remove_empty, tree, folder))
    if not tree.read(f"{path}/nexus"):
        tree.write(f"{path}/nexus", initiator)
        undo.append(partial(drop_nexus, tree, path))


def drop_nexus(tree, path):
    if tree.read(f"{path}/nexus") and not tree.folders(f"{path}/lun"):
        tree.write(f"{path}/nexus", "NULL")


def remove_port(tree, undo, target, tpg, ours, initiator):
    """What this command made of a port, if nobody uses it."""
    path = port_path(target, tpg)
    if "tpg" in ours:
        if not remove_empty(tree, path):
            return
        undo.append(partial(make_port, tree, [], target, tpg, initiator))
    elif "nexus" in ours:
        drop_nexus(tree, path)
    if "target" in ours and remove_empty(tree, os.path.dirname(path)) and "tpg" not in ours:
        undo.append(partial(tree.mkdir, os.path.dirname(path)))


def set_nexus(tree, undo, target, tpg, before, after):
    """No LUN of the port is linked."""
    path = f"{port_path(target, tpg)}/nexus"
    if before:
        tree.write(path, "NULL")
        undo.append(partial(tree.write, path, before))
    tree.write(path, after)
    undo.append(partial(tree.write, path, "NULL"))


def protected(text):
    """The numbers of a port's LUNs that take no command that writes, from the list that the module has of them."""
    found = set()
    for part in filter(None, text.strip().split(",")):
        first, _, last = part.partition("-")
        found.update(range(int(first), int(last or first) + 1))
    return found


def protect(tree, undo, place, wanted):
    """Whether a LUN, which is not linked, takes no command that writes."""
    path = f"{port_path(*place[:2])}/write_protect"
    before = tree.read(path)
    if before is None and wanted:
        raise Error(f"{path.replace(TARGET + '/', '')} is not there: the kernel's own tcm_loop protects no single LUNs")
    numbers = protected(before or "")
    if wanted != (place[2] in numbers):
        tree.write(path, ",".join(map(str, sorted(numbers ^ {place[2]}))) + "\n")
        # By then the port's other LUNs may be protected otherwise than now.
        undo.append(partial(protect, tree, [], place, not wanted))


def link(tree, undo, place, inside, write_protect):
    """What others said of its protection stays if write_protect is None."""
    path = lun_path(*place)
    with contextlib.suppress(FileExistsError):
        tree.mkdir(path)
        undo.append(partial(tree.rmdir, path))
    if write_protect is not None:
        protect(tree, undo, place, write_protect)
    tree.symlink(f"{TARGET}/{inside}", f"{path}/backstore")
    undo.append(partial(tree.unlink, f"{path}/backstore"))


def group_of(tree, place):
    """The name of a LUN's target port group, or None."""
    match = re.search(r"Alias: (.*)", tree.read(f"{lun_path(*place)}/alua_tg_pt_gp") or "")
    return match[1].strip() if match else None


def access_of(tree, place, inside):
    """The asymmetric access state of a LUN, or None."""
    group = group_of(tree, place)
    number = (tree.read(f"{TARGET}/{inside}/alua/{group}/alua_access_state") or "").strip() if group else None
    return next((name for name, value in ALUA_STATES.items() if str(value) == number), None)


def make_group(tree, undo, path, number, access="0"):
    """Without an ID, which no other one of the backstore has, it takes no LUN."""
    with contextlib.suppress(FileExistsError):  # who was killed may have left one without
        tree.mkdir(path)
        undo.append(partial(tree.rmdir, path))
    if number:
        tree.write(f"{path}/tg_pt_gp_id", number)
    if access != "0":
        tree.write(f"{path}/alua_access_state", access)


def remove_group(tree, undo, path):
    number, access = ((tree.read(f"{path}/{name}") or "").strip() for name in ("tg_pt_gp_id", "alua_access_state"))
    tree.rmdir(path)
    undo.append(partial(make_group, tree, [], path, number, access))


def own_group(place):
    """The name of the group that this command makes for a LUN."""
    return f"lun_{place[2]}.{place[1]}.{place[0]}"


def remove_own_group(tree, undo, place, inside):
    """Of a LUN that is not linked, unless others' LUNs are in it: the kernel would put them into the default one."""
    path = f"{TARGET}/{inside}/alua/{own_group(place)}"
    if tree.is_folder(path) and not (tree.read(f"{path}/members") or "").strip():
        remove_group(tree, undo, path)


def set_access(tree, undo, place, inside, access, shared=False):
    """The state is a group's: a LUN of the default one, in which all are, gets a group of its own, and so does one of
    another's unless the group may be shared: its other LUNs follow.  The group."""
    groups, group = f"{TARGET}/{inside}/alua", group_of(tree, place)
    if not group or inside.startswith(("core/pscsi_", "core/user_")):
        raise Error(f"{inside} has no ALUA of the target core's")
    if access_of(tree, place, inside) == access:
        return group
    before, own, member = group, own_group(place), f"{lun_path(*place)}/alua_tg_pt_gp"
    if group == DEFAULT_GROUP or group != own and not shared:
        group = own
        if not (tree.read(f"{groups}/{group}/tg_pt_gp_id") or "").strip():
            used = {(tree.read(f"{groups}/{name}/tg_pt_gp_id") or "").strip() for name in tree.folders(groups)}
            make_group(tree, undo, f"{groups}/{group}", next(str(number) for number in range(1, 65536) if str(number) not in used))
        tree.write(member, group)
        undo.append(partial(tree.write, member, before))
    path = f"{groups}/{group}/alua_access_state"
    before = (tree.read(path) or "").strip()
    tree.write(path, f"{ALUA_STATES[access]}")
    undo.append(partial(tree.write, path, before))
    return group


def unlink(tree, undo, place, name, inside, device, write_protect):
    """The link is called name.  The device, if one is told, is held meanwhile, so that nobody begins to use it."""
    path = lun_path(*place)
    with contextlib.ExitStack() as stack:
        try:
            if device:
                stack.enter_context(tree.exclusive(device))
        except OSError as e:  # a disk that is offline cannot be opened, and has to go all the same
            if e.errno == errno.EBUSY:
                raise
        group = group_of(tree, place)
        tree.unlink(f"{path}/{name}")
        if group not in (None, DEFAULT_GROUP):
            undo.append(partial(tree.write, f"{path}/alua_tg_pt_gp", group))
        undo.append(partial(tree.symlink, f"{TARGET}/{inside}", f"{path}/{name}"))
    remove_lun(tree, undo, place, write_protect)
    remove_own_group(tree, undo, place, inside)


def remove_lun(tree, undo, place, write_protect):
    """A LUN's folder, without its link."""
    path = lun_path(*place)
    if write_protect:
        protect(tree, undo, place, False)
    tree.rmdir(path)
    undo.append(partial(tree.mkdir, path))


def show_target(tree):
    """Have the target core's folder be there.  Whether it is, or there is no target core."""
    if not tree.is_folder(TARGET):
        tree.run("modprobe", "-a", "configfs", "target_core_mod")
        if not tree.is_folder(TARGET):
            tree.run("mount", "-t", "configfs", "configfs", "/sys/kernel/config")
    return tree.is_folder(TARGET) or tree.is_folder("/sys/module") and not tree.is_folder("/sys/module/target_core_mod")


def prepare(tree):
    """What has to be there before anything is made."""
    show_target(tree)
    root = (tree.read(f"{TARGET}/dbroot") or "").strip()
    if root and root not in DBROOTS and tree.folders(TARGET) in (["core"], ["alua", "core"], []):
        # The core takes another folder only before the first fabric.
        for folder in DBROOTS:
            if tree.is_folder(folder):
                tree.write(f"{TARGET}/dbroot", folder)
                root = folder
                break
    for folder in (root, f"{root}/pr", f"{root}/alua") if root else ():
        with contextlib.suppress(OSError):
            if not tree.is_folder(folder):
                tree.mkdir(folder)
    if not tree.is_folder(f"{TARGET}/loopback"):
        tree.mkdir(f"{TARGET}/loopback")


REFUSED = re.compile(r"tcm_loop: (.*)")


def reason_of(tree, error):
    """What the module says of it in the kernel's log, or what the system says."""
    if isinstance(error, OSError):
        if error.errno in (errno.EINVAL, errno.ENOSPC):
            for line in tree.log_since_mark():
                match = REFUSED.search(line)
                if match:
                    return match[1]
        name = (error.filename or "").replace(TARGET + "/", "")
        return f"{name}: {error.strerror}" if name else str(error.strerror)
    return str(error)
