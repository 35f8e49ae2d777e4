/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "macros.h"

/* Files of udev rules (udev(7)), read as udevd reads them. No file is opened here. */

enum udev_operator {
	UDEV_MATCH,    /* == */
	UDEV_NO_MATCH, /* != */
	UDEV_ADD,      /* += */
	UDEV_REMOVE,   /* -= */
	UDEV_FINAL,    /* := */
	UDEV_ASSIGN,   /* = */
};

/* KEY{attribute}=="value" */
struct udev_token {
	const char *key;
	const char *attribute; /* NULL where there is none */
	enum udev_operator operator;
	const char *value;
};

/* A condition, by its operator. */
static inline bool udev_token_matches(const struct udev_token *token)
{
	return token->operator== UDEV_MATCH || token->operator== UDEV_NO_MATCH;
}

/* One rule: a line, or several that end with a backslash. */
struct udev_rule {
	unsigned line; /* the number of its first line */
	struct udev_token *tokens;
	size_t n;
	size_t capacity;
	char *text; /* what the tokens point into */
};

/* The rules of one file. */
struct udev_rules {
	struct udev_rule *items;
	size_t n;
	size_t capacity;
	unsigned
		refused; /* the line of the first rule that makes no sense; 0 where there is none */
};

/* Reads the text of a file. A rule that makes no sense is left out, as udevd does. 0 or -ENOMEM. */
int udev_rules_parse(const char *text, size_t size, struct udev_rules *ret);
void udev_rules_done(struct udev_rules *rules);

/* What a value is matched against: patterns of the shell, any of which may fit ("s390*|ppc64*"). */
bool udev_pattern_fits(const char *pattern, const char *value);
