# SPDX-License-Identifier: GPL-2.0-or-later
# Memory comes online in an initramfs that dracut made with our module, as its memblockd.conf says.
# layouts: dimms-cold
# mode: systemd
# initramfs: dracut
# time: 300
# shellcheck shell=sh source-path=SCRIPTDIR/../guest
. initramfs.sh
