# SPDX-License-Identifier: GPL-2.0-or-later
# What udev and systemd make of it at boot: nothing is started for blocks that are online, blocks that
# can't go have their properties, and after a reboot all is as it was.
# layouts: hotplug-1g many-blocks
# ci: hotplug-1g
# mode: systemd
# time: 400
# shellcheck shell=sh source-path=SCRIPTDIR/../guest
. checks.sh
before=/var/lib/scenario

# The rule as it is, but that it counts the helper's starts.
count_starts() {
	# shellcheck disable=SC2016 # that script's own words
	printf '#!/bin/sh\necho "$ACTION $1" >>%s.started\nexec /usr/lib/udev/memblockd-online "$@"\n' \
		$before >$before.count
	chmod +x $before.count
	sed "s|/usr/lib/udev/memblockd-online|$before.count|" /usr/lib/udev/rules.d/60-memblockd.rules \
		>/etc/udev/rules.d/60-memblockd.rules
	expect 0 grep -q "$before.count" /etc/udev/rules.d/60-memblockd.rules
	udevadm control --reload
}
started() {
	cat $before.started 2>/dev/null | wc -l
}

properties() {
	udevadm info --query=property "$memory/memory$1"
}

# Blocks that can't go have properties, and no others.
marked() {
	udevadm trigger --dry-run --verbose --subsystem-match=memory \
		--property-match=MEMBLOCK_REMOVABLE=0 | sed 's/.*memory//' | sort -n
}
marked_as_listed() {
	listed=$(memblockctl list -a -n -r -o BLOCK,REMOVABLE | sed -n 's/ no$//p')
	tries=0
	until [ "$(marked)" = "$listed" ]; do
		[ $((tries += 1)) -le 60 ] || fail "marked are $(line "$(marked)")not $(line "$listed")"
		sleep 0.5
	done
	echo "marked are $(line "$listed")"
}

if [ ! -e $before ]; then
	by_kernel=$(cat $memory/auto_online_blocks)
	say "at boot nothing is started for $(blocks | wc -l) blocks that are online"
	[ -z "$(blocks offline)" ] || fail "offline are $(line "$(blocks offline)")"
	[ ! -e /run/memblockd ] || fail "the helper was started"
	count_starts
	trigger
	[ "$(started)" = 0 ] || fail "the helper was started $(started) times"

	say "blocks that can't go have properties"
	enable_memblockd
	until_so 60 "[ -e /run/memblockd/ready ]"
	marked_as_listed
	expect 0 properties 0
	says 'MEMBLOCK_REMOVABLE=0'
	says 'MEMBLOCK_REASONS=.*mixed-zones'
	says 'MEMBLOCK_NID=0'
	says 'CURRENT_TAGS=.*:memblockd:'
	expect 0 memblockctl mark 3 --reason "a test of properties"
	marked_as_listed
	expect 0 properties 3
	says 'MEMBLOCK_REASONS=marked'
	expect 0 memblockctl unmark 3
	marked_as_listed
	properties 3 | grep -E 'MEMBLOCK_|CURRENT_TAGS=.*memblockd' && fail "memory3 is marked still"
	[ "$(started)" = 0 ] || fail "the helper was started $(started) times"
	# A kernel that is built to bring memory online does so before anybody is there, as it likes.
	case $(cat /vm/in/layout),$by_kernel in
	many-blocks,* | *,online*) exit 0 ;;
	esac

	say "a reboot"
	added 2 plug hot0 256
	by_policy default "$new"
	configure '[Rule dimm]' Provider=acpi Online=movable
	expect 0 systemctl reload memblockd
	added 2 plug hot1 256
	by_policy movable "$new"
	expect 0 memblockctl mark 3 --reason "a test of boots"
	zones >$before
	cat $before
	reboot_guest
fi

say "all is as it was"
expect 0 systemctl is-active memblockd
until_so 60 "[ -e /run/memblockd/ready ]"
udevadm settle
echo "the helper was started $(started) times"
memblockctl list -o +DEVICE
remembered=$(cat $before)
all_as_remembered
expect 0 memblockctl mark
says 'a test of boots'
marked_as_listed
expect 0 memblockctl doctor
expect 0 systemctl --failed --no-legend
[ ! -s $said ] || fail "units failed"
