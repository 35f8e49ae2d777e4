# SPDX-License-Identifier: GPL-2.0-or-later
# Memory of a dax device, which comes online by rule alone, and a DIMM beside it: the kernel can't
# treat both, so that memblockd does, and without it udev's helper.
# layouts: dax-kmem
# mode: systemd
# time: 300
# shellcheck shell=sh source-path=SCRIPTDIR/../guest
. checks.sh
device=$(memblockctl devices | sed -n 's/^\(dax[0-9.]*\) .*/\1/p')
size=$(blocks online | wc -l)
enable_memblockd
until_so 60 "[ -e /run/memblockd/ready ]"

# given: the dax device is memory again, by its owner, who doesn't bring it online. $new are its blocks.
given() {
	expect 0 memblockctl remove "device:$device"
	old=$(blocks)
	[ "$(echo "$old" | wc -l)" -lt "$size" ] || fail "$device took nothing with it"
	expect 0 daxctl reconfigure-device --mode=system-ram --no-online "$device"
	new=$(blocks | grep -vxF "$old")
}

say "without a rule it is its owner's"
expect 1 grep -qx online $memory/auto_online_blocks
given
until_so 60 "journalctl -b --no-pager -u memblockd -o cat | grep 'left offline.*dax'"
in_state offline "$new"

say "by rule memblockd brings it online"
configure '[Rule dax]' Provider=dax Online=movable
expect 0 systemctl reload memblockd
in_state offline "$new"
given
by_policy movable "$new"

say "a DIMM is treated otherwise"
# The labels took their place, so that this one falls off the borders of blocks, and the next doesn't.
ask plug hot0 2
added 2 plug hot1 256
by_policy default "$new"
[ "$zone" = Movable ] || fail "the kernel found zone $zone"
expect 1 grep -qx online $memory/auto_online_blocks
expect 0 memblockctl policy
says 'Kernel is told: online_policy=auto-movable'
says 'not all treated alike'

say "without memblockd the helper does the same"
there=$(blocks)
expect 0 memblockctl remove "device:$device"
expect 0 systemctl disable --now memblockd
old=$(blocks)
expect 0 daxctl reconfigure-device --mode=system-ram --no-online "$device"
new=$(blocks | grep -vxF "$old")
[ "$(blocks)" = "$there" ] || fail "there are $(line "$(blocks)")"
by_policy movable "$new"
expect 3 systemctl is-active memblockd
