#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Drivers and stacks of others work with our cards and hosts: every cell of the interop matrix is green, and
# docs/interop.md says so.
#   RINGSIDE_CELLS   cells that the tests in tests/external just found; without it (or with --full) they run now
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need python3
need_program

if [ $full = yes ] || [ -z "${RINGSIDE_CELLS:-}" ]; then
  export RINGSIDE_CELLS=$work/cells RINGSIDE_PROGRAM=$program
  for name in $(sed -n 's/^external_test(\([a-z_]*\) [0-9]*)$/\1/p' "$root/tests/external/CMakeLists.txt"); do
    for model in lt at; do
      status=0
      "$root/tests/external/$name.sh" $model >"$name-$model.log" 2>&1 || status=$?
      case $status in
        0 | 1) grep -v '^row: ' "$name-$model.log" ;;
        77) grep '^skipped: ' "$name-$model.log" ;;
        *)
          cat "$name-$model.log" >&2
          fail "$name.sh $model: exit status $status"
          ;;
      esac
    done
  done
fi

mkdir -p "$RINGSIDE_CELLS"
status=0
"$root/tests/external/matrix.py" count "$RINGSIDE_CELLS" >count || status=$?
while read -r line; do figure "$line"; done <count
[ $status -ne 77 ] || skip "no cell could be run here"
[ $status -eq 0 ] || fail "not every cell is green"
"$root/tests/external/matrix.py" check "$RINGSIDE_CELLS" "$root/docs/interop.md" || fail "docs/interop.md is old"
