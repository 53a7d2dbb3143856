#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Synthesises the card's modules for an UltraScale+ part and prints what each takes: LUTs, flip-flops,
# RAMs, levels of logic. Estimates of an open tool, before placement; they say nothing of a frequency.
#   scripts/synth.sh [--out DIR] [--rtl DIR] [--jobs N] [--read] [--page FILE] [MODULE...]
#   --out    where logs, synth.json and synth.csv go (build/synth); kept figures are used again
#   --rtl    folder of the modules (hw_model/rtl)
#   --read   only reads the modules (nic_card) and checks for loops and wires without one driver
#   --page   writes the table as a page too (docs/hardware/area.md)
#   RINGSIDE_SYNTH_TOOLS  where the tools are or go (.cache/synth): Yosys and Node.js as npm packages,
#                         their versions and checksums are in cmake/yosys/package-lock.json
# Exit status 1 if a module is refused, 77 if the tools cannot be had here.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
tools=${RINGSIDE_SYNTH_TOOLS:-$root/.cache/synth}
out=$root/build/synth
rtl=$root/hw_model/rtl
jobs=1
read=
page=

usage() {
  echo "usage: $0 [--out DIR] [--rtl DIR] [--jobs N] [--read] [--page FILE] [MODULE...]" >&2
  exit 2
}
skip() {
  echo "synth: skipped: $1"
  exit 77
}

while [ $# -gt 0 ]; do
  case $1 in
    --out | --rtl | --jobs | --page)
      [ $# -ge 2 ] || usage
      case $1 in
        --out) out=$2 ;;
        --rtl) rtl=$2 ;;
        --jobs) jobs=$2 ;;
        --page) page=$2 ;;
      esac
      shift 2
      ;;
    --read)
      read=yes
      shift
      ;;
    -*) usage ;;
    *) break ;;
  esac
done
[ -d "$rtl" ] || { echo "synth: no folder $rtl" >&2; exit 2; }

# -- tools
lock=$root/cmake/yosys/package-lock.json
mkdir -p "$tools"
exec 9>"$tools/lock"
flock 9
if ! cmp -s "$lock" "$tools/installed"; then
  case $(uname -sm) in
    "Linux x86_64" | "Linux aarch64") ;;
    *) skip "Node.js is packaged for Linux on x86-64 and arm64" ;;
  esac
  command -v npm >/dev/null 2>&1 || skip "npm is not installed, and $tools has no Yosys"
  cp "$root/cmake/yosys/package.json" "$lock" "$tools"
  (cd "$tools" && npm ci --ignore-scripts --no-audit --no-fund) >"$tools/log" 2>&1 ||
    skip "npm cannot install cmake/yosys/package.json ($tools/log says why)"
  cp "$lock" "$tools/installed"
fi
exec 9>&-

# -- the card's registers, as the build generates them
mkdir -p "$out"
registers=$root/hw_model/registers
python3 -B "$registers/generate.py" sv "$registers"/*.toml \
  --out "$out/ringside_regs_pkg.sv"

exec python3 -B "$root/cmake/synth.py" --tools "$tools" --rtl "$rtl" --out "$out" \
  --registers "$out/ringside_regs_pkg.sv" --jobs "$jobs" ${read:+--read} ${page:+--page "$page"} "$@"
