# SPDX-License-Identifier: GPL-2.0-only
"""From what is wanted, what was made and what there is to the steps between them.  Nothing is changed here.

A backstore is this command's if its place below core and its serial number are those that it made, and a LUN if it is
linked to that backstore.
"""
import os
from typing import NamedTuple

from . import lio
from .lio import Step
from .model import BACKSTORE, LUN_ONLY, PATH, PLUGINS, Made, shown_size
from .names import Error, designator
from .snapshot import hbas, named
from .state import Entry, Port

IN_USE = 5  # the exit status


class Absent(Error):
    """Data that is not there, and may come."""


class Shared(Error):
    """A backstore that others' LUNs have, too."""


def absent(disk, look):
    """Why the data of a disk is not there yet, or None."""
    if disk.kind in ("block", "scsi"):
        node = look.node(disk.where)
        if not node:
            return f"{disk.where} is not there"
        if disk.kind == "block" and node.kind == "block" and not look.is_ready(node):
            return f"{disk.where} is part of another device, or not set up, as udev says"
    elif disk.kind == "file":
        missing = look.missing_mount(disk.where)
        if missing:
            return f"{disk.where} is on {missing}, which is in /etc/fstab and not mounted"
    elif disk.kind == BACKSTORE and not named(disk.where, [f"core/{hba}/{name}" for hba, names in hbas(look.tree) for name in names]):
        return f"there is no backstore {disk.where}"
    return None


class Have(NamedTuple):
    """What there is of a disk that was made."""
    inside: str  # its backstore, or ""
    linked: bool
    empty: bool  # its LUN is linked to nothing
    instead: tuple  # what is there and was not made, in words


def find(snapshot, made):
    if "*" in made.inside:  # of two that it may be, neither is taken
        there = [b for b in snapshot.backstores.values() if b.plugin == PLUGINS[made.kind] and b.name == made.name]
    else:
        there = [snapshot.backstores[made.inside]] if made.inside in snapshot.backstores else []
    mine = [b for b in there if (b.serial == made.serial if made.serial else made.kind in LUN_ONLY)]
    inside = mine[0].inside if len(mine) == 1 else ""
    lun = snapshot.luns.get(made.place)
    linked = bool(lun and inside and lun.inside == inside)
    instead = []
    if not there:
        instead.append(f"{made.inside} is gone")
    elif not inside:
        instead.append(f"one with the serial number \"{made.serial}\" was made, found " + ("are " if len(there) > 1 else "is ")
                       + " and ".join(f"{b.inside} with \"{b.serial}\"" for b in there))
    if not linked:
        what = "is gone" if not lun else f"is linked to {lun.inside}" if lun.inside else "is linked to nothing"
        instead.append(f"lun {made.lun} of {made.target}, TPG {made.tpg}, {what}")
    return Have(inside, linked, bool(lun and not lun.inside), tuple(instead))


class Move:
    """One disk, from now to after.  Either may be None: no disk."""

    def __init__(self, name, now, have, after=None):
        self.name, self.now, self.have, self.after = name, now, have, after
        self.sign, self.text, self.notes, self.fault = "", "", [], None
        self.rebuild = self.relink = False  # another backstore; the LUN is linked anew
        self.set = ()  # attributes that its backstore gets
        self.grows = 0  # from how many bytes its file becomes larger
        self.alua = False  # its LUN gets another asymmetric access state
        self.make_file = self.adopted = self.keep_backstore = False
        self.initiator = None  # a port, its initiator before and after, if that changes

    @property
    def leaves(self):
        """Whether its LUN is unlinked."""
        return self.have.linked and (self.after is None or self.rebuild or self.relink)

    @property
    def idle(self):
        return not (self.rebuild or self.relink or self.sign == "-" or not self.have.linked)

    @property
    def changes_image(self):
        """Whether a handler of TCMU gets another configuration, which may be another text for the same image."""
        return self.rebuild and self.now.kind == self.after.kind == "tcmu"

    def line(self):
        return f"{self.sign} {self.name}: " + "; ".join([self.text, *self.notes]) if self.text else ""


class Change(NamedTuple):
    """Disks that change together, all of them or none."""
    moves: list
    entries: dict  # name: Entry
    ports: dict
    steps: list
    cleanup: list  # when the new disks are there
    fault: Error


def shown(differences):
    return ", ".join(f"{key} {before} -> {after}" for key, (before, after) in differences.items())


class Planner:
    def __init__(self, state, snapshot, users, leaving, wanted, force):
        self.state, self.snapshot, self.users, self.wanted, self.force = state, snapshot, users, wanted, force
        self.planned = {*leaving, *(disk.name for disk in wanted)}
        self.have = {name: find(snapshot, made) for name, made in state.disks.items()}
        self.moves = {}
        self.owner = {have.inside: name for name, have in self.have.items() if have.inside and state.disks[name].kind not in LUN_ONLY}

    # What becomes of each disk

    def remove(self, name):
        made, have = self.state.disks[name], self.have[name]
        move = self.moves[name] = Move(name, made, have)
        move.sign, move.text = "-", f"{made.kind}, {made.target}"
        move.notes += have.instead
        others = self.others(made, have) if made.kind not in LUN_ONLY else []
        if others:
            move.notes.append(f"{have.inside} stays, for {', '.join(others)}")
            move.keep_backstore = True
            if not self.force:
                move.fault = Shared(f"{name}: {have.inside} is used by {', '.join(others)}, too; with --force only this disk goes, "
                                    "and the backstore stays", IN_USE)
        elif have.inside and made.kind == "ramdisk":
            move.text += " (its data is lost)"

    def want(self, disk, origin, adopt):
        made, have = self.state.disks.get(disk.name), self.have.get(disk.name)
        move = self.moves[disk.name] = Move(disk.name, made, have or Have("", False, False, ()))
        try:
            if made and made.origin not in (origin, "") and not self.force:
                differing = self.differences(disk, made, have.inside)
                if differing or not have.linked:
                    who = "\"tcm-loop create\"" if made.origin == "create" else made.origin
                    raise Error(f"{disk.name} was made by {who}; with --force it is changed all the same ({', '.join(differing) or 'made again'})")
            if made and made.kind != disk.kind and {made.kind, disk.kind}.intersection(LUN_ONLY):
                raise Error(f"{disk.name} is the name of {made.backstore()}; \"tcm-loop remove {disk.name}\" comes first")
            if not made and adopt:
                (self.adopt_lun if disk.kind in LUN_ONLY else self.adopt)(disk, move)
            (self.towards_lun if disk.kind in LUN_ONLY else self.towards)(disk, origin, move)
        except Error as e:
            move.fault = e

    def tell_serial(self, disk):
        """The device says it, if it has one; while it is not there, it is as it was."""
        made = self.state.disks.get(disk.name)
        address = lio.scsi_address(self.snapshot.tree, self.snapshot.node(disk.where))
        serial = lio.scsi_serial(self.snapshot.tree, address) if address else made.serial if made else ""
        for path in self.wanted if serial else ():
            if path is disk or path.kind == PATH and path.where == disk.name:
                path.serial = serial

    def adopt(self, disk, move):
        """What is there already, as after \"targetctl restore\" of what targetcli saved, is taken over if it is equal."""
        for b in self.snapshot.backstores.values():
            if b.plugin == PLUGINS[disk.kind] and b.name == disk.name and b.serial == disk.serial and b.inside not in self.owner:
                where, size = b.where(), b.size()
                same = disk.kind == "ramdisk" or self.same_data(where, disk.where)
                grows = disk.kind == "file" and size < disk.size
                if not self.force and (not same or disk.kind != "block" and disk.size and size and size != disk.size and not grows):
                    raise Error(f"{disk.name}: {b.inside} has its name and serial number, but not its data: it is {b.kind} {where or shown_size(size)}; "
                                "with --force it is made anew")
                move.now = Made(disk.name, "", disk.kind, disk.where if same else where, size or disk.size, b.inside, False, b.serial, disk.target, disk.tpg, disk.lun,
                                write_protect=disk.write_protect and self.snapshot.is_protected((*disk.port, disk.lun)))
                move.have = find(self.snapshot, move.now)
                move.adopted = True
                self.owner[b.inside] = disk.name
                return

    def others_backstore(self, disk, have):
        """The one that a disk is to be over: of several of that name the one that it has."""
        found = named(disk.where, self.snapshot.backstores)
        found = [inside for inside in found if inside == have.inside] or found
        if not found:
            raise Absent(f"{disk.name}: {absent(disk, self.snapshot)}")
        if (self.snapshot.tree.read(f"{lio.TARGET}/{found[0]}/enable") or "1").strip() == "0":
            raise Absent(f"{disk.name}: backstore {disk.where} is not enabled")
        if len(found) > 1:
            raise Error(f"{disk.name}: backstore {disk.where} is one of {', '.join(sorted(found))}; which one, as TYPE/NAME?")
        if found[0] in self.owner:
            raise Error(f"{disk.name}: backstore {disk.where} is that of {self.owner[found[0]]}, which this command made; paths = N gives that more paths")
        return found[0]

    def adopt_lun(self, disk, move):
        inside = self.moves[disk.where].have.inside if disk.kind == PATH else self.others_backstore(disk, move.have)
        lun = self.snapshot.luns.get((*disk.port, disk.lun))
        if inside and lun and lun.inside == inside:
            move.now = Made(disk.name, "", disk.kind, disk.where, 0, inside, False, disk.serial and self.snapshot.backstores[inside].serial, disk.target, disk.tpg, disk.lun,
                            write_protect=disk.write_protect and self.snapshot.is_protected((*disk.port, disk.lun)))
            move.have = find(self.snapshot, move.now)
            move.adopted = True

    def towards_lun(self, disk, origin, move):
        """What a disk needs over a backstore of others', and another path: a LUN that is linked to the backstore, and so is linked anew with that."""
        now, have, first = move.now, move.have, self.moves[disk.where] if disk.kind == PATH else None
        if first and not first.after:
            raise type(first.fault)(f"{disk.name}: waits for {disk.where}", first.fault.status)
        inside = first.after.inside if first else self.others_backstore(disk, have)
        move.after = Made(disk.name, origin, disk.kind, disk.where, 0, inside, False, disk.serial, disk.target, disk.tpg, disk.lun,
                          now.other if now else {}, disk.write_protect, alua=disk.alua)
        differences = self.differences(disk, now) if now and have.linked else {}
        if inside == have.inside:  # by whichever name
            differences.pop("where", None)
        move.alua = "alua" in differences
        move.relink = have.linked and (len(differences) > move.alua or inside != have.inside or bool(first and first.set))
        if not have.linked:
            move.sign, move.text = "+", f"{disk.backstore()}, {disk.target}"
            if disk.name in self.state.disks:
                move.sign, move.text = "!", f"{'; '.join(have.instead)}; made again: {move.text}"
        elif move.relink or move.alua:
            move.sign = "~"
            move.text = shown(differences) or f"with {disk.where}"
        elif move.adopted or now.origin != origin:
            move.sign, move.text = "=", "is there already, adopted"
        elif now.alua != disk.alua or now.where != disk.where:
            move.sign, move.text = "=", "is so already"

    def towards(self, disk, origin, move):
        """What a disk that is wanted needs."""
        now, have = move.now, move.have
        differences = self.differences(disk, now, have.inside) if now and have.inside else {}
        # What an attribute was before it was set nobody knows any more.
        move.alua = "alua" in differences
        unset = len(differences) > move.alua and not {name for name, _ in now.attributes} <= dict(disk.attributes).keys()
        if "size" in differences and disk.kind == now.kind == "file" and "where" not in differences and disk.size > differences["size"][0]:
            move.grows = differences["size"][0]
        move.rebuild = unset or any(key in ("kind", "where") or key == "size" and not move.grows for key in differences)
        new = move.rebuild or not have.inside
        for name, _ in disk.attributes if not new else ():
            if self.snapshot.backstores[have.inside].attribute(name) is None:
                raise lio.no_attribute(have.inside, name)
        if new and any(b.name == disk.name and b.inside != have.inside for b in self.snapshot.backstores.values()):
            raise self.explained(move, disk, f"{disk.name}: there is a backstore of that name, which this command did not make")
        size = disk.size or (now.size if now and not new else 0)
        if new and disk.kind != "ramdisk":
            node = self.snapshot.node(disk.where)
            move.make_file = disk.kind == "file" and not node
            size = self.size_of_data(disk, node, move.grows)
            move.grows = move.grows if node else 0
        elif move.grows:
            check_growth(self.snapshot, disk.name, disk.where, move.grows, disk.size)
        inside = have.inside if not new else ""
        move.after = Made(disk.name, origin, disk.kind, disk.where if new else now.where, size, inside,
                          move.make_file or bool(now and not new and now.made_file), disk.serial, disk.target, disk.tpg, disk.lun,
                          now.other if now else {}, disk.write_protect, disk.attributes, disk.alua)
        move.set = tuple(each for each in disk.attributes if each[0] in differences) if not new else ()
        move.relink = have.linked and (now.place != move.after.place or now.serial != disk.serial or now.write_protect != disk.write_protect or bool(move.set))
        if not (now and have.inside):
            move.sign, move.text = "+", f"{disk.backstore()}, {disk.target}"
            if disk.name in self.state.disks:
                move.sign, move.text = "!", f"{'; '.join(have.instead)}; made again: {move.text}"
        elif move.adopted and not move.rebuild:
            move.sign, move.text = "=", "is there already, adopted" + ("" if have.linked else f"; {'; '.join(have.instead)}; made: {disk.target}")
            if differences:
                move.sign, move.text = "~", f"{move.text}; {shown(differences)}"
        elif differences:
            move.sign, move.text = "~", shown(differences)
        elif not have.linked:
            move.sign, move.text = "!", f"{'; '.join(have.instead)}; made again: {disk.target}"
        elif now.origin != origin:
            move.sign, move.text = "=", "is there already, adopted"
        elif dict(now.attributes) != dict(disk.attributes) or now.alua != disk.alua:
            move.sign, move.text = "=", "is so already"
        if move.rebuild or now and have.inside and now.serial != disk.serial or move.set:
            others = self.others(now, have)
            if others:
                raise Error(f"{disk.name}: {have.inside} is used by {', '.join(others)}, too; nothing was changed", IN_USE)
        if move.rebuild and now.kind == "ramdisk":
            move.text += " (its data is lost)"
            if not self.force:
                raise Error(f"{disk.name}: its data would be lost; with --force it is made anew")

    @staticmethod
    def explained(move, disk, text):
        if move.now:
            move.sign, move.text = "!", f"{'; '.join(move.have.instead)}; made again: {disk.backstore()}, {disk.target}"
        return Error(text)

    def differences(self, disk, made, inside=""):
        """Of each key that differs, before and after; of the backstore inside the attributes, too."""
        found = {}
        if disk.kind != made.kind:
            found["kind"] = made.kind, disk.kind
        if not self.same_data(disk.where, made.where):
            found["where"] = made.where or "-", disk.where or "-"
        size = (self.snapshot.backstores[inside].size() if inside and made.kind in ("file", "tcmu") else 0) or made.size
        if made.kind == "tcmu" and size != disk.size:  # its handler may have made it another one
            size = made.size
        if disk.size and size and disk.size != size and disk.kind != "block":
            found["size"] = size, disk.size
        for key in "target", "tpg", "lun", "serial":
            if getattr(disk, key) != getattr(made, key):
                found[key] = getattr(made, key), getattr(disk, key)
        if disk.write_protect != made.write_protect:
            found["write_protect"] = ("yes", "no") if made.write_protect else ("no", "yes")
        lun = self.snapshot.luns.get(made.place) if disk.alua else None
        access = self.snapshot.alua(made.place) if lun and lun.inside == (inside or made.inside) else None
        if access and access != disk.alua:
            found["alua"] = access, disk.alua
        if inside and disk.kind not in LUN_ONLY:
            for name, value in disk.attributes:
                before = self.snapshot.backstores[inside].attribute(name)
                if before != value:
                    found[name] = before or "none", value
            found.update((name, (value, "the default")) for name, value in made.attributes if name not in dict(disk.attributes))
        return found

    def same_data(self, one, other):
        if one == other:
            return True
        nodes = [self.snapshot.node(path) for path in (one, other) if path]
        return len(nodes) == 2 and None not in nodes and self.data_key(one) == self.data_key(other)

    def size_of_data(self, disk, node, grows):
        reason = absent(disk, self.snapshot)
        if reason and (not self.force or disk.kind in ("block", "scsi") and not node):
            raise Absent(f"{disk.name}: {reason}" + ("; with --force it is taken as it is" if node or disk.kind == "file" else ""))
        if disk.kind == "tcmu":
            return disk.size
        if disk.kind == "scsi":
            if not lio.scsi_address(self.snapshot.tree, node):
                raise Error(f"{disk.name}: {disk.where} is no SCSI device")
            return 0
        if disk.kind == "block":
            if node.kind != "block":
                raise Error(f"{disk.name}: {disk.where} is not a block device")
            return 0
        if not node:
            if not disk.size:
                raise Error(f"{disk.name}: {disk.where} does not exist; with a size it is made")
            if not self.snapshot.tree.is_folder(os.path.dirname(disk.where)):
                raise Error(f"{disk.name}: there is no folder {os.path.dirname(disk.where)}")
            return disk.size
        if node.kind != "file":
            raise Error(f"{disk.name}: {disk.where} is not a file")
        if disk.size and disk.size != node.size and not (grows and disk.size > node.size):
            raise other_size(disk.name, disk.where, node, disk.size)
        return disk.size if grows else node.size

    def others(self, made, have):
        """The other LUNs of all fabrics that are linked to its backstore, but for its own other paths that change with it."""
        places = [path.place for path in self.state.disks.values() if path.kind == PATH and path.where == made.name and path.name in self.planned]
        places += [(*path.port, path.lun) for path in self.wanted if path.kind == PATH and path.where == made.name]
        own = {self.snapshot.luns[place].path for place in places + [made.place] if place in self.snapshot.luns}
        return [path for path in self.snapshot.backstores[have.inside].luns if path not in own] if have.inside else []

    # What disks mean for each other

    def check_data(self):
        """No two disks on one file or device, or with one designator, of whomever."""
        data, units = {}, {}
        for b in self.snapshot.backstores.values():
            move = self.moves.get(self.owner.get(b.inside))
            if move and (move.after is None and not move.keep_backstore or move.rebuild):
                continue
            if not move:
                where = b.where()
                if self.snapshot.node(where) or b.kind == "tcmu" and where:
                    data.setdefault(self.data_key(where), b.inside)
                if b.serial and b.kind != "scsi":
                    units.setdefault(designator(b.serial), b.inside)
        for move in sorted(self.moves.values(), key=lambda move: not (move.idle and move.have.linked)):
            if not move.after or move.fault or move.after.kind in LUN_ONLY:
                continue
            other = data.setdefault(self.data_key(move.after.where), move.name) if move.after.where else move.name
            if other != move.name:
                self.refuse(move, f"{move.after.where} is the data of {other}, too")
            other = units.setdefault(designator(move.after.serial), move.name) if move.after.kind != "scsi" else move.name
            if other != move.name:
                self.refuse(move, f"{other} has the same serial number, as far as the system sees it: of its hexadecimal digits the first 25 count")

    def refuse(self, move, reason, status=1):
        """What is as it was made is left so."""
        if not move.idle or not move.have.linked:
            move.fault = move.fault or Error(f"{move.name}: {reason}", status)

    def check_places(self):
        leaving = {move.now.place for move in self.moves.values() if move.leaves}
        for move in self.moves.values():
            if not move.after or move.fault or move.have.linked and not move.relink and not move.rebuild:
                continue
            lun = self.snapshot.luns.get(move.after.place)
            if lun and move.after.place not in leaving and not (move.now and move.have.empty and move.now.place == move.after.place):
                move.fault = Error(f"{move.name}: lun {move.after.lun} of {move.after.target}, TPG {move.after.tpg}, is taken")

    def check_memory(self):
        wanted = {move.name: move.after.size for move in self.moves.values()
                  if move.after and move.after.kind == "ramdisk" and not move.after.inside and not move.fault}
        free = self.snapshot.available_memory()
        if not self.force and free is not None and sum(wanted.values()) > free:
            for name, size in wanted.items():
                self.moves[name].fault = Error(f"{name}: {shown_size(size)} of RAM, {shown_size(sum(wanted.values()))} for all new ramdisks, "
                                               f"but {free >> 20} MiB are available; with --force it is tried")

    def choose_initiators(self):
        """The nexus is the port's: its initiator is what one of its disks says, or what it has, or comes from its first disk's name."""
        self.initiators = {}
        by_port = {}
        for disk in self.wanted:
            by_port.setdefault(disk.port, []).append(disk)
        for port, disks in by_port.items():
            nexus = self.snapshot.nexus(port)
            given = next((disk.initiator for disk in disks if disk.initiator), None)
            moves = [self.moves[disk.name] for disk in disks if self.moves[disk.name].after]
            adopted = any(move.adopted and move.have.linked and not self.users.of(move.now.place) for move in moves)
            others = [name for name, made in self.state.disks.items() if made.port == port and name not in self.moves]
            ours = adopted or port in self.state.ports and not others
            try:
                to = given or (nexus if nexus and not ours else self.derived_initiator(nexus, disks))
            except Error as e:
                for move in moves:
                    move.fault = move.fault or Error(f"{move.name}: {e}")
                continue
            here = [lun for place, lun in self.snapshot.luns.items() if place[:2] == port and lun.inside]
            moving = [move for move in self.moves.values() if move.have.linked and move.now.port == port]
            if nexus and to != nexus and len(here) != len(moving):
                if given:
                    for move in moves:
                        if not move.have.linked or self.state.ports.get(port):
                            move.fault = move.fault or Error(f"{move.name}: the initiator of {port[0]}, TPG {port[1]}, is {nexus}, and others use it")
                to = nexus
            self.initiators[port] = to
            for move in (moving or moves) if nexus and to != nexus else ():
                move.initiator = port, nexus, to
                if move.after:
                    move.relink = move.have.linked
                    move.sign, comma = move.sign or "~", ", " if move.text else ""
                    move.text += f"{comma}initiator {nexus} -> {to}"

    @staticmethod
    def derived_initiator(nexus, disks):
        """One that comes from a disk's name, the one that is there if it does."""
        try:
            own = [disk.generated_initiator() for disk in disks]
        except Error:  # without a machine ID there is none, and none is needed if there is a nexus
            if not nexus:
                raise
            return nexus
        return nexus if nexus in own else own[0]

    def check_use(self):
        for move in self.moves.values():
            if move.leaves and not self.force and not move.fault:
                user = self.users.of(move.now.place)
                if user:
                    move.fault = Error(f"{move.name}: {user}; with --force it is {'changed' if move.after else 'removed'} all the same", IN_USE)

    # Steps

    def groups(self):
        """Moves that free what others take, and those of a port whose nexus changes, go together."""
        moves = [move for move in self.moves.values() if move.sign]
        group = {move.name: {move.name} for move in moves}

        def join(one, other):
            merged = group[one.name] | group[other.name]
            for name in merged:
                group[name] = merged

        places = {move.now.place: move for move in moves if move.leaves}
        units = {designator(move.now.serial): move for move in moves if move.now and move.now.serial and move.have.inside}
        data, ports = {}, {}
        for move in moves:
            if move.now and move.have.inside and move.now.where and move.now.kind not in LUN_ONLY and (not move.after or move.rebuild):
                data[self.data_key(move.now.where)] = move
            if move.initiator:
                join(move, ports.setdefault(move.initiator[0], move))
        for move in moves:
            if move.after:
                for found in (places.get(move.after.place), units.get(designator(move.after.serial)) if move.after.serial else None, ports.get(move.after.port),
                              data.get(self.data_key(move.after.where)) if move.after.where and move.after.kind not in LUN_ONLY else None):
                    if found:
                        join(move, found)
        for move in moves:
            path = move.after or move.now
            if path and path.kind == PATH and path.where in group:
                join(move, self.moves[path.where])
        order = {name: number for number, name in enumerate(self.state.entries)}
        # What goes first makes room; it goes in the reverse of how it was made.
        first = sorted((move for move in moves if move.sign == "-"), key=lambda move: (move.now.kind != PATH, -order[move.name]))
        seen, found = set(), []
        moves = first + [move for move in moves if move.sign != "-"]
        for move in moves:
            if move.name not in seen:
                seen |= group[move.name]
                found.append([m for m in moves if m.name in group[move.name]] if len(group[move.name]) > 1 else [move])
        return found

    def data_key(self, where):
        """The same for all names of one file or device, of one that is to be made, too."""
        node = self.snapshot.node(where)
        if node:
            return self.snapshot.once(("data", where), lambda: lio.scsi_address(self.snapshot.tree, node) or node.key)
        return os.path.realpath(where) if where.startswith("/") else where

    def change(self, moves):
        refused = [move for move in moves if move.fault]
        if refused:
            lines = [str(move.fault) for move in refused]
            lines += [f"{move.name}: waits for {', '.join(m.name for m in refused)}" for move in moves if not move.fault]
            return Change(moves, {}, {}, [], [], Error("\n".join(lines), refused[0].fault.status))
        steps, ports, cleanup = {what: [] for what in ("file", "make", "port", "unlink", "set", "free", "late", "link", "alua")}, {}, []
        taken = {self.data_key(move.after.where) for move in moves if move.after and move.after.kind in lio.EXCLUSIVE and not move.after.inside}
        changed = set()
        for move in moves:
            now, have, after = move.now, move.have, move.after
            if now and have.inside:
                now = move.now = now._replace(inside=have.inside)
            if after and after.kind == PATH:
                after = move.after = after._replace(inside=self.moves[after.where].after.inside)
            elif after and not after.inside:
                after = move.after = after._replace(inside=f"core/{self.snapshot.free_hba(PLUGINS[after.kind])}/{after.name}")
                if move.make_file:
                    steps["file"].append(Step(lio.make_file, (after.where, after.size)))
                late = after.kind in lio.EXCLUSIVE and any(
                    m.now and m.have.inside and m.now.kind == after.kind and (self.data_key(m.now.where) == self.data_key(after.where) or m.changes_image)
                    for m in moves if not m.after or m.rebuild)
                if late and move.changes_image:  # else what works would be gone first
                    steps["file"].append(Step(lio.await_handler, (now,)))
                steps["late" if late else "make"].append(Step(lio.make_backstore, (after,)))
            if move.leaves:
                lun = self.snapshot.luns[now.place]
                device = self.snapshot.device(now.place)
                steps["unlink"].append(Step(lio.unlink, (now.place, lun.name, have.inside, f"/dev/{device}" if device and not self.force else None,
                                                         now.write_protect)))
            elif have.empty and have.inside and (not after or now.place != after.place):
                steps["unlink"].append(Step(lio.remove_lun, (now.place, now.write_protect)))
            if after and have.inside == after.inside and now.serial != after.serial and after.kind not in LUN_ONLY:
                steps["set"].append(Step(lio.set_serial, (after.inside, now.serial, after.serial)))
            if move.grows:
                (steps["file"] if move.rebuild else cleanup).extend(grow_file(self.snapshot, after.where, after.size))
            if move.grows and not move.rebuild:
                linked = [other.after.place for other in moves if other.after and other.after.kind == PATH and other.after.where == move.name]
                cleanup += grow(after.inside, after.size, {*self.snapshot.places(after.inside), after.place, *linked})
            if move.set:
                steps["set"].append(Step(lio.set_attributes, (after.inside, move.set)))
            if move.initiator and move.initiator[0] not in changed:
                port, before, to = move.initiator
                changed.add(port)
                steps["set"].append(Step(lio.set_nexus, (*port, before, to)))
                if port in self.state.ports:
                    ports[port] = self.state.ports[port]._replace(initiator=to)
            if move.adopted and have.linked and after.port not in self.state.ports:
                ports[after.port] = Port(self.initiators[after.port], ("target", "tpg"))
            if after and (not have.linked or move.leaves):
                ports.setdefault(after.port, self.port(after.port))
                steps["port"].append(Step(lio.make_port, (*after.port, self.initiators[after.port], ports[after.port].ours)))
                # Who was killed may have left the LUN that was protected.
                protect = after.write_protect or (False if now and now.place == after.place and now.write_protect else None)
                steps["link"].append(Step(lio.link, (after.place, after.inside, protect)))
            if after and after.alua and (move.alua or not have.linked or move.leaves):
                steps["alua"].append(Step(lio.set_access, (after.place, after.inside, after.alua)))
            if now and have.inside and now.kind not in LUN_ONLY and (not after or move.rebuild) and not move.keep_backstore:
                early = now.kind in lio.EXCLUSIVE and self.data_key(now.where) in taken or move.changes_image
                (steps["free"] if early else cleanup).append(Step(lio.remove_backstore, (now,)))
                cleanup.append(Step(lio.remove_hba, (os.path.dirname(now.inside),)))
            if now and now.port in self.state.ports and have.inside and (not after or after.port != now.port):
                port = self.state.ports[now.port]
                cleanup.append(Step(lio.remove_port, (*now.port, port.ours, port.initiator)))
        cleanup.sort(key=cleanup_order)
        return Change(moves, {move.name: Entry(move.now if move.name in self.state.disks or move.adopted else None, move.after) for move in moves},
                      ports, [step for each in steps.values() for step in each], cleanup, None)

    def port(self, port):
        known = self.state.ports.get(port)
        if port in self.snapshot.ports:
            if known:
                return known
            return Port(self.initiators[port], () if self.snapshot.nexus(port) else ("nexus",))
        ours = ["tpg"]
        if port[0] not in self.snapshot.targets or any(key[0] == port[0] and "target" in value.ours for key, value in self.state.ports.items()):
            ours.insert(0, "target")
        return Port(self.initiators[port], tuple(ours), known.other if known else {})


def grow_file(snapshot, path, size):
    """The steps, none if it is as large."""
    before = snapshot.node(path).size
    return [Step(lio.grow_file, (path, before, size))] if before < size else []


def grow(inside, size, places):
    """The steps of a file's backstore, in use or not, and of the disks over it."""
    return [Step(lio.grow_backstore, (inside, size)), Step(lio.look_again, (sorted(places),))]


def check_growth(snapshot, name, path, before, size):
    """Whether a file can get a size with its disk, which has another one, and has that size at the next boot, too."""
    node, mount = snapshot.node(path), snapshot.missing_mount(path)
    if not node:
        raise Error(f"{name}: {path} is not there any more")
    if node.kind != "file":
        raise Error(f"{name}: {path} is not a file")
    if mount or node.size < before:
        raise Error(f"{name}: {path} is not the file that the disk has: " + (f"{mount} is in /etc/fstab and not mounted" if mount else f"it has {node.size} bytes"))
    if node.size > size:
        raise other_size(name, path, node, size)


def other_size(name, path, node, size):
    return Error(f"{name}: {path} has {node.size} bytes, not {size}; leave the size out, or change the file")


def cleanup_order(step):
    """The data last, and of it last what does not come back; then what grows."""
    if step.do in (lio.grow_file, lio.grow_backstore, lio.look_again):
        return 4
    if step.do is lio.remove_backstore:
        return 2 if lio.is_final(step.args[0]) else 1
    return 3 if step.do is lio.remove_hba else 0


def plan(state, snapshot, users, wanted=(), leaving=(), origin="create", adopt=False, force=False):
    """The changes, in their order; those that are refused have a fault and no steps."""
    planner = Planner(state, snapshot, users, leaving, wanted, force)
    for disk in [disk for disk in wanted if disk.kind == "scsi"]:
        planner.tell_serial(disk)
    for name in leaving:
        planner.remove(name)
    for disk in wanted:
        planner.want(disk, origin, adopt)
    planner.check_data()
    planner.check_places()
    planner.check_memory()
    planner.choose_initiators()
    planner.check_use()
    for move in planner.moves.values():
        if move.fault and not move.sign:
            move.sign = "?"
    return [planner.change(moves) for moves in planner.groups()]
