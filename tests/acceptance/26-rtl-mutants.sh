#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every deliberate fault of the card in RTL is found by the core that follows it, in words; a card
# without fault is followed through thousands of frames and resets without a difference. Every
# deliberate fault of the follower is found by one of its tests.
#   RINGSIDE_RTL_MUTANTS        the hunter (build/release's)
#   RINGSIDE_FOLLOWER_MUTANTS   tests of the follower with faults (build/release's)
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
hunt=${RINGSIDE_RTL_MUTANTS:-$root/build/release/tests/differential/rtl_mutants}
tests=${RINGSIDE_FOLLOWER_MUTANTS:-$root/build/release/tests/unit/diff/follower_mutants}
[ -x "$hunt" ] || fail "no program $hunt: build it, or name it in RINGSIDE_RTL_MUTANTS"
[ -x "$tests" ] || fail "no program $tests: build it, or name it in RINGSIDE_FOLLOWER_MUTANTS"

faults=0
for fault in $("$hunt" --list 2>/dev/null | cut -d: -f1); do
  "$hunt" --fault "$fault" >hunt.log 2>&1 || {
    cat hunt.log >&2
    fail "$fault is not found (again: $hunt --fault $fault)"
  }
  faults=$((faults + 1))
  figure "$(grep "^$fault: " hunt.log)"
done
[ "$faults" -ge 20 ] || fail "$faults faults, expected at least 20"
figure "$faults faults, all found in words"

seeds=5
if [ "$full" = yes ]; then seeds=100; fi
for seed in $(seq "$seeds"); do
  "$hunt" --seed "$seed" >hunt.log 2>&1 || {
    cat hunt.log >&2
    fail "seed $seed: a difference without a fault (again: $hunt --seed $seed)"
  }
  figure "seed $seed, $(grep '^none: ' hunt.log)"
done

# test_follower FAULT: what the tests print; their exit status.
test_follower() { RINGSIDE_MUTANT=$1 "$tests" --gtest_brief=1 >tests.log 2>&1; }
test_follower none || {
  cat tests.log >&2
  fail "the follower without a fault fails its tests"
}
faults=0
for fault in $(sed -n 's/^FOLLOWER_MUTANT([^"]*"\([^"]*\)".*/\1/p' "$root/hw_model/diff/follower_mutants.def"); do
  if test_follower "$fault" || ! grep -q '^\[  FAILED  \]' tests.log; then
    cat tests.log >&2
    fail "the fault $fault of the follower is not found"
  fi
  faults=$((faults + 1))
  figure "follower, $fault: $(sed -n 's/^\[  FAILED  \] \([^ ,]*\).*/\1/p' tests.log | head -n 1)"
done
[ "$faults" -ge 20 ] || fail "$faults faults of the follower, expected at least 20"
figure "$faults faults of the follower, all found"
