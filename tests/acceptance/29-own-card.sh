#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A card in RTL that is not Ringside's, built out of tree from an installed package: the same driver
# brings it up, a file each way and pings arrive whole, also with another card at the other end; its
# clock may stop or not; resets in the middle of the traffic lose nothing; a mistake in it is found on
# its pins; one that cannot be followed or served says so.
#   RINGSIDE_RESET_RUN   runs a scenario with such resets (build/release's)
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need python3 verilator cmake c++ sha256sum
need_program
reset_run=${RINGSIDE_RESET_RUN:-$root/build/release/tests/cosim/reset_run}
[ -x "$reset_run" ] || fail "no program $reset_run: build it, or name it in RINGSIDE_RESET_RUN"

# quietly COMMAND...: its output only if it fails.
quietly() {
  "$@" >"$work/log" 2>&1 || {
    cat "$work/log" >&2
    fail "$*"
  }
}
# refused_by STATUS TEXT COMMAND...: it ends with STATUS, and one line on standard error has TEXT.
refused_by() {
  local expected=$1 text=$2 status=0
  shift 2
  ASAN_OPTIONS=detect_leaks=0 timeout 60 "$program" "$@" >refused.log 2>refused.err || status=$?
  if [ "$status" != "$expected" ] || ! grep -q "$text" refused.err || [ "$(wc -l <refused.err)" != 1 ]; then
    cat refused.log refused.err >&2
    fail "exit status $status, expected $expected and one line with \"$text\""
  fi
  figure "$(cat refused.err)"
}
refused() { # STATUS TEXT OPTIONS...
  local expected=$1 text=$2
  shift 2
  refused_by "$expected" "$text" run own-card.toml --out refused --force "$@"
}
# resets SEED: drivers that reset their cards in the middle of the traffic.
resets() {
  ASAN_OPTIONS=detect_leaks=0 "$reset_run" own-card.toml --set 'host.*.cost=zero' --resets 8 --seed "$1"
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
  ASAN_OPTIONS=detect_leaks=0 "$program" run own-card.toml --out waves --trace waves --json >waves.log || fail "waves: $(cat waves.log)"
  cmp waves.log waves/summary.json || fail "with waves --json has more than JSON"
  [ "$(summary waves "s['digest']")" = "$(summary plain "s['digest']")" ] || fail "waves change the digest"
  # No room: as on a full disk no file grows beyond 256 KiB, and pages behind a file's end cannot be had.
  status=0
  (
    trap '' XFSZ
    ulimit -f 256
    ASAN_OPTIONS=detect_leaks=0 exec "$program" run own-card.toml --out full --trace waves --quiet
  ) >full.log 2>full.err || status=$?
  if [ "$status" != 1 ] || [ -s full.log ] || [ "$(grep -c '^ringside: full/.*0.fst: cannot write the waves: ' full.err)" != 2 ]; then
    fail "no room for waves: status $status: $(cat full.log full.err)"
  fi
  [ ! -e full/alice0.fst ] && [ -e full/alice0.fst.part ] || fail "what is cut looks whole"
  [ "$(summary full "s['files_cut']")" = '["alice0.fst.part", "bob0.fst.part"]' ] || fail "files_cut"
  [ "$(summary full "s['digest']")" = "$(summary plain "s['digest']")" ] || fail "a full disk changes the digest"
  [ -s waves/alice0.fst ] && grep -q posted_valid waves/bob0.gtkw || fail "no waves"
fi

for seed in 1 2 3; do
  quietly resets "$seed"
  figure "seed $seed: $(head -n 1 "$work/log")"
done

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
# A reset that is over before the card has come to rest.
cp -r . ../hasty
cd ../hasty
sed -i 's/assign clear = stop && data_idle;/assign clear = stop \&\& (data_idle || stop);/' rtl/card_registers.sv
cmp -s rtl/card_registers.sv ../own-card/rtl/card_registers.sv && fail "card_registers.sv has no such line"
sed -i 's/^endmodule/  initial $display("says %0d", 17);\n&/' rtl/card_registers.sv
rm -rf build
quietly cmake -B build "-DCMAKE_PREFIX_PATH=$work/prefix"
quietly cmake --build build --target my_card --parallel 2
# What a card says is not among the results.
ASAN_OPTIONS=detect_leaks=0 "$program" run own-card.toml --out said --json >said.json 2>said.err || fail "said: $(cat said.err)"
cmp said.json said/summary.json || fail "what a card says is on standard output"
[ "$(sort -u said.err)" = "says 17" ] || fail "standard error has: $(cat said.err)"
if resets 1 >hasty.log 2>&1 || ! grep 'clock cycle .*: a write of .* bytes at 0x.*: Bus Master Enable is off' hasty.log >../line; then
  cat hasty.log >&2
  fail "a card that writes behind its reset is not found"
fi
figure "$(cat ../line)"
cd ../own-card
if "$program" list models | grep -q '^diff'; then
  refused 2 'has no trace_valid and trace_record, so that the core cannot follow it' --model diff
fi
refused 2 '^--set .*: nic.alice0.card: cannot load .*CMakeLists.txt' --set 'nic.*.card=CMakeLists.txt'
# A shared object, but no card.
echo 'int nothing;' >nothing.cpp
c++ -shared -fPIC -o nothing.so nothing.cpp
refused 2 'nothing.so: no card: it has no function ringside_card_make_1' --set 'nic.*.card=nothing.so'
# Front ends need ring state registers. Nothing is left behind.
refused_by 2 'nic.card0.card: build/my_card.so: the card has no ring state registers' serve --vhost-user card.sock --loopback \
  --trace pcapng --out served --set nic.card=build/my_card.so
[ ! -e card.sock ] && [ ! -e served ] || fail "serve left its socket or folder behind"
refused_by 2 'nic.card0.card: file .* does not exist' serve --vhost-user card.sock --set nic.card=none.so
refused_by 2 'nic.card0.card: cannot load' serve --vhost-user card.sock --set nic.card=CMakeLists.txt
