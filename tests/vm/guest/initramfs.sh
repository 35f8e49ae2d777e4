# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh source-path=SCRIPTDIR
# The scenario of each maker of an initramfs; sourced, never run. The guest booted through one, which
# was told a policy that the root disk knows nothing of (../initramfs).
. checks.sh

blocks_of_dimm() {
	memblockctl --direct list -a -n -r -o BLOCK,NODE,DEVICE | sed -n "s/ $1 PNP0C80:.*//p"
}

say "the policy of the initramfs was carried out in it, at coldplug"
expect 0 memblockctl --direct list -o +DEVICE
movable=$(blocks_of_dimm 0)
left=$(blocks_of_dimm 1)
[ "$(echo "$movable" "$left" | wc -w)" = 8 ] || fail "the DIMMs are not all there"
in_state online "$movable"
for block in $movable; do
	[ "$(zone_of "$block")" = Movable ] || fail "memory$block is in zone $(zone_of "$block")"
done
in_state offline "$left"
busybox dmesg | grep memblockd-online && fail "the helper had something to tell"

say "and nothing that was left alone comes online by the root disk's"
trigger
in_state offline "$left"
enable_memblockd
until_so 60 "[ -e /run/memblockd/ready ]"
trigger
in_state offline "$left"
in_state online "$movable"
