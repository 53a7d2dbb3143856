#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Lists the files that changed since the base commit, uncommitted ones included; the arguments are
# git path patterns. RINGSIDE_BASE names the base, "none" lists all files.
set -eu

cd "$(dirname "$0")/.."
base=${RINGSIDE_BASE:-}
head=$(git rev-parse --verify --quiet HEAD || true)
if [ -z "$base" ] && [ -n "$head" ]; then
  base=$(git merge-base HEAD origin/main 2>/dev/null || true)
  if [ -z "$base" ] || [ "$base" = "$head" ]; then
    base=$(git rev-parse --verify --quiet HEAD~1 || true)
  fi
fi
{
  if [ -z "$base" ] || [ "$base" = none ]; then
    git ls-files -- "$@"
  else
    git diff --name-only --diff-filter=d "$base" -- "$@"
  fi
  git ls-files --others --exclude-standard -- "$@"
} | sort -u
