#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The virtio drivers of Linux, in a guest under QEMU without KVM, in front of `ringside serve`; their peer is
# the host's kernel behind a TAP, or another guest.
#   RINGSIDE_GUEST_CACHE        folder for the guest's kernel and files (.cache/guest)
prepare() {
  local cache=${RINGSIDE_GUEST_CACHE:-$root/.cache/guest} answer
  need qemu-system-x86_64 busybox iperf3 python3
  mkdir -p "$cache"
  answer=$("$root/tests/external/guest_image.sh" "$cache") || skip "${answer#skipped: }"
  export RINGSIDE_GUEST_IMAGE=$answer
}
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need_back_end
need_tap
image=$RINGSIDE_GUEST_IMAGE

# ---- Guests

# boot NAME CARD PAIRS: starts a guest in front of a card with so many queue pairs and as many CPUs.
boot() {
  local name=$1 card=$2 pairs=$3
  # Without MSI-X (vectors=0): QEMU 7.2 crashes with it under TCG with vhost-user.
  start "$name" qemu-system-x86_64 -accel tcg -cpu max -smp "$pairs" -m 192 \
    -display none -nodefaults -serial stdio -no-reboot \
    -chardev "socket,id=monitor,path=$name.monitor,server=on,wait=off" -mon chardev=monitor,mode=readline \
    -kernel "$image/vmlinuz" -initrd "$image/initrd" \
    -append "console=ttyS0 quiet panic=-1 nokaslr tsc=reliable no_timer_check mitigations=off random.trust_cpu=on" \
    -object memory-backend-memfd,id=mem0,size=192M,share=on -machine memory-backend=mem0 \
    -chardev "socket,id=c0,path=$(socket "$card"),reconnect=1" \
    -netdev "vhost-user,id=n0,chardev=c0,queues=$pairs" \
    -device "virtio-net-pci,netdev=n0,mac=52:54:00:00:00:0$((card + 2)),romfile=,vectors=0,mq=$([ "$pairs" -gt 1 ] && echo on || echo off)$device"
  wait_for 60 "$name is up" guest_up "$name"
}
device=
# DPDK's TAP does not complete checksums that the guest leaves out.
[ "$backend" != dpdk ] || device=,csum=off,gso=off,guest_csum=off

guest_up() {
  alive "$1" || fail "$1 ended: $(tail -n 1 "$1.log")"
  log_has "$1" 'guest: ready'
}

# run GUEST COMMAND [SECONDS]: fails if the command does; sets `answer` to what it prints.
run() {
  ask "$1" "$2" 'guest: status [0-9]+ end' "${3:-20}"
  [[ $answer =~ 'guest: status 0 end' ]] || fail "$1: $2: $(grep -v '^$' <<<"$answer" | tail -n 3 | tr '\n' ' ')"
}

# monitor GUEST COMMAND: to QEMU itself; returns when it is done.
monitor() {
  python3 - "$1.monitor" "$2" <<'PY'
import socket, sys
with socket.socket(socket.AF_UNIX) as monitor:
    monitor.settimeout(10)
    monitor.connect(sys.argv[1])
    for line in ("", sys.argv[2] + "\n"):
        monitor.sendall(line.encode())
        answer = b""
        while not answer.endswith(b"(qemu) "):
            answer += monitor.recv(4096)
PY
}

# no_complaint GUEST: its kernel found nothing wrong with the device.
no_complaint() { run "$1" '! dmesg | grep -E "is not a head|NETDEV WATCHDOG|WARNING|BUG:|virtio_net.*(error|fail)"'; }

# address GUEST ADDRESS: its interface is there, with a link, and has the address.
address() {
  run "$1" 'for i in 1 2 3 4 5 6 7 8 9 10; do [ -e /sys/class/net/eth0 ] && break; sleep 0.2; done; ip link set eth0 up'
  run "$1" "ip addr add $2/24 dev eth0"
  carrier "$1"
}
carrier() { # GUEST
  run "$1" 'for i in 1 2 3 4 5 6 7 8 9 10; do [ "$(cat /sys/class/net/eth0/carrier)" = 1 ] && break; sleep 0.5; done; grep 1 /sys/class/net/eth0/carrier'
}

# ---- The peer: this machine's kernel behind a TAP, address 10.0.0.1

# back_end_with_tap PAIRS
back_end_with_tap() {
  if [ "$backend" = dpdk ]; then
    back_end 1 "$1" --tap tap0
  else
    new_tap
    back_end 1 "$1" --tap tap0
  fi
  quiet_tap
}
# It stays while the back end is away.
new_tap() {
  ip link show dev tap0 >/dev/null 2>&1 || ip tuntap add dev tap0 mode tap
  quiet_tap
}
# Only frames that a test asks for.
quiet_tap() {
  echo 1 >/proc/sys/net/ipv6/conf/tap0/disable_ipv6
  ip address show dev tap0 | grep -q 10.0.0.1 || ip address add 10.0.0.1/24 dev tap0
  ip link set tap0 up
}
tap_count() { ip -s -j link show tap0 | python3 -c "import json, sys; print(json.load(sys.stdin)[0]['stats64']['$1']['packets'])"; }

# ---- Traffic

ping_both() { # GUEST SIZE...
  local guest=$1 size
  shift
  for size in "$@"; do
    busybox ping -q -c 5 -i 0.2 -W 2 -s "$size" 10.0.0.2 >ping.log || fail "ping of $size bytes to the guest: $(grep loss ping.log)"
    grep -q ' 0% packet loss' ping.log || fail "ping of $size bytes to the guest: $(grep loss ping.log)"
    run "$guest" "ping -q -c 5 -i 0.2 -W 2 -s $size 10.0.0.1 | grep ' 0% packet loss'"
  done
}

serve_iperf() { # GUEST
  run "$1" 'iperf3 -s -D; for i in 1 2 3 4 5 6 7 8 9 10; do grep -q ":1451 " /proc/net/tcp /proc/net/tcp6 && break; sleep 0.2; done; grep -q ":1451 " /proc/net/tcp /proc/net/tcp6'
}
# throughput OPTIONS...: iperf3 from here to the guest's server; prints Mbit/s that the receiver got, and
# what share was lost (UDP).
throughput() {
  timeout 30 iperf3 -c 10.0.0.2 --connect-timeout 5000 -J "$@" >iperf.json 2>iperf.log || true
  python3 - <<'PY' || fail "iperf3 $*: $(cat iperf.log iperf.error)"
import json, sys
result = json.load(open("iperf.json"))
if "error" in result:
    open("iperf.error", "w").write(result["error"])
    sys.exit(1)
end = result["end"]
total = end.get("sum_received") or end["sum"]
udp = end["sum"] if "sum" in end else {}
print(f"{total['bits_per_second'] / 1e6:.1f} {udp.get('lost_percent', 0):.2f}")
PY
}
# tcp OPTIONS...: sets `mbps`, at least 1, and prints it.
tcp() {
  mbps=$(throughput -t 2 "$@")
  mbps=${mbps% *}
  at_least "${mbps%.*}" 1 "TCP in Mbit/s"
  echo "$mbps"
}
# udp OPTIONS...: 10 Mbit/s, of which at most 5 % are lost; sets `mbps`.
udp() {
  local result
  result=$(throughput -u -b 10M -l 1400 -t 2 "$@")
  mbps=${result% *}
  [ "${mbps%.*}" -ge 8 ] || fail "UDP: $mbps Mbit/s of 10"
  result=${result#* }
  [ "${result%.*}" -lt 5 ] || fail "UDP: $result % lost"
}

# ---- Cells

# shellcheck disable=SC2034
one_guest_cells=(
  "Linux guest: boots and brings the link up | the interface has a carrier and takes an address"
  "Linux guest: ping | 56 to 1472 bytes, both ways, none lost"
  "Linux guest: TCP to the guest | iperf3, 2 s"
  "Linux guest: TCP from the guest | iperf3, 2 s"
  "Linux guest: UDP | iperf3, 10 Mbit/s each way, at most 5 % lost"
  "Linux guest: driver unbound and bound | ping and TCP again"
  "Linux guest: machine stopped and continued, three times | queues stop and go on with TCP under way"
  "Linux guest: counts | the kernel's TAP and the card count the same frames"
  "Linux guest: back end ends and comes back | the link goes and returns, ping and TCP again"
  "Linux guest: back end is killed and comes back | the link goes and returns, ping and TCP again"
)
one_guest() {
  local sent received
  back_end_with_tap 1
  boot guest 0 1
  address guest 10.0.0.2
  passed "up after $SECONDS s"
  ping_both guest 56 1472
  passed
  serve_iperf guest
  tcp
  passed "$mbps Mbit/s"
  tcp -R
  passed "$mbps Mbit/s"
  udp
  sent=$mbps
  udp -R
  passed "$sent and $mbps Mbit/s"
  run guest 'echo virtio0 >/sys/bus/virtio/drivers/virtio_net/unbind'
  run guest '[ ! -e /sys/class/net/eth0 ]'
  run guest 'echo virtio0 >/sys/bus/virtio/drivers/virtio_net/bind'
  address guest 10.0.0.2
  ping_both guest 56
  tcp
  passed "TCP $mbps Mbit/s"
  stop_and_continue
  no_complaint guest
  passed "TCP $mbps Mbit/s"
  run guest 'ip link set eth0 down'
  sleep 0.3
  sent=$(tap_count tx) received=$(tap_count rx)
  back_stop
  same "$(back_count 0 tx_frames)" "$received" "frames that the card sent"
  same $(($(back_count 0 rx_frames) + $(back_drops 0))) "$sent" "frames that the card received and dropped"
  passed "$sent and $received frames"
  run guest 'ip link set eth0 up'
  link_returns
  tcp
  passed "TCP $mbps Mbit/s"
  stop back KILL
  link_returns
  tcp
  no_complaint guest
  detail "TCP $mbps Mbit/s"
}
stop_and_continue() {
  tcp -t 4 >tcp.out &
  local client=$!
  for _ in 1 2 3; do
    sleep 0.8
    monitor guest stop
    sleep 0.2
    monitor guest cont
  done
  wait $client || fail "TCP did not go on: $(cat detail)"
  mbps=$(cat tcp.out)
  ping_both guest 56
}
# The back end is gone, and starts again.
link_returns() {
  run guest 'sleep 1; grep 0 /sys/class/net/eth0/carrier'
  back_end_with_tap 1
  carrier guest
  ping_both guest 56
}

two_pairs() {
  local up queue
  need_pairs 2
  back_end_with_tap 2
  boot guest 0 2
  address guest 10.0.0.2
  run guest 'ethtool -L eth0 combined 2 || ethtool -l eth0 | tail -n 5 | grep "Combined:.*2"'
  ping_both guest 56
  serve_iperf guest
  # Each CPU of the guest has its transmit queue.
  tcp -P 4
  up=$mbps
  tcp -P 4 -R
  run guest 'ethtool -S eth0'
  for queue in rx_queue_0 rx_queue_1 tx_queue_0 tx_queue_1; do
    [ "$(sed -n "s/.*${queue}_packets: *//p" <<<"$answer")" -ge 10 ] ||
      fail "hardly a frame in $queue: $(grep _packets <<<"$answer" | tr '\n' ' ')"
  done
  no_complaint guest
  detail "$up and $mbps Mbit/s"
}

# shellcheck disable=SC2034
two_guests_cells=(
  "Linux guests: two on two linked cards | ping and TCP both ways"
  "Linux guests: two and the host's kernel on a switch | the cards' back end is another; ping among all, TCP"
)
two_guests() {
  local guest
  [ "$model" != rtl ] || [ -n "${RINGSIDE_FULL:-}" ] || skip "takes long with the card in RTL; RINGSIDE_FULL=1 runs it"
  back_end 2 1
  boot guest0 0 1
  boot guest1 1 1
  address guest0 10.0.0.2
  address guest1 10.0.0.3
  run guest0 "ping -q -c 5 -i 0.2 -W 2 10.0.0.3 | grep ' 0% packet loss'"
  serve_iperf guest1
  tcp_between guest0 10.0.0.3
  tcp_between guest0 10.0.0.3 -R
  passed "TCP $mbps Mbit/s"
  [ "$backend" = serve ] || skip "DPDK's back end has no switch"
  back_stop
  new_tap
  back_end 2 1 --tap tap0
  for guest in guest0 guest1; do carrier $guest; done
  ping_both guest0 56
  run guest1 "ping -q -c 5 -i 0.2 -W 2 10.0.0.1 | grep ' 0% packet loss'"
  run guest0 "ping -q -c 5 -i 0.2 -W 2 10.0.0.3 | grep ' 0% packet loss'"
  tcp_between guest0 10.0.0.3
  serve_iperf guest0
  tcp
  for guest in guest0 guest1; do no_complaint $guest; done
  detail "TCP $mbps Mbit/s"
}
# An amount, not a time or a rate: the clocks of two guests go wrong by seconds where processors are scarce. What
# buffers hold when all is sent, some megabytes, the server does not count. Sets `mbps`.
tcp_between() { # GUEST ADDRESS OPTIONS...
  run "$1" "iperf3 -c $2 -n 16M -f m ${*:3}" 60
  grep -q -E ' ([89]|1[0-6])\.[0-9]* MBytes.*receiver' <<<"$answer" || fail "TCP between guests: $(grep receiver <<<"$answer")"
  mbps=$(sed -n 's/.* \([0-9.]*\) Mbits.*receiver.*/\1/p' <<<"$answer")
}

run_cells 360 one_guest_cells one_guest
cell 180 "Linux guest: two queue pairs" "ping and TCP both ways, with frames in all four queues" two_pairs
run_cells 300 two_guests_cells two_guests
finish
