#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# 64 hosts on one switch, 32 flows: every byte arrives, runs repeat, and the processor time for a
# data frame is printed beside that with 2 hosts (goal: at most twice). Like all speeds it is printed
# and not judged, but for a mistake that makes it grow with the number of hosts.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need python3
need_program

megabytes=768
repeats=2
if [ "$full" = yes ]; then
  megabytes=2048
  repeats=3
fi

scenario() { # HOSTS MEGABYTES (of all flows together)
  python3 - "$1" "$2" <<'PY'
import sys
hosts, megabytes = int(sys.argv[1]), int(sys.argv[2])
print('version = 1\nname = "many-hosts"\n[switch.core]')
for i in range(hosts):
    print(f'[host.h{i}]\nnics = ["n{i}"]\naddress = "10.0.0.{i + 1}/24"\n[nic.n{i}]\n'
          f'[link.l{i}]\nends = ["n{i}", "core"]')
for i in range(0, hosts, 2):
    print(f'[flow.f{i}]\nfrom = "h{i}"\nto = "h{i + 1}"\nsize = "{2048 * megabytes // hosts}KiB"')
PY
}

# Processor seconds of the simulation's thread, the least of the repeats.
cost() { # HOSTS MEGABYTES
  local name=$1-$2 number
  scenario "$1" "$2" >"$name.toml"
  for number in $(seq "$repeats"); do
    run "$name.$number" "$name.toml"
    [ "$(summary "$name.$number" 'all(f["intact"] for f in s["flows"]) and len(s["flows"])')" = $(($1 / 2)) ] ||
      fail "$1 hosts: a flow is missing or not intact"
    summary "$name.$number" 'sum(f["bytes"] for f in s["flows"]) / 1448 / s["speed"]["data_frames_per_cpu_s"]'
  done | sort -g | head -n 1
}

for hosts in 2 64; do
  # The difference of two sizes: without start and end.
  once=$(cost $hosts $((megabytes / 2)))
  twice=$(cost $hosts $megabytes)
  nanoseconds=$(python3 -c 'import sys
once, twice, megabytes = (float(a) for a in sys.argv[1:])
print(round((twice - once) * 1e9 / (megabytes / 2 * 1048576 / 1448)))' "$once" "$twice" "$megabytes")
  figure "$hosts hosts: $nanoseconds ns of processor time for a data frame"
  [ $hosts = 2 ] && two=$nanoseconds
done
figure "$(python3 -c 'import sys
two, many = int(sys.argv[1]), int(sys.argv[2])
print(f"64 hosts cost {many / two:.2f} times as much for a data frame as 2 (goal: at most 2)")
sys.exit(not 0 < many < 8 * two)' "$two" "$nanoseconds")" || fail "the cost of a frame grows with the hosts"

scenario 64 16 >again.toml
run first again.toml
run second again.toml
run paying again.toml --no-look-ahead
for other in second paying; do
  [ "$(summary first 's["digest"]')" = "$(summary $other 's["digest"]')" ] || fail "64 hosts: runs differ: $other"
done
figure "64 hosts: two runs, and one without look-ahead, one digest"
