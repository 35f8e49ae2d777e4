/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Gives up every capability for good. The unit brings one alone, CAP_NET_ADMIN, which makes the
 * receive buffer of uevents large. 0 or a negative errno. */
int privileges_drop(void);
