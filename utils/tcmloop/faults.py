# SPDX-License-Identifier: GPL-2.0-only
"""Fault rules of LUNs, doc/faults.md: from the command's options to lines of the module, and back."""
import re

from .names import Error

COMMANDS = {"any": (0xff,), "read": (0x08, 0x28, 0xa8, 0x88), "write": (0x0a, 0x2a, 0xaa, 0x8a), "verify": (0x2f, 0xaf, 0x8f),
            "sync": (0x35, 0x91), "unmap": (0x42,), "write-same": (0x41, 0x93), "test-unit-ready": (0x00,), "inquiry": (0x12,)}
STATUSES = {"busy": 0x08, "reservation-conflict": 0x18, "task-set-full": 0x28}
HOSTS = {"no-connect": 0x01, "time-out": 0x03, "bad-target": 0x04, "error": 0x07, "reset": 0x08, "transport-failfast": 0x0f}
NOT_TAKEN = {"host": 0x1055, "device": 0x1056, "retry": 0x1057, "target": 0x1058}
MAX_DELAY = 300000  # ms
# Each option that says what becomes of a command, and its type.
EFFECTS = {"sense": 2, "status": 2, "host": 2, "delay": 16, "attention": 17, "no_answer": 0, "answer_lost": 21, "not_taken": 1, "abort_fails": 3,
           "reset_fails": 4}


def wrong(option, given, accepted):
    return Error(f"--{option.replace('_', '-')} \"{given}\"; accepted: {accepted}", 2)


def named(option, given, names):
    if given in names:
        return names[given]
    if re.fullmatch("(0x)?[0-9A-Fa-f]{1,2}", given):
        return int(given, 16)
    raise wrong(option, given, f"{', '.join(names)}, or a hexadecimal number of two digits")


def bytes_of(option, given, count, accepted):
    """Hexadecimal numbers with / between them."""
    if not re.fullmatch("/".join(["[0-9A-Fa-f]{1,2}"] * count), given):
        raise wrong(option, given, accepted)
    return [int(part, 16) for part in given.split("/")]


def number(option, given, low, high):
    if not re.fullmatch("[0-9]{1,10}", given) or not low <= int(given) <= high:
        raise wrong(option, given, f"a number from {low} to {high}")
    return int(given)


def hexes(*values):
    return "".join(f" {value:x}" for value in values)


def fields(effect, given):
    """What follows the operation code in a line."""
    if effect == "sense":
        key, asc, ascq = bytes_of(effect, given, 3, "sense key, additional sense code and qualifier, hexadecimal, as 3/11/0")
        if key > 0xf:
            raise wrong(effect, given, "a sense key from 0 to f")
        return hexes(0, 0, 2, key, asc, ascq)
    if effect == "status":
        return hexes(0, 0, named(effect, given, STATUSES), 0, 0, 0)
    if effect == "host":
        return hexes(named(effect, given, HOSTS), 0, 0, 0, 0, 0)
    if effect == "delay":
        return f" {number(effect, given, 1, MAX_DELAY)}"
    if effect == "attention":
        return hexes(6, *bytes_of(effect, given, 2, "additional sense code and qualifier, hexadecimal, as 2a/9"))
    if effect == "not_taken":
        if given not in NOT_TAKEN:
            raise wrong(effect, given, ", ".join(NOT_TAKEN))
        return hexes(NOT_TAKEN[given])
    return ""


def conditions(options):
    found = ""
    if options.lba is not None:
        match = re.fullmatch(r"([0-9]{1,19})\+([0-9]{1,19})", options.lba)
        if not match or not int(match[2]) or int(match[1]) + int(match[2]) >= 1 << 64:
            raise wrong("lba", options.lba, "the first logical block, + and how many, as 1000+8")
        found += f" lba={int(match[1])}+{int(match[2])}"
    if options.every is not None:
        found += f" every={number('every', options.every, 2, 2 ** 31 - 1)}"
    if options.percent is not None:
        found += f" p={number('percent', options.percent, 1, 99)}"
    return found


def lines(options):
    """The rules that the options of "fault" mean, one for each operation code."""
    given = [effect for effect in EFFECTS if getattr(options, effect) not in (None, False)]
    if len(given) != 1:
        raise Error("exactly one of " + ", ".join(f"--{effect.replace('_', '-')}" for effect in EFFECTS) + " says what becomes of a command"
                    + (f"; given are {' and '.join('--' + effect.replace('_', '-') for effect in given)}" if given else "; none is given"), 2)
    effect, = given
    on = "any" if options.on is None else options.on
    if on not in COMMANDS and not re.fullmatch("0x[0-9A-Fa-f]{1,2}", on):
        raise wrong("on", on, f"{', '.join(COMMANDS)}, or an operation code, as 0x28")
    count = -number("count", options.count, 1, 2 ** 31 - 1) if options.count is not None else 1
    rest = fields(effect, getattr(options, effect)) + conditions(options)
    return [f"{EFFECTS[effect]} {count} {opcode:x}{rest}" for opcode in COMMANDS.get(on) or (int(on, 16),)]


def rules(options):
    """What is written of a LUN: its rules, or what takes all of them away."""
    if not options.clear:
        return lines(options)
    if any(getattr(options, name) not in (None, False) for name in (*EFFECTS, "on", "lba", "every", "percent", "count")):
        raise Error("--clear takes all faults of a disk away, and has no other option", 2)
    return ["0"]


def name_of(value, names):
    return next((name for name, known in names.items() if known == value), f"{value:x}")


def effect_of(kind, values):
    if kind == EFFECTS["status"]:
        host, _, status, key, asc, ascq = values
        if status == 2 or key or asc or ascq:
            shown = f"--sense {key:x}/{asc:x}/{ascq:x}"
            return shown if (host, status) == (0, 2) else f"{shown}, host byte {host:x}, status {status:x}"
        return f"--status {name_of(status, STATUSES)}" if status or not host else f"--host {name_of(host, HOSTS)}"
    if kind == EFFECTS["attention"]:
        return f"--attention {values[1]:x}/{values[2]:x}"
    if kind == EFFECTS["not_taken"]:
        return f"--not-taken {name_of(values[0], NOT_TAKEN)}"
    effect = next((effect for effect, known in EFFECTS.items() if known == kind), f"type {kind}")
    return f"--{effect.replace('_', '-')}" + "".join(f" {value}" for value in values)


def shown(line):
    """A line that the module prints, as the options that it came from."""
    words = line.split()
    kind, count, opcode = int(words[0]), int(words[1]), int(words[2], 16)
    values = [int(word, 0) for word in words[3:] if "=" not in word]
    found = [f"--on {next((name for name, codes in COMMANDS.items() if codes == (opcode,)), f'0x{opcode:02x}')}", effect_of(kind, values)]
    for word in words[3:]:
        key, equals, value = word.partition("=")
        if equals:
            found.append(f"--{'percent' if key == 'p' else key} {value}")
    if count <= 0:
        found.append(f"--count {-count}" if count else "(used up)")
    return " ".join(found)
