#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# scripts/synth.sh reads the whole card, counts a module that is known, and says what is wrong with
# modules that are. Exit status 77 if the tools cannot be had.
#   synth_test.sh ROOT
set -eu

root=$1
samples=$root/tests/unit/rtl/synth_samples
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

fail() {
  echo "FAILED: $1"
  cat "$out/said"
  exit 1
}
synth() { # STATUS ARGUMENT...: what it prints is in $out/said
  expected=$1
  shift
  status=0
  "$root/scripts/synth.sh" --out "$out" "$@" >"$out/said" 2>&1 || status=$?
  if [ $status -eq 77 ]; then
    cat "$out/said"
    exit 77
  fi
  [ $status -eq "$expected" ] || fail "exit status $status instead of $expected: synth.sh $*"
}
says() { grep -q -e "$1" "$out/said" || fail "'$1' is not said"; }

synth 0 --read
says '^nic_card and [0-9]* modules below it: read$'

# Depth 4 and width 8: two counters and one LUT RAM.
synth 0 fifo
says '^fifo  *[1-9][0-9]*  *8  *8  *0  *0  *0  *[1-9]'
grep -q '"module": "fifo"' "$out/synth.json" || fail "synth.json has no fifo"
# Taken from the kept netlist, and the same.
cp "$out/said" "$out/before"
synth 0 fifo
cmp -s "$out/before" "$out/said" || fail "other figures from the kept netlist"

synth 1 --rtl "$samples" warned refused
says 'reset_words.* flip-flops$'
says '^  warning: [2-9][0-9] levels from sum to sum, by warned.sv:'
says "^refused  *refused: .*refused.sv.*'later' used before its declaration"
synth 1 --rtl "$samples" --read looped
says '^looped .*refused: .*'

synth 2 no_such_module
says "no module 'no_such_module'"
echo "the card is read; figures and warnings are as they should be"
