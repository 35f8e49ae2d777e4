# SPDX-License-Identifier: GPL-2.0-or-later
# DIMMs come and go under memblockd: plugged by the host, brought online, removed from here or by the
# host; what can't go stays as it was. All of it is seen by memblockctl monitor.
# layouts: dimms-cold
# ci: dimms-cold
# mode: systemd
# time: 300
# shellcheck shell=sh source-path=SCRIPTDIR/../guest
. checks.sh
block_size=$((0x$(cat $memory/block_size_bytes)))
before=$(blocks)

enable_memblockd
memblockctl monitor -J >/run/monitor &
until_so 60 "grep -q watching /run/monitor"

# listen: from now on, heard tells what monitor says.
listen() {
	heard_before=$(wc -l </run/monitor)
}
heard() {
	tail -n "+$((heard_before + 1))" /run/monitor
}
# told: the blocks that were told of, one a line.
told() {
	heard | sed -n 's/.*"ranges":\[\([^]]*\)\].*/\1/p' | tr '}' '\n' |
		sed -n 's/.*"start":\([0-9]*\),"size":\([0-9]*\)/\1 \2/p' |
		while read -r start size; do
			seq $((start / block_size)) $(((start + size) / block_size - 1))
		done | sort -nu
}
count() {
	heard | grep -c "\"event\":\"$1\"" || :
}
# settled BLOCKS: waits until all of these were told of, and the last word is that all is settled. The
# end of the job that removed them may come after it: it looks five times a second whether they are gone.
settled() {
	tries=0
	until heard | grep -v job-removed | tail -n 1 | grep -q '"settled"' && [ "$(told)" = "$1" ]; do
		[ $((tries += 1)) -le 120 ] || fail "told of $(line "$(told)"): $(heard)"
		sleep 0.5
	done
	echo "blocks $(line "$1")settled: blocks-changed $(count blocks-changed), settled $(count settled)"
}
# plug ID MIB...: and waits for that. Sets $new, the blocks that came.
plug() {
	old=$(blocks)
	listen
	ask plug "$@"
	wanted=$(echo "$old" | wc -l)
	for mib in "$@"; do
		case $mib in
		[0-9]*) wanted=$((wanted + (mib << 20) / block_size)) ;;
		esac
	done
	until_so 60 "[ \$(ls -d $memory/memory[0-9]* | wc -l) = $wanted ]"
	new=$(blocks | grep -vxF "$old")
	settled "$new"
	same_as_direct list -a -b -J
	same_as_direct devices
}
device_of() {
	memblockctl list -a -n -r -o BLOCK,DEVICE | sed -n "s/^$1 //p"
}

say "a DIMM is plugged: one burst, told of once"
plug hot0 256
[ "$(count blocks-changed) $(count settled)" = "1 1" ] || fail "$(heard)"
first=$(echo "$new" | head -n 1)
heard | grep -q "{\"start\":$((first * block_size)),\"size\":$((256 << 20))}" || fail "$(heard)"
dimm=$(device_of "$first")
expect 0 memblockctl devices
says "^$dimm"
case $dimm in PNP0C80:*) ;; *) fail "memory$first is of \"$dimm\"" ;; esac

say "it is brought online, where it was asked for"
listen
expect 0 memblockctl online -z movable "device:$dimm"
settled "$new"
for block in $new; do
	[ "$(zone_of "$block")" = Movable ] || fail "memory$block is in $(zone_of "$block")"
done

say "it is removed from here"
listen
expect 0 memblockctl remove "device:$dimm"
says "$dimm is removed"
settled "$new"
[ "$(blocks)" = "$before" ] || fail "there are $(line "$(blocks)")"
until_so 30 "! ask holds hot0"
memblockctl devices | grep "^$dimm" && fail "$dimm is shown still"
same_as_direct list -a -b -J

say "with a marked block in it, it is refused before anything is touched"
ask forget hot0
plug hot0 256
first=$(echo "$new" | head -n 1)
dimm=$(device_of "$first")
expect 0 memblockctl online -z movable "device:$dimm"
expect 0 memblockctl mark "$first" --reason "a test of removing"
remember
listen
expect 1 memblockctl remove "device:$dimm"
says "NotRemovable.*memory$first.*marked"
all_as_remembered
heard | grep -v settled && fail "something was heard"
ask holds hot0 || fail "it is gone"
expect 0 memblockctl unmark "$first"

say "with a pinned page in it, it times out and all is put back"
pin "$new"
remember
expect 1 memblockctl remove --timeout 3 "device:$dimm"
says 'TimedOut'
all_as_remembered
unpin

say "where the kernel refuses to eject it, all is put back"
echo 0 >/sys/firmware/acpi/hotplug/memory/enabled
expect 1 memblockctl remove "device:$dimm"
says 'NotEjected'
echo 1 >/sys/firmware/acpi/hotplug/memory/enabled
all_as_remembered
for block in $new; do
	[ "$(zone_of "$block")" = Movable ] || fail "memory$block is in $(zone_of "$block")"
done

say "the host takes it while it is online"
listen
ask unplug hot0
went "$new"
settled "$new"
until_so 30 "! ask holds hot0"
same_as_direct list -a -b -J
same_as_direct devices

say "a burst of DIMMs"
plug hot1 128 hot2 128 hot3 128 hot4 128
[ "$(count blocks-changed)" -le 4 ] || fail "$(heard)"
expect 0 memblockctl online -z movable 512M
for id in hot1 hot2 hot3 hot4; do
	ask unplug $id
done
until_so 60 "[ \$(ls -d $memory/memory[0-9]* | wc -l) = $(echo "$before" | wc -l) ]"
until_so 30 "memblockctl list -a -b -J >/run/asked; memblockctl --direct list -a -b -J | cmp -s - /run/asked"
