#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Captures of Ethernet frames for the tests against other drivers.

Usage: frames.py make FILE COUNT       COUNT UDP frames of 16 flows: all lengths from 60 to 1514 bytes in turn
       frames.py compare A B [--swapped] [--any-order]
                                       B has the frames of A; swapped: with MAC addresses exchanged
Prints the number of frames; exit status 1 with one line if they differ.
"""

import collections
import struct
import sys

FLOWS = 16
SHORTEST, LONGEST = 60, 1514


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total > 0xffff:
        total = (total & 0xffff) + (total >> 16)
    return total ^ 0xffff


def frame(number):
    """The number is in the payload, so that no frame equals another."""
    length = SHORTEST + number * 7 % (LONGEST - SHORTEST + 1)
    flow = number % FLOWS
    payload = struct.pack("!I", number) + bytes((number + i) & 0xff for i in range(length - 14 - 20 - 8 - 4))
    udp = struct.pack("!HHHH", 10000 + flow, 20000, 8 + len(payload), 0) + payload
    addresses = bytes([10, 0, 0, 1, 10, 0, 0, 2])
    pseudo = addresses + struct.pack("!BBH", 0, 17, len(udp))
    udp = udp[:6] + struct.pack("!H", checksum(pseudo + udp) or 0xffff) + udp[8:]
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), number & 0xffff, 0x4000, 64, 17, 0) + addresses
    ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
    return bytes.fromhex("020000000002020000000001") + b"\x08\x00" + ip + udp


def write(path, frames):
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        for number, data in enumerate(frames):
            # One microsecond apart.
            file.write(struct.pack("<IIII", number // 1000000, number % 1000000, len(data), len(data)) + data)


def read(path):
    with open(path, "rb") as file:
        magic = file.read(24)[:4]
        # Microseconds or nanoseconds, as this machine writes them.
        if magic not in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1"):
            sys.exit(f"frames.py: {path} is no capture that this program reads")
        frames = []
        while header := file.read(16):
            length = struct.unpack("<I", header[8:12])[0]
            frames.append(file.read(length))
    return frames


def compare(path_a, path_b, options):
    a, b = read(path_a), read(path_b)
    if "--swapped" in options:
        a = [data[6:12] + data[:6] + data[12:] for data in a]
    if "--any-order" in options:
        extra = collections.Counter(b) - collections.Counter(a)
        missing = collections.Counter(a) - collections.Counter(b)
        if extra or missing:
            sys.exit(f"{sum(missing.values())} of {len(a)} frames are missing, {sum(extra.values())} are wrong")
    elif len(a) != len(b):
        sys.exit(f"{len(b)} frames in place of {len(a)}")
    else:
        for number, (left, right) in enumerate(zip(a, b)):
            if left != right:
                at = next((i for i, (x, y) in enumerate(zip(left, right)) if x != y), min(len(left), len(right)))
                sys.exit(f"frame {number} differs at byte {at}: {len(left)} bytes, then {len(right)}")
    print(len(b))


def main(arguments):
    if len(arguments) == 4 and arguments[1] == "make" and arguments[3].isdigit():
        write(arguments[2], [frame(number) for number in range(int(arguments[3]))])
        print(arguments[3])
    elif len(arguments) >= 4 and arguments[1] == "compare" and set(arguments[4:]) <= {"--swapped", "--any-order"}:
        compare(arguments[2], arguments[3], arguments[4:])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv)
