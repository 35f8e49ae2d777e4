# SPDX-License-Identifier: GPL-2.0-or-later
# Removing what is no DIMM: memory of a dax device goes back to its owner, and nothing beside it is
# touched; virtio-mem is its host's, and the machine's own memory is nobody's.
# layouts: dax-kmem virtio-mem-part
# ci: dax-kmem virtio-mem-part
# mode: systemd
# time: 300
# shellcheck shell=sh source-path=SCRIPTDIR/../guest
. checks.sh
remember
before=$(blocks)
enable_memblockd
device=$(memblockctl devices | sed -n 's/^\(dax[0-9.]*\|virtio[0-9]*\) .*/\1/p')
expect 0 memblockctl devices
expect 0 memblockctl list -o +DEVICE

say "the machine's own memory is no device"
expect 1 memblockctl remove device:firmware
says 'NotEjectable'
expect 1 memblockctl remove device:dax7.7
says 'NoSuchDevice'
all_as_remembered

case $(cat /vm/in/layout) in
virtio-mem-part)
	say "the host resizes virtio-mem"
	expect 1 memblockctl remove "device:$device"
	says "NotEjectable.*$device.*host"
	all_as_remembered
	;;
dax-kmem)
	say "a dax device is removed from the system's memory"
	its=$(memblockctl list -a -n -r -o BLOCK,DEVICE | sed -n "s/ $device$//p")
	[ -n "$its" ] || fail "$device has no blocks"
	expect 0 memblockctl remove "device:$device"
	says "$device is removed"
	remembered=$(echo "$remembered" | grep -vxF "$(echo "$its" | sed 's/$/:Movable/')")
	all_as_remembered
	[ "$(blocks)" = "$(echo "$before" | grep -vxF "$its")" ] || fail "there are $(line "$(blocks)")"
	until_so 30 "! memblockctl devices | grep '^$device '"
	same_as_direct list -a -b -J

	say "and nothing beside it is touched"
	[ ! -e "/sys/bus/dax/devices/$device/driver" ] || fail "$device has a driver still"
	grep -q "dax works" /mnt/one/file || fail "the namespace beside it is gone"
	expect 0 daxctl list
	says "$device"

	say "its owner may give it again"
	expect 0 daxctl reconfigure-device --mode=system-ram --no-online "$device"
	until_so 30 "memblockctl devices | grep '^$device '"
	expect 0 memblockctl online -z movable "device:$device"
	;;
esac
