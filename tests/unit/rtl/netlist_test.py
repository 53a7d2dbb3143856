#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Figures of small netlists that are counted by hand.

Usage: netlist_test.py CMAKE_FOLDER
"""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(sys.argv.pop(1)).resolve()))
import netlist  # noqa: E402
import synth  # noqa: E402


class Builder:
    """A module of cells; wires are named by numbers, ports and nets by names."""

    def __init__(self):
        self.module = {"cells": {}, "ports": {}, "netnames": {}}

    def port(self, name: str, direction: str, *bits):
        self.module["ports"][name] = {"direction": direction, "bits": list(bits)}
        return self.net(name, *bits)

    def net(self, name: str, *bits, hidden=0):
        self.module["netnames"][name] = {"hide_name": hidden, "bits": list(bits)}
        return self

    def cell(self, kind: str, outputs: str, source="x.sv:1.1", **connections):
        outs = outputs.split()
        self.module["cells"][f"c{len(self.module['cells'])}"] = {
            "type": kind, "attributes": {"src": source}, "parameters": {},
            "port_directions": {port: "output" if port in outs else "input" for port in connections},
            "connections": {port: bits if isinstance(bits, list) else [bits]
                            for port, bits in connections.items()}}
        return self

    def flop(self, d, q, name: str):
        return self.cell("FDRE", "Q", C=1, CE="1", D=d, Q=q, R="0").net(name, q)

    def figures(self) -> netlist.Figures:
        return netlist.figures_of(self.module)


def path(figures: netlist.Figures) -> tuple:
    deepest = figures.deepest
    return deepest.levels, deepest.carries, deepest.start, deepest.end


class Levels(unittest.TestCase):
    def test_luts_count_and_muxes_and_inverters_do_not(self):
        figures = (Builder().flop(10, 11, "a").cell("LUT2", "O", I0=11, I1="1", O=12)
                   .cell("INV", "O", I=12, O=13).cell("LUT3", "O", source="/lib.v:3.1|y.sv:24.3-24.9", I0=13, O=14)
                   .cell("MUXF7", "O", source="x.sv:30.2", I0=14, I1="0", S="0", O=15).flop(15, 16, "b").figures())
        self.assertEqual(path(figures), (2, 0, "a", "b"))
        self.assertEqual(figures.deepest.via, ["x.sv:1", "y.sv:24", "x.sv:30"])
        self.assertEqual((figures.luts, figures.flip_flops), (2, 2))

    def test_a_carry_chain_is_one_level(self):
        chain = Builder().flop(90, 20, "a").cell("LUT2", "O", I0=20, O=21)
        chain.cell("CARRY4", "O CO", CI="0", CYINIT="0", S=[21, "0", "0", "0"], DI=[20, "0", "0", "0"],
                   O=[30, 31, 32, 33], CO=[34, 35, 36, 37])
        chain.cell("CARRY4", "O CO", CI=37, CYINIT="0", S=["0"] * 4, DI=["0"] * 4,
                   O=[40, 41, 42, 43], CO=[44, 45, 46, 47])
        self.assertEqual(path(chain.flop(43, 50, "b").figures()), (2, 2, "a", "b"))

    def test_a_carry_looks_at_its_lower_bits_only(self):
        # Bit 0 goes through a LUT to bit 1's select: a loop of the cell, but of no wire.
        figures = (Builder().flop(90, 20, "a")
                   .cell("CARRY4", "O CO", CI="0", CYINIT="0", S=[20, 31, "0", "0"], DI=["0"] * 4,
                         O=[30, 32, 33, 34], CO=[35, 36, 37, 38])
                   .cell("LUT1", "O", I0=30, O=31).flop(32, 50, "b").figures())
        self.assertEqual(path(figures), (3, 2, "a", "b"))

    def test_a_lut_ram_is_read_without_a_clock_and_written_with_one(self):
        ram = dict(ADDRA=[11], ADDRB=[12], DIA=[14], DOA=[13], DOB=[15], WCLK=1, WE=13)
        builder = (Builder().flop(90, 11, "a").cell("RAM32M16", "DOA DOB", **ram)
                   .cell("LUT1", "O", I0=13, O=14).cell("LUT1", "O", I0=14, O=16).flop(16, 17, "c"))
        # Far more levels lead to the address of a port whose output nobody uses.
        builder.flop(91, 40, "b")
        for wire in range(40, 50):
            builder.cell("LUT1", "O", I0=wire, O=wire + 1 if wire < 49 else 12)
        figures = builder.figures()
        self.assertEqual(path(figures), (3, 0, "a", "c"))
        self.assertEqual((figures.luts, figures.lut_ram), (20, 8))

    def test_block_rams_begin_and_end_paths(self):
        figures = (Builder().cell("RAMB36E2", "DOUT", DOUT=[10], ADDR=[13]).cell("LUT1", "O", I0=10, O=13)
                   .cell("RAMB18E2", "DOUT", DOUT=[14], ADDR=["0"]).cell("URAM288", "DOUT", DOUT=[15], ADDR=["0"])
                   .cell("DSP48E2", "P", P=[16], A=["0"]).net("word", 10).figures())
        self.assertEqual(path(figures), (1, 0, "word", "(RAMB36E2 of x.sv:1.1)"))
        self.assertEqual((figures.block_rams, figures.ultra_rams, figures.dsps), (1.5, 1, 1))

    def test_outputs_that_follow_inputs(self):
        figures = (Builder().port("in", "input", 10).port("other", "input", 11)
                   .cell("LUT2", "O", I0=10, I1=11, O=12).flop(11, 13, "state").port("out", "output", 12)
                   .port("kept", "output", 13).figures())
        self.assertEqual(figures.through, ["out < in other"])
        self.assertEqual(path(figures), (1, 0, "in", "out"))

    def test_unknown_cells_are_named(self):
        figures = Builder().cell("NEW1", "O", O=10).flop(10, 11, "a").figures()
        self.assertEqual(figures.unknown, ["NEW1"])


class Warnings(unittest.TestCase):
    def said(self, figures=None, left=()) -> list[str]:
        return synth.warnings_of(figures or netlist.Figures(), [synth.Memory(*each) for each in left])

    def test_memories_that_became_flip_flops(self):
        self.assertEqual(self.said(left=[("small", 32, 64)]), [])
        self.assertIn("memory big, 65 x 32 bits", "".join(self.said(left=[("big", 32, 65)])))

    def test_arrays_that_never_were_memories_are_named_once(self):
        figures = netlist.Figures(registers={f"rows[{k}]": 100 for k in range(30)} | {"wide": 2049, "word": 512})
        self.assertEqual(self.said(figures), ["rows is 3000 flip-flops", "wide is 2049 flip-flops"])
        self.assertEqual(len(self.said(figures, left=[("rows", 100, 30), ("wide", 1, 2049)])), 2)

    def test_long_paths(self):
        deep = netlist.Figures(deepest=netlist.Path(21, 2, "a", "b", ["x.sv:3"]))
        self.assertEqual(self.said(deep), ["21 levels from a to b, by x.sv:3"])
        self.assertEqual(self.said(netlist.Figures(deepest=netlist.Path(20, 9, "a", "b"))), [])

    def test_a_ready_that_follows_a_valid(self):
        figures = netlist.Figures(through=["out_ready < in_valid state", "a_ready < state", "b_valid < c_valid",
                                            "one_ready < other_ready"])
        self.assertEqual(self.said(figures), ["out_ready follows in_valid in the same cycle",
                                              "one_ready follows other_ready in the same cycle"])


if __name__ == "__main__":
    unittest.main()
