#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# 64-byte frames a second between DPDK's testpmd and `ringside serve`, beside the goals (lt 1,000,000, at
# 200,000) and beside DPDK's own vhost back end in place of the card, one after the other. It fails if a figure
# is missing; with --full also if one is below its goal: that needs a machine with nothing else to do.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need_program
need python3 dpdk-testpmd stdbuf taskset
[ "$(nproc)" -ge 2 ] || skip "one processor: front end and back end need one each"
export RUNTIME_DIRECTORY=$work

seconds=2
repeats=1
if [ "$full" = yes ]; then
  seconds=5
  repeats=3
fi
back=
front=
end_all() {
  for process in $front $back; do kill -KILL "$process" 2>/dev/null || true; done
  rm -rf "$work"
}
trap end_all EXIT

# Frames of 60 bytes, 64 with FCS; many, because the file is opened anew for each round.
python3 - <<'PY'
import struct
frame = bytes.fromhex("020000000001020000000002") + b"\x88\xb5" + bytes(46)
with open("frames.pcap", "wb") as out:
    out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
    out.write((struct.pack("<IIII", 0, 0, len(frame), len(frame)) + frame) * 16384)
PY

wait_for() { # SECONDS WHAT COMMAND...
  local left=$(($1 * 10)) what=$2
  shift 2
  until "$@"; do
    left=$((left - 1))
    [ "$left" -gt 0 ] || fail "in vain: $what"
    sleep 0.1
  done
}
wait_end() { # PROCESS
  timeout 20 tail --pid="$1" -f /dev/null || kill -KILL "$1"
  wait "$1" 2>/dev/null || true
}

# measure BACK MODE: prints the frames that the front end sends and receives in a second. BACK is a model, or
# dpdk. What the front end does: tx, rx, or both (each frame that comes goes back).
measure() {
  local kind=$1 mode=$2 first="" forward other field
  case $mode in
    tx) forward=txonly other=rxonly field=Tx ;;
    rx) forward=rxonly other=txonly field=Rx ;;
    both) forward=io other=io field=Rx first=" tx_first 32" ;;
  esac
  rm -f card commands back_commands
  mkfifo commands
  if [ "$kind" = dpdk ]; then
    mkfifo back_commands
    taskset -c 0 dpdk-testpmd --lcores 0@0,1@0 --no-pci --no-huge -m 256 --file-prefix="b$$" --no-telemetry \
      --vdev="net_vhost0,iface=$work/card,queues=1" -- -i --forward-mode="$other" --txd=256 --rxd=256 \
      --total-num-mbufs=8192 <back_commands >back.log 2>&1 &
    back=$!
    exec 8>back_commands
    echo "start" >&8
  else
    local far=()
    [ "$mode" != rx ] || far=(--pcap frames.pcap --repeat 0 --back-to-back --set link.rate=2500M)
    [ "$mode" != both ] || far=(--loopback)
    taskset -c 0 "$program" serve --model "$kind" --vhost-user "$work/card" --quiet "${far[@]}" >back.log 2>&1 &
    back=$!
  fi
  wait_for 30 "the back end's socket" [ -S card ]
  stdbuf -oL dpdk-testpmd --lcores 0@0,1@1 --no-pci --no-huge -m 256 --file-prefix="f$$" --no-telemetry \
    --vdev="net_virtio_user0,path=$work/card,mac=02:00:00:00:00:01,queue_size=256" \
    -- -i --forward-mode="$forward" --txd=256 --rxd=256 --total-num-mbufs=8192 <commands >front.log 2>&1 &
  front=$!
  exec 9>commands
  wait_for 60 "testpmd's prompt" grep -q 'testpmd> ' front.log
  echo "start$first" >&9
  sleep 1
  echo "show port stats 0" >&9
  sleep "$seconds"
  echo "show port stats 0" >&9
  sleep 0.2
  echo stop >&9
  echo quit >&9
  exec 9>&-
  wait_end "$front"
  front=
  if [ "$kind" = dpdk ]; then
    echo quit >&8
    exec 8>&-
  else
    kill -TERM "$back"
  fi
  wait_end "$back"
  back=
  sed -n "s/^ *$field-pps: *\([0-9]*\).*/\1/p" front.log | tail -n 1
}
# The best of the repeats: what disturbs one only ever slows it down.
best() {
  local most=0 number got
  for number in $(seq "$repeats"); do
    got=$(measure "$@")
    : "$number"
    if [ "${got:-0}" -gt "$most" ]; then most=$got; fi
  done
  echo "$most"
}

low=
for mode in tx rx both; do
  dpdk=$(best dpdk $mode)
  [ "$dpdk" -gt 0 ] || fail "DPDK's back end, $mode: no frames: $(tail -n 5 front.log)"
  for model in lt at; do
    goal=1000000
    [ $model = lt ] || goal=200000
    got=$(best $model $mode)
    [ "$got" -gt 0 ] || fail "$model, $mode: no frames: $(cat back.log) $(tail -n 5 front.log)"
    [ "$got" -ge "$goal" ] || low="$low $model/$mode"
    figure "$(python3 -c 'import sys
mode, model, got, goal, dpdk = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:])
print(f"{model}, {mode}: {got:,} frames a second (goal {goal:,}: {100 * got / goal:.0f} %), "
      f"1/{dpdk / got:.1f} of the {dpdk:,} of DPDK")' $mode $model "$got" "$goal" "$dpdk")"
  done
done
[ -z "$low" ] || [ "$full" = no ] || fail "below the goal:$low"
