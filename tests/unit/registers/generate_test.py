#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The register generator: all four outputs say the same, and each wrong description is refused.

Usage: generate_test.py FOLDER C_COMPILER CXX_COMPILER; FOLDER holds generate.py and the descriptions.
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

FOLDER, C_COMPILER, CXX_COMPILER = map(pathlib.Path, sys.argv[1:4])

GOOD = '''
[block]
name = "sample"
title = "Sample"
prefix = "smp"
cpp = "Sample"
bytes = 0x40
description = "A block."
[[constant]]
name = "answer"
value = 42
width = 8
description = "What it is."
[[enum]]
name = "mood"
prefix = "mood"
description = "How it is."
[[enum.value]]
name = "calm"
value = 1
description = "All is well."
[[enum.value]]
name = "cross"
value = 5
description = "It is not."
[[window]]
name = "table"
offset = 0x20
bytes = 0x20
description = "Entries."
[[register]]
name = "state"
offset = 0x0
access = "ro"
enum = "mood"
description = "Its mood."
[[register]]
name = "range"
offset = 0x4
access = "rw"
description = "From and to."
[[register.field]]
name = "first"
lsb = 4
width = 4
description = "From."
[[register.field]]
name = "last"
lsb = 31
width = 1
description = "To."
[[register]]
name = "word"
offset = 0x8
count = 3
access = "wo"
description = "Words."
[[register]]
name = "half"
offset = 0x16
width = 16
access = "rw"
description = "Half a word."
'''

# (what is replaced in GOOD, by what, what the one line must say)
BAD = [
    ("offset = 0x4\n", "offset = 0x0\n", "'range' at byte 0x0 overlaps 'state', which ends at 0x4"),
    ("offset = 0x16\n", "offset = 0x12\n", "'half' at byte 0x12 overlaps 'word', which ends at 0x14"),
    ("offset = 0x20\n", "offset = 0x10\n", "'table' at byte 0x10 overlaps 'word', which ends at 0x14"),
    ("offset = 0x4\n", "offset = 0x5\n", "'offset' 0x5 is no multiple of its 4 bytes"),
    ("bytes = 0x40\n", "bytes = 0x3F\n", "'table' ends at 0x40, behind the block's 0x3f bytes"),
    ("bytes = 0x20\n", "bytes = 0\n", "window 'table' has no bytes"),
    ("lsb = 31\n", "lsb = 7\n", "'last' at bit 0x7 overlaps 'first', which ends at 0x8"),
    ("lsb = 31\n", "lsb = 32\n", "field 'last' ends above bit 31"),
    ("width = 4\n", "width = 0\n", "field 'first' has no bits"),
    ("width = 16\n", "width = 24\n", "'width' is 24; expected one of (8, 16, 32, 64)"),
    ("value = 42\n", "value = 256\n", "constant 'answer': 0x100 does not fit in 8 bits"),
    ("value = 42\n", "value = -1\n", "constant 'answer': 'value' is negative"),
    ("value = 42\n", 'value = "42"\n', "constant 'answer': 'value' is not a number"),
    ("value = 42\n", "value = true\n", "constant 'answer': 'value' is not a number"),
    ("value = 42\n", "", "constant 'answer': 'value' is missing"),
    ("value = 5\n", "value = 1\n", "enum 'mood': '1' is there twice"),
    ('name = "cross"', 'name = "calm"', "enum 'mood': 'calm' is there twice"),
    ('name = "range"', 'name = "state"', "register: 'state' is there twice"),
    ('name = "last"', 'name = "first"', "register 'range': 'first' is there twice"),
    ('name = "range"', 'name = "Range"', "'name' is not of lower-case letters"),
    ('name = "word"', 'name = "answer"', "sv name: 'SMP_ANSWER' is there twice"),
    ('name = "calm"', 'name = "state"', "cpp name: 'kState' is there twice"),
    ('access = "wo"', 'access = "w1"', "'access' is 'w1'; expected one of ro, wo, rw"),
    ('enum = "mood"', 'enum = "food"', "'enum' names 'food', which is not there"),
    ("count = 3\n", "count = 0\n", "'count' is 0"),
    ("count = 3\n", "cuont = 3\n", "register 'word': unknown key 'cuont'; known are access, count, "),
    ('title = "Sample"\n', 'title = "Sample"\ncolour = "red"\n', "unknown key 'colour'"),
    ('description = "Its mood."', 'description = ""', "'description' is empty"),
    ('description = "Its mood."', 'description = "a */ b"', "would end a comment of C"),
    ("[[window]]", "[window]", "'window' is not a list of tables"),
    ("[[window]]", "[[widnow]]", "unknown key 'widnow'"),
    ("[block]", "[clock]", "there is no [block]"),
    ('cpp = "Sample"', 'cpp = "a sample"', "'cpp' is not the name of a structure"),
    ('prefix = "smp"', 'prefix = "S"', "'prefix' is not a lower-case name"),
    ("offset = 0x4\n", "offset = 0x4 0x8\n", "sample.toml: Expected newline"),
]


def generate(*arguments) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, FOLDER / "generate.py", *map(str, arguments)], check=False,
                          capture_output=True, text=True)


class Temporary(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="ringside-registers-")
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def description(self, text: str) -> pathlib.Path:
        path = self.root / "sample.toml"
        path.write_text(text)
        return path

    def compile(self, compiler: pathlib.Path, flags: list[str], name: str, text: str) -> str:
        """What the program of `text` prints."""
        (self.root / name).write_text(text)
        program = self.root / "program"
        subprocess.run([compiler, *flags, "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-I", self.root,
                        "-o", program, self.root / name], check=True)
        return subprocess.run([program], check=True, capture_output=True, text=True).stdout


class Outputs(Temporary):
    def test_c(self):
        header = self.root / "sample.h"
        result = generate("c", self.description(GOOD), "--out", header)
        self.assertEqual((result.returncode, result.stdout, result.stderr), (0, "", ""))
        printed = self.compile(C_COMPILER, ["-std=c11"], "main.c", '''
#include "sample.h"
#include <stdio.h>
int main(void) {
  enum rs_mood mood = RS_MOOD_CROSS;
  printf("%u %u %u %u %u %u %u %x %u %x %u %u %u %d\\n", RS_SMP_SIZE, RS_SMP_ANSWER, RS_SMP_TABLE,
         RS_SMP_TABLE_BYTES, RS_SMP_STATE, RS_SMP_RANGE, RS_SMP_RANGE_FIRST_SHIFT, RS_SMP_RANGE_FIRST_MASK,
         RS_SMP_RANGE_LAST_SHIFT, RS_SMP_RANGE_LAST_MASK, RS_SMP_WORD, RS_SMP_WORD_COUNT, RS_SMP_HALF, (int)mood);
  return 0;
}
''')
        self.assertEqual(printed, "64 42 32 32 0 4 4 f0 31 80000000 8 3 22 5\n")

    def test_cpp(self):
        header = self.root / "sample.hpp"
        self.assertEqual(generate("cpp", self.description(GOOD), "--out", header).returncode, 0)
        printed = self.compile(CXX_COMPILER, ["-std=c++20"], "main.cpp", '''
#include "sample.hpp"
#include <cstdio>
using ringside::hw::Sample;
static_assert(Sample::kRangeFirstMask == 0xF0 && Sample::kRangeLastMask == 0x8000'0000 && sizeof(Sample::kAnswer) == 1);
static_assert(Sample::kCross == 5 && sizeof(Sample::Mood) == 4);
int main() {
  std::printf("%u %u %u %u %u %u %u %u %u %u %u\\n", Sample::kSize, unsigned{Sample::kAnswer}, Sample::kTable,
              Sample::kTableBytes, Sample::kState, Sample::kRange, Sample::kRangeFirstShift,
              Sample::kRangeLastShift, Sample::kWord, Sample::kWordCount, Sample::kHalf);
}
''')
        self.assertEqual(printed, "64 42 32 32 0 4 4 31 8 3 22\n")

    def test_system_verilog(self):
        text = generate("sv", self.description(GOOD)).stdout
        found = dict(re.findall(r"^\s*localparam [a-z ]*(?:\[\d+:0\] )?(\w+) = ([^;]+);$", text, re.M))
        self.assertEqual(found, {
            "SMP_SIZE": "32'h40", "SMP_ANSWER": "8'h2A", "SMP_TABLE": "16'h20", "SMP_TABLE_BYTES": "32'h20",
            "SMP_STATE": "16'h0", "SMP_RANGE": "16'h4", "SMP_RANGE_FIRST_LSB": "4", "SMP_RANGE_FIRST_WIDTH": "4",
            "SMP_RANGE_LAST_LSB": "31", "SMP_RANGE_LAST_WIDTH": "1", "SMP_WORD": "16'h8", "SMP_WORD_COUNT": "3",
            "SMP_HALF": "16'h16"})
        self.assertIn("typedef enum logic [31:0] {\n    MOOD_CALM = 32'd1,\n    MOOD_CROSS = 32'd5\n  } mood_e;", text)

    @unittest.skipUnless(shutil.which("verilator"), "Verilator is not installed")
    def test_system_verilog_is_clean_under_verilator(self):
        package = self.root / "ringside_regs_pkg.sv"
        self.assertEqual(generate("sv", *sorted(FOLDER.glob("*.toml")), "--out", package).returncode, 0)
        (self.root / "top.sv").write_text('''
module top import ringside_regs_pkg::*; (input logic [15:0] address, output event_kind_e kind);
  assign kind = address == MGMT_EVENT_KIND ? EVENT_CONTROL : EVENT_NONE;
endmodule
''')
        result = subprocess.run(["verilator", "--lint-only", "-Wall", "-Wno-DECLFILENAME", package, self.root / "top.sv"],
                                check=False, capture_output=True, text=True)
        self.assertEqual((result.returncode, result.stderr), (0, ""))

    def test_markdown(self):
        text = generate("markdown", self.description(GOOD)).stdout
        for line in ("| `answer` | 0x2a | What it is. |", "| 0x0020 | 0x20 | `table` | Entries. |",
                     "| 0x000 | `state` | read | 31:0 | Its mood. One of [`mood`](#mood). |",
                     "|  | `first` |  | 7:4 | From. |", "|  | `last` |  | 31 | To. |",
                     "| 0x008 | `word` × 3 | write | 31:0 | Words. |", "| 5 | `cross` | It is not. |"):
            self.assertIn(f"\n{line}\n", text)

    def test_an_output_that_is_up_to_date_is_left_alone(self):
        header = self.root / "sample.h"
        path = self.description(GOOD)
        generate("c", path, "--out", header)
        header.chmod(0o400)
        before = header.stat().st_mtime_ns
        self.assertEqual(generate("c", path, "--out", header).returncode, 0)
        self.assertEqual(header.stat().st_mtime_ns, before)


class BadDescriptions(Temporary):
    def refused(self, message: str, *arguments):
        result = generate(*arguments)
        self.assertEqual(result.returncode, 2)
        self.assertEqual(result.stdout, "")
        self.assertEqual(result.stderr.count("\n"), 1, result.stderr)
        self.assertTrue(result.stderr.startswith("generate.py: "), result.stderr)
        self.assertIn(message, result.stderr)

    def test_each_is_refused_in_one_line(self):
        for old, new, message in BAD:
            with self.subTest(new.strip()):
                self.assertIn(old, GOOD)
                path = self.description(GOOD.replace(old, new, 1))
                self.refused(message, "c", path, "--out", self.root / "never.h")
                self.assertFalse((self.root / "never.h").exists())

    def test_files(self):
        self.refused("nowhere.toml: No such file", "sv", self.root / "nowhere.toml")
        path = self.description(GOOD)
        self.refused("'sample' is there twice", "sv", path, path)
        self.refused("No such file", "sv", path, "--out", self.root / "nowhere" / "a.sv")
        (self.root / "binary.toml").write_bytes(b"\xff\xfe")
        self.refused("binary.toml", "sv", self.root / "binary.toml")

    def test_names_of_two_blocks_meet(self):
        other = self.root / "other.toml"
        other.write_text(GOOD.replace('name = "sample"', 'name = "other"'))
        self.refused("'SMP_SIZE' is there twice", "sv", self.description(GOOD), other)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
