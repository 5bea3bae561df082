# SPDX-License-Identifier: GPL-2.0-only
"""targetcli refuses to work at all while the fabric has a name that it does not know.  The only use of rtslib."""
import importlib
import re
import runpy
import shutil
import sys

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


def run(words):
    program = shutil.which("targetcli")
    if not program:
        raise Error("targetcli is not installed (package targetcli-fb, or targetcli)")
    for rtslib in libraries():
        teach(rtslib)
    sys.argv = [program, *words]
    runpy.run_path(program, run_name="__main__")
    return 0
