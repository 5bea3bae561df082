# SPDX-License-Identifier: GPL-2.0-only
"""Files of "tcm-loop lab": disks as in tcm-loop.conf(5), and one section [scenario NAME] with what is done to them and what is expected."""
import contextlib
import io
import operator
import os
import re
import shlex
from typing import NamedTuple, Optional

from . import conf, faults
from .model import ALUA_STATES, PATH
from .names import Error

INSTALLED = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "labs")
KEYS = ("command", "steps", "expect", "limit")
VERBS = ("offline", "online", "alua", "fault", "reset")
AGAIN = {"offline": ["online"], "fault": ["fault", "--clear"]}  # what ends a step with "for"
LIMIT = 300  # seconds
MAP = "map"
# The states of a path, and their values if these are known.
STATES = {"port": ("online", "offline", "gone"), "alua": tuple(ALUA_STATES), "scsi": (), "path": ("active", "failed")}
OF_COMMAND = ("succeeds", "fails")
COUNTS = ("errors", "io_errors", "latency")
OPERATORS = {"=": operator.eq, "<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge}
NUMBER = r"[0-9]{1,5}(?:\.[0-9]{1,3})?"
SAID = re.compile(r"\{([A-Za-z0-9_][A-Za-z0-9_.:-]*)\}")  # a disk in a command


class Step(NamedTuple):
    time: float  # seconds since the beginning
    ends: bool  # another one, after its "for"
    words: list  # of a command line
    arguments: object


class Expectation(NamedTuple):
    """name is that of a disk, of another path to it, of its multipath map, or "command"; begin and end are None for all the time."""
    text: str
    name: str
    what: str
    compare: str
    value: object
    begin: Optional[float]
    end: Optional[float]


class Scenario(NamedTuple):
    name: str
    origin: str
    disks: list
    names: list  # of all paths, in the order of the file
    command: list
    steps: list
    expectations: list
    limit: float

    def first(self, name):
        """The disk that a path leads to."""
        return next(disk.where if disk.kind == PATH else name for disk in self.disks if disk.name == name)

    def maps(self):
        """The disks of which the multipath map, or the state of a path in it, is spoken."""
        spoken = {e.name for e in self.expectations}.union(name for word in self.command for name in SAID.findall(word))
        spoken.update(f"{self.first(e.name)}:{MAP}" for e in self.expectations if e.what == "path")
        return [name for name in self.names if f"{name}:{MAP}" in spoken]


def installed():
    with contextlib.suppress(OSError):
        return sorted(name[:-4] for name in os.listdir(INSTALLED) if name.endswith(".lab"))
    return []


def path_of(tree, path):
    """That of a file, or of an installed one that is told by its name."""
    node = tree.node(os.path.abspath(path))
    return f"{INSTALLED}/{path}.lab" if path in installed() and not (node and node.kind == "file") else os.path.abspath(path)


def read(tree, path, parser, command=()):
    """A scenario of which every word was looked at.  path is a file, or the name of an installed one; command takes the place of the file's."""
    path = path_of(tree, path)
    sections = {}
    disks = conf.read(tree, path, scenarios=sections)
    if len(sections) != 1:
        raise Error(f"{path}: {len(sections)} sections [scenario NAME]; a lab has one" + (f"; installed are {', '.join(installed())}" if not sections else ""))
    (name, (options, told)), = sections.items()
    names = [disk.name for disk in disks]
    with_map = [f"{disk.where}:{MAP}" for disk in disks if disk.kind == PATH]
    for key in options:
        if key not in KEYS:
            raise told(key, f"{name}: unknown key {key!r}; accepted: {', '.join(KEYS)}")
    if not disks:
        raise told("", f"{name}: there is no disk")
    for clash in set(with_map).intersection(names):
        raise Error(f"{path}: {clash} is the name of a disk, and of the multipath map of another")

    def lines(key):
        return list(filter(None, map(str.strip, options.get(key, "").splitlines())))

    def each(key, parse, *more):
        found = []
        for line in lines(key):
            try:
                found += parse(line, *more)
            except Error as e:
                raise told(key, f"{name}: {key}: {line!r}: {e}") from e
        return found

    words = list(command) or [word for line in lines("command") for word in split(line, lambda reason: told("command", f"{name}: command: {reason}"))]
    for word in words:
        if re.search(r"[\x00-\x1f\x7f]", word):
            raise told("command", f"{name}: command: {word!r} has a control character")
    for said in [said for word in words for said in SAID.findall(word)]:
        if said not in names + with_map:
            raise told("command", f"{name}: command: {{{said}}} is none of {', '.join(names + with_map)}")
    limit = options.get("limit", str(LIMIT))
    if not re.fullmatch(NUMBER, limit) or not float(limit):
        raise told("limit", f"{name}: limit {limit!r}: accepted are seconds, up to 99999")
    expectations = each("expect", expectation, names, with_map, bool(words))
    if words and not any(e.what in OF_COMMAND for e in expectations):
        expectations.append(Expectation("command succeeds", "command", "succeeds", "", None, None, None))
    steps = sorted(each("steps", step, names, parser), key=lambda step: (step.time, not step.ends))
    found = Scenario(name, path, disks, names, words, steps, expectations, float(limit))
    for e in expectations:
        if e.what == "path" and f"{found.first(e.name)}:{MAP}" not in with_map:
            raise told("expect", f"{name}: expect: {e.text!r}: {e.name} has no other path, and so no state in a multipath map")
    late = max([step.time for step in steps] + [e.end for e in expectations if e.end is not None], default=0)
    if late > found.limit:
        raise told("limit", f"{name}: limit {found.limit:g}: there is something at {late:g} s")
    return found


def split(line, wrong):
    try:
        return shlex.split(line)
    except ValueError as e:
        raise wrong(f"{line!r}: {e}") from e


def step(line, names, parser):
    """TIME VERB ..., with [for SECONDS] also what ends it."""
    words = split(line, Error)
    if len(words) < 2 or not re.fullmatch(NUMBER, words[0]) or words[1] not in VERBS:
        raise Error(f"a step is a time in seconds and one of {', '.join(VERBS)} with what follows it on the command line")
    time, words, lasting = float(words[0]), words[1:], None
    if words[-2:-1] == ["for"]:
        if words[0] not in AGAIN or not re.fullmatch(NUMBER, words[-1]) or not float(words[-1]):
            raise Error(f"\"for\" and a time in seconds are taken after {' and '.join(AGAIN)}")
        lasting, words = float(words[-1]), words[:-2]
    arguments = parsed(parser, words)
    for name in arguments.disk:
        if name not in names:
            raise Error(f"{name} is none of the lab's disks: {', '.join(names)}")
    if not arguments.disk:
        raise Error(f"which disk? The lab's are {', '.join(names)}")
    if words[0] == "fault":
        faults.rules(arguments)
    found = [Step(time, False, words, arguments)]
    if lasting is not None:
        words = AGAIN[words[0]] + arguments.disk
        found.append(Step(round(time + lasting, 3), True, words, parsed(parser, words)))
    return found


def parsed(parser, words):
    """As the command line is; what is wrong is an Error."""
    told = io.StringIO()
    try:
        with contextlib.redirect_stderr(told), contextlib.redirect_stdout(told):
            return parser.parse_args(words)
    except SystemExit as e:
        before, error, reason = told.getvalue().strip().rpartition("error: ")
        raise Error(reason if error else f"{' '.join(words)} is no step") from e


def expectation(line, names, with_map, has_command):
    match = re.fullmatch(rf"(.*?)(?:\s+at\s+({NUMBER})\s+within\s+({NUMBER}))?", line)
    begin = float(match[2]) if match[2] else None
    end = begin + float(match[3]) if match[2] else None
    if re.fullmatch(r"command\s+(succeeds|fails)", match[1]):
        if not has_command:
            raise Error("there is no command")
        return [Expectation(line, "command", match[1].split()[1], "", None, begin, end)]
    parts = re.fullmatch(rf"(\S+)\s+({'|'.join((*STATES, *COUNTS))})\s*(<=|>=|=|<|>)\s*(\S+)", match[1])
    if not parts:
        raise Error(f"accepted are \"command succeeds\", \"command fails\", \"NAME STATE=VALUE\", of {', '.join(STATES)}, and \"NAME COUNT=N\", "
                    f"with <, >, <= or >= too, of {', '.join(COUNTS)}; after each \"at SECONDS within SECONDS\"")
    name, what, compare, value = parts.groups()
    if name not in names + with_map:
        raise Error(f"{name} is none of {', '.join(names + with_map)}")
    if what in STATES and compare != "=":
        raise Error(f"{what} is one state or another: only = is taken")
    if STATES.get(what) and value not in STATES[what]:
        raise Error(f"{what} is one of {', '.join(STATES[what])}")
    if name in with_map and what not in ("io_errors", "latency"):
        raise Error(f"{name} has io_errors and latency; {what} is a path's")
    if what in COUNTS and not re.fullmatch(NUMBER, value):
        raise Error(f"{value} is no number")
    return [Expectation(line, name, what, compare, float(value) if what in COUNTS else value, begin, end)]
