/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <libmemblock.h>

/* Prints a block as memblockctl does, to nowhere. Whether it is JSON. */
bool print_block(const struct memblock_inventory *inventory, const struct memblock_block *block);
