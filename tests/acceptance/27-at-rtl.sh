#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Model at beside the card in RTL, each by itself in an open loop: throughput and median latency at shares
# of the RTL's capacity are within 5 %, or as far off as the table of docs/timing.md says and why; its rows
# are what is measured now. So are rates with chains of linked descriptors.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need python3
need_program
"$program" list models | grep -q '^rtl' || skip "this build has no card in RTL"

cells=short
[ "$full" = no ] || cells=all
status=0
python3 "$root/scripts/timing_table.py" "$program" --cells "$cells" --check "$root/docs/timing.md" >table.md || status=1
grep '^| [0-9]' table.md | while read -r line; do figure "$line"; done

# A closed loop: TCP between two hosts whose work costs nothing, chains of two descriptors, both ways.
goodput() {
  "$program" run "$root/examples/two-hosts.toml" --model "$1" --set 'host.*.cost=zero' --set flow.upload.size=8MiB --json --force --out "loop-$1" |
    python3 -c 'import json, sys; print(round(json.load(sys.stdin)["flows"][0]["goodput_bps"] / 1e9, 2))'
}
rtl=$(goodput rtl)
at=$(goodput at)
figure "a file of 8 MiB over TCP: rtl $rtl Gbit/s, at $at Gbit/s"
python3 -c "import sys; sys.exit(abs($at / $rtl - 1) > 0.05)" || fail "goodput of at is more than 5 % off that of rtl"

# Chains of linked descriptors: a run that takes them whole, and more than one takes. Percent as docs/timing.md
# says.
for chain in 4 16 32; do
  for model in rtl at; do
    "$program" measure card --model "$model" --sizes 60,1514 --directions transmit --chain "$chain" >"$model.csv"
  done
  for case in 60:10 1514:1; do
    size=${case%:*}
    rates=$(for model in rtl at; do grep "^$model,transmit,$size," $model.csv | cut -d, -f5; done | xargs)
    figure "$size bytes in chains of $chain descriptors: M frames/s of rtl and at: $rates"
    # shellcheck disable=SC2086
    python3 -c 'import sys; rtl, at, most = map(float, sys.argv[1:]); sys.exit(abs(at / rtl - 1) > most / 100)' \
      $rates "${case#*:}" || fail "chains of $chain descriptors: at is more than ${case#*:} % off"
  done
done

# Both ways at once, where what waits for reads shares them.
for model in rtl at; do
  "$program" measure card --model "$model" --sizes 60 --directions both --chain 2 | tail -n 1 >"$model.csv"
done
rates=$(cut -d, -f4-5 rtl.csv at.csv | tr , ' ' | xargs)
figure "60 bytes in chains of 2 descriptors, both ways: M frames/s in and out of rtl and at: $rates"
# shellcheck disable=SC2086
python3 -c 'import sys; a, b, c, d = map(float, sys.argv[1:]); sys.exit(max(abs(c / a - 1), abs(d / b - 1)) > 0.15)' $rates ||
  fail "at is more than 15 % off where both directions share reads"
[ "$status" = 0 ] || fail "docs/timing.md says otherwise: scripts/timing_table.py build/release/testbench/cli/ringside"
