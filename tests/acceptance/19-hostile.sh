#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Hostile worlds, by seeds: no hang, crash, touch of foreign memory, lost call or leak, and work again
# when the other side behaves again.
#   device: random misdeeds of a device against the driver, 1,000,000 steps (200,000 without --full)
#   RINGSIDE_HOSTILE_DEVICE_HUNT   the program that searches (build/release's)
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# hunt NAME PROGRAM ARGUMENT...
hunt() {
  local name=$1
  shift
  [ -x "$1" ] || fail "no program $1: build it, or name it in the environment"
  "$@" >"$name.log" 2>&1 || {
    cat "$name.log" >&2
    fail "$name"
  }
  figure "$name: $(tail -n 1 "$name.log")"
}

seeds=200
if [ "$full" = yes ]; then seeds=1000; fi
hunt device "${RINGSIDE_HOSTILE_DEVICE_HUNT:-$root/build/release/tests/cosim/hostile_device_hunt}" \
  --seeds 1 "$seeds" --steps 1000
for what in ' 0 misdeeds' ' 0 faults' ' 0 recoveries' 'given up 0 times' ' 0 received'; do
  if grep -q -- "$what" device.log; then fail "device: $what: nothing was tried"; fi
done
