#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What limits two-hosts is a core; where host work costs nothing it is the link, and goodput is at
# least 90 % of its rate.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need python3
need_program

first='"%s, busy %.1f %%" % (s["limits"][0]["resource"], 100 * s["limits"][0]["busy"])'
goodput='"%.2f Gbit/s" % (flow["upload"]["goodput_bps"] / 1e9)'
resource='s["limits"][0]["resource"]'

run default "$examples/two-hosts.toml"
figure "cost = default: $(summary default "$first"), goodput $(summary default "$goodput")"
case $(summary default "$resource") in
  host.*.core*) ;;
  *) fail "the limit is not a core" ;;
esac

run zero "$examples/two-hosts.toml" --set 'host.*.cost=zero'
figure "cost = zero: $(summary zero "$first"), goodput $(summary zero "$goodput") of 100 Gbit/s"
case $(summary zero "$resource") in
  link.*) ;;
  *) fail "the limit is not the link" ;;
esac
[ "$(summary zero 'flow["upload"]["goodput_bps"] >= 0.9 * 100e9')" = true ] ||
  fail "goodput is below 90 % of the link's rate"
