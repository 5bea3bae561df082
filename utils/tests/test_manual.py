# SPDX-License-Identifier: GPL-2.0-only
"""The manual pages have every command, option, key and exit status, and no others."""
import argparse
import ast
import contextlib
import io
import json
import os
import re
import subprocess
import sys
import unittest.mock

from fake import LOOPBACK, Fake
from tcmloop import VERSION, cli, experiment, model, names, scenario
from tcmloop.tree import Stop
from world import Case, apply, run, state

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")


def page(name):
    with open(f"{TOP}/man/{name}") as f:
        text = f.read()
    return text, re.sub(r"\\f.", "", text.replace("\\-", "-"))


class Manual(unittest.TestCase):
    def test_commands_and_options(self):
        _, text = page("tcm-loop.8")
        top = cli.parser()
        commands = next(action.choices for action in top._actions if isinstance(action, argparse._SubParsersAction))
        options = {option for parser in (top, *commands.values()) for action in parser._actions for option in action.option_strings}
        self.assertEqual(set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text)), {o for o in options if o.startswith("--")} - {"--help"})
        for command in commands:
            self.assertRegex(text, rf"(?m)^\.B {command}$")

    def test_keys_of_a_file(self):
        _, text = page("tcm-loop.conf.5")
        self.assertEqual(set(re.findall(r"^\.BI (\w+)=", text, re.MULTILINE)), set(model.OPTIONS))
        for protocol in names.PROTOCOLS:
            self.assertIn(protocol, text)
        _, text = page("tcm-loop.lab.5")
        self.assertEqual(tuple(re.findall(r"^\.BI (\w+)=", text, re.MULTILINE)), scenario.KEYS)
        for word in (*scenario.VERBS, *scenario.STATES, *scenario.COUNTS, *scenario.OPERATORS, *scenario.installed(), *model.ALUA_STATES):
            self.assertIn(word, text)

    def test_exit_statuses(self):
        """Each that is told, by what it is told for; and the command has no others."""
        text, _ = page("tcm-loop.8")
        section = text[text.index(".SH EXIT"):text.index(".SH FILES")]
        told = {int(number): what for number, what in re.findall(r"^\.TP\n(\d)\n((?:.*\n)*?)(?=\.TP|\.PP)", section, re.MULTILINE)}
        self.assertEqual(set(told), {0, 1, 2, cli.SOME_FAILED, cli.NO_SUCH_DISK, cli.plan.IN_USE, experiment.FAILED, cli.LOCKED})
        for words, status, what in ((["list"], 0, "as it was asked"), (["create", "--ramdisk", "0"], 1, "An error"), (["apply", "/none"], 1, "An error"),
                                    (["create", "--colour"], 2, "wrong option"), ([], 2, "wrong option"), (["remove"], 2, "wrong option"),
                                    (["remove", "--all"], 3, "Some of several"), (["apply", "/etc/wrong.conf"], 3, "Some of several"),
                                    (["remove", "none"], 4, "no such disk"), (["forget", "none"], 4, "no such disk"), (["adopt", "none"], 4, "no such disk"),
                                    (["remove", "a"], 5, "in use"), (["check-idle"], 5, "in use"),
                                    (["lab", "/etc/x.lab"], 6, "What a scenario expected")):
            fake = Fake()
            fake.nodes["/etc/wrong.conf"] = "[c]\nramdisk = 1M\n[d]\nramdisk = none\n"
            fake.nodes["/etc/x.lab"] = "[l]\nramdisk = 1M\n[scenario s]\nexpect = l port=offline at 0 within 1\n"
            apply(fake, "[a]\nramdisk = 1M\n[b]\nramdisk = 1M\n")
            fake.claimed.add("/dev/sd0")
            with self.subTest(words):
                self.assertIn(what, told[status])
                try:
                    found = run(fake, *words).status
                except SystemExit as e:
                    found = e.code
                self.assertEqual(found, status)

    def test_exit_status_of_a_signal(self):
        for end, status in (Stop(15), 143), (Stop(2), 130), (names.Error("locked", cli.LOCKED), 7), (OSError(5, "", "/x"), 1):
            with unittest.mock.patch.object(cli, "run", side_effect=end), contextlib.redirect_stderr(io.StringIO()), self.assertRaises(SystemExit) as found:
                cli.main()
            self.assertEqual(found.exception.code, status)

    def test_version(self):
        with open(f"{TOP}/dkms.conf") as f:
            self.assertIn(f'PACKAGE_VERSION="{VERSION}"', f.read())
        output = subprocess.check_output([sys.executable, "-B", f"{TOP}/utils/tcm-loop", "--version"], universal_newlines=True)
        self.assertEqual(output, f"tcm-loop {VERSION}\n")


TYPES = {"string": str, "integer": int, "boolean": bool, "null": type(None), "object": dict, "array": list}


def against(schema, found, where="$"):
    """What is wrong by a JSON schema, of as much of draft 7 as ours has."""
    unknown = set(schema) - {"$schema", "title", "description", "examples", "type", "items", "required", "properties", "enum", "minimum", "maximum", "pattern"}
    assert not unknown, unknown
    types = schema.get("type", [])
    if types and not any(type(found) is TYPES[name] for name in ([types] if isinstance(types, str) else types)):
        yield f"{where}: {found!r} is no {types}"
    elif "enum" in schema and found not in schema["enum"]:
        yield f"{where}: {found!r} is none of {schema['enum']}"
    elif isinstance(found, str) and not re.search(schema.get("pattern", ""), found):
        yield f"{where}: {found!r} is not as {schema['pattern']}"
    elif type(found) is int and not schema.get("minimum", found) <= found <= schema.get("maximum", found):
        yield f"{where}: {found} is out of range"
    elif isinstance(found, list):
        for number, each in enumerate(found):
            yield from against(schema.get("items", {}), each, f"{where}[{number}]")
    elif isinstance(found, dict):
        yield from (f"{where}: no {key}" for key in schema.get("required", ()) if key not in found)
        for key, each in found.items():
            yield from against(schema.get("properties", {}).get(key, {}), each, f"{where}.{key}")


class Json(Case):
    """list --json, its schema and the manual page."""

    def setUp(self):
        with open(f"{TOP}/utils/list.schema.json") as f:
            self.schema = json.load(f)

    def listed(self, fake):
        result = run(fake, "list", "--json")
        self.good(result)
        found = json.loads(result.output)
        self.assertEqual(list(against(self.schema, found)), [])
        return {row["name"]: row for row in found}

    def machine(self):
        """A row of each kind."""
        fake = Fake()
        fake.nodes["/srv/x"] = ("file", 1 << 20, 8, 0o600)
        self.good(apply(fake, "[ram]\nramdisk = 1M\n[file]\nfile = /srv/x\nprotocol = fc\n[block]\nblock = /dev/vda\nprotocol = iscsi\n[gone]\nramdisk = 1M\n"))
        gone = state(fake)["disks"]["gone"]
        fake.unlink(f"{LOOPBACK}/{gone['paths']['1']['target']}/tpgt_1/lun/lun_0/backstore")
        fake.backstore("core/rd_mcp_7/theirs", "rd_pages=256", "")
        fake.expose("loopback/naa.5001405000000003/tpgt_0", 65535, "core/rd_mcp_7/theirs")
        fake.write(f"{LOOPBACK}/naa.5001405000000003/tpgt_0/transport_status", "offline")
        return fake

    def test_every_kind_of_row_is_as_the_schema_says(self):
        found = self.listed(self.machine())
        self.assertEqual(sorted(found), ["block", "file", "gone", "ram", "theirs"])
        self.assertTrue(found["gone"]["missing"])
        self.assertEqual((found["theirs"]["initiator"], found["theirs"]["status"], found["theirs"]["managed"], found["theirs"]["device"]), ("", "offline", False, None))
        self.assertEqual([found[name]["protocol"] for name in ("ram", "file", "block")], ["sas", "fc", "iscsi"])
        self.assertEqual(list(against(self.schema, json.loads(run(Fake(), "list", "--json").output))), [])

    def test_names_that_only_the_kernel_s_own_module_takes(self):
        fake = self.machine()
        fake.folder(f"{LOOPBACK}/xnaa.1")
        fake.expose("loopback/xnaa.1/tpgt_1", 0, "core/rd_mcp_7/theirs", "naa.5")
        self.assertIn(None, [row["protocol"] for row in json.loads(run(fake, "list", "--json").output)])
        self.assertRegex(run(fake, "list").output, r"(?m)^theirs +\S+ +\? +xnaa\.1 ")
        self.listed(fake)

    def test_the_schema_refuses_what_is_otherwise(self):
        """And has the keys that the command and the manual page have."""
        rows = list(self.listed(self.machine()).values())
        text, _ = page("tcm-loop.8")
        section = text[text.index(".SH JSON"):text.index(".SH EXIT")]
        keys = self.schema["items"]["required"]
        self.assertEqual(set(keys), set(rows[0]))
        self.assertEqual(keys, list(self.schema["items"]["properties"]))
        self.assertEqual(set(re.findall(r"^\.IR? (\w+)", section, re.MULTILINE)) - {"create", "null"}, set(keys))
        self.assertEqual(list(against(self.schema, [{**rows[0], "later": 5}])), [])
        for key in keys:
            self.assertEqual(list(against(self.schema, [{k: v for k, v in rows[0].items() if k != key}])), [f"$[0]: no {key}"])
            for wrong in {}, [], 1.5:
                self.assertNotEqual(list(against(self.schema, [{**rows[0], key: wrong}])), [], key)
        for key, wrong in ("lun", 65536), ("lun", -1), ("lun", True), ("missing", 1), ("device", "sda"), ("hctl", "1:0:0"), ("size", 0), ("protocol", "usb"):
            self.assertNotEqual(list(against(self.schema, [{**rows[0], key: wrong}])), [], key)


class Python(unittest.TestCase):
    """Of EL 8 and Leap 15: 3.6; its syntax, and a list of what came later."""

    LATER = (r"dataclass|nullcontext|capture_output|text=|required=True\)|removeprefix|removesuffix|math.prod|shlex\.join|fromisoformat|"
             r"time_ns|monotonic_ns|importlib\.(?:metadata|resources)|from __future__|ModuleNotFoundError\(|asyncio\.run|breakpoint|cached_property|"
             r"\bzip\(.*strict|:=|missing_ok|dirs_exist_ok|unlink\(missing|functools\.cache\b|lru_cache$|isascii|copy_file_range|pidfd|memfd")

    def test_3_6(self):
        folder = f"{TOP}/utils/tcmloop"
        for path in [f"{TOP}/utils/tcm-loop"] + [f"{folder}/{name}" for name in os.listdir(folder) if name.endswith(".py")]:
            with open(path) as f:
                text = f.read()
            if sys.version_info >= (3, 8):
                ast.parse(text, path, feature_version=(3, 6))
            self.assertEqual(re.findall(rf"(?m)^.*(?:{self.LATER}).*$", text), [], path)
