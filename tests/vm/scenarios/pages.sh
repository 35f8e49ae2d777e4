# SPDX-License-Identifier: GPL-2.0-or-later
# What is in blocks right now, and the kernel's own section table, through memblockd: the worker
# reads them, nobody else may; a plan takes what costs least, with fewer failed attempts than chmem;
# a block with poisoned pages goes by best effort alone.
# layouts: load-all-2g load-dimms
# ci: load-all-2g
# mode: systemd
# time: 420
# shellcheck shell=sh source-path=SCRIPTDIR/../guest
. checks.sh
remember
enable_memblockd

say "the kernel's own table, through the daemon and without it"
some=$(blocks online | sed -n 4p)
expect 0 memblockctl show "$some"
says 'as the kernel has them'
says 'Right now: (not )?busy'
sections >/run/sections
expect 0 memblockctl --direct capture /run/captured.tar
busybox tar -xOf /run/captured.tar memblockd/sections >/run/ours
diff /run/sections /run/ours || fail "the kernel's table reads otherwise"
if memblockctl show all -J | grep '"subsections_source"' | grep -v '"kernel"'; then
	fail "a map is not the kernel's"
fi

say "strangers may not ask"
expect 0 setpriv --reuid=65534 --regid=65534 --clear-groups memblockctl list -o +BUSY,UNMOVABLE
says 'org.memblockd1.inspect'
expect 0 setpriv --reuid=65534 --regid=65534 --clear-groups memblockctl show "$some"
says 'org.memblockd1.inspect'

say "which blocks would go now"
expect 0 memblockctl list -a -o +BUSY,UNMOVABLE
memblockctl list -a -n -r -o BLOCK,STATE,REMOVABLE,BUSY >/run/busy
grep -q ' online yes yes$' /run/busy || fail "no block is busy under such a load"
grep -q ' online yes no$' /run/busy || fail "no block would go"
expect 0 memblockctl plan 512M
says 'BUSY +MOVE'

busybox time memblockctl plan 512M >/dev/null
busybox time memblockctl --direct plan 512M >/dev/null

say "the plan takes those, with fewer failed attempts than chmem"
hundredths() {
	cut -d ' ' -f 1 /proc/uptime | tr -d .
}
# take COMMAND...: takes 512 MiB offline, counts the blocks that failed, and puts back what went.
take() {
	started=$(hundredths)
	expect 0 "$@"
	took=$(($(hundredths) - started))0
	went=$(blocks offline)
	[ "$(echo "$went" | wc -l)" = 4 ] || fail "offline are $(line "$went")"
	failed=$(grep -c -i 'failed' $said || :)
	say "$1: $failed failed attempts, $took ms, blocks $(line "$went")"
	for block in $went; do
		case $(echo "$remembered" | sed -n "s/^$block://p") in
		Movable) put=online_movable ;;
		*) put=online_kernel ;;
		esac
		[ "$(write-state "$block" $put)" = ok ] || fail "memory$block does not come back"
	done
}
ours=0
theirs=0
for round in 1 2; do
	take chmem -v -d 512M
	theirs=$((theirs + failed))
	take memblockctl offline -v 512M
	ours=$((ours + failed))
	take memblockctl --direct offline -v 512M
	[ "$failed" = 0 ] || fail "a block refused that was planned"
done
say "in both rounds: memblockctl $ours, chmem $theirs"
[ "$ours" -le "$theirs" ] || fail "memblockctl failed more often"

say "poison"
free=$(memblockctl list -a -n -r -o BLOCK,STATE,REMOVABLE,BUSY | sed -n 's/ online yes no$//p' | tail -n 1)
[ -n "$free" ] || fail "no block would go"
printf '0x%x\n' $((free * 0x8000000 + 0x4000000)) >$memory/hard_offline_page ||
	printf '0x%x\n' $((free * 0x8000000 + 0x4000000)) >$memory/soft_offline_page
grep HardwareCorrupted /proc/meminfo
expect 0 memblockctl show "$free"
says '[Pp]oison'
expect 1 memblockctl offline "memory$free"
says 'Poisoned'
expect 1 memblockctl --direct offline "memory$free"
says 'Poisoned'
[ "$(cat "$memory/memory$free/state")" = online ] || fail "memory$free went"
expect 0 memblockctl offline --best-effort "memory$free"
