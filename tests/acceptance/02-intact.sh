#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A file of the user's arrives whole: empty, 1 byte, 64 MiB of random bytes; --full: also 1 GiB.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need python3
need_program

: >empty
printf 'x' >one
head -c 67108864 /dev/urandom >random-64MiB
files="empty one random-64MiB"
if [ "$full" = yes ]; then
  head -c 1073741824 /dev/urandom >random-1GiB
  files="$files random-1GiB"
fi

for file in $files; do
  run "out-$file" "$examples/two-hosts.toml" --model lt --set "flow.upload.file=$work/$file" \
    --set "flow.upload.output=$work/received"
  intact=$(summary "out-$file" 'flow["upload"]["intact"]')
  bytes=$(summary "out-$file" 'flow["upload"]["bytes"]')
  [ "$intact" = true ] || fail "$file: intact: $intact"
  [ "$bytes" = "$(stat -c %s "$file")" ] || fail "$file: $bytes bytes in the summary"
  # A second opinion, and one that does not come from the program.
  cmp "$file" received || fail "$file: the receiver has other bytes"
  sum=$(sha256sum "$file" | cut -d' ' -f1)
  [ "$(summary "out-$file" 'flow["upload"]["sha256"]')" = "$sum" ] || fail "$file: SHA-256 is not $sum"
  figure "$file: $bytes bytes, intact: $intact," \
    "$(summary "out-$file" '"%.2f Gbit/s" % (flow["upload"]["goodput_bps"] / 1e9)')"
  rm -f received "$file"
done
