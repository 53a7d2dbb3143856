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
if ! printf '%s\n' "$files" | xargs clang-format --dry-run --Werror; then
  echo "format: run 'clang-format -i' over the files above" >&2
  exit 1
fi
echo "format: $(printf '%s\n' "$files" | wc -l) files are as clang-format writes them"
