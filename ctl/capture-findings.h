/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <libmemblock.h>

/*
 * What a captured tree keeps in place of files that are too large, or hold more than is meant to
 * leave the machine: as text, to be freed.
 */

/* The kernel's sections, those of device memory without blocks too. Errors as
 * memblock_sections_read(). */
int findings_of_sections(struct memblock_root *root, const struct memblock_inventory *inventory,
			 char **ret);
/* The page counts of all online blocks, which are added to the inventory; "" where there are none.
 * -EACCES where this user may not count them, -ENOMEM. */
int findings_of_pages(struct memblock_inventory *inventory, char **ret);
