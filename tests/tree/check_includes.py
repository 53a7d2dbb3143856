#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The include rule: which folder may include which, read from the include lines.

Usage: check_includes.py ROOT. Prints one line per violation; exit status 1 if there is any.
"""

import pathlib
import re
import sys

import tree_files

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^">]+)[">]')
SOURCES = {".h", ".hpp", ".c", ".cpp", ".S"}

# What each folder may include besides itself; a trailing slash is a folder.
ALLOWED = {
    "formats": (),
    "hw_model": ("formats/",),
    "host_driver": ("formats/",),
    "stack": ("formats/", "host_driver/net_device.h", "host_driver/platform.h", "host_driver/cost.h"),
    "testbench": tuple(layer + "/" for layer in tree_files.LAYERS),
}
# Firmware is C: of formats it may include what a C compiler takes.
FIRMWARE_ALLOWED = ("firmware/", "hw_model/registers/")
CPP_ONLY = re.compile(r"^\s*(namespace|template|class|using|constexpr|inline constexpr)\b", re.M)

# The control plane compiled for the host is called from here, through its C interface alone.
EXCEPTIONS = {"hw_model/management/": ("firmware/",)}

SYSTEMC = re.compile(r"^(systemc(\.h)?$|tlm(\.h)?$|tlm_utils/|tlm_core/|sysc/)")
SYSTEMC_FOLDERS = ("hw_model/tlm/", "hw_model/rtl_bridge/", "hw_model/pcie/", "hw_model/wire/",
                   "hw_model/management/", "testbench/")
LWIP = re.compile(r"^(lwip|netif|arch)/")
LWIP_FOLDER = "stack/lwip/"
VERILATED = re.compile(r"^(V[a-z]\w*\.h|verilated\w*\.h)$")
VERILATED_FOLDER = "hw_model/rtl_bridge/"
TEST_HEADER = "tests/support/gtest.h"


def include_lines(path: pathlib.Path):
    """(line number, bracket, included name) of every include line."""
    for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match[1], match[2]


class Checker:
    def __init__(self, root: pathlib.Path):
        self.root = root
        self.violations: list[str] = []
        self.includes: dict[str, list[tuple[int, str]]] = {}
        self.systemc: dict[str, int] = {}

    def run(self) -> int:
        """Checks every source file; the number of them."""
        names = [path.relative_to(self.root).as_posix() for path in tree_files.tracked(self.root)
                 if path.suffix in SOURCES]
        for name in names:
            self.includes[name] = []
            for number, bracket, included in include_lines(self.root / name):
                self.check_line(name, number, bracket, included)
        for name in names:
            self.check_reach_of_systemc(name)
        return len(names)

    def fail(self, name: str, number: int, text: str):
        self.violations.append(f"{name}:{number}: {text}")

    def check_line(self, name: str, number: int, bracket: str, included: str):
        if SYSTEMC.match(included):
            self.systemc.setdefault(name, number)
        if LWIP.match(included) and not name.startswith(LWIP_FOLDER):
            self.fail(name, number, f"lwIP's {included} is included outside {LWIP_FOLDER}")
        if (VERILATED.match(included) and not name.startswith(VERILATED_FOLDER)
                and name.split("/")[0] in tree_files.LAYERS):
            self.fail(name, number, f"Verilator's {included} is included outside {VERILATED_FOLDER}")
        if included == "gtest/gtest.h" and name != TEST_HEADER:
            self.fail(name, number, f"gtest/gtest.h is included directly; include {TEST_HEADER}")
        if bracket != '"' or LWIP.match(included):
            return
        if "/" not in included:
            # Beside the including file: the same folder, so there is nothing to check.
            if not (self.root / name).with_name(included).is_file():
                self.fail(name, number, f"{included} is not named from the root of the repository")
            return
        self.includes[name].append((number, included))
        self.check_layer(name, number, included)

    def check_layer(self, name: str, number: int, included: str):
        layer = name.split("/")[0]
        if layer not in tree_files.LAYERS:
            return
        for folder, also in EXCEPTIONS.items():
            if name.startswith(folder) and included.startswith(also):
                return
        if layer == "firmware":
            ok = included.startswith(FIRMWARE_ALLOWED) or self.is_c_format(included)
        else:
            ok = included.startswith((layer + "/", *ALLOWED[layer]))
        if not ok:
            self.fail(name, number, f"{layer} must not include {included}")

    def is_c_format(self, included: str) -> bool:
        path = self.root / included
        return (included.startswith("formats/") and path.is_file()
                and not CPP_ONLY.search(path.read_text()))

    def check_reach_of_systemc(self, name: str):
        """No file outside the SystemC folders may reach SystemC, also not through other headers."""
        if name.split("/")[0] not in tree_files.LAYERS or name.startswith(SYSTEMC_FOLDERS):
            return
        seen = {name}
        queue = [(name, 0, name)]
        while queue:
            current, first_line, trail = queue.pop()
            if current in self.systemc:
                line = first_line or self.systemc[current]
                self.fail(name, line, f"SystemC is reached outside its folders: {trail}")
                return
            for number, included in self.includes.get(current, ()):
                if included not in seen:
                    seen.add(included)
                    queue.append((included, first_line or number, f"{trail} -> {included}"))


def main(arguments: list[str]) -> int:
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    checker = Checker(pathlib.Path(arguments[1]).resolve())
    count = checker.run()
    for violation in checker.violations:
        print(violation)
    if count == 0:
        print("no source file found")
        return 1
    print(f"{count} files, {len(checker.violations)} violations")
    return 1 if checker.violations else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
