#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Nothing that the card in RTL leaves unknown matters: whole runs of a card whose registers without
# reset, memories and X are random (Verilator's --x-assign unique --x-initial unique) give with five
# seeds one digest, that of the shipped card, in which all of it is 0. A register whose reset is
# forgotten is found.
#   RINGSIDE_UNKNOWN   the program with that card (build/release's)
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need python3
need_program
"$program" list models | grep -q '^diff' || skip "this build has no card in RTL"
shipped=$program
unknown=${RINGSIDE_UNKNOWN:-$root/build/release/tests/differential/ringside_unknown}
[ -x "$unknown" ] || fail "no program $unknown: build it, or name it in RINGSIDE_UNKNOWN"

# seeds EXAMPLE MODEL OPTIONS...: one digest from all of them.
seeds() {
  local name model=$2 example=$1 seed digest want
  name=$(basename "$example" .toml)-$model
  shift 2
  program=$shipped
  run "$name" "$example" --model "$model" "$@"
  want=$(summary "$name" 's["digest"]')
  program=$unknown
  for seed in 1 2 3 4 5; do
    RINGSIDE_UNKNOWN_SEED=$seed run "$name-$seed" "$example" --model "$model" "$@"
    digest=$(summary "$name-$seed" 's["digest"]')
    [ "$digest" = "$want" ] || fail "$name: with RINGSIDE_UNKNOWN_SEED=$seed the digest is $digest, else $want"
  done
  figure "$name: five seeds and the shipped card, one digest, $want"
}

short=(--set "flow.*.size=64KiB")
if [ "$full" = yes ]; then
  for example in "$examples"/*.toml; do
    closed "$example" || continue
    seeds "$example" rtl
  done
else
  seeds "$examples/duplex.toml" rtl "${short[@]}"
  seeds "$examples/lossy-link.toml" rtl "${short[@]}"
fi
seeds "$examples/two-hosts.toml" diff "${short[@]}"

# Whether it would notice: with the reset of one register forgotten, the seed decides what happens.
export RINGSIDE_CARD_FAULT=UnknownAnswer
digests=
for seed in 1 2 3 4 5; do
  RINGSIDE_UNKNOWN_SEED=$seed "$unknown" run "$examples/two-hosts.toml" --model rtl "${short[@]}" --out "forgotten-$seed" >forgotten.log 2>&1 || true
  [ -f "forgotten-$seed/summary.json" ] || {
    cat forgotten.log >&2
    fail "no summary of a run with a forgotten reset"
  }
  digests="$digests $(summary "forgotten-$seed" 's["digest"]')"
done
different=$(echo "$digests" | tr ' ' '\n' | grep . | sort -u | wc -l)
[ "$different" -gt 1 ] || fail "a forgotten reset changes nothing:$digests"
figure "a register whose reset is forgotten: $different digests from five seeds"
