/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fnmatch.h>
#include <string.h>

#include "udev-rule.h"

/* The longest rule, which udevd calls UDEV_LINE_SIZE. */
#define RULE_MAX 16384

#define BLANKS " \t\r"

/* A rule that is put together out of lines. */
struct joined {
	char text[RULE_MAX];
	size_t length;
	unsigned line;
	bool too_long;
};

static void rule_done(struct udev_rule *rule)
{
	free(rule->tokens);
	free(rule->text);
	*rule = (struct udev_rule){};
}

void udev_rules_done(struct udev_rules *rules)
{
	for (size_t i = 0; i < rules->n; i++)
		rule_done(&rules->items[i]);
	free(rules->items);
	*rules = (struct udev_rules){};
}

static bool take_operator(char **text, enum udev_operator *ret)
{
	static const char words[][3] = { "==", "!=", "+=", "-=", ":=", "=" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strncmp(*text, words[i], strlen(words[i])) == 0) {
			*text += strlen(words[i]);
			*ret = (enum udev_operator)i;
			return true;
		}
	return false;
}

/* "value", in which \" stands for a quote. Cuts it out of the text and moves that on. */
static bool take_value(char **text, const char **ret)
{
	char *from, *to;

	if (strchr("ei", **text) && **text && (*text)[1] == '"')
		++*text; /* e"...": escapes of C; i"...": letters in any case */
	if (**text != '"')
		return false;

	*ret = from = to = *text + 1;
	while (*from && *from != '"') {
		if (from[0] == '\\' && from[1] == '"')
			from++;
		*to++ = *from++;
	}
	if (!*from)
		return false;
	*to = '\0';
	*text = from + 1;
	return true;
}

/* Cuts the next token out of the text. 1, 0 at its end, -EINVAL where it makes no sense. */
static int take_token(char **text, struct udev_token *ret)
{
	char *end_of_key, *end_of_attribute = NULL, *p = *text + strspn(*text, BLANKS ",");

	if (!*p)
		return 0;

	*ret = (struct udev_token){ .key = p };
	end_of_key = p = p + strcspn(p, "{=!+-:, \t\r");
	if (*p == '{') {
		ret->attribute = p + 1;
		end_of_attribute = p = strchr(p, '}');
		if (!p)
			return -EINVAL;
		p++;
	}
	p += strspn(p, BLANKS);
	if (end_of_key == ret->key || !take_operator(&p, &ret->operator))
		return -EINVAL;
	p += strspn(p, BLANKS);
	if (!take_value(&p, &ret->value))
		return -EINVAL;

	*end_of_key = '\0';
	if (end_of_attribute)
		*end_of_attribute = '\0';
	*text = p;
	return 1;
}

static int parse_rule(const struct joined *joined, struct udev_rule *ret)
{
	struct udev_rule rule = { .line = joined->line };
	struct udev_token token;
	char *text;
	int r;

	rule.text = text = strndup(joined->text, joined->length);
	if (!text)
		return -ENOMEM;
	while ((r = take_token(&text, &token)) > 0) {
		r = ARRAY_GROW(rule.tokens, rule.capacity, rule.n);
		if (r < 0)
			break;
		rule.tokens[rule.n++] = token;
	}
	if (r < 0)
		rule_done(&rule);
	else
		*ret = rule;
	return r;
}

static int finish(struct joined *joined, struct udev_rules *rules)
{
	struct udev_rule rule = {};
	int r = -EINVAL;

	if (!joined->too_long)
		r = parse_rule(joined, &rule);
	if (r == -ENOMEM)
		return r;
	if (r < 0 && rules->refused == 0)
		rules->refused = joined->line;
	if (r >= 0 && rule.n > 0) {
		r = ARRAY_GROW(rules->items, rules->capacity, rules->n);
		if (r < 0) {
			rule_done(&rule);
			return r;
		}
		rules->items[rules->n++] = rule;
	} else {
		rule_done(&rule);
	}
	joined->line = 0;
	joined->length = 0;
	joined->too_long = false;
	return 0;
}

/* Adds a line to a rule. False where the next one goes on with it. */
static bool join(struct joined *joined, const char *line, size_t length, unsigned number)
{
	bool goes_on;

	while (length > 0 && strchr(BLANKS, *line)) {
		line++;
		length--;
	}
	/* Comments are no part of a rule, not even in the middle of one. */
	if (length > 0 && *line == '#')
		return joined->line == 0;

	goes_on = length > 0 && line[length - 1] == '\\';
	if (joined->line == 0)
		joined->line = number;
	length -= goes_on;
	joined->too_long |= memchr(line, '\0', length) || length >= RULE_MAX - joined->length;
	if (!joined->too_long) {
		memcpy(joined->text + joined->length, line, length);
		joined->length += length;
	}
	return !goes_on;
}

int udev_rules_parse(const char *text, size_t size, struct udev_rules *ret)
{
	_cleanup_free_ struct joined *joined = calloc(1, sizeof(*joined));
	_cleanup_(udev_rules_done) struct udev_rules rules = {};
	unsigned number = 0;
	int r = 0;

	if (!joined)
		return -ENOMEM;

	for (const char *end = text + size, *next; r >= 0 && text < end; text = next) {
		const char *feed = memchr(text, '\n', (size_t)(end - text));

		next = feed ? feed + 1 : end;
		if (join(joined, text, (size_t)((feed ? feed : end) - text), ++number) &&
		    joined->line > 0)
			r = finish(joined, &rules);
	}
	if (r >= 0 && joined->line > 0)
		r = finish(joined, &rules); /* the backslash of the last line joins nothing */
	if (r < 0)
		return r;

	*ret = rules;
	rules = (struct udev_rules){};
	return 0;
}

bool udev_pattern_fits(const char *pattern, const char *value)
{
	for (;;) {
		size_t length = strcspn(pattern, "|");
		_cleanup_free_ char *one = strndup(pattern, length);

		/* Without memory for a copy it fits nothing. */
		if (one && fnmatch(one, value, 0) == 0)
			return true;
		if (!pattern[length])
			return false;
		pattern += length + 1;
	}
}
