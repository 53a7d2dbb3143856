#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The verification plan against the tests that exist.

Usage: check_plan.py PLAN.toml BUILD_FOLDER, or check_plan.py PLAN.toml --names FILE (one a line).
Fails on a feature without a test, an entry that matches no test, a feature named twice, and a
missing or unknown key. Prints one line per violation; exit status 1 if there is any.
"""

import pathlib
import re
import subprocess
import sys
import tomllib

TEXTS = ("name", "stimulus", "checks")
LISTS = ("clauses", "tests")
KEYS = {*TEXTS, *LISTS, "seeds"}


def ctest_names(build: str) -> list[str]:
    listing = subprocess.run(["ctest", "-N", "--test-dir", build], check=True, capture_output=True,
                             text=True).stdout
    return [match[1] for match in re.finditer(r"^\s*Test\s+#\d+: (.+?)\s*$", listing, re.M)]


def check_feature(feature: dict, names: list[str]) -> list[str]:
    title = feature.get("name", "a feature without a name")
    found = [f"{title}: no key '{key}'" for key in sorted(KEYS - feature.keys())]
    found += [f"{title}: unknown key '{key}'" for key in sorted(feature.keys() - KEYS)]
    for key in TEXTS:
        if not isinstance(feature.get(key, "-"), str) or not feature.get(key, "-").strip():
            found.append(f"{title}: '{key}' must be a text")
    for key in LISTS:
        value = feature.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
            found.append(f"{title}: '{key}' must be a list of texts")
            return found
    if not isinstance(feature.get("seeds", 0), int) or feature.get("seeds", 0) < 0:
        found.append(f"{title}: 'seeds' must be the number of seeds in CI, 0 where nothing is random")
    if not feature.get("tests"):
        found.append(f"{title}: a feature without a test")
    for pattern in feature.get("tests", []):
        try:
            expression = re.compile(pattern)
        except re.error as error:
            found.append(f"{title}: '{pattern}' is not a regular expression: {error}")
            continue
        if not any(expression.fullmatch(name) for name in names):
            found.append(f"{title}: no test is named '{pattern}'")
    return found


def check(plan: dict, names: list[str]) -> list[str]:
    features = plan.get("feature", [])
    found = [] if features else ["the plan has no feature"]
    if not names:
        found.append("there is no test")
    titles = [feature.get("name") for feature in features]
    found += [f"{title}: named twice" for title in sorted({t for t in titles if t and titles.count(t) > 1})]
    for feature in features:
        found += check_feature(feature, names)
    return found


def main(arguments: list[str]) -> int:
    if len(arguments) not in (3, 4) or (len(arguments) == 4 and arguments[2] != "--names"):
        print(__doc__, file=sys.stderr)
        return 2
    names = (pathlib.Path(arguments[3]).read_text().split("\n") if len(arguments) == 4
             else ctest_names(arguments[2]))
    names = [name for name in names if name]
    with open(arguments[1], "rb") as file:
        plan = tomllib.load(file)
    violations = check(plan, names)
    for violation in violations:
        print(violation)
    print(f"{len(plan.get('feature', []))} features, {len(names)} tests, {len(violations)} violations")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
