#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every shell script parses, can be executed, and is clean under shellcheck where that is installed.
#   check_scripts.sh ROOT
set -eu

cd "$1"
count=0
status=0
for script in scripts/*.sh .ci/run tests/*/*.sh tests/*/*/*.sh; do
  [ -f "$script" ] || continue
  count=$((count + 1))
  bash -n "$script" || status=1
  [ -x "$script" ] || {
    echo "$script: not executable"
    status=1
  }
  if command -v shellcheck >/dev/null 2>&1; then
    shellcheck --external-sources --source-path=SCRIPTDIR --severity=warning "$script" || status=1
  fi
done
echo "$count scripts"
[ "$count" -gt 0 ] && exit "$status"
