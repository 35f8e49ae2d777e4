# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# 300 MiB of the device's GiB: two full blocks and one that is plugged in part.
wait-for 30 'grep -q "System RAM (virtio_mem)" /proc/iomem'
sleep 3
grep -i virtio /proc/iomem
