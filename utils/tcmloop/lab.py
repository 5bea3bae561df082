# SPDX-License-Identifier: GPL-2.0-only
"""What a test sees of disks and does to them, whoever made them: faults, ports that are offline, resets, none of which is saved; sizes."""
import contextlib
import os
import re

from . import conf, faults, lio, plan
from .inuse import Users
from .model import INQUIRY, LUN_ONLY, Made, shown_size, size_of
from .names import Error
from .output import say
from .snapshot import done, errors_of
from .state import Entry

NO_SUCH_DISK = 4  # an exit status
DEBUGFS = "/sys/kernel/debug/tcm_loop"


def chosen(session, names):
    """The LUNs that names or devices say, each as label and place; the labels of all; the snapshot in which they were found."""
    if not session.tree.is_root():
        raise Error("only root can do this")
    state, snapshot = session.reading()
    made = {m.place: name for name, m in state.disks.items() if plan.find(snapshot, m).linked}
    labels = {place: made.get(place) or lun.inside.rpartition("/")[2] for place, lun in sorted(snapshot.luns.items()) if lun.inside}
    found = []
    for name in names:
        device = os.path.basename(os.path.realpath(name)) if name.startswith("/dev/") else None
        here = [place for place, label in labels.items() if (snapshot.device(place) == device if device else label == name)]
        here = [place for place in here if place in made] or here
        if not here:
            raise Error(f"{name} is not a disk of the loopback target; there are: {', '.join(sorted(set(labels.values()))) or 'none'}", NO_SUCH_DISK)
        if len(here) > 1:
            raise Error(f"{name}: several LUNs have a backstore of that name; which one, as /dev/sdX?", NO_SUCH_DISK)
        if (name, here[0]) not in found:
            found.append((name if not device else labels[here[0]], here[0]))
    return found if names else [(label, place) for place, label in labels.items()], labels, snapshot


def each(session, found, do):
    """One after the other; the exit status."""
    failed = []
    for label, place in found:
        try:
            do(label, place)
        except OSError as e:
            failed.append(Error(f"{label}: {lio.reason_of(session.tree, e)}"))
        except Error as e:
            failed.append(e)
    return session.verdict(failed, several=len(found) > 1)


def write(tree, path, text):
    tree.mark_log()
    tree.write(path, text)


def faults_path(tree, label, place):
    path = f"{lio.port_path(*place[:2])}/faults"
    if tree.read(path) is None:
        raise Error(f"{label}: {path.replace(lio.TARGET + '/', '')} is not there: the kernel's own tcm_loop has no faults, "
                    "nor has this module on a kernel without debugfs")
    return path


def rules_of(tree, snapshot, place):
    """All rules of a LUN: the port's file shows a page of them, which is enough where debugfs cannot be read."""
    text = tree.read(f"{DEBUGFS}/{snapshot.hctl(place)}/error")
    if text is not None:
        return text.splitlines()
    text = tree.read(f"{lio.port_path(*place[:2])}/faults") or ""
    return [line.partition(" ")[2] for line in text.splitlines() if line.partition(" ")[0] == str(place[2])]


def held(snapshot, place):
    """Of commands that have not been answered in time: the backstore, how many they are, and for how many seconds the oldest; or None."""
    lines = [line.split() for line in snapshot.attribute(place[:2], "held").splitlines()]
    return next((words[1:] for words in lines if words[0] == f"lun_{place[2]}"), None)


def fault(session, arguments):
    if not arguments.disk and not arguments.clear:
        raise Error("which disk? Give names, or --clear for the faults of all; \"tcm-loop list\" shows them", 2)
    lines = faults.rules(arguments)
    found, _, _ = chosen(session, arguments.disk)
    if not arguments.disk:
        found = [(label, place) for label, place in found if session.tree.read(f"{lio.port_path(*place[:2])}/faults")]

    def do(label, place):
        path = faults_path(session.tree, label, place)
        for line in lines:
            write(session.tree, path, f"{place[2]} {line}")
    return each(session, found, do)


def show_faults(session, arguments):
    found, _, snapshot = chosen(session, arguments.disk)
    for label, place in found:
        device = snapshot.device(place)
        for rule in rules_of(session.tree, snapshot, place):
            say(f"{label} ({f'/dev/{device}' if device else 'no disk'}): {faults.shown(rule)}")
    return 0


def show(session, arguments):
    """What there is to know of logical units: where the data is, each path, its state, what is held, faults, who uses it."""
    found, labels, snapshot = chosen(session, arguments.disk)
    users, shown = Users(snapshot), set()
    attributes = {made.inside: [made.shown_attributes(), *(f"{what} {text}" for what, text in made.attributes if what in INQUIRY)]
                  for made in session.store.load().disks.values() if made.attributes}
    for _, place in found:
        inside = snapshot.luns[place].inside
        if inside in shown:
            continue
        shown.add(inside)
        backstore = snapshot.backstores[inside]
        size, where = backstore.size(), backstore.where()
        say(", ".join(filter(None, (f"{backstore.name}: {backstore.kind}", where, size and shown_size(size), inside, backstore.serial and f"serial {backstore.serial}",
                                      *attributes.get(inside, ())))))
        for other in [place for place in labels if snapshot.luns[place].inside == inside]:
            say("\n".join(f"  {line}" for line in of_path(session.tree, snapshot, labels[other], other, users)))
        for path in backstore.luns:
            if not path.startswith("loopback/"):
                say(f"  also {path}")
    return 0


def of_path(tree, snapshot, label, place, users):
    """The lines of a path."""
    target, tpg, lun = place
    device, port = snapshot.device(place), place[:2]
    alua = re.search(r"Primary Access State: (.*)", tree.read(f"{lio.lun_path(*place)}/alua_tg_pt_gp") or "")
    yield ", ".join(filter(None, (f"{label}: {f'/dev/{device}' if device else 'no disk'}", snapshot.hctl(place) or None, f"{target} {tpg}:{lun}",
                                  f"initiator {snapshot.nexus(port) or 'none'}", snapshot.attribute(port, "transport_status") or None,
                                  alua and alua[1].strip().lower(), "write-protected" if snapshot.is_protected(place) else None)))
    did, errors = done(tree, device), errors_of(tree, snapshot.hctl(place))
    if did:
        yield f"  {did.reads} reads, {did.writes} writes, {did.sectors / 2048:.1f} MiB" + (f", {errors} errors" if errors is not None else "")
    user = users.of(place)
    if user:
        yield f"  {user}"
    late = held(snapshot, place)
    if late:
        yield f"  holds {late[1]} commands that {late[0]} has not answered, the oldest for {late[2]} s"
    for rule in rules_of(tree, snapshot, place):
        yield f"  fault {faults.shown(rule)}"


def transport(session, arguments):
    """The port's, and so of all its LUNs, which are told."""
    found, labels, _ = chosen(session, arguments.disk)
    ports = {place[:2]: (label, place) for label, place in found}

    def do(_, place):
        write(session.tree, f"{lio.port_path(*place[:2])}/transport_status", arguments.command)
        say(f"{', '.join(name for other, name in labels.items() if other[:2] == place[:2])}: {arguments.command}")
    return each(session, list(ports.values()), do)


def alua(session, arguments):
    """Nothing that is made stays if it fails."""
    tree = session.tree
    found, _, snapshot = chosen(session, arguments.disk)

    def do(label, place):
        inside = snapshot.luns[place].inside
        undo = []
        tree.mark_log()
        try:
            group = lio.set_access(tree, undo, place, inside, arguments.access, shared=True)
        except Error as e:
            raise Error(f"{label}: {e}") from e
        except OSError:
            while undo:
                with contextlib.suppress(OSError):
                    undo.pop()()
            raise
        others = [path for path in snapshot.backstores[inside].luns
                  if f"{lio.TARGET}/{path}" != lio.lun_path(*place) and group != lio.DEFAULT_GROUP and f"Alias: {group}\n" in (tree.read(f"{lio.TARGET}/{path}/alua_tg_pt_gp") or "")]
        say(f"{label}: {arguments.access}" + (f", with {', '.join(others)}" if others else ""))
    return each(session, found, do)


def resize(session, arguments):
    """A file grows with its disks, which may be in use; those of a device that has grown look at it."""
    with session.writing() as (state, _):
        ((label, place),), _, snapshot = chosen(session, [arguments.disk])
        inside = snapshot.luns[place].inside
        backstore, where = snapshot.backstores[inside], snapshot.backstores[inside].where()
        if backstore.kind not in ("file", "block"):
            raise Error(f"{label}: {backstore.kind} is a backstore that this command cannot grow; it can those of files and block devices")
        made = next((disk for disk in state.disks.values() if disk.kind not in LUN_ONLY and plan.find(snapshot, disk).inside == inside), None)
        now = after = made._replace(inside=inside) if made else Made(label, "", backstore.kind, where, backstore.size(), inside, False, backstore.serial, *place)
        node = snapshot.node(where) if backstore.kind == "file" else None
        if backstore.kind == "block" or node and node.kind == "block":
            if arguments.size:
                raise Error(f"{label}: size {arguments.size}: its size is that of the device; when that has grown \"tcm-loop resize {label}\" has its disks look at it")
            steps = [lio.Step(lio.look_again, (snapshot.places(inside),))]
        else:
            before, size = backstore.size(), node.size if node else 0
            if arguments.size:
                size = size_of(arguments.size, int(backstore.attribute("block_size") or 512), f"{label}: size")
            if node and size < before:
                raise Error(f"{label}: size {shown_size(size)}: it has {shown_size(before)}, and a disk does not shrink")
            plan.check_growth(snapshot, label, where, before, size)
            if made and told_size(session.tree, made, arguments.size) not in (0, size):
                raise Error(f"{label} is in {made.origin}: with another size there \"tcm-loop apply {made.origin}\" grows it")
            steps = plan.grow_file(snapshot, where, size) + plan.grow(inside, size, snapshot.places(inside))
            after = now._replace(size=size)
        move = plan.Move(now.name, now, plan.find(snapshot, now), after)
        return session.perform([plan.Change([move], {now.name: Entry(now, after)} if made else {}, {}, steps, [], None)], several=False)


def told_size(tree, made, wanted):
    """What the file that has a disk says of its size: 0 if nothing, None if that cannot be known and a size is wanted."""
    if made.origin in ("create", ""):
        return 0
    with contextlib.suppress(Error):
        return next((disk.size for disk in conf.read(tree, made.origin, {}) if disk.name == made.name), 0)
    return None if wanted else 0


def reset(session, arguments):
    found, _, snapshot = chosen(session, arguments.disk)

    def do(label, place):
        device = snapshot.device(place)
        if not device:
            raise Error(f"{label}: has no disk to be reset by")
        try:
            session.tree.reset(f"/dev/{device}")
        except OSError as e:
            raise Error(f"{label}: LOGICAL UNIT RESET of /dev/{device}: {e.strerror}") from e
        say(f"{label}: reset")
    return each(session, found, do)
