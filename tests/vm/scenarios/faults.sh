# SPDX-License-Identifier: GPL-2.0-or-later
# What may go wrong around memblockd while a job stands in a write: its process is stopped for a while,
# the clock jumps, the bus is restarted, polkit is gone, /run is full, the kernel refuses (by its own
# error injection), the power goes. Its kill and its stop are in jobs.sh; tests/daemon/matrix.py has
# the rest.
# layouts: plain-2g
# mode: systemd
# time: 900
# shellcheck shell=sh source-path=SCRIPTDIR/../guest
. checks.sh
cut=/var/lib/scenario

# journal PATTERN: memblockd said so.
journal() {
	expect 0 journalctl -b --no-pager -u memblockd -o cat
	says "$1"
}

next_job_works() {
	expect 0 memblockctl offline "memory$higher"
	expect 0 memblockctl online -z movable "memory$higher"
	all_as_remembered
}

if [ -e $cut ]; then
	say "the power was cut in the middle of a job: all is online, no job is known, the next one works"
	until_so 120 "systemctl is-active -q memblockd"
	expect 0 memblockctl jobs
	says 'There are no jobs'
	[ -z "$(blocks offline)" ] || fail "offline are $(line "$(blocks offline)")"
	remember
	expect 0 memblockctl offline 128M
	expect 0 memblockctl online -z kernel "memory$(blocks offline)"
	all_as_remembered
	expect 0 systemctl --failed --no-legend
	[ ! -s "$said" ] || fail "units failed"
	exit
fi

enable_memblockd
expect 0 memblockctl offline 1G
movable=$(blocks offline)
expect 0 memblockctl online -z movable 1G
remember
pin_amid "$movable"

say "memblockd is stopped for a while, and the kernel is through meanwhile"
begin_job 60
expect 0 systemctl kill --signal=STOP --kill-who=main memblockd
unpin
until_so 60 "grep -qx offline $memory/memory$pinned/state"
expect 0 systemctl kill --signal=CONT --kill-who=main memblockd
until_so 60 "memblockctl jobs | grep -E '^ *$job .* ended .* done'"
journal "Job $job \(offline\): done"
expect 0 memblockctl online -z movable "memory$higher" "memory$pinned"
all_as_remembered
next_job_works
pin_amid "$movable"

say "the clock jumps a day ahead: no time limit is over"
begin_job 60
now=$(date +%s)
date -s "@$((now + 86400))"
expect 0 memblockctl jobs
says "^ *$job .* running"
expect 0 memblockctl cancel "$job"
job_ended Cancelled
say "and a day back: time limits hold"
begin_job 15
date -s "@$now"
job_ended TimedOut
journal "Job $job \(offline\): failed: memory$pinned"
next_job_works

say "the bus is restarted: the job goes on, and is known when the bus is back"
begin_job 60
expect 0 systemctl restart dbus
until_so 60 "memblockctl jobs | grep -E '^ *$job .* running'"
expect 0 memblockctl cancel "$job"
job_ended Cancelled
journal 'The bus is gone'
next_job_works

say "polkit is gone: the job goes on, strangers are refused, root is not"
begin_job 60
expect 0 systemctl mask --runtime --now polkit
expect 1 setpriv --reuid=65534 --regid=65534 --clear-groups memblockctl offline "memory$lower"
says 'AccessDenied'
expect 0 memblockctl jobs
says "^ *$job .* running"
expect 0 memblockctl cancel "$job"
job_ended Cancelled
next_job_works
expect 0 systemctl unmask --runtime polkit

say "/run is full: what can't be written down isn't done"
said=/tmp/said
mount -o "remount,size=$(($(df -k --output=used /run | tail -n 1) + 64))k" /run
dd if=/dev/zero of=/run/filler bs=4k 2>/dev/null || :
expect 1 memblockctl offline "memory$higher"
says "can't be written down"
all_as_remembered
rm /run/filler
mount -o remount,size=50% /run
next_job_works

injected=/sys/kernel/debug/notifier-error-inject/memory/actions
if modprobe -q memory-notifier-error-inject && [ -d $injected ]; then
	say "the kernel vetoes an offlining"
	echo -12 >$injected/MEM_GOING_OFFLINE/error
	expect 1 memblockctl offline "memory$lower"
	says "memory$lower"
	echo 0 >$injected/MEM_GOING_OFFLINE/error
	all_as_remembered
	journal "memory$lower: offline failed: Cannot allocate memory"
	next_job_works

	say "it vetoes that a block is put back: that is said, and can be done later"
	begin_job 60
	echo -12 >$injected/MEM_GOING_ONLINE/error
	expect 0 memblockctl cancel "$job"
	until_so 60 "memblockctl jobs | grep -E '^ *$job .* ended .* not-put-back'"
	echo 0 >$injected/MEM_GOING_ONLINE/error
	[ "$(blocks offline)" = "$higher" ] || fail "offline are $(line "$(blocks offline)")"
	journal "memory$higher: online_movable failed: .*; it is not as it was found"
	expect 0 memblockctl online -z movable "memory$higher"
	next_job_works
else
	say "skipped: this kernel has no memory-notifier-error-inject"
fi

say "the power is cut"
begin_job 60
: >$cut
sync
ask cut-power
sleep infinity
