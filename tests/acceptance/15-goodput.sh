#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The goodput table of docs/goodput.md is what the program gives now; no cell exceeds its upper bound in
# closed form, and where a link is the limit it is met within 10 %.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need python3
need_program

python3 "$root/scripts/goodput_table.py" "$program" "$examples/two-hosts.toml" --check >page.md ||
  fail "a cell does not agree with its bound"
grep '^| gen' page.md | head -8 | while read -r line; do figure "$line"; done
diff -u "$root/docs/goodput.md" page.md ||
  fail "docs/goodput.md is old: scripts/goodput_table.py build/release/testbench/cli/ringside examples/two-hosts.toml > docs/goodput.md"
