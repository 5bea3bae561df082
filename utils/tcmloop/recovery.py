# SPDX-License-Identifier: GPL-2.0-only
"""What brings to an end what a command that was killed has begun.  Nothing is changed here: plan.py has what a change is."""
import os

from . import lio
from .lio import Step
from .model import LUN_ONLY
from .plan import Change, Have, Move, find, grow
from .state import Entry


def recovery(state, snapshot):
    """What brings an intention of a command that was killed to an end: forward if the new LUN is linked, else back."""
    changes, owners = [], {(now.place, now.inside): name for name, (now, _) in state.entries.items() if now}
    for name, (now, after) in state.entries.items():
        if now == after:
            continue
        old = find_either(snapshot, now, after)
        if after and is_reached(snapshot, now, after) and owners.get((after.place, after.inside), name) == name:
            result, what, gone = after, "finished", [now]
        elif now and old.linked:
            result, what, gone = now, "undone", [after]
        elif after and old.inside and after.kind not in LUN_ONLY:
            result, what, gone = now, "undone", [after]
        else:
            result, what, gone = None, "undone" if after else "finished", [after, now]
        if result and result is now:
            backstore, attributes = snapshot.backstores[old.inside], now.attributes
            if after and after.inside == now.inside and not old.linked:  # some may be set already
                values = {name: backstore.attribute(name) for name in {**dict(now.attributes), **dict(after.attributes)}}
                attributes = tuple((name, value) for name, value in values.items() if value and (name in dict(now.attributes) or (name, value) in after.attributes))
            size = backstore.size() if now.kind == "file" else 0
            result = now._replace(serial=now.serial and backstore.serial, inside=old.inside, attributes=attributes, size=size or now.size)
        steps = forward(snapshot, now, after) if result is after and after else []
        for made in filter(None, gone):
            lun = snapshot.luns.get(made.place)
            if lun and not lun.inside and not (result and result.place == made.place):
                steps.append(Step(clear_lun, (made.place, any(one.write_protect for one in (now, after) if one and one.place == made.place))))
            if made.kind in LUN_ONLY and made.inside in snapshot.backstores and not (result and result.place == made.place):
                steps.append(Step(lio.remove_own_group, (made.place, made.inside)))
            if not (result and result.inside == made.inside):
                steps += left_of_backstore(snapshot, made, file=made is after and not (now and now.where == made.where))
            if made.port in state.ports and not (result and result.port == made.port):
                port = state.ports[made.port]
                steps.append(Step(lio.remove_port, (*made.port, port.ours, port.initiator)))
        move = Move(name, now, Have("", False, False, ()), result)
        move.sign, move.text = "!", f"an earlier command was interrupted; what it did is {what}"
        changes.append(Change([move], {name: Entry(now, result)}, {}, steps, [], None))
    return changes


def forward(snapshot, now, after):
    """The steps that are left of a change that is as good as done."""
    steps = []
    if after.alua and snapshot.alua(after.place) != after.alua:
        steps.append(Step(lio.set_access, (after.place, after.inside, after.alua)))
    if is_growth(now, after):
        steps += grow(after.inside, after.size, snapshot.places(after.inside))
    return steps


def is_growth(now, after):
    return bool(now) and now.inside == after.inside and now.size != after.size


def is_reached(snapshot, now, after):
    """Whether the new LUN is linked, and, if it is in the place of the old one, protected as it is to be."""
    stays = now and now.place == after.place and now.write_protect != after.write_protect
    if not find(snapshot, after).linked or stays and snapshot.is_protected(after.place) != after.write_protect:
        return False
    if is_growth(now, after):
        node = snapshot.node(after.where)
        if not node or node.size != after.size:
            return False
    backstore = snapshot.backstores[after.inside]
    return all(backstore.attribute(name) == value for name, value in after.attributes)


def find_either(snapshot, made, other):
    """The serial number may have been changed already, or not yet."""
    if not made:
        return Have("", False, False, ())
    have = find(snapshot, made)
    if not have.inside and other and other.inside == made.inside:
        have = find(snapshot, made._replace(serial=other.serial))
    return have


def left_of_backstore(snapshot, made, file):
    steps, hba = [], os.path.dirname(made.inside)
    if made.kind in LUN_ONLY:
        return []
    backstore = snapshot.backstores.get(made.inside)
    # The serial number is written first of all: without one it is what was just begun.
    if backstore and backstore.serial in (made.serial, "") and not backstore.luns:
        steps.append(Step(lio.remove_backstore, (made,)))
    if hba[5:] in snapshot.hbas and (steps or not backstore):
        steps.append(Step(lio.remove_hba, (hba,)))
    if file and made.made_file:
        node = snapshot.node(made.where)
        if node and node.kind == "file" and node.size in (0, made.size) and not node.blocks and node.mode == 0o600:
            steps.append(Step(remove_file, (made.where, made.size)))
    return steps


def clear_lun(tree, undo, place, write_protect):
    """It may have been in the way of two disks."""
    if tree.is_folder(lio.lun_path(*place)):
        lio.remove_lun(tree, undo, place, write_protect)


def remove_file(tree, undo, path, size):
    """One that has no data, nor perhaps its size yet."""
    tree.unlink(path)
    undo.append(lambda: tree.create(path, size))
