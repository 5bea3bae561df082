# SPDX-License-Identifier: GPL-2.0-only
"""What a test does to disks, whoever made them: faults, ports that are offline, resets.  None of it is saved."""
import os

from . import faults, lio, plan
from .names import Error

NO_SUCH_DISK = 4  # an exit status
DEBUGFS = "/sys/kernel/debug/tcm_loop"


def chosen(session, names):
    """The LUNs that names or devices say, as label and place; the snapshot in which they were found."""
    if not session.tree.is_root():
        raise Error("only root can do this")
    state, snapshot = session.reading()
    made = {m.place: name for name, m in state.disks.items() if plan.find(snapshot, m).linked}
    found = []
    labels = {place: made.get(place) or lun.inside.rpartition("/")[2] for place, lun in sorted(snapshot.luns.items()) if lun.inside}
    for name in names:
        device = os.path.basename(os.path.realpath(name)) if name.startswith("/dev/") else None
        here = [place for place, label in labels.items() if (snapshot.device(place) == device if device else label == name)]
        if not here:
            raise Error(f"{name} is not a disk of the loopback target; there are: {', '.join(sorted(set(labels.values()))) or 'none'}", NO_SUCH_DISK)
        found += [(labels[place], place) for place in here if (labels[place], place) not in found]
    return found if names else [(label, place) for place, label in labels.items()], labels, snapshot


def write(tree, path, text, label):
    tree.mark_log()
    try:
        tree.write(path, text)
    except OSError as e:
        raise Error(f"{label}: {lio.reason_of(tree, e)}") from e


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


def fault(session, arguments):
    if arguments.clear:
        found, _, _ = chosen(session, arguments.disk)
        for label, place in found:
            if arguments.disk or session.tree.read(f"{lio.port_path(*place[:2])}/faults"):
                write(session.tree, faults_path(session.tree, label, place), f"{place[2]} 0", label)
        return 0
    if not arguments.disk:
        raise Error("which disk? Give names, or --clear for the faults of all; \"tcm-loop list\" shows them", 2)
    lines = faults.lines(arguments)
    for label, place in chosen(session, arguments.disk)[0]:
        path = faults_path(session.tree, label, place)
        for line in lines:
            write(session.tree, path, f"{place[2]} {line}", label)
    return 0


def show_faults(session, arguments):
    found, _, snapshot = chosen(session, arguments.disk)
    for label, place in found:
        device = snapshot.device(place)
        for rule in rules_of(session.tree, snapshot, place):
            print(f"{label} ({f'/dev/{device}' if device else 'no disk'}): {faults.shown(rule)}", flush=True)
    return 0


def transport(session, arguments):
    """The port's, and so of all its LUNs, which are told."""
    found, labels, _ = chosen(session, arguments.disk)
    ports = {place[:2]: label for label, place in found}
    for port, label in ports.items():
        write(session.tree, f"{lio.port_path(*port)}/transport_status", arguments.command, label)
        print(f"{', '.join(name for place, name in labels.items() if place[:2] == port)}: {arguments.command}", flush=True)
    return 0


def reset(session, arguments):
    found, _, snapshot = chosen(session, arguments.disk)
    for label, place in found:
        device = snapshot.device(place)
        if not device:
            raise Error(f"{label}: has no disk to be reset by")
        try:
            session.tree.reset(f"/dev/{device}")
        except OSError as e:
            raise Error(f"{label}: LOGICAL UNIT RESET of /dev/{device}: {e.strerror}") from e
        print(f"{label}: reset", flush=True)
    return 0
