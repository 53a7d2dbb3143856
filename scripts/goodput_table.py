#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Goodput of two-hosts with model at over PCIe links, frame sizes and ring sizes, with what limits it,
the PCIe ledger, and an upper bound in closed form: docs/goodput.md.

Usage: goodput_table.py PROGRAM SCENARIO [--check]

Prints the page. With --check also exits with status 1 if a cell exceeds its bound, or misses it by more
than 10 % where a link is the limit.

The bound: a data frame takes its bytes in the ledger from each direction of each card's PCIe link, at the
rate that the link has left for TLPs (measured by `PROGRAM measure pcie`), and its bytes with preamble,
FCS and gap from the wire. The slowest of these carries so many frames a second, with so many bytes of
payload each.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

from measured import WIRE_OVERHEAD, measured

LINKS = [(3, 8), (4, 16)]
MTUS = [1500, 9000]
RINGS = [64, 1024]
ROWS = ["doorbell", "avail_ring", "descriptor", "payload", "used_ring", "interrupt"]
ETHERNET_HEADER = 14
# A resource that is busy for more than this share of the time is what limits.
SATURATED = 0.9


def run(program, scenario, settings):
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "out"
        command = [program, "run", scenario, "--model", "at", "--quiet", "--out", str(out)]
        for setting in settings:
            command += ["--set", setting]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            sys.exit(f"goodput_table.py: {' '.join(command)}: {result.stdout}{result.stderr}")
        return json.loads((out / "summary.json").read_text())


def tlp_rates(program):
    """Bits per second for TLPs, by generation and lanes."""
    rates = {}
    for generation, lanes in LINKS:
        row = measured(program, "pcie", "--gen", str(generation), "--lanes", str(lanes), "--sizes", "256")
        rates[generation, lanes] = float(row["tlp_gbps"]) * 1e9
    return rates


def ledger_bytes(nic, direction):
    """Bytes of TLPs in a direction, without those of bring-up."""
    return sum(nic["ledger"]["rows"][row][direction]["link_bytes"] for row in ROWS)


def bound(summary, tlp_rate, wire_rate, mtu):
    """Payload bits per second, and what bounds them."""
    flow = summary["flows"][0]
    frames = max(nic["ledger"]["data_frames"] for nic in summary["nics"])
    times = {"wire": (mtu + ETHERNET_HEADER + WIRE_OVERHEAD) * 8 / wire_rate}
    for nic in summary["nics"]:
        for direction in ("up", "down"):
            times[f"{nic['name']} {direction}"] = ledger_bytes(nic, direction) / frames * 8 / tlp_rate
    slowest = max(times, key=times.get)
    return flow["bytes"] / frames * 8 / times[slowest], slowest


def limit(summary):
    busiest = next(item for item in summary["limits"] if item["resource"].startswith(("host", "link", "nic"))
                   and not item["resource"].endswith(("_buffer", "_window")))
    if busiest["busy"] >= SATURATED:
        return f"`{busiest['resource']}`, {100 * busiest['busy']:.0f} %"
    return f"latency (busiest: `{busiest['resource']}`, {100 * busiest['busy']:.0f} %)"


def main():
    program, scenario = sys.argv[1:3]
    check = "--check" in sys.argv[3:]
    rates = tlp_rates(program)
    cells, failures = [], []
    for generation, lanes in LINKS:
        for mtu in MTUS:
            for ring in RINGS:
                summary = run(program, scenario, [
                    "host.*.cost=zero", f"nic.*.pcie_gen={generation}", f"nic.*.pcie_lanes={lanes}",
                    f"nic.*.mtu={mtu}", f"nic.*.ring_size={ring}"])
                goodput = summary["flows"][0]["goodput_bps"]
                most, by = bound(summary, rates[generation, lanes], 100e9, mtu)
                name = f"gen{generation} x{lanes}, {mtu + ETHERNET_HEADER} bytes, ring {ring}"
                what = limit(summary)
                if goodput > most:
                    failures.append(f"{name}: {goodput / 1e9:.2f} Gbit/s exceed the bound, {most / 1e9:.2f}")
                saturated = not what.startswith("latency") and "host" not in what
                if saturated and goodput < 0.9 * most:
                    failures.append(f"{name}: {goodput / 1e9:.2f} Gbit/s are under 90 % of the bound, {most / 1e9:.2f}")
                cells.append((generation, lanes, mtu, ring, summary, goodput, most, by, what))
    print_page(cells, rates)
    if check:
        for failure in failures:
            print(f"goodput_table.py: {failure}", file=sys.stderr)
        sys.exit(1 if failures else 0)


def print_page(cells, rates):
    print("""# Goodput over PCIe links, frames and rings

Made by `scripts/goodput_table.py`, and compared with a fresh run by a test: one TCP flow of 64 MiB in
`examples/two-hosts.toml` with model `at` and `cost = "zero"`, over a 100 Gbit/s wire.

The bound is a closed form: a data frame's bytes in [the ledger](timing.md#the-ledger), over the rate that the link
has left for TLPs, or its bytes on the wire; the slowest counts.
"Latency" means that no resource is busy for 90 % of the time: rings and windows, over the round trip, limit.
""")
    for (generation, lanes), rate in rates.items():
        print(f"Gen{generation} x{lanes} has {rate / 1e9:.1f} Gbit/s for TLPs, each way.")
    print("""
| link | frame | ring | goodput | bound | of the bound | bound by | limit |
|---|---|---|---|---|---|---|---|""")
    for generation, lanes, mtu, ring, _, goodput, most, by, what in cells:
        print(f"| gen{generation} x{lanes} | {mtu + ETHERNET_HEADER} | {ring} | {goodput / 1e9:.2f} Gbit/s | "
              f"{most / 1e9:.2f} | {100 * goodput / most:.1f} % | {by} | {what} |")
    print("""
## The ledger

Bytes of TLPs on each card's link for a data frame, up and down.

| link | frame | ring | card | """ + " | ".join(ROWS) + """ | all |
|---|---|---|---|""" + "---|" * (len(ROWS) + 1))
    for generation, lanes, mtu, ring, summary, *_ in cells:
        frames = max(nic["ledger"]["data_frames"] for nic in summary["nics"])
        for nic in summary["nics"]:
            rows = nic["ledger"]["rows"]
            each = [f"{rows[row]['up']['link_bytes'] / frames:.1f} / {rows[row]['down']['link_bytes'] / frames:.1f}"
                    for row in ROWS]
            both = f"{ledger_bytes(nic, 'up') / frames:.1f} / {ledger_bytes(nic, 'down') / frames:.1f}"
            print(f"| gen{generation} x{lanes} | {mtu + ETHERNET_HEADER} | {ring} | {nic['name']} | " +
                  " | ".join(each) + f" | {both} |")


if __name__ == "__main__":
    main()
