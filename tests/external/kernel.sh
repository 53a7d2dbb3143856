#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The TCP/IP stack of simulated hosts against the Linux kernel's, over a TAP: ping both ways, a file by TCP
# each way compared by SHA-256, IPv4 and IPv6.
. "$(dirname "$0")/lib.sh"
[ "$backend" = serve ] || skip "no back end takes part"
need_tap
need ping python3

# scenario FILE SECTIONS: a host on a TAP that the run makes, and what it does.
scenario() {
  cat >"$1" <<EOF
version = 1
duration = "60s"
[host.alice]
nics = ["alice0"]
address = "10.66.0.2/24"
address6 = "fd66::2/64"
tcp_timer = "50ms"
[nic.alice0]
[tap.kernel]
interface = "ringside0"
create = true
address = "10.66.0.1/24"
address6 = "fd66::1/64"
[link.wire]
ends = ["alice0", "kernel"]
rate = "10G"
$2
EOF
}

# LeakSanitizer does not know the stacks of SystemC's threads, and crashes on them.
ringside() { ASAN_OPTIONS=detect_leaks=0 start "$1" "$program" run "$2" --model "$model" --out out --force; }
addresses() { # 4|6: sets `kernel` and `alice`
  kernel=10.66.0.1 alice=10.66.0.2
  [ "$1" = 4 ] || kernel=fd66::1 alice=fd66::2
}
summary() { python3 -c 'import json, sys; s = json.load(open("out/summary.json")); print(eval(sys.argv[1]))' "$1"; }
answers() { ping -c 1 -W 1 "$1" >/dev/null 2>&1; }
run_ends_well() { # NAME
  join "$1" 60
  [ "$stopped" -eq 0 ] || fail "the run ended with status $stopped: $(grep -m 1 FAILED "$1.log" || tail -n 1 "$1.log")"
}

pings_us() { # 4|6
  addresses "$1"
  scenario s.toml ''
  ringside run s.toml
  wait_for 60 "$alice answers" answers "$alice"
  ping -c 20 -i 0.05 -s 1400 "$alice" >ping.log || fail "$(tail -n 2 ping.log | head -n 1)"
  grep -q ' 0% packet loss' ping.log || fail "$(grep 'packet loss' ping.log)"
  stop run INT
  [ "$stopped" -eq 0 ] || fail "the run ended with status $stopped: $(tail -n 1 run.log)"
  detail "median of 20 round trips $(sed -n 's/.*time=\([0-9.]*\) ms.*/\1/p' ping.log | sort -n | sed -n 10p) ms"
}

we_ping() { # 4|6
  addresses "$1"
  scenario s.toml "[ping.hello]
from = \"alice\"
to_address = \"$kernel\"
count = 20
interval = \"10ms\"
size = \"1400B\""
  ringside run s.toml
  run_ends_well run
  detail "$(summary 's["checks"][0]["detail"]')"
}

# The kernel's side of a file: a server that takes one, or a client that sends one.
cat >peer.py <<'EOF'
import hashlib, socket, sys, time

what, address, port, path = sys.argv[1:]
if what == "take":
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    server = socket.socket(family, socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_IP if family == socket.AF_INET else 41, 15 if family == socket.AF_INET else 78, 1)
    server.bind((address, int(port)))
    server.listen()
    print("ready", flush=True)
    connection, _ = server.accept()
    with open(path, "wb") as file:
        while data := connection.recv(65536):
            file.write(data)
else:
    end = time.monotonic() + 60
    while True:
        try:
            connection = socket.create_connection((address, int(port)), 5)
            break
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
    connection.settimeout(60)  # for all of the file, on a slow machine
    with open(path, "rb") as file:
        connection.sendall(file.read())
    connection.shutdown(socket.SHUT_WR)
    if connection.recv(1):
        sys.exit("more than an end came back")
EOF
peer=$PWD/peer.py
file_bytes=4000001

rate() { echo "$file_bytes bytes, $(summary 's["flows"][0]["goodput_bps"] // 1000000') Mbit/s of virtual time"; }

we_send() { # 4|6
  addresses "$1"
  head -c $file_bytes /dev/urandom >sent
  start peer python3 "$peer" take "$kernel" 5001 got
  wait_for 60 "the server listens" log_has peer ready
  scenario s.toml "[flow.upload]
from = \"alice\"
to_address = \"$kernel\"
file = \"sent\"
port = 5001"
  ringside run s.toml
  run_ends_well run
  join peer 60
  [ "$stopped" -eq 0 ] || fail "the server: $(tail -n 1 peer.log)"
  [ "$(sha256sum <got)" = "$(sha256sum <sent)" ] || fail "the file that arrived is another one"
  detail "$(rate)"
}

they_send() { # 4|6
  addresses "$1"
  head -c $file_bytes /dev/urandom >sent
  start peer python3 "$peer" send "$alice" 5002 sent
  scenario s.toml "[flow.download]
from_address = \"$kernel\"
to = \"alice\"
file = \"sent\"
port = 5002
output = \"got\""
  ringside run s.toml
  run_ends_well run
  join peer 60
  [ "$stopped" -eq 0 ] || fail "the client: $(tail -n 1 peer.log)"
  [ "$(summary 's["flows"][0]["intact"]')" = True ] || fail "the run says that the file is not intact"
  [ "$(sha256sum <got)" = "$(sha256sum <sent)" ] || fail "the file that arrived is another one"
  detail "$(rate)"
}

for version in 4 6; do
  cell 120 "Linux stack: it pings a simulated host, IPv$version" "20 echo requests of 1400 bytes are answered" pings_us $version
  cell 120 "Linux stack: a simulated host pings it, IPv$version" "20 echo requests of 1400 bytes are answered" we_ping $version
  cell 150 "Linux stack: file to it, IPv$version" "4 MB by TCP, SHA-256" we_send $version
  cell 150 "Linux stack: file from it, IPv$version" "4 MB by TCP, SHA-256" they_send $version
done
finish
