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

# Lines "NAME MODEL", one for each test.
tests=$(sed -n 's/^external_test(\([a-z_]*\) [0-9]* \([a-z ]*\))$/\1 \2/p' "$root/tests/external/CMakeLists.txt" |
  while read -r name models; do
    for model in $models; do
      ! "$program" list models | grep -q "^$model\>" || echo "$name $model"
    done
  done)
[ "$(wc -l <<<"$tests")" -ge 6 ] || fail "tests/external/CMakeLists.txt names too few tests: $tests"
found() {
  local name model
  while read -r name model; do
    [ "$RINGSIDE_CELLS/$name-$model.cells" -nt "$program" ] || return 1
  done <<<"$tests"
}
if [ $full = yes ] || [ -z "${RINGSIDE_CELLS:-}" ] || ! found; then
  export RINGSIDE_CELLS=$work/cells RINGSIDE_PROGRAM=$program
  if [ $full = yes ]; then export RINGSIDE_FULL=1; fi
  while read -r name model; do
    status=0
    "$root/tests/external/$name.sh" "$model" </dev/null >"$name-$model.log" 2>&1 || status=$?
    case $status in
      0 | 1) grep -v '^row: ' "$name-$model.log" ;;
      77) grep '^skipped: ' "$name-$model.log" ;;
      *)
        cat "$name-$model.log" >&2
        fail "$name.sh $model: exit status $status"
        ;;
    esac
  done <<<"$tests"
fi

status=0
"$root/tests/external/matrix.py" count "$RINGSIDE_CELLS" >count || status=$?
while read -r line; do figure "$line"; done <count
[ $status -ne 77 ] || skip "no cell could be run here"
[ $status -eq 0 ] || fail "not every cell is green"
"$root/tests/external/matrix.py" check "$RINGSIDE_CELLS" "$root/docs/interop.md" || fail "docs/interop.md is old"
