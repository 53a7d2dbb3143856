#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The card in RTL against the functional core at random, 20 seeds (200 with --full): drivers, buses and wires
# of every kind, and no difference in any record, byte or counter. Everything that a seed draws was tried.
# A seed that fails is named with the command that repeats it.
#   RINGSIDE_DIFF_HUNT   the program (build/release's)
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
hunt=${RINGSIDE_DIFF_HUNT:-$root/build/release/tests/differential/diff_hunt}
[ -x "$hunt" ] || skip "no program $hunt: it is built with -DRINGSIDE_RTL=ON"

first=21 seeds=20
if [ "$full" = yes ]; then first=1 seeds=200; fi
ASAN_OPTIONS=detect_leaks=0 "$hunt" --seeds "$first" "$seeds" >hunt.log || {
  cat hunt.log >&2
  fail "a difference, or something was not tried"
}
cat hunt.log
figure "$(tail -n 1 hunt.log)"
