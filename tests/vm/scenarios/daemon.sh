# SPDX-License-Identifier: GPL-2.0-or-later
# memblockd under a real systemd, as the README says: enabled and asked; strangers, marks that hold
# root itself, a broken configuration, privileges, and how it goes.
# layouts: plain-2g two-nodes-mixed
# ci: plain-2g
# mode: systemd
# time: 300
# shellcheck shell=sh source-path=SCRIPTDIR/../guest
. checks.sh
remember

say "as the README says"
enable_memblockd
expect 0 systemctl status --no-pager memblockd
says 'Active: active \(running\)'
says 'Status: "[0-9]+ blocks, [0-9.]+G online'

say "the same from the daemon as from the kernel's files"
for words in status list 'list -a -b -J' 'show all' 'show all -J' nodes devices map; do
	# shellcheck disable=SC2086
	same_as_direct $words
done
expect 0 busctl introspect --no-pager org.memblockd1 /org/memblockd1
says 'ListRanges'

say "what root alone may read is read by a worker"
manager="org.memblockd1 /org/memblockd1 org.memblockd1.Manager"
# shellcheck disable=SC2086
until_so 30 "busctl get-property $manager SubsectionSource | grep kernel"
# shellcheck disable=SC2086
expect 0 busctl call $manager CountPages 'a(tt)' 0
says '^a\(ttstttttttttttttt\) [0-9]+ .*"(yes|no)"'
# shellcheck disable=SC2086
expect 0 busctl get-property $manager Sources
says '"sections" "read".*"pages" "read"'
expect 0 busctl call org.memblockd1 /org/memblockd1/block/memory9 org.memblockd1.Block Details
says '"kernel"'

say "what can't go is refused, with the reason, before anything is written"
expect 1 memblockctl offline memory0
says 'NotRemovable.*memory0.*mixed-zones'
expect 1 memblockctl offline 0x1000-0x2fff
says 'NotAligned'
expect 1 memblockctl offline 100G
says 'TooFewBlocks|TooLittleMemory'
all_as_remembered

say "strangers may look, and not touch"
stranger() {
	setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}
expect 0 stranger memblockctl status
says 'Not removable'
expect 1 stranger memblockctl offline 128M
says 'AccessDenied|InteractiveAuthorizationRequired'
expect 0 stranger memblockctl show 0
says 'inspect'
all_as_remembered

mkdir -p "$drop_ins"
guarded() {
	until_so 60 "[ \$(grep -c memory9/ /proc/self/mountinfo) = $1 ]"
}

say "a mark outlives the daemon"
expect 0 memblockctl mark 9 --reason "a test of marks"
expect 1 memblockctl offline memory9
says 'marked.*a test of marks'
expect 0 systemctl restart memblockd
expect 0 memblockctl mark
says '0x0000000048000000-0x000000004fffffff +9 .*a test of marks'

say "its guard holds root itself, while the daemon is there"
printf '[Marks]\nGuard=yes\n' >"$drop_ins/guard.conf"
expect 0 systemctl reload memblockd
guarded 2
for file in state online; do
	expect 1 busybox sh -c "echo 0 >$memory/memory9/$file"
	says 'Read-only file system'
done
expect 0 systemctl stop memblockd
guarded 0
expect 0 systemctl start memblockd
guarded 2
old=$(systemctl show -P MainPID memblockd)
expect 0 systemctl kill --signal=KILL memblockd
until_so 60 "systemctl is-active -q memblockd && [ \$(systemctl show -P MainPID memblockd) != $old ]"
guarded 2
rm "$drop_ins/guard.conf"
expect 0 systemctl reload memblockd
guarded 0
expect 0 memblockctl unmark 9
all_as_remembered

say "a broken configuration is told of, and nothing else"
printf '[Offline]\nTimeout=soon\n' >"$drop_ins/broken.conf"
expect 0 systemctl reload memblockd
until_so 30 "journalctl -b --no-pager -u memblockd -o cat | grep broken.conf:2"
rm "$drop_ins/broken.conf"
expect 0 systemctl is-active memblockd

say "privileges"
for unit in memblockd.service memblockd-worker@1.service; do
	expect 0 systemd-analyze security --no-pager "$unit"
	tail -n 1 $said
done
expect 0 grep -E '^(Cap(Prm|Eff|Amb)|NoNewPrivs|Seccomp):' "/proc/$(systemctl show -P MainPID memblockd)/status"
for set in CapPrm CapEff CapAmb; do
	says "$set:	0000000000000000"
done

say "figures for node_exporter"
figures=/var/lib/prometheus/node-exporter
mkdir -p $figures
expect 0 systemctl start memblockd-metrics.service
expect 0 cat $figures/memblockd.prom
says '^memblockd_up 1$'
says '^memblockd_jobs_total'
expect 0 systemctl start memblockd-metrics.timer

say "who asks for it starts it, while it is enabled"
expect 0 systemctl stop memblockd
expect 0 memblockctl status
expect 0 systemctl is-active memblockd
expect 0 systemctl disable --now memblockd
expect 0 memblockctl status
says 'reading the kernel itself'
expect 3 systemctl is-active memblockd
expect 1 memblockctl offline 128M
all_as_remembered
