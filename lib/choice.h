/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "candidate.h"

/* Puts candidates in the order in which they are tried. Where more of them are alike in rank than
 * are wanted, those come first that free whole devices, cost little, and are spread fairly over
 * nodes. 0 or -ENOMEM. */
int choose(const struct memblock_inventory *inventory, struct candidate *candidates, size_t n,
	   size_t wanted);
