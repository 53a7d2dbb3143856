#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every command in the documentation runs: the sh blocks of each page, in order, as one shell in a
# clone. Left out: blocks that install, build or run all tests, which other tests do.
. "$(dirname "$0")/lib.sh"
need_program
need git python3
[ -e "$root/.git" ] || skip "no clone to work in: $root has no .git"

git clone --quiet "$root" clone
cd clone
mkdir -p build
ln -s "$(cd "$(dirname "$program")/../.." && pwd)" build/release

# As README and first hour say, in blocks that build too.
export PATH="$PWD/build/release/testbench/cli:$PWD/build/release/tests/cosim:$PATH"

# Prints the sh blocks of a page, without those that install or build.
blocks() {
  python3 - "$1" <<'PY'
import re
import sys

text = open(sys.argv[1], encoding="utf-8").read()
skipped = re.compile(r"scripts/(quickstart|test|packages)\.sh|cmake --build|apt-get|\bperf\b|lat_\w+")
for block in re.findall(r"^```sh\n(.*?)^```", text, re.M | re.S):
    if not skipped.search(block):
        print(block)
PY
}

for page in README.md docs/*.md; do
  blocks "$page" >page.sh
  commands=$(grep -c . page.sh || true)
  [ "$commands" -ne 0 ] || continue
  missing=
  for tool in tshark dpdk-testpmd; do
    if grep -q "$tool" page.sh && ! command -v "$tool" >/dev/null 2>&1; then missing=$tool; fi
  done
  if [ -n "$missing" ]; then
    echo "left out: $page ($missing is not installed)"
    continue
  fi
  bash -eu page.sh >"$work/page.log" 2>&1 </dev/null || {
    tail -n 30 "$work/page.log" >&2
    fail "a command of $page does not run"
  }
  figure "$page: $commands lines of commands run"
done

# What the page of traces shows of a frame is what a run has (times apart, which may change with the
# model), and its windows are not empty.
python3 - "$program" docs/tracing.md <<'PY' || fail "docs/tracing.md shows something else than its commands print"
import re
import subprocess
import sys

program, page = sys.argv[1:]
text = open(page, encoding="utf-8").read()
shown = re.search(r"^```sh\nringside (events [^\n]* --frame 40)\n```\n+```text\n(.*?)^```", text, re.M | re.S)
windows = re.findall(r"^ringside (events [^\n]* --from [^\n]*)$", text, re.M)


def output(command):
    return subprocess.run([program, *command.split()], check=True, capture_output=True, text=True).stdout


def without_times(lines):
    return re.sub(r" *\d+\.\d{6} us", " # us", lines)


assert without_times(output(shown[1])) == without_times(shown[2]), output(shown[1])
assert windows and all(output(window) for window in windows), windows
PY
