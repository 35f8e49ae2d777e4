/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mark-call.h"
#include "table.h"

/* The marks that overlap some ranges (NULL: all), for table_print(). 0 or a negative errno, told.
 */
int mark_table_new(const struct ctl *ctl, sd_bus *bus, const struct targets *targets,
		   struct libscols_table **ret);
