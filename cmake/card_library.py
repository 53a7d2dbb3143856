#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the C++ that makes a card of Ringside's out of a Verilated class.

Usage: card_library.py HEADER OUT. HEADER is the class's own, FOLDER/CLASS.h as Verilator wrote it.
"""

import pathlib
import re
import sys

PORT = re.compile(r"\bVL_(IN|OUT|INOUT)(8|16|64|W)?\(&?(\w+),\s*(\d+),\s*(\d+)(?:,\s*\d+)?\)")

TEXT = """// Written by card_library.py
#include <{name}.h>
#include <{name}__Syms.h>

#include "hw_model/rtl_bridge/verilated_library.h"

namespace {{

using Card = ringside::hw::VerilatedLibraryCard<{name}, {name}__Syms>;

Card::Pins pins_of({name}& model) {{
  return {{
{pins}  }};
}}

}}  // namespace

__attribute__((visibility("default"))) const struct ringside_card* ringside_card_make_1() {{
  return Card::make(&pins_of);
}}
"""


def pins(header: str) -> list[str]:
    """An initialiser of ringside_card_pin for each port, in the header's order."""
    lines = []
    for direction, kind, name, high, low in PORT.findall(header):
        value = f"model.{name}.data()" if kind == "W" else f"&model.{name}"
        bits = int(high) - int(low) + 1
        lines.append(f'      {{"{name}", {bits}, {int(direction != "IN")}, {value}}},\n')
    return lines


def main(arguments: list[str]) -> int:
    if len(arguments) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    header, out = map(pathlib.Path, arguments[1:])
    found = pins(header.read_text())
    if not found:
        print(f"card_library: {header}: no ports", file=sys.stderr)
        return 1
    out.write_text(TEXT.format(name=header.stem, pins="".join(found)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
