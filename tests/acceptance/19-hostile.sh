#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Hostile worlds, by seeds: no hang, crash, touch of foreign memory, lost call or leak, and work again
# when the other side behaves again.
#   device: random misdeeds of a device against the driver, 1,000,000 steps (200,000 without --full)
#   driver: every attack of docs/hostile-driver.md, and random lives of a driver against the core, lt, at, rtl and diff,
#           1,000,000 steps each (100,000 without --full); again with sanitizers where such programs are given
#   RINGSIDE_HOSTILE_DEVICE_HUNT, RINGSIDE_HOSTILE_HUNT, RINGSIDE_HOSTILE_SUITE   the programs (build/release's)
#   RINGSIDE_ASAN_HOSTILE_HUNT, RINGSIDE_ASAN_HOSTILE_SUITE   an ASan build's; without one its part is left out
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# hunt NAME PROGRAM ARGUMENT...
hunt() {
  local name=$1
  shift
  [ -x "$1" ] || fail "no program $1: build it, or name it in the environment"
  # LeakSanitizer does not know the stacks of SystemC's threads, and crashes on them.
  ASAN_OPTIONS=detect_leaks=0 "$@" >"$name.log" 2>&1 || {
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

seeds=100
if [ "$full" = yes ]; then seeds=1000; fi
folder=$root/build/release/tests/hostile
for model in core lt at rtl diff; do
  "${RINGSIDE_HOSTILE_HUNT:-$folder/hostile_hunt}" --help | grep -q "[{,]${model}[,}]" || continue # not in this build
  hunt "driver-suite-$model" "${RINGSIDE_HOSTILE_SUITE:-$folder/hostile_suite}" --model "$model"
  hunt "driver-$model" "${RINGSIDE_HOSTILE_HUNT:-$folder/hostile_hunt}" --model "$model" --seeds 1 "$seeds" --steps 1000
  if [ -n "${RINGSIDE_ASAN_HOSTILE_SUITE:-}" ]; then
    hunt "driver-suite-$model-asan" "$RINGSIDE_ASAN_HOSTILE_SUITE" --model "$model"
  fi
  if [ -n "${RINGSIDE_ASAN_HOSTILE_HUNT:-}" ]; then
    hunt "driver-$model-asan" "$RINGSIDE_ASAN_HOSTILE_HUNT" --model "$model" --seeds 1 "$seeds" --steps 1000
  fi
  for what in ' 0 device errors' ' 0 frames' ' 0 recoveries'; do
    if grep -q -- "$what" "driver-$model.log"; then fail "driver-$model: $what: nothing was tried"; fi
  done
done
