#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Runs in the guest, as root: the kernel's own tcm_loop and ours in turn.

bench.py [--only REGEX] [--over BACKSTORE] [--null PARAMETERS] OURS.ko [ROUNDS [SECONDS]]: JSON on standard output,
progress on standard error.
Each round loads and measures: null_blk, nvme-loop over it if the kernel has it, stock, ours.
"""
import argparse
import glob
import json
import os
import re
import subprocess
import sys
import time

TARGET = "/sys/kernel/config/target"
NVMET = "/sys/kernel/config/nvmet"
WWN = "naa.5001405000000001"
INITIATOR = "naa.5001405000000002"
MIB = 64
WORK = {  # name: block size, depth, jobs, pattern prefix, how many are sent at once
    "depth 1": ("4k", 1, 1, "rand", 1),
    "depth 32": ("4k", 32, 1, "rand", 1),
    "depth 32, batches of 16": ("4k", 32, 1, "rand", 16),
    "depth 32, a job per CPU": ("4k", 32, os.cpu_count(), "rand", 1),
    "256 KiB, depth 4": ("256k", 4, 1, "", 1),
    "1 MiB, depth 4": ("1m", 4, 1, "", 1),
}
BACKSTORES = "nullio", "rd_mcp", "iblock"


def sh(command):
    subprocess.run(command, shell=True, check=True, stdout=sys.stderr)


def write(path, text):
    with open(path, "w") as f:
        f.write(text)


def wait_for(pattern, seconds=10, pause=0.05):
    end = time.time() + seconds
    while time.time() < end:
        found = glob.glob(pattern)
        if found:
            return found[0]
        time.sleep(pause)
    raise SystemExit(f"{pattern} did not appear")


def busy():
    """CPU time of all CPUs that was not idle, in seconds."""
    with open("/proc/stat") as f:
        user, nice, system, idle, iowait, irq, softirq, steal = map(int, f.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def unload(module):
    """Something, udev for one, may still look at a disk that is gone."""
    end = time.time() + 30
    while subprocess.run(["rmmod", module], stderr=subprocess.DEVNULL).returncode:
        if time.time() > end:
            raise SystemExit(f"{module} is still in use")
        time.sleep(0.1)


def ios_of(disk):
    with open(f"/sys/block/{os.path.basename(disk)}/stat") as f:
        fields = f.read().split()
    return int(fields[0]) + int(fields[4])


def fio(disk, work, direction, seconds):
    """CPU time is taken while I/O is under way: fio's start and end are not the disk's.  None if it ended too early for that."""
    size, depth, jobs, prefix, batch = WORK[work]
    before = ios_of(disk)
    process = subprocess.Popen(
        ["fio", "--name=bench", f"--filename={disk}", "--direct=1", "--ioengine=io_uring",
         f"--rw={prefix}{direction}", f"--bs={size}", f"--iodepth={depth}", f"--numjobs={jobs}",
         f"--iodepth_batch_submit={batch}", f"--iodepth_batch_complete_min={batch}",
         "--group_reporting", "--time_based", f"--runtime={seconds * 1000:.0f}ms", f"--size={MIB}m",
         "--randrepeat=1", "--norandommap", "--output-format=json"],
        stdout=subprocess.PIPE, text=True)
    while ios_of(disk) < before + 4 and process.poll() is None:
        time.sleep(0.01)
    time.sleep(seconds / 10)
    first, cpu = ios_of(disk), busy()
    time.sleep(seconds * 0.8)
    count, cpu = ios_of(disk) - first, busy() - cpu
    in_time = process.poll() is None and count
    out = process.communicate()[0]
    if process.returncode:
        raise SystemExit(f"fio: {out}")
    if not in_time:
        return None
    job = json.loads(out[out.index("{"):])["jobs"][0]
    return {"iops": job[direction]["iops"], "switches": job["ctx"] / job[direction]["total_ios"], "cpu_us": cpu * 1e6 / count}


def measure(results, device, backstore, disk, seconds):
    write(f"/sys/block/{os.path.basename(disk)}/queue/scheduler", "none")
    for work in WORK:
        for direction in "read", "write":
            for _ in range(5):
                r = fio(disk, work, direction, seconds)
                if r:
                    break
            else:
                raise SystemExit(f"{disk}: fio ends before the CPU time is taken; give it more seconds")
            results.append({"device": device, "backstore": backstore, "work": work, "direction": direction, **r})
            print(f"{device:9} {backstore:7} {work:24} {direction:5} {r['iops']:9.0f} IOPS "
                  f"{r['switches']:5.2f} switches {r['cpu_us']:7.1f} us CPU", file=sys.stderr)


def make_backstore(name):
    if name == "iblock":
        path = f"{TARGET}/core/iblock_0/{name}"
        os.makedirs(path)
        write(f"{path}/control", "udev_path=/dev/nullb0")
    else:
        path = f"{TARGET}/core/rd_mcp_0/{name}"
        os.makedirs(path)
        write(f"{path}/control", f"rd_pages={MIB * 256}")
        if name == "nullio":
            write(f"{path}/control", "rd_nullio=1")
    write(f"{path}/enable", "1")
    write(f"{path}/wwn/vpd_unit_serial", name)
    return path


def tcm_loop(results, device, load, seconds):
    sh(load)
    tpg = f"{TARGET}/loopback/{WWN}/tpgt_1"
    os.makedirs(tpg)
    write(f"{tpg}/nexus", INITIATOR)
    with open(f"{tpg}/address") as f:
        host = f.read().split(":")[0]
    for number, backstore in enumerate(BACKSTORES):
        path = make_backstore(backstore)
        lun = f"{tpg}/lun/lun_{number}"
        os.makedirs(lun)
        os.symlink(path, f"{lun}/backstore")
        disk = wait_for(f"/sys/bus/scsi/devices/{host}:0:1:{number}/block/*")
        sh("udevadm settle")
        measure(results, device, backstore, f"/dev/{os.path.basename(disk)}", seconds)
        os.unlink(f"{lun}/backstore")
        os.rmdir(lun)
        os.rmdir(path)
    for path in tpg, os.path.dirname(tpg), f"{TARGET}/loopback", *glob.glob(f"{TARGET}/core/*_0"):
        os.rmdir(path)
    unload("tcm_loop")


def nvme_loop(results, seconds):
    subsystem, port = f"{NVMET}/subsystems/bench", f"{NVMET}/ports/1"
    os.makedirs(f"{subsystem}/namespaces/1")
    write(f"{subsystem}/attr_allow_any_host", "1")
    write(f"{subsystem}/namespaces/1/device_path", "/dev/nullb0")
    write(f"{subsystem}/namespaces/1/enable", "1")
    os.makedirs(port)
    write(f"{port}/addr_trtype", "loop")
    os.symlink(subsystem, f"{port}/subsystems/bench")
    write("/dev/nvme-fabrics", "transport=loop,nqn=bench")
    disk = wait_for("/dev/nvme*n1")
    sh("udevadm settle")
    measure(results, "nvme-loop", "iblock", disk, seconds)
    write(wait_for("/sys/class/nvme/nvme*/delete_controller"), "1")
    os.unlink(f"{port}/subsystems/bench")
    write(f"{subsystem}/namespaces/1/enable", "0")
    for path in port, f"{subsystem}/namespaces/1", subsystem:
        os.rmdir(path)


def main():
    global BACKSTORES
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="")
    parser.add_argument("--over", choices=BACKSTORES)
    parser.add_argument("--null", default="")
    parser.add_argument("ours")
    parser.add_argument("rounds", type=int, nargs="?", default=3)
    parser.add_argument("seconds", type=float, nargs="?", default=1)
    args = parser.parse_args()
    for work in [work for work in WORK if not re.search(args.only, work)]:
        del WORK[work]
    if args.over:
        BACKSTORES = (args.over,)
    ours, rounds, seconds = args.ours, args.rounds, args.seconds
    # So that the clock is looked at in time, however busy the CPUs are; the children are like any other process.
    os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(1))
    sh(f"modprobe nvme_core multipath=N; modprobe -qa nvme-loop; modprobe null_blk {args.null}; modprobe target_core_iblock; udevadm settle")
    results = []
    for number in range(rounds):
        print(f"round {number + 1} of {rounds}", file=sys.stderr)
        measure(results, "null_blk", "iblock", "/dev/nullb0", seconds)
        if os.path.isdir("/sys/module/nvme_loop"):  # Debian's 6.1 has none
            nvme_loop(results, seconds)
        tcm_loop(results, "stock", "modprobe tcm_loop", seconds)
        tcm_loop(results, "ours", f"insmod {ours}", seconds)
    json.dump({"kernel": os.uname().release, "cpus": os.cpu_count(), "results": results}, sys.stdout)


if __name__ == "__main__":
    main()
