#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tshark finds in every example's capture no malformed frame and no wrong checksum, but for frames that
# a link damaged and the capture marks (a comment, or the flag for a wrong FCS), and the TCP
# stream of two-hosts reassembles to the file. --full: the examples as they are, else smaller flows.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need python3 tshark
need_program

# Without desegmentation: on some ports tshark expects a protocol, and calls a retransmission malformed.
checks=(-o ip.check_checksum:TRUE -o tcp.check_checksum:TRUE -o udp.check_checksum:TRUE
  -o tcp.desegment_tcp_streams:FALSE)
bad='_ws.malformed || ip.checksum.status == "Bad" || tcp.checksum.status == "Bad" ||
  udp.checksum.status == "Bad" || icmp.checksum.status == "Bad" || icmpv6.checksum.status == "Bad"'
unmarked='!frame.comment && !(frame.packet_flags_crc_error == 1)'
good='tcp.checksum.status == "Good" || udp.checksum.status == "Good" ||
  icmp.checksum.status == "Good" || icmpv6.checksum.status == "Good"'

frames() { # CAPTURE FILTER: how many frames match
  local matched
  matched=$(tshark -r "$1" "${checks[@]}" -Y "$2" -T fields -e frame.number 2>tshark.log) || {
    cat tshark.log >&2
    fail "tshark cannot read $1"
  }
  printf '%s' "$matched" | grep -c . || true
}

head -c 8388608 /dev/urandom >file
for scenario in "$examples"/*.toml; do
  closed "$scenario" || continue
  name=$(basename "$scenario" .toml)
  options=()
  if [ "$full" = no ] && grep -q '^\[flow\.' "$scenario"; then options=(--set 'flow.*.size=2MiB'); fi
  if [ "$name" = two-hosts ]; then options=(--set "flow.upload.file=$work/file"); fi
  run "$name" "$scenario" --trace pcapng "${options[@]}"
  capture=$name/capture.pcapng
  all=$(frames "$capture" frame)
  wrong=$(frames "$capture" "($bad) && $unmarked")
  verified=$(frames "$capture" "$good")
  [ "$all" -gt 0 ] && [ "$verified" -gt 0 ] || fail "$name: tshark verified nothing"
  if [ "$wrong" -ne 0 ]; then
    tshark -r "$capture" "${checks[@]}" -Y "($bad) && $unmarked" -c 5 >&2 || true
    fail "$name: $wrong frames are malformed or have a wrong checksum"
  fi
  figure "$name: $all frames, $verified with a verified transport checksum, 0 malformed or wrong"
done

# The stream as an onlooker puts it together, from sequence numbers and payloads.
tshark -r two-hosts/capture.pcapng -Y 'tcp.stream == 0 && ip.src == 10.0.0.1 && tcp.len > 0' \
  -T fields -e tcp.seq -e tcp.payload >segments 2>tshark.log || fail "tshark cannot list the stream"
python3 - segments stream <<'PY'
import sys
stream = bytearray()
with open(sys.argv[1]) as file:
    for line in file:
        sequence, payload = line.split()
        data = bytes.fromhex(payload)
        at = int(sequence) - 1
        if at > len(stream):
            stream.extend(bytes(at - len(stream)))
        stream[at:at + len(data)] = data
with open(sys.argv[2], "wb") as file:
    file.write(stream)
PY
cmp file stream || fail "the stream in the capture is not the file"
figure "two-hosts: the stream of $(wc -l <segments) segments in the capture is the file of" \
  "$(stat -c %s stream) bytes"

# The check itself must be able to fail: one bit of one payload.
python3 - two-hosts/capture.pcapng flipped.pcapng file <<'PY'
import sys
data = bytearray(open(sys.argv[1], "rb").read())
at = data.find(open(sys.argv[3], "rb").read(64))
data[at] ^= 1
open(sys.argv[2], "wb").write(data)
PY
[ "$(frames flipped.pcapng "($bad) && $unmarked")" -eq 1 ] || fail "one flipped bit in a payload is not found"
figure "one flipped bit in the capture: tshark finds the one frame"
