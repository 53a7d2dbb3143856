#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every deliberate fault of the card in RTL is found by the core that follows it, in words; a card
# without fault is followed through thousands of frames and resets without a difference.
#   RINGSIDE_RTL_MUTANTS   the hunter (build/release's)
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
hunt=${RINGSIDE_RTL_MUTANTS:-$root/build/release/tests/differential/rtl_mutants}
[ -x "$hunt" ] || fail "no program $hunt: build it, or name it in RINGSIDE_RTL_MUTANTS"

faults=0
for fault in $("$hunt" --list 2>/dev/null | cut -d: -f1); do
  "$hunt" --fault "$fault" >hunt.log 2>&1 || {
    cat hunt.log >&2
    fail "$fault is not found"
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
    fail "seed $seed: a difference without a fault"
  }
  figure "seed $seed, $(grep '^none: ' hunt.log)"
done
