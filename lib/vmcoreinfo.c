/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "parse.h"
#include "vmcoreinfo.h"

void vmcoreinfo_done(struct vmcoreinfo *info)
{
	free(info->text);
	*info = (struct vmcoreinfo){};
}

/* What stands behind KEY= on the line of its own, up to the line feed. */
static const char *find_value(const char *text, const char *key)
{
	size_t length = strlen(key);

	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, length) == 0 && line[length] == '=')
			return line + length + 1;
	}
	return NULL;
}

int vmcoreinfo_number(const struct vmcoreinfo *info, const char *key, uint64_t *ret)
{
	unsigned base = strncmp(key, "SYMBOL(", strlen("SYMBOL(")) == 0 ? 16 : 10;
	const char *value = find_value(info->text, key);
	uint64_t number;

	if (!value)
		return -ENODATA;
	if (parse_u64_at(&value, base, &number) < 0 || (*value && *value != '\n'))
		return -EBADMSG;

	*ret = number;
	return 0;
}
