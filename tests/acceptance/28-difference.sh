#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What a difference leaves: cards in RTL with a deliberate fault, through the same code as `ringside run
# --model diff`. Words, both histories, a capture, and waves of a second run that comes to the same.
#   RINGSIDE_UNKNOWN    the program with a fault to choose (build/release's)
#   RINGSIDE_FST_INFO   reads waves (likewise)
#   RINGSIDE_DIFF_HUNT  the random hunt with such a card (likewise)
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need python3 capinfos tshark
faulty=${RINGSIDE_UNKNOWN:-$root/build/release/tests/differential/ringside_unknown}
fst_info=${RINGSIDE_FST_INFO:-$root/build/release/tests/differential/fst_info}
hunt=${RINGSIDE_DIFF_HUNT:-$root/build/release/tests/differential/diff_hunt_unknown}
for tool in "$faulty" "$fst_info" "$hunt"; do [ -x "$tool" ] || fail "no program $tool: build it"; done
need_program
"$program" list models | grep -q '^diff' || skip "this build has no card in RTL"
export RINGSIDE_UNKNOWN_SEED=1

# differ FAULT OPTIONS...: a run into the folder FAULT that must end with status 1.
differ() {
  local fault=$1 status=0
  shift
  RINGSIDE_CARD_FAULT=$fault "$faulty" run "$examples/udp-echo.toml" --model diff --out "$fault" "$@" \
    >"$fault.log" 2>"$fault.err" || status=$?
  [ "$status" = 1 ] || fail "$fault: status $status: $(cat "$fault.log" "$fault.err")"
}

# Faults, and what must be said of each.
cat >faults <<'END'
UsedEntryLost a write of 2 bytes of used_index of queue 1 at 0x[0-9a-f]+; expected: a write of 8 bytes of used_entries
FrameOrderSwapped byte [0-9]+ of a sent frame of queue 1 is 0x[0-9a-f]{2}, expected 0x[0-9a-f]{2}
EventIndexLate the card says interrupt_decision of queue 0: suppressed; the core says interrupt_decision of queue 0: interrupt
NextPartStale a write of 256 bytes of payload of queue 0 at 0x[0-9a-f]+: the byte at 0x[0-9a-f]+ .* is 0x[0-9a-f]{2}, expected
DoorbellNotCounted the card counts 0 of doorbells, the core [0-9]+
END
while read -r fault words; do
  differ "$fault"
  [ ! -s "$fault.err" ] || grep -q 'difference: ' "$fault.err" || [ "$fault" = DoorbellNotCounted ] ||
    fail "$fault: stderr says no difference"
  grep -q "^difference: .* $fault/difference/difference.txt says where everything is; waves of the last 10us " "$fault.log" ||
    fail "$fault: no line says where everything is: $(cat "$fault.log")"
  nic=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["nic"])' "$fault/difference/difference.json")
  "$fst_info" "$fault/difference/$nic.fst" TOP.clk TOP.rst_n 'TOP.trace_valid[9:0]' >waves.json ||
    fail "$fault: the waves cannot be read"
  capinfos -Mc "$fault/difference/capture.pcapng" >capinfos.log 2>&1 || fail "$fault: $(cat capinfos.log)"
  tshark -r "$fault/difference/capture.pcapng" -T fields -e frame.time_epoch -e frame.interface_name >frames.txt 2>/dev/null ||
    fail "$fault: the capture cannot be read"
  python3 - "$fault" "$words" <<'PY' || fail "$fault: what is left is not right"
import decimal, json, os, re, sys
fault, words = sys.argv[1:]
folder = fault + "/difference/"
def check(good, what):
    if not good:
        sys.exit(f"{fault}: {what}")
summary = json.load(open(fault + "/summary.json"))
report = json.load(open(folder + "difference.json"))
text = open(folder + "difference.txt").read()
nic, when = report["nic"], report["time_ps"]
check(re.match(words, report["what"]), f"it says: {report['what']}")
check(text.startswith(f"{nic}: {report['what']}\n"), "the text says something else")
check(report["what"] in next(c["detail"] for c in summary["checks"] if c["name"] == "diff " + nic), "the check differs")
check(f"again:  {report['command']}\n" in text and report["command"] == summary["command"], "no command repeats it")
check(report["seed"] == 1 and report["cycle"] * 4000 == when, "seed, or cycle against time")
check(summary["difference"]["time_ps"] == when, "the summary has another time")
check(sorted(os.listdir(folder)) == sorted(f[11:] for f in summary["files"] if f.startswith("difference/")), "files not named")
check(set(report["files"]) | {"difference.txt", "difference.json"} == set(os.listdir(folder)), "files not listed")
check(report["rerun"]["made"] and report["rerun"]["same"], "the second run differs")
# Both histories, in one order, up to the difference.
history = [json.loads(line) for line in open(folder + "history.jsonl")]
lines = open(folder + "history.txt").read().splitlines()
check(len(history) == len(lines), "text and JSON differ in length")
for entry, line in zip(history, lines):
    check(f" us  {entry['by']}  " in line and f"  {entry['kind']}" in line, f"{entry} is not {line}")
numbers = [entry["number"] for entry in history]
check(numbers == sorted(set(numbers)), "order")
sides = {by: [e for e in history if e["by"] == by] for by in ("card", "core")}
for by, entries in sides.items():
    check(100 < len(entries) <= 2000, f"{len(entries)} entries of the {by}")
    check(entries[-1]["time_ps"] <= when, f"the {by} does something later")
check(all(line in text for line in lines[-10:]), "the text does not end as the history")
# Waves of the window, of every edge in it.
waves = json.load(open("waves.json"))
start, end = report["rerun"]["from_ps"], report["rerun"]["to_ps"]
check(end == when and end - start == 10_000_000, "window")
check(waves["timescale"] == -12 and waves["signals"] > 1000, f"waves: {waves}")
check(start <= waves["start"] and waves["end"] <= end, f"waves from {waves['start']} to {waves['end']}")
check(waves["changes"]["TOP.rst_n"]["last"] == "1", "reset")
check(waves["changes"]["TOP.clk"]["count"] > 4, "the clock stands still")
at_rest = fault == "DoorbellNotCounted"
check(waves["end"] == end and (at_rest or waves["changes"]["TOP.trace_valid[9:0]"]["count"] > 4), "the end is not in it")
view = open(folder + nic + ".gtkw").read()
check(f'[dumpfile] "{nic}.fst"\n' in view and f" {when} " in view, "view")
# Frames.
frames = [line.split("\t") for line in open("frames.txt").read().splitlines()]
times = [decimal.Decimal(time) for time, _ in frames]
check(times and times == sorted(times) and times[-1] <= decimal.Decimal(when) / 10**12 + decimal.Decimal("0.003"), "frames")
check({name for _, name in frames} & {"alice0", "bob0", nic + "-pins"} == {name for _, name in frames}, "interfaces")
print(f"figure: {fault}: {nic} at {when} ps: {report['what']}; {len(sides['card'])} and {len(sides['core'])} entries, "
      f"{len(frames)} frames, waves of {(waves['end'] - waves['start']) / 1e6:.3f} us, {waves['signals']} signals")
PY
done <faults
# The frame that differs is among them.
python3 - <<'PY' || fail "FrameOrderSwapped: the wrong frame is not in the history"
import json
history = [json.loads(line) for line in open("FrameOrderSwapped/difference/history.jsonl")]
sent = [e["bytes"] for e in history if e["kind"] == "pins_frame_out" and e["by"] == "card"]
due = [e["bytes"] for e in history if e["kind"] == "pins_frame_out" and e["by"] == "core"]
assert sent[-1] not in due[len(sent) - 1:len(sent)] and sent[-1] in due, (sent[-1], due)
PY

# The window is the user's; the same files again with --force, and none where nothing differs.
differ UsedEntryLost --force --diff-window 2us
"$fst_info" UsedEntryLost/difference/alice0.fst >waves.json
python3 -c 'import json; w = json.load(open("waves.json")); assert 1.5e6 < w["end"] - w["start"] <= 2e6, w' || fail "--diff-window"
differ UsedEntryLost --force --diff-window 0us
[ ! -e UsedEntryLost/difference/alice0.fst ] || fail "--diff-window 0us leaves waves"
grep -q 'no waves: --diff-window 0 makes no second run$' UsedEntryLost/difference/difference.txt || fail "no waves, and no reason"
"$faulty" run "$examples/udp-echo.toml" --model diff --out UsedEntryLost --force >none.log 2>&1 || fail "a card without a fault: $(cat none.log)"
[ ! -e UsedEntryLost/difference ] || fail "a run without a difference leaves that of another"

# The user's own window: the waves of the whole run are those of the difference there.
window=$(python3 -c 'import json; r = json.load(open("EventIndexLate/difference/difference.json"))["rerun"]; print("%dps..%dps" % (r["from_ps"], r["to_ps"]))')
run window "$examples/udp-echo.toml" --model diff --trace waves --wave-window "$window"
"$fst_info" window/alice0.fst >mine.json
"$fst_info" EventIndexLate/difference/alice0.fst >its.json
python3 -c 'import json; a, b = (json.load(open(f)) for f in ("mine.json", "its.json")); assert (a["start"], a["end"]) == (b["start"], b["end"]), (a, b)' ||
  fail "--wave-window $window has other times"
figure "--wave-window $window: $(cat mine.json)"

# A seed of the random hunt leaves the same files, and the command that it prints leaves them again.
export RINGSIDE_CARD_FAULT=UsedEntryLost
status=0
"$hunt" --seeds 1 1 --out hunt >hunt.log 2>&1 || status=$?
[ "$status" = 1 ] || fail "the hunt: status $status: $(cat hunt.log)"
grep -q '^  hunt/seed-1/difference.txt says where everything is; waves of the last .* are in card.fst, card.gtkw, by a second run that came to the same ' hunt.log ||
  fail "the hunt does not say where everything is: $(cat hunt.log)"
again=$(sed -n 's/^  again: //p' hunt.log)
$again --out again >again.log 2>&1 && fail "'$again' finds nothing"
for file in difference.json history.jsonl history.txt capture.pcapng card.gtkw; do
  cmp "hunt/seed-1/$file" "again/seed-1/$file" || fail "'$again' leaves another $file"
done
"$fst_info" hunt/seed-1/card.fst TOP.rst_n >waves.json || fail "the hunt: the waves cannot be read"
capinfos -Mc hunt/seed-1/capture.pcapng >capinfos.log 2>&1 || fail "the hunt: $(cat capinfos.log)"
python3 - <<'PY' || fail "what the hunt leaves is not right"
import json, os
report, waves = json.load(open("hunt/seed-1/difference.json")), json.load(open("waves.json"))
assert set(report["files"]) | {"difference.txt", "difference.json"} == set(os.listdir("hunt/seed-1")), report
assert report["rerun"]["same"] and report["what"] in open("hunt.log").read().splitlines()[0], report
assert report["rerun"]["from_ps"] <= waves["start"] and waves["end"] == report["time_ps"], (report, waves)
assert all(side in open("hunt/seed-1/history.txt").read() for side in ("  card  ", "  core  "))
PY
figure "the hunt: $(head -n 1 hunt.log)"

# A card that is served, with a fault and without.
served() { # FOLDER STATUS
  local status=0
  rm -f card.sock
  "$faulty" serve --model diff --vhost-user "$work/card.sock" --loopback --out "$1" >"$1.log" 2>"$1.err" &
  local server=$!
  until grep -qs 'waiting for a front end' "$1.err"; do
    kill -0 "$server" || fail "$1: $(cat "$1.err")"
    sleep 0.1
  done
  (sleep 2; echo start tx_first; sleep 3; echo stop; echo quit) |
    timeout 60 dpdk-testpmd --lcores 0@0,1@0 --no-pci --no-huge -m 256 --file-prefix="d$$" --no-telemetry \
      --vdev="net_virtio_user0,path=$work/card.sock,mac=02:00:00:00:00:01,queue_size=256" \
      -- -i --forward-mode=io --txd=256 --rxd=256 --total-num-mbufs=8192 >peer.log 2>&1 || true
  kill "$server" 2>/dev/null || true
  wait "$server" || status=$?
  [ "$status" = "$2" ] || fail "$1: status $status: $(cat "$1.log" "$1.err")"
}
if command -v dpdk-testpmd >/dev/null; then
  export RUNTIME_DIRECTORY=$work RINGSIDE_CARD_FAULT=UsedEntryLost
  served served-fault 1
  grep -q '^difference: .* served-fault/difference/difference.txt says where everything is; no waves: the peer took part' served-fault.log ||
    fail "no line says where everything is: $(cat served-fault.log)"
  capinfos -Mc served-fault/difference/capture.pcapng >capinfos.log 2>&1 || fail "served: $(cat capinfos.log)"
  python3 - <<'PY' || fail "what is left of a card that is served is not right"
import json, os
summary, report = json.load(open("served-fault/summary.json")), json.load(open("served-fault/difference/difference.json"))
files = {"difference.txt", "difference.json", "history.txt", "history.jsonl", "capture.pcapng"}
assert set(os.listdir("served-fault/difference")) == files == {f[11:] for f in summary["files"]}, summary["files"]
assert "used_index" in report["what"] and not report["rerun"]["made"], report
assert [(c["name"], c["pass"]) for c in summary["checks"]] == [("diff card0", False)], summary["checks"]
assert all(side in open("served-fault/difference/history.txt").read() for side in ("  card  ", "  core  "))
PY
  unset RINGSIDE_CARD_FAULT
  served served-good 0
  python3 - <<'PY' || fail "a card that is served without a fault: $(cat served-good.log)"
import json, os, re
checks = json.load(open("served-good/summary.json"))["checks"]
assert [(c["name"], c["pass"]) for c in checks] == [("diff card0", True)], checks
assert int(re.search(r"(\d+) sent frames", checks[0]["detail"])[1]) > 32, checks
assert not os.path.exists("served-good/difference")
PY
  figure "served: $(sed -n 's/^  FAILED //p' served-fault.log); without the fault: $(grep checks served-good.log)"
else
  echo "left out: dpdk-testpmd is not installed"
fi
