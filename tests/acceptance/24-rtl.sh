#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The card in RTL: examples run with it, and with the core following it without a difference; the same
# digest whether its clock stops or not; what it does by itself in an open loop, in its own cycles.
#   RINGSIDE_BENCH_OPEN_LOOP   the bench (build/release's), for the speed of simulation
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need python3
need_program
"$program" list models | grep -q '^diff' || skip "this build has no card in RTL"

# value FILE EXPRESSION: of summary.json, as Python over `s`.
value() { python3 -c 'import json,sys; s=json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$1" "$2"; }

short=(--set flow.upload.size=1MiB)
if [ "$full" = yes ]; then
  for example in "$examples"/*.toml; do
    closed "$example" || continue
    name=$(basename "$example" .toml)
    for model in rtl diff; do run "$name-$model" "$example" --model "$model"; done
    [ "$(value "$name-rtl/summary.json" 's["digest"]')" = "$(value "$name-diff/summary.json" 's["digest"]')" ] ||
      fail "$name: following the card changes what it does"
    figure "$name: $(value "$name-diff/summary.json" '"; ".join(c["detail"] for c in s["checks"] if c["name"].startswith("diff "))')"
  done
else
  for model in rtl diff; do
    run "two-hosts-$model" "$examples/two-hosts.toml" --model "$model" "${short[@]}"
    run "udp-echo-$model" "$examples/udp-echo.toml" --model "$model"
  done
  for name in two-hosts udp-echo; do
    [ "$(value "$name-rtl/summary.json" 's["digest"]')" = "$(value "$name-diff/summary.json" 's["digest"]')" ] ||
      fail "$name: following the card changes what it does"
    figure "$name: $(value "$name-diff/summary.json" '"; ".join(c["detail"] for c in s["checks"] if c["name"].startswith("diff "))')"
  done
fi

digests=
for clock in stopped always proven; do
  run "clock-$clock" "$examples/two-hosts.toml" --model rtl --set flow.upload.size=64KiB --set "nic.*.rtl_clock=$clock"
  digests="$digests $(value "clock-$clock/summary.json" 's["digest"]')"
done
[ "$(echo "$digests" | tr ' ' '\n' | sort -u | grep -c .)" = 1 ] || fail "the clock's treatment changes the digest:$digests"
figure "clock stopped, always, proven: one digest,${digests%% *}$(echo "$digests" | cut -d' ' -f2)"

# Open loop, gen4 x16, 512 bits, 250 MHz, one queue pair, in the card's own cycles.
sizes=(--sizes "60,1514")
[ "$full" = no ] || sizes=()
"$program" measure card --model rtl "${sizes[@]}" >card.csv || fail "measure card"
python3 - <<'END' || fail "the card is too slow"
import csv
wrong = []
for row in csv.DictReader(open("card.csv")):
    size, way = int(row["frame_B"]), row["direction"]
    rates = [float(row[k]) for k in ("rx_mfps", "tx_mfps") if float(row[k]) != 0]
    print(f"figure: {way} {size} bytes: {' and '.join(f'{r:.2f}' for r in rates)} M frames/s, "
          f"{row['cycles_per_frame']} cycles a frame, limit {row['limit']} ({row['limit_busy']})")
    line = 100e3 / (8 * (size + 24))
    if size == 1514 and min(rates) < 0.99 * line:
        wrong.append(f"{way} of 1514 bytes: {rates}, line rate {line:.2f}")
    if size == 60 and min(rates) < 20:
        wrong.append(f"{way} of 64 bytes: {rates}, wanted 20")
print("\n".join(wrong))
raise SystemExit(bool(wrong))
END

bench=${RINGSIDE_BENCH_OPEN_LOOP:-$root/build/release/bench/bench_open_loop}
if [ -x "$bench" ]; then
  for direction in receive transmit both; do figure "$direction: $("$bench" --direction "$direction")"; done
fi
