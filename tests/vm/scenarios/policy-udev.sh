# SPDX-License-Identifier: GPL-2.0-or-later
# Memory that is added where memblockd doesn't run: udev's helper brings it online, and an enabled
# memblockd is started. And beside others: a rule of a distribution, and the guest agent.
# layouts: hotplug-1g
# mode: systemd
# time: 400
# shellcheck shell=sh source-path=SCRIPTDIR/../guest
. checks.sh
online_policy=/sys/module/memory_hotplug/parameters/online_policy
# Some kernels are built to bring all memory online by themselves.
echo offline >$memory/auto_online_blocks
systemd-sysusers
systemctl daemon-reload
systemctl reload dbus

say "not enabled, the helper does it"
[ ! -e /run/memblockd ] || fail "it had something to do at boot"
added 2 plug hot0 256
by_policy default "$new"
udevadm settle
expect 3 systemctl is-active memblockd
# From 5.15 on the kernel hears how to find a zone, and finds Movable for such a DIMM.
finds_zones_by() {
	[ ! -e $online_policy ] || expect 0 grep -x "$1" $online_policy
}
finds_zones_by auto-movable
[ ! -e $online_policy ] || [ "$zone" = Movable ] || fail "they are in $zone"
configure '[Rule dimm]' Provider=acpi Online=movable '[Rule rest]' Online=kernel
added 6 plug hot1 256 hot2 512
by_policy movable "$new"
hot1=$(echo "$new" | head -n 2)
added 4 resize vm0 512
by_policy kernel "$new"
expect 0 memblockctl doctor

say "what a rule says no to is left as it is, and what was taken offline"
configure '[Rule dimm]' Provider=acpi Online=no
added 1 plug hot3 128
hot3=$new
for block in $hot1; do
	write-state "$block" offline
done
trigger
in_state offline "$hot1"
in_state offline "$hot3"

say "enabled, it is started by what is added"
configure '[Rule dimm]' Provider=acpi Online=movable
expect 0 systemctl enable memblockd
trigger
expect 3 systemctl is-active memblockd
added 1 plug hot4 128
by_policy movable "$new"
until_so 60 "[ -e /run/memblockd/ready ]"
expect 0 systemctl is-active memblockd
trigger
in_state offline "$hot1"
in_state offline "$hot3"

say "stopped too"
finds_zones_by auto-movable
expect 0 systemctl stop memblockd
finds_zones_by contig-zones
added 1 plug hot5 128
by_policy movable "$new"
until_so 60 "[ -e /run/memblockd/ready ]"
in_state offline "$hot1"
in_state offline "$hot3"

say "beside a distribution's rule: nothing flips, and doctor names it"
rule=/etc/udev/rules.d/40-hotadd.rules
cat >$rule <<'RULE'
# What distributions have, in our own words.
SUBSYSTEM=="memory", ACTION=="add", ATTR{state}=="offline", ATTR{state}="online"
RULE
expect 0 udevadm control --reload
expect 1 memblockctl doctor
says "$rule:2: writes online"
says 'brings memory online, and so does memblockd'
ask unplug hot4
until_so 60 "! ask holds hot4"
ask forget hot4
udevadm monitor --kernel --subsystem-match=memory >/run/events &
monitor=$!
until_so 30 "grep -q KERNEL /run/events"
added 1 plug hot4 128
hot4=$new
until_so 60 "grep -qx online $memory/memory$hot4/state"
udevadm settle
expect 0 systemctl restart memblockd
udevadm settle
kill $monitor
[ "$(grep -c " \(online\|offline\) .*/memory$hot4 " /run/events)" = 1 ] ||
	fail "it flipped: $(cat /run/events)"
# Whoever was faster chose the zone.
if [ "$(zone_of "$hot4")" != Movable ]; then
	expect 0 journalctl -b --no-pager -u memblockd -o cat
	says "Block $hot4 was to be online_movable"
fi
rm $rule
expect 0 udevadm control --reload
expect 0 memblockctl doctor

say "beside the guest agent, which the host sends"
ask add-agent
until_so 60 "systemctl is-active -q qemu-guest-agent"
expect 0 memblockctl doctor
says 'guest-agent|guest agent'
fought=$(echo "$hot3" | head -n 1)
expect 0 memblockctl online -z movable "memory$fought"
for online in false true false true false true; do
	ask agent-sets "$fought" $online
	wanted=$([ $online = true ] && echo online || echo offline)
	until_so 30 "grep -qx $wanted $memory/memory$fought/state"
done
fights() {
	journalctl -b --no-pager -u memblockd -o cat | grep -c "memory$fought.*others" || :
}
until_so 30 "journalctl -b --no-pager -u memblockd -o cat | grep 'memory$fought'"
[ "$(fights)" = 1 ] || fail "it is told $(fights) times"
in_state online "$fought"

say "such a block is theirs, when it comes back too"
ask unplug hot3
went "$fought"
until_so 60 "! ask holds hot3"
ask forget hot3
added 3 plug hot3 128 hot6 256
until_so 60 "[ \$(grep -lx online $(echo "$new" | sed "s|.*|$memory/memory&/state|" | tr '\n' ' ') | wc -l) = 2 ]"
in_state offline "$fought"
