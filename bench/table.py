#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""table.py FILE.json: ours against stock, as ratios of medians, and the medians.
table.py --summary FILE.json...: the ratios of several kernels beside each other.
table.py --data FILE.json: all against stock over the same backstore, for plot.gp.

A row's figure is the mean over the backstores and over read and write of the
ratio of the medians over the rounds; the spread is that of the rounds' ratios.
"""
import json
import statistics
import sys

METRICS = (("iops", "IOPS"), ("cpu_us", "CPU time per I/O"))
DIRECTIONS = "read", "write"
ALONE = "null_blk", "nvme-loop"  # devices that are measured over one backstore; not every kernel has nvme-loop


class Bench:
    def __init__(self, path):
        with open(path) as f:
            bench = json.load(f)
        self.title = f"{bench['kernel']}, {bench['cpus']} CPUs"
        self.kernel = bench["kernel"]
        self.values = {}
        for r in bench["results"]:
            key = r["device"], r["backstore"], r["work"], r["direction"]
            for metric in ("iops", "cpu_us", "switches"):
                self.values.setdefault((*key, metric), []).append(r[metric])
        self.works = list(dict.fromkeys(r["work"] for r in bench["results"]))
        self.backstores = list(dict.fromkeys(r["backstore"] for r in bench["results"] if r["device"] == "ours"))
        self.rounds = len(self.values[("ours", self.backstores[0], self.works[0], "read", "iops")])

    def has(self, device):
        return any(key[0] == device for key in self.values)

    def median(self, *key):
        return statistics.median(self.values[key])

    def over(self, device):
        return ["iblock"] if device in ALONE else self.backstores

    def ratio(self, device, backstore, work, metric):
        """To stock's median over the same backstore, the mean of read and write."""
        return statistics.mean(self.median(device, backstore, work, d, metric) / self.median("stock", backstore, work, d, metric)
                               for d in DIRECTIONS)

    def mean(self, device, work, metric):
        return statistics.mean(self.ratio(device, b, work, metric) for b in self.over(device))

    def spread(self, work, metric):
        """The same of each round alone: the least and the most."""
        rounds = [statistics.mean(self.values["ours", b, work, d, metric][n] / self.values["stock", b, work, d, metric][n]
                                  for b in self.backstores for d in DIRECTIONS) for n in range(self.rounds)]
        return f"{min(rounds):.2f} to {max(rounds):.2f}"


def data(bench):
    print(f"# Linux {bench.title}")
    for work in bench.works:
        ratios = [f"{bench.mean(device, work, 'iops'):.3f}" if bench.has(device) else "-" for device in ("ours", "nvme-loop", "null_blk")]
        print(f'"{work.replace(", a job", "")}"\t' + "\t".join(ratios))


def summary(benches):
    for metric, title in METRICS:
        print(f"| {title}, ours / stock | " + " | ".join(b.kernel.split("-")[0] for b in benches) + " |")
        print("|---|" + "---|" * len(benches))
        for work in benches[0].works:
            print(f"| {work} | " + " | ".join(f"**{b.mean('ours', work, metric):.2f}** ({b.spread(work, metric)})" for b in benches) + " |")
        print()
    print("| context switches per I/O, depth 1 | " + " | ".join(b.kernel.split("-")[0] for b in benches) + " |")
    print("|---|" + "---|" * len(benches))
    for device in "stock", "ours":
        print(f"| {device} | " + " | ".join(
            f"{statistics.mean(b.median(device, over, b.works[0], d, 'switches') for over in b.backstores for d in DIRECTIONS):.2f}"
            for b in benches) + " |")


def table(bench):
    print(f"\n{bench.title}, {bench.rounds} rounds: ours / stock\n")
    for metric, title in METRICS:
        print(f"| {title} | mean | spread | " + " | ".join(bench.backstores) + " |")
        print("|---|---|---|" + "---|" * len(bench.backstores))
        for work in bench.works:
            print(f"| {work} | {bench.mean('ours', work, metric):.2f} | {bench.spread(work, metric)} | "
                  + " | ".join(f"{bench.ratio('ours', b, work, metric):.2f}" for b in bench.backstores) + " |")
        print()
    print("| median | device | read IOPS | write IOPS | switches per I/O | CPU µs per I/O |\n|---|---|---|---|---|---|")
    for work in bench.works:
        for device in filter(bench.has, (*ALONE, "stock", "ours")):
            for b in bench.over(device):
                name = device if device in ALONE else f"{device} {b}"
                print(f"| {work} | {name} | {bench.median(device, b, work, 'read', 'iops'):.0f} | "
                      f"{bench.median(device, b, work, 'write', 'iops'):.0f} | {bench.median(device, b, work, 'read', 'switches'):.2f} | "
                      f"{bench.median(device, b, work, 'read', 'cpu_us'):.1f} |")


def main(arguments):
    if arguments[0] == "--data":
        data(Bench(arguments[1]))
    elif arguments[0] == "--summary":
        summary([Bench(path) for path in arguments[1:]])
    else:
        table(Bench(arguments[0]))


main(sys.argv[1:])
