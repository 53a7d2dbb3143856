#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every example passes with model at, and its content_digest is that of lt. What limits a run is named:
# the part that a setting makes slow is the busiest.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need python3
need_program

for scenario in "$examples"/*.toml; do
  closed "$scenario" || continue
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

limited() {
  local resource=$1 named
  shift
  run limited "$examples/two-hosts.toml" --model at --set 'host.*.cost=zero' \
    --set ping.hello.count=1 --set flow.upload.size=4MiB "$@" --force
  named=$(summary limited 's["limits"][0]["resource"]')
  [ "$named" = "$resource" ] || fail "$*: limits begin with $named, expected $resource"
  figure "${*:-defaults}: $named, busy $(summary limited 'round(s["limits"][0]["busy"], 2)')"
}
limited link.wire.alice0
limited link.wire.alice0 --set link.wire.rate=1G
limited nic.alice0.pcie_down --set nic.alice0.pcie_gen=1 --set nic.alice0.pcie_lanes=4
limited nic.alice0.read_window --set 'nic.*.read_tags=1'
limited nic.alice0.pcie_credits --set 'nic.*.pcie_nonposted_headers=1'
limited nic.alice0.tx_datapath --set nic.alice0.datapath_bits=64
limited nic.alice0.tx_buffer --set 'nic.*.mtu=9000' --set 'nic.*.tx_buffer=16KiB'
limited nic.alice0.ring_engine --set nic.alice0.ring_fetch_cycles=1000
limited host.bob.core0 --set 'host.bob.costs.stack_receive=5us'
