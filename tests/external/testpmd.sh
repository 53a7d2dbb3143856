#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# DPDK's virtio driver, as virtio-user without huge pages, in front of `ringside serve`.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need dpdk-testpmd stdbuf python3
need_back_end

frames=$root/tests/external/frames.py
capture_frames=3000
# Traffic without an end lasts so many seconds, and until so many frames have gone, however slow the machine is.
traffic=1
enough=10000
patience=60
if [ "$model" = rtl ]; then enough=2000; fi

# front NAME CARD DEVICE -- OPTIONS: a testpmd in front of a card; DEVICE: more settings of virtio-user,
# `captures`: more devices, `ring`: descriptors of a queue.
front() {
  local name=$1 card=$2 device=$3
  shift 4
  testpmd "$name" \
    "--vdev=net_virtio_user0,path=$(socket "$card"),mac=02:00:00:00:00:0$((card + 1)),queue_size=$ring${device:+,$device}" \
    "${captures[@]}" -- --rxd="$ring" "$@"
}
captures=()
ring=256

# forward NAME SECONDS [COMMAND...]: at least so long, and until the command is true.
forward() {
  local name=$1
  prompt "$name" start
  sleep "$2"
  shift 2
  [ $# -eq 0 ] || wait_for $patience "$*" "$@"
  prompt "$name" stop
  back_at_rest # and has taken what was still in a ring
}

# taken NAME PORT...: the back end is at rest, and the ports of a testpmd that forwards receive nothing more.
taken() {
  local name=$1 port now before="" times=0
  shift
  back_at_rest
  while [ $times -lt 4 ]; do
    prompt "$name" "show port stats all"
    now=$(for port in "$@"; do port_count "$name" "$port" RX-packets; done)
    if [ "$now" = "$before" ]; then times=$((times + 1)); else times=0; fi
    before=$now
  done
}

# counts NAME PORT FIELD NUMBER: whether a port has counted so many frames by now.
counts() {
  local count
  prompt "$1" "show port stats all"
  count=$(port_count "$1" "$2" "$3")
  [ "${count:-0}" -ge "$4" ]
}
both_count() { # NAME FIELD NUMBER
  counts "$1" 0 "$2" "$3" && counts "$1" 1 "$2" "$3"
}

# leave NAME: its statistics to the log; ends it.
leave() {
  prompt "$1" "show port stats all"
  say "$1" quit
  join "$1" $patience
  [ "$stopped" -eq 0 ] || fail "$1 ended with status $stopped"
}

# ---- Cells

# transmit OPTIONS...
transmit() {
  local sent
  back_end 1 1 --loopback
  front fe 0 "" -- --forward-mode=txonly "$@"
  forward fe $traffic counts fe 0 TX-packets $enough
  leave fe
  back_stop
  sent=$(port_count fe 0 TX-packets)
  at_least "$sent" $enough "frames sent"
  same "$(back_count 0 tx_frames)" "$sent" "frames that the card sent"
  detail "$sent frames"
}

# Sends and receives in one program; what the card sends comes back to it.
flow_generator() {
  local sent received
  back_end 1 1 --loopback
  front fe 0 "" -- --forward-mode=flowgen
  forward fe $traffic counts fe 0 RX-packets $enough
  # What was under way when it stopped.
  prompt fe "set fwd rxonly"
  forward fe 0 taken fe 0
  leave fe
  back_stop
  sent=$(port_count fe 0 TX-packets) received=$(port_count fe 0 RX-packets)
  at_least "$received" $enough "frames received"
  same "$(back_count 0 tx_frames)" "$sent" "frames that the card sent"
  same "$(back_count 0 rx_frames)" "$received" "frames that the card received"
  same $((received + $(back_drops 0))) "$sent" "frames received and dropped"
  detail "$sent frames sent, $received received"
}

# Two cards in one program, each sends what the other receives.
both_ways() {
  local port sent=(0 0) received=(0 0)
  back_end 2 1
  captures=("--vdev=net_virtio_user1,path=$(socket 1),mac=02:00:00:00:00:02,queue_size=256")
  front fe 0 "" -- --forward-mode=flowgen
  forward fe $traffic both_count fe RX-packets $enough
  prompt fe "set fwd rxonly"
  forward fe 0 taken fe 0 1
  leave fe
  back_stop
  for port in 0 1; do
    sent[port]=$(port_count fe $port TX-packets)
    received[port]=$(port_count fe $port RX-packets)
  done
  for port in 0 1; do
    at_least "${received[port]}" $enough "frames that port $port received"
    same "$(back_count $port tx_frames)" "${sent[port]}" "frames that card $port sent"
    same "$(back_count $port rx_frames)" "${received[port]}" "frames that card $port received"
    same $((received[port] + $(back_drops $port))) "${sent[1 - port]}" "frames that card $port received and dropped"
  done
  detail "${sent[*]} frames sent, ${received[*]} received"
}

# One program sends, another receives, over two linked cards.
receive() { # DEVICE (of the receiver)
  local sent received
  back_end 2 1
  front receiver 1 "$1" -- --forward-mode=rxonly
  front sender 0 "" -- --forward-mode=txonly
  prompt receiver start
  forward sender $traffic counts receiver 0 RX-packets 1000
  taken receiver 0
  prompt receiver stop
  leave sender
  leave receiver
  back_stop
  sent=$(port_count sender 0 TX-packets) received=$(port_count receiver 0 RX-packets)
  at_least "$received" 1000 "frames received"
  same "$(back_count 0 tx_frames)" "$sent" "frames that the first card sent"
  same "$(back_count 1 rx_frames)" "$received" "frames that the second card received"
  same $((received + $(back_drops 1))) "$sent" "frames received and dropped"
  detail "$sent frames sent, $received received"
}

# Frames of a capture go out and come back over a loop; the ring is never full, so none may be lost.
# content DEVICE MBUF-BYTES
content() {
  # Slow enough for every card: a frame in buffers of 128 bytes takes twelve chains, and what comes back waits in
  # the card, which has room for so much.
  local link=()
  [ "$backend" = dpdk ] || link=(--set link.rate=10G)
  back_end 1 1 --loopback "${link[@]}"
  through_loop fe "$1" "$2"
  back_stop
  same "$(back_count 0 tx_frames)" $capture_frames "frames that the card sent"
  same "$(back_count 0 rx_frames)" $capture_frames "frames that the card received"
  detail "$capture_frames frames"
}

# The back end plays a capture that fits the receive ring, so none may be lost.
receive_capture() {
  local ring=1024 capture_frames=900
  [ "$backend" = serve ] || skip "DPDK's back end plays a capture to nobody"
  "$frames" make in.pcap $capture_frames
  "$frames" make empty.pcap 0
  back_end 1 1 --pcap in.pcap
  captures=("--vdev=net_pcap0,rx_pcap=empty.pcap,tx_pcap=out.pcap")
  front fe 0 "" -- --forward-mode=io --no-flush-rx
  prompt fe start
  wait_for $patience "$capture_frames frames are there" frames_back fe 1
  prompt fe stop
  leave fe
  back_stop
  same "$("$frames" compare in.pcap out.pcap)" $capture_frames "frames that are as they were"
  same "$(back_count 0 rx_frames)" $capture_frames "frames that the card received"
  detail "$capture_frames frames"
}

# through_loop NAME DEVICE MBUF-BYTES
through_loop() {
  local ring=1024
  "$frames" make "$1.in.pcap" $capture_frames
  captures=("--vdev=net_pcap0,rx_pcap=$1.in.pcap,tx_pcap=$1.out.pcap")
  # Not more under way than fits the receive ring: frames wait for room in the transmit ring, and go one by
  # one, because with small buffers a burst of receive is fewer frames than one of transmit.
  front "$1" 0 "$2" -- --forward-mode=io --no-flush-rx --burst=1 --txd=32 --mbuf-size="$3" --disable-device-start
  prompt "$1" "set fwd io retry"
  prompt "$1" "set burst tx delay 20 retry 100000"
  [ "$3" -ge 2176 ] || prompt "$1" "port config 0 rx_offload scatter on"
  prompt "$1" "port start all"
  prompt "$1" start
  if ! (wait_for $patience "$capture_frames frames are back" frames_back "$1" 1); then
    leave "$1"
    back_stop
    fail "$(port_count "$1" 0 RX-packets) of $capture_frames frames are back, $(back_drops 0) dropped by the card"
  fi
  prompt "$1" stop
  leave "$1"
  same "$("$frames" compare "$1.in.pcap" "$1.out.pcap")" $capture_frames "frames that are as they were"
}
frames_back() { # NAME PORT
  prompt "$1" "show port stats all"
  [ "$(port_count "$1" "$2" TX-packets)" = $capture_frames ]
}

# A capture goes out by the first card and comes to the second, whose port sends each frame back with its
# addresses exchanged. The other ports exchange them too: to the first card, and to the result.
mac_echo() {
  local card
  "$frames" make in.pcap $capture_frames
  back_end 2 1
  captures=("--vdev=net_virtio_user1,path=$(socket 1),mac=02:00:00:00:00:02,queue_size=256"
    "--vdev=net_pcap0,rx_pcap=in.pcap,tx_pcap=out.pcap")
  front fe 0 "" -- --forward-mode=macswap --no-flush-rx --txd=64 --portlist=0,2,1
  prompt fe "set fwd macswap retry"
  prompt fe "set burst tx delay 20 retry 100000"
  prompt fe start
  if ! (wait_for $patience "$capture_frames frames are back" frames_back fe 2); then
    leave fe
    back_stop
    fail "$(port_count fe 2 TX-packets) of $capture_frames frames are back; card 0 received $(back_count 0 rx_frames) and dropped $(back_drops 0), card 1 $(back_count 1 rx_frames) and $(back_drops 1)"
  fi
  prompt fe stop
  leave fe
  back_stop
  same "$("$frames" compare in.pcap out.pcap --swapped)" $capture_frames "frames with addresses exchanged"
  for card in 0 1; do
    same "$(back_count $card tx_frames)" $capture_frames "frames that card $card sent"
    same "$(back_count $card rx_frames)" $capture_frames "frames that card $card received"
  done
  detail "$capture_frames frames"
}

two_pairs() {
  local sent received
  need_pairs 2
  back_end 1 2 --loopback
  front fe 0 queues=2 -- --forward-mode=flowgen --rxq=2 --txq=2 --nb-cores=1
  forward fe $traffic all_queues_count fe 1000
  prompt fe "set fwd rxonly"
  forward fe 0 taken fe 0
  leave fe
  back_stop
  sent=$(port_count fe 0 TX-packets) received=$(port_count fe 0 RX-packets)
  same "$(back_count 0 tx_frames)" "$sent" "frames that the card sent"
  same "$(back_count 0 rx_frames)" "$received" "frames that the card received"
  same $((received + $(back_drops 0))) "$sent" "frames received and dropped"
  detail "$sent frames sent, $received received"
}

all_queues_count() { # NAME NUMBER
  local queue count
  prompt "$1" "show port xstats 0"
  for queue in rx_q0 rx_q1 tx_q0 tx_q1; do
    count=$(sed -n "s/^${queue}_good_packets: //p" "$1.log" | tail -n 1)
    [ "${count:-0}" -ge "$2" ] || return 1
  done
}

ports_stop_and_start() {
  local round sent=0
  back_end 1 1 --loopback
  front fe 0 "" -- --forward-mode=txonly
  for round in 1 2 3; do
    forward fe 0.3 counts fe 0 TX-packets $((sent + 1000))
    prompt fe "port stop 0"
    prompt fe "port start 0"
    prompt fe "show port stats all"
    at_least "$(port_count fe 0 TX-packets)" $((sent + 1000)) "frames sent in all up to round $round"
    sent=$(port_count fe 0 TX-packets)
  done
  leave fe
  back_stop
  same "$(back_count 0 tx_frames)" "$sent" "frames that the card sent"
  detail "$sent frames"
}

front_end_quits() {
  local round
  back_end 1 1 --loopback
  for round in 1 2 3; do through_loop "fe$round" "" 2176; done
  back_stop
  same "$(back_count 0 tx_frames)" $((3 * capture_frames)) "frames that the card sent"
  same "$(back_count 0 rx_frames)" $((3 * capture_frames)) "frames that the card received"
  detail "3 programs, $capture_frames frames each"
}

front_end_is_killed() {
  local round
  back_end 1 1 --loopback
  for round in 1 2 3; do
    front "fe$round" 0 "" -- --forward-mode=flowgen
    prompt "fe$round" start
    sleep 0.3
    stop "fe$round" KILL
    alive back || fail "the back end ended"
  done
  through_loop last "" 2176
  back_stop
  detail "killed 3 times, then $capture_frames frames"
}

# A program whose back end went ends too, by SIGPIPE: that is DPDK's way.
back_end_is_killed() {
  local round
  for round in 1 2; do
    back_end 1 1 --loopback
    front "fe$round" 0 "" -- --forward-mode=flowgen
    prompt "fe$round" start
    sleep 0.3
    stop back KILL
    try_say "fe$round" stop || true
    try_say "fe$round" quit || true
    join "fe$round" $patience
  done
  back_end 1 1 --loopback
  through_loop last "" 2176
  back_stop
  same "$(back_count 0 tx_frames)" $capture_frames "frames that the card sent"
  detail "killed 2 times, then $capture_frames frames"
}

counted="as many frames as the program counts are counted by the card"
bytewise="3000 frames of 60 to 1514 bytes come back byte for byte, none lost"
cell 120 "testpmd: transmit" "$counted" transmit
cell 120 "testpmd: transmit, four segments a frame" "$counted" transmit --tx-offloads=0x8000 --txpkts=100,200,300,400
cell 120 "testpmd: receive a capture" "900 frames of 60 to 1514 bytes byte for byte, none lost" receive_capture
cell 120 "testpmd: receive from another testpmd" "$counted, received or dropped" receive ""
cell 120 "testpmd: receive, vectorized" "$counted, received or dropped" receive "mrg_rxbuf=0,vectorized=1"
cell 120 "testpmd: flow generator" "$counted, received or dropped" flow_generator
cell 120 "testpmd: flow generators on two linked cards" "$counted, received or dropped" both_ways
cell 120 "testpmd: mac echo" "3000 frames come back with addresses exchanged, none lost" mac_echo
cell 120 "testpmd: mergeable buffers of 384 bytes, indirect descriptors" "$bytewise" content mrg_rxbuf=1 512
cell 120 "testpmd: mergeable buffers of 128 bytes, chains" "$bytewise" content mrg_rxbuf=1 256
cell 120 "testpmd: no mergeable buffers" "$bytewise" content mrg_rxbuf=0 2176
cell 120 "testpmd: two queue pairs" "$counted; traffic on all four queues" two_pairs
cell 120 "testpmd: ports stop and start" "$counted" ports_stop_and_start
cell 180 "testpmd: front end quits, three times" "$bytewise" front_end_quits
cell 180 "testpmd: front end is killed, three times" "$bytewise" front_end_is_killed
cell 180 "testpmd: back end is killed, twice" "the front end ends too (DPDK's way: SIGPIPE); with new ones $bytewise" back_end_is_killed
finish
