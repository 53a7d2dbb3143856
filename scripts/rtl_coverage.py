#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Which lines of the card's modules ran, from the merged file of Verilator's line coverage.

Usage: rtl_coverage.py MERGED --rtl FOLDER [--root FOLDER] [--modules OUT] [--missing] [--page FILE]
       rtl_coverage.py --selftest

MERGED: as `verilator_coverage --write` makes it. Counted are the modules in FOLDER of --rtl itself,
not those below it (checks) or elsewhere (benches of tests). Prints a table: of each module the lines
that ran, and the ways that `if` and `case` went, of all of them in any of the variants that were
simulated (widths, parameters). A line ran if every statement that begins on it did.
--missing:  also each line that never ran, and each `if` that never was false.
--modules:  writes MERGED without the points of other files there, for `verilator_coverage --annotate`.
--page:     puts the table between the marks in that page of docs.
Exit status 1 if there is no module or nothing ran.
"""

import argparse
import collections
import dataclasses
import pathlib
import re
import sys
import tempfile

POINT = re.compile(r"^C '(.*)' (\d+)$")
BEGIN = "<!-- made by scripts/rtl_coverage.sh: begin -->"
END = "<!-- made by scripts/rtl_coverage.sh: end -->"
# Points that have a line of their own, or stand for the other way at an `if` without `else`.
OTHER_WAY = "else"


@dataclasses.dataclass
class Module:
    """Counts of one file: of lines by number, of branches by (line, column, kind)."""
    lines: dict = dataclasses.field(default_factory=lambda: collections.defaultdict(dict))
    ways: dict = dataclasses.field(default_factory=lambda: collections.defaultdict(int))

    def add(self, fields: dict, count: int):
        kind = fields.get("o", "")
        place = (int(fields["l"]), int(fields["n"]), kind)
        for number in line_numbers(fields.get("S", "")):
            counts = self.lines[number]
            counts[place] = counts.get(place, 0) + count
        if kind in ("if", "elsif", OTHER_WAY, "case"):
            self.ways[place] += count

    def ran(self, number: int) -> bool:
        return all(self.lines[number].values())

    def figures(self) -> tuple[int, int, int, int]:
        """Lines that ran, lines, ways taken, ways."""
        return (sum(self.ran(number) for number in self.lines), len(self.lines),
                sum(count > 0 for count in self.ways.values()), len(self.ways))


def line_numbers(text: str) -> list[int]:
    """Of "2,5-7": 2, 5, 6, 7."""
    numbers = []
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        numbers += range(int(first), int(last or first) + 1)
    return numbers


def fields_of(key: str) -> dict:
    return dict(item.split("\002", 1) for item in key.split("\001") if "\002" in item)


def read(merged: pathlib.Path, rtl: pathlib.Path) -> tuple[dict[str, Module], list[str]]:
    """Modules by name, and the lines of the file that are theirs."""
    modules: dict[str, Module] = collections.defaultdict(Module)
    kept = []
    for line in merged.read_text(errors="replace").splitlines():
        match = POINT.match(line)
        if not match:
            kept.append(line)
            continue
        fields = fields_of(match[1])
        path = pathlib.Path(fields.get("f", ""))
        if path.parent.resolve() != rtl.resolve() or path.stem.endswith("_pkg"):
            continue
        kept.append(line)
        modules[path.stem].add(fields, int(match[2]))
    return modules, kept


def percent(part: int, whole: int) -> str:
    # Never rounded up to 100.
    return "-" if whole == 0 else f"{int(1000 * part / whole) / 10:.1f} %"


def table(modules: dict[str, Module]) -> list[str]:
    rows = ["| module | lines | of | | ways | of | |", "|---|--:|--:|--:|--:|--:|--:|"]
    total = [0, 0, 0, 0]
    for name, module in sorted(modules.items()):
        figures = module.figures()
        total = [a + b for a, b in zip(total, figures)]
        rows.append(row(f"`{name}`", figures))
    rows.append(row("all", total))
    return rows


def row(name: str, figures) -> str:
    lines, all_lines, ways, all_ways = figures
    return (f"| {name} | {lines} | {all_lines} | {percent(lines, all_lines)} "
            f"| {ways} | {all_ways} | {percent(ways, all_ways)} |")


def missing(modules: dict[str, Module], rtl: pathlib.Path) -> list[str]:
    found = []
    for name, module in sorted(modules.items()):
        text = dict(enumerate((rtl / f"{name}.sv").read_text().splitlines(), 1))
        at = [(number, 0, "never ran") for number in module.lines if not module.ran(number)]
        at += [(line, column, "never false") for (line, column, kind), count in module.ways.items()
               if kind == OTHER_WAY and count == 0 and module.ran(line)]
        # A build may be older than the sources.
        found += [f"{name}.sv:{line}: {what}: {text.get(line, '').strip()}"
                  for line, _, what in sorted(at)]
    return found


def put_in(page: pathlib.Path, rows: list[str]):
    text = page.read_text()
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        sys.exit(f"{page}: no lines {BEGIN} and {END} to put the table between")
    page.write_text(head + begin + "\n\n" + "\n".join(rows) + "\n\n" + end + tail)


def selftest() -> int:
    """Two variants of a module, a check and a bench: what one misses the other may have run."""
    def point(file, line, column, kind, lines, count, hier="TOP"):
        key = f"\001f\002{file}\001l\002{line}\001n\002{column}\001page\002v/m\001o\002{kind}"
        key += f"\001S\002{lines}" if lines else ""
        return f"C '{key}\001h\002{hier}' {count}"

    with tempfile.TemporaryDirectory() as name:
        rtl = pathlib.Path(name)
        (rtl / "m.sv").write_text("\n".join(f"line {n}" for n in range(1, 10)))
        m = str(rtl / "m.sv")
        merged = rtl / "merged"
        merged.write_text("\n".join([
            "# SystemC::Coverage-3",
            point(m, 1, 1, "block", "1,3-4", 5), point(m, 5, 1, "if", "5-6", 0),
            point(m, 5, 1, "if", "5-6", 2, "TOP.b"), point(m, 5, 2, "else", "", 0),
            point(m, 7, 1, "case", "7", 0), point(m, 8, 1, "if", "4", 0),
            point(str(rtl / "checks" / "m_checks.sv"), 1, 1, "block", "1", 1),
            point("/elsewhere/bench.sv", 1, 1, "block", "1", 1)]))
        modules, kept = read(merged, rtl)
        wrong = []
        if list(modules) != ["m"] or len(kept) != 7:
            wrong.append(f"modules {list(modules)}, {len(kept)} lines kept")
        if modules["m"].figures() != (4, 6, 1, 4):
            wrong.append(f"figures {modules['m'].figures()}")
        if [text.split(":")[1] for text in missing(modules, rtl)] != ["4", "5", "7"]:
            wrong.append(f"missing {missing(modules, rtl)}")
        if percent(9999, 10000) != "99.9 %":
            wrong.append(percent(9999, 10000))
        page = rtl / "page.md"
        page.write_text(f"a\n{BEGIN}\nold\n{END}\nb\n")
        put_in(page, table(modules))
        text = page.read_text()
        if "old" in text or "| `m` | 4 | 6 | 66.6 % | 1 | 4 | 25.0 % |" not in text or text[-2:] != "b\n":
            wrong.append(text)
    print("\n".join(wrong) or "as expected")
    return 1 if wrong else 0


def main(arguments: list[str]) -> int:
    if arguments[1:] == ["--selftest"]:
        return selftest()
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("merged", type=pathlib.Path)
    parser.add_argument("--rtl", type=pathlib.Path, required=True)
    parser.add_argument("--modules", type=pathlib.Path)
    parser.add_argument("--page", type=pathlib.Path)
    parser.add_argument("--missing", action="store_true")
    options = parser.parse_args(arguments[1:])
    modules, kept = read(options.merged, options.rtl)
    if options.modules:
        options.modules.write_text("\n".join(kept) + "\n")
    if options.missing:
        print("\n".join(missing(modules, options.rtl)))
    rows = table(modules)
    print("\n".join(rows))
    if options.page:
        put_in(options.page, rows)
    if not any(module.figures()[0] for module in modules.values()):
        print(f"{options.merged}: nothing of {options.rtl} ran", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
