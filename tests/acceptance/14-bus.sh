#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Over random buses, pipelines, rings and traffics of model at (1,000 seeds; 200 without --full):
# conservation: bytes in the ledger are those on the link and those that core and driver count, every
#   credit and tag comes back, no completion lacks its request;
# deadlock: with one or two credits, tags and descriptors, tiny buffers and a random back-pressure, every
#   run ends with all frames delivered or counted as dropped.
#   RINGSIDE_BUS_HUNT   the program that searches (build/release's)
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
hunt=${RINGSIDE_BUS_HUNT:-$root/build/release/tests/cosim/bus_hunt}
[ -x "$hunt" ] || fail "no program $hunt: build it, or name it in RINGSIDE_BUS_HUNT"

seeds=200
if [ "$full" = yes ]; then seeds=1000; fi
for check in conservation deadlock; do
  "$hunt" --check "$check" --seeds 1 "$seeds" >"$check.log" || {
    cat "$check.log" >&2
    fail "$check"
  }
  figure "$(cat "$check.log")"
done
grep -q ' 0 dropped' deadlock.log && fail "deadlock: nothing was dropped, so that the buffers were not tiny"
grep -q ' 0 TLPs' conservation.log && fail "conservation: no TLP waited for credits"
exit 0
