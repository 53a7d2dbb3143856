#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What the acceptance scripts share. Each begins with: . "$(dirname "$0")/lib.sh"
#   NN-name.sh [--full]     --full is the whole claim, without it a short form for CI
#   RINGSIDE_PROGRAM        the program (build/release's)
# Exit status 0 if the claim holds, 77 if something that it needs is missing, else another.
# Scripts run in an empty folder, $work, which is removed at their end.
# shellcheck disable=SC2034
set -eu

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
examples=$root/examples
program=${RINGSIDE_PROGRAM:-$root/build/release/testbench/cli/ringside}
full=no
for argument in "$@"; do
  case $argument in
    --full) full=yes ;;
    *)
      echo "usage: $0 [--full]" >&2
      exit 2
      ;;
  esac
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

figure() { echo "figure: $*"; }
fail() {
  echo "FAILED: $*" >&2
  exit 1
}
skip() {
  echo "skipped: $*"
  exit 77
}
need() { # COMMAND...
  local command
  for command in "$@"; do
    command -v "$command" >/dev/null 2>&1 || skip "$command is not installed"
  done
}
need_program() {
  [ -x "$program" ] || fail "no program $program: build it, or name it in RINGSIDE_PROGRAM"
}

# closed SCENARIO: whether it has no part outside, which not every machine has and which no run repeats.
closed() { ! grep -q '^\[tap\.' "$1"; }

# run OUT SCENARIO OPTIONS...: a run that must pass; what it prints is shown if it does not.
run() {
  local out=$1
  shift
  # LeakSanitizer does not know the stacks of SystemC's threads, and crashes on them.
  ASAN_OPTIONS=detect_leaks=0 "$program" run "$@" --out "$out" >"$out.log" 2>&1 || {
    cat "$out.log" >&2
    fail "exit status is not 0: $program run $*"
  }
}

# summary OUT EXPRESSION: evaluates Python over OUT/summary.json: s, and by name flow and check.
summary() {
  python3 - "$1/summary.json" "$2" <<'PY'
import json, sys
with open(sys.argv[1]) as file:
    s = json.load(file)
value = eval(sys.argv[2], {"s": s, "flow": {f["name"]: f for f in s["flows"]},
                           "check": {c["name"]: c["pass"] for c in s["checks"]}})
print(value if isinstance(value, str) else json.dumps(value))
PY
}

# signal_at SIGNAL[:SECONDS] FILE BYTES COMMAND...: sends the command a signal as soon as the file has so many bytes,
# however fast the machine is; with SECONDS once more, so much later. Prints the command's exit status and the seconds that it took to end; what the command prints
# goes to the files stdout and stderr.
signal_at() {
  # A shell starts its background jobs with SIGINT ignored; Python does not.
  ASAN_OPTIONS=detect_leaks=0 python3 - "$@" <<'PY'
import os, signal, subprocess, sys, time
number, file, size, *command = sys.argv[1:]
process = subprocess.Popen(command, stdout=open("stdout", "w"), stderr=open("stderr", "w"))
deadline = time.monotonic() + 120
while not os.path.exists(file) or os.path.getsize(file) < int(size):
    if process.poll() is not None or time.monotonic() > deadline:
        process.kill()
        sys.exit(f"{file} does not get {size} bytes: {open('stderr').read()}")
    time.sleep(0.05)
started = time.monotonic()
name, _, again = number.partition(":")
process.send_signal(signal.Signals[name])
if again:
    time.sleep(float(again))
    process.send_signal(signal.Signals[name])
try:
    print(process.wait(timeout=120), round(time.monotonic() - started, 2))
except subprocess.TimeoutExpired:
    process.kill()
    sys.exit(f"it does not end after {number}")
PY
}
