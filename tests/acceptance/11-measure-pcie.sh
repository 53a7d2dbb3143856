#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `ringside measure pcie`, measured on the running model, is within 1 % of the closed form for every
# generation and width and many sizes, and of a published model's figures where those are to be had:
# effective_bandwidth.csv in RINGSIDE_PCIE_FIGURES, by default in shared/pcie beside this tree.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need_program
need python3
figures=${RINGSIDE_PCIE_FIGURES:-$(dirname "$root")/shared/pcie}/effective_bandwidth.csv

cat >compare.py <<'PY'
"""Compares CSV files of `ringside measure pcie` with the closed form, or with another file's rows."""
import csv
import math
import sys

RATES = ("raw_gbps", "tlp_gbps", "write_gbps", "read_gbps", "read_write_gbps")
KEY = ("gen", "lanes", "mps", "mrrs", "rcb", "transfer_B")
SYMBOL_RATE = {1: 2.5 * 8 / 10, 2: 5 * 8 / 10, 3: 8 * 128 / 130, 4: 16 * 128 / 130, 5: 32 * 128 / 130}


def dllp_interval(gen, lanes, mps):
    if mps >= 512:
        factor = 2.0 if lanes == 16 else 1.0
    else:
        factor = {16: 3.0, 8: 2.5}.get(lanes, 1.4)
    return math.floor((mps + 28) * factor / lanes + {1: 19, 2: 70}.get(gen, 115) + 1e-9)


def closed_form(row):
    gen, lanes = int(row["gen"][3:]), int(row["lanes"][1:])
    mps, mrrs, size = int(row["mps"]), int(row["mrrs"]), int(row["transfer_B"])
    raw = SYMBOL_RATE[gen] * lanes
    tlp = raw * (1 - 4 / 1538 - 2 * 8 / dllp_interval(gen, lanes, mps))
    writes = size + 24 * -(-size // mps)
    requests = 24 * -(-size // mrrs)
    completions = size + 20 * sum(-(-min(mrrs, size - at) // mps) for at in range(0, size, mrrs))
    return dict(zip(RATES, (raw, tlp, tlp * size / writes, tlp * size / max(requests, completions),
                            tlp * size / max(writes + requests, completions))))


def main():
    rows = [row for name in sys.argv[2:] for row in csv.DictReader(open(name))]
    if sys.argv[1] == "closed":
        expected = {tuple(row[k] for k in KEY): closed_form(row) for row in rows}
        columns = None
    else:
        published = list(csv.DictReader(open(sys.argv[1])))
        expected = {tuple(row[k] for k in KEY): row for row in published}
        columns = list(published[0])
    worst, compared, at = 0.0, 0, "nothing"
    for row in rows:
        key = tuple(row[k] for k in KEY)
        if columns is not None and list(row) != columns:
            sys.exit(f"columns differ: {list(row)}")
        if key not in expected:
            continue
        compared += 1
        for rate in RATES:
            deviation = abs(float(row[rate]) / float(expected[key][rate]) - 1)
            if deviation > worst:
                worst, at = deviation, f"{rate} of {' '.join(key)}"
    if compared == 0 or (columns is not None and compared != len(expected)):
        sys.exit(f"compared {compared} of {len(expected)} rows")
    print(f"{compared} rows, worst deviation {100 * worst:.4f} % ({at})")
    sys.exit(worst > 0.01)


main()
PY

measure() { # OUT OPTIONS...
  local out=$1
  shift
  ASAN_OPTIONS=detect_leaks=0 "$program" measure pcie "$@" >"$out" ||
    fail "exit status is not 0: $program measure pcie $*"
}

measure default.csv
if [ -r "$figures" ]; then
  result=$(python3 compare.py "$figures" default.csv) || fail "not within 1 % of the published model: $result"
  figure "published model: $result"
else
  echo "left out: the published model's figures (no effective_bandwidth.csv in RINGSIDE_PCIE_FIGURES)"
fi

sizes=1,2,63,64,257,1500,4095,4096,9018
[ "$full" = yes ] && sizes=$sizes,3,65,127,128,255,256,511,512,513,1518,8192,65536
count=0
for gen in 1 2 3 4 5; do
  for lanes in 1 2 4 8 16; do
    for mps in 128 256 512 1024 2048 4096; do
      # The short form takes one payload size for each link, all of them in turn.
      count=$((count + 1))
      [ "$full" = yes ] || [ $((count % 7)) -eq 0 ] || continue
      measure "$gen-$lanes-$mps.csv" --gen "$gen" --lanes "$lanes" --mps "$mps" \
        --mrrs $((128 << (count % 6))) --sizes "$sizes"
    done
  done
done
result=$(python3 compare.py closed [0-9]*.csv) || fail "not within 1 % of the closed form: $result"
figure "closed form: $result"
# The comparison can fail: a rate that is 2 % off.
awk -F, -v OFS=, 'NR > 1 { $12 *= 1.02 } { print }' default.csv >off.csv
! python3 compare.py closed off.csv >/dev/null || fail "a deviation of 2 % is not found"
