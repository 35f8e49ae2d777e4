# SPDX-License-Identifier: GPL-2.0-or-later
# A DIMM is plugged while the machine runs, its blocks are put online, and
# lsmem sees them: the pattern for scenarios with a host part (host).
# layouts: dimms-cold
# ci: dimms-cold
# mode: systemd
# time: 300
# shellcheck shell=sh
memory=/sys/devices/system/memory

count() {
	find "$memory" -maxdepth 1 -name 'memory[0-9]*' | wc -l
}

before=$(count)
ask plug hot0 256
wait-for 30 "[ \$(find $memory -maxdepth 1 -name 'memory[0-9]*' | wc -l) -ge $((before + 2)) ]"
echo "blocks before: $before, now: $(count)"

last=$(find "$memory" -maxdepth 1 -name 'memory[0-9]*' | sed 's/.*memory//' | sort -n | tail -n 1)
# Some rule may have been faster; onlining twice is an error of its own.
if [ "$(cat "$memory/memory$last/state")" = offline ]; then
	answer=$(write-state "$last" online_movable)
	[ "$answer" = ok ] || {
		echo "memory$last did not come online: $answer"
		exit 1
	}
fi
lsmem -a -o RANGE,SIZE,STATE,BLOCK,ZONES

ask unplug hot0
wait-for 60 "[ \$(find $memory -maxdepth 1 -name 'memory[0-9]*' | wc -l) -eq $before ]"
echo "after unplugging: $(count)"
