#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A trace against the rules of the Trace Event Format, and against the run's capture.

Usage: check_trace.py TRACE.json [CAPTURE.pcapng]. Prints what the trace holds; exit status 1 and one
line for each violation (the first twenty) if a viewer would refuse, misplace or lose something:
required fields by phase, times with picoseconds, slices that overlap without nesting, begin and end,
asynchronous slices and arrows without their other half, counters that go back in time, tracks without
a name, frames of the capture that the trace does not show at the same nanosecond.
"""

import collections
import decimal
import json
import struct
import sys

Decimal = decimal.Decimal

# Phase: the fields that it must have besides ph, pid, tid, ts and name.
PHASES = {
    "M": ("args",), "X": ("dur",), "B": (), "E": (), "i": ("s",), "b": ("cat", "id2"),
    "e": ("cat", "id2"), "s": ("cat", "id"), "t": ("cat", "id"), "f": ("cat", "id", "bp"),
    "C": ("args",),
}
METADATA = {"process_name": "name", "thread_name": "name", "process_sort_index": "sort_index",
            "thread_sort_index": "sort_index"}


class Violations(list):
    def add(self, number, event, text):
        self.append(f"event {number} ({event.get('ph')} {event.get('name')!r}): {text}")


def check_fields(events, bad):
    """Drops what cannot be looked at further."""
    good = []
    for number, event in enumerate(events):
        if not isinstance(event, dict) or event.get("ph") not in PHASES:
            bad.append(f"event {number}: no object with a phase that is known: {event!r}")
            continue
        missing = [field for field in ("pid", "tid", "ts", "name", *PHASES[event["ph"]])
                   if field not in event]
        if missing:
            bad.add(number, event, f"lacks {', '.join(missing)}")
            continue
        times = [event[field] for field in ("ts", "dur") if field in event]
        if not all(isinstance(time, Decimal) and time.as_tuple().exponent == -6 and time >= 0
                   for time in times):
            bad.add(number, event, f"a time that is not microseconds with six decimals: {times}")
        elif not isinstance(event["pid"], int) or not isinstance(event["tid"], int):
            bad.add(number, event, "pid and tid must be integers")
        elif not isinstance(event["name"], str):
            bad.add(number, event, "name must be a text")
        else:
            good.append((number, event))
    return good


def check_names(events, bad):
    """Every process and every track of slices has one name."""
    processes, threads = {}, {}
    for number, event in events:
        if event["ph"] != "M":
            continue
        field = METADATA.get(event["name"])
        if field is None or field not in event["args"]:
            bad.add(number, event, "is no metadata that viewers know")
        names = {"process_name": (processes, event["pid"]),
                 "thread_name": (threads, (event["pid"], event["tid"]))}.get(event["name"])
        if names is None:
            continue
        if names[1] in names[0]:
            bad.add(number, event, "is named twice")
        names[0][names[1]] = event["args"]["name"]
    for number, event in events:
        if event["ph"] == "M":
            continue
        if event["pid"] not in processes:
            bad.add(number, event, f"process {event['pid']} has no name")
        if event["ph"] in "XBEistf" and (event["pid"], event["tid"]) not in threads:
            bad.add(number, event, f"track {event['pid']}/{event['tid']} has no name")
    return threads


def check_slices(events, bad):
    """Begin and end in order, complete slices nested."""
    open_slices, last = collections.defaultdict(list), {}
    complete = collections.defaultdict(list)
    for number, event in events:
        track = (event["pid"], event["tid"])
        if event["ph"] in "BE":
            if event["ts"] < last.get(track, Decimal(0)):
                bad.add(number, event, "goes back in time")
            last[track] = event["ts"]
            if event["ph"] == "B":
                open_slices[track].append((number, event))
            elif not open_slices[track]:
                bad.add(number, event, "ends nothing")
            else:
                open_slices[track].pop()
        elif event["ph"] == "X":
            complete[track].append((event["ts"], -event["dur"], number, event))
    for stack in open_slices.values():
        for number, event in stack:
            bad.add(number, event, "has no end")
    for track, slices in complete.items():
        if track in last:
            bad.append(f"track {track}: complete slices among begin and end")
        ends = []
        for start, minus_duration, number, event in sorted(slices, key=lambda each: each[:3]):
            while ends and ends[-1] <= start:
                ends.pop()
            end = start - minus_duration
            if ends and end > ends[-1]:
                bad.add(number, event, f"overlaps a slice that ends at {ends[-1]} without nesting")
            ends.append(end)
    return complete


def check_async(events, bad):
    stacks, last = collections.defaultdict(list), {}
    for number, event in events:
        if event["ph"] not in "be":
            continue
        local = event["id2"].get("local") if isinstance(event["id2"], dict) else None
        key = (event["pid"], event["cat"], local)
        if event["ph"] == "b":
            # An id may come again once it is free.
            if stacks[key] and event["ts"] < last[key]:
                bad.add(number, event, "goes back in time")
            stacks[key].append((number, event))
        elif not stacks[key]:
            bad.add(number, event, "ends nothing")
            continue
        else:
            begun = stacks[key].pop()[1]
            if begun["name"] != event["name"] or event["ts"] < begun["ts"]:
                bad.add(number, event, f"does not end the {begun['name']!r} of {begun['ts']}")
        last[key] = event["ts"]
    for stack in stacks.values():
        for number, event in stack:
            bad.add(number, event, "has no end")


def check_flows(events, complete, bad):
    """Each arrow starts once, ends once, does not go back, and begins and ends at a slice."""
    starts = {(track, start) for track, slices in complete.items() for start, *_ in slices}
    flows = collections.defaultdict(list)
    for number, event in events:
        if event["ph"] in "stf":
            flows[(event["cat"], event["id"])].append((number, event))
            if ((event["pid"], event["tid"]), event["ts"]) not in starts:
                bad.add(number, event, "is at the start of no slice")
    for steps in flows.values():
        phases = "".join(event["ph"] for _, event in steps)
        times = [event["ts"] for _, event in steps]
        if phases not in ("sf", "stf") or times != sorted(times):
            bad.add(*steps[0], f"the arrow's steps are {phases} at {[str(time) for time in times]}")
    return len(flows)


def check_counters(events, bad):
    last, count = {}, 0
    for number, event in events:
        if event["ph"] != "C":
            continue
        count += 1
        key = (event["pid"], event["name"])
        values = event["args"].values() if isinstance(event["args"], dict) else ()
        if not values or not all(isinstance(value, int) and value >= 0 for value in values):
            bad.add(number, event, f"its values must be numbers from 0 on: {event['args']}")
        if event["ts"] < last.get(key, Decimal(0)):
            bad.add(number, event, "goes back in time")
        last[key] = event["ts"]
    return count


def captured_frames(path):
    """(interface, ns, bytes) of every packet of a pcapng of this program: nanoseconds, this order."""
    data = open(path, "rb").read()
    at, names, frames = 0, [], []
    while at < len(data):
        kind, length = struct.unpack_from("<II", data, at)
        body = data[at + 8:at + length - 4]
        if kind == 1:
            option = 8
            while option < len(body):
                code, size = struct.unpack_from("<HH", body, option)
                if code == 2:
                    names.append(body[option + 4:option + 4 + size].decode())
                option += 4 + (size + 3) // 4 * 4
        elif kind == 6:
            interface, high, low, _, size = struct.unpack_from("<IIIII", body)
            frames.append((names[interface], high << 32 | low, size))
        at += length
    return frames


def check_capture(path, complete, threads, bad):
    """Every captured frame is a slice of the wire that ends in the same nanosecond, and vice versa."""
    shown = collections.Counter()
    for track, slices in complete.items():
        receiver = threads.get(track, "").rpartition(" to ")[2]
        if not threads.get(track, "").endswith(" to " + receiver):
            continue
        for start, minus_duration, _, event in slices:
            if "frame" in event.get("args", {}):
                shown[(receiver, int((start - minus_duration) * 1000), event["args"]["bytes"])] += 1
    captured = collections.Counter(captured_frames(path))
    for frame in captured - shown:
        bad.append(f"the trace lacks the captured frame {frame}")
    for frame in shown - captured:
        bad.append(f"the capture lacks the frame {frame} of the trace")
    return sum(captured.values())


def main(arguments):
    if len(arguments) not in (2, 3):
        print(__doc__, file=sys.stderr)
        return 2
    try:
        with open(arguments[1], encoding="utf-8") as file:
            trace = json.load(file, parse_float=Decimal)
        events = trace["traceEvents"]
    except (ValueError, KeyError, TypeError) as error:
        print(f"{arguments[1]}: not a trace in JSON: {error}")
        return 1
    bad = Violations()
    good = check_fields(events, bad)
    threads = check_names(good, bad)
    complete = check_slices(good, bad)
    check_async(good, bad)
    arrows = check_flows(good, complete, bad)
    counters = check_counters(good, bad)
    frames = check_capture(arguments[2], complete, threads, bad) if len(arguments) == 3 else 0
    for violation in bad[:20]:
        print(f"{arguments[1]}: {violation}")
    slices = sum(len(slices) for slices in complete.values())
    print(f"{len(events)} events, {len(threads)} tracks, {slices} slices, {arrows} arrows, "
          f"{counters} levels, {frames} frames in the capture, {len(bad)} violations")
    return 1 if bad or not events else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
