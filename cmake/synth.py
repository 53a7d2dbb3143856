#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Synthesises modules of the card for an UltraScale+ part with Yosys, and prints what they take.

Usage: synth.py --tools FOLDER --rtl FOLDER --registers PACKAGE --out FOLDER [--jobs N] [--read]
                [--page FILE] [MODULE...]

FOLDER of --tools has the packages of yosys/package.json. Without MODULE: all modules of --rtl. Each is
synthesised with the modules that it uses, flat, with default parameters; nic_card, which is wiring, is
the sum of those in it. Netlists of unchanged sources in --out are used again. Writes
OUT/synth.json and OUT/synth.csv, and with --page a page of the documentation.
--read: nothing is synthesised; the modules (nic_card) are read, flattened, and checked for loops without
a register, wires that nothing drives, and wires with several drivers.
Exit status 1 if a module is refused (its log is OUT/MODULE/log), 2 for bad arguments.
"""

import argparse
import concurrent.futures
import csv
import dataclasses
import hashlib
import json
import pathlib
import re
import subprocess
import sys

import lint_rtl
import netlist
import verilate

HERE = pathlib.Path(__file__).resolve().parent
TOP = "nic_card"
NO_LOGIC = {*verilate.PACKAGES, "nic_pins"}
SYNTH = "synth_xilinx -family xcup -flatten -noiopad -noclkbuf"
# What must not become flip-flops, in bits; more levels than this are named.
RAM_BITS = 2048
DEEP = 20

SCRIPT = """\
read_slang --threads 1 --top {top} {files}
{synth} -top {top} -run begin:map_memory
select t:$mem_v2
write_json -selected memories.json
select -clear
{synth} -top {top} -run map_memory:map_ffram
select t:$mem_v2
write_json -selected left.json
select -clear
{synth} -top {top} -run map_ffram:
select {top}
write_json -selected netlist.json
"""

READ_SCRIPT = """\
read_slang --threads 1 --top {top} {files}
hierarchy -check -top {top}
flatten
opt_clean
check -noinit -assert
"""


@dataclasses.dataclass
class Memory:
    name: str
    width: int
    depth: int

    @property
    def bits(self) -> int:
        return self.width * self.depth


@dataclasses.dataclass
class Row:
    """A module's figures; `state` is empty, or why there are none."""
    module: str
    state: str = ""
    uses: list[str] = dataclasses.field(default_factory=list)
    figures: dict = dataclasses.field(default_factory=dict)
    memories: int = 0
    warnings: list[str] = dataclasses.field(default_factory=list)


class Synthesis:
    def __init__(self, options):
        self.options = options
        self.rtl = pathlib.Path(options.rtl)
        self.registers = pathlib.Path(options.registers)
        self.tools = pathlib.Path(options.tools)
        self.out = pathlib.Path(options.out)
        self.packages = [path for path in (self.registers, *(self.rtl / f"{name}.sv" for name in verilate.PACKAGES)) if path.is_file()]
        nodes = sorted(self.tools.glob("node_modules/node-linux-*/bin/node"))
        self.node = str(nodes[0]) if nodes else "node"

    def path(self, module: str) -> pathlib.Path:
        return self.rtl / f"{module}.sv"

    def modules(self) -> list[str]:
        return sorted(path.stem for path in self.rtl.glob("*.sv") if path.stem not in NO_LOGIC)

    def uses(self, module: str) -> list[str]:
        """Modules below it."""
        used = verilate.modules_used([self.path(module)], self.rtl)
        return [name for name in used if name != module]

    def direct(self, module: str) -> list[str]:
        text = verilate.COMMENT.sub("", self.path(module).read_text())
        found = set(verilate.INSTANCE.findall(text)) & set(self.modules())
        return sorted(found - {module})

    def without_body(self) -> set[str]:
        return {name for name in self.modules()
                if lint_rtl.NO_BODY.search(verilate.COMMENT.sub("", self.path(name).read_text()))}

    def stamp(self, files: list[pathlib.Path]) -> str:
        """Of everything that figures depend on."""
        digest = hashlib.sha256()
        digest.update(SCRIPT.encode() + SYNTH.encode())
        for path in [*files, HERE / "yosys/package-lock.json"]:
            digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
        return digest.hexdigest()

    def yosys(self, folder: pathlib.Path, files: list[pathlib.Path], script: str) -> str:
        """Runs `script` over `files`; its results and log go to `folder`. Why it fails, if it does."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "script.ys"
        path.write_text(script)
        with open(folder / "log", "w") as log:
            status = subprocess.run(
                [self.node, str(HERE / "yosys/yosys.mjs"), str(path.resolve()), str(folder.resolve()),
                 *(str(file.resolve()) for file in files)],
                cwd=self.tools, stdout=log, stderr=subprocess.STDOUT, check=False).returncode
        return why_refused((folder / "log").read_text()) if status != 0 else ""

    def read_only(self, module: str) -> str:
        """Why `module` with all below it is refused; empty if it is not."""
        uses = self.uses(module)
        files = [*self.packages, self.path(module), *map(self.path, uses)]
        refused = self.yosys(self.out / f"read-{module}", files, READ_SCRIPT.format(
            top=module, files=" ".join(path.name for path in files)))
        print(f"{module} and {len(uses)} modules below it: {'refused: ' + refused if refused else 'read'}")
        return refused

    def run(self, module: str) -> Row:
        row = Row(module, uses=self.uses(module))
        empty = self.without_body() & {module, *row.uses}
        if empty:
            row.state = f"no body yet: {' '.join(sorted(empty))}"
            return row
        files = [*self.packages, self.path(module), *map(self.path, row.uses)]
        folder = self.out / module
        stamp, kept = self.stamp(files), folder / "stamp"
        if kept.is_file() and kept.read_text() == stamp:
            self.read(row, folder)
            return row

        for name in ("stamp", "memories.json", "left.json", "netlist.json"):
            (folder / name).unlink(missing_ok=True)
        refused = self.yosys(folder, files, SCRIPT.format(
            top=module, synth=SYNTH, files=" ".join(path.name for path in files)))
        if refused:
            row.state = f"refused: {refused}"
            return row
        self.read(row, folder)
        kept.write_text(stamp)
        return row

    def read(self, row: Row, folder: pathlib.Path):
        flat = json.loads((folder / "netlist.json").read_text())["modules"][row.module]
        figures = netlist.figures_of(flat)
        row.figures = dataclasses.asdict(figures)
        row.memories = len(memories_in(folder / "memories.json"))
        row.warnings = warnings_of(figures, memories_in(folder / "left.json"))


def why_refused(log: str) -> str:
    for line in log.splitlines():
        line = re.sub(r"\x1b\[[0-9;]*m", "", line)
        if re.search(r"\berror:|^ERROR|^yosys.mjs:", line):
            return line.strip()
    return "Yosys failed"


def memories_in(path: pathlib.Path) -> list[Memory]:
    found = []
    for module in json.loads(path.read_text())["modules"].values():
        for name, cell in module["cells"].items():
            parameters = cell["parameters"]
            found.append(Memory(name, int(parameters["WIDTH"], 2), int(parameters["SIZE"], 2)))
    return found


def warnings_of(figures: netlist.Figures, left: list[Memory]) -> list[str]:
    """`left`: memories that no RAM was found for."""
    said = []
    names = set()
    for memory in left:
        names.add(memory.name)
        if memory.bits > RAM_BITS:
            said.append(f"memory {memory.name}, {memory.depth} x {memory.width} bits, became flip-flops")
    # An array of which a frontend makes no memory is registers NAME[0], NAME[1]...
    wide: dict[str, int] = {}
    for name, bits in figures.registers.items():
        base = re.sub(r"(\[\d+\])+$", "", name)
        wide[base] = wide.get(base, 0) + bits
    for name, bits in wide.items():
        if bits > RAM_BITS and name not in names and not name.startswith("("):
            said.append(f"{name} is {bits} flip-flops")
    deepest = figures.deepest
    if deepest.levels > DEEP:
        via = f", by {' '.join(deepest.via)}" if deepest.via else ""
        said.append(f"{deepest.levels} levels from {deepest.start} to {deepest.end}{via}")
    for output in figures.through:
        name, _, inputs = output.partition(" < ")
        handshakes = [each for each in inputs.split() if each.endswith(("valid", "ready"))]
        if name.endswith("ready") and handshakes:
            said.append(f"{name} follows {' '.join(handshakes)} in the same cycle")
    for cell in figures.unknown:
        said.append(f"cells {cell} are not counted")
    return said


def total(parts: list[Row]) -> Row:
    """The card: the modules in it."""
    row = Row(TOP, uses=[part.module for part in parts])
    missing = [part.module for part in parts if part.state]
    if missing:
        row.state = f"not without {' '.join(missing)}"
        return row
    sums = dataclasses.asdict(netlist.Figures())
    for part in parts:
        row.memories += part.memories
        for key, value in part.figures.items():
            if isinstance(value, (int, float)):
                sums[key] += value
    sums["deepest"] = max((part.figures["deepest"] for part in parts),
                          key=lambda path: (path["levels"], path["carries"]))
    row.figures = sums
    return row


HEADINGS = ("module", "LUTs", "LUT RAM", "flip-flops", "block RAM", "URAM", "DSP", "levels", "carries")


def cells_of(row: Row) -> list[str]:
    if row.state:
        return [row.module, *[""] * 7, ""]
    figures, path = row.figures, row.figures["deepest"]
    numbers = [figures["luts"], figures["lut_ram"], figures["flip_flops"], f"{figures['block_rams']:g}",
               figures["ultra_rams"], figures["dsps"], path["levels"], path["carries"]]
    return [row.module, *map(str, numbers)]


def table(rows: list[Row]) -> str:
    lines = [list(HEADINGS), *(cells_of(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    text = []
    for line, row in zip(lines, [None, *rows]):
        shown = [line[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:]))]
        text.append("  ".join(shown if not row or not row.state else [shown[0], row.state]).rstrip())
        text += [f"  warning: {warning}" for warning in (row.warnings if row else [])]
    return "\n".join(text) + "\n"


def page(rows: list[Row], defines: str) -> str:
    """The same as a page of the documentation."""
    lines = ["| " + " | ".join(HEADINGS) + " | deepest path |", "|---" * (len(HEADINGS) + 1) + "|"]
    notes = []
    for row in rows:
        cells = cells_of(row)
        cells[0] = f"`{row.module}`"
        path = row.figures.get("deepest", {})
        cells.append(f"`{path['start']}` → `{path['end']}`" if path.get("end") else row.state)
        lines.append("| " + " | ".join(cells) + " |")
        notes += [f"- `{row.module}`: {warning}" for warning in row.warnings]
    text = (HERE / "yosys/page.md").read_text()
    return text.replace("@table@", "\n".join(lines)).replace("@configuration@", defines).replace(
        "@notes@", "\n".join(notes) or "None.")


def configuration(rtl: pathlib.Path) -> str:
    """Default sizes of nic_pkg.sv, as text."""
    path = rtl / "nic_pkg.sv"
    text = path.read_text() if path.is_file() else ""
    return ", ".join(f"`{name}` {value}" for name, value in re.findall(r"^`define (NIC_\w+) (\d+)", text, re.M))


def write_csv(path: pathlib.Path, rows: list[Row]):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*HEADINGS, "start", "end", "state", "warnings"])
        for row in rows:
            deepest = row.figures.get("deepest", {"start": "", "end": ""})
            writer.writerow([*cells_of(row), deepest["start"], deepest["end"], row.state, "; ".join(row.warnings)])


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("tools", "rtl", "registers", "out"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--read", action="store_true")
    parser.add_argument("--page")
    parser.add_argument("module", nargs="*")
    options = parser.parse_args(arguments[1:])
    synthesis = Synthesis(options)
    known = synthesis.modules()
    for name in options.module:
        if name not in known:
            print(f"synth: no module '{name}' in {options.rtl}: {' '.join(known)}", file=sys.stderr)
            return 2
    wanted = list(dict.fromkeys(options.module)) or known
    if options.jobs < 1 or not wanted:
        print("synth: nothing to do", file=sys.stderr)
        return 2
    if options.read:
        refused = [synthesis.read_only(name) for name in options.module or [TOP]]
        return 1 if any(refused) else 0

    children = synthesis.direct(TOP) if TOP in wanted else []
    runs = [name for name in dict.fromkeys(wanted + children) if name != TOP]
    rows: dict[str, Row] = {}
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        jobs = {pool.submit(synthesis.run, name): name for name in runs}
        for job in concurrent.futures.as_completed(jobs):
            rows[jobs[job]] = job.result()
            if sys.stderr.isatty():
                print(f"synth: {jobs[job]}, {len(rows)} of {len(runs)}", file=sys.stderr)
    # The card, what it is made of, and what those are made of.
    listed = [rows[name] for name in sorted(rows, key=lambda name: (name not in children, name))]
    if TOP in wanted:
        listed.insert(0, total([rows[name] for name in children]))
    print(table(listed), end="")
    synthesis.out.mkdir(parents=True, exist_ok=True)
    (synthesis.out / "synth.json").write_text(
        json.dumps([dataclasses.asdict(row) for row in listed], indent=1) + "\n")
    write_csv(synthesis.out / "synth.csv", listed)
    if options.page:
        pathlib.Path(options.page).write_text(page(listed, configuration(synthesis.rtl)))
    return 1 if any(row.state.startswith("refused") for row in listed) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
