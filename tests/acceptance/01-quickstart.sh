#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# From a fresh clone, scripts/quickstart.sh alone ends with the summary of two-hosts.toml.
# The short form takes lwIP's sources from this tree's cache and objects from ccache; --full starts
# with neither.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need git python3

if [ "$(id -u)" -ne 0 ]; then
  "$root/scripts/packages.sh" --build --install >packages.log 2>&1 ||
    skip "packages are missing and installing them wants root: $(grep missing packages.log)"
fi
git clone --quiet --no-hardlinks "$root" clone || fail "cannot clone $root"
if [ "$full" = yes ]; then
  export CCACHE_DISABLE=1 RINGSIDE_LWIP_CACHE=
else
  # Objects are found again whatever the folder's name is.
  export CCACHE_BASEDIR="$work/clone" CCACHE_NOHASHDIR=1
  if [ -d "$root/.cache/lwip" ] && [ -z "${RINGSIDE_LWIP_CACHE:-}" ]; then
    export RINGSIDE_LWIP_CACHE="$root/.cache/lwip"
  fi
fi

start=$(date +%s)
clone/scripts/quickstart.sh >quickstart.log 2>&1 || {
  tail -n 40 quickstart.log >&2
  fail "quickstart.sh ended with an error"
}
seconds=$(($(date +%s) - start))
# The last step's output is the summary.
sed -n '/^== 4\/4/,$p' quickstart.log
grep -q '^two-hosts: model lt' quickstart.log || fail "no summary of two-hosts"
grep -q '^checks: [0-9]*, all hold' quickstart.log || fail "the summary does not say that all checks hold"
tail -n 1 quickstart.log | grep -q '^again:' || fail "the summary is not the end"
[ "$(summary clone/out/quickstart 'flow["upload"]["intact"]')" = true ] || fail "not intact"
[ -z "$(git -C clone status --porcelain)" ] || fail "the clone has files that git does not ignore"
figure "clone to summary in $seconds s, exit status 0"
