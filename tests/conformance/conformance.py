#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Which clauses of the virtio standard are tested, and what is missing.

Usage: conformance.py check [BUILD_FOLDER]   the table by area; exit status 1 if a clause has neither a
                                             test nor a reason, or a citation or a reason is wrong;
                                             with a build folder the tests must be CTest's
       conformance.py markdown               docs/conformance.md
       conformance.py ids                    ids.txt from the table of statements

RINGSIDE_CONFORMANCE_CSV names the table of statements (clauses.py); without it ids.txt is not compared.
"""

import json
import pathlib
import re
import subprocess
import sys
import textwrap

import clauses

MUTANTS_WANTED = 3


class Conformance:
    """All of the facts, and what is wrong with them."""

    def __init__(self, root: pathlib.Path = clauses.ROOT, rows: list[dict] | None = None):
        self.root = root
        self.rows = rows
        self.ids, self.others = clauses.known_ids(root)
        self.cited, self.wrong = clauses.citations(root)
        self.groups = clauses.not_applicable(root)
        self.excused = {clause: group for group in self.groups for clause in group.ids}
        self.mutants = clauses.mutants(root)

    def missing(self) -> list[str]:
        return [i for i in self.ids if i not in self.cited and i not in self.excused]

    def by_area(self):
        """(area, ids, tested, not applicable, missing, mutants) of each area."""
        missing = self.missing()
        for area in clauses.AREAS:
            ids = [i for i in self.ids if clauses.area_of(i) == area]
            yield (area, ids, [i for i in ids if i in self.cited], [i for i in ids if i in self.excused],
                   [i for i in ids if i in missing], [m for m in self.mutants if area in m.areas()])

    def check(self) -> list[str]:
        found = [*self.wrong, *self.check_reasons(), *self.check_mutants(), *self.check_rows()]
        known = {*self.ids, *self.others}
        for clause, tests in self.cited.items():
            if clause not in known:
                found.append(f"{tests[0].file}: {tests[0]} cites {clause}, which is not in {clauses.HERE}/ids.txt")
        found += [f"{clause}: neither a test nor a line in not_applicable.toml" for clause in self.missing()]
        return found

    def check_reasons(self) -> list[str]:
        found = []
        seen: dict[str, str] = {}
        offered = {role: clauses.features_of(role, self.root) for role in clauses.FEATURES}
        for group in self.groups:
            for clause in group.ids:
                if clause not in self.ids:
                    found.append(f"not_applicable.toml, {group.name}: there is no {clause} in ids.txt")
                    continue
                if clause in seen:
                    found.append(f"not_applicable.toml, {group.name}: {clause} stands in {seen[clause]} too")
                seen[clause] = group.name
                if clause in self.cited:
                    found.append(f"not_applicable.toml, {group.name}: {clause} is cited by {self.cited[clause][0]}")
                for feature in sorted(offered[clause[4]] & set(group.features)):
                    found.append(f"not_applicable.toml, {group.name}: {clause} applies, because "
                                 f"{clauses.FEATURES[clause[4]][1]} has {feature}")
        return found

    def check_mutants(self) -> list[str]:
        found = []
        names = [(m.side, m.name) for m in self.mutants]
        found += [f"mutant {side} {name} stands twice" for side, name in sorted(set(names))
                  if names.count((side, name)) > 1]
        for mutant in self.mutants:
            found += [f"mutant {mutant.name}: no test cites {clause}" for clause in mutant.clauses
                      if clause not in self.cited]
        for area, _, tested, _, _, mutants in self.by_area():
            if tested and len(mutants) < MUTANTS_WANTED:
                found.append(f"{area}: {len(mutants)} mutants, expected at least {MUTANTS_WANTED}")
        return found

    def check_rows(self) -> list[str]:
        """Against the table of statements, where it is there."""
        if self.rows is None:
            return []
        found = []
        listed, now = set(self.ids), set(clauses.in_scope(self.rows))
        found += [f"ids.txt has {i}, which is in no conformance section" for i in sorted(listed - now)]
        found += [f"ids.txt lacks {i}" for i in sorted(now - listed)]
        features = {row["id"]: row["feature"] for row in self.rows}
        if set(self.others) != features.keys() - now:
            found.append("ids.txt: the other ids are not those of the table")
        for clause, place in clauses.mentions(self.root).items():
            if clause not in features:
                found.append(f"{place}: there is no {clause}")
        for group in self.groups:
            for clause in group.ids:
                condition = features.get(clause, "")
                if condition and not any(f in condition for f in group.features or [condition]):
                    found.append(f"not_applicable.toml, {group.name}: {clause} has none of the group's features")
        return found


def ctest_entries(build: str) -> list[tuple[str, str, str]]:
    """(program, GoogleTest filter, CTest name) of every GoogleTest case that CTest knows."""
    listing = json.loads(subprocess.run(["ctest", "--show-only=json-v1", "--test-dir", build], check=True,
                                        capture_output=True, text=True).stdout)
    found = []
    for test in listing["tests"]:
        for argument in test.get("command", [])[1:]:
            if argument.startswith("--gtest_filter="):
                found.append((test["command"][0], argument.partition("=")[2], test["name"]))
    return found


def entries_of(test: clauses.Test, entries: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """The CTest entries of one test: several if it has parameters."""
    folder = pathlib.PurePath(test.file).parent.as_posix()
    name = re.compile(rf"(?:\w+/)?{re.escape(test.suite)}\.{re.escape(test.name)}(?:/.*)?")
    return [entry for entry in entries
            if pathlib.PurePath(entry[0]).parent.as_posix().endswith("/" + folder) and name.fullmatch(entry[1])]


def check_build(facts: Conformance, build: str) -> list[str]:
    entries = ctest_entries(build)
    tests = sorted({test for tests in facts.cited.values() for test in tests})
    return [f"{test.file}: CTest does not know {test}" for test in tests if not entries_of(test, entries)]


def print_table(facts: Conformance):
    print(f"{'area':<4} {'subject':<27} {'ids':>4} {'tested':>6} {'n/a':>4} {'missing':>7} {'mutants':>7}")
    totals = [0, 0, 0, 0]
    for area, ids, tested, excused, missing, mutants in facts.by_area():
        counts = [len(ids), len(tested), len(excused), len(missing)]
        totals = [a + b for a, b in zip(totals, counts)]
        print(f"{area:<4} {clauses.AREAS[area]:<27} {counts[0]:>4} {counts[1]:>6} {counts[2]:>4} {counts[3]:>7} "
              f"{len(mutants):>7}")
    print(f"{'all':<32} {totals[0]:>4} {totals[1]:>6} {totals[2]:>4} {totals[3]:>7} {len(facts.mutants):>7}")


def markdown(facts: Conformance) -> str:
    lines = ["# Conformance", "",
             "<!-- Written by tests/conformance/conformance.py markdown -->", "",
             "Ringside's card and driver answer for the statements in virtio 1.4's conformance sections that "
             "concern a network card on PCI.",
             "Each has an id: area, role (D for the device, R for the driver) and number.",
             "Each id has a test that cites it (`// CLAUSES:` above the test), or a reason why it does not apply "
             "(`tests/conformance/not_applicable.toml`).",
             "A citation proves nothing by itself: for every area that has tests, faults of card or driver that "
             "break one of its clauses are switched on one at a time, and a test that cites the clause must fail.",
             "", "## The areas", "", "| area | subject | ids | tested | not applicable | faults caught |",
             "|---|---|---|---|---|---|"]
    totals = [0, 0, 0]
    for area, ids, tested, excused, _, mutants in facts.by_area():
        counts = [len(ids), len(tested), len(excused)]
        totals = [a + b for a, b in zip(totals, counts)]
        lines.append(f"| {area} | {clauses.AREAS[area]} | {counts[0]} | {counts[1]} | {counts[2]} | {len(mutants)} |")
    lines += [f"| all | | {totals[0]} | {totals[1]} | {totals[2]} | {len(facts.mutants)} |", "",
              "NFB has no statement in a conformance section.",
              "A fault that breaks clauses of two areas counts in both.", "", "## What does not apply", "",
              "| why | ids |", "|---|---|"]
    lines += [f"| {group.reason} | {', '.join(group.ids)} |" for group in facts.groups]
    lines += ["", "## The faults", "",
              "The card's stand in `hw_model/registers/card_mutants.def`, the driver's in `host_driver/mutants.def`;",
              "the normal libraries are built without any.",
              "`tests/conformance/mutants.py` runs the tests that cite a fault's clauses in a build with the fault.",
              "", "| fault | of the | what it does | clauses |", "|---|---|---|---|"]
    lines += [f"| `{m.name}` | {m.side} | {m.what} | {', '.join(m.clauses)} |" for m in facts.mutants]
    return "\n".join(lines) + "\n"


def write_ids(rows: list[dict]) -> str:
    lines = ["# SPDX-License-Identifier: Apache-2.0",
             "# Ids of the statements in virtio 1.4's conformance sections that this project answers for.",
             "# Written by: conformance.py ids"]
    scope = clauses.in_scope(rows)
    others = [row["id"] for row in rows if row["id"] not in scope]

    def by_area(ids: list[str]) -> list[str]:
        areas = dict.fromkeys(clauses.area_of(i) for i in ids)
        return [line for area in areas
                for line in textwrap.wrap(" ".join(i for i in ids if clauses.area_of(i) == area), 98,
                                          break_on_hyphens=False)]

    return "\n".join([*lines, *by_area(scope), clauses.OTHERS, *by_area(others)]) + "\n"


def main(arguments: list[str]) -> int:
    if arguments[1:] == ["markdown"]:
        sys.stdout.write(markdown(Conformance()))
        return 0
    rows = clauses.table()
    if arguments[1:] == ["ids"] and rows is not None:
        sys.stdout.write(write_ids(rows))
        return 0
    if len(arguments) not in (2, 3) or arguments[1] != "check":
        print(__doc__, file=sys.stderr)
        return 2
    facts = Conformance(rows=rows)
    print_table(facts)
    found = facts.check()
    if len(arguments) == 3:
        found += check_build(facts, arguments[2])
    for line in found:
        print(line)
    if rows is None:
        print("left out: the comparison with the table of statements (no RINGSIDE_CONFORMANCE_CSV)")
    tests = {test for tests in facts.cited.values() for test in tests}
    print(f"{len(facts.ids)} ids, {len(tests)} tests, {len(found)} violations")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
