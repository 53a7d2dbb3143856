#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The card in RTL against the functional core at random, 20 seeds (200 with --full): drivers, buses and wires
# of every kind, and no difference in any record, byte or counter. Everything that a seed draws was tried.
# With --full also 40 seeds each of the cards of other sizes (diff_hunt_narrow and _wide beside the program).
# A seed that fails is named with the command that repeats it.
#   RINGSIDE_DIFF_HUNT   the program (build/release's)
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
hunt=${RINGSIDE_DIFF_HUNT:-$root/build/release/tests/differential/diff_hunt}
[ -x "$hunt" ] || skip "no program $hunt: it is built with -DRINGSIDE_RTL=ON"

# compare PROGRAM FIRST SEEDS
compare() {
  ASAN_OPTIONS=detect_leaks=0 "$1" --seeds "$2" "$3" >hunt.log || {
    cat hunt.log >&2
    fail "a difference, or something was not tried"
  }
  cat hunt.log
  figure "$(basename "$1"): $(tail -n 1 hunt.log)"
}

if [ "$full" = yes ]; then
  compare "$hunt" 1 200
  for size in narrow wide; do
    if [ -x "${hunt}_$size" ]; then compare "${hunt}_$size" 1 40; fi
  done
else
  compare "$hunt" 1 20
fi
