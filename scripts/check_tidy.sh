#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs clang-tidy over the source files that changed (scripts/changed_files.sh) and that are built.
#   scripts/check_tidy.sh BUILD_FOLDER [JOBS]
set -eu

[ $# -ge 1 ] || {
  echo "usage: $0 BUILD_FOLDER [JOBS]" >&2
  exit 2
}
cd "$(dirname "$0")/.."
build=$1
jobs=${2:-2}
[ -f "$build/compile_commands.json" ] || {
  echo "tidy: $build has no compile_commands.json: configure it first" >&2
  exit 2
}
files=$(scripts/changed_files.sh '*.cpp' | while read -r file; do
  # A source that no target builds has no flags to be checked with.
  if grep -q "/$file\"" "$build/compile_commands.json"; then echo "$file"; fi
done)
if [ -z "$files" ]; then
  echo "tidy: no changed source file"
  exit 0
fi
count=$(printf '%s\n' "$files" | wc -l)
echo "tidy: $count files"
# The flags are those of GCC.
log=$build/tidy.log
if ! printf '%s\n' "$files" | xargs -P "$jobs" -n 1 clang-tidy --quiet -p "$build" \
    --extra-arg=-Wno-unknown-warning-option >"$log" 2>&1; then
  grep -E 'error|warning' "$log" | sort -u >&2
  echo "tidy: the whole output is in $log" >&2
  exit 1
fi
echo "tidy: $count files are clean"
