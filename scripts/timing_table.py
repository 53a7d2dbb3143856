#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Throughput and median latency of model at beside model rtl, each a card by itself in the open loop of
`ringside measure card`: the table of docs/timing.md.

Usage: timing_table.py PROGRAM [--check PAGE] [--cells all|short]

Prints the table. The RTL's capacity is what it takes when more is offered than it can take; the cells
are measured at shares of it. A frame's size counts without its frame check sequence, as everywhere in
the open loop: 60 is the 64 bytes of the wire's smallest frame.

With --check prints it too, and exits with status 1 if a row of the table in PAGE is not what was
measured now, or if a cell of it is farther off than LIMIT without a reason below the table.
"""

import argparse
import re
import sys

from measured import WIRE_OVERHEAD, measured

SIZES = [60, 256, 1514, 9014]
LOADS = [10, 50, 80]
DIRECTIONS = ["receive", "transmit"]
SHORT = [(60, "receive", 50), (1514, "receive", 80), (9014, "receive", 10), (60, "transmit", 10),
         (1514, "transmit", 50), (9014, "transmit", 80)]
WIRE_BPS = 100e9
# Time that is measured: so many frames, within bounds.
FRAMES = 1000
LEAST_US, MOST_US = 1000, 1500
LIMIT = 5.0  # per cent
# Cells that are farther off: (size, direction, load): (most per cent, mark of the reason below the table).
KNOWN = {(256, "receive", 10): (9, " (1)"), (256, "receive", 50): (7.5, " (1)"), (256, "transmit", 50): (7.5, " (2)"),
         (256, "transmit", 80): (10, " (2)"), (9014, "transmit", 80): (19, " (3)")}

COLUMNS = ["frame", "direction", "load", "rate, `rtl`", "rate, `at`", "off", "latency, `rtl`", "latency, `at`", "off"]


def measure(program, model, direction, size, load=None, us=LEAST_US):
    """One row of `measure card`: million frames a second, median latency in ns."""
    options = ["--model", model, "--directions", direction, "--sizes", str(size), "--time", f"{us}us"]
    if load is not None:
        options += ["--load", f"{load:.6f}"]
    row = measured(program, "card", *options)
    way = "rx" if direction == "receive" else "tx"
    return float(row[f"{way}_mfps"]), float(row[f"{way}_p50_ns"])


def off(value, truth):
    return 100 * (value - truth) / truth


def cell(program, capacities, size, direction, percent):
    key = (size, direction)
    if key not in capacities:
        capacities[key] = measure(program, "rtl", direction, size)[0]
    mfps = capacities[key] * percent / 100
    load = min(1.0, mfps * 1e6 * 8 * (size + WIRE_OVERHEAD) / WIRE_BPS)
    us = round(min(MOST_US, max(LEAST_US, FRAMES / mfps)))
    rtl = measure(program, "rtl", direction, size, load, us)
    at = measure(program, "at", direction, size, load, us)
    return rtl, at


def signed(per_cent):
    """With one digit; no sign of what is rounded to nothing."""
    return f"{round(per_cent, 1) + 0.0:+.1f} %"


def row_of(size, direction, percent, rtl, at):
    mark = KNOWN.get((size, direction, percent), (0, ""))[1]
    return (f"| {size} | {direction} | {percent} % | {rtl[0]:.3f} M/s | {at[0]:.3f} M/s | {signed(off(at[0], rtl[0]))} | "
            f"{rtl[1]:.0f} ns | {at[1]:.0f} ns | {signed(off(at[1], rtl[1]))}{mark} |")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--check", metavar="PAGE")
    parser.add_argument("--cells", choices=["all", "short"], default="all")
    arguments = parser.parse_args()
    page = open(arguments.check, encoding="utf-8").read() if arguments.check else ""
    written = {tuple(re.split(r" \| ", line.strip("| \n"))[:3]): line for line in page.splitlines()
               if re.match(r"\| \d+ \| (receive|transmit) \| \d+ % \|", line)}

    cells = SHORT if arguments.cells == "short" else [(s, d, p) for d in DIRECTIONS for s in SIZES for p in LOADS]
    print("| " + " | ".join(COLUMNS) + " |")
    print("|" + "---|" * len(COLUMNS))
    capacities, failures = {}, []
    for size, direction, percent in cells:
        rtl, at = cell(arguments.program, capacities, size, direction, percent)
        row = row_of(size, direction, percent, rtl, at)
        print(row, flush=True)
        name = f"{size} bytes, {direction}, {percent} %"
        most = KNOWN.get((size, direction, percent), (LIMIT, ""))[0]
        if abs(off(at[0], rtl[0])) > LIMIT:
            failures.append(f"{name}: the rate is off by {off(at[0], rtl[0]):.1f} %")
        if abs(off(at[1], rtl[1])) > most:
            failures.append(f"{name}: the median latency is off by {off(at[1], rtl[1]):.1f} %, at most {most} % is said")
        if not arguments.check:
            continue
        was = written.get((str(size), direction, f"{percent} %"))
        if was != row:
            failures.append(f"{name}: the page has another row: {was}")
    if arguments.check:
        for failure in failures:
            print(f"timing_table.py: {failure}", file=sys.stderr)
        sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
