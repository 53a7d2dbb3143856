#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every statement in virtio 1.4's conformance sections that concerns card and driver has a test that
# cites it, or a reason in tests/conformance/not_applicable.toml; of every area that is tested at least
# three faults of card or driver are found by the tests that cite its clauses; docs/conformance.md says
# so. The table of statements, if it is there, has the same ids: RINGSIDE_CONFORMANCE_CSV, by default
# shared/virtio/conformance.csv beside this tree.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need_program
need python3 ctest
build=$(cd "$(dirname "$program")/../.." && pwd)
tools=$root/tests/conformance

"$tools/conformance.py" check "$build" >check.log || {
  cat check.log >&2
  fail "a clause has neither a test nor a reason"
}
cat check.log

"$tools/mutants.py" "$build" >mutants.log || {
  cat mutants.log >&2
  fail "a fault is not found by the tests that cite its clauses"
}
sed -n '/^area/,$p' mutants.log
figure "$(tail -n 1 check.log)"
figure "$(tail -n 1 mutants.log)"

"$tools/conformance.py" markdown >page.md
diff -u "$root/docs/conformance.md" page.md >&2 ||
  fail "docs/conformance.md is not what tests/conformance/conformance.py markdown prints"

# The checks can fail: without its citations a clause is missed, and a fault survives.
mkdir -p copy/tests
for folder in hw_model host_driver firmware tests; do
  mkdir -p "copy/$folder"
  cp -r "$root/$folder/." "copy/$folder/"
done
sed -i 's/STS-D-001, //; s/, STS-D-001//; s/CLAUSES: STS-D-001$/CLAUSES: STS-D-002/' copy/tests/unit/*/*_test.cpp
! RINGSIDE_CONFORMANCE_CSV=none copy/tests/conformance/conformance.py check >wrong.log ||
  fail "a clause without a test is not found"
grep -q '^STS-D-001: neither' wrong.log || fail "a clause without a test is not named"
! copy/tests/conformance/mutants.py "$build" consumes-before-driver-ok >wrong.log ||
  fail "a fault that no test finds is not noticed"
