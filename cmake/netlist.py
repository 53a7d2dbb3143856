# SPDX-License-Identifier: Apache-2.0
"""Figures of a netlist of UltraScale+ cells, as Yosys writes it (write_json).

Levels of a path: each LUT and each read of a LUT RAM is one, a carry chain is one however long it is, and
the multiplexers behind LUTs (MUXF) and inverters, which LUTs take in, are none. Paths begin at registers,
block RAMs and input ports, and end there.
"""

import collections
import dataclasses
import re

# LUTs that a cell takes. One SLICEM LUT holds 64 bits of RAM or 32 bits of a shift register.
LUT_RAM = {
    "RAM32X1S": 1, "RAM32X1D": 2, "RAM64X1S": 1, "RAM64X1D": 2, "RAM128X1S": 2, "RAM128X1D": 4,
    "RAM256X1S": 4, "RAM256X1D": 8, "RAM512X1S": 8, "RAM32M": 4, "RAM64M": 4, "RAM32M16": 8, "RAM64M8": 8,
    "RAM32X16DR8": 8, "RAM64X8SW": 8, "SRL16": 1, "SRL16E": 1, "SRLC16E": 1, "SRLC32E": 1,
}
BLOCK_RAM = {"RAMB18E2": 0.5, "RAMB36E2": 1.0, "RAMB18E1": 0.5, "RAMB36E1": 1.0}
FLIP_FLOP = re.compile(r"FD[RSCP]E(_1)?|LD[CP]E")
LUT = re.compile(r"LUT[1-6](_2)?")
# Outputs follow every input in the same cycle, and count nothing.
PLAIN = re.compile(r"INV|BUF|\$buf|\$pos|\$_BUF_|MUXF[789]|MUXCY|XORCY|IBUF|OBUF|BUFG")
ADDRESS = re.compile(r"ADDR([A-H]|)|A|A\d|DPRA|DPRA\d|DPR")
# Constant, and nothing to follow.
CONSTANT = {"VCC", "GND"}


@dataclasses.dataclass
class Path:
    """A longest path; names are those of registers and ports."""
    levels: int = 0
    carries: int = 0
    start: str = ""
    end: str = ""
    via: list[str] = dataclasses.field(default_factory=list)  # lines of cells whose source is known


@dataclasses.dataclass
class Figures:
    luts: int = 0
    lut_ram: int = 0  # of the LUTs
    flip_flops: int = 0
    block_rams: float = 0  # of 36 kbit
    ultra_rams: int = 0
    dsps: int = 0
    deepest: Path = dataclasses.field(default_factory=Path)
    registers: dict[str, int] = dataclasses.field(default_factory=dict)  # name: flip-flops
    through: list[str] = dataclasses.field(default_factory=list)  # "output < input input"
    unknown: list[str] = dataclasses.field(default_factory=list)  # cells that count nowhere


def is_lut_ram_read(kind: str, port: str) -> bool:
    """Whether outputs of a LUT RAM follow this input without a clock."""
    return kind in LUT_RAM and ADDRESS.fullmatch(port) is not None


class Netlist:
    """One flat module."""

    def __init__(self, module: dict):
        self.module = module
        self.cells = module["cells"]
        self.names = self._names()
        self.figures = Figures()
        self.driver: dict[int, tuple[str, str, int]] = {}  # bit: cell, port, index
        self.inputs: dict[int, str] = {}  # bit: input port
        self.unknown: set[str] = set()
        for name, port in module.get("ports", {}).items():
            if port["direction"] == "input":
                self.inputs |= {bit: name for bit in port["bits"]}
        for name, cell in self.cells.items():
            directions = cell["port_directions"]
            for port, bits in cell["connections"].items():
                if directions[port] == "output":
                    for index, bit in enumerate(bits):
                        self.driver[bit] = (name, port, index)

    def _names(self) -> dict[int, str]:
        """What each bit is called: of several public names the one of the widest net."""
        chosen: dict[int, tuple[int, str]] = {}
        for name, net in self.module.get("netnames", {}).items():
            if net["hide_name"]:
                continue
            for bit in net["bits"]:
                if isinstance(bit, int) and chosen.get(bit, (0, ""))[0] < len(net["bits"]):
                    chosen[bit] = (len(net["bits"]), name)
        return {bit: name for bit, (_, name) in chosen.items()}

    def name_of(self, bit: int) -> str:
        if bit in self.inputs:
            return self.inputs[bit]
        if bit in self.names:
            return self.names[bit]
        cell = self.cells[self.driver[bit][0]] if bit in self.driver else {}
        return f"({cell.get('type', '?')} of {source_of(cell)})"

    def count(self):
        figures = self.figures
        registers: collections.Counter[str] = collections.Counter()
        for cell in self.cells.values():
            kind = cell["type"]
            if kind in LUT_RAM:
                figures.luts += LUT_RAM[kind]
                figures.lut_ram += LUT_RAM[kind]
            elif LUT.fullmatch(kind):
                figures.luts += 1
            elif FLIP_FLOP.fullmatch(kind):
                figures.flip_flops += 1
                registers[self.name_of(cell["connections"]["Q"][0])] += 1
            elif kind in BLOCK_RAM:
                figures.block_rams += BLOCK_RAM[kind]
            elif kind.startswith("URAM288"):
                figures.ultra_rams += 1
            elif kind.startswith("DSP48"):
                figures.dsps += 1
        figures.registers = dict(registers.most_common())

    def fan_in(self, bit: int) -> tuple[list[int], int, int]:
        """Bits that `bit` follows in the same cycle, and what the cell between counts: levels, carries.

        No bits: it begins a path. The levels of a carry chain are counted where it is entered.
        """
        if bit not in self.driver:
            return [], 0, 0
        name, port, index = self.driver[bit]
        cell = self.cells[name]
        kind, directions, connections = cell["type"], cell["port_directions"], cell["connections"]
        if kind in ("CARRY4", "CARRY8"):
            bits = [*connections["CI"], *connections.get("CYINIT", connections.get("CI_TOP", []))]
            bits += connections["S"][:index + 1]
            bits += connections["DI"][:index + (port == "CO")]
            return bits, 0, 1
        if kind in LUT_RAM:
            letter = port[2:] if re.fullmatch(r"DO[A-H]", port) else ""
            bits = []
            for source, wires in connections.items():
                follows = is_lut_ram_read(kind, source) and directions[source] == "input"
                if follows and (not letter or source == "ADDR" + letter):
                    bits += wires
            return bits, 1, 0
        if LUT.fullmatch(kind) or PLAIN.fullmatch(kind):
            bits = [wire for source, wires in connections.items() if directions[source] == "input"
                    for wire in wires]
            return bits, 1 if LUT.fullmatch(kind) else 0, 0
        registered = (FLIP_FLOP.fullmatch(kind) or kind in BLOCK_RAM or kind in CONSTANT or
                      kind.startswith(("URAM288", "DSP48")))
        if not registered:
            self.unknown.add(kind)
        return [], 0, 0

    def _is_carry(self, bit: int) -> bool:
        return bit in self.driver and self.cells[self.driver[bit][0]]["type"].startswith("CARRY")

    def arrive(self):
        """For each bit: levels and carry cells of its longest path, the bit before it, its inputs."""
        self.arrival: dict[int, tuple[int, int]] = {}
        self.before: dict[int, int | None] = {}
        self.from_inputs: dict[int, frozenset[str]] = {}
        none: frozenset[str] = frozenset()
        busy: set[int] = set()
        for root in [*self.driver, *self.inputs]:
            if not isinstance(root, int) or root in self.arrival:
                continue
            stack = [(root, False)]
            while stack:
                bit, ready = stack.pop()
                if bit in self.arrival or (not ready and bit in busy):
                    continue
                sources, levels, carries = self.fan_in(bit)
                sources = [source for source in sources if isinstance(source, int)]
                if not ready:
                    busy.add(bit)
                    stack.append((bit, True))
                    stack += [(source, False) for source in sources
                              if source not in self.arrival and source not in busy]
                    continue
                best, chosen, inputs = (0, 0), None, none
                if bit in self.inputs:
                    inputs = frozenset((self.inputs[bit],))
                for source in sources:
                    at = self.arrival.get(source)
                    if at is None:
                        continue  # a loop of cells taken as wholes; its wires make none
                    entry = 1 if carries and not self._is_carry(source) else 0
                    # A carry's sum or LUT on the way out is that of the next cell.
                    there = (at[0] + levels + entry, at[1] + carries)
                    if chosen is None or there > best:
                        best, chosen = there, source
                    inputs |= self.from_inputs.get(source, none)
                self.arrival[bit], self.before[bit], self.from_inputs[bit] = best, chosen, inputs
                busy.discard(bit)

    def ends(self):
        """(bit, name of what it ends at) of every path's end."""
        for name, port in self.module.get("ports", {}).items():
            if port["direction"] != "input":
                for bit in port["bits"]:
                    yield bit, name
        for cell in self.cells.values():
            kind = cell["type"]
            is_end = FLIP_FLOP.fullmatch(kind) or kind in BLOCK_RAM or kind in LUT_RAM
            if not is_end and not kind.startswith(("URAM288", "DSP48")):
                continue
            name = self.name_of(cell["connections"]["Q"][0]) if "Q" in cell["connections"] else \
                f"({kind} of {source_of(cell)})"
            for port, bits in cell["connections"].items():
                if cell["port_directions"][port] == "input" and not is_lut_ram_read(kind, port):
                    for bit in bits:
                        yield bit, name

    def paths(self):
        self.arrive()
        deepest, last = Path(), None
        for bit, name in self.ends():
            at = self.arrival.get(bit, (0, 0)) if isinstance(bit, int) else (0, 0)
            if at > (deepest.levels, deepest.carries):
                deepest, last = Path(*at, end=name), bit
        lines = []
        while last is not None:
            deepest.start = self.name_of(last)
            lines.append(source_of(self.cells[self.driver[last][0]]) if last in self.driver else "?")
            last = self.before.get(last)
        # FILE:LINE.COLUMN-LINE.COLUMN; mapped LUTs have none.
        deepest.via = list(dict.fromkeys(line.split(".sv:")[0] + ".sv:" + line.split(".sv:")[1].split(".")[0]
                                         for line in reversed(lines) if ".sv:" in line))
        self.figures.deepest = deepest
        for name, port in sorted(self.module.get("ports", {}).items()):
            if port["direction"] == "input":
                continue
            reached = set().union(*(self.from_inputs.get(bit, ()) for bit in port["bits"]))
            if reached:
                self.figures.through.append(f"{name} < {' '.join(sorted(reached))}")


def source_of(cell: dict) -> str:
    """File and line of a cell, without those of the libraries."""
    sources = cell.get("attributes", {}).get("src", "")
    own = [part for part in sources.split("|") if not part.startswith("/")]
    return own[0] if own else "?"


def figures_of(module: dict) -> Figures:
    netlist = Netlist(module)
    netlist.count()
    netlist.paths()
    netlist.figures.unknown = sorted(netlist.unknown)
    return netlist.figures
