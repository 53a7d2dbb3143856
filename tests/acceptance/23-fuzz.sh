#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every fuzz target under libFuzzer with sanitizers, ten seconds each (--full: ten minutes), without a
# finding.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need clang++ cmake ninja

seconds=10
if [ "$full" = yes ]; then seconds=600; fi
"$root/scripts/fuzz.sh" "$seconds" >fuzz.log 2>&1 || {
  cat fuzz.log >&2
  fail "a finding, or no build"
}
targets=$(find "$root/tests/fuzz" -maxdepth 1 -name '*.cmake' | wc -l)
[ "$(grep -c ', no finding$' fuzz.log)" = "$targets" ] || fail "not all of $targets targets ran: $(cat fuzz.log)"
while read -r line; do figure "${line#fuzz: }"; done <fuzz.log
