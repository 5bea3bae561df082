#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Every state of a target, its TPG, nexus and LUN, and every operation in each of them.

The model below says what each operation does in each state: the next state, or
the errno of its refusal.  Without arguments the module is led along every one of
these transitions, and compared after each.  With --table the model is printed,
as doc/states.md has it.
"""
import collections
import errno
import os
import sys
import time

from configfs import CONFIG, LOOPBACK, device_of, write

WWN = f"{LOOPBACK}/naa.5001405000000001"
TPG = f"{WWN}/tpgt_1"
LUN = f"{TPG}/lun/lun_0"
BACKSTORE = f"{CONFIG}/core/rd_mcp_0/states"
INITIATOR = "naa.5001405000000002"
LIMIT = 10  # seconds that one operation may take

# target, tpg, nexus, online, disk: whether it is there; lun: no, made or linked
State = collections.namedtuple("State", "target tpg nexus lun online disk")
START = State(False, False, False, "no", True, False)


def settled(state):
    """After an operation that lets linked LUNs appear."""
    return state._replace(disk=state.disk or (state.nexus and state.online and state.lun == "linked"))


def needs_tpg(step):
    return lambda s: step(s) if s.tpg else errno.ENOENT


# Each takes a state, and returns the next one or an errno.
MODEL = {
    "mkdir target": lambda s: errno.EEXIST if s.target else s._replace(target=True),
    "rmdir target": lambda s: errno.ENOENT if not s.target else errno.ENOTEMPTY if s.tpg else START,
    "mkdir tpgt_1": lambda s: errno.ENOENT if not s.target else errno.EEXIST if s.tpg else s._replace(tpg=True),
    "rmdir tpgt_1": needs_tpg(lambda s: errno.ENOTEMPTY if s.lun != "no" else START._replace(target=True)),
    "write nexus": needs_tpg(lambda s: errno.EEXIST if s.nexus else settled(s._replace(nexus=True))),
    "write NULL": needs_tpg(lambda s: errno.ENODEV if not s.nexus else
                            errno.EPERM if s.lun == "linked" else s._replace(nexus=False)),
    "mkdir lun_0": needs_tpg(lambda s: errno.EEXIST if s.lun != "no" else s._replace(lun="made")),
    "rmdir lun_0": needs_tpg(lambda s: errno.ENOENT if s.lun == "no" else
                             errno.ENOTEMPTY if s.lun == "linked" else s._replace(lun="no")),
    "link": needs_tpg(lambda s: errno.ENOENT if s.lun == "no" else
                      errno.EEXIST if s.lun == "linked" else settled(s._replace(lun="linked"))),
    "unlink": needs_tpg(lambda s: errno.ENOENT if s.lun != "linked" else s._replace(lun="made", disk=False)),
    "offline": needs_tpg(lambda s: s._replace(online=False)),
    "online": needs_tpg(lambda s: settled(s._replace(online=True))),
    "delete the disk": lambda s: errno.ENOENT if not s.disk else s._replace(disk=False),
    "scan the host": lambda s: errno.ENOENT if not s.target else settled(s),
}


def scan():
    """There is one adapter here, and the address of its TPG is not always to be had."""
    os.stat(WWN)
    adapter, = [d for d in os.listdir("/sys/devices/tcm_loop_0") if d.startswith("tcm_loop_adapter_")]
    host, = [d for d in os.listdir(f"/sys/devices/tcm_loop_0/{adapter}") if d.startswith("host")]
    write(f"/sys/class/scsi_host/{host}/scan", "- - -")


OPERATIONS = {
    "mkdir target": lambda: os.mkdir(WWN),
    "rmdir target": lambda: os.rmdir(WWN),
    "mkdir tpgt_1": lambda: os.mkdir(TPG),
    "rmdir tpgt_1": lambda: os.rmdir(TPG),
    "write nexus": lambda: write(f"{TPG}/nexus", INITIATOR),
    "write NULL": lambda: write(f"{TPG}/nexus", "NULL"),
    "mkdir lun_0": lambda: os.mkdir(LUN),
    "rmdir lun_0": lambda: os.rmdir(LUN),
    "link": lambda: os.symlink(BACKSTORE, f"{LUN}/backstore"),
    "unlink": lambda: os.unlink(f"{LUN}/backstore"),
    "offline": lambda: write(f"{TPG}/transport_status", "offline"),
    "online": lambda: write(f"{TPG}/transport_status", "online"),
    "delete the disk": lambda: write(f"{device_of(TPG, 0)}/delete", "1"),
    "scan the host": scan,
}


def observe():
    """What is really there."""
    if not os.path.isdir(TPG):
        return START._replace(target=os.path.isdir(WWN))
    try:
        with open(f"{TPG}/nexus") as f:
            nexus = f.read().strip() == INITIATOR
    except OSError:
        nexus = False
    with open(f"{TPG}/transport_status") as f:
        online = f.read() == "online\n"
    lun = "linked" if os.path.islink(f"{LUN}/backstore") else "made" if os.path.isdir(LUN) else "no"
    return State(True, True, nexus, lun, online, os.path.isdir(device_of(TPG, 0)))


def edges():
    """The next state, or the errno, of every operation in every state that can be reached."""
    found, ahead = {}, [START]
    for state in ahead:
        found[state] = {name: step(state) for name, step in MODEL.items()}
        for after in found[state].values():
            if isinstance(after, State) and after not in ahead:
                ahead.append(after)
    return found


def describe(state):
    if not state.target:
        return "nothing"
    if not state.tpg:
        return "target"
    words = ["TPG"] + ["nexus"] * state.nexus + ["LUN"] * (state.lun == "made") + ["linked LUN"] * (state.lun == "linked")
    return ", ".join(words + ["disk"] * state.disk + ["offline"] * (not state.online))


def table():
    graph = edges()
    numbers = {state: str(number) for number, state in enumerate(graph)}
    print("| | state | " + " | ".join(MODEL) + " |\n|---|---|" + "---|" * len(MODEL))
    for state, steps in graph.items():
        cells = ["" if after == state else numbers.get(after) or errno.errorcode[after] for after in steps.values()]
        print(f"| {numbers[state]} | {describe(state)} | " + " | ".join(cells) + " |")


def way(graph, start, todo):
    """The shortest way from a state to one with something to do."""
    before, ahead = {start: None}, [start]
    for state in ahead:
        if todo[state]:
            names = []
            while before[state]:
                state, name = before[state]
                names.append(name)
            return names[::-1]
        for name, after in graph[state].items():
            if isinstance(after, State) and after not in before:
                before[after] = (state, name)
                ahead.append(after)
    return None


def perform(name):
    try:
        OPERATIONS[name]()
    except OSError as e:
        return e.errno
    return 0


def walk():
    graph = edges()
    todo = {state: list(steps) for state, steps in graph.items()}
    wrong = collections.defaultdict(list)
    slowest, steps, state = (0, ""), 0, START

    def step(name):
        nonlocal slowest, steps, state
        expected = graph[state][name]
        start = time.time()
        error = perform(name)
        took = time.time() - start
        slowest = max(slowest, (took, f"{name} in \"{describe(state)}\""))
        steps += 1
        after = observe()
        if isinstance(expected, State):
            if error or after != expected:
                wrong[name].append(f"in \"{describe(state)}\": expected \"{describe(expected)}\", but it is "
                                   f"\"{describe(after)}\"" + (f", {errno.errorcode[error]}" if error else ""))
        elif error != expected or after != state:
            wrong[name].append(f"in \"{describe(state)}\": expected {errno.errorcode[expected]}, but it is "
                               f"{errno.errorcode.get(error, 'success')} and \"{describe(after)}\"")
        if took > LIMIT:
            wrong[name].append(f"in \"{describe(state)}\": took {took:.1f} s")
        if after in todo and name in todo[state]:
            todo[state].remove(name)
        state = after

    while state in graph and sum(map(len, wrong.values())) < 20:
        names = way(graph, state, todo)
        if names is None:
            break
        for name in names:
            before = state
            step(name)
            if state != graph[before][name]:
                break
        else:
            step(todo[state][0])

    print(f"# {len(graph)} states, {sum(map(len, graph.values()))} transitions, {steps} steps; "
          f"the longest took {slowest[0]:.2f} s: {slowest[1]}")
    for number, name in enumerate(MODEL, 1):
        left = sum(name in names for names in todo.values())
        if left:
            wrong[name].append(f"not tried in {left} states")
        print(f"{'not ok' if wrong[name] else 'ok'} {number} - {name}: as the model says in {len(graph)} states")
        for line in wrong[name]:
            print(f"#   {line}")
    for name in "unlink", "rmdir lun_0", "rmdir tpgt_1", "rmdir target":
        perform(name)
    print(f"1..{len(MODEL)}")
    return 1 if any(wrong.values()) else 0


if __name__ == "__main__":
    if sys.argv[1:] == ["--table"]:
        table()
    else:
        sys.exit(walk())
