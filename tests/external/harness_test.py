#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What these tests rely on fires: cells fail and time out, processes and interfaces go, frames and pages differ."""

import contextlib
import io
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import frames
import matrix

HERE = pathlib.Path(__file__).resolve().parent
SKIPPED = 77


class TempFolder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="ringside-external-")
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)


class Cells(TempFolder):
    """Scripts over lib.sh, as a test is one."""

    def start(self, body, *arguments):
        script = self.root / "probe.sh"
        script.write_text(f'#!/usr/bin/env bash\n. "{HERE}/lib.sh"\n{body}\nfinish\n')
        script.chmod(0o755)
        return subprocess.Popen([script, *arguments], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                env={**os.environ, "RINGSIDE_CELLS": str(self.root / "cells"), "TMPDIR": str(self.root)})

    def run_script(self, body, *arguments):
        process = self.start(body, *arguments)
        out, errors = process.communicate(timeout=60)
        if process.returncode == SKIPPED and "permission" in out:
            self.skipTest(out.strip())
        return process.returncode, out, errors

    def assert_no_process(self, marker):
        end = time.monotonic() + 5
        while time.monotonic() < end:
            alive = []
            for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
                with contextlib.suppress(OSError):
                    if marker.encode() in path.read_bytes():
                        alive.append(path)
            if not alive:
                return
            time.sleep(0.05)
        self.fail(f"still there: {alive}")

    def test_good_cells(self):
        status, out, _ = self.run_script('good() { detail "7 frames"; }\n'
                                         'both=("a: one | x" "a: two | y")\nmore() { passed 1; [ -z "$1" ]; }\n'
                                         'cell 5 "a: b" "what" good\nrun_cells 5 both more ""', "at")
        self.assertEqual(status, 0)
        self.assertIn("row: a: b | what\ncell: a: b | at | ok | 7 frames\n", out)
        self.assertIn("cell: a: one | at | ok | 1\n", out)
        self.assertIn("cell: a: two | at | ok | \n", out)
        cells, checks = matrix.read_cells(self.root / "cells")
        self.assertEqual(cells, {("a: b", "at"): "ok", ("a: one", "at"): "ok", ("a: two", "at"): "ok"})
        self.assertEqual(checks["a: two"], "y")

    def test_bad_cells(self):
        for body, detail in (("bad() { false; true; }", "exit status 1"),
                             ("bad() { fail too few; }", "too few"),
                             ("bad() { at_least 3 4 frames; }", "frames: only 3"),
                             ("bad() { same 3 4 frames; }", "frames: 3, not 4"),
                             ("bad() { same '' 4 frames; }", "frames: , not 4"),
                             ("bad() { wait_for 0 rain false; }", "waited in vain: rain"),
                             ("bad() { start x true; ask x hello world 1; }", "x ended: "),
                             ("bad() { sleep 60; }", "not done after 2 s")):
            with self.subTest(body=body):
                status, out, _ = self.run_script(f'{body}\ncell 2 "a: b" what bad\nmany=("a: c | x" "a: d | y")\n'
                                                 'run_cells 2 many bad')
                self.assertEqual(status, 1)
                self.assertIn(f"cell: a: b | lt | fail | {detail}", out)
                self.assertIn(f"cell: a: c | lt | fail | {detail}", out)
                self.assertIn("cell: a: d | lt | fail | not reached", out)

    def test_skipped_cells(self):
        status, out, _ = self.run_script('no() { need no-such-command; }\ncell 2 "a: b" what no')
        self.assertEqual(status, SKIPPED)
        self.assertIn("cell: a: b | lt | skipped | no-such-command is not installed", out)

    def test_nothing_stays(self):
        marker = f"4{os.getpid()}7"
        status, out, _ = self.run_script(
            f"leak() {{ start x sleep {marker}; setsid sleep {marker} & ip tuntap add dev tap7 mode tap; }}\n"
            'look() { ! ip link show dev tap7; }\ncell 5 "a: b" what leak\ncell 5 "a: c" what look')
        self.assertEqual(status, 0, out)
        self.assert_no_process(marker)

    def test_killed_script_leaves_nothing(self):
        for number in (signal.SIGTERM, signal.SIGKILL):
            with self.subTest(signal=number):
                marker = f"5{os.getpid()}{int(number)}"
                process = self.start(f'long() {{ start x sleep {marker}; echo started >"{self.root}/started"; '
                                     'sleep 50; }\ncell 60 "a: b" what long')
                end = time.monotonic() + 20
                while not (self.root / "started").exists() and process.poll() is None and time.monotonic() < end:
                    time.sleep(0.05)
                process.send_signal(number)
                out, _ = process.communicate(timeout=20)
                if process.returncode == SKIPPED:
                    self.skipTest(out.strip())
                self.assertTrue((self.root / "started").exists())
                (self.root / "started").unlink()
                self.assert_no_process(marker)


class Frames(TempFolder):
    def setUp(self):
        super().setUp()
        self.a, self.b = self.root / "a.pcap", self.root / "b.pcap"
        self.frames = [frames.frame(number) for number in range(300)]
        frames.write(self.a, self.frames)

    def compare(self, *options):
        with contextlib.redirect_stdout(io.StringIO()) as out:
            frames.compare(self.a, self.b, options)
        return out.getvalue()

    def test_equal(self):
        frames.write(self.b, self.frames)
        self.assertEqual(self.compare(), "300\n")
        frames.write(self.b, self.frames[::-1])
        self.assertEqual(self.compare("--any-order"), "300\n")
        frames.write(self.b, [data[6:12] + data[:6] + data[12:] for data in self.frames])
        self.assertEqual(self.compare("--swapped"), "300\n")

    def test_frames_differ_from_each_other(self):
        self.assertEqual(len(set(self.frames)), 300)

    def test_differences_fire(self):
        wrong = self.frames[7][:40] + bytes([self.frames[7][40] ^ 1]) + self.frames[7][41:]
        for changed in (self.frames[:-1], self.frames + self.frames[:1], [*self.frames[:7], wrong, *self.frames[8:]],
                        [*self.frames[:7], self.frames[7][:-1], *self.frames[8:]]):
            frames.write(self.b, changed)
            for options in ((), ("--any-order",)):
                with self.assertRaises(SystemExit):
                    self.compare(*options)
        frames.write(self.b, self.frames[::-1])
        with self.assertRaises(SystemExit):
            self.compare()
        frames.write(self.b, self.frames)
        with self.assertRaises(SystemExit):
            self.compare("--swapped")


class Matrix(TempFolder):
    GOOD = ("row: a: one | x\ncell: a: one | lt | ok | 5 frames\nrow: a: one | x\ncell: a: one | at | ok | \n"
            "row: a: two | y\ncell: a: two | lt | ok | 7\nrow: a: two | y\ncell: a: two | at | skipped | no permission\n")

    def run_main(self, *arguments):
        with contextlib.redirect_stdout(io.StringIO()) as out:
            status = matrix.main(["matrix.py", *map(str, arguments)])
        return status, out.getvalue()

    def check(self, text):
        (self.root / "a.cells").write_text(text)
        return self.run_main("check", self.root, self.root / "page.md")

    def setUp(self):
        super().setUp()
        (self.root / "a.cells").write_text(self.GOOD)
        self.assertEqual(self.run_main("write", self.root, self.root / "page.md")[0], 0)

    def test_same_and_skipped_pass(self):
        self.assertEqual(self.check(self.GOOD), (0, ""))
        self.assertEqual(self.check(self.GOOD.replace("| ok |", "| skipped |", 2))[0], 0)
        self.assertEqual(self.check(self.GOOD.replace("| ok |", "| skipped |"))[0], SKIPPED)
        self.assertEqual(self.check("")[0], SKIPPED)

    def test_differences_fire(self):
        for text in (self.GOOD.replace("one | at | ok", "one | at | fail"),
                     self.GOOD.replace("two | at | skipped", "two | at | ok"),
                     self.GOOD.replace("| y", "| z"),
                     self.GOOD.replace("two", "three"),
                     self.GOOD + "row: b: new | x\ncell: b: new | lt | ok | \n",
                     "\n".join(self.GOOD.splitlines()[:4]) + "\n"):
            status, out = self.check(text)
            self.assertEqual(status, 1, text)
            self.assertIn("is old", out)

    def test_no_page_is_old(self):
        (self.root / "page.md").unlink()
        self.assertEqual(self.check(self.GOOD)[0], 1)

    def test_count(self):
        self.assertEqual(self.run_main("count", self.root), (0, "3 of 3 cells are ok, 1 skipped\n"))
        (self.root / "a.cells").write_text(self.GOOD.replace("one | at | ok", "one | at | fail"))
        self.assertEqual(self.run_main("count", self.root),
                         (1, "fails: a: one, at\n2 of 3 cells are ok, 1 skipped\n"))


if __name__ == "__main__":
    unittest.main(argv=sys.argv)
