#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes a small Linux guest: Debian's kernel, unpacked and not installed, and an initial file system with
# busybox, iperf3 and ethtool whose first program runs the lines that come in by the serial console.
#   guest_image.sh FOLDER       prints the folder in FOLDER that has vmlinuz and initrd; what is there is kept
# Exit status 77, with the reason, if a package is missing or cannot be downloaded.
set -eu

skip() {
  echo "skipped: $*"
  exit 77
}
for command in busybox iperf3 ethtool dpkg apt-get apt-cache ldd; do
  command -v $command >/dev/null 2>&1 || skip "$command is not installed"
done
self=$(readlink -f "$0")
cd "$1"
folder=$PWD

# The package without a version depends on the newest one.
kernel=$(apt-cache depends linux-image-cloud-amd64 2>/dev/null | sed -n 's/^ *Depends: *\(linux-image-[0-9].*\)/\1/p' | head -n 1)
[ -n "$kernel" ] || kernel=$(ls -d linux-image-* 2>/dev/null | tail -n 1)
[ -n "$kernel" ] || skip "apt knows no package linux-image-cloud-amd64: apt-get update"
release=${kernel#linux-image-}
if [ -e "$kernel/made-by" ] && cmp -s "$kernel/made-by" "$self"; then
  echo "$folder/$kernel"
  exit 0
fi

fresh=$(mktemp -d ./fresh.XXXXXX 2>/dev/null) || skip "$folder cannot be written"
chmod 755 "$fresh"
trap 'rm -rf "$folder/$fresh"' EXIT
cd "$fresh"
apt-get download "$kernel" >download.log 2>&1 || skip "$kernel cannot be downloaded: $(tail -n 1 download.log)"
dpkg -x ./*.deb package
mkdir -p files/bin files/lib files/lib64 files/proc files/sys files/dev files/tmp
modules=package/lib/modules/$release/kernel
for module in net/core/failover drivers/net/net_failover drivers/virtio/virtio_ring drivers/virtio/virtio \
  drivers/virtio/virtio_pci_legacy_dev drivers/virtio/virtio_pci_modern_dev drivers/virtio/virtio_pci \
  drivers/net/virtio_net; do
  [ -e "$modules/$module.ko" ] || skip "$kernel has no module $module"
  cp "$modules/$module.ko" files/lib
done
busybox=$(command -v busybox)
! ldd "$busybox" >/dev/null 2>&1 || skip "$busybox is not linked statically: install busybox-static"
cp "$busybox" files/bin/busybox
for command in iperf3 ethtool; do
  cp "$(command -v $command)" files/bin
  ldd "$(command -v $command)" | grep -o '/[^ ]*' | while read -r library; do cp -Lu "$library" files/lib; done
done
cp -L files/lib/ld-linux-x86-64.so.2 files/lib64
cat >files/init <<'END'
#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc none /proc
mount -t sysfs none /sys
mount -t devtmpfs none /dev
exec </dev/ttyS0 >/dev/ttyS0 2>&1
stty -echo
export LD_LIBRARY_PATH=/lib
for module in failover net_failover virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_net; do
  insmod /lib/$module.ko
done
ip link set lo up
echo "guest: ready"
while read -r line; do
  eval "$line"
  echo "guest: status $? end"
done
poweroff -f
END
chmod +x files/init
(cd files && find . | busybox cpio -o -H newc 2>/dev/null) >initrd
mv "package/boot/vmlinuz-$release" vmlinuz
rm -rf package files ./*.deb
cp "$self" made-by
cd ..
rm -rf "$kernel"
mv "$fresh" "$kernel"
echo "$folder/$kernel"
