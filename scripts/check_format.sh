#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fails if clang-format would change a file among those that changed (scripts/changed_files.sh).
set -eu

cd "$(dirname "$0")/.."
files=$(scripts/changed_files.sh '*.h' '*.cpp' '*.c')
if [ -z "$files" ]; then
  echo "format: no changed C or C++ file"
  exit 0
fi
# Not --dry-run: clang-format 14 complains there of end comments that it leaves as they are.
bad=$(printf '%s\n' "$files" | while read -r file; do
  clang-format "$file" | cmp -s - "$file" || echo "$file"
done)
if [ -n "$bad" ]; then
  # shellcheck disable=SC2086
  printf 'format: not as clang-format writes it: %s\n' $bad >&2
  echo "format: run 'clang-format -i' over the files above" >&2
  exit 1
fi
echo "format: $(printf '%s\n' "$files" | wc -l) files are as clang-format writes them"
