#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes what is derived from the register descriptions (hw_model/registers/*.toml).

Usage: generate.py FORMAT TOML... [--out FILE]

FORMAT: sv        package ringside_regs_pkg: byte offsets, field positions and widths, enumerations
        c         freestanding C header: offsets, shifts, masks, enumerations
        cpp       C++ header: one structure of constants a block
        markdown  the page docs/hardware/registers.md
Prints to standard output, or replaces FILE if its contents change. A description that is wrong ends
with one line on standard error and exit status 2; nothing is written.
"""

import argparse
import dataclasses
import pathlib
import re
import sys
import tomllib

NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
ACCESS = {"ro": "read", "wo": "write", "rw": "read, write"}
WIDTHS = (8, 16, 32)
REGISTER_WIDTHS = (*WIDTHS, 64)
SPDX = "SPDX-License-Identifier: Apache-2.0"


class BadDescription(Exception):
    """What is wrong with a description, in one line."""


@dataclasses.dataclass
class Field:
    name: str
    lsb: int
    width: int
    description: str

    @property
    def mask(self) -> int:
        return ((1 << self.width) - 1) << self.lsb


@dataclasses.dataclass
class Register:
    name: str
    offset: int
    description: str
    access: str
    width: int = 32
    count: int = 1
    enum: str = ""
    fields: list[Field] = dataclasses.field(default_factory=list)

    @property
    def bytes(self) -> int:
        return self.count * self.width // 8


@dataclasses.dataclass
class Window:
    name: str
    offset: int
    bytes: int
    description: str


@dataclasses.dataclass
class Constant:
    name: str
    value: int
    description: str
    width: int = 32


@dataclasses.dataclass
class Value:
    name: str
    value: int
    description: str


@dataclasses.dataclass
class Enum:
    name: str
    prefix: str
    description: str
    values: list[Value]
    width: int = 32


@dataclasses.dataclass
class Block:
    name: str
    title: str
    prefix: str
    cpp: str
    bytes: int
    description: str
    constants: list[Constant] = dataclasses.field(default_factory=list)
    enums: list[Enum] = dataclasses.field(default_factory=list)
    windows: list[Window] = dataclasses.field(default_factory=list)
    registers: list[Register] = dataclasses.field(default_factory=list)


# -- reading

# TOML's names of the lists in a table, with the type of their members and the attribute's name.
LISTS = {
    Block: {"constant": (Constant, "constants"), "enum": (Enum, "enums"), "window": (Window, "windows"),
            "register": (Register, "registers")},
    Register: {"field": (Field, "fields")},
    Enum: {"value": (Value, "values")},
}


def build(kind, table: dict, where: str):
    """An object of dataclass `kind` from a TOML table: all keys known, required ones there, types right."""
    if not isinstance(table, dict):
        raise BadDescription(f"{where}: expected a table")
    name = table.get("name")
    where = f"{where} '{name}'" if isinstance(name, str) else where
    lists = LISTS.get(kind, {})
    arguments = {}
    for field in dataclasses.fields(kind):
        if any(field.name == attribute for _, attribute in lists.values()):
            continue
        if field.name not in table:
            if field.default is dataclasses.MISSING:
                raise BadDescription(f"{where}: '{field.name}' is missing")
            continue
        value = table[field.name]
        if type(value) is not field.type:
            raise BadDescription(f"{where}: '{field.name}' is not {'a number' if field.type is int else 'text'}")
        if field.type is int and value < 0:
            raise BadDescription(f"{where}: '{field.name}' is negative")
        arguments[field.name] = value
    known = {field.name for field in dataclasses.fields(kind)} - {attribute for _, attribute in lists.values()}
    for key, value in table.items():
        if key in lists:
            member, attribute = lists[key]
            if not isinstance(value, list):
                raise BadDescription(f"{where}: '{key}' is not a list of tables: write [[...{key}]]")
            arguments[attribute] = [build(member, entry, f"{where}: {key}") for entry in value]
        elif key not in known:
            raise BadDescription(f"{where}: unknown key '{key}'; known are {', '.join(sorted(known | lists.keys()))}")
    for _, attribute in lists.values():
        if kind is Enum:
            arguments.setdefault(attribute, [])
    if not arguments["description"].strip():
        raise BadDescription(f"{where}: 'description' is empty")
    if "*/" in arguments["description"]:
        raise BadDescription(f"{where}: 'description' would end a comment of C")
    if not NAME.fullmatch(arguments["name"]):
        raise BadDescription(f"{where}: 'name' is not of lower-case letters, digits and single underscores")
    return kind(**arguments)


def load(path: pathlib.Path) -> Block:
    """The checked block of one file."""
    try:
        with open(path, "rb") as file:
            document = tomllib.load(file)
    except OSError as error:
        raise BadDescription(f"{path.name}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadDescription(f"{path.name}: {error}") from error
    head = document.pop("block", None)
    if not isinstance(head, dict):
        raise BadDescription(f"{path.name}: there is no [block]")
    for key in LISTS[Block]:
        if key in head:
            raise BadDescription(f"{path.name}: '{key}' belongs outside [block]")
    block = build(Block, head | document, path.name)
    check(block, path.name)
    return block


# -- checking


def no_duplicates(names, where: str):
    seen = set()
    for name in names:
        if name in seen:
            raise BadDescription(f"{where}: '{name}' is there twice")
        seen.add(name)


def no_overlap(spans, where: str, unit: str):
    """`spans`: (begin, end, name). None may reach into the next."""
    ordered = sorted(spans, key=lambda span: span[0])
    for (_, end, name), (begin, _, other) in zip(ordered, ordered[1:]):
        if begin < end:
            raise BadDescription(f"{where}: '{other}' at {unit} {begin:#x} overlaps '{name}', which ends at {end:#x}")


def check_register(register: Register, enums: dict[str, Enum], where: str):
    where = f"{where}: register '{register.name}'"
    if register.width not in REGISTER_WIDTHS:
        raise BadDescription(f"{where}: 'width' is {register.width}; expected one of {REGISTER_WIDTHS}")
    if register.offset % (register.width // 8) != 0:
        raise BadDescription(f"{where}: 'offset' {register.offset:#x} is no multiple of its {register.width // 8} bytes")
    if register.count < 1:
        raise BadDescription(f"{where}: 'count' is 0")
    if register.access not in ACCESS:
        raise BadDescription(f"{where}: 'access' is '{register.access}'; expected one of {', '.join(ACCESS)}")
    if register.enum and register.enum not in enums:
        raise BadDescription(f"{where}: 'enum' names '{register.enum}', which is not there")
    if register.enum and enums[register.enum].width > register.width:
        raise BadDescription(f"{where}: '{register.enum}' is wider than the register")
    no_duplicates((field.name for field in register.fields), where)
    for field in register.fields:
        if field.width == 0:
            raise BadDescription(f"{where}: field '{field.name}' has no bits")
        if field.lsb + field.width > register.width:
            raise BadDescription(f"{where}: field '{field.name}' ends above bit {register.width - 1}")
    no_overlap([(field.lsb, field.lsb + field.width, field.name) for field in register.fields], where, "bit")


def check(block: Block, where: str):
    for kind, members in (("constant", block.constants), ("enum", block.enums), ("window", block.windows),
                          ("register", block.registers)):
        no_duplicates((member.name for member in members), f"{where}: {kind}")
    if not NAME.fullmatch(block.prefix):
        raise BadDescription(f"{where}: 'prefix' is not a lower-case name")
    if not re.fullmatch(r"[A-Z][A-Za-z0-9]*", block.cpp):
        raise BadDescription(f"{where}: 'cpp' is not the name of a structure")
    enums = {enum.name: enum for enum in block.enums}
    for enum in block.enums:
        if not NAME.fullmatch(enum.prefix):
            raise BadDescription(f"{where}: enum '{enum.name}': 'prefix' is not a lower-case name")
        if not enum.values:
            raise BadDescription(f"{where}: enum '{enum.name}' has no values")
        if enum.width not in WIDTHS:
            raise BadDescription(f"{where}: enum '{enum.name}': 'width' is {enum.width}; expected one of {WIDTHS}")
        no_duplicates((value.name for value in enum.values), f"{where}: enum '{enum.name}'")
        no_duplicates((value.value for value in enum.values), f"{where}: enum '{enum.name}'")
    for owner, number in [(f"constant '{constant.name}'", constant) for constant in block.constants] + [
            (f"'{value.name}' of enum '{enum.name}'", Constant(value.name, value.value, "", enum.width))
            for enum in block.enums for value in enum.values]:
        if number.width not in WIDTHS:
            raise BadDescription(f"{where}: {owner}: 'width' is {number.width}; expected one of {WIDTHS}")
        if number.value >> number.width:
            raise BadDescription(f"{where}: {owner}: {number.value:#x} does not fit in {number.width} bits")
    for register in block.registers:
        check_register(register, enums, where)
    spans = [(part.offset, part.offset + part.bytes, part.name) for part in (*block.windows, *block.registers)]
    for begin, end, name in spans:
        if begin == end:
            raise BadDescription(f"{where}: window '{name}' has no bytes")
        if end > block.bytes:
            raise BadDescription(f"{where}: '{name}' ends at {end:#x}, behind the block's {block.bytes:#x} bytes")
    no_overlap(spans, where, "byte")
    for generator in (sv_names, c_names, cpp_names):
        no_duplicates(generator(block), f"{where}: {generator.__name__.removesuffix('_names')} name")


# -- names


def upper(*parts: str) -> str:
    return "_".join(part.upper() for part in parts if part)


def camel(*parts: str) -> str:
    """kEventKind of event_kind."""
    return "k" + "".join(word.capitalize() for part in parts for word in part.split("_"))


def sv_names(block: Block):
    yield upper(block.prefix, "size")
    for constant in block.constants:
        yield upper(block.prefix, constant.name)
    for window in block.windows:
        yield upper(block.prefix, window.name)
        yield upper(block.prefix, window.name, "bytes")
    for register in block.registers:
        yield upper(block.prefix, register.name)
        if register.count > 1:
            yield upper(block.prefix, register.name, "count")
        for field in register.fields:
            yield upper(block.prefix, register.name, field.name, "lsb")
            yield upper(block.prefix, register.name, field.name, "width")
    for enum in block.enums:
        yield f"{enum.name}_e"
        for value in enum.values:
            yield upper(enum.prefix, value.name)


def c_names(block: Block):
    for name in sv_names(block):
        yield f"RS_{name}"


def cpp_names(block: Block):
    yield camel("size")
    for constant in block.constants:
        yield camel(constant.name)
    for window in block.windows:
        yield camel(window.name)
        yield camel(window.name, "bytes")
    for register in block.registers:
        yield camel(register.name)
        if register.count > 1:
            yield camel(register.name, "count")
        for field in register.fields:
            yield camel(register.name, field.name, "shift")
            yield camel(register.name, field.name, "mask")
    for enum in block.enums:
        for value in enum.values:
            yield camel(value.name)


# -- writing


def one_line(text: str) -> str:
    return " ".join(text.split())


def source_names(paths: list[pathlib.Path]) -> str:
    return ", ".join(path.name for path in paths)


def sv(blocks: list[Block], paths: list[pathlib.Path]) -> str:
    lines = [f"// {SPDX}",
             f"// The card's own registers. Generated from {source_names(paths)}: change these instead.",
             "// Offsets and sizes are in bytes. X_LSB and X_WIDTH say where a field lies.",
             "", "// No design uses all of them.", "/* verilator lint_off UNUSEDPARAM */",
             "package ringside_regs_pkg;"]
    for block in blocks:
        bits = max(16, (block.bytes - 1).bit_length())

        def offset(name: str, value: int, bits=bits):
            lines.append(f"  localparam logic [{bits - 1}:0] {name} = {bits}'h{value:X};")

        lines += ["", f"  // {block.title}"]
        lines.append(f"  localparam int unsigned {upper(block.prefix, 'size')} = 32'h{block.bytes:X};")
        for constant in block.constants:
            lines.append(f"  localparam logic [{constant.width - 1}:0] {upper(block.prefix, constant.name)} = "
                         f"{constant.width}'h{constant.value:X};")
        for enum in block.enums:
            lines += ["", f"  // {one_line(enum.description)}", f"  typedef enum logic [{enum.width - 1}:0] {{"]
            for index, value in enumerate(enum.values):
                comma = "" if index == len(enum.values) - 1 else ","
                lines.append(f"    {upper(enum.prefix, value.name)} = {enum.width}'d{value.value}{comma}")
            lines.append(f"  }} {enum.name}_e;")
        if block.windows:
            lines.append("")
        for window in block.windows:
            offset(upper(block.prefix, window.name), window.offset)
            lines.append(f"  localparam int unsigned {upper(block.prefix, window.name, 'bytes')} = 32'h{window.bytes:X};")
        if block.registers:
            lines.append("")
        for register in block.registers:
            name = upper(block.prefix, register.name)
            offset(name, register.offset)
            if register.count > 1:
                lines.append(f"  localparam int unsigned {name}_COUNT = {register.count};")
            for field in register.fields:
                lines.append(f"  localparam int unsigned {name}_{field.name.upper()}_LSB = {field.lsb};")
                lines.append(f"  localparam int unsigned {name}_{field.name.upper()}_WIDTH = {field.width};")
    lines += ["", "endpackage", "/* verilator lint_on UNUSEDPARAM */", ""]
    return "\n".join(lines)


def c(blocks: list[Block], paths: list[pathlib.Path]) -> str:
    guard = upper("ringside", *(block.name for block in blocks), "regs_h")
    lines = [f"/* {SPDX}", f" * The card's own registers. Generated from {source_names(paths)}: change these instead.",
             " * Offsets and sizes are in bytes. */", f"#ifndef {guard}", f"#define {guard}"]
    for block in blocks:
        lines += ["", f"/* {block.title} */", f"#define {upper('rs', block.prefix, 'size')} {block.bytes:#X}u".replace("0X", "0x")]
        for constant in block.constants:
            lines.append(f"#define {upper('rs', block.prefix, constant.name)} 0x{constant.value:X}u")
        for enum in block.enums:
            lines += ["", f"/* {one_line(enum.description)} */", f"enum rs_{enum.name} {{"]
            for index, value in enumerate(enum.values):
                comma = "" if index == len(enum.values) - 1 else ","
                lines.append(f"  {upper('rs', enum.prefix, value.name)} = {value.value}{comma}"
                             f" /* {one_line(value.description)} */")
            lines.append("};")
        if block.windows:
            lines.append("")
        for window in block.windows:
            name = upper("rs", block.prefix, window.name)
            lines.append(f"#define {name} 0x{window.offset:X}u /* {one_line(window.description)} */")
            lines.append(f"#define {name}_BYTES 0x{window.bytes:X}u")
        if block.registers:
            lines.append("")
        for register in block.registers:
            name = upper("rs", block.prefix, register.name)
            lines.append(f"#define {name} 0x{register.offset:X}u /* {one_line(register.description)} */")
            if register.count > 1:
                lines.append(f"#define {name}_COUNT {register.count}u")
            for field in register.fields:
                lines.append(f"#define {name}_{field.name.upper()}_SHIFT {field.lsb}u")
                lines.append(f"#define {name}_{field.name.upper()}_MASK 0x{field.mask:X}u")
    lines += ["", "#endif", ""]
    return "\n".join(lines)


def cpp(blocks: list[Block], paths: list[pathlib.Path]) -> str:
    lines = [f"// {SPDX}", f"// The card's own registers. Generated from {source_names(paths)}: change these instead.",
             "#pragma once", "", "#include <cstdint>", "", "namespace ringside::hw {"]

    def constant(name: str, value: int, width: int, description: str = ""):
        comment = f"  ///< {one_line(description)}" if description else ""
        lines.append(f"  static constexpr uint{width}_t {name} = 0x{value:X};{comment}")

    for block in blocks:
        lines += ["", f"/// {block.title}. Offsets and sizes in bytes."]
        lines += [f"/// {line}" for line in block.description.strip().splitlines()]
        lines.append(f"struct {block.cpp} {{")
        constant(camel("size"), block.bytes, 32)
        for entry in block.constants:
            constant(camel(entry.name), entry.value, entry.width, entry.description)
        for enum in block.enums:
            lines.append(f"  /// {one_line(enum.description)}")
            lines.append(f"  enum {camel(enum.name)[1:]} : uint{enum.width}_t {{")
            for value in enum.values:
                lines.append(f"    {camel(value.name)} = {value.value},  ///< {one_line(value.description)}")
            lines.append("  };")
        for window in block.windows:
            constant(camel(window.name), window.offset, 32, window.description)
            constant(camel(window.name, "bytes"), window.bytes, 32)
        for register in block.registers:
            constant(camel(register.name), register.offset, 32, register.description)
            if register.count > 1:
                constant(camel(register.name, "count"), register.count, 32)
            for field in register.fields:
                constant(camel(register.name, field.name, "shift"), field.lsb, 32, field.description)
                constant(camel(register.name, field.name, "mask"), field.mask, 32)
        lines.append("};")
    lines += ["", "}  // namespace ringside::hw", ""]
    return "\n".join(lines)


def markdown(blocks: list[Block], paths: list[pathlib.Path]) -> str:
    lines = ["# Registers", "",
             "The registers that are the card's own; those that virtio defines are in the standard.",
             f"This page is generated by `hw_model/registers/generate.py` from {source_names(paths)} in `hw_model/registers/`, "
             "as are the SystemVerilog package, the C header and the C++ header."]

    def table(*rows: tuple):
        lines.append("")
        for index, row in enumerate(rows):
            lines.append("| " + " | ".join(row) + " |")
            if index == 0:
                lines.append("|" + "---|" * len(row))

    for block in blocks:
        lines += ["", f"## {block.title}", "", *block.description.strip().splitlines()]
        if block.constants:
            table(("constant", "value", ""), *((f"`{constant.name}`", f"{constant.value:#x}", one_line(constant.description))
                                               for constant in block.constants))
        if block.windows:
            table(("offset", "bytes", "what lies there", ""), *(
                (f"{window.offset:#06x}", f"{window.bytes:#x}", f"`{window.name}`", one_line(window.description))
                for window in block.windows))
        if block.registers:
            rows = [("offset", "register", "access", "bits", "")]
            for register in block.registers:
                name = f"`{register.name}`" + (f" × {register.count}" if register.count > 1 else "")
                text = one_line(register.description)
                if register.enum:
                    text += f" One of [`{register.enum}`](#{register.enum})."
                bits = "" if register.fields else f"{register.width - 1}:0"
                rows.append((f"{register.offset:#05x}", name, ACCESS[register.access], bits, text))
                for field in register.fields:
                    top = field.lsb + field.width - 1
                    bits = f"{top}:{field.lsb}" if field.width > 1 else f"{field.lsb}"
                    rows.append(("", f"`{field.name}`", "", bits, one_line(field.description)))
            table(*rows)
        for enum in block.enums:
            lines += ["", f"### {enum.name}", "", one_line(enum.description)]
            table(("value", "name", ""), *((str(value.value), f"`{value.name}`", one_line(value.description))
                                           for value in enum.values))
    return "\n".join(lines) + "\n"


FORMATS = {"sv": sv, "c": c, "cpp": cpp, "markdown": markdown}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="generate.py", description="Writes what is derived from register descriptions.")
    parser.add_argument("format", choices=sorted(FORMATS))
    parser.add_argument("files", nargs="+", type=pathlib.Path, metavar="TOML")
    parser.add_argument("--out", type=pathlib.Path, metavar="FILE")
    options = parser.parse_args(arguments)
    try:
        blocks = [load(path) for path in options.files]
        no_duplicates((block.name for block in blocks), "block")
        no_duplicates((name for block in blocks for name in sv_names(block)), "name")
        text = FORMATS[options.format](blocks, options.files)
        if options.out is None:
            sys.stdout.write(text)
        elif not options.out.is_file() or options.out.read_text() != text:
            options.out.write_text(text)
    except BadDescription as error:
        print(f"generate.py: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"generate.py: {options.out}: {error.strerror}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
