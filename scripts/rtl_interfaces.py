#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tables of the card's ports and structures for a page, from the SystemVerilog sources.

Usage: rtl_interfaces.py PAGE RTL_FOLDER. Prints PAGE with what stands between `<!-- ports NAME... -->` or
`<!-- fields STRUCTURE -->` or `<!-- values ENUMERATION -->` or `<!-- sizes -->` or `<!-- pins -->` and
`<!-- end -->` made anew; pins are those of ../rtl_bridge/card_pins.def beside RTL_FOLDER.
Every port of nic_card must be on the page, once. Exit status 1 with one line if it is not, or if a name
is not found.
"""

import pathlib
import re
import sys

PORT = re.compile(r"^  (input|output)\s+(.+?)\s+(\w+),?\s*(?://\s*(.*))?$")
FIELD = re.compile(r"^    (.+?)\s+(\w+);\s*(?://\s*(.*))?$")
VALUE = re.compile(r"^    (\w+),?\s*(?://\s*(.*))?$")
DEFINE = re.compile(r"^`define (NIC_\w+) (\d+)$", re.M)
SIZE = re.compile(r"^  localparam int unsigned \w+ = `(NIC_\w+);\s*(?://\s*(.*))?$", re.M)
PIN = re.compile(r"^(?:WIDE_)?(IN|OUT)\((?:u?int\d+_t, )?(\w+), ([^,)]+)(?:, (\w+))?\)$", re.M)
CONSTANT = re.compile(r"^inline constexpr unsigned (k\w+) = (\d+);$", re.M)
SECTION = re.compile(r"(<!-- (ports|fields|values|sizes|pins)\s*([\w\s]*?)\s*-->\n).*?(<!-- end -->)", re.S)


class NotFound(Exception):
    """What was looked for, in one line."""


def ports_of(text: str) -> dict[str, tuple[str, str, str]]:
    """Name: direction, type, comment."""
    header = text[:text.index("\n);")]
    return {match[3]: (match[1], " ".join(match[2].split()), match[4] or "")
            for match in map(PORT.match, header.splitlines()) if match}


def body_of(package: str, name: str, kind: str) -> list[str]:
    match = re.search(rf"  typedef {kind}[^{{;]*\{{([^{{}}]*)\}} {name};", package)
    if not match:
        raise NotFound(f"nic_pkg.sv has no {kind} {name}")
    lines: list[str] = []
    above = ""  # comment in lines of its own
    for line in match[1].splitlines()[1:]:
        own = re.match(r"(\s+)//\s*(.*)", line)
        if own and len(own[1]) > 4:  # goes on behind what it is about: a field, or the whole
            lines[-1:] = [f"{last} {own[2]}" for last in lines[-1:]]
        elif own:
            above = f"{above} {own[2]}".strip()
        elif line.strip():
            lines.append(f"{line}  // {above}" if above and "//" not in line else line)
            above = ""
    return lines


def table(*lines: tuple[str, ...]) -> str:
    width = len(lines[0])
    rows = [lines[0], ("---",) * width, *lines[1:]]
    return "".join(("|" + "|".join(cells) + "|" if cells[0] == "---" else "| " + " | ".join(cells) + " |") + "\n"
                   for cells in rows).replace(" |  |", " | |")


def code(text: str) -> str:
    return f"`{text}`"


WIDTHS = {"kDataBits": "32 to 512: the datapath's", "kLaneBits": "2 to 6: names a byte of the datapath"}
ABSENT = {"kDataBits": "the width of `tx_data`", "kNeverCycle": "all ones"}


def pins_of(bridge: pathlib.Path) -> list[tuple[str, str, str, str]]:
    """Name, direction, bits, what it says if a card has no such pin."""
    constants = dict(CONSTANT.findall((bridge / "card_pins.h").read_text()))
    lines = []
    for direction, name, bits, absent in PIN.findall((bridge / "card_pins.def").read_text()):
        product = 1
        for factor in [] if bits in WIDTHS else bits.split(" * "):
            product *= int(constants.get(factor, factor))
        needed = absent == "kNeeded" or name == "clk"
        lines.append((code(name), "input" if direction == "IN" else "output", WIDTHS.get(bits, str(product)),
                      "**must be there**" if needed else ABSENT.get(absent, absent)))
    return lines


class Page:
    def __init__(self, rtl: pathlib.Path):
        self.bridge = rtl / ".." / "rtl_bridge"
        self.package = (rtl / "nic_pkg.sv").read_text()
        self.ports = ports_of((rtl / "nic_card.sv").read_text())
        self.shown: list[str] = []

    def section(self, kind: str, names: list[str]) -> str:
        if kind == "ports":
            self.shown += names
            lines = []
            for name in names:
                if name not in self.ports:
                    raise NotFound(f"nic_card has no port {name}")
                direction, kind_of, comment = self.ports[name]
                lines.append((code(name), direction, code(kind_of), comment))
            return table(("port", "", "type", ""), *lines)
        if kind == "fields":
            fields = [match for match in map(FIELD.match, body_of(self.package, names[0], "struct")) if match]
            return table((code(names[0]), "type", ""),
                         *((code(match[2]), code(" ".join(match[1].split())), match[3] or "") for match in fields))
        if kind == "values":
            values = [match for match in map(VALUE.match, body_of(self.package, names[0], "enum")) if match]
            return table((code(names[0]), "value", ""),
                         *((code(match[1]), str(index), match[2] or "") for index, match in enumerate(values)))
        if kind == "pins":
            return table(("pin", "", "bits", "left out"), *pins_of(self.bridge))
        comments = dict(SIZE.findall(self.package))
        return table(("define", "default", ""),
                     *((code(name), value, comments.get(name, "")) for name, value in DEFINE.findall(self.package)))

    def fill(self, page: str) -> str:
        text = SECTION.sub(lambda match: match[1] + self.section(match[2], match[3].split()) + match[4], page)
        for name in self.ports:
            if self.shown.count(name) != 1:
                raise NotFound(f"port {name} of nic_card is on the page {self.shown.count(name)} times")
        return text


def main(arguments: list[str]) -> int:
    if len(arguments) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        print(Page(pathlib.Path(arguments[2])).fill(pathlib.Path(arguments[1]).read_text()), end="")
    except (NotFound, OSError) as reason:
        print(f"rtl_interfaces: {reason}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
