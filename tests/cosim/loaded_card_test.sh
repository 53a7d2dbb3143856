#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Ringside's card in RTL from a shared object is the same card as the one that is built in; the core
# can follow it there, too.
#   loaded_card_test.sh PROGRAM LIBRARY SCENARIO
set -eu

program=$1
library=$2
scenario=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

digest() { # OUT OPTIONS...: runs, and prints the digest
  local out=$1
  shift
  ASAN_OPTIONS=detect_leaks=0 "$program" run "$scenario" --set flow.upload.size=64KiB --out "$out" "$@" >"$out.log" 2>&1 || {
    cat "$out.log" >&2
    exit 1
  }
  python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["digest"])' "$out/summary.json"
}
built=$(digest built --model rtl)
for model in lt rtl diff; do
  loaded=$(digest "$model" --model "$model" --set "nic.*.card=$library")
  echo "built in $built, loaded with model $model $loaded"
  [ "$loaded" = "$built" ]
done
# Both were followed.
python3 - <<'PY'
import json
checks = [c for c in json.load(open("diff/summary.json"))["checks"] if c["name"].startswith("diff ")]
assert len(checks) == 2 and all(c["pass"] and not c["detail"].startswith("0 ") for c in checks), checks
PY
