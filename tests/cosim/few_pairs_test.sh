#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A scenario that asks the card in RTL for more queue pairs than it is built with gets what there is, and one
# line says so for both cards, with the option of the build that gives more.
#   few_pairs_test.sh PROGRAM EXAMPLE
set -eu

program=$1
example=$2
export ASAN_OPTIONS=detect_leaks=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

for model in rtl diff; do
  "$program" run "$example" --model "$model" --set 'nic.*.queue_pairs=8' --out "$model" >stdout 2>stderr ||
    { cat stdout stderr >&2; exit 1; }
  if [ "$(wc -l <stderr)" -ne 1 ] ||
    ! grep -qxE 'nic\.[a-z0-9]+, nic\.[a-z0-9]+: this hardware has [1-7] queue pairs?, not 8; build with -DRINGSIDE_RTL_QUEUE_PAIRS=8' stderr; then
    echo "$model: not the one line that is expected: $(cat stderr)" >&2
    exit 1
  fi
done
"$program" run "$example" --model rtl --out enough >stdout 2>stderr
[ ! -s stderr ] || { echo "a line without a reason: $(cat stderr)" >&2; exit 1; }
echo "one line for both cards, and none without a reason"
