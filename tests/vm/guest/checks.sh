# SPDX-License-Identifier: GPL-2.0-or-later
# What scenarios of memblockd and memblockctl share; sourced, never run.
# shellcheck shell=sh disable=SC2034
memory=/sys/devices/system/memory
# What the last command said.
said=/run/said

say() {
	echo "-- $(cut -d . -f 1 /proc/uptime) s: $*"
}

fail() {
	echo "FAILED: $*"
	if [ -d /run/systemd/system ]; then
		journalctl -b --no-pager -u memblockd -u 'memblockd-worker*' | tail -n 60
	fi
	exit 1
}

# expect STATUS COMMAND...: runs it, shows what it says, and wants that exit status.
expect() {
	wanted=$1
	shift
	echo "\$ $*"
	status=0
	"$@" >$said 2>&1 || status=$?
	cat $said
	[ "$status" -eq "$wanted" ] || fail "$* ended with $status, not $wanted"
}

says() {
	grep -qE -e "$1" $said || fail "nothing says \"$1\""
}

# until_so SECONDS COMMAND: waits until the shell COMMAND is true.
until_so() {
	wait-for "$@" || fail "waited in vain"
}

# The numbers of all blocks, or of those that have a state.
blocks() {
	for block in "$memory"/memory[0-9]*; do
		if [ $# -eq 0 ] || [ "$(cat "$block/state")" = "$1" ]; then
			echo "${block##*memory}"
		fi
	done | sort -n
}

line() {
	echo "$1" | tr '\n' ' '
}

zone_of() {
	cat "$memory/memory$1/valid_zones"
}

zones() {
	for block in $(blocks online); do
		echo "$block:$(zone_of "$block")"
	done
}

# What is online now is to be so again, in its zone, after a change that comes to nothing.
remember() {
	remembered=$(zones)
}

all_as_remembered() {
	[ "$(zones)" = "$remembered" ] ||
		fail "online were $(line "$remembered") and are $(line "$(zones)")"
}

# pin BLOCKS: from here on one of them, $pinned, is a block whose offlining only a signal ends.
pin() {
	rm -f /run/pinned
	# shellcheck disable=SC2086
	pin-memory $1 /run/pinned &
	pinner=$!
	until_so 60 "[ -s /run/pinned ] || ! kill -0 $pinner"
	[ -s /run/pinned ] || fail "nothing is pinned"
	pinned=$(cat /run/pinned)
}

unpin() {
	kill "$pinner"
	wait "$pinner" || :
}

# pin_amid BLOCKS: pins one of them, neither the $higher, which a job takes before it, nor the $lower.
pin_amid() {
	higher=$(echo "$1" | tail -n 1)
	lower=$(echo "$1" | head -n 1)
	pin "$(echo "$1" | sed '1d;$d')"
}

# begin_job SECONDS: a $job that takes $higher offline, and stands in the write of $pinned, which may
# take so long.
begin_job() {
	expect 0 memblockctl offline --no-wait --timeout "$1" "memory$higher" "memory$pinned"
	job=$(sed -n 's/^Job \([0-9]*\) is queued$/\1/p' $said)
	until_so 60 "grep -q going-offline $memory/memory$pinned/state"
	[ "$(blocks offline)" = "$higher" ] || fail "memory$higher did not go before"
}

# job_ended ERROR: it comes to that end, and all is put back.
job_ended() {
	until_so 60 "memblockctl jobs | grep -E '^ *$job .* ended .* failed +$1 '"
	all_as_remembered
}

# As the README says.
enable_memblockd() {
	systemd-sysusers
	systemctl daemon-reload
	systemctl reload dbus
	expect 0 systemctl enable --now memblockd
}

# The one of the two folders in which it was installed; empty in the image, if there at all.
drop_ins=$(find /etc /usr/local/etc -maxdepth 1 -name memblockd.conf).d

# configure LINE...: that alone is said in a drop-in; a daemon has to be told.
configure() {
	mkdir -p "$drop_ins"
	printf '%s\n' "$@" >"$drop_ins/50-scenario.conf"
}

# added COUNT WORD...: asks the host for that, and waits until it brought so many blocks, $new.
added() {
	old=$(blocks)
	wanted=$(($(echo "$old" | wc -l) + $1))
	shift
	ask "$@"
	until_so 60 "[ \$(ls -d $memory/memory[0-9]* | wc -l) = $wanted ]"
	new=$(blocks | grep -vxF "$old")
}

# went BLOCKS: waits until they are gone.
went() {
	for block in $1; do
		until_so 60 "[ ! -d $memory/memory$block ]"
	done
}

# in_state STATE BLOCKS
in_state() {
	for block in $2; do
		[ "$(cat "$memory/memory$block/state")" = "$1" ] ||
			fail "memory$block is $(cat "$memory/memory$block/state"), not $1"
	done
}

# by_policy WORD BLOCKS: that is what policy test says of each, and so they come online, all in one
# zone. Sets $zone.
by_policy() {
	# shellcheck disable=SC2086 # one word a block
	treatment=$(memblockctl policy test -J $2 | sed -n 's/.*"online": *"\([a-z]*\)".*/\1/p' | sort -u)
	[ "$treatment" = "$1" ] || fail "policy test says $(line "$treatment")of $(line "$2")"
	for block in $2; do
		until_so 60 "grep -qx online $memory/memory$block/state"
	done
	zone=$(for block in $2; do zone_of "$block"; done | sort -u)
	echo "blocks $(line "$2")are online in $(line "$zone")by $treatment"
	case $1,$zone in
	movable,Movable | kernel,Normal | kernel,DMA32 | default,Movable | default,Normal) ;;
	*) fail "they are in $(line "$zone")" ;;
	esac
}

# Events that the kernel is asked for, as coldplug does.
trigger() {
	udevadm trigger --action=add --subsystem-match=memory
	udevadm trigger --subsystem-match=memory
	udevadm settle
}

# The same from the daemon as from the kernel's files.
same_as_direct() {
	memblockctl "$@" >/run/asked 2>/run/asked.err || fail "memblockctl $* ended with $?"
	memblockctl --direct "$@" >/run/direct || fail "memblockctl --direct $* ended with $?"
	# Free memory changes from one look to the next, and so does what is in blocks.
	sed -i -e 's/ [0-9.]*[KMG]  *10\( *[0-9]*\)*$/ FREE 10/' -e '/Right now:/,+1d' \
		-e '/"pages": {/,/}/d' -e '/"\(busy\|unmovable\|to_move\)":/d' /run/asked /run/direct
	[ ! -s /run/asked.err ] || fail "memblockctl $* says $(cat /run/asked.err)"
	diff /run/asked /run/direct || fail "memblockctl $* and --direct differ"
}

# Reboots the guest; the scenario begins anew, with the same disk.
reboot_guest() {
	# The guest's own end is not that of the scenario.
	mkdir -p /run/systemd/system/scenario.service.d
	printf '[Service]\nExecStopPost=\n' >/run/systemd/system/scenario.service.d/reboots.conf
	systemctl daemon-reload
	ask reboots
	sync
	systemctl reboot
	sleep infinity
}
