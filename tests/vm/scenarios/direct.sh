# SPDX-License-Identifier: GPL-2.0-or-later
# memblockctl --direct changes memory where there is no daemon, by the same rules: a time limit and
# Ctrl-C put back what was done, what can't go is refused, and the exit status tells how it ended.
# layouts: plain-2g two-nodes-mixed
# ci: plain-2g
# shellcheck shell=sh source-path=SCRIPTDIR/../guest
. checks.sh
remember

say "without the daemon, it says so"
expect 0 memblockctl status
says 'reading the kernel itself'
expect 1 memblockctl offline 128M
all_as_remembered

say "what can't go is refused before anything is written"
expect 1 memblockctl --direct offline memory14 memory0
says 'NotRemovable.*memory0.*mixed-zones'
expect 1 memblockctl --direct offline 100G
says 'TooFewBlocks|TooLittleMemory'
expect 1 memblockctl --direct offline memory4000
says 'NoSuchBlock'
expect 2 memblockctl --direct offline
expect 2 memblockctl --direct offline 12X
expect 1 setpriv --reuid=65534 --regid=65534 --clear-groups memblockctl --direct offline memory14
says 'AccessDenied'
all_as_remembered

say "1 GiB goes offline, and comes back"
expect 0 memblockctl --direct offline 1G
went=$(blocks offline)
[ "$(echo "$went" | wc -l)" = 8 ] || fail "offline are $(line "$went")"
expect 0 memblockctl --direct offline "memory$(echo "$went" | tail -n 1)"
says 'Already offline'
# Where the kernel puts nothing that can't move.
expect 0 memblockctl --direct online -z movable 1G
for block in $went; do
	[ "$(zone_of "$block")" = Movable ] || fail "memory$block is in $(zone_of "$block")"
done
remember

# The highest goes first.
higher=$(echo "$went" | tail -n 1)
lower=$(echo "$went" | head -n 1)
pin "$(echo "$went" | sed '1d;$d')"

say "a time limit puts back what was done"
expect 1 memblockctl --direct offline -v --timeout 2 "memory$higher" "memory$pinned"
says 'TimedOut'
says "memory$higher: put-back"
all_as_remembered

say "by best effort it stays"
expect 64 memblockctl --direct offline --best-effort --timeout 2 "memory$higher" "memory$pinned"
[ "$(blocks offline)" = "$higher" ] || fail "offline are $(line "$(blocks offline)")"
expect 0 memblockctl --direct online -z movable "memory$higher"
all_as_remembered

say "a size is met by another block"
expect 0 memblockctl --direct offline -v --timeout 2 128M "memory$pinned" "memory$lower"
says "memory$pinned: failed"
says "memory$lower: done"
expect 0 memblockctl --direct online -z movable "memory$lower"
all_as_remembered

say "Ctrl-C cancels it, and what was done is put back"
memblockctl --direct offline -v "memory$higher" "memory$pinned" >$said 2>&1 &
change=$!
until_so 60 "grep -q going-offline $memory/memory$pinned/state"
kill -INT $change
status=0
wait $change || status=$?
cat $said
[ "$status" = 1 ] || fail "it ended with $status"
says 'Cancelled'
says "memory$higher: put-back"
all_as_remembered
