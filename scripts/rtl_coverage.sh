#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Which lines of the card's SystemVerilog the regression runs, by module: the tests of single modules,
# random lives against the functional core, examples, and hostile drivers, all in a build of its own
# that counts (preset rtl-coverage).
#   scripts/rtl_coverage.sh [--out DIR] [--jobs N] [--short] [--no-build] [--page FILE] [-D...]
#   --out       where the counts, the table (table.md), the lines that never ran (missing.txt) and the
#               sources with counts (annotated/) go (build/rtl-coverage/coverage); emptied first
#   --jobs      programs that are built or run at once (as many as there are processors)
#   --short     fewer seeds, shorter runs
#   --no-build  with the programs as they are
#   --page      puts the table into that page too (docs/hardware/coverage.md)
#   -D...       for CMake
# Exit status 1 if a test fails.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
build=$root/build/rtl-coverage
out=$build/coverage
jobs=$(nproc)
short=no
make=yes
page=
defines=

usage() {
  echo "usage: $0 [--out DIR] [--jobs N] [--short] [--no-build] [--page FILE] [-D...]" >&2
  exit 2
}
while [ $# -gt 0 ]; do
  case $1 in
    --out | --jobs | --page)
      [ $# -ge 2 ] || usage
      case $1 in
        --out) out=$2 ;;
        --jobs) jobs=$2 ;;
        --page) page=$2 ;;
      esac
      shift
      ;;
    --short) short=yes ;;
    --no-build) make=no ;;
    -D*) defines="$defines $1" ;;
    *) usage ;;
  esac
  shift
done

modules="control_path_128 control_path_512 dma_read_128 dma_read_256 dma_read_512 dma_read_few_tags
dma_write_128 dma_write_256 dma_write_512 fifo host_slave host_slave_pairs lane_ram_128 lane_ram_256
lane_ram_512 lane_ram_by_lanes ring_engine ring_engine_narrow rx_path_128 rx_path_256 rx_path_512
rx_path_pairs rx_steering_128 rx_steering_512 statistics
tx_path tx_path_pairs used_ring"

if [ $make = yes ]; then
  # shellcheck disable=SC2086
  (cd "$root" && cmake --preset rtl-coverage $defines >/dev/null)
  targets=
  for module in $modules; do targets="$targets rtl_${module}_test"; done
  # shellcheck disable=SC2086
  cmake --build "$build" -j "$jobs" --target $targets diff_hunt hostile_hunt hostile_suite ringside
fi

# Verilator's counts are added to by each process in a file of its own.
rm -rf "$out"
mkdir -p "$out/counts" "$out/logs" "$out/runs"
out=$(cd "$out" && pwd)
export RINGSIDE_RTL_COVERAGE_DIR="$out/counts"

# The regression, one command a line, behind the name of its log.
first=1
seeds=40
size=512KiB
steps=300
hunts=4
[ $short = no ] || { seeds=4 size=32KiB steps=100 hunts=1; }
{
  for module in $modules; do echo "$module $build/tests/unit/rtl/rtl_${module}_test"; done
  while [ "$first" -le "$seeds" ]; do
    echo "diff_hunt-$first $build/tests/differential/diff_hunt --seeds $first 2"
    first=$((first + 2))
  done
  for name in duplex link-flap lossy-link many-flows multi-queue two-hosts; do
    echo "$name $build/testbench/cli/ringside run $root/examples/$name.toml --model rtl --set flow.*.size=$size --out $out/runs/$name"
  done
  echo "udp-echo $build/testbench/cli/ringside run $root/examples/udp-echo.toml --model rtl --out $out/runs/udp-echo"
  echo "hostile_suite $build/tests/hostile/hostile_suite --model rtl"
  echo "hostile_hunt $build/tests/hostile/hostile_hunt --model rtl --seeds 1 $hunts --steps $steps"
} >"$out/commands"

failed=0
# shellcheck disable=SC2016
xargs -P "$jobs" -L 1 sh -c '
  out=$1 name=$2
  shift 2
  "$@" >"$out/logs/$name" 2>&1 || { echo "rtl_coverage: failed: $* (see $out/logs/$name)" >&2; exit 1; }
' sh "$out" <"$out/commands" || failed=1

find "$out/counts" -name '*.dat' | sort >"$out/files"
[ -s "$out/files" ] || {
  echo "rtl_coverage: nothing was counted" >&2
  exit 1
}
# A few hundred at once are merged, then what became of them.
split -l 200 "$out/files" "$out/part."
for part in "$out"/part.*; do
  # shellcheck disable=SC2046
  verilator_coverage --write "$part.merged" $(cat "$part")
done
verilator_coverage --write "$out/merged" "$out"/part.*.merged
rm -f "$out"/part.*

python3 -B "$root/scripts/rtl_coverage.py" "$out/merged" --rtl "$root/hw_model/rtl" --modules "$out/modules" --missing |
  grep -v '^|' >"$out/missing.txt" || true
verilator_coverage --annotate "$out/annotated" --annotate-all "$out/modules" >/dev/null
set -- "$out/merged" --rtl "$root/hw_model/rtl"
[ -z "$page" ] || set -- "$@" --page "$page"
python3 -B "$root/scripts/rtl_coverage.py" "$@" | tee "$out/table.md"
echo "lines that never ran: $out/missing.txt; sources with counts: $out/annotated"
exit $failed
