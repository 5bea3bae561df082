# SPDX-License-Identifier: GPL-2.0-only
"""What this command has made, and is about to: /run/tcm-loop/state.json.

The file is replaced as a whole, with what is intended before the first change and with what has become of it after
the last one.  Who comes next, and finds an intention, brings it to an end: recovery.py.
"""
import contextlib
import json
from typing import NamedTuple, Optional

from . import model
from .model import BACKSTORE, LUN_ONLY, PLUGINS, Made
from .names import Error

FOLDER = "/run/tcm-loop"
VERSION = 2
RTSLIB_LOCK = "/run/rtslib_backstore.lock"  # rtslib's, for the numbers of HBAs


class Port(NamedTuple):
    initiator: str
    ours: tuple  # of "target", "tpg" and "nexus", what this command made
    other: dict = {}


class Entry(NamedTuple):
    """now is the disk as it was made, next what it is to be; without an intention they are the same.  None: no disk."""
    now: Optional[Made]
    next: Optional[Made]


def made_json(made, phase):
    path = {**made.other.get("path", {}), "target": made.target, "tpg": made.tpg, "lun": made.lun, "write_protect": made.write_protect,
            "alua": made.alua}
    return {**made.other.get("top", {}), "origin": made.origin, "phase": phase,
            "backstore": {**made.other.get("backstore", {}), "kind": made.kind, "path": made.where, "size": made.size,
                          "in": made.inside, "ours": made.kind != BACKSTORE, "made_file": made.made_file, "set": dict(made.attributes)},
            "serial": made.serial, "paths": {**made.other.get("paths", {}), "1": path}}


def made_of(name, text):
    """A disk of version 2.  Keys that this version does not know are kept."""
    backstore, path = text["backstore"], text["paths"]["1"]
    other = {"top": {k: v for k, v in text.items() if k not in ("origin", "phase", "backstore", "serial", "paths", "next")},
             "backstore": {k: v for k, v in backstore.items() if k not in ("kind", "path", "size", "in", "ours", "made_file", "set")},
             "path": {k: v for k, v in path.items() if k not in ("target", "tpg", "lun", "write_protect", "alua")},
             "paths": {k: v for k, v in text["paths"].items() if k != "1"}}
    if backstore["kind"] not in (*PLUGINS, *LUN_ONLY):
        raise ValueError(f"kind {backstore['kind']}")
    return Made(name, text["origin"], backstore["kind"], backstore["path"], int(backstore["size"]), backstore["in"],
                bool(backstore["made_file"]), text["serial"], path["target"], int(path["tpg"]), int(path["lun"]), other,
                bool(path.get("write_protect")), tuple(backstore.get("set", {}).items()), path.get("alua", ""))


def made_of_v1(name, text):
    """A disk of 3.0.0, which saved neither where its backstore was nor who wanted it."""
    inside = text.get("made_backstore") or f"core/{PLUGINS[text['kind']]}_*/{name}"
    size = int(text["size"]) if text["kind"] != "ramdisk" else model.pages(int(text["size"])) * model.PAGE
    return Made(name, "", text["kind"], text["where"], size, inside, False,
                text.get("made_serial") or text["serial"].strip(), text["target"], int(text["tpg"]), int(text["lun"]))


class State:
    def __init__(self):
        self.entries, self.ports, self.other = {}, {}, {}

    @property
    def disks(self):
        """As they are: name and Made."""
        return {name: entry.now for name, entry in self.entries.items() if entry.now}

    def json(self, boot_id):
        disks = {}
        for name, (now, after) in self.entries.items():
            if now and after:
                disks[name] = made_json(now, "made" if now == after else "changing")
                if now != after:
                    disks[name]["next"] = made_json(after, "making")
            elif now or after:
                disks[name] = made_json(now or after, "removing" if now else "making")
        ports = {f"{target}/{tpg}": {**port.other, "initiator": port.initiator, "ours": list(port.ours)}
                 for (target, tpg), port in self.ports.items()}
        return {**self.other, "version": VERSION, "boot_id": boot_id, "disks": disks, "ports": ports}

    def load(self, text):
        self.other = {k: v for k, v in text.items() if k not in ("version", "boot_id", "disks", "ports")}
        for name, disk in text["disks"].items():
            made, phase = made_of(name, disk), disk["phase"]
            after = made_of(name, disk["next"]) if phase == "changing" else made
            self.entries[name] = Entry(None if phase == "making" else made, None if phase == "removing" else after)
        for key, port in text["ports"].items():
            target, _, tpg = key.rpartition("/")
            self.ports[target, int(tpg)] = Port(port["initiator"], tuple(port["ours"]),
                                                {k: v for k, v in port.items() if k not in ("initiator", "ours")})

    def load_v1(self, text):
        for name, disk in text.items():
            made = made_of_v1(name, disk)
            self.entries[name] = Entry(made, made)
            ours = {what for what in ("target", "tpg") if disk[f"made_{what}"]}
            before = self.ports.get(made.port)
            self.ports[made.port] = Port(before.initiator if before else disk["initiator"], tuple(sorted(ours | set(before.ours if before else ()))))


class Store:
    """Where the state is.  say is told of what could not be read."""

    def __init__(self, tree, folder=FOLDER, say=lambda text: None):
        self.tree, self.folder, self.say = tree, folder, say
        self.path, self.old = f"{folder}/state.json", f"{folder}/disks.json"
        self.boot_id = (tree.read("/proc/sys/kernel/random/boot_id") or "").strip()

    @contextlib.contextmanager
    def locked(self, wait):
        if not self.tree.is_folder(self.folder):
            with contextlib.suppress(FileExistsError):
                self.tree.mkdir(self.folder)
        with self.tree.lock(f"{self.folder}/lock", wait), self.tree.lock(RTSLIB_LOCK, wait):
            yield

    def load(self, write=False):
        """The state; of one that cannot be read, none."""
        for path, load in (self.path, State.load), (self.old, State.load_v1):
            state = State()
            try:
                text = self.tree.contents(path)
            except FileNotFoundError:
                continue
            except OSError as e:
                raise Error(f"{path}: {e.strerror}") from e
            try:
                read = json.loads(text) if text.strip() or load is State.load else {}
                if load is State.load and read["version"] > VERSION:
                    raise Error(f"{path} is of version {read['version']}, and this command knows {VERSION}: a later tcm-loop wrote it")
                if load is State.load and read["boot_id"] != self.boot_id:
                    return State()
                load(state, read)
                return state
            except (ValueError, KeyError, TypeError, AttributeError) as e:
                self.say(f"{path} cannot be read ({type(e).__name__}: {e})" + (f", and is {path}.bad now" if write else "")
                         + "; its disks count as others', until \"tcm-loop apply\" or \"tcm-loop adopt NAME\" takes them over")
                if write:
                    self.tree.rename(path, f"{path}.bad")
        return State()

    def save(self, state):
        self.tree.replace(self.path, json.dumps(state.json(self.boot_id), indent=2) + "\n")
        if self.tree.read(self.old) is not None:
            self.tree.unlink(self.old)
