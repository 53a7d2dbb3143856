#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every fault of card and driver that names clauses is found by tests that cite them.

Usage: mutants.py BUILD_FOLDER [MUTANT...]

For every fault and every area of its clauses, the tests that cite one of the clauses run in a build
with the fault (PROGRAM_card_mutants, PROGRAM_driver_mutants), each in a process of its own, until one
fails; without a fault, all of them must pass there. Prints what caught each fault and the table of
areas; exit status 1 if a fault survives, a test fails without one, or an area that is tested has fewer
than three.
"""

import collections
import os
import pathlib
import subprocess
import sys

import clauses
import conformance

TIMEOUT_S = 60
NO_SUCH_MUTANT = 3


class Hunt:
    def __init__(self, build: str):
        self.facts = conformance.Conformance()
        self.entries = conformance.ctest_entries(build)
        self.healthy: dict[tuple[str, str], str] = {}
        self.wrong: list[str] = []

    def twins(self, mutant: clauses.Mutant, area: str) -> list[tuple[str, str]]:
        """(program with faults, filter) of the tests that cite a clause of the mutant in the area."""
        tests = [test for clause in mutant.clauses if clauses.area_of(clause) == area
                 for test in self.facts.cited.get(clause, [])]
        found = []
        for test in dict.fromkeys(tests):
            for program, gtest_filter, _ in conformance.entries_of(test, self.entries):
                twin = f"{program}_{mutant.side}_mutants"
                if pathlib.Path(twin).is_file():
                    found.append((twin, gtest_filter))
        return found

    @staticmethod
    def run(twin: str, gtest_filter: str, mutant: str) -> tuple[str, str]:
        """(outcome, output) of one test: passed, failed, crashed, hung or confused."""
        environment = {**os.environ, "RINGSIDE_MUTANT": mutant}
        try:
            done = subprocess.run([twin, f"--gtest_filter={gtest_filter}"], env=environment, check=False,
                                  capture_output=True, text=True, errors="replace", timeout=TIMEOUT_S)
        except subprocess.TimeoutExpired:
            return "hung", ""
        if done.returncode == NO_SUCH_MUTANT or "Running 1 test from" not in done.stdout:
            return "confused", done.stdout + done.stderr
        if done.returncode == 0:
            return "passed", done.stdout
        return ("failed" if done.returncode == 1 else "crashed"), done.stdout + done.stderr

    def passes_without(self, twin: str, gtest_filter: str) -> bool:
        key = (twin, gtest_filter)
        if key not in self.healthy:
            outcome, output = self.run(twin, gtest_filter, "none")
            self.healthy[key] = outcome
            if outcome != "passed":
                self.wrong.append(f"{pathlib.Path(twin).name} {gtest_filter} {outcome} without a fault\n{output}")
        return self.healthy[key] == "passed"

    def caught(self, mutant: clauses.Mutant, area: str) -> str:
        """What caught it; empty if nothing did."""
        for twin, gtest_filter in self.twins(mutant, area):
            if not self.passes_without(twin, gtest_filter):
                continue
            outcome, output = self.run(twin, gtest_filter, mutant.name)
            if outcome == "confused":
                self.wrong.append(f"{mutant.name}: {pathlib.Path(twin).name} {gtest_filter} did not run\n{output}")
            elif outcome != "passed":
                return f"{pathlib.Path(twin).name.removesuffix(f'_{mutant.side}_mutants')}.{gtest_filter} {outcome}"
        return ""


def main(arguments: list[str]) -> int:
    if len(arguments) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    hunt = Hunt(arguments[1])
    known = {mutant.name for mutant in hunt.facts.mutants}
    for name in arguments[2:]:
        if name not in known:
            print(f"mutants.py: no fault with clauses is called {name}", file=sys.stderr)
            return 2
    areas = collections.Counter()
    for mutant in hunt.facts.mutants:
        if arguments[2:] and mutant.name not in arguments[2:]:
            continue
        for area in mutant.areas():
            how = hunt.caught(mutant, area)
            print(f"{area} {mutant.side:<6} {mutant.name}: {how or 'SURVIVED'}", flush=True)
            if how:
                areas[area] += 1
            else:
                hunt.wrong.append(f"{mutant.name} survives the {len(hunt.twins(mutant, area))} tests of {area} that "
                                  f"cite {', '.join(mutant.clauses)}")
    if not arguments[2:]:
        print(f"\n{'area':<4} {'tested':>6} {'faults caught':>13}")
        for area, _, tested, _, _, _ in hunt.facts.by_area():
            print(f"{area:<4} {len(tested):>6} {areas[area]:>13}")
            if tested and areas[area] < conformance.MUTANTS_WANTED:
                hunt.wrong.append(f"{area}: {areas[area]} faults caught, "
                                  f"expected at least {conformance.MUTANTS_WANTED}")
    for line in hunt.wrong:
        print(line)
    print(f"{sum(areas.values())} faults caught in {len(areas)} areas, {len(hunt.healthy)} tests, "
          f"{len(hunt.wrong)} violations")
    return 1 if hunt.wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
