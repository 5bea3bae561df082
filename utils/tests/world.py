# SPDX-License-Identifier: GPL-2.0-only
"""What the tests share: to run the command on a file system in memory, and to see what is there."""
import contextlib
import io
import json
import os
import re
import unittest

from fake import ATTRIBUTES, CORE, INQUIRY, LOOPBACK, SERIAL
from tcmloop import cli, names
from tcmloop.names import Error

CONF = cli.CONFIG
A = "[a]\nramdisk = 8M\ntarget = naa.5001405000000001\n"
PORT = f"{LOOPBACK}/naa.5001405000000001/tpgt_1"
names.machine = lambda: "0123456789abcdef0123456789abcdef"


class Result:
    def __init__(self, status, output, errors):
        self.status, self.output, self.errors = status, output, errors


def run(fake, *argv):
    output, errors = io.StringIO(), io.StringIO()
    fake.waits = {}
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        try:
            status = cli.run(list(argv), fake)
        except Error as e:
            cli.warn(str(e))
            status = e.status
    return Result(status, output.getvalue(), errors.getvalue())


def apply(fake, text, *options, path=CONF):
    fake.nodes[path] = text
    return run(fake, "apply", path, *options)


def state(fake):
    text = fake.nodes.get("/run/tcm-loop/state.json")
    return json.loads(text) if text else {"disks": {}, "ports": {}}


def pending(fake):
    return [name for name, disk in state(fake)["disks"].items() if disk["phase"] != "made"]


def below(fake, path):
    return {name: node for name, node in fake.nodes.items() if name == path or name.startswith(path + "/")}


def backstores(fake):
    return [name for hba in fake.children(CORE) for name in fake.children(hba)]


def seen(fake):
    """All that there is of LIO, in a form without what may differ: numbers of HBAs and of disks."""
    found = {"hbas": 0}
    for hba in fake.children(CORE):
        if not fake.children(hba):
            found["hbas"] += 1  # empty ones
    for path in backstores(fake):
        key = ("backstore", re.sub(r"_\d+/", "/", path[len(CORE):]))
        assert key not in found, f"twice: {key}"
        found[key] = (fake.nodes[f"{path}/control"], fake.nodes[f"{path}/wwn/vpd_unit_serial"][len(SERIAL):], fake.nodes[f"{path}/enable"],
                      *(fake.nodes.get(f"{path}/{name}") for name in (*ATTRIBUTES, *INQUIRY)))
    for target in fake.children(LOOPBACK):
        if target == f"{LOOPBACK}/discovery_auth":
            continue
        found["target", target] = len(fake.children(target))
        for tpg in fake.children(target):
            found["nexus", tpg] = fake.nodes.get(f"{tpg}/nexus")
            found["protected", tpg] = fake.nodes.get(f"{tpg}/write_protect")
            for lun in fake.children(f"{tpg}/lun"):
                found["lun", lun] = [re.sub(r"_\d+/", "/", fake.nodes[link][1]) for link in fake.children(lun)]
                found["alua", lun] = group_state(fake, lun)
                found["device", lun] = f"/sys/bus/scsi/devices/{fake.hctl(lun)}" in fake.nodes
    return found


def group_state(fake, lun):
    """The asymmetric access state of a LUN's target port group, as the kernel writes it."""
    alias = re.search("Alias: (.*)", fake.nodes[f"{lun}/alua_tg_pt_gp"])
    backstore = [fake.nodes[link][1] for link in fake.children(lun)]
    return fake.nodes[f"{backstore[0]}/alua/{alias[1]}/alua_access_state"] if alias else None


def data(fake):
    """Which data each disk's backstore has."""
    return {os.path.basename(path): fake.nodes[f"{path}/data"] for path in backstores(fake)}


class Case(unittest.TestCase):
    maxDiff = None

    def good(self, result, output=None, errors=""):
        self.assertEqual((result.status, result.errors), (0, errors))
        if output is not None:
            self.assertRegex(result.output, output)

    def refused(self, result, status, reason):
        self.assertEqual(result.status, status, result.output + result.errors)
        self.assertRegex(result.errors, reason)

    def unchanged(self, fake, *argv):
        """The command changes nothing; its result."""
        before, changes = dict(fake.nodes), fake.changes
        result = run(fake, *argv)
        self.assertEqual(dict(fake.nodes), before)
        self.assertEqual(fake.changes, changes)
        return result
