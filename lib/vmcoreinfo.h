/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "notes.h"

/* What the kernel tells tools that read its memory: lines of KEY=VALUE (Documentation/admin-guide/
 * kdump/vmcoreinfo.rst). */
struct vmcoreinfo {
	char *text;
};

void vmcoreinfo_done(struct vmcoreinfo *info);

/* A number by its whole key: SYMBOL(mem_section), SIZE(page), OFFSET(page._refcount),
 * LENGTH(mem_section), NUMBER(SECTION_SIZE_BITS); symbols are hexadecimal, the rest decimal.
 * -ENODATA where there is no such line, -EBADMSG where its value is no number. */
int vmcoreinfo_number(const struct vmcoreinfo *info, const char *key, uint64_t *ret);
