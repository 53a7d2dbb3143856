#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each check of the tree fires on a tree that is wrong, and is silent on one that is right."""

import contextlib
import io
import pathlib
import sys
import tempfile
import unittest

import check_generated
import check_includes
import check_numbers
import check_plan
import check_text

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
import rtl_interfaces  # noqa: E402

SPDX = "// SPDX-License-Identifier: Apache-2.0\n"


def write(root: pathlib.Path, name: str, text: str):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def run(main, *arguments) -> tuple[int, str]:
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        status = main(["check", *map(str, arguments)])
    return status, output.getvalue()


class TempTree(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="ringside-tree-")
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)


class Includes(TempTree):
    GOOD = {
        "formats/defs.h": "enum { A };\n",
        "formats/view.h": "namespace n {}\n",
        "hw_model/core/core.h": '#include "formats/view.h"\n#include <vector>\n',
        "hw_model/tlm/nic.h": '#include <systemc>\n#include "hw_model/core/core.h"\n',
        "hw_model/management/native.cpp": '#include "firmware/control.h"\n#include <systemc>\n',
        "hw_model/registers/regs.h": "enum { B };\n",
        "firmware/control.c": '#include "formats/defs.h"\n#include "hw_model/registers/regs.h"\n',
        "firmware/control.h": "struct control;\n",
        "host_driver/net_device.h": '#include "formats/view.h"\n',
        "host_driver/rings.h": '#include "host_driver/net_device.h"\n',
        "stack/netif.cpp": '#include "host_driver/net_device.h"\n',
        "stack/lwip/glue.c": '#include "glue.h"\n#include "lwip/tcp.h"\n',
        "stack/lwip/glue.h": "struct glue;\n",
        "testbench/bind.cpp": '#include "stack/netif.h"\n#include "hw_model/tlm/nic.h"\n#include <tlm>\n',
        "hw_model/rtl_bridge/card.cpp": "#include <Vnic_pins.h>\n#include <verilated.h>\n#include <systemc>\n",
        "tests/support/gtest.h": "#include <gtest/gtest.h>\n",
    }
    # One file each that breaks the rule, and what the message must name.
    BAD = (
        ("formats/bad.h", '#include "hw_model/core/core.h"', "formats must not include"),
        ("formats/sc.h", "#include <systemc>", "SystemC"),
        ("hw_model/core/bad.h", '#include "host_driver/rings.h"', "hw_model must not include"),
        ("hw_model/core/stack.h", '#include "stack/netif.h"', "hw_model must not include"),
        ("hw_model/core/fw.h", '#include "firmware/control.h"', "hw_model must not include"),
        ("hw_model/core/sc.cpp", "#  include <tlm_utils/simple_target_socket.h>", "SystemC"),
        ("hw_model/core/reach.cpp", '#include "hw_model/tlm/nic.h"', "hw_model/tlm/nic.h"),
        ("firmware/bad.c", '#include "formats/view.h"', "firmware must not include"),
        ("firmware/core.c", '#include "hw_model/core/core.h"', "firmware must not include"),
        ("host_driver/bad.cpp", '#include "stack/netif.h"', "host_driver must not include"),
        ("host_driver/hw.cpp", '#include "hw_model/core/core.h"', "host_driver must not include"),
        ("stack/bad.cpp", '#include "host_driver/rings.h"', "stack must not include"),
        ("stack/lwip_outside.cpp", "#include <lwip/tcp.h>", "lwIP"),
        ("testbench/bad.cpp", '#include "tests/support/gtest.h"', "testbench must not include"),
        ("tests/unit/bad.cpp", "#include <gtest/gtest.h>", "gtest"),
        ("testbench/rtl.cpp", "#include <Vnic_pins.h>", "Verilator's"),
        ("hw_model/tlm/rtl.cpp", "#include <verilated_fst_c.h>", "Verilator's"),
        ("stack/relative.cpp", '#include "nowhere.h"', "root of the repository"),
    )

    def setUp(self):
        super().setUp()
        for name, text in self.GOOD.items():
            write(self.root, name, text)

    def test_good_tree_passes(self):
        status, output = run(check_includes.main, self.root)
        self.assertEqual(status, 0, output)

    def test_each_violation_fires(self):
        for name, line, message in self.BAD:
            with self.subTest(name):
                write(self.root, name, f"\n{line}\n")
                status, output = run(check_includes.main, self.root)
                self.assertEqual(status, 1)
                self.assertIn(f"{name}:2: ", output)
                self.assertIn(message, output)
                self.assertIn(" 1 violations", output)
                (self.root / name).unlink()

    def test_empty_tree_fails(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(run(check_includes.main, folder)[0], 1)


class Text(TempTree):
    def test_good_file_passes(self):
        write(self.root, "a.h", SPDX + "// see out/run/summary.json and a/tmp/x\n")
        status, output = run(check_text.main, self.root)
        self.assertEqual(status, 0, output)

    def test_missing_licence(self):
        write(self.root, "a.cpp", "int a;\n")
        status, output = run(check_text.main, self.root)
        self.assertEqual(status, 1)
        self.assertIn("a.cpp:1:", output)

    def test_machine_paths_and_hosts(self):
        for text in ("/wo" + "rk/main", "x=/ho" + "me/me/x", "/t" + "mp/x", "'../sha" + "red/x'",
                     "https://de" + "b.debian.org/debian", "https://py" + "pi.org/simple"):
            with self.subTest(text):
                write(self.root, "page.md", f"fine\n{text}\n")
                status, output = run(check_text.main, self.root)
                self.assertEqual(status, 1)
                self.assertIn("page.md:2:", output)


class Plan(TempTree):
    GOOD = {"name": "a", "clauses": ["RFC 1"], "stimulus": "s", "checks": "c", "tests": ["t.A.*"],
            "seeds": 0}

    def violations(self, **changes) -> str:
        feature = {key: value for key, value in {**self.GOOD, **changes}.items() if value is not None}
        return "\n".join(check_plan.check({"feature": [feature]}, ["t.A.one", "u"]))

    def test_good_plan_passes(self):
        self.assertEqual(self.violations(), "")
        self.assertEqual(self.violations(tests=["u", r"t\.A\.(one|two)"]), "")

    def test_each_violation_fires(self):
        self.assertIn("no test is named 't.B'", self.violations(tests=["t.B"]))
        self.assertIn("no test is named 't.A'", self.violations(tests=["t.A"]))
        self.assertIn("without a test", self.violations(tests=[]))
        self.assertIn("regular expression", self.violations(tests=["("]))
        self.assertIn("no key 'checks'", self.violations(checks=None))
        self.assertIn("unknown key 'colour'", self.violations(colour="red"))
        self.assertIn("'stimulus' must be a text", self.violations(stimulus=" "))
        self.assertIn("'seeds'", self.violations(seeds=-1))
        self.assertIn("list of texts", self.violations(clauses="RFC 1"))
        self.assertIn("named twice", "\n".join(
            check_plan.check({"feature": [self.GOOD, self.GOOD]}, ["t.A.one"])))
        self.assertIn("no feature", "\n".join(check_plan.check({}, ["t"])))
        self.assertIn("no test", "\n".join(check_plan.check({"feature": [self.GOOD]}, [])))


class Generated(TempTree):
    def test_fires_on_a_difference_and_on_a_failing_generator(self):
        page = self.root / "page.md"
        page.write_text("one\n")
        say = [sys.executable, "-c"]
        self.assertEqual(run(check_generated.main, page, *say, "print('one')")[0], 0)
        status, output = run(check_generated.main, page, *say, "print('two')")
        self.assertEqual(status, 1)
        self.assertIn("+two", output)
        self.assertEqual(run(check_generated.main, page, *say, "raise SystemExit(3)")[0], 1)
        self.assertEqual(run(check_generated.main, self.root / "no.md", *say, "print('one')")[0], 1)


class Interfaces(TempTree):
    PACKAGE = """`define NIC_TAGS 4
  localparam int unsigned Tags = `NIC_TAGS;  // in flight
  typedef enum logic [1:0] {
    KindRead,
    KindWrite  // posted
  } kind_e;
  typedef struct packed {  // a request
    kind_e kind;
    logic [63:0] address;  // of the
                           // first byte
    // Counted from
    // the first.
    logic [7:0] number;
  } request_t;
"""
    CARD = """module nic_card (
  input  logic     clk,
  output request_t request  // one
);
  input logic inside
"""
    PAGE = """# Card
<!-- ports clk request -->
old
<!-- end -->
between
<!-- fields request_t -->
<!-- end -->
<!-- values kind_e -->
<!-- end -->
<!-- sizes -->
<!-- end -->
"""

    def fill(self, page: str) -> tuple[int, str, str]:
        write(self.root, "nic_pkg.sv", self.PACKAGE)
        write(self.root, "nic_card.sv", self.CARD)
        write(self.root, "page.md", page)
        error = io.StringIO()
        with contextlib.redirect_stderr(error):
            status, output = run(rtl_interfaces.main, self.root / "page.md", self.root)
        return status, output, error.getvalue()

    def test_tables(self):
        status, output, _ = self.fill(self.PAGE)
        self.assertEqual(status, 0)
        for row in ("| `clk` | input | `logic` | |", "| `request` | output | `request_t` | one |",
                    "| `address` | `logic [63:0]` | of the first byte |", "| `KindWrite` | 1 | posted |", "| `number` | `logic [7:0]` | Counted from the first. |",
                    "| `NIC_TAGS` | 4 | in flight |", "between"):
            self.assertIn(row + "\n", output)
        self.assertNotIn("old", output)
        self.assertEqual(self.fill(output)[1], output)

    def test_pins(self):
        write(self.root, "rtl/nic_pkg.sv", self.PACKAGE)
        write(self.root, "rtl/nic_card.sv", self.CARD)
        write(self.root, "rtl_bridge/card_pins.h", "inline constexpr unsigned kPorts = 3;\n")
        write(self.root, "rtl_bridge/card_pins.def", """#define OUT(type, name, bits, absent) PIN(type, name)
IN(uint8_t, clk, 1)
IN(uint64_t, now, 48)
OUT(uint8_t, valid, 1, kNeeded)
WIDE_IN(rx_data, kDataBits)
WIDE_OUT(record, 32 * kPorts, 0)
OUT(uint64_t, deadline, 48, kNeverCycle)
""")
        write(self.root, "page.md", self.PAGE + "<!-- pins -->\nold\n<!-- end -->\n")
        status, output = run(rtl_interfaces.main, self.root / "page.md", self.root / "rtl")
        self.assertEqual(status, 0)
        self.assertEqual(output.split("<!-- pins -->\n")[1].splitlines()[2:-1], [
            "| `clk` | input | 1 | **must be there** |", "| `now` | input | 48 | |",
            "| `valid` | output | 1 | **must be there** |", "| `rx_data` | input | 32 to 512: the datapath's | |",
            "| `record` | output | 96 | 0 |", "| `deadline` | output | 48 | all ones |"])

    def test_what_is_missing_fires(self):
        for there, becomes, message in (
                ("clk request", "request", "port clk of nic_card is on the page 0 times"),
                ("clk request", "clk request clk", "port clk of nic_card is on the page 2 times"),
                ("clk request", "clk request other", "nic_card has no port other"),
                ("request_t", "reply_t", "nic_pkg.sv has no struct reply_t"),
                ("kind_e", "reason_e", "nic_pkg.sv has no enum reason_e")):
            with self.subTest(message):
                status, output, error = self.fill(self.PAGE.replace(there, becomes))
                self.assertEqual((status, output), (1, ""))
                self.assertIn(message, error)


class Numbers(TempTree):
    GOOD = {
        check_numbers.PACKAGE: """
            typedef enum logic [3:0] { PurposeDoorbell, PurposePayload } purpose_e;  // PurposeConfig
            typedef enum logic [4:0] { ErrorDmaRead, ErrorDmaWrite } error_e;
            typedef enum logic [7:0] { TraceDoorbell, TraceReset = 8'd7, TraceIntx } trace_kind_e;
            typedef struct packed { logic [63:0] frames; logic [63:0] drop_short; } tx_counters_t;
            typedef struct packed { logic [63:0] frames; logic [63:0] drop_fcs; } rx_counters_t;
            typedef struct packed { logic [63:0] reads; } read_counters_t;
            typedef struct packed { logic [63:0] writes; } write_counters_t;
            typedef struct packed {
              logic [63:0] doorbells; logic [63:0] poisoned; logic [1:0][63:0] errors;
            } host_counters_t;""",
        "hw_model/pcie/purpose.h": "enum class Purpose : uint8_t { kDoorbell, kPayload, kCount };",
        check_numbers.COUNTERS: """
            enum class Counter : uint8_t { kTxFrames, kTxDropShort, kRxFrames, kRxDropFcs, kDoorbells, kCount };
            enum class DeviceError : uint8_t { kDmaRead, /* or */ kDmaWrite, kCount };""",
        "hw_model/trace/nic_trace.h": "enum class TraceKind : uint8_t { kDoorbell, kReset = 7, kIntx, kCount };",
        "hw_model/rtl/rx_engine.sv": "localparam logic [7:0] DropFcs = 8'd3; TraceFrameDropped",
        "hw_model/rtl/tx_path.sv": "",
        check_numbers.BRIDGE: """
            constexpr unsigned kTxFields = 2, kRxFields = 2, kReadFields = 1, kWriteFields = 1;
            constexpr unsigned kHostScalars = 2;
            constexpr Counter kTx[kTxFields] = {Counter::kTxFrames, Counter::kTxDropShort};
            constexpr Counter kRx[kRxFields] = {Counter::kRxFrames, Counter::kRxDropFcs};
            constexpr Counter kHost[] = {Counter::kDoorbells};""",
    }
    # File, what is there, what it becomes, and what the message must name.
    BAD = (
        (check_numbers.PACKAGE, "PurposeDoorbell, PurposePayload", "PurposePayload, PurposeDoorbell", "Doorbell is 1"),
        (check_numbers.PACKAGE, ", ErrorDmaWrite", "", "DmaWrite is in C++ alone"),
        (check_numbers.PACKAGE, "TraceIntx", "TraceMsix", "Msix is in SystemVerilog alone"),
        (check_numbers.PACKAGE, "8'd7", "8'd6", "Reset is 6 in SystemVerilog and 7"),
        (check_numbers.PACKAGE, "purpose_e", "reason_e", "purpose_e was not found"),
        (check_numbers.PACKAGE, "logic [63:0] reads;", "", "read_counters_t has 0 counters"),
        (check_numbers.PACKAGE, "logic [63:0] frames; logic [63:0] drop_fcs;",
         "logic [63:0] drop_fcs; logic [63:0] frames;", "rx_counters_t and kRx are not in one order"),
        (check_numbers.PACKAGE, "[1:0][63:0]", "[2:0][63:0]", "host_counters_t has errors [2:0]"),
        (check_numbers.COUNTERS, "kTxFrames,", "kTxFrames, kTxBytes,", "DropFcs is 3; Counter kRxDropFcs is 4"),
        ("hw_model/rtl/rx_engine.sv", "DropFcs", "Fcs", "rx_engine traces dropped frames without"),
        ("hw_model/rtl/tx_path.sv", "", "localparam logic [7:0] DropShort = 8'd2;", "DropShort is 2"),
        (check_numbers.BRIDGE, "kTxFields = 2", "kTxFields = 3", "kTxFields is 3"),
    )

    def setUp(self):
        super().setUp()
        for name, text in self.GOOD.items():
            write(self.root, name, text)

    def test_good_tree_passes(self):
        status, output = run(check_numbers.main, self.root)
        self.assertEqual((status, output), (0, "16 names, 0 differences\n"))

    def test_each_difference_fires(self):
        for name, there, becomes, message in self.BAD:
            with self.subTest(message):
                write(self.root, name, self.GOOD[name].replace(there, becomes))
                status, output = run(check_numbers.main, self.root)
                self.assertEqual(status, 1)
                self.assertIn(message, output)
                write(self.root, name, self.GOOD[name])


if __name__ == "__main__":
    unittest.main()
