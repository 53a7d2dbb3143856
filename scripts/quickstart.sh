#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# From a fresh clone to the first run: installs what is needed, builds `ringside`, and lets two
# simulated hosts exchange a file. May be run again at any time. Ends with the run's exit status.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
jobs=${RINGSIDE_JOBS:-$(nproc)}
out=out/quickstart

step() { printf '\n== %s\n' "$1"; }
fail() {
  echo "quickstart: $1" >&2
  exit 1
}

step "1/4 Packages (Debian 12; wants root and a package mirror if any is missing)"
scripts/packages.sh --build --install

step "2/4 Configure build/release"
launcher=
if command -v ccache >/dev/null 2>&1; then
  launcher="-DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache"
fi
# shellcheck disable=SC2086
cmake --preset release $launcher || fail "the configuration failed: the reason is above"

step "3/4 Build ringside with $jobs jobs (some minutes the first time; RINGSIDE_JOBS=N for others)"
cmake --build build/release --target ringside --parallel "$jobs" ||
  fail "the build failed: the first error is above"
program=$(find build/release -type f -name ringside -perm -u+x | head -n 1)
[ -n "$program" ] || fail "build/release has no program ringside"

step "4/4 Run: two hosts exchange a file over two cards"
echo "The run's files, with summary.json, go to $root/$out"
echo "\$ $program run examples/two-hosts.toml --out $out --force"
status=0
"$program" run examples/two-hosts.toml --out "$out" --force || status=$?
exit "$status"
