#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs a build into an empty folder, moves it, and builds and runs a project outside against it.
#   check_install.sh BUILD_FOLDER CONSUMER_SOURCES CXX [CXX_FLAGS]
set -eu

build=$1
consumer=$2
export CXX=$3
flags=${4:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cmake --install "$build" --prefix "$work/first" >"$work/install.log" || {
  cat "$work/install.log"
  exit 1
}
# Nothing in it may depend on where it was installed.
mv "$work/first" "$work/prefix"
cmake -S "$consumer" -B "$work/build" "-DCMAKE_PREFIX_PATH=$work/prefix" "-DCMAKE_CXX_FLAGS=$flags"
cmake --build "$work/build"
"$work/build/consumer" | tee "$work/output"
grep -q '^2001:db8::1 [0-9a-f]\{32\} [0-9a-f]\{64\}$' "$work/output"
if grep -rlF "$build" "$work/prefix" --include='*.cmake' --include='*.h'; then
  echo "the files above name the build folder"
  exit 1
fi
if [ -e "$work/prefix/bin/ringside" ]; then
  "$work/prefix/bin/ringside" --version
fi
