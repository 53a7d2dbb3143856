#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The interop matrix, docs/interop.md, from what the tests beside this file print.

Usage: matrix.py write CELLS PAGE      makes the page; CELLS is a folder of *.cells (RINGSIDE_CELLS of lib.sh)
       matrix.py check CELLS PAGE      fails, with one line a cell, if the page says otherwise; what was skipped
                                       or not run is not compared
       matrix.py count CELLS           prints "GREEN of ALL cells are ok, SKIPPED skipped", and those that fail

Exit status 0 if all is well, 1 if not, 77 if every cell was skipped.
"""

import pathlib
import re
import sys

COLUMNS = ["lt", "at", "rtl"]
HEADER = """# Interop: drivers and stacks of others

Made by `tests/external/matrix.py` from what the tests in `tests/external` print, and compared with a fresh run by
a test.
A driver that we did not write finds a card through `ringside serve`, and a stack that we did not write answers
behind a TAP; each row is a scenario, each column a model of the card.

Each test is a script that can be run alone, for one model and for the rows that match a regular expression:
`tests/external/testpmd.sh lt 'mac echo'`.
With `RINGSIDE_BACKEND=dpdk` DPDK's own vhost back end takes the card's place: a row that fails there too is not
the card's fault.
With `RINGSIDE_FULL=1` the rows that take long with the card in RTL run, too.
A test whose packages or permissions are missing is skipped and says what is missing.

Not in the matrix, because the cards do not offer it: packed virtqueues, checksum and segmentation offload.
Commands of the control virtqueue stay in the front end, QEMU or DPDK: vhost-user has no message for them.
The guest runs without KVM and without MSI-X (`vectors=0`), with which QEMU 7.2 crashes by itself in front of any
vhost-user back end.

| driver and scenario | what is checked | """


def read_cells(folder):
    """Cells as {(row, column): result} and checks as {row: text}, rows in the order of the tests."""
    cells, checks = {}, {}
    for path in sorted(pathlib.Path(folder).glob("*.cells")):
        for line in path.read_text().splitlines():
            kind, _, rest = line.partition(": ")
            parts = rest.split(" | ")
            if kind == "row" and len(parts) == 2:
                checks[parts[0]] = parts[1]
            elif kind == "cell" and len(parts) >= 3 and parts[1] in COLUMNS:
                cells[parts[0], parts[1]] = parts[2]
            else:
                sys.exit(f"matrix.py: {path}: no cell of the matrix: {line}")
    return cells, checks


def read_page(path):
    """As read_cells(), from a page; empty if there is none."""
    cells, checks = {}, {}
    if not pathlib.Path(path).exists():
        return cells, checks
    for line in pathlib.Path(path).read_text().splitlines():
        match = re.fullmatch(r"\| (.+) \| (.+?)" + r" \| (\S+)" * len(COLUMNS) + r" \|", line)
        if not match or match[1] == "driver and scenario":
            continue
        checks[match[1]] = match[2]
        for column, result in zip(COLUMNS, match.groups()[2:]):
            cells[match[1], column] = result
    return cells, checks


def page(cells, checks):
    lines = [HEADER + " | ".join(COLUMNS) + " |", "|---|---|" + "---|" * len(COLUMNS)]
    for row, text in checks.items():
        results = [cells.get((row, column), "skipped") for column in COLUMNS]
        lines.append(f"| {row} | {text} | " + " | ".join(results) + " |")
    return "\n".join(lines) + "\n"


def differences(found, found_checks, written, written_checks):
    ran = {key: result for key, result in found.items() if result != "skipped"}
    for (row, column), result in ran.items():
        said = written.get((row, column), "nothing")
        if said != result:
            yield f"{row}, {column}: the page says {said}, the test found {result}"
    for row in {row: None for row, _ in ran}:
        if row in written_checks and written_checks[row] != found_checks[row]:
            yield f"{row}: the page says '{written_checks[row]}', the test checks '{found_checks[row]}'"
    # A row that is no longer tested: others of its driver were.
    drivers = {row.split(":")[0] for row, _ in ran}
    for row in written_checks:
        if row.split(":")[0] in drivers and row not in found_checks:
            yield f"{row}: the page has it, no test does"


def main(arguments):
    command = arguments[1] if len(arguments) > 1 else ""
    if (command, len(arguments)) not in (("write", 4), ("check", 4), ("count", 3)):
        print(__doc__, file=sys.stderr)
        return 2
    cells, checks = read_cells(arguments[2])
    results = list(cells.values())
    if command == "count":
        for (row, column), result in cells.items():
            if result == "fail":
                print(f"fails: {row}, {column}")
        print(f"{results.count('ok')} of {len(results) - results.count('skipped')} cells are ok, "
              f"{results.count('skipped')} skipped")
    if all(result == "skipped" for result in results):
        print("skipped: no cell was run")
        return 77
    if command == "count":
        return 1 if "fail" in results else 0
    if command == "write":
        pathlib.Path(arguments[3]).write_text(page(cells, checks))
        return 0
    found = list(differences(cells, checks, *read_page(arguments[3])))
    for line in found:
        print(line)
    if found:
        print(f"matrix.py: {arguments[3]} is old: tests/external/matrix.py write {arguments[2]} {arguments[3]}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
