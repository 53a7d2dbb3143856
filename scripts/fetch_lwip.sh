#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Gets the released sources of lwIP 2.1.3 into DEST/lwip-2.1.3 from Debian's source package, through
# the package mirror that this machine is already set up with, and checks their SHA-256.
# The machine's own package lists are neither read for it nor changed. Does nothing if DEST has them.
set -eu

SUITE=bookworm
TARBALL=lwip_2.1.3+dfsg1.orig.tar.xz
SHA256=0a8276d09fc4e97bbba2f953d74af2388fc2195ea156be9d7589e297a68fde24

fail() {
  echo "fetch_lwip: $1" >&2
  echo "fetch_lwip: or give unpacked sources of lwIP 2.1.3 with -DRINGSIDE_LWIP_DIR=DIR" >&2
  exit 1
}

[ $# -eq 1 ] || { echo "usage: $0 DEST" >&2; exit 2; }
mkdir -p "$1" || fail "cannot create $1"
dest=$(cd "$1" && pwd)
[ -f "$dest/lwip-2.1.3/src/core/init.c" ] && exit 0
command -v apt-get >/dev/null || fail "apt-get is missing: only Debian's source package is known here"

work=$(mktemp -d "$dest/fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT

if [ ! -f "$dest/$TARBALL" ]; then
  # The mirror of the first Debian main archive among the machine's sources.
  mirror=$(apt-get indextargets --format '$(ORIGIN)|$(COMPONENT)|$(REPO_URI)|$(RELEASE)' \
             'Created-By: Packages' 2>/dev/null |
           awk -F'|' '$2 == "main" && $4 !~ /security/ && ($1 == "Debian" || $1 == "") {print $3; exit}')
  if [ -z "$mirror" ]; then
    # Before the first `apt-get update` origins are unknown: the names in the sources must do.
    mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.sources \
                 /etc/apt/sources.list.d/*.list 2>/dev/null |
             sed -n 's/^URIs: *\([^ ]*\).*/\1/p; s/^deb \(\[[^]]*\] *\)\{0,1\}\([^ ]*\) .* main.*/\2/p' |
             grep -v security | grep '/debian/\{0,1\}$' | head -n 1)
  fi
  [ -n "$mirror" ] || fail "no Debian mirror in this machine's package sources"
  keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  [ -f "$keyring" ] || fail "$keyring is missing: install debian-archive-keyring"
  mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/parts" "$work/source"
  printf 'Types: deb-src\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: %s\n' \
    "$mirror" "$SUITE" "$keyring" >"$work/parts/lwip.sources"
  apt() {
    (cd "$work/source" && apt-get -q -o Dir::Etc::sourcelist=/dev/null \
      -o Dir::Etc::sourceparts="$work/parts" -o Dir::State::lists="$work/lists" \
      -o Dir::Cache="$work/cache" -o APT::Sandbox::User= -o APT::Get::List-Cleanup=false "$@") \
      >"$work/log" 2>&1
  }
  apt update || { cat "$work/log" >&2; fail "no source list from $mirror"; }
  apt source --download-only lwip || { cat "$work/log" >&2; fail "no source package from $mirror"; }
  [ -f "$work/source/$TARBALL" ] || fail "$SUITE at $mirror has another lwIP than $TARBALL"
  mv "$work/source/$TARBALL" "$work/$TARBALL"
  archive=$work/$TARBALL
else
  archive=$dest/$TARBALL
fi

got=$(sha256sum "$archive" | cut -d' ' -f1)
[ "$got" = "$SHA256" ] || fail "$TARBALL has SHA-256 $got, expected $SHA256; delete it and try again"
mkdir "$work/unpacked"
tar -xf "$archive" -C "$work/unpacked" || fail "cannot unpack $TARBALL"
[ -d "$work/unpacked/lwip-2.1.3" ] || mv "$work/unpacked"/* "$work/unpacked/lwip-2.1.3"
[ -f "$work/unpacked/lwip-2.1.3/src/core/init.c" ] || fail "$TARBALL does not hold lwIP's sources"
[ "$archive" = "$dest/$TARBALL" ] || mv "$archive" "$dest/$TARBALL"
# A second process may have been faster; either result is the same.
mv -T "$work/unpacked/lwip-2.1.3" "$dest/lwip-2.1.3" 2>/dev/null ||
  [ -f "$dest/lwip-2.1.3/src/core/init.c" ] || fail "cannot write $dest/lwip-2.1.3"
