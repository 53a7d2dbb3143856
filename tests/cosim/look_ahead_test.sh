#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# One scenario has one digest whether hosts go ahead of the others or not: many hosts in step on a
# switch, hosts that meet at one port, direct links and short ones, echoes, free hosts, several cores.
#   look_ahead_test.sh PROGRAM
set -eu

program=$1
export ASAN_OPTIONS=detect_leaks=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 - <<'PY'
def write(name, hosts, flows, link="", host="", switch="", direct=False):
    text = f'version = 1\nname = "{name}"\n'
    if not direct:
        text += f"[switch.core]\n{switch}\n"
    for i in range(hosts):
        text += f'[host.h{i}]\nnics = ["n{i}"]\naddress = "10.0.0.{i + 1}/24"\n{host}\n[nic.n{i}]\n'
        if not direct:
            text += f'[link.l{i}]\nends = ["n{i}", "core"]\n{link}\n'
    if direct:
        text += f'[link.l]\nends = ["n0", "n1"]\n{link}\n'
    open(f"{name}.toml", "w").write(text + flows)

def flow(number, sender, receiver, size):
    return f'[flow.f{number}]\nfrom = "h{sender}"\nto = "h{receiver}"\nport = {2000 + number}\nsize = "{size}"\n'

def echo(kind, number, sender, receiver, extra=""):
    return (f'[{kind}.{kind}{number}]\nfrom = "h{sender}"\nto = "h{receiver}"\ncount = 40\n'
            f'size = "1KiB"\nport = {3000 + number}\n{extra}')

pairs = "".join(flow(i, 2 * i, 2 * i + 1, "256KiB") for i in range(12))
write("in-step", 24, pairs)
write("to-one", 6, "".join(flow(i, i, 0, "512KiB") for i in range(1, 6)))
write("mixed", 8, flow(1, 0, 1, "1MiB") + flow(2, 1, 0, "1MiB") + flow(3, 2, 0, "256KiB")
      + echo("tcp_echo", 1, 3, 4) + echo("udp_echo", 2, 5, 4, 'interval = "7us"\n'))
write("slow", 6, "".join(flow(i, i, 5, "256KiB") for i in range(5)), link='rate = "1G"\ndelay = "20us"')
write("short", 4, flow(0, 0, 1, "1MiB") + flow(1, 2, 3, "1MiB") + echo("udp_echo", 2, 1, 2, 'interval = "3us"\n'),
      link='delay = "0ns"', switch='latency = "0ns"')
write("free", 4, flow(0, 0, 1, "2MiB") + flow(1, 3, 2, "2MiB"), host='cost = "zero"')
write("two", 2, flow(0, 0, 1, "4MiB") + flow(1, 1, 0, "1MiB"), direct=True)
write("cores", 4, flow(0, 0, 1, "1MiB") + flow(1, 2, 3, "1MiB"), host="cores = 2")
PY

checked=0
digest() { # OUT
  python3 -c '
import json, sys
s = json.load(open(sys.argv[1] + "/summary.json"))
print(s["digest"], [f["goodput_bps"] if "goodput_bps" in f else f.get("latency_ns") for f in s["flows"]], s["sim_time_ns"])' "$1"
}
for scenario in *.toml; do
  for options in "--model lt --seed 1" "--model lt --seed 2" "--model at --seed 1"; do
    # shellcheck disable=SC2086
    "$program" run "$scenario" $options --quiet --force --out ahead
    # shellcheck disable=SC2086
    "$program" run "$scenario" $options --quiet --force --out paying --no-look-ahead
    if [ "$(digest ahead)" != "$(digest paying)" ]; then
      echo "$scenario $options: $(digest ahead) with look-ahead, $(digest paying) without" >&2
      exit 1
    fi
    checked=$((checked + 1))
  done
done
[ "$checked" -eq 24 ] || exit 1
echo "$checked pairs of runs agree"
