# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# Several small namespaces in one section of 128 MiB, each with a file system
# mounted with -o dax: what the sub-section series of 2019 made possible.
pmem-labels
for name in one two three; do
	pmem-dax "$name" 16M
done
ndctl list
grep /mnt /proc/mounts
