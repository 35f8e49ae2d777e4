# SPDX-License-Identifier: GPL-2.0-or-later
# Memory that is added while memblockd runs: by the kernel, which is told and put back, and by
# memblockd itself where rules differ; in a burst with a restart in it; and what was taken offline or
# is not wanted stays so.
# layouts: hotplug-1g
# ci: hotplug-1g
# mode: systemd
# time: 400
# shellcheck shell=sh source-path=SCRIPTDIR/../guest
. checks.sh
parameters=/sys/module/memory_hotplug/parameters
kernel_has() {
	for file in $memory/auto_online_blocks $parameters/online_policy \
		$parameters/auto_movable_ratio; do
		if [ -f "$file" ]; then
			cat "$file"
		fi
	done
}
# put_back: whether the journal tells of it.
put_back() {
	journalctl -b --no-pager -u memblockd -o cat | grep -q ' again, was '
}
# Some are built to bring all memory online by themselves.
echo offline >$memory/auto_online_blocks
found=$(kernel_has)
told=$(echo "$found" | sed -e 's/^offline$/online/' -e 's/^contig-zones$/auto-movable/')
# the_kernel_has WORDS, in the end.
the_kernel_has() {
	tries=0
	until [ "$(kernel_has)" = "$1" ]; do
		[ $((tries += 1)) -le 120 ] || fail "the kernel has $(line "$(kernel_has)")not $(line "$1")"
		sleep 0.5
	done
}

say "the kernel is told, and does it"
enable_memblockd
the_kernel_has "$told"
added 2 plug hot0 256
in_state online "$new"
by_policy default "$new"
added 2 resize vm0 256
by_policy default "$new"
expect 0 memblockctl doctor
says 'by the kernel, as memblockd told it'
expect 0 memblockctl policy
says 'Kernel is told: auto_online_blocks=online'

say "what it had is put back at a stop, not at a restart"
expect 0 systemctl restart memblockd
the_kernel_has "$told"
put_back && fail "it was put back at a restart"
expect 0 systemctl stop memblockd
[ "$(kernel_has)" = "$found" ] || fail "the kernel has $(line "$(kernel_has)")"
put_back || fail "it was put back, and nothing said so"
[ ! -e /run/memblockd/ready ] || fail "it is ready still"

say "a daemon that was killed leaves nothing ready, and the next one puts back"
mkdir -p /run/systemd/system/memblockd.service.d
printf '[Service]\nRestart=no\n' >/run/systemd/system/memblockd.service.d/once.conf
expect 0 systemctl daemon-reload
expect 0 systemctl start memblockd
the_kernel_has "$told"
expect 0 systemctl kill --signal=KILL memblockd
until_so 60 "systemctl is-failed -q memblockd && [ ! -e /run/memblockd/ready ]"
[ "$(kernel_has)" = "$told" ] || fail "the kernel has $(line "$(kernel_has)")"
rm -r /run/systemd/system/memblockd.service.d
expect 0 systemctl daemon-reload
expect 0 systemctl start memblockd
the_kernel_has "$told"

say "the worker may write what it has to, and nothing else of /sys"
worker=$(pgrep -f libexec/memblockd-worker | head -n 1)
for path in "/sys ro" "$memory rw" "$parameters rw" "/sys/devices/LNXSYSTM:00 rw"; do
	[ -e "${path% *}" ] || continue
	grep -q " ${path% *} ${path#* }," "/proc/$worker/mountinfo" ||
		fail "not so in $(cat "/proc/$worker/mountinfo"): $path"
done

say "left alone by a reload, the kernel is put back, and memblockd itself does it by rule"
configure '[Policy]' KernelPolicy=leave '[Rule dimm]' Provider=acpi Virtualization=qemu Online=movable
expect 0 systemctl reload memblockd
the_kernel_has "$found"
added 2 plug hot1 256
by_policy movable "$new"
hot1=$new
added 2 resize vm0 512
by_policy default "$new"

say "what was taken offline stays so"
# shellcheck disable=SC2046 # one word a block
expect 0 memblockctl offline $(echo "$hot1" | sed 's/^/memory/')
trigger
in_state offline "$hot1"
expect 0 systemctl restart memblockd
trigger
in_state offline "$hot1"
expect 0 systemctl stop memblockd
trigger
expect 0 systemctl start memblockd
trigger
in_state offline "$hot1"

say "over another DIMM's coming and going too, which is new when it comes back"
added 1 plug hot2 128
hot2=$new
by_policy movable "$hot2"
ask unplug hot2
went "$hot2"
until_so 60 "! ask holds hot2"
ask forget hot2
added 1 plug hot2 128
[ "$new" = "$hot2" ] || fail "it came back as $(line "$new")"
by_policy movable "$hot2"
in_state offline "$hot1"

say "a burst, with restarts in it"
(
	for _ in 1 2 3; do
		systemctl restart memblockd
	done
) &
added 5 plug hot3 256 hot4 128 hot5 256
by_policy movable "$new"
wait
in_state online "$new"
in_state offline "$hot1"

say "what a rule says no to is left as it is"
configure '[Rule dimm]' Provider=acpi Online=no
expect 0 systemctl reload memblockd
added 1 plug hot6 128
until_so 60 "journalctl -b --no-pager -u memblockd -o cat | grep 'left offline.*50-scenario.conf:1'"
trigger
expect 0 systemctl restart memblockd
trigger
in_state offline "$new"
expect 0 memblockctl policy test "$new"
says 'offline +no +dimm'
expect 0 journalctl -b --no-pager -u memblockd -p warning -o cat
