#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each check of conformance.py fires on a tree that is wrong, and is silent on one that is right."""

import pathlib
import tempfile
import unittest

import clauses
import conformance
import mutants

HERE = clauses.HERE
GOOD = {
    f"{HERE}/ids.txt": f"STS-D-001 STS-D-002 STS-R-001 VQR-D-001\n{clauses.OTHERS}\nSTS-D-003 NHR-D-001\n",
    f"{HERE}/not_applicable.toml": '[[group]]\nname = "reset"\nreason = "r"\nfeatures = ["VIRTIO_F_RING_RESET"]\n'
                                   'ids = ["VQR-D-001"]\n[[group]]\nname = "may"\nreason = "m"\nids = ["STS-R-001"]\n',
    "tests/unit/core/a_test.cpp": "// Prose.\n// CLAUSES: STS-D-001\n// CLAUSES: STS-D-002\nTEST(Suite, One) {\n}\n",
    "hw_model/core/core_config.h": "constexpr uint64_t kImplementedFeatures =\n    VIRTIO_F_VERSION_1;\n",
    "host_driver/virtio_net_options.h": "constexpr uint64_t kSupportedFeatures =\n    VIRTIO_F_RING_RESET;\n",
    "hw_model/registers/card_mutants.def": "".join(
        f'CARD_MUTANT(A{i}, "a-{i}", "STS-D-001",\n    "does "\n    "harm")\n' for i in range(3)),
    "host_driver/mutants.def": 'INTERLEAVING(kB, "b", "", "no clause")\nCLAUSE(kC, "c", "STS-D-002", "w")\n',
}
ROWS = [{"id": "STS-D-001", "section_label": "devicenormative:x", "feature": ""},
        {"id": "STS-D-002", "section_label": "devicenormative:x", "feature": ""},
        {"id": "STS-D-003", "section_label": "sec:x", "feature": ""},
        {"id": "STS-R-001", "section_label": "drivernormative:x", "feature": ""},
        {"id": "VQR-D-001", "section_label": "devicenormative:x", "feature": "VIRTIO_F_RING_RESET"},
        {"id": "NHR-D-001", "section_label": "devicenormative:x", "feature": ""}]


# A test program with faults that notices a-0 alone; a-2 keeps it from starting.
TWIN = """#!/bin/sh
[ "$RINGSIDE_MUTANT" != a-2 ] || exit 3
echo "[==========] Running 1 test from 1 test suite."
[ "$RINGSIDE_MUTANT" != a-0 ]
"""


class Check(unittest.TestCase):
    def found(self, changes: dict[str, str] | None = None, rows: list[dict] | None = None) -> list[str]:
        with tempfile.TemporaryDirectory(prefix="ringside-conformance-") as folder:
            root = pathlib.Path(folder)
            for name, text in {**GOOD, **(changes or {})}.items():
                path = root / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            return conformance.Conformance(root, rows).check()

    def expect(self, text: str, changes: dict[str, str] | None = None, rows: list[dict] | None = None):
        found = self.found(changes, rows)
        self.assertTrue(any(text in line for line in found), found)

    def test_right_tree(self):
        self.assertEqual(self.found(), [])
        self.assertEqual(self.found(rows=ROWS), [])

    def test_id_that_is_neither(self):
        text = "// CLAUSES: STS-D-001\nTEST(Suite, One) {\n"
        self.expect("STS-D-002: neither", {"tests/unit/core/a_test.cpp": text})

    def test_citation_away_from_its_test(self):
        for text in ("// CLAUSES: STS-D-001, STS-D-002\n\nTEST(Suite, One) {\n",
                     "TEST(Suite, One) {\n// CLAUSES: STS-D-001, STS-D-002\n  EXPECT_TRUE(true);\n"):
            self.expect("does not stand right above a test", {"tests/unit/core/a_test.cpp": text})

    def test_citation_of_another_form(self):
        for text in ("// CLAUSES: STS-D-001 to STS-D-002", "// Prose. CLAUSES: STS-D-001", "// CLAUSES: STS-D-001."):
            self.expect("want a line", {"tests/unit/core/a_test.cpp": text + "\nTEST(Suite, One) {\n"})

    def test_citation_at_a_test_that_does_not_run(self):
        text = "// CLAUSES: STS-D-001\nTEST(Suite, DISABLED_One) {\n"
        self.expect("does not run", {"tests/unit/core/a_test.cpp": text})

    def test_citation_of_an_unknown_id(self):
        text = "// CLAUSES: STS-D-009\nTEST(Suite, Two) {\n"
        self.expect("which is not in", {"tests/unit/core/b_test.cpp": text})

    def test_reason_for_a_cited_id(self):
        text = '[[group]]\nname = "n"\nreason = "r"\nids = ["STS-D-001", "STS-R-001", "VQR-D-001"]\n'
        self.expect("is cited by", {f"{HERE}/not_applicable.toml": text})

    def test_reason_for_an_unknown_id(self):
        text = '[[group]]\nname = "n"\nreason = "r"\nids = ["STS-D-009"]\n'
        self.expect("there is no STS-D-009", {f"{HERE}/not_applicable.toml": text})

    def test_feature_that_is_offered_after_all(self):
        text = "kImplementedFeatures = VIRTIO_F_RING_RESET;\n"
        self.expect("VQR-D-001 applies, because", {"hw_model/core/core_config.h": text})

    def test_reason_with_another_feature_than_the_statement(self):
        text = GOOD[f"{HERE}/not_applicable.toml"].replace("VIRTIO_F_RING_RESET", "VIRTIO_F_SUSPEND")
        self.expect("has none of the group's features", {f"{HERE}/not_applicable.toml": text}, ROWS)

    def test_mutant_whose_clause_no_test_cites(self):
        text = 'CLAUSE(kC, "c", "STS-R-001", "w")\n'
        self.expect("no test cites STS-R-001", {"host_driver/mutants.def": text})

    def test_too_few_mutants(self):
        self.expect("STS: 1 mutants", {"hw_model/registers/card_mutants.def": ""})

    def test_ids_against_the_table(self):
        self.expect("ids.txt lacks STS-R-001", {f"{HERE}/ids.txt": "STS-D-001 STS-D-002 VQR-D-001\n"}, ROWS)
        self.expect("the other ids are not", {f"{HERE}/ids.txt": "STS-D-001 STS-D-002 STS-R-001 VQR-D-001\n"}, ROWS)
        text = "STS-D-003 " + GOOD[f"{HERE}/ids.txt"]
        self.expect("in no conformance section", {f"{HERE}/ids.txt": text}, ROWS)

    def test_mention_of_an_id_that_is_not_in_the_table(self):
        self.expect("there is no STS-D-077", {"firmware/a.c": "/* STS-D-077 */\n"}, ROWS)

    def test_texts_of_mutants_are_joined(self):
        with tempfile.TemporaryDirectory(prefix="ringside-conformance-") as folder:
            root = pathlib.Path(folder)
            for name in ("hw_model/registers/card_mutants.def", "host_driver/mutants.def"):
                (root / name).parent.mkdir(parents=True)
                (root / name).write_text(GOOD[name])
            found = clauses.mutants(root)
        self.assertEqual([(m.side, m.name, m.what) for m in found],
                         [("card", "a-0", "does harm"), ("card", "a-1", "does harm"), ("card", "a-2", "does harm"),
                          ("driver", "c", "w")])

    def test_entries_of_a_test(self):
        entries = [("/b/tests/unit/core/core_test", "Suite.One", "x"),
                   ("/b/tests/unit/core/core_test", "Each/Suite.One/2", "y"),
                   ("/b/tests/unit/core/core_test", "Suite.OneMore", "z"),
                   ("/b/tests/unit/lt/lt_test", "Suite.One", "w")]
        found = conformance.entries_of(clauses.Test("tests/unit/core/a_test.cpp", "Suite", "One"), entries)
        self.assertEqual([entry[2] for entry in found], ["x", "y"])

    def test_hunt(self):
        with tempfile.TemporaryDirectory(prefix="ringside-conformance-") as folder:
            program = pathlib.Path(folder) / "tests" / "unit" / "core" / "core_test"
            program.parent.mkdir(parents=True)
            twin = program.with_name("core_test_card_mutants")
            twin.write_text(TWIN)
            twin.chmod(0o755)
            hunt = mutants.Hunt.__new__(mutants.Hunt)
            hunt.facts = conformance.Conformance.__new__(conformance.Conformance)
            hunt.facts.cited = {"STS-D-001": [clauses.Test("tests/unit/core/a_test.cpp", "Suite", "One")]}
            hunt.entries = [(str(program), "Suite.One", "core_test.Suite.One")]
            hunt.healthy, hunt.wrong = {}, []
            faults = [clauses.Mutant("card", f"a-{i}", ("STS-D-001",), "") for i in range(3)]
            self.assertEqual(hunt.caught(faults[0], "STS"), "core_test.Suite.One failed")
            self.assertEqual(hunt.caught(faults[1], "STS"), "")
            self.assertEqual(hunt.wrong, [])
            self.assertEqual(hunt.caught(faults[2], "STS"), "")
            self.assertIn("did not run", hunt.wrong[0])
            self.assertEqual(hunt.caught(clauses.Mutant("driver", "a-0", ("STS-D-001",), ""), "STS"), "")
            twin.write_text(TWIN.replace("!= a-0", "= a-0"))
            hunt.healthy.clear()
            hunt.caught(faults[0], "STS")
            self.assertIn("failed without a fault", hunt.wrong[1])


if __name__ == "__main__":
    unittest.main()
