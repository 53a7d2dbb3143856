#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Drivers and stacks of others work with our cards and hosts: every cell of the interop matrix is green, and
# docs/interop.md says so.
#   RINGSIDE_CELLS   what the tests in tests/external found with this program; if that is older than the program,
#                    or with --full, they run now
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need python3
need_program

names=$(sed -n 's/^external_test(\([a-z_]*\) [0-9]*)$/\1/p' "$root/tests/external/CMakeLists.txt")
found() {
  local name model
  for name in $names; do
    for model in lt at; do [ "$RINGSIDE_CELLS/$name-$model.cells" -nt "$program" ] || return 1; done
  done
}
if [ $full = yes ] || [ -z "${RINGSIDE_CELLS:-}" ] || ! found; then
  export RINGSIDE_CELLS=$work/cells RINGSIDE_PROGRAM=$program
  for name in $names; do
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

status=0
"$root/tests/external/matrix.py" count "$RINGSIDE_CELLS" >count || status=$?
while read -r line; do figure "$line"; done <count
[ $status -ne 77 ] || skip "no cell could be run here"
[ $status -eq 0 ] || fail "not every cell is green"
"$root/tests/external/matrix.py" check "$RINGSIDE_CELLS" "$root/docs/interop.md" || fail "docs/interop.md is old"
