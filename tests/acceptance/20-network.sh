#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Bad links, outages, switches and hosts that stand still: every file arrives intact with both models,
# one seed gives one digest, and every silently altered frame is accounted for.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need python3
need_program

runs=2
if [ "$full" = yes ]; then runs=5; fi

all_intact='all(f["intact"] for f in s["flows"]) and all(c["pass"] for c in s["checks"])'
links='("".join(", %s from %s %s" % (k, d["from"], v) for l in s["links"] for d in l["directions"]
  for k, v in d["counters"].items() if v and (k.startswith("drop_") or
  k in ("altered", "damaged", "duplicated", "reordered", "outages")))[2:])'

# intact NAME SCENARIO OPTIONS...: both models, several runs, one digest each, one content digest.
intact() {
  local name=$1 scenario=$2 model number content='' digest
  shift 2
  for model in lt at; do
    run "$name-$model" "$scenario" --model "$model" "$@"
    [ "$(summary "$name-$model" "$all_intact")" = true ] || fail "$name, $model: not intact"
    digest=$(summary "$name-$model" 's["digest"]')
    for number in $(seq 2 "$runs"); do
      run "$name-$model-$number" "$scenario" --model "$model" "$@"
      [ "$(summary "$name-$model-$number" 's["digest"]')" = "$digest" ] ||
        fail "$name, $model, run $number: another digest"
    done
    [ -n "$content" ] || content=$(summary "$name-$model" 's["content_digest"]')
    [ "$(summary "$name-$model" 's["content_digest"]')" = "$content" ] ||
      fail "$name: lt and at received different bytes"
  done
  figure "$name: intact with lt and at, one digest in $runs runs each, one content digest"
}

intact lossy-link "$examples/lossy-link.toml"
for model in lt at; do
  figure "lossy-link, $model: $(summary "lossy-link-$model" "$links")"
  for counter in drop_loss drop_burst damaged altered delayed reordered duplicated; do
    [ "$(summary "lossy-link-$model" \
      "sum(d['counters']['$counter'] for l in s['links'] for d in l['directions']) > 0")" = true ] ||
      fail "lossy-link, $model: no frame was counted as $counter"
  done
done

# What was damaged is what the card dropped, but for copies.
[ "$(summary lossy-link-lt 'sum(n["counters"]["rx_drop_fcs"] for n in s["nics"])')" -eq \
  "$(summary lossy-link-lt 'sum(d["counters"]["damaged"] for l in s["links"] for d in l["directions"])')" ] ||
  fail "lossy-link: damaged frames and rx_drop_fcs differ"

# Silent corruption, much of it, both ways, IPv4 and IPv6.
account='next(c for c in s["checks"] if c["name"] == "silent corruption accounted for")'
noise=(--set 'impair.*.corrupt=5%' --set 'impair.*.corruption=silent' --set 'impair.*.loss=0%'
  --set 'impair.*.burst=0%' --set 'impair.there.duplicate=0%')
intact silent "$examples/lossy-link.toml" "${noise[@]}"
sed 's/^address = "10.0.0.\([12]\)\/24"/address6 = "fd00::\1\/64"/; s/^\(to = .*\)/\1\nip = "v6"/' \
  "$examples/lossy-link.toml" >silent-v6.toml
intact silent-v6 "$PWD/silent-v6.toml" "${noise[@]}"
for name in silent-lt silent-at silent-v6-lt silent-v6-at; do
  [ "$(summary "$name" "${account}['pass']")" = true ] || fail "$name: $(summary "$name" "$account")"
  [ "$(summary "$name" 'all(h["stack_counters"]["tcp_checksum_errors"] > 50 for h in s["hosts"])')" = true ] ||
    fail "$name: TCP's checksum caught next to nothing"
  [ "$(summary "$name" 'sum(d["counters"]["altered"] for l in s["links"] for d in l["directions"])')" -ge 500 ] ||
    fail "$name: few frames were altered"
  figure "$name: $(summary "$name" "${account}['detail']")"
done
# Every altered frame is marked in the capture.
run marked "$examples/lossy-link.toml" --trace pcapng
marked=$(grep -ac 'altered on the way' marked/capture.pcapng || true)
altered=$(summary marked 'sum(d["counters"]["altered"] for l in s["links"] for d in l["directions"])')
[ "$marked" -gt 0 ] || fail "no frame is marked in the capture"
[ "$(summary marked 's["digest"]')" = "$(summary lossy-link-lt 's["digest"]')" ] || fail "capturing changed the digest"
figure "capture: altered frames are marked ($altered altered, $marked lines with a mark)"

intact link-flap "$examples/link-flap.toml"
for model in lt at; do
  figure "link-flap, $model: $(summary "link-flap-$model" "$links")"
  [ "$(summary "link-flap-$model" 's["links"][0]["directions"][0]["counters"]["outages"]')" -ge 3 ] ||
    fail "link-flap, $model: the link did not flap"
done

intact many-flows "$examples/many-flows.toml"
connections=$(grep -o '^streams = [0-9]*' "$examples/many-flows.toml" | awk '{ n += $3 } END { print n }')
[ "$connections" -eq 100 ] || fail "many-flows has $connections connections"
full_queue='sum(p["counters"]["tx_drop_full"] for w in s["switches"] for p in w["ports"])'
[ "$(summary many-flows-lt "$full_queue")" -gt 0 ] || fail "many-flows: the switch's queue never filled up"
figure "many-flows: $connections connections, the switch dropped $(summary many-flows-lt "$full_queue") (lt)," \
  "$(summary many-flows-at "$full_queue") (at) frames"

# A host that stands still: its card goes on, its rings fill up and the card drops.
intact pause "$examples/two-hosts.toml" --set flow.upload.size=8MiB --set 'host.bob.pause=["500us to 4ms"]' \
  --set nic.bob0.ring_size=32 --set nic.bob0.rx_buffer=16KiB
drops='sum(v for k, v in next(n for n in s["nics"] if n["name"] == "bob0")["counters"].items() if "rx_drop" in k)'
[ "$(summary pause-lt "$drops")" -gt 0 ] || fail "pause: the card of a host that stood still dropped nothing"
figure "pause: bob0 dropped $(summary pause-lt "$drops") (lt), $(summary pause-at "$drops") (at) frames"
