# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# The memmap of such a block lies in its own first pages.
grep -q '[YF1]' /sys/module/memory_hotplug/parameters/memmap_on_memory || echo "this kernel has no memmap_on_memory"
for block in 32 33 34 35; do
	write-state "$block" online_movable
done
