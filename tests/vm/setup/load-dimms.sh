# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# The DIMMs are online in a kernel zone, so they take their part of the load.
load slab anon
