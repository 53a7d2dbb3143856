# SPDX-License-Identifier: Apache-2.0
"""What is known about clauses of the virtio standard: which are in scope, which tests cite them, which
do not apply and why, and which faults of card and driver break them.

Ids are those of a table of virtio 1.4's normative statements that is kept outside this tree (column
`id`); RINGSIDE_CONFORMANCE_CSV names it. ids.txt holds the ids, so that all but the comparison with
that table works without it.

A test cites clauses in comment lines of their own right above it, ids alone, up to 100 columns:

    // Prose, if any.
    // CLAUSES: STS-D-001, STS-D-002
    // CLAUSES: RST-D-002
    TEST(Suite, Name) {
"""

import csv
import dataclasses
import os
import pathlib
import re
import tomllib

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = "tests/conformance"
AREAS = {
    "STS": "device status", "FEA": "feature bits", "RST": "device reset",
    "CFG": "device configuration space", "VQR": "virtqueue reset", "VQS": "split virtqueues",
    "INI": "initialization", "CLN": "cleanup", "RSV": "reserved feature bits", "PCI": "PCI, general",
    "PDI": "PCI discovery", "PLY": "PCI access widths", "PCP": "PCI virtio capabilities",
    "PCC": "common configuration", "PNC": "notification capability", "PIS": "ISR status",
    "PDC": "device-specific configuration", "PCA": "PCI configuration access",
    "PNT": "non-transitional and legacy", "PMX": "MSI-X", "PAN": "available notifications",
    "PUN": "used notifications", "PCN": "configuration notifications", "NFB": "net feature bits",
    "NCF": "net configuration", "NRB": "receive buffers", "NTX": "transmit", "NRX": "receive processing",
}
ID = re.compile(r"\b[A-Z]{3}-[DR]-\d{3}\b")
IDS_ALONE = re.compile(r"// CLAUSES: [A-Z]{3}-[DR]-\d{3}(?:, [A-Z]{3}-[DR]-\d{3})*")
TEST = re.compile(r"^TEST(?:_F|_P)?\((\w+),\s*(\w+)\)")
# The features that the card offers, and those that the driver accepts.
FEATURES = {"D": ("hw_model/core/core_config.h", "kImplementedFeatures"),
            "R": ("host_driver/virtio_net_options.h", "kSupportedFeatures")}


def area_of(clause: str) -> str:
    return clause[:3]


@dataclasses.dataclass(frozen=True, order=True)
class Test:
    file: str
    suite: str
    name: str

    def __str__(self):
        return f"{self.suite}.{self.name}"


@dataclasses.dataclass(frozen=True)
class Mutant:
    side: str  # card or driver
    name: str
    clauses: tuple[str, ...]
    what: str

    def areas(self) -> list[str]:
        return sorted({area_of(clause) for clause in self.clauses}, key=list(AREAS).index)


@dataclasses.dataclass
class Group:
    """Clauses that do not apply, for one reason."""
    name: str
    reason: str
    features: list[str]  # none of which the clauses' role has
    ids: list[str]


# In ids.txt: before it the ids in scope, behind it all others that exist.
OTHERS = "# Other ids of the table."


def known_ids(root: pathlib.Path = ROOT) -> tuple[list[str], list[str]]:
    """Ids in scope, and all others."""
    scope, _, others = (root / HERE / "ids.txt").read_text().partition(OTHERS)
    return ID.findall(scope), ID.findall(others)


def table() -> list[dict] | None:
    """The rows of the table of statements; None if it is not there."""
    named = os.environ.get("RINGSIDE_CONFORMANCE_CSV")
    path = pathlib.Path(named) if named else ROOT.parent / "shared" / "virtio" / "conformance.csv"
    if not path.is_file():
        return None
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def in_scope(rows: list[dict]) -> list[str]:
    """Ids of the areas' statements that stand in a conformance section."""
    sections = ("devicenormative:", "drivernormative:")
    return [row["id"] for row in rows
            if area_of(row["id"]) in AREAS and row["section_label"].startswith(sections)]


def citations(root: pathlib.Path = ROOT) -> tuple[dict[str, list[Test]], list[str]]:
    """Tests by clause, and what is wrong with the citations themselves."""
    found: dict[str, list[Test]] = {}
    wrong = []
    for path in sorted((root / "tests").rglob("*.cpp")):
        file = path.relative_to(root).as_posix()
        pending: list[str] = []
        where = 0
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if "CLAUSES:" in line and not pending:
                where = number
            if "CLAUSES:" in line:
                if IDS_ALONE.fullmatch(line):
                    pending += ID.findall(line)
                else:
                    wrong.append(f"{file}:{number}: want a line '// CLAUSES: ID, ID'")
                continue
            test = TEST.match(line)
            if pending and test is None:
                wrong.append(f"{file}:{where}: CLAUSES does not stand right above a test")
            elif pending and test[2].startswith("DISABLED_"):
                wrong.append(f"{file}:{where}: CLAUSES stands at a test that does not run")
            elif pending:
                for clause in pending:
                    tests = found.setdefault(clause, [])
                    entry = Test(file, test[1], test[2])
                    if entry in tests:
                        wrong.append(f"{file}:{where}: {clause} is cited twice at {entry}")
                    else:
                        tests.append(entry)
            pending = []
    return found, wrong


def mentions(root: pathlib.Path = ROOT) -> dict[str, str]:
    """Every id that a file of the tree names, with one place."""
    found: dict[str, str] = {}
    folders = ("firmware", "formats", "host_driver", "hw_model", "stack", "testbench", "tests")
    for folder in folders:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix not in (".c", ".cpp", ".def", ".h", ".sh", ".toml", ".txt"):
                continue
            for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
                for clause in ID.findall(line):
                    found.setdefault(clause, f"{path.relative_to(root).as_posix()}:{number}")
    return found


def not_applicable(root: pathlib.Path = ROOT) -> list[Group]:
    with open(root / HERE / "not_applicable.toml", "rb") as file:
        groups = tomllib.load(file)["group"]
    return [Group(group["name"], group["reason"], group.get("features", []), group["ids"])
            for group in groups]


def features_of(role: str, root: pathlib.Path = ROOT) -> set[str]:
    """Names of the feature bits that the role D (card) or R (driver) has."""
    name, constant = FEATURES[role]
    text = (root / name).read_text()
    start = text.index(f"{constant} =")
    return set(re.findall(r"VIRTIO_\w+", text[start:text.index(";", start)]))


def mutants(root: pathlib.Path = ROOT) -> list[Mutant]:
    """The faults that name clauses, in the order of their files."""
    entry = re.compile(r'^(?:CARD_MUTANT|CLAUSE|INTERLEAVING)\(\s*\w+,\s*((?:"[^"]*"[\s,]*)+)\)', re.M)
    files = {"card": "hw_model/registers/card_mutants.def", "driver": "host_driver/mutants.def"}
    found = []
    for side, name in files.items():
        for match in entry.finditer((root / name).read_text()):
            # Texts are joined where nothing but space stands between them, as in C.
            texts = re.findall(r'"((?:[^"]|"\s+")*)"', match[1])
            short, clauses, what = (re.sub(r'"\s+"', "", text) for text in texts)
            if clauses:
                found.append(Mutant(side, short, tuple(clauses.split()), what))
    return found
