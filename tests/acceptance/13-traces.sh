#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Traces change no digest, are the same bytes in every run, hold every frame of the capture at the
# same nanosecond, agree with the card's counters and ledger, keep to the trace-event format, also
# after ^C and on a full disk; and the check of the format finds what it should.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need python3
need_program
check_trace=$root/tests/acceptance/check_trace.py

size=1MiB
if [ "$full" = yes ]; then size=16MiB; fi
for scenario in "$examples"/two-hosts.toml "$examples"/duplex.toml; do
  for model in lt at; do
    name=$(basename "$scenario" .toml)-$model
    options=(--model "$model" --set "flow.*.size=$size")
    run "$name-plain" "$scenario" "${options[@]}"
    for out in "$name" "$name-again"; do
      run "$out" "$scenario" "${options[@]}" --trace events,perfetto,pcapng
    done
    for file in events.nictrace trace.perfetto.json; do
      cmp "$name/$file" "$name-again/$file" || fail "$name: two runs, two files $file"
    done
    digest=$(summary "$name-plain" 's["digest"]')
    [ "$(summary "$name" 's["digest"]')" = "$digest" ] || fail "$name: traced, it has another digest"
    "$check_trace" "$name/trace.perfetto.json" "$name/capture.pcapng" >check.log || {
      cat check.log >&2
      fail "$name: the trace breaks a rule"
    }
    figure "$name: $(tail -n 1 check.log)"
    "$program" events "$name" --json >events.json
    python3 - events.json "$name/summary.json" <<'PY' || fail "$name: records, latencies and counters disagree"
import collections, json, sys
summary = json.load(open(sys.argv[2]))
kinds = collections.Counter()
for line in open(sys.argv[1]):
    record = json.loads(line)
    kinds[record["nic"], record["kind"]] += 1
for nic in summary["nics"]:
    name, counters, latency = nic["name"], nic["counters"], nic["latency_ns"]
    def same(what, *numbers):
        if len(set(numbers)) != 1:
            sys.exit(f"{name}: {what}: {numbers}")
    same("frames sent", counters["tx_frames"], kinds[name, "frame_sent"], kinds[name, "frame_out"],
         latency["tx"]["whole_to_sent"]["count"])
    same("frames received", counters["rx_frames"], kinds[name, "frame_in"],
         latency["rx"]["arrived_to_started"]["count"])
    same("doorbells", counters["doorbells"], kinds[name, "doorbell"])
    same("DMA reads", counters["dma_reads"], kinds[name, "dma_read"], kinds[name, "dma_read_done"])
    same("DMA writes", counters["dma_writes"], kinds[name, "dma_write"])
    same("MSI-X messages", counters["msix_messages"], kinds[name, "msix"])
    if "ledger" in nic:
        for way in ("up", "down"):
            rows = sum(row[way]["link_bytes"] for row in nic["ledger"]["rows"].values())
            same(f"bytes {way}", counters[f"pcie_bytes_{way}"], rows,
                 nic["ledger"]["total"][way]["link_bytes"])
        same("doorbell TLPs", counters["doorbells"], nic["ledger"]["rows"]["doorbell"]["down"]["tlps"])
PY
  done
done

# ^C: everything is whole as far as it goes. A size decides when, not a time: looking at what a fast machine
# writes in seconds takes minutes and gigabytes.
signal_at SIGINT cut/trace.perfetto.json.part 20000000 "$program" run "$examples/two-hosts.toml" \
  --set flow.upload.size=100GiB --trace events,perfetto,pcapng --set 'host.*.cost=zero' --out cut >status ||
  fail "the run could not be interrupted"
read -r status seconds <status
[ "$status" -eq 1 ] || fail "an interrupted run ends with status $status: $(cat stderr)"
[ "$(summary cut 's["incomplete"]')" = true ] || fail "an interrupted run is not incomplete"
"$check_trace" cut/trace.perfetto.json cut/capture.pcapng >check.log || {
  cat check.log >&2
  fail "an interrupted trace breaks a rule"
}
"$program" events cut --kind frame_sent >cut.events || fail "an interrupted trace cannot be read"
figure "interrupted, ends after $seconds s: $(tail -n 1 check.log), $(wc -l <cut.events) frames sent"
rm -rf cut

# A full disk, as a limit on the size of files: one line as soon as it is full, files that are valid and do not look
# whole.
status=0
(
  trap '' XFSZ
  ulimit -f 3072
  "$program" run "$examples/two-hosts.toml" --model at --trace perfetto --out small
) >small.out 2>small.log || status=$?
[ "$status" -eq 1 ] || fail "a full disk: status $status"
grep -q 'trace.perfetto.json: cannot write the trace: ' small.log || fail "a full disk: $(cat small.log)"
[ "$(wc -l <small.log)" -eq 1 ] || fail "a full disk takes more than a line: $(cat small.log)"
[ ! -e small/trace.perfetto.json ] || fail "a full disk leaves a trace that looks whole"
python3 -c 'import json, sys; json.load(open(sys.argv[1]))' small/trace.perfetto.json.part ||
  fail "a full disk leaves JSON that is not valid"
[ "$(summary small 's["files_cut"]')" = '["trace.perfetto.json.part"]' ] || fail "a full disk: the summary has no cut file"
grep -q 'trace.perfetto.json.part (ends early)' small.out || fail "a full disk: the cut file is not named"
figure "full disk: $(cat small.log)"

# The check must be able to fail: one change each.
python3 - two-hosts-at/trace.perfetto.json <<'PY'
import json, sys
text = open(sys.argv[1], encoding="utf-8").read()
lines = text.splitlines(True)
def first(part, n=0):
    return [i for i, line in enumerate(lines) if part in line][n]
def without(name, *numbers):
    changed = [line for i, line in enumerate(lines) if i not in numbers]
    open(f"bad-{name}.json", "w", encoding="utf-8").writelines(changed)
def with_change(name, number, old, new):
    assert old in lines[number], (name, lines[number])
    changed = list(lines)
    changed[number] = lines[number].replace(old, new, 1)
    open(f"bad-{name}.json", "w", encoding="utf-8").writelines(changed)
without("flow-end", first('"ph":"f"'))
without("flow-start", first('"ph":"s"'))
without("slice-end", first('"ph":"E"'))
without("slice-begin", first('"ph":"B"'))
without("async-end", first('"ph":"e"'))
without("process-name", first('"process_name"'))
without("thread-name", first('"thread_name"'))
wire = first('"name":"alice0 to bob0"')
link = json.loads(lines[wire].strip().strip(","))
frame = first(f'"ph":"X","pid":{link["pid"]},"tid":{link["tid"]},', 3)
with_change("frame-late", frame, '.', '1.')
with_change("frame-size", frame, '"bytes":', '"bytes":1')
without("frame-lost", frame)
with_change("overlap", frame, '"dur":0.', '"dur":9.')
with_change("counter-text", first('"ph":"C"'), '"value":', '"value":"","other":')
with_change("counter-late", first('"ph":"C"'), '"ts":', '"ts":9')
with_change("phase", first('"ph":"i"'), '"ph":"i"', '"ph":"Q"')
with_change("no-duration", frame, '"dur":', '"during":')
with_change("precision", frame, '"dur":0.', '"dur":0.0')
with_change("json", frame, '}', '')
PY
found=0
for bad in bad-*.json; do
  if "$check_trace" "$bad" two-hosts-at/capture.pcapng >check.log; then fail "$bad breaks no rule"; fi
  found=$((found + 1))
done
figure "$found traces with one thing wrong each: all are found"
