# SPDX-License-Identifier: GPL-2.0-only
"""targetcli refuses to work at all while the fabric has a name that it does not know.  The only use of rtslib."""
import importlib
import re
import runpy
import shutil
import sys

from .model import LUN_ONLY, PATH, TARGETCLI
from .names import Error, protocol_of

SAVED = "/etc/target/saveconfig.json", "/etc/rtslib-fb-target/saveconfig.json"  # of the versions of rtslib


def libraries():
    """rtslib by both of its names, which may be two modules: targetcli imports the one or the other."""
    found = []
    for name in "rtslib_fb", "rtslib":
        try:
            found.append(importlib.import_module(name))
        except ImportError:
            pass
    if not found:
        raise Error("rtslib is not installed (package python3-rtslib-fb, or python3-rtslib)")
    return found


def is_known(target):
    """Whether rtslib, untaught, can have a target of that name in the loopback fabric."""
    return bool(re.match(r"naa\.[125c-fC-F]", target))


def teach(rtslib):
    """All names of the loopback fabric, as they are; rtslib writes naa.5 where a name begins with naa.6."""
    fabric = rtslib.fabric.LoopbackFabricModule
    fabric.to_normalized_wwn = lambda self, wwn: (wwn.strip(), protocol_of(wwn.strip()))
    make = rtslib.target.Target.__init__

    def init(self, fabric_module, wwn=None, mode="any"):
        if wwn and isinstance(fabric_module, fabric) and wwn.startswith("naa.6"):
            wwn = " " + wwn  # it looks at the beginning only
        make(self, fabric_module, wwn, mode)
    rtslib.target.Target.__init__ = init


def leave_out(rtslib, disks):
    """What is saved has not what disks() says: they are made at boot as their file says by then, not as they were."""
    dump = rtslib.root.RTSRoot.dump
    rtslib.root.RTSRoot.dump = lambda self: without(dump(self), disks())


def saved_path(inside):
    """Of a backstore below core, as rtslib saves it."""
    _, hba, name = inside.split("/")
    return f"/backstores/{TARGETCLI[hba.rpartition('_')[0]]}/{name}"


def without(saved, disks):
    """A backstore stays if another LUN has it, or others made it."""
    serials = {f"/backstores/{each['plugin']}/{each['name']}": each.get("wwn") for each in saved["storage_objects"]}
    whole = {made.name: made for made in disks if made.kind != PATH}
    owner = {made.place: whole.get(made.where) if made.kind == PATH else made for made in disks}
    paths = {place: saved_path(made.inside) for place, made in owner.items() if made}
    paths = {made.place: paths[made.place] for made in disks if paths.get(made.place) in serials and made.serial in ("", serials[paths[made.place]])}
    for target in [target for target in saved["targets"] if target["fabric"] == "loopback"]:
        for tpg in list(target["tpgs"]):
            left = [lun for lun in tpg["luns"] if paths.get((target["wwn"], tpg["tag"], lun["index"])) != lun["storage_object"]]
            if tpg["luns"] and not left:
                target["tpgs"].remove(tpg)
                if not target["tpgs"]:
                    saved["targets"].remove(target)
            tpg["luns"] = left
    used = {lun["storage_object"] for target in saved["targets"] for tpg in target["tpgs"] for lun in tpg["luns"]}
    gone = {paths[made.place] for made in disks if made.place in paths and made.kind not in LUN_ONLY} - used
    saved["storage_objects"] = [each for each in saved["storage_objects"] if f"/backstores/{each['plugin']}/{each['name']}" not in gone]
    return saved


def run(words, disks):
    program = shutil.which("targetcli")
    if not program:
        raise Error("targetcli is not installed (package targetcli-fb, or targetcli)")
    for rtslib in libraries():
        teach(rtslib)
        leave_out(rtslib, disks)
    sys.argv = [program, *words]
    runpy.run_path(program, run_name="__main__")
    return 0
