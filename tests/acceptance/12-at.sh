#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every example passes with model at, and its content_digest is that of lt.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need python3
need_program

for scenario in "$examples"/*.toml; do
  name=$(basename "$scenario" .toml)
  for model in lt at; do
    run "$name-$model" "$scenario" --model "$model"
    [ "$(summary "$name-$model" 's["model"]')" = "$model" ] || fail "$name: the summary has another model"
  done
  lt=$(summary "$name-lt" 's["content_digest"]')
  at=$(summary "$name-at" 's["content_digest"]')
  [ "$lt" = "$at" ] || fail "$name: content_digest $lt with lt, $at with at"
  [ "$(summary "$name-lt" 's["digest"]')" != "$(summary "$name-at" 's["digest"]')" ] ||
    fail "$name: the models have the same digest, so that one of them did not run"
  figure "$name: content_digest $at with lt and at; checks that hold with at:" \
    "$(summary "$name-at" '"%d of %d" % (sum(c["pass"] for c in s["checks"]), len(s["checks"]))')"
done
