# SPDX-License-Identifier: GPL-2.0-or-later
# Many blocks at once, brought online by one agent after the other: the kernel by itself, the kernel as
# memblockd told it, memblockd, a distribution's udev rule, udev's helper. The kernel's own trace and
# the counters of control groups tell what that took; storm.judge makes a table of them.
# layouts: storm storm-512
# mode: systemd
# time: 1800
# shellcheck shell=sh source-path=SCRIPTDIR/../guest
. checks.sh
trace=/sys/kernel/tracing
groups=/sys/fs/cgroup
ours=/etc/udev/rules.d/60-memblockd.rules
theirs=/etc/udev/rules.d/40-hotadd.rules
out=/vm/out/storm
mkdir $out
case $(cat /vm/in/layout) in
storm-512) dimms='hot1 hot2 hot3 hot4 hot5 hot6 hot7 hot8' ;;
*) dimms=hot1 ;;
esac
plugs=$(for dimm in $dimms; do echo "$dimm 8192"; done)
count=$(($(echo "$plugs" | wc -l) * 64))

[ -d $trace/events ] || mount -t tracefs none $trace || exit 77
echo mono >$trace/trace_clock
echo 16384 >$trace/buffer_size_kb
cat >$trace/kprobe_events <<'PROBES' || exit 77
p:storm/plug __add_memory
r:storm/plugged __add_memory
r:storm/end memory_subsys_online
p:storm/scan block_size_bytes_show
p:storm/read valid_zones_show
PROBES

systemd-sysusers
systemctl daemon-reload
systemctl reload dbus
mkdir -p "$drop_ins"

# cpu FILE: what each part of user space took so far. sed writes \x2d as the dash that it is.
cpu() {
	for group in init.scope system.slice system.slice/dbus.service system.slice/scenario.service \
		system.slice/systemd-udevd.service system.slice/memblockd.service \
		'system.slice/system-memblockd\x2dworker.slice'; do
		[ ! -f "$groups/$group/cpu.stat" ] || sed -n "s|_usec||; s|^|$group |; /usage\|user/p" \
			"$groups/$group/cpu.stat"
	done >"$1"
}

# What each agent needs to be the only one.
agent() {
	auto=offline
	ln -sf /dev/null $ours
	rm -f $theirs
	case $1 in
	first | kernel)
		auto=online_movable
		;;
	told)
		rm $ours
		configure '[Policy]' MovableRatio=0 '[Rule all]' Online=movable
		;;
	itself)
		rm $ours
		configure '[Policy]' MovableRatio=0 KernelPolicy=leave '[Rule dimm]' Provider=acpi \
			Virtualization=qemu Online=movable
		;;
	rule)
		cat >$theirs <<'RULE'
# What distributions have, in our own words; movable, so that the DIMM can go again.
SUBSYSTEM=="memory", ACTION=="add", ATTR{state}=="offline", ATTR{state}="online_movable"
RULE
		;;
	helper)
		rm $ours
		configure '[Policy]' MovableRatio=0 '[Rule all]' Online=movable
		;;
	esac
	echo $auto >$memory/auto_online_blocks
	udevadm control --reload
	case $1 in
	told | itself)
		systemctl start memblockd
		[ "$1" = itself ] || until_so 60 "grep -qx online_movable $memory/auto_online_blocks"
		# It notes when a signal comes: it is not to wait for others to be heard.
		nice -n -15 busctl monitor --json=short --match="type='signal',sender='org.memblockd1'" \
			>"$out/$name.signals" 2>/run/monitor &
		monitor=$!
		until_so 60 "grep -q Monitoring /run/monitor"
		;;
	esac
	udevadm settle
}

# quiet AGENT: waits until all is told that there is to tell of the storm.
quiet() {
	udevadm settle
	case $1 in
	told | itself) until_so 120 "grep -q Settled $out/$name.signals" ;;
	esac
	# Whether more comes after the first nothing tells but time.
	until
		heard=$(wc -c <"$out/$name.signals")
		sleep 3
		[ "$(wc -c <"$out/$name.signals")" = "$heard" ]
	do :; done
}

# storm AGENT: DIMMs of 64 blocks each
storm() {
	name=$1-$count
	say "$name"
	: >"$out/$name.signals"
	agent "$1"
	echo >$trace/trace
	echo 1 >$trace/events/storm/enable
	date +%s.%N >$trace/trace_marker
	cpu "$out/$name.before"
	old=$(blocks)
	# shellcheck disable=SC2086 # a name and a size each
	ask plug $plugs
	# Who looks takes time away from who works: nobody does before it may be over.
	sleep 5
	until_so 300 "[ \$(ls -d $memory/memory[0-9]* | wc -l) = $(($(echo "$old" | wc -l) + count)) ]"
	new=$(blocks | grep -vxF "$old")
	until_so 300 "! grep -qsvx online $(echo "$new" | sed "s|.*|$memory/memory&/state|" | tr '\n' ' ')"
	quiet "$1"
	cpu "$out/$name.after"
	echo 0 >$trace/events/storm/enable
	cp $trace/trace "$out/$name.trace"
	for block in $new; do
		[ "$(zone_of "$block")" = Movable ] || fail "memory$block is in $(zone_of "$block")"
	done
	away "$1"
}

# away AGENT: as it was before.
away() {
	case $1 in
	told | itself)
		kill "$monitor"
		wait "$monitor" 2>/dev/null || :
		journalctl -b --no-pager -u memblockd -o short-monotonic >"$out/$name.journal"
		expect 0 systemctl stop memblockd
		;;
	esac
	ln -sf /dev/null $ours
	rm -f $theirs
	udevadm control --reload
	for dimm in $dimms; do
		ask unplug "$dimm"
		until_so 300 "! ask holds $dimm"
		ask forget "$dimm"
	done
	udevadm settle
	rm -rf /run/memblockd
}

# The first storm after a boot costs more than any other, whoever brings it online: it is not counted.
for agent in first kernel told itself rule helper; do
	storm $agent
done
