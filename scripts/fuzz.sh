#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Fuzzes with libFuzzer, Address- and UndefinedBehaviorSanitizer (needs Clang).
#   scripts/fuzz.sh [SECONDS [TARGET...]]    each target for SECONDS (60); all targets by default
# What it finds lies in build/fuzz/findings/TARGET; new inputs go to build/fuzz/corpus/TARGET.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
seconds=${1:-60}
[ $# -eq 0 ] || shift
case $seconds in
  '' | *[!0-9]*)
    echo "usage: $0 [SECONDS [TARGET...]]" >&2
    exit 2
    ;;
esac
command -v clang++ >/dev/null 2>&1 || {
  echo "fuzz: clang++ is not installed: scripts/packages.sh --all --install" >&2
  exit 77
}

mkdir -p build
set -- "$@"
launcher=()
if command -v ccache >/dev/null 2>&1; then
  launcher=(-DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
fi
cmake --preset fuzz "${launcher[@]}" >build/fuzz.configure.log 2>&1 || {
  cat build/fuzz.configure.log >&2
  exit 1
}

while read -r name max_bytes; do
  if [ $# -gt 0 ]; then
    case " $* " in *" $name "*) ;; *) continue ;; esac
  fi
  cmake --build build/fuzz --parallel "${RINGSIDE_JOBS:-2}" --target "fuzz_$name" >build/fuzz.build.log 2>&1 || {
    grep -v '^\[[0-9]*/[0-9]*\] ' build/fuzz.build.log | tail -n 100 >&2
    exit 1
  }
  program=$(find build/fuzz -type f -name "fuzz_$name" -perm -u+x)
  mkdir -p "build/fuzz/corpus/$name" "build/fuzz/findings/$name"
  "$program" -max_total_time="$seconds" -max_len="$max_bytes" -timeout=10 -rss_limit_mb=4096 \
    -print_final_stats=1 -artifact_prefix="build/fuzz/findings/$name/" \
    "build/fuzz/corpus/$name" "tests/fuzz/corpus/$name" >"build/fuzz/$name.log" 2>&1 || {
    tail -n 60 "build/fuzz/$name.log" >&2
    echo "fuzz: $name: a finding, in build/fuzz/findings/$name" >&2
    exit 1
  }
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "build/fuzz/$name.log")
  coverage=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "build/fuzz/$name.log" | tail -n 1)
  echo "fuzz: $name: $runs inputs in ${seconds}s, $coverage edges, no finding"
done <build/fuzz/fuzz_targets.txt
