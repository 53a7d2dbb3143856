#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Prints data frames per wall second on one core beside the goals. It fails only if a figure is
# missing: how fast a machine is, is no property of the tree.
#   RINGSIDE_BENCH_FRAMES, RINGSIDE_BENCH_TCP   the benchmarks (build/release's)
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need python3
bench=${RINGSIDE_BENCH_FRAMES:-$root/build/release/bench/bench_frames}
bench_tcp=${RINGSIDE_BENCH_TCP:-$root/build/release/bench/bench_tcp}
for program in "$bench" "$bench_tcp"; do
  [ -x "$program" ] || fail "no program $program: build it, or name it in the environment"
done

beside_goal() { # WHAT FRAMES_PER_SECOND GOAL (0: none)
  [ "$2" -gt 0 ] || fail "$1: $2 frames a second"
  figure "$(python3 -c 'import sys
what, got, goal = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
verdict = f"goal {goal:,}: {100 * got / goal:.0f} %" if goal else "no goal"
print(f"{what}: {got:,} ({verdict})")' "$1" "$2" "$3")"
}

frames=300000
size=128MiB
repeats=1
if [ "$full" = yes ]; then
  frames=2000000
  size=512MiB
  repeats=3
fi
# The best of the repeats: what disturbs a run only ever slows it down.
best_of() { # PROGRAM KEY OPTIONS...
  local program=$1 key=$2 best=0 number got
  shift 2
  for number in $(seq "$repeats"); do
    "$program" "$@" >"bench.$number.log" || fail "$program $* failed"
    got=$(sed -n "s/.* $key=\([0-9]*\).*/\1/p" "bench.$number.log")
    if [ "${got:-0}" -gt "$best" ]; then best=$got; fi
  done
  echo "$best"
}
driver_to_driver() { # MODEL BYTES QUEUES CORES
  best_of "$bench" frames_per_wall_s --model "$1" --bytes "$2" --queues "$3" --cores "$4" --frames "$frames"
}

beside_goal "lt, driver to driver, 64 bytes with FCS, frames per wall second" "$(driver_to_driver lt 60 1 1)" 1000000
beside_goal "lt, driver to driver, 1518 bytes with FCS, frames per wall second" "$(driver_to_driver lt 1514 1 1)" 0
one=$(driver_to_driver at 60 1 1)
beside_goal "at, driver to driver, 64 bytes with FCS, frames per wall second" "$one" 250000
# Each simulated core costs time of its own, so that pairs are compared on as many.
beside_goal "at, the same over 8 queue pairs" "$(driver_to_driver at 60 8 1)" $((one * 10 / 12))
beside_goal "at, the same over 8 queue pairs and 8 cores a host" "$(driver_to_driver at 60 8 8)" 0

for model in lt at; do
  goal=400000
  if [ "$model" = at ]; then goal=150000; fi
  beside_goal "$model, TCP bulk, data frames per wall second" \
    "$(best_of "$bench_tcp" data_frames_per_wall_s --model "$model" --size "$size")" "$goal"
  # SHA-256 over the bytes runs on threads of its own.
  beside_goal "$model, the same per processor second of the simulation's thread" \
    "$(best_of "$bench_tcp" data_frames_per_cpu_s --model "$model" --size "$size")" "$goal"
done
