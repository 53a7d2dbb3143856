#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every source file names its licence; no tracked file names a machine's folders or a package host.

Usage: check_text.py ROOT. Prints one line per violation; exit status 1 if there is any.
"""

import pathlib
import re
import sys

import tree_files

SPDX = "SPDX-License-Identifier: Apache-2.0"
NEEDS_SPDX = {".h", ".hpp", ".def", ".c", ".cpp", ".S", ".ld", ".sv", ".svh", ".py", ".sh", ".cmake", ".toml",
              ".in", ".yml"}
NEEDS_SPDX_NAMES = {"CMakeLists.txt", "run"}
# Folders that exist on one machine only. Written in pieces, because this file is checked too.
MACHINE_PATH = re.compile(r"(?<![\w.}/)-])/(?:" + "|".join(("work", "root", "home", "tmp", "Users", "mnt"))
                          + r")/\w" + "|" + r"\.\./" + "shared/")
HOSTS = re.compile("|".join(name.replace(".", r"\.") for name in (
    "deb" + ".debian.org", "security" + ".debian.org", "archive" + ".ubuntu.com", "pypi" + ".org",
    "files" + ".pythonhosted.org", "registry" + ".npmjs.org", "crates" + ".io", "proxy" + ".golang.org",
    "docker" + ".io", "ghcr" + ".io", "conda" + ".anaconda.org")))


def check_file(root: pathlib.Path, path: pathlib.Path) -> list[str]:
    name = path.relative_to(root).as_posix()
    data = path.read_bytes()
    if b"\0" in data:
        return []
    lines = data.decode(errors="replace").splitlines()
    found = []
    needs = path.suffix in NEEDS_SPDX or path.name in NEEDS_SPDX_NAMES
    if needs and not any(SPDX in line for line in lines[:3]):
        found.append(f"{name}:1: '{SPDX}' is not in the first three lines")
    for number, line in enumerate(lines, 1):
        if MACHINE_PATH.search(line):
            found.append(f"{name}:{number}: names a folder of one machine: {line.strip()}")
        if HOSTS.search(line):
            found.append(f"{name}:{number}: names a package host: {line.strip()}")
    return found


def main(arguments: list[str]) -> int:
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    root = pathlib.Path(arguments[1]).resolve()
    paths = tree_files.tracked(root)
    violations = [line for path in paths for line in check_file(root, path)]
    for violation in violations:
        print(violation)
    print(f"{len(paths)} files, {len(violations)} violations")
    return 1 if violations or not paths else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
