#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A bad scenario ends with one line on stderr, exit status 2, and nothing written.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need_program

base=$examples/two-hosts.toml
mkdir bad
# scenario NAME SED_SCRIPT: two-hosts with one thing wrong.
scenario() {
  sed "$2" "$base" >"bad/$1.toml"
  ! cmp -s "$base" "bad/$1.toml" || fail "$1: nothing was changed"
}

cases=0
# refused WHAT EXPECTED FILE OPTIONS...: EXPECTED is a part of the one line.
refused() {
  local what=$1 expected=$2 status=0
  shift 2
  mkdir run
  (cd run && "$program" run "$@" >../stdout 2>../stderr) || status=$?
  [ "$status" -eq 2 ] || fail "$what: exit status $status, expected 2: $(cat stderr)"
  [ "$(wc -l <stderr)" -eq 1 ] || fail "$what: not one line on stderr: $(cat stderr)"
  [ ! -s stdout ] || fail "$what: something on stdout: $(cat stdout)"
  grep -qF -- "$expected" stderr || fail "$what: no \"$expected\" in: $(cat stderr)"
  [ ! -e "$work/out" ] && rmdir run || fail "$what: something was written"
  cases=$((cases + 1))
  case $what in
    *--out) ;;
    *) printf '%-21s %s\n' "$what" "$(sed "s|$work/||g" stderr)" ;;
  esac
}
# Every one with an output folder named and without.
bad() { # WHAT EXPECTED NAME
  refused "$1" "$2" "$work/bad/$3.toml"
  refused "$1, --out" "$2" "$work/bad/$3.toml" --out "$work/out" --trace pcapng
}

scenario unknown-key 's/^rate = /rat = /'
bad "unknown key" "did you mean 'rate'?" unknown-key
scenario unknown-section 's/^\[ping\./[pong./'
bad "unknown section" "did you mean 'ping'?" unknown-section
scenario wrong-unit 's/"100G"/"100KiB"/'
bad "wrong unit" "unknown unit; expected a rate" wrong-unit
scenario missing-unit 's/^delay = .*/delay = 1/'
bad "missing unit" "has no unit; expected a time" missing-unit
scenario duplicate-name '$a [nic.bob0]'
bad "duplicate name" "'nic.bob0' is defined twice" duplicate-name
scenario duplicate-result 's/^\[ping\.hello\]/[ping.upload]/'
bad "one name for two" "ping.upload has the name of flow.upload" duplicate-result
scenario no-such-nic 's/^ends = .*/ends = ["alice0", "bob1"]/'
bad "link to no nic" "no nic is named 'bob1'" no-such-nic
scenario no-such-end 's/^ends = .*/ends = ["alice0", "carol"]/'
bad "link to no host" "no nic is named 'carol'" no-such-end
scenario no-such-host 's/^to = "bob"/to = "bobby"/'
bad "traffic to no host" "no host is named 'bobby'" no-such-host
scenario missing-file 's/^size = .*/file = "not-there.bin"/'
bad "missing file" "not-there.bin' does not exist" missing-file
scenario missing-library '$a [app.mine]\nhost = "bob"\napp = "libmine.so:run"'
bad "missing library" "libmine.so' does not exist" missing-library
scenario no-such-switch 's/^ends = .*/ends = ["alice0", "core"]/; $a [switch.cor]'
bad "link to no switch" "did you mean 'cor'?" no-such-switch
scenario switch-loop 's/^ends = .*/ends = ["alice0", "a"]/; $a [switch.a]\n[switch.b]\n[link.b]\nends = ["bob0", "b"]\n[link.x]\nends = ["a", "b"]\n[link.y]\nends = ["b", "a"]'
bad "loop of switches" "link.y closes a loop of switches" switch-loop
scenario impair-link '$a [impair.bad]\nlink = "cable"'
bad "impair no link" "no link is named 'cable'" impair-link
scenario impair-from '$a [impair.bad]\nlink = "wire"\nfrom = "carol0"'
bad "impair no end" "'carol0' is at no end of link 'wire'" impair-from
scenario probability '$a [impair.bad]\nlink = "wire"\nloss = 0.01'
bad "probability, no unit" "has no unit; expected a probability" probability
scenario certain '$a [impair.bad]\nlink = "wire"\nloss = "150%"'
bad "more than certain" "expected a probability up to 100%" certain
scenario outage 's/^rate = /down = ["2ms to 1ms"]\n&/'
bad "outage ends first" "does not end after it begins" outage
scenario pause 's/^address = /pause = "1ms to 2ms"\n&/'
bad "pause is no list" "expected a list of times" pause
scenario broken-toml 's/^\[link\.wire\]/[link.wire/'
bad "broken TOML" "broken TOML" broken-toml
scenario ring-size 's/^\[nic.alice0\]/&\nring_size = 300/'
bad "ring size" "ring_size = 300 is not a power of two" ring-size
scenario unknown-model 's/^version = 1/&\nmodel = "rtll"/'
bad "unknown model" "model 'rtll' is not known" unknown-model
bad "missing scenario" "No such file" not-there
refused "unknown model, option" "model 'fast' is not known" "$base" --model fast
refused "unknown key, --set" "did you mean 'size'?" "$base" --set flow.upload.sise=1B
refused "missing unit, --set" "has no unit" "$base" --set flow.upload.size=1
refused "missing file, --set" "does not exist" "$base" --set flow.upload.file=not-there.bin
refused "unknown trace" "trace 'pcap' is not known" "$base" --trace pcap
refused "no folder, --set" "folder 'no-folder' does not exist" "$base" --set flow.upload.output=no-folder/file
figure "$cases bad scenarios and options: one line each, exit status 2, nothing written"
