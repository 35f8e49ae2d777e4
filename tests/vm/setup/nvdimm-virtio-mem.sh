# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# The NVDIMM ends inside a section; virtio-mem begins in the same one.
pmem-labels
pmem-dax one 64M
wait-for 30 'grep -q "System RAM (virtio_mem)" /proc/iomem'
# The driver plugs block after block.
sleep 3
grep -iE 'persistent|namespace|virtio' /proc/iomem
