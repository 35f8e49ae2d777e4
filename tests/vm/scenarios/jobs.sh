# SPDX-License-Identifier: GPL-2.0-or-later
# Jobs of memblockd: memory goes offline and comes back; a job that can't end is ended by its time
# limit, by cancelling, by kill -9 of the daemon and by its stop, and puts back what it did.
# layouts: plain-2g two-nodes-mixed
# ci: plain-2g
# mode: systemd
# time: 300
# shellcheck shell=sh source-path=SCRIPTDIR/../guest
. checks.sh
remember
enable_memblockd

say "1 GiB goes offline, and comes back"
expect 0 memblockctl offline -v 1G
went=$(blocks offline)
[ "$(echo "$went" | wc -l)" = 8 ] || fail "offline are $(line "$went")"
expect 0 memblockctl jobs
# Where the kernel puts nothing that can't move.
expect 0 memblockctl online -z movable 1G
for block in $went; do
	[ "$(zone_of "$block")" = Movable ] || fail "memory$block is in $(zone_of "$block")"
done
remember
pin_amid "$went"

say "an offlining that never ends is ended by its time limit, and what was done before is put back"
expect 1 memblockctl offline -v --timeout 3 "memory$higher" "memory$pinned"
says 'TimedOut'
says "memory$higher: put-back"
all_as_remembered

say "by best effort it stays"
expect 64 memblockctl offline -v --best-effort --timeout 3 "memory$higher" "memory$pinned"
says "memory$pinned: failed"
[ "$(blocks offline)" = "$higher" ] || fail "offline are $(line "$(blocks offline)")"
expect 0 memblockctl online -z movable "memory$higher"
all_as_remembered

say "a size is met by another block, before one that refused lately"
expect 0 memblockctl plan 128M "memory$pinned" "memory$lower"
says " $lower change"
says " $pinned spare"
expect 0 memblockctl offline -v --timeout 3 128M "memory$pinned" "memory$lower"
says "memory$lower: done"
expect 0 memblockctl online -z movable "memory$lower"
all_as_remembered

say "while somebody else's write holds the kernel's lock, nothing hangs but that"
busybox echo offline >"$memory/memory$pinned/state" &
rival=$!
until_so 60 "grep -q going-offline $memory/memory$pinned/state"
expect 0 memblockctl status
expect 1 memblockctl offline --timeout 3 "memory$higher"
says 'TimedOut'
expect 1 memblockctl offline --timeout 3 "memory$pinned"
says 'TimedOut'
kill $rival
wait $rival || :
until_so 60 "grep -q '^online' $memory/memory$pinned/state"
all_as_remembered

say "a cancelled job puts back what it did"
begin_job 60
expect 0 memblockctl cancel "$job"
job_ended Cancelled

say "a daemon killed in the middle of a job puts back what it did"
begin_job 60
expect 0 systemctl kill --signal=KILL memblockd
job_ended Interrupted
expect 0 journalctl -b --no-pager -u memblockd -o cat
says "Job $job \(offline\) was interrupted"

say "a stop ends the job, and puts back what it did"
begin_job 60
expect 0 systemctl stop memblockd
all_as_remembered
expect 0 journalctl -b --no-pager -u memblockd -o cat --output-fields=MEMBLOCK_JOB,MEMBLOCK_BLOCK
says "^$job\$"
