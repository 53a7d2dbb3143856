#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The Debian 12 packages that Ringside needs, one a line; --install installs those that are missing.
#   scripts/packages.sh [--build | --all] [--install]
# --build: what building needs; --all (the default): also what the tests and checks use.
set -eu

BUILD="g++ cmake ninja-build pkg-config git ca-certificates ccache python3 xz-utils
debian-archive-keyring libsystemc-dev verilator libgtest-dev libgmock-dev libbenchmark-dev
libcli11-dev libtomlplusplus-dev nlohmann-json3-dev libfmt-dev libpcap-dev libxxhash-dev libssl-dev"
CHECK="clang-format clang-tidy clang libclang-rt-14-dev tshark"
# For tests/external, which are skipped without them.
EXTERNAL="dpdk-dev librte-net-virtio23 librte-net-vhost23 librte-net-tap23 librte-net-pcap23
qemu-system-x86 busybox-static iperf3 ethtool iproute2 iputils-ping tcpdump"

usage() {
  echo "usage: $0 [--build | --all] [--install]" >&2
  exit 2
}

packages="$BUILD $CHECK $EXTERNAL"
install=no
for argument in "$@"; do
  case $argument in
    --build) packages=$BUILD ;;
    --all) packages="$BUILD $CHECK $EXTERNAL" ;;
    --install) install=yes ;;
    *) usage ;;
  esac
done

if [ $install = no ]; then
  # One a line, so that it can be given to xargs.
  # shellcheck disable=SC2086
  printf '%s\n' $packages
  exit 0
fi

fail() {
  echo "packages: $1" >&2
  # shellcheck disable=SC2086
  echo "packages: needed are:" $packages >&2
  exit 1
}

command -v dpkg-query >/dev/null 2>&1 ||
  fail "this is not a Debian system: install the equivalents with your own package manager"

missing=
needed=
for package in $packages; do
  state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$state" != installed ] || continue
  missing="$missing $package"
  # shellcheck disable=SC2086
  printf '%s\n' $EXTERNAL | grep -qxF "$package" || needed="$needed $package"
done
if [ -z "$missing" ]; then
  echo "packages: all there"
  exit 0
fi

echo "packages: missing:$missing"
if [ -z "$needed" ] && [ "$(id -u)" -ne 0 ]; then
  echo "packages: these are for tests that are skipped without them; '$0 --install' as root installs them"
  exit 0
fi
[ "$(id -u)" -eq 0 ] ||
  fail "installing them wants root: run '$0 --install' as root once, then go on as you are"
echo "packages: installing from the package mirror that this machine is set up with"
export DEBIAN_FRONTEND=noninteractive
apt-get update -q || fail "no package mirror answers: check the machine's package sources and network"
# shellcheck disable=SC2086
apt-get install -q -y --no-install-recommends $missing ||
  fail "apt-get could not install:$missing"
