#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Lints every module of the card on its own, with its assertions, for each width of the datapath.

Usage: lint_rtl.py VERILATOR RTL_FOLDER REGISTERS_PACKAGE [MODULE...]. Prints what Verilator -Wall says; exit status 1
if it says anything. A module without a body is named and left out, with those that use it.
"""

import pathlib
import re
import subprocess
import sys

import verilate

WIDTHS = (128, 256, 512)
NO_BODY = re.compile(r"^\);\s*endmodule\b", re.M)


def lint(verilator: str, rtl: pathlib.Path, registers: pathlib.Path, module: str,
         width: int) -> bool:
    files = verilate.gather([], rtl, registers, module)
    command = [verilator, "--lint-only", "-Wall", "--assert", "--top-module", module, "-y", str(rtl),
               f"+define+NIC_DATA_BITS={width}", *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode == 0 and not done.stderr.strip():
        return True
    print(f"{module}, {width} bits:\n{done.stdout}{done.stderr}")
    return False


def main(arguments: list[str]) -> int:
    if len(arguments) < 4:
        print(__doc__, file=sys.stderr)
        return 2
    verilator, rtl, registers = arguments[1], pathlib.Path(arguments[2]), pathlib.Path(arguments[3])
    modules = sorted(path.stem for path in rtl.glob("*.sv") if path.stem not in verilate.PACKAGES)
    empty = {name for name in modules
             if NO_BODY.search(verilate.COMMENT.sub("", (rtl / f"{name}.sv").read_text()))}
    for name in sorted(empty):
        print(f"{name}: no body yet")
    wanted = arguments[4:] or modules
    left_out = {name for name in modules
                if empty & {name, *verilate.modules_used([rtl / f"{name}.sv"], rtl)}}
    clean = runs = 0
    for name in wanted:
        if name in left_out:
            continue
        for width in WIDTHS:
            runs += 1
            clean += lint(verilator, rtl, registers, name, width)
    print(f"{len(wanted)} modules, {runs} runs, {runs - clean} with warnings")
    return 1 if clean != runs else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
