#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the card in SystemVerilog and the models in C++ number alike is the same in both.

Usage: check_numbers.py ROOT. Prints one line per difference; exit status 1 if there is any.

Compared, name by name and number by number: enumerations of nic_pkg.sv with those of the headers; the
counters that dropped frames are traced with (localparam Drop... of rx_engine and tx_path); the fields of
the structures of counters with the lists by which the bridge reads them.
"""

import pathlib
import re
import sys

COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.S)
PACKAGE = "hw_model/rtl/nic_pkg.sv"
COUNTERS = "hw_model/core/counters.h"
BRIDGE = "hw_model/rtl_bridge/rtl_counters.cpp"

# enumeration of the package, prefix of its names; header and enumeration there
ENUMS = (
    ("purpose_e", "Purpose", "hw_model/pcie/purpose.h", "Purpose"),
    ("error_e", "Error", COUNTERS, "DeviceError"),
    ("trace_kind_e", "Trace", "hw_model/trace/nic_trace.h", "TraceKind"),
)
# module, direction: its localparam DropX is the Counter k<direction>DropX
DROPS = (("rx_engine", "Rx"), ("tx_path", "Tx"))
# structure of the package, prefix of its Counters, list in the bridge, constant with its size
LISTS = (
    ("tx_counters_t", "Tx", "kTx", "kTxFields"),
    ("rx_counters_t", "Rx", "kRx", "kRxFields"),
    ("host_counters_t", "", "kHost", "kHostScalars"),
    ("read_counters_t", "", None, "kReadFields"),
    ("write_counters_t", "", None, "kWriteFields"),
)


class Unreadable(Exception):
    """What was looked for and where, in one line."""


def find(pattern: str, text: str, what: str) -> re.Match:
    match = re.search(pattern, text, re.S)
    if not match:
        raise Unreadable(f"{what} was not found")
    return match


def numbered(body: str, what: str) -> dict[str, int]:
    """Names of an enumeration's body with their numbers; both languages count alike."""
    numbers: dict[str, int] = {}
    following = 0
    for entry in filter(None, (part.strip() for part in body.split(","))):
        match = re.fullmatch(r"(\w+)(?:\s*=\s*(?:\d*'d)?(\d+))?", entry)
        if not match:
            raise Unreadable(f"{what}: '{entry}' is no name and number")
        following = int(match[2]) if match[2] else following
        numbers[match[1]] = following
        following += 1
    if not numbers:
        raise Unreadable(f"{what} has no names")
    return numbers


def package_enum(package: str, name: str) -> dict[str, int]:
    body = find(r"typedef enum [^{};]*\{([^{}]*)\}\s*" + name + r"\s*;", package, f"{PACKAGE}: {name}")
    return numbered(body[1], name)


def header_enum(text: str, header: str, name: str) -> dict[str, int]:
    """As numbered(), without the k of names and without the count at the end."""
    body = find(r"enum class " + name + r"\b[^{};]*\{([^{}]*)\}", text, f"{header}: {name}")
    numbers = numbered(body[1], name)
    numbers.pop("kCount", None)
    return {key.removeprefix("k"): value for key, value in numbers.items()}


def fields(package: str, name: str) -> list[str]:
    body = find(r"typedef struct packed \{([^{}]*)\}\s*" + name + r"\s*;", package, f"{PACKAGE}: {name}")
    return re.findall(r"(\w+)\s*;", body[1])


def differences(left: dict[str, int], right: dict[str, int], where: str) -> list[str]:
    """`left` is the package's."""
    found = []
    for name in [*left, *(name for name in right if name not in left)]:
        if name not in right:
            found.append(f"{where}: {name} is in SystemVerilog alone")
        elif name not in left:
            found.append(f"{where}: {name} is in C++ alone")
        elif left[name] != right[name]:
            found.append(f"{where}: {name} is {left[name]} in SystemVerilog and {right[name]} in C++")
    return found


def camel(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))


def check(root: pathlib.Path) -> tuple[int, list[str]]:
    """How many names were compared, and what differs."""
    def read(name: str) -> str:
        try:
            return COMMENT.sub("", (root / name).read_text())
        except OSError as error:
            raise Unreadable(f"{name} cannot be read: {error.strerror}") from error

    package = read(PACKAGE)
    compared, found = 0, []
    for sv_name, prefix, header, cpp_name in ENUMS:
        left = package_enum(package, sv_name)
        for name in left:
            if not name.startswith(prefix):
                raise Unreadable(f"{sv_name}: {name} does not begin with {prefix}")
        left = {name[len(prefix):]: number for name, number in left.items()}
        compared += len(left)
        found += differences(left, header_enum(read(header), header, cpp_name), f"{sv_name}, {cpp_name}")

    counters = header_enum(read(COUNTERS), COUNTERS, "Counter")
    for module, direction in DROPS:
        text = read(f"hw_model/rtl/{module}.sv")
        drops = re.findall(r"localparam logic \[\d+:0\] (Drop\w+)\s*=\s*\d+'d(\d+)", text)
        if not drops and "TraceFrameDropped" in text:
            found.append(f"{module} traces dropped frames without localparam logic [..] Drop... = N'd...")
        for name, number in drops:
            compared += 1
            counter = counters.get(direction + name)
            if counter != int(number):
                found.append(f"{module}: {name} is {number}; Counter k{direction}{name} is {counter}")

    bridge = read(BRIDGE)
    for structure, prefix, listed, size in LISTS:
        names = [name for name in fields(package, structure) if name != "errors"]
        compared += len(names)
        count = int(find(rf"\b{size} = (\d+)", bridge, f"{BRIDGE}: {size}")[1])
        if count != len(names):
            found.append(f"{structure} has {len(names)} counters; {size} is {count}")
        if not listed:
            continue
        body = find(rf"Counter {listed}\[\w*\] = \{{([^{{}}]*)\}}", bridge, f"{BRIDGE}: {listed}")[1]
        order = re.findall(r"Counter::k(\w+)", body)
        if order != [prefix + camel(name) for name in names][:len(order)] or not order:
            found.append(f"{structure} and {listed} are not in one order: {' '.join(names)}; {' '.join(order)}")
    errors = find(r"\[(\d+):0\]\[63:0\]\s*errors;", package, f"{PACKAGE}: errors")
    if int(errors[1]) + 1 != len(package_enum(package, "error_e")):
        found.append(f"host_counters_t has errors [{errors[1]}:0]; error_e has "
                     f"{len(package_enum(package, 'error_e'))} names")
    return compared, found


def main(arguments: list[str]) -> int:
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        compared, found = check(pathlib.Path(arguments[1]))
    except Unreadable as reason:
        print(reason)
        return 1
    for line in found:
        print(line)
    print(f"{compared} names, {len(found)} differences")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
