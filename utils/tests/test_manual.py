# SPDX-License-Identifier: GPL-2.0-only
"""The manual pages have every command, option, key and exit status, and no others."""
import argparse
import ast
import os
import re
import sys
import unittest

from fake import Fake
from tcmloop import VERSION, cli, model, names
from world import apply, run

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

    def test_keys_of_json(self):
        text, _ = page("tcm-loop.8")
        section = text[text.index(".SH JSON"):text.index(".SH EXIT")]
        fake = Fake()
        apply(fake, "[a]\nramdisk = 1M\n")
        keys = set(eval(run(fake, "list", "--json").output, {"true": True, "false": False, "null": None})[0])
        self.assertEqual(set(re.findall(r"^\.IR? (\w+)", section, re.MULTILINE)) - {"create"}, keys)

    def test_exit_statuses(self):
        text, _ = page("tcm-loop.8")
        section = text[text.index(".SH EXIT"):text.index(".SH FILES")]
        self.assertEqual(set(map(int, re.findall(r"^\.TP\n(\d)$", section, re.MULTILINE))), {0, 1, 2, cli.SOME_FAILED, cli.NO_SUCH_DISK, cli.plan.IN_USE, cli.LOCKED})

    def test_version(self):
        with open(f"{TOP}/dkms.conf") as f:
            self.assertIn(f'PACKAGE_VERSION="{VERSION}"', f.read())


class Python(unittest.TestCase):
    """Of EL 8 and Leap 15: 3.6, which is not at hand; its syntax, and a list of what came later."""

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
