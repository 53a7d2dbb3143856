#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs a build into an empty folder, builds examples/extend against it, and runs its scenario.
#   extend_test.sh BUILD_FOLDER EXTEND_SOURCES CXX [CXX_FLAGS]
set -eu

build=$1
sources=$2
export CXX=$3
flags=${4:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# quietly COMMAND...: its output only if it fails.
quietly() {
  "$@" >"$work/log" 2>&1 || {
    cat "$work/log" >&2
    exit 1
  }
}
quietly cmake --install "$build" --prefix "$work/prefix"
cp -r "$sources" "$work/extend"
cd "$work/extend"
rm -rf build
quietly cmake -B build "-DCMAKE_PREFIX_PATH=$work/prefix" "-DCMAKE_CXX_FLAGS=-Wall -Wextra -Werror $flags"
quietly cmake --build build
if readelf -d build/extend.so | grep -i 'NEEDED.*\(ringside\|systemc\)'; then
  echo "the application is linked to more than its headers"
  exit 1
fi

run() { # OUT OPTIONS...
  local out=$1
  shift
  ASAN_OPTIONS=detect_leaks=0 "$work/prefix/bin/ringside" run extend.toml --out "$out" "$@"
}
expect() { # OUT CHECK PASS: a check of the summary
  python3 - "$1/summary.json" "$2" "$3" <<'PY'
import json, sys
path, name, expected = sys.argv[1:]
found = {check["name"]: check for check in json.load(open(path))["checks"]}
if name not in found:
    sys.exit(f"no check is named {name}: {sorted(found)}")
print(name, found[name])
if found[name]["pass"] != (expected == "pass"):
    sys.exit(f"expected {expected}")
PY
}

run good
expect good app.client.answers pass
expect good app.client.returned pass
expect good app.server.answered pass
expect good app.server.returned pass

# A check of the application's that fails, fails the run.
status=0
run failing --set app.server.args.requests=101 || status=$?
[ "$status" -eq 1 ] || {
  echo "exit status $status with a failing check, expected 1"
  exit 1
}
expect failing app.server.answered fail
expect failing app.client.answers pass

# A function that is not there.
status=0
run missing --set "app.client.app=$work/extend/build/extend.so:nothing" 2>"$work/stderr" || status=$?
[ "$status" -eq 2 ] && [ "$(wc -l <"$work/stderr")" -eq 1 ] && [ ! -e missing ] || {
  echo "exit status $status with a function that is not there, expected 2, one line and no folder:"
  cat "$work/stderr"
  exit 1
}
cat "$work/stderr"
