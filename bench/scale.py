#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Runs in the guest, as root: what targets and LUNs cost, the kernel's own tcm_loop and ours in turn.

scale.py OURS.ko [TARGETS [MANY]]: a table on standard output, progress on standard error.
Twice each: TARGETS targets of one LUN; then, with ours, MANY targets of four LUNs.
"""
import os
import statistics
import sys
import time

from bench import TARGET, sh, wait_for, write

LOOPBACK = f"{TARGET}/loopback"
HBA = f"{TARGET}/core/rd_mcp_0"
LUNS = 4


def used():
    """Memory in use that is no cache, in KiB."""
    sh("sync; echo 3 >/proc/sys/vm/drop_caches; sleep 1")
    with open("/proc/meminfo") as f:
        info = {line.split(":")[0]: int(line.split()[1]) for line in f}
    return info["MemTotal"] - info["MemFree"] - info["Cached"] - info["Buffers"]


def make_backstores(count):
    """They exist before the targets, and are not counted."""
    for number in range(count):
        path = f"{HBA}/disk{number}"
        if not os.path.exists(path):
            os.makedirs(path)
            write(f"{path}/control", "rd_pages=256")
            write(f"{path}/control", "rd_nullio=1")
            write(f"{path}/enable", "1")
            write(f"{path}/wwn/vpd_unit_serial", f"disk{number}")


def tpg_of(number):
    return f"{LOOPBACK}/naa.50014050{number:08x}/tpgt_1"


def create(number, luns):
    """A target with its disks.  Returns how long each LUN took, in milliseconds; the first one's is the target's."""
    times, start, tpg = [], time.time(), tpg_of(number)
    os.makedirs(tpg)
    write(f"{tpg}/nexus", f"naa.50014051{number:08x}")
    with open(f"{tpg}/address") as f:
        host = f.read().split(":")[0]
    for lun in range(luns):
        os.mkdir(f"{tpg}/lun/lun_{lun}")
        os.symlink(f"{HBA}/disk{number * luns + lun}", f"{tpg}/lun/lun_{lun}/backstore")
        wait_for(f"/sys/bus/scsi/devices/{host}:0:1:{lun}/block/*", 60, 0.001)
        now = time.time()
        times.append((now - start) * 1000)
        start = now
    return times


def remove(number, luns):
    start, tpg = time.time(), tpg_of(number)
    for lun in range(luns):
        os.unlink(f"{tpg}/lun/lun_{lun}/backstore")
        os.rmdir(f"{tpg}/lun/lun_{lun}")
    os.rmdir(tpg)
    os.rmdir(os.path.dirname(tpg))
    return (time.time() - start) * 1000


def fill(load, targets, luns):
    """Load a module, make targets, remove them.  Returns KiB per target, and the times."""
    sh(load)
    os.mkdir(LOOPBACK)
    before = used()
    created = [create(number, luns) for number in range(targets)]
    memory = (used() - before) / targets
    removed = [remove(number, luns) for number in range(targets)]
    os.rmdir(LOOPBACK)
    sh("rmmod tcm_loop")
    return memory, created, removed


def main():
    ours = sys.argv[1]
    targets = int(sys.argv[2]) if len(sys.argv) > 2 else 100
    many = int(sys.argv[3]) if len(sys.argv) > 3 else 500
    # Looking at each new disk, udev would take more time than making it.
    sh("modprobe sd_mod; udevadm settle; udevadm control --exit")
    make_backstores(max(targets, many * LUNS))
    print(f"{os.uname().release}, {os.cpu_count()} CPUs, {targets} targets with one LUN each\n")
    print("| module | KiB of memory for each | create, ms | remove, ms |\n|---|---|---|---|", flush=True)
    for name, load in (("stock", "modprobe tcm_loop"), ("ours", f"insmod {ours}"), ("stock", "modprobe tcm_loop"),
                       ("ours", f"insmod {ours}"), ("ours, 1 hardware queue", f"insmod {ours} nr_hw_queues=1"),
                       ("ours, 8 hardware queues", f"insmod {ours} nr_hw_queues=8")):
        memory, created, removed = fill(load, targets, 1)
        create_ms = statistics.median(times[0] for times in created)
        print(f"| {name} | {memory:.0f} | {create_ms:.1f} | {statistics.median(removed):.1f} |", flush=True)
    if not many:
        return
    memory, created, removed = fill(f"insmod {ours}", many, LUNS)
    luns = [t for times in created for t in times[1:]]
    tenth = len(luns) // 10
    print(f"\nOurs, {many} targets with {LUNS} LUNs each: {memory:.0f} KiB a target; the second to fourth LUN takes "
          f"{statistics.median(luns[:tenth]):.1f} ms among the first tenth and {statistics.median(luns[-tenth:]):.1f} ms "
          f"among the last; removing a target takes {statistics.median(removed[:many // 10]):.1f} ms at first "
          f"and {statistics.median(removed[-(many // 10):]):.1f} ms at the end.")


main()
