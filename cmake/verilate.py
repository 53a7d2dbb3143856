#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Verilates one module for a build: C++ of a class, gathered in two files to compile.

Usage: verilate.py --verilator BIN --rtl FOLDER --registers PACKAGE --top MODULE --prefix CLASS
                   --out FOLDER --stamp FILE --depfile FILE [--file SV]... [-- VERILATOR_ARGUMENT...]

PACKAGE is the generated one of the card's own registers. PACKAGES and every module that is used are found by name in FOLDER of --rtl; the assertions of
FOLDER/checks/MODULE_checks.sv go along with each module that is used. --file: further sources.
Writes CLASS__fast.cpp and CLASS__slow.cpp, which include all that Verilator wrote.
"""

import argparse
import pathlib
import re
import subprocess
import sys

PACKAGES = ("nic_pkg", "nic_faults_pkg")
COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.S)
INSTANCE = re.compile(r"^\s*([a-z]\w*)\s*(?:#\s*\(|\w+\s*\()", re.M)


def modules_used(sources: list[pathlib.Path], rtl: pathlib.Path) -> list[str]:
    """Names of the modules of `rtl` that `sources` instantiate, also through others; sorted."""
    known = {path.stem: path for path in rtl.glob("*.sv")}
    used: set[str] = set()
    queue = list(sources)
    while queue:
        text = COMMENT.sub("", queue.pop().read_text())
        for name in INSTANCE.findall(text):
            if name in known and name not in used:
                used.add(name)
                queue.append(known[name])
    return sorted(used)


def gather(sources: list[pathlib.Path], rtl: pathlib.Path, registers: pathlib.Path,
           top: str) -> list[pathlib.Path]:
    """What Verilator is to be given, in order: waivers, packages, modules of the caller, checks."""
    own = rtl / f"{top}.sv"
    roots = list(sources)
    if own.is_file() and not any(path.stem == top for path in sources):
        roots.append(own)
    names = set(modules_used(roots, rtl)) | {path.stem for path in roots}
    checks = [rtl / "checks" / f"{name}_checks.sv" for name in sorted(names)]
    return [rtl / "lint.vlt", registers, *(rtl / f"{name}.sv" for name in PACKAGES), *roots,
            *(path for path in checks if path.is_file())]


def generated(out: pathlib.Path, prefix: str) -> dict[str, list[str]]:
    """File names by class, from the make file that Verilator wrote: fast, slow."""
    text = (out / f"{prefix}_classes.mk").read_text().replace("\\\n", " ")
    lists = {}
    for kind in ("FAST", "SLOW"):
        names = []
        for part in ("CLASSES", "SUPPORT"):
            match = re.search(rf"^VM_{part}_{kind} \+=(.*)$", text, re.M)
            names += match[1].split() if match else []
        lists[kind.lower()] = names
    return lists


def write_if_changed(path: pathlib.Path, text: str):
    if not path.is_file() or path.read_text() != text:
        path.write_text(text)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("verilator", "rtl", "registers", "top", "prefix", "out", "stamp", "depfile"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--file", action="append", default=[])
    parser.add_argument("rest", nargs="*")
    options = parser.parse_args(arguments[1:])
    rtl, out = pathlib.Path(options.rtl), pathlib.Path(options.out)
    files = gather([pathlib.Path(name) for name in options.file], rtl,
                   pathlib.Path(options.registers), options.top)

    out.mkdir(parents=True, exist_ok=True)
    for old in out.glob(f"{options.prefix}*"):
        old.unlink()
    command = [options.verilator, "--cc", "--top-module", options.top, "--prefix", options.prefix,
               "--Mdir", str(out), "-y", str(rtl), *options.rest, *map(str, files)]
    status = subprocess.run(command).returncode
    if status != 0:
        return status

    for kind, names in generated(out, options.prefix).items():
        lines = "".join(f'#include "{name}.cpp"\n' for name in sorted(names))
        write_if_changed(out / f"{options.prefix}__{kind}.cpp", "// Written by verilate.py\n" + lines)
    # Verilator's own list of what it read, under the name of the stamp.
    made = (out / f"{options.prefix}__ver.d").read_text()
    read = made.split(" : ", 1)[1]
    pathlib.Path(options.depfile).write_text(f"{options.stamp}: {read}")
    pathlib.Path(options.stamp).touch()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
