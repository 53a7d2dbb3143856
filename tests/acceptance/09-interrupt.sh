#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Ctrl-C or SIGTERM in a long traced run leaves a whole capture and a summary that says that it is incomplete,
# also if it comes twice, as timeout(1) sends it;
# SIGKILL leaves nothing that has the name of a result.
# An existing folder is not touched without --force.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need python3
need_program

for signal in SIGINT SIGINT:0.01 SIGTERM SIGKILL; do
rm -rf out
signal_at "$signal" out/capture.pcapng.part 20000000 "$program" run "$examples/two-hosts.toml" \
  --set flow.upload.size=16GiB --trace pcapng --out out >status || fail "the run could not be interrupted"
read -r status seconds <status
if [ $signal = SIGKILL ]; then
  [ "$status" -eq -9 ] || fail "exit status $status after SIGKILL"
  [ "$(ls out)" = capture.pcapng.part ] || fail "after SIGKILL there is more than the part of a capture: $(ls out)"
  figure "after SIGKILL: capture.pcapng.part alone"
  rm -rf out
  continue
fi
[ "$status" -eq 1 ] || fail "exit status $status, expected 1: $(cat stderr)"
[ "$(summary out 's["incomplete"]')" = true ] || fail "the summary is not marked incomplete"
[ "$(summary out 'flow["upload"]["intact"]')" = false ] || fail "the flow counts as intact"
grep -q '^incomplete' stdout || fail "what is printed does not say that the run is incomplete"
figure "exit status 1, $seconds s after $signal, incomplete: true, after" \
  "$(summary out 's["sim_time_ns"]') ns of virtual time"
if command -v capinfos >/dev/null 2>&1; then
  # A last block that is cut makes capinfos fail.
  capinfos -c -M out/capture.pcapng >capinfos.log 2>&1 || fail "the capture is broken: $(cat capinfos.log)"
  packets=$(sed -n 's/^Number of packets: *//p' capinfos.log)
  [ "$packets" -gt 1000 ] || fail "the capture has $packets packets"
  figure "the capture is whole, $packets packets"
else
  echo "left out: capinfos is not installed"
fi
done

"$program" run "$examples/two-hosts.toml" --trace pcapng --out out >stdout 2>stderr || fail "a traced run: $(cat stderr)"
sums() { find out -type f -exec sha256sum {} + | sort; }
sums >before
status=0
"$program" run "$examples/udp-echo.toml" --out out >stdout 2>stderr || status=$?
sums >after
[ "$status" -eq 2 ] || fail "an existing folder: exit status $status, expected 2"
[ "$(wc -l <stderr)" -eq 1 ] || fail "an existing folder: not one line on stderr: $(cat stderr)"
cmp -s before after || fail "the existing folder was touched"
figure "an existing folder without --force: exit status 2, untouched: $(cat stderr)"
"$program" run "$examples/udp-echo.toml" --out out --force >stdout 2>stderr || fail "--force: $(cat stderr)"
[ "$(summary out 's["scenario"]')" = udp-echo ] || fail "--force: not the new summary"
[ ! -e out/capture.pcapng ] || fail "--force left the old run's capture beside the new summary"
figure "with --force: the new results alone"
