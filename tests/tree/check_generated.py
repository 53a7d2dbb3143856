#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A generated page of the docs is what its generator prints.

Usage: check_generated.py PAGE PROGRAM [ARGUMENT...]. Exit status 1 and a diff where they differ.
"""

import difflib
import pathlib
import subprocess
import sys


def main(arguments: list[str]) -> int:
    if len(arguments) < 3:
        print(__doc__, file=sys.stderr)
        return 2
    page = pathlib.Path(arguments[1])
    command = arguments[2:]
    printed = subprocess.run(command, check=False, capture_output=True, text=True)
    if printed.returncode != 0 or not printed.stdout:
        print(f"{' '.join(command)}: exit status {printed.returncode}\n{printed.stderr}")
        return 1
    have = page.read_text() if page.is_file() else ""
    if have == printed.stdout:
        print(f"{page.name} is up to date")
        return 0
    sys.stdout.writelines(difflib.unified_diff(have.splitlines(True), printed.stdout.splitlines(True),
                                               page.name, "generated", n=1))
    print(f"{page.name} is not what is generated: write it again with '{' '.join(command[1:])}'")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv))
