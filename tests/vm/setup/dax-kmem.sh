# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# Persistent memory given to the kernel as RAM, beside a namespace that stays.
pmem-labels
pmem-dax one 16M
ndctl create-namespace --mode=devdax --align=2M
if [ -d /sys/class/dax ]; then
	echo "this kernel has the old device model of DAX, without kmem"
	exit 77
fi
# Not by the kernel itself either, which would take zone Normal.
echo offline >/sys/devices/system/memory/auto_online_blocks
daxctl reconfigure-device --mode=system-ram --no-online "$(daxctl list | sed -n 's/.*"chardev":"\([^"]*\)".*/\1/p')"
for block in /sys/devices/system/memory/memory[0-9]*; do
	if [ "$(cat "$block/state")" = offline ]; then
		write-state "${block##*memory}" online_movable
	fi
done
grep -iE 'persistent|dax|kmem' /proc/iomem
