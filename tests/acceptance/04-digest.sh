#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# One scenario, model and seed give one digest: over 10 runs (3 without --full), traced or not, with and
# without look-ahead, whatever the options of output, in Release, Debug and ASan builds. Another seed gives another.
#   RINGSIDE_DEBUG_PROGRAM, RINGSIDE_ASAN_PROGRAM   the other builds' programs; without one, its
#                                                   part is left out
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need python3
need_program

digests() { summary "$1" 's["digest"] + " " + s["content_digest"]'; }
same() { # OUT WHAT
  [ "$(digests "$1")" = "$expected" ] || fail "$name: $2: digests $(digests "$1"), expected $expected"
}

# Addresses of the process are random unless this works.
fixed_addresses=
if setarch -R true 2>/dev/null; then fixed_addresses="setarch -R"; fi
runs=3
if [ "$full" = yes ]; then runs=10; fi
digest_of_runs() { # SCENARIO MODEL
  local scenario=$1 model=$2 number
  name=$(basename "$scenario" .toml)-$model
  run "$name-1" "$scenario" --model "$model"
  expected=$(digests "$name-1")
  for number in $(seq 2 "$runs"); do
    run "$name-$number" "$scenario" --model "$model"
    same "$name-$number" "run $number"
  done
  run "$name-traced" "$scenario" --model "$model" --trace pcapng,events
  same "$name-traced" "with --trace"
  rm -rf "$name-traced"
  run "$name-paying" "$scenario" --model "$model" --no-look-ahead
  same "$name-paying" "with --no-look-ahead"
  run "$name-quiet" "$scenario" --model "$model" --quiet
  same "$name-quiet" "with --quiet"
  mkdir "$name-old"
  # A summary on a pipe, into a folder that exists, from another working folder.
  # shellcheck disable=SC2086
  (cd / && $fixed_addresses "$program" run "$scenario" --model "$model" --json --force \
    --out "$work/$name-old") | cat >"$name-json"
  same "$name-old" "with --json and --force"
  cmp -s "$name-json" "$name-old/summary.json" || fail "$name: --json prints another summary"
  run "$name-seed" "$scenario" --model "$model" --seed 2
  [ "$(summary "$name-seed" 's["digest"]')" != "${expected% *}" ] || fail "$name: seed 2: the same digest"
  if [ "$(summary "$name-seed" 's["content_digest"]')" = "${expected#* }" ]; then
    fail "$name: seed 2: the same content_digest"
  fi
  figure "$name: one digest, ${expected% *}, and content_digest, ${expected#* }, in $((runs + 4)) runs;" \
    "seed 2: $(digests "$name-seed")"
}
for scenario in "$examples"/*.toml; do
  closed "$scenario" || continue
  for model in lt at; do digest_of_runs "$scenario" "$model"; done
done

# Slow builds get smaller flows; duration and time-outs are virtual and stay.
release=$program
compare_runs() { # BUILD PROGRAM SCENARIO MODEL
  local scenario=$3 options=(--model "$4")
  name=$(basename "$scenario" .toml)-$4
  if [ "$full" = no ] && grep -q '^\[flow\.' "$scenario"; then options+=(--set 'flow.*.size=2MiB'); fi
  program=$release
  rm -rf small
  run small "$scenario" "${options[@]}"
  expected=$(digests small)
  program=$2
  run "$name-$1" "$scenario" "${options[@]}"
  same "$name-$1" "$1 build"
  run "$name-$1-traced" "$scenario" --trace pcapng,events "${options[@]}"
  same "$name-$1-traced" "$1 build with --trace"
  rm -rf "$name-$1-traced"
  figure "$name: $1 build: the same digest, ${expected% *}"
}
compare_build() { # BUILD PROGRAM
  if [ -z "$2" ]; then
    echo "left out: RINGSIDE_${1^^}_PROGRAM is not set"
    return
  fi
  [ -x "$2" ] || fail "no program $2"
  for scenario in "$examples"/*.toml; do
    closed "$scenario" || continue
    for model in lt at; do compare_runs "$1" "$2" "$scenario" "$model"; done
  done
  program=$release
}
compare_build debug "${RINGSIDE_DEBUG_PROGRAM:-}"
compare_build asan "${RINGSIDE_ASAN_PROGRAM:-}"
