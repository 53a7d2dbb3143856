#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Everything that a change must pass, before a push and in CI: style, release, sanitizers, and all
# tests; the last lines are CTest's summary. Works as a plain user if the packages are there.
#   RINGSIDE_JOBS   jobs at a time (2)
#   RINGSIDE_BASE   commit that changed files are counted from (the merge base with origin's main,
#                   else the last commit); "none" checks all files
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
jobs=${RINGSIDE_JOBS:-2}
start=$(date +%s)

step() { printf '\n== [%ds] %s\n' "$(($(date +%s) - start))" "$1"; }

configure() { # preset, options...
  if command -v ccache >/dev/null 2>&1; then
    set -- "$@" -DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache
  fi
  preset=$1
  shift
  cmake --preset "$preset" "$@" >"build/$preset.configure.log" 2>&1 || {
    cat "build/$preset.configure.log" >&2
    exit 1
  }
}

# Fails with the compiler's output only where something is wrong.
build() { # preset, targets...
  preset=$1
  shift
  NINJA_STATUS='[%f/%t %es] ' cmake --build "build/$preset" --parallel "$jobs" ${1:+--target "$@"} \
    >"build/$preset.build.log" 2>&1 || {
    grep -v '^\[[0-9]*/[0-9]* ' "build/$preset.build.log" | tail -n 200 >&2
    exit 1
  }
  tail -n 1 "build/$preset.build.log"
}

run_ctest() { # preset, options...
  preset=$1
  shift
  ctest --test-dir "build/$preset" --parallel "$jobs" --output-on-failure --no-tests=error "$@"
}

step "Packages"
scripts/packages.sh --all --install
mkdir -p build

step "Style of changed files"
scripts/check_format.sh

step "Release build"
configure release -DRINGSIDE_BUILD_TESTS=ON -DRINGSIDE_BUILD_BENCH=ON
build release

step "clang-tidy over changed files"
scripts/check_tidy.sh build/release "$jobs"

# -O1 compiles in half the time and keeps the stack traces readable.
step "AddressSanitizer and UndefinedBehaviorSanitizer: unit and cosim tests"
configure asan -DRINGSIDE_BUILD_BENCH=OFF "-DCMAKE_CXX_FLAGS_RELWITHDEBINFO=-O1 -g1" \
  "-DCMAKE_C_FLAGS_RELWITHDEBINFO=-O1 -g1"
build asan
run_ctest asan -L 'unit|cosim' --quiet --output-log "$root/build/asan.ctest.log" || {
  tail -n 200 build/asan.ctest.log >&2
  exit 1
}
tail -n 12 build/asan.ctest.log

step "Debug build of the program, for the tests that compare digests between builds"
configure debug -DRINGSIDE_BUILD_TESTS=OFF -DRINGSIDE_BUILD_BENCH=OFF
build debug ringside

step "All tests, release"
RINGSIDE_DEBUG_PROGRAM=$(find "$root/build/debug" -type f -name ringside -perm -u+x)
RINGSIDE_ASAN_PROGRAM=$(find "$root/build/asan" -type f -name ringside -perm -u+x)
export RINGSIDE_DEBUG_PROGRAM RINGSIDE_ASAN_PROGRAM
failed=build/release/Testing/Temporary/LastTestsFailed.log
rm -f "$failed" # an earlier run's, where CTest does not come to its end
run_ctest release && exit
# What failed runs again, alone, so that its output stands at the end. A second run counts only where every test
# that failed deals with real time and programs of others (label wall_clock), which a busy machine can upset.
ctest --test-dir build/release -N -L wall_clock | sed -n 's/^ *Test *#\([0-9]*\): \(.*\)$/\1:\2/p' >build/wall_clock
others=$(grep -cvxFf build/wall_clock "$failed" || true)
step "Once more, alone, what failed"
sed 's/^[0-9]*:/failed once: /' "$failed"
ctest --test-dir build/release --rerun-failed --output-on-failure
[ "$others" -eq 0 ] || exit 8
