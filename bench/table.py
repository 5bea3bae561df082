#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""table.py FILE.json...: ours against stock, as ratios of medians.
table.py --data FILE.json: all against stock over the same backstore, for plot.gp.

A row's figure is the mean over the backstores and over read and write of the
ratio of the medians over the rounds; the spread is that of the rounds' ratios.
"""
import json
import statistics
import sys

METRICS = (("iops", "IOPS"), ("cpu_us", "CPU time per I/O"))


def values(results, device, backstore, work, direction, metric):
    return [r[metric] for r in results if (r["device"], r["backstore"], r["work"], r["direction"])
            == (device, backstore, work, direction)]


def load(path):
    with open(path) as f:
        bench = json.load(f)
    results = bench["results"]
    works = list(dict.fromkeys(r["work"] for r in results))
    backstores = list(dict.fromkeys(r["backstore"] for r in results if r["device"] == "ours"))
    return bench, results, works, backstores


def ratio(results, device, backstore, work, direction, metric):
    """Of the device's median to stock's over the same backstore."""
    return (statistics.median(values(results, device, backstore, work, direction, metric))
            / statistics.median(values(results, "stock", backstore, work, direction, metric)))


def data(path):
    bench, results, works, backstores = load(path)
    print(f'# Linux {bench["kernel"]}, {bench["cpus"]} CPUs')
    for work in works:
        row = []
        for device, over in ("ours", backstores), ("nvme-loop", ["iblock"]), ("null_blk", ["iblock"]):
            row.append(statistics.mean(ratio(results, device, b, work, d, "iops") for b in over for d in ("read", "write")))
        print(f'"{work.replace(", a job", "")}"\t' + "\t".join(f"{r:.3f}" for r in row))


def main(path):
    bench, results, works, backstores = load(path)
    print(f"\n{bench['kernel']}, {bench['cpus']} CPUs: ours / stock\n")
    for metric, title in METRICS:
        print(f"| {title} | mean | spread | " + " | ".join(backstores) + " |")
        print("|---|---|---|" + "---|" * len(backstores))
        for work in works:
            cells, rounds = [], []
            for backstore in backstores:
                ratios = []
                for direction in "read", "write":
                    ours = values(results, "ours", backstore, work, direction, metric)
                    stock = values(results, "stock", backstore, work, direction, metric)
                    ratios.append(ratio(results, "ours", backstore, work, direction, metric))
                    rounds.append([a / b for a, b in zip(ours, stock)])
                cells.append(statistics.mean(ratios))
            by_round = [statistics.mean(r) for r in zip(*rounds)]
            print(f"| {work} | {statistics.mean(cells):.2f} | {min(by_round):.2f} to {max(by_round):.2f} | "
                  + " | ".join(f"{c:.2f}" for c in cells) + " |")
        print()
    print("| median | device | read IOPS | write IOPS | switches per I/O |\n|---|---|---|---|---|")
    for work in works:
        for device in "null_blk", "nvme-loop", "stock", "ours":
            for backstore in backstores if device in ("stock", "ours") else ["iblock"]:
                read = statistics.median(values(results, device, backstore, work, "read", "iops"))
                write = statistics.median(values(results, device, backstore, work, "write", "iops"))
                switches = statistics.median(values(results, device, backstore, work, "read", "switches"))
                name = device if device in ("null_blk", "nvme-loop") else f"{device} {backstore}"
                print(f"| {work} | {name} | {read:.0f} | {write:.0f} | {switches:.2f} |")


if sys.argv[1] == "--data":
    data(sys.argv[2])
else:
    for each in sys.argv[1:]:
        main(each)
