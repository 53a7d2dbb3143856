#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A shared object that is no card is refused by `check` as by `run`, with one line that says where it
# was named and what is wrong.
#   wrong_card_test.sh PROGRAM SCENARIO FOLDER   FOLDER has misspelt.so, later.so, nothing.so
set -eu

program=$1
scenario=$2
folder=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$folder"/*.so "$work"
cd "$work"
echo no >err.txt

refused() { # LINE SCENARIO OPTIONS...
  local line=$1 verb status
  shift
  for verb in check run; do
    status=0
    ASAN_OPTIONS=detect_leaks=0 "$program" "$verb" "$@" >out.log 2>err.log || status=$?
    if [ "$status" != 2 ] || [ -s out.log ] || [ "$(cat err.log)" != "$line" ]; then
      echo "$verb $*: status $status, expected 2 and: $line" >&2
      cat out.log err.log >&2
      exit 1
    fi
  done
  echo "$line"
}
refused "--set nic.*.card=misspelt.so: nic.alice0.card: misspelt.so: port straps_mca is no pin of a card\
 (did you mean 'straps_mac'?); docs/hardware/interfaces.md lists the pins" "$scenario" --set 'nic.*.card=misspelt.so'
refused "--set nic.*.card=later.so: nic.alice0.card: later.so: a card for another version of Ringside:\
 it has ringside_card_make_2; expected ringside_card_make_1" "$scenario" --set 'nic.*.card=later.so'
refused "--set nic.bob0.card=nothing.so: nic.bob0.card: nothing.so: no card: it has no function ringside_card_make_1;\
 expected a library of ringside_card()" "$scenario" --set 'nic.bob0.card=nothing.so'
# Behind another card, whose bus is measured.
refused "--set nic.bob0.card=nothing.so: nic.bob0.card: nothing.so: no card: it has no function ringside_card_make_1;\
 expected a library of ringside_card()" "$scenario" --set 'nic.bob0.card=nothing.so' --model at
refused "--set nic.*.card=err.txt: nic.alice0.card: cannot load ./err.txt: file too short" "$scenario" --set 'nic.*.card=err.txt'
# Named in the file.
sed 's/^\[nic.bob0\]$/&\ncard = "misspelt.so"/' "$scenario" >mine.toml
line=$(grep -n '^card' mine.toml | cut -d: -f1)
refused "mine.toml:$line: nic.bob0.card: misspelt.so: port straps_mca is no pin of a card\
 (did you mean 'straps_mac'?); docs/hardware/interfaces.md lists the pins" mine.toml
sed -i 's/^card = .*//' mine.toml
"$program" check mine.toml | grep -q ': good; '
