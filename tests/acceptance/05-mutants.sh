#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every driver mutant is caught within 1,000 seeds of seeded interleaving; the driver itself survives
# 10,000 (500 without --full).
#   RINGSIDE_MUTANT_HUNT   the hunter (build/release's)
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
hunt=${RINGSIDE_MUTANT_HUNT:-$root/build/release/tests/cosim/mutant_hunt}
[ -x "$hunt" ] || fail "no program $hunt: build it, or name it in RINGSIDE_MUTANT_HUNT"

mutants=0
for mutant in $("$hunt" --list); do
  # driver_interleave_test.Each/Mutants.IsCaught catches these with a scripted device: only a reset
  # loses that wake, and frame exchanges never reset; the card never refuses its own queue pairs.
  case $mutant in
  wake-lost-over-reset | control-ack-not-awaited) continue ;;
  esac
  start=$(date +%s)
  "$hunt" --mutant "$mutant" --seeds 1 1000 >hunt.log 2>&1 || {
    cat hunt.log >&2
    fail "$mutant is not caught"
  }
  mutants=$((mutants + 1))
  figure "$(head -n 1 hunt.log | sed 's/ (again:.*//') [$(($(date +%s) - start)) s]"
done
[ "$mutants" -ge 12 ] || fail "$mutants mutants, expected at least 12"
figure "$mutants mutants, all caught within 1000 seeds"

seeds=500
if [ "$full" = yes ]; then seeds=10000; fi
"$hunt" --mutant none --seeds 1 "$seeds" >hunt.log 2>&1 || {
  cat hunt.log >&2
  fail "the driver does not survive"
}
figure "$(cat hunt.log)"
