#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `ringside serve` through the lives of its peers: nothing is lost or counted twice from one front end to the
# next, a killed one costs one line, an idle one no processor time; SIGTERM and ^C leave no socket and a whole
# summary and capture; a full disk leaves nothing that looks whole.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need_program
need python3 dpdk-testpmd capinfos stdbuf
export ASAN_OPTIONS=detect_leaks=0
export RUNTIME_DIRECTORY=$work

server=
peer=
end_all() {
  [ -z "$peer" ] || kill -KILL "$peer" 2>/dev/null || true
  [ -z "$server" ] || kill -KILL "$server" 2>/dev/null || true
  rm -rf "$work"
}
trap end_all EXIT

# wait_for SECONDS WHAT COMMAND...
wait_for() {
  local left=$(($1 * 10)) what=$2
  shift 2
  until "$@"; do
    left=$((left - 1))
    [ "$left" -gt 0 ] || fail "in vain: $what"
    sleep 0.1
  done
}
serve() { # LOG OPTIONS...
  log=$1
  shift
  "$program" serve --vhost-user "$work/card" --loopback --json "$@" >"$log.json" 2>"$log.log" &
  server=$!
  wait_for 20 "the card's socket" [ -S "$work/card" ]
}
end_serve() { # SIGNAL STATUS
  local status=0
  kill -"$1" "$server"
  timeout 30 tail --pid="$server" -f /dev/null || fail "it does not end at SIG$1"
  wait "$server" || status=$?
  server=
  [ "$status" -eq "$2" ] || fail "status $status after SIG$1, expected $2: $(cat "$log.log")"
  [ ! -e card ] || fail "the socket is left behind"
}
start_peer() { # MODE
  rm -f commands
  mkfifo commands
  stdbuf -oL dpdk-testpmd --lcores 0@0,1@1 --no-pci --no-huge -m 256 --file-prefix="p$$" --no-telemetry \
    --vdev="net_virtio_user0,path=$work/card,mac=02:00:00:00:00:01,queue_size=256" \
    -- -i --forward-mode="$1" --txd=256 --rxd=256 --total-num-mbufs=8192 <commands >peer.log 2>&1 &
  peer=$!
  exec 9>commands
  wait_for 60 "testpmd's prompt" grep -q 'testpmd> ' peer.log
}
say() { echo "$*" >&9; }
state_of() { cut -d' ' -f3 "/proc/$1/stat"; }
# rest: the card sleeps, seen ten times in a row: it has done all that its front end left.
rest() {
  local seen=0 left=300
  while [ "$seen" -lt 10 ]; do
    left=$((left - 1))
    [ "$left" -gt 0 ] || fail "$log: the card does not come to rest"
    sleep 0.05
    if [ "$(state_of "$server")" = S ]; then seen=$((seen + 1)); else seen=0; fi
  done
}
stop_peer() { # as it says that it has stopped
  say stop
  wait_for 30 "the end of testpmd's forwarding" grep -q 'Accumulated forward' peer.log
  rest
}
end_peer() { # the frames that it sent and received, as it says
  stop_peer
  say quit
  exec 9>&-
  timeout 30 tail --pid="$peer" -f /dev/null || fail "testpmd does not end"
  peer=
  sed -n '/Accumulated forward/,$s/^ *[RT]X-packets: \([0-9]*\) .*/\1/p' peer.log | paste -s -d' '
}
figures() { python3 -c 'import json, sys
s = json.load(open(sys.argv[1])); c = s["nics"][0]["counters"]
print(eval(sys.argv[2]))' "$log.json" "$1"; }
processor_ticks() { awk '{ print $14 + $15 }' "/proc/$server/stat"; }

for model in lt at; do
  # Two front ends one after the other: every frame that went is counted once, every one that came had gone.
  serve "$model-peers" --model "$model"
  sent=0
  received=0
  for round in 1 2; do
    start_peer io
    say start tx_first 4
    sleep 2
    read -r rx tx <<<"$(end_peer)"
    [ "$tx" -gt 0 ] && [ "$rx" -gt 0 ] || fail "$model: no traffic in round $round: $(tail -n 20 peer.log)"
    sent=$((sent + tx))
    received=$((received + rx))
  done
  # Killed in the middle of traffic, and then the next one.
  start_peer io
  say start tx_first 4
  sleep 1
  exec 9>&-
  kill -KILL "$peer"
  wait "$peer" 2>/dev/null || true
  peer=
  wait_for 20 "a line about the killed peer" grep -q -c 'connection closed' "$log.log"
  wait_for 20 "three lines about peers" sh -c "[ \$(grep -c 'connection closed' $log.log) -eq 3 ]"
  start_peer txonly
  say start
  sleep 1
  # Idle, with a front end that is there and without one.
  stop_peer
  before=$(processor_ticks)
  sleep 2
  idle=$(($(processor_ticks) - before))
  end_peer >/dev/null
  rest
  before=$(processor_ticks)
  sleep 2
  alone=$(($(processor_ticks) - before))
  [ "$idle" -le 2 ] && [ "$alone" -le 2 ] ||
    fail "$model: $idle and $alone hundredths of processor time in 2 s with nothing to do"
  end_serve TERM 0
  [ "$(figures 's["peers"][0]["served"]')" -eq 4 ] || fail "$model: not 4 front ends served"
  figures '"%s: %d frames sent, %d received, %d errors" % (s["model"], c["tx_frames"], c["rx_frames"], c["device_errors"])' >line
  [ "$(figures 'c["device_errors"]')" -eq 0 ] || fail "$model: device errors: $(cat line)"
  [ "$(figures 'c["tx_frames"]')" -ge "$sent" ] && [ "$(figures 'c["rx_frames"]')" -ge "$received" ] ||
    fail "$model: the peers sent $sent and received $received; $(cat line)"
  figure "$(cat line); four peers, one killed; idle $idle and alone $alone hundredths of a second in 2 s"

  # What one peer sent and received, exactly.
  serve "$model-exact" --model "$model" --out "$model-exact" --trace pcapng,events --set link.rate=10G
  start_peer io
  say start tx_first 2
  sleep 1
  read -r rx tx <<<"$(end_peer)"
  end_serve INT 0
  # Virtual time stands still while nobody has work, also for time-outs that wait for nothing.
  [ "$(figures 's["sim_time_ns"]')" -lt 1000000000 ] || fail "$model: $(figures 's["sim_time_ns"]') ns simulated"
  [ "$(figures 's["repeatable"]')" = False ] || fail "$model: the summary says that it can be repeated"
  cmp "$log.json" "$model-exact/summary.json" || fail "$model: --json and summary.json differ"
  [ "$(figures 'c["tx_frames"]')" -eq "$tx" ] || fail "$model: the peer sent $tx, $(figures 'c["tx_frames"]') went"
  capinfos -c -M "$model-exact/capture.pcapng" >capinfos.log || fail "$model: the capture is broken"
  captured=$(sed -n 's/^Number of packets: *//p' capinfos.log)
  [ "$captured" -eq $((2 * tx)) ] || fail "$model: $captured frames in the capture; $tx went out and came back"
  "$program" events "$model-exact" --kind frame_out | wc -l >events.count
  [ "$(cat events.count)" -eq "$tx" ] || fail "$model: $(cat events.count) records of frames sent, not $tx"
  figure "$model: $tx sent, $rx received, $captured captured"

  # A full disk, as a limit on the size of files.
  (trap '' XFSZ; ulimit -f 64; exec "$program" serve --vhost-user "$work/card" --loopback --model "$model" --out "$model-full" \
    --trace pcapng >full.out 2>full.log) &
  server=$!
  log=full
  wait_for 20 "the card's socket" [ -S card ]
  start_peer io
  say start tx_first 4
  sleep 1
  end_peer >/dev/null
  end_serve TERM 1
  grep -q 'capture.pcapng: cannot write' full.log || fail "$model: a full disk: $(cat full.log)"
  [ "$(summary "$model-full" 's["files_cut"]')" = '["capture.pcapng.part"]' ] || fail "$model: no cut file in the summary"
  capinfos -c "$model-full/capture.pcapng.part" >/dev/null || fail "$model: the capture is not whole as far as it goes"
  figure "$model: $(grep -m 1 'cannot write' full.log)"
done

# Its terminal is closed; nohup keeps it.
serve hangup
end_serve HUP 0
nohup "$program" serve --vhost-user "$work/card" --loopback --json >"$work/nohup.json" 2>"$work/nohup.log" &
server=$!
log="$work/nohup"
wait_for 20 "the card's socket" [ -S card ]
kill -HUP "$server"
sleep 1
kill -0 "$server" || fail "a closed terminal ends it under nohup: $(cat "$log.log")"
end_serve TERM 0

# A socket that is in use; a path that cannot be.
serve used
status=0
"$program" serve --vhost-user card 2>second.log || status=$?
[ "$status" -eq 2 ] && [ "$(wc -l <second.log)" -eq 1 ] || fail "a used socket: status $status, $(cat second.log)"
[ -S card ] || fail "a second server removed the socket"
# It leaves no results behind, and those that it was to replace where they are.
status=0
"$program" serve --vhost-user card --trace pcapng,events --out second 2>second.log || status=$?
[ "$status" -eq 2 ] && [ ! -e second ] || fail "a used socket with traces: status $status, $(ls second)"
status=0
cp -r lt-exact before
"$program" serve --vhost-user card --trace pcapng --out lt-exact --force 2>second.log || status=$?
[ "$status" -eq 2 ] && diff -r before lt-exact || fail "a used socket, old results: status $status"
figure "$(cat second.log)"
end_serve TERM 0
status=0
"$program" serve --vhost-user none/card 2>second.log || status=$?
[ "$status" -eq 2 ] && [ "$(wc -l <second.log)" -eq 1 ] || fail "no folder: status $status, $(cat second.log)"
figure "$(cat second.log)"
