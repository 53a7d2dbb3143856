#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A card in RTL that is not Ringside's, built out of tree from an installed package: the same driver
# brings it up, a file each way and pings arrive whole, also with another card at the other end; its
# clock may stop or not; a mistake in it is found on its pins; one that cannot be followed says so.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need python3 verilator cmake c++ sha256sum
need_program

# quietly COMMAND...: its output only if it fails.
quietly() {
  "$@" >"$work/log" 2>&1 || {
    cat "$work/log" >&2
    fail "$*"
  }
}
# refused STATUS TEXT OPTIONS...: the run ends with STATUS, and one line on standard error has TEXT.
refused() {
  local expected=$1 text=$2 status=0
  shift 2
  ASAN_OPTIONS=detect_leaks=0 "$program" run own-card.toml --out refused --force "$@" >refused.log 2>refused.err || status=$?
  if [ "$status" != "$expected" ] || ! grep -q "$text" refused.err || [ "$(wc -l <refused.err)" != 1 ]; then
    cat refused.log refused.err >&2
    fail "exit status $status, expected $expected and one line with \"$text\""
  fi
  figure "$(cat refused.err)"
}

quietly cmake --install "$(cd "$(dirname "$program")/../.." && pwd)" --component card --prefix "$work/prefix"
cp -r "$examples/own-card" own-card
cd own-card
rm -rf build
# Several hundred lines, and Verilator's runtime.
quietly cmake -B build "-DCMAKE_PREFIX_PATH=$work/prefix"
quietly cmake --build build --parallel 2
figure "$(cat rtl/*.sv | wc -l) lines of SystemVerilog"

head -c 100000 "$program" >up.bin
head -c 165537 "$program" | tail -c 65537 >down.bin
run whole own-card.toml --set flow.up.file=up.bin --set flow.up.output=up.got \
  --set flow.down.file=down.bin --set flow.down.output=down.got
cmp up.bin up.got && cmp down.bin down.got || fail "a file is not what was sent"
for flow in up down; do
  [ "$(summary whole "flow['$flow']['sha256']")" = "$(sha256sum "$flow.bin" | cut -d' ' -f1)" ] ||
    fail "$flow: another SHA-256 than that of the file"
done
[ "$(summary whole "[n['model'] for n in s['nics']]")" = '["own", "own"]' ] || fail "other cards ran"
[ "$(summary whole "all(n['counters']['tx_frames'] > 50 for n in s['nics'])")" = true ] || fail "the cards counted no frames"
figure "two cards of one's own: $(summary whole "'%d Mbit/s up, %d down' % tuple(f['goodput_bps'] // 10**6 for f in s['flows'][:2])")"

# One digest, whatever the clock does, with waves or without.
run plain own-card.toml
for clock in always proven; do
  run "$clock" own-card.toml --set "nic.*.rtl_clock=$clock"
  [ "$(summary $clock "s['digest']")" = "$(summary plain "s['digest']")" ] || fail "rtl_clock $clock changes the digest"
done
if "$program" list models | grep -q '^rtl'; then
  run waves own-card.toml --trace waves
  [ "$(summary waves "s['digest']")" = "$(summary plain "s['digest']")" ] || fail "waves change the digest"
  [ -s waves/alice0.fst ] && grep -q posted_valid waves/bob0.gtkw || fail "no waves"
fi

# The other end has a card of Ringside's.
python3 - <<'PY'
text = open("own-card.toml").read()
head, rest = text.split("[nic.bob0]\n", 1)
open("mixed.toml", "w").write(head + "[nic.bob0]\n\n" + rest[rest.index("# The card takes"):])
PY
models="lt at"
"$program" list models | grep -q '^rtl' && models="$models rtl"
for model in $models; do run "mixed-$model" mixed.toml --model "$model"; done
[ "$(summary mixed-at "[n['model'] for n in s['nics']]")" = '["own", "at"]' ] || fail "other cards ran"

refused 1 'nic.*: clock cycle .*: a read of .* bytes at 0x.*: allowed are 1 to 512' --set 'nic.*.card=build/uncut_card.so'
if "$program" list models | grep -q '^diff'; then
  refused 2 'has no trace_valid and trace_record, so that the core cannot follow it' --model diff
fi
refused 2 'nic.alice0.card: cannot load .*CMakeLists.txt' --set 'nic.*.card=CMakeLists.txt'
# A shared object, but no card.
echo 'int nothing;' >nothing.cpp
c++ -shared -fPIC -o nothing.so nothing.cpp
refused 2 'nothing.so: no card for this version of Ringside: it has no function ringside_card_make_1' --set 'nic.*.card=nothing.so'
