# SPDX-License-Identifier: GPL-2.0-only
"""The command line of tcm-loop(8)."""
import argparse
import contextlib
import functools
import io
import json
import os
import re
import secrets
import signal
import sys

from . import VERSION, conf, experiment, faults, lab, lio, plan, recovery, scenario, targetcli, timeline, watch
from .inuse import Users, block_devices
from .lab import NO_SUCH_DISK
from .model import ALUA_STATES, BACKSTORE, INQUIRY, LUN_ONLY, MAX_PATHS, OPTIONS, PATH, PLUGINS, TARGETCLI, Disk, Made
from .names import PROTOCOLS, Error, generate, protocol_of
from .output import say, say_table, warn
from .run import Executor
from .snapshot import Look, Snapshot, hbas
from .state import FOLDER, Entry, Port, Store
from .tree import Stop, Tree

CONFIG = "/etc/tcm-loop.conf"
SOME_FAILED, LOCKED = 3, 7  # exit statuses

EXAMPLES = """examples:
  tcm-loop create --ramdisk 64M
  tcm-loop create --file /srv/disk.img --size 1G --protocol fc
  tcm-loop create --block /dev/vg/lv --target iqn.2003-01.org.example:disk1
  tcm-loop list
  tcm-loop create --backstore block/lv1 --protocol fc
  tcm-loop create --ramdisk 1G --name lab --paths 4
  tcm-loop alua standby lab:3 lab:4
  tcm-loop fault disk1 --on read --sense 3/11/0 --lba 1000+8
  tcm-loop lab failover --svg failover.svg
  tcm-loop remove disk1
  tcm-loop apply --dry-run
  tcm-loop targetcli ls /loopback
"""


class Session:
    """One command: a tree, the state, one look at what there is."""

    def __init__(self, arguments, tree):
        self.arguments, self.tree = arguments, tree
        self.store = Store(tree, arguments.state, warn)
        self.executor = None

    @contextlib.contextmanager
    def writing(self):
        """For who changes: one at a time, when what an earlier command left half done is brought to an end."""
        if not self.tree.is_root():
            raise Error("only root can do this")
        with self.store.locked(self.wait()):
            state = self.store.load(write=True)
            if state.entries and not lio.show_target(self.tree):
                raise Error(f"{lio.TARGET} is not to be seen here, where {', '.join(state.entries)} were made")
            snapshot = Snapshot(self.tree)
            self.executor = Executor(self.tree, self.store, state, warn)
            interrupted = recovery.recovery(state, snapshot)
            if interrupted:
                for change in interrupted:
                    warn(change.moves[0].line())
                self.executor.run(interrupted, recovering=True)
                self.executor.done.clear()
                snapshot = Snapshot(self.tree)
            yield state, snapshot

    def reading(self):
        return self.store.load(), Snapshot(self.tree)

    def wait(self):
        start, told = self.tree.now(), []
        limit = self.arguments.lock_timeout

        def wait():
            if limit is not None and self.tree.now() - start > limit:
                raise Error("another tcm-loop, or targetcli, is at work", LOCKED)
            if not told and self.tree.now() - start > 1:
                told.append(True)
                warn("waits for another tcm-loop, or targetcli")
        return wait

    def users(self, snapshot):
        return Users(snapshot)

    def perform(self, changes, several=True):
        """Make them, tell of each disk, and return the exit status."""
        try:
            self.executor.run(changes)
        finally:
            self.tell()
        return self.verdict(self.executor.faults, several)

    def tell(self):
        snapshot = Snapshot(self.tree) if any(move.after for change in self.executor.done for move in change.moves) else None
        moves = [move for change in self.executor.done for move in change.moves]
        devices = {move.name: snapshot.device(move.after.place) for move in moves if move.after}
        new = [snapshot.device(place) for change in self.executor.done for place in self.executor.new_places(change)]
        self.executor.wait_for_udev(filter(None, new))
        for move in moves:
            if move.after:
                device = devices[move.name]
                by_id = snapshot.by_id(device) if device else None
                say(f"{move.name}: " + (f"/dev/{device}" if device else "no disk") + (f" {by_id}" if by_id else ""))
            else:
                say(f"{move.name}: " + "; ".join(["removed" if move.have.inside else "forgotten", *move.notes]))

    @staticmethod
    def verdict(faults, several=True):
        """Of one disk why it failed, else that some did."""
        for fault in faults:
            warn(str(fault))
        return 0 if not faults else SOME_FAILED if several else faults[0].status


def create(session, arguments):
    options = {key: getattr(arguments, key) for key in OPTIONS if getattr(arguments, key) is not None}
    with session.writing() as (state, snapshot):
        name = arguments.name
        if not name:
            # The same name after a removal is another disk: neither its serial number nor its data is the same.
            taken = set(state.entries) | {backstore.name for backstore in snapshot.backstores.values()} | configured(session.tree)
            number = 1
            while any(name.split(":")[0] == f"disk{number}" for name in taken):
                number += 1
            name = f"disk{number}"
            if BACKSTORE not in options:
                options.setdefault("serial", secrets.token_hex(16))
        if name in state.entries:
            raise Error(f"{name} exists; \"tcm-loop remove {name}\" removes it")
        disks = Disk(name, options).with_paths()
        for disk in disks[1:]:
            if disk.name in state.entries:
                raise Error(f"{disk.name} exists; \"tcm-loop remove {disk.name}\" removes it")
        changes = plan.plan(state, snapshot, session.users(snapshot), disks, force=arguments.force)
        return session.perform(changes, several=False)


def adopt(session, arguments):
    """Take over disks that others made, or that a lost state had."""
    with session.writing() as (state, snapshot):
        for name in arguments.disk:
            if name in state.entries:
                raise Error(f"{name} is this command's already")
            found = [(place, lun, b) for b in snapshot.backstores.values()
                     if b.name == name and b.kind in PLUGINS and b.serial and (b.kind not in ("tcmu", "scsi") or re.search("^/|:", b.where()))
                     for place, lun in snapshot.luns.items() if lun.inside == b.inside]
            ours = {made.place: name for name, made in state.disks.items()}
            if found and all(place in ours for place, _, _ in found):
                raise Error(f"{name}: its LUN is that of {ours[found[0][0]]}, which is this command's already", NO_SUCH_DISK)
            found = [each for each in found if each[0] not in ours]
            paths = {number: each for number in range(2, MAX_PATHS + 1) for each in found if is_path(name, number, each[0][0])}
            found = [each for each in found if each not in paths.values()]
            if len(found) != 1:
                raise Error(f"{name}: " + ("several LUNs have a backstore of that name" if found else
                                           "no LUN has a backstore of that name that is a ramdisk, a file, a block device or a disk of TCMU with a serial number"), NO_SUCH_DISK)
            (place, lun, b), = found
            made = Made(name, "create", b.kind, b.where(), b.size(), b.inside, False, b.serial, *place, write_protect=snapshot.is_protected(place))
            all_made = [made] + [made._replace(name=f"{name}:{number}", kind=PATH, where=name, size=0, target=place[0], tpg=place[1], lun=place[2],
                                               write_protect=snapshot.is_protected(place)) for number, (place, _, _) in paths.items()]
            for made in all_made:
                state.entries[made.name] = Entry(made, made)
                state.ports.setdefault(made.port, Port(snapshot.nexus(made.port), ("target", "tpg")))
                say(f"{made.name}: adopted")
        session.store.save(state)
    return 0


def is_path(name, number, target):
    """Whether a target's name is that of another path to a disk."""
    with contextlib.suppress(Error):
        return target == generate(f"{name}:{number}", "target", protocol_of(target))
    return False


def forget(session, arguments):
    """Leave disks to others, as they are."""
    with session.writing() as (state, _):
        for name in arguments.disk:
            if name not in state.entries:
                raise Error(f"{name} is not a disk that this command made", NO_SUCH_DISK)
        for name in with_paths(state, arguments.disk):
            del state.entries[name]
            say(f"{name}: forgotten, and left as it is")
        session.executor.forget()
        session.store.save(state)
    return 0


def check_idle(session, arguments):
    """For target.service, whose start and stop clear all that there is, in use or not, idle ramdisks, too, or half of it if there is
    a name that rtslib does not know."""
    if arguments.restore and not any(session.tree.node(path) for path in targetcli.SAVED):
        return 0  # its start ends before it clears
    state, snapshot = session.reading()
    users, used = session.users(snapshot), []
    have = {name: plan.find(snapshot, made) for name, made in state.disks.items()}
    for name, made in state.disks.items():
        if have[name].inside:
            used.append(f"{name}: {users.of(made.place) or 'is there'}; \"systemctl stop tcm-loop\", or \"tcm-loop remove\", comes first")
    ours = {made.place for name, made in state.disks.items() if have[name].linked}
    for place in sorted(set(snapshot.luns) - ours):
        user = users.of(place)
        if user:
            used.append(f"{'{} {}:{}'.format(*place)}: {user}")
    used += [f"{target}: targetctl does not know such names, and would stop half-way" for target in sorted(snapshot.targets)
             if not targetcli.is_known(target)]
    if used:
        raise Error("\n".join(used), plan.IN_USE)
    return 0


def complete(words, tree):
    """What the last word may become, for the shell: a line for each; nothing, for files."""
    *before, last = words or [""]
    top = parser()
    commands = next(action.choices for action in top._actions if isinstance(action, argparse._SubParsersAction))
    command = next((word for word in before if word in commands), None)
    options = {option: action for action in (commands[command] if command else top)._actions for option in action.option_strings}
    action = options.get(before[-1]) if before else None
    if action and action.dest == "backstore":
        found = [f"{TARGETCLI[plugin]}/{name}" for plugin, names in ((hba.rpartition("_")[0], names) for hba, names in hbas(tree)) if plugin in TARGETCLI for name in names]
    elif action and action.nargs != 0:
        found = action.choices or ()
    elif last.startswith("-"):
        found = options
    elif not command:
        found = commands
    elif command == "lab":
        found = scenario.installed()
    else:
        found = Store(tree).load().disks if command in ("remove", "forget", "show", "watch", "fault", "faults", "offline", "online", "alua", "reset", "resize") else ()
    for word in found:
        if word.startswith(last):
            say(word)
    return 0


def origin_of(path):
    """By what name a file's disks are written down: a link may come to point elsewhere."""
    origin = os.path.abspath(path)
    if re.match("/(dev|proc/.*)/fd/", origin):
        raise Error(f"{path}: its disks could not be told from others' at the next \"apply\"; take a file with a name of its own, or /dev/stdin")
    return origin


def made_at_boot(tree, folder):
    """The disks that tcm-loop.service makes."""
    with contextlib.suppress(Error):
        return [made for made in Store(tree, folder).load().disks.values() if made.origin == CONFIG]
    return []


def configured(tree):
    with contextlib.suppress(Error):
        faults = {}
        return {disk.name for disk in conf.read(tree, CONFIG, faults)}.union(faults)
    return set()


def remove(session, arguments):
    if not (arguments.disk or arguments.all or arguments.origin):
        raise Error("which disk? Give names, or --all; \"tcm-loop list\" shows them", 2)
    if arguments.unmount and not arguments.wait:
        raise Error("--unmount wants --wait, which says for how long", 2)
    names, status, several = None, 0, False
    end = session.tree.now() + arguments.wait
    while True:
        with session.writing() as (state, snapshot):
            if names is None:
                names = chosen(state, snapshot, arguments)
                several = len(names) > 1
            leaving = [name for name in names if name in state.disks]
            changes = plan.plan(state, snapshot, session.users(snapshot), leaving=leaving, force=arguments.force)
            in_use = [change for change in changes if change.fault and change.fault.status == plan.IN_USE] if session.tree.now() < end else []
            status = session.perform([change for change in changes if change not in in_use], several) or status
        if not in_use:
            return status
        names = [move.name for change in in_use for move in change.moves]
        if arguments.unmount:
            unmount(session.tree, snapshot, [move for change in in_use for move in change.moves])
        session.tree.waits_for(f"{', '.join(names)} to be idle")
        session.tree.sleep(0.5)


def unmount(tree, snapshot, moves):
    """The file systems on disks, but for those that others keep all the same."""
    for move in moves:
        if move.have.linked and not isinstance(move.fault, plan.Shared):
            for device in block_devices(tree, snapshot, move.now.place):
                tree.run("umount", "-A", device)


def chosen(state, snapshot, arguments):
    """The names of the disks to remove, each once."""
    names = []
    for name in arguments.disk:
        if name.startswith("/dev/"):
            device = os.path.basename(os.path.realpath(name))
            name = next((n for n, made in state.disks.items()
                         if plan.find(snapshot, made).linked and snapshot.device(made.place) == device), name)
        if name not in state.disks:
            raise Error(f"{name} is not a disk that this command made; it made: {', '.join(state.disks) or 'none'}", NO_SUCH_DISK)
        names.append(name)
    origins = {scenario.path_of(snapshot.tree, origin) for origin in arguments.origin}
    if CONFIG in origins:
        origins.add("")  # of 3.0.0, whose unit removed all at its stop
    names += [name for name, made in state.disks.items() if arguments.all or made.origin in origins]
    return with_paths(state, dict.fromkeys(names))


def with_paths(state, names):
    """With each disk go the other paths to it."""
    return list(dict.fromkeys([*names, *(name for name, made in state.disks.items() if made.kind == PATH and made.where in names)]))


def apply(session, arguments):
    origin = origin_of(arguments.file)
    faults = {}
    wanted = conf.read(session.tree, arguments.file, faults)

    def changes_of(state, snapshot):
        # A disk that is written wrongly stays as it is.
        names = {disk.name for disk in wanted}.union(faults)
        names.update(name for name, made in state.disks.items() if made.kind == PATH and made.where in faults)
        gone = [name for name, made in state.disks.items() if name not in names and (arguments.prune or made.origin == origin)]
        gone = [name for name in with_paths(state, gone) if name not in names]
        changes = plan.plan(state, snapshot, session.users(snapshot), wanted, gone, origin, adopt=True, force=arguments.force)
        changes += [plan.Change([], {}, {}, [], [], fault) for fault in faults.values()]
        for name, made in state.disks.items():
            if name not in names and name not in gone and not made.origin:
                warn(f"{name}: was made by tcm-loop 3.0.0, which did not say by what file, and stays; \"tcm-loop remove {name}\" removes it")
        lines = [move.line() for change in changes for move in change.moves]
        say("\n".join(filter(None, lines)) or ("nothing to do" if not changes else "nothing is changed"))
        return changes

    if arguments.dry_run:
        changes = changes_of(*session.reading())
        return session.verdict([change.fault for change in changes if change.fault])
    with session.writing() as found:
        changes = changes_of(*found)
        return session.perform(changes)


def wait(session, arguments):
    """For tcm-loop-late.service: make the disks that are not there yet, each once its data is.  Nothing that is there is changed."""
    tree, origin = session.tree, origin_of(arguments.file)
    left = {disk.name: disk for disk in conf.read(tree, arguments.file, {})}
    told, status, start, before = set(), 0, tree.now(), {}
    while left:
        look = Look(tree)
        found = {name: plan.absent(left.get(disk.where, disk) if disk.kind == PATH else disk, look) for name, disk in left.items()}
        # What has just come is looked at again: udev makes a link before it says what the device is for.
        reasons = {name: found[name] or before.get(name) for name in left}
        before = found
        if None in reasons.values():
            with session.writing() as (state, snapshot):
                there = {name: disk for name, disk in left.items() if not reasons[name] and name not in state.entries}
                there = [disk for disk in there.values() if disk.kind != PATH or disk.where in there]
                changes = plan.plan(state, snapshot, session.users(snapshot), there, origin=origin, adopt=True)
                gone = {move.name for change in changes for move in change.moves if isinstance(move.fault, plan.Absent)}
                status = session.perform([change for change in changes if not gone.intersection(move.name for move in change.moves)]) or status
            left = {name: disk for name, disk in left.items() if reasons[name] or name in gone}
            before.update(dict.fromkeys(gone, "it has gone again"))
        for name in left:
            if name not in told and reasons[name]:
                told.add(name)
                say(f"{name}: waits: {reasons[name]}")
        if left:
            try:
                tree.sleep(1 if tree.now() - start < 60 else 5)
            except Stop:
                return 0
    return status


def run_lab(session, arguments):
    """Make a scenario's disks, run it, and remove them, whatever comes between."""
    tree, svg = session.tree, arguments.svg and os.path.abspath(arguments.svg)
    found = scenario.read(tree, arguments.file, parser(), arguments.words)
    if arguments.dry_run:
        for step in found.steps:
            say(f"{step.time:8.3f}  {' '.join(step.words)}")
        return 0
    node = tree.node(svg) if svg else None
    if svg and (not tree.is_folder(os.path.dirname(svg)) or node and node.kind != "file"):
        raise Error(f"--svg {arguments.svg}: " + ("is there, and is not a file" if node else f"there is no folder {os.path.dirname(svg)}"))
    for command in [*found.command[:1], *(("dmsetup", "multipath") if found.maps() else ())]:
        if not tree.which(command):
            raise Error(f"{command}: there is no such command")
    made = []
    try:
        with session.writing() as (state, snapshot):
            there = [name for name in found.names if name in state.entries]
            if there:
                raise Error(f"{there[0]} is there already; \"tcm-loop remove {there[0]}\" removes it")
            made = found.names
            status = session.perform(plan.plan(state, snapshot, session.users(snapshot), found.disks, origin=found.origin), several=False)
        if not status:
            status = run_scenario(session, found, {name: state.disks[name].place for name in made}, svg)
    finally:
        stopped, tree.signal = tree.signal, None
        try:
            stays = end_lab(session, made, arguments.keep)
        except (Stop, BrokenPipeError) as e:
            if stopped and isinstance(e, Stop):
                raise  # the second one
            tree.signal = None
            with contextlib.redirect_stdout(io.StringIO()):
                end_lab(session, made, arguments.keep)
            raise
    if stopped or tree.signal:
        raise Stop(stopped or tree.signal)
    return status or stays


def end_lab(session, names, keep):
    """Remove those disks that there are; an exit status."""
    made = session.store.load().disks
    left = [name for name in names if name in made]
    if not left or keep:
        return 0
    snapshot = Snapshot(session.tree)
    experiment.flush_maps(session.tree, list(filter(None, (snapshot.device(made[name].place) for name in left))))
    return remove(session, parser().parse_args(["remove", "--wait", f"{experiment.END}", *left]))


def run_scenario(session, found, places, svg):
    def perform(step):
        with contextlib.redirect_stdout(sys.stdout if session.arguments.verbose else io.StringIO()):
            try:
                return step.arguments.run(session, step.arguments)
            except Error as e:
                warn(str(e))
                return e.status
    runs = experiment.Experiment(session.tree, found, Snapshot(session.tree), places, perform)
    try:
        runs.run()
    finally:
        session.tree.finishing = True
        try:
            runs.end()
        finally:
            session.tree.finishing = False
    status, judged = runs.verdict()
    if svg:
        session.tree.replace(svg, timeline.svg(runs, judged))
    return status


def where_of(kind, where):
    """Where the data is: of a file or block device its path, of TCMU what the handler is told."""
    return {"path": where or None if kind not in ("tcmu", *LUN_ONLY) else None, "tcmu": where or None if kind == "tcmu" else None}


def rows(state, snapshot):
    """Every LUN of the fabric, whoever made it, and every disk that was made and is not there."""
    mine = {made.place: made for made in state.disks.values() if plan.find(snapshot, made).linked}
    for place, lun in sorted(snapshot.luns.items()):
        backstore = snapshot.backstores.get(lun.inside)
        if not backstore:
            continue
        made, device, port = mine.get(place), snapshot.device(place), place[:2]
        protocol = None
        with contextlib.suppress(Error):  # the kernel's own module takes what is no name
            protocol = protocol_of(place[0])
        yield {"name": made.name if made else backstore.name, "backstore": backstore.plugin, "backstore_name": backstore.name, "protocol": protocol, "target": place[0],
               "tpg": place[1], "lun": place[2], "initiator": snapshot.nexus(port), "status": snapshot.attribute(port, "transport_status") or None,
               "device": f"/dev/{device}" if device else None, "by_id": snapshot.by_id(device) if device else None, "managed": bool(made),
               "origin": made.origin if made else None, **where_of(backstore.kind, backstore.where()), "size": made.size or None if made else None,
               "serial": backstore.serial or None, "hctl": snapshot.hctl(place) or None,
               "write_protect": snapshot.is_protected(place), "alua": snapshot.alua(place), "set": made.shown_attributes() if made else None,
               **{what: backstore.attribute(what) if backstore.kind != "tcmu" else None for what in INQUIRY}, "missing": False}
    for made in state.disks.values():
        if made.place not in mine:
            yield {"name": made.name, "backstore": made.inside.split("/")[1].rpartition("_")[0], "backstore_name": made.inside.rpartition("/")[2], "protocol": protocol_of(made.target),
                   "target": made.target, "tpg": made.tpg, "lun": made.lun, "initiator": "", "status": None, "device": None, "by_id": None,
                   "managed": True, "origin": made.origin, **where_of(made.kind, made.where), "size": made.size or None, "serial": made.serial or None,
                   "hctl": None, "write_protect": made.write_protect, "alua": None, "set": made.shown_attributes(),
                   **{what: dict(made.attributes).get(what) for what in INQUIRY}, "missing": True}


def list_disks(session, arguments):
    state, snapshot = session.reading()
    if arguments.names:
        for name in state.disks:
            say(name)
        return 0
    found = list(rows(state, snapshot))
    if arguments.json:
        say(json.dumps(found, indent=2))
        return 0
    table = [("NAME", "DISK", "PROTOCOL", "TARGET", "TPG:LUN", "BACKSTORE", "STATUS", "MADE BY")]
    table += [(r["name"], r["device"] or "-", r["protocol"] or "?", r["target"], f"{r['tpg']}:{r['lun']}", r["backstore"],
               "missing" if r["missing"] else r["status"] or "?", "tcm-loop" if r["managed"] else "others") for r in found]
    say_table(table)
    return 0


@functools.lru_cache(maxsize=None)
def parser():
    """Of all commands; a scenario's steps are parsed by it, too."""
    found = argparse.ArgumentParser(prog="tcm-loop", description="Disks of the SCSI loopback target, with SAS, Fibre Channel and iSCSI names.",
                                    epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter)
    found.add_argument("--version", action="version", version=f"tcm-loop {VERSION}")
    found.add_argument("-v", "--verbose", action="store_true", help="print each change of the system as a line of shell")
    found.add_argument("--state", metavar="DIR", default=FOLDER, help=f"where what was made is written down ({FOLDER})")
    found.add_argument("--lock-timeout", metavar="SECONDS", type=float, help="how long another tcm-loop is waited for; else until it ends")
    commands = found.add_subparsers(dest="command", metavar="COMMAND")
    commands.required = True  # as an argument this is of Python 3.7

    sub = commands.add_parser("create", help="make a disk and print where it is")
    sub.add_argument("--ramdisk", metavar="SIZE", help="in RAM, as 64M")
    sub.add_argument("--file", metavar="PATH", help="in a file, which is made if there is a --size")
    sub.add_argument("--tcmu", metavar="HANDLER:CONFIG", help="in a program, as tcmu-runner, that has the handler; with a --size")
    sub.add_argument("--block", metavar="DEVICE", help="on a block device")
    sub.add_argument("--scsi", metavar="DEVICE", help="a SCSI device as it is: a tape, a changer, an optical or zoned disk")
    sub.add_argument("--backstore", metavar="[TYPE/]NAME", help=f"over a backstore that others made, which stays theirs; TYPE is {', '.join(TARGETCLI.values())}")
    sub.add_argument("--size", metavar="SIZE", help="of a new file, or of a disk of TCMU, as 1G")
    sub.add_argument("--name", metavar="NAME", help="how this command and targetcli call it; else disk1, disk2, ...")
    sub.add_argument("--protocol", choices=PROTOCOLS, help="what the disk says it is attached to; else as the target's name says, or sas")
    sub.add_argument("--target", metavar="NAME", help="naa., fc., iqn. or eui. name; else one that is this machine's and this disk's")
    sub.add_argument("--initiator", metavar="NAME", help="the initiator port's name")
    sub.add_argument("--tpg", metavar="N", help="target portal group, 0 to 65535 (1)")
    sub.add_argument("--lun", metavar="N", help="LUN, 0 to 65535 (0)")
    sub.add_argument("--serial", metavar="TEXT", help="unit serial number, from which the disk's by-id names come")
    sub.add_argument("--paths", metavar="N", help=f"as many target ports lead to it, 1 to {MAX_PATHS} (1), for multipathd(8)")
    sub.add_argument("--alua", metavar="STATE,...", help=f"the asymmetric access state of each path: {', '.join(ALUA_STATES)}")
    sub.add_argument("--write-protect", action="store_const", const="yes", help="through this LUN nothing can be written")
    sub.add_argument("--set", metavar="ATTRIBUTE=N,...", help="attributes of the backstore, as block_size=4096,emulate_tpu=1")
    for what, most in INQUIRY.items():
        sub.add_argument(f"--{what}", metavar="TEXT", help=f"what the disk says in INQUIRY data, up to {most} characters")
    sub.add_argument("--force", action="store_true", help="more RAM than is available, a file whose file system is not mounted, a device that is not set up, too")
    sub.set_defaults(run=create)

    sub = commands.add_parser("list", help="show the disks of the loopback target, whoever made them")
    sub.add_argument("--json", action="store_true", help="for programs")
    sub.add_argument("--names", action="store_true", help="only the names of what this command made")
    sub.set_defaults(run=list_disks)

    sub = commands.add_parser("remove", help="remove disks that this command made")
    sub.add_argument("disk", nargs="*", help="name, or /dev/sdX")
    sub.add_argument("--all", action="store_true", help="all of them")
    sub.add_argument("--origin", metavar="FILE", action="append", default=[], help="those that \"tcm-loop apply FILE\" made")
    sub.add_argument("--wait", metavar="SECONDS", type=float, default=0, help="how long one that is in use is waited for (0)")
    sub.add_argument("--unmount", action="store_true", help="unmount file systems on what is waited for meanwhile")
    sub.add_argument("--force", action="store_true", help="in use or not")
    sub.set_defaults(run=remove)

    sub = commands.add_parser("apply", help="make the disks as a file says")
    sub.add_argument("file", nargs="?", default=CONFIG, help=f"see tcm-loop.conf(5) ({CONFIG})")
    sub.add_argument("-n", "--dry-run", action="store_true", help="only show what would change")
    sub.add_argument("--prune", action="store_true", help="remove what other files and \"create\" made, too")
    sub.add_argument("--force", action="store_true", help="change what is in use, and what loses its data, too")
    sub.set_defaults(run=apply)

    sub = commands.add_parser("wait", help="make the disks of a file whose data is not there yet, as soon as it is")
    sub.add_argument("file", nargs="?", default=CONFIG, help=f"see tcm-loop.conf(5) ({CONFIG})")
    sub.set_defaults(run=wait)

    sub = commands.add_parser("adopt", help="count disks that others made as this command's")
    sub.add_argument("disk", nargs="+", help="name of the backstore")
    sub.set_defaults(run=adopt)

    sub = commands.add_parser("forget", help="leave disks that this command made as they are, to others")
    sub.add_argument("disk", nargs="+", help="name")
    sub.set_defaults(run=forget)

    add_lab(commands)

    sub = commands.add_parser("check-idle", help="fail if there is what target.service would take away: for it")
    sub.add_argument("--restore", action="store_true", help="succeed if there is nothing that \"targetctl restore\" would restore")
    sub.set_defaults(run=check_idle)

    commands.add_parser("targetcli", add_help=False, help="run targetcli so that it shows and saves these disks, too")
    return found


def add_lab(commands):
    """The commands of lab.py."""
    sub = commands.add_parser("fault", help="have commands of disks fail, or be late; for a time, or until --clear")
    sub.add_argument("disk", nargs="*", help="name, or /dev/sdX")
    sub.add_argument("--on", metavar="COMMAND", help=f"{', '.join(faults.COMMANDS)}, or an operation code, as 0x28 (any)")
    sub.add_argument("--sense", metavar="KEY/ASC/ASCQ", help="it ends with this sense data, hexadecimal, as 3/11/0, a medium error")
    sub.add_argument("--status", metavar="STATUS", help=f"it ends with this SCSI status: {', '.join(faults.STATUSES)}, or two hexadecimal digits")
    sub.add_argument("--host", metavar="BYTE", help=f"it ends with this host byte: {', '.join(faults.HOSTS)}, or two hexadecimal digits")
    sub.add_argument("--delay", metavar="MS", help=f"it is executed later, by 1 to {faults.MAX_DELAY} ms")
    sub.add_argument("--attention", metavar="ASC/ASCQ", help="it ends with this unit attention, as 2a/9")
    sub.add_argument("--no-answer", action="store_true", help="it is not executed, and never answered")
    sub.add_argument("--answer-lost", action="store_true", help="it is executed, and never answered")
    sub.add_argument("--not-taken", metavar="WHY", help=f"the adapter does not take it: {', '.join(faults.NOT_TAKEN)}")
    sub.add_argument("--abort-fails", action="store_true", help="the error handler cannot abort it")
    sub.add_argument("--reset-fails", action="store_true", help="LOGICAL UNIT RESET fails")
    sub.add_argument("--lba", metavar="START+BLOCKS", help="only commands that read, write or verify one of these logical blocks")
    sub.add_argument("--every", metavar="N", help="only every Nth")
    sub.add_argument("--percent", metavar="P", help="only so many of 100, at random")
    sub.add_argument("--count", metavar="N", help="only N times, of each operation code; else always")
    sub.add_argument("--clear", action="store_true", help="take all faults away, of these disks or, without one, of all")
    sub.set_defaults(run=lab.fault)

    sub = commands.add_parser("show", help="show all of logical units: data, paths, states, users, faults")
    sub.add_argument("disk", nargs="*", help="name, or /dev/sdX; else of all")
    sub.set_defaults(run=lab.show)

    sub = commands.add_parser("faults", help="show the faults of disks, as options of \"fault\"")
    sub.add_argument("disk", nargs="*", help="name, or /dev/sdX; else of all")
    sub.set_defaults(run=lab.show_faults)

    sub = commands.add_parser("watch", help="show states, rates and latency of disks again and again, until it is interrupted")
    sub.add_argument("disk", nargs="*", help="name, or /dev/sdX; else of all")
    sub.add_argument("--interval", metavar="SECONDS", default="1", help="how often, 0.1 to 86400 (1)")
    sub.add_argument("--count", metavar="N", help="so many times")
    sub.set_defaults(run=watch.watch)

    sub = commands.add_parser("lab", help="make disks, do to them what a file says while a command runs, and tell what happened when")
    sub.add_argument("file", help=f"see tcm-loop.lab(5); or one of {', '.join(scenario.installed())}")
    sub.add_argument("--svg", metavar="FILE", help="draw the timeline")
    sub.add_argument("--keep", action="store_true", help="leave the disks there")
    sub.add_argument("-n", "--dry-run", action="store_true", help="only check the file and show the steps")
    sub.set_defaults(run=run_lab, words=[])

    sub = commands.add_parser("resize", help="have a file and its disks grow, or the disks of a device that has grown")
    sub.add_argument("disk", help="name, or /dev/sdX")
    sub.add_argument("size", nargs="?", help="of a file, as 2G; else the one that it has")
    sub.set_defaults(run=lab.resize)

    for name, what in ("offline", "have ports answer nothing: commands fail at once, other paths take over"), ("online", "have them answer again"):
        sub = commands.add_parser(name, help=what)
        sub.add_argument("disk", nargs="+", help="name, or /dev/sdX; all disks of its target portal group follow")
        sub.set_defaults(run=lab.transport)

    sub = commands.add_parser("alua", help="set the asymmetric access state of disks' target port groups")
    sub.add_argument("access", choices=ALUA_STATES)
    sub.add_argument("disk", nargs="+", help="name, or /dev/sdX")
    sub.set_defaults(run=lab.alua)

    sub = commands.add_parser("reset", help="reset logical units")
    sub.add_argument("disk", nargs="+", help="name, or /dev/sdX")
    sub.set_defaults(run=lab.reset)


def run(argv, tree=None):
    """The exit status of one command."""
    # What follows "targetcli" is its own, options, too; "complete" is for the shells.
    at = 0
    while argv[at:at + 1] and argv[at].startswith("-"):
        at += 2 if argv[at] != "--" and any(option.startswith(argv[at]) for option in ("--state", "--lock-timeout")) else 1
    if argv[at:at + 1] == ["targetcli"]:
        folder = parser().parse_args(argv[:at + 1]).state
        return targetcli.run(argv[at + 1:], lambda: made_at_boot(Tree(writable=False), folder))
    if argv[at:at + 1] == ["complete"]:
        return complete(argv[at + 1:], tree or Tree(writable=False))
    end = argv.index("--") if argv[at:at + 1] == ["lab"] and "--" in argv else len(argv)
    arguments = parser().parse_args(argv[:end])
    if end < len(argv):
        arguments.words = argv[end + 1:]
    if not tree:
        reads = arguments.run in (list_disks, check_idle, lab.show, lab.show_faults, watch.watch) or getattr(arguments, "dry_run", False)
        tree = Tree(writable=not reads, log=(lambda line: say(f"  {line}")) if arguments.verbose else None)
        for number in signal.SIGINT, signal.SIGTERM, signal.SIGHUP:
            if signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, lambda received, _: tree.stop(received))
    return arguments.run(Session(arguments, tree), arguments)


def main():
    os.umask(0o022)
    # Names that are no UTF-8 are printed as they are.
    if sys.stdout:
        encoding = sys.stdout.encoding
        sys.stdout = io.TextIOWrapper(sys.stdout.detach(), encoding, "surrogateescape", line_buffering=True)
    try:
        sys.exit(run(sys.argv[1:]))
    except Error as e:
        warn(str(e))
        sys.exit(e.status)
    except Stop as e:
        warn(f"ended by signal {e.signal}; what was not complete is taken back")
        sys.exit(128 + e.signal)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(128 + signal.SIGPIPE)
    except OSError as e:
        if os.environ.get("TCM_LOOP_DEBUG"):
            raise
        warn(f"{e.filename or 'tcm-loop'}: {e.strerror}; TCM_LOOP_DEBUG=1 shows where")
        sys.exit(1)
