# SPDX-License-Identifier: GPL-2.0-or-later
# Memory comes online in an initramfs that mkinitramfs made with our hook, as its memblockd.conf says.
# layouts: dimms-cold
# ci: dimms-cold
# mode: systemd
# initramfs: initramfs-tools
# time: 300
# shellcheck shell=sh source-path=SCRIPTDIR/../guest
. initramfs.sh
