/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <limits.h>
#include <string.h>

#include "macros.h"
#include "range.h"
#include "rule.h"
#include "size.h"

#define BLANKS " \t\r"
#define DIGITS "0123456789"

static void free_words(const char *const *words)
{
	memblock_strv_free((char **)(uintptr_t)words);
}

DEFINE_CLEANUP(char *, memblock_strv_free)

void rule_done(struct memblock_rule *rule)
{
	free((char *)rule->name);
	free((char *)rule->place);
	free_words(rule->architectures);
	free_words(rule->virtualizations);
	free_words(rule->providers);
	free_words(rule->devices);
	free((int *)rule->nodes);
	free((struct memblock_range *)rule->ranges);
	*rule = (struct memblock_rule){};
}

static size_t count_words(const char *value)
{
	size_t n = 0;

	while (*(value += strspn(value, BLANKS))) {
		value += strcspn(value, BLANKS);
		n++;
	}
	return n;
}

/* Takes the words of a list apart. Returns how many; -EINVAL where there are none. */
static int split(const char *value, char ***ret)
{
	_cleanup_(memblock_strv_freep) char **words = NULL;
	size_t n = count_words(value);

	if (n == 0)
		return -EINVAL;
	words = calloc(n + 1, sizeof(*words));
	if (!words)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		size_t length;

		value += strspn(value, BLANKS);
		length = strcspn(value, BLANKS);
		words[i] = strndup(value, length);
		if (!words[i])
			return -ENOMEM;
		value += length;
	}
	*ret = TAKE_PTR(words);
	return (int)n;
}

static int set_words(const char *value, bool (*is_good)(const char *word),
		     const char *const **target)
{
	_cleanup_(memblock_strv_freep) char **words = NULL;
	int n;

	n = split(value, &words);
	if (n < 0)
		return n;
	for (int i = 0; i < n; i++)
		if (!is_good(words[i]))
			return -EINVAL;
	free_words(*target);
	*target = (const char *const *)TAKE_PTR(words);
	return 0;
}

/* New kernels may have new ones; no name has other letters. */
static bool is_architecture(const char *word)
{
	return !word[strspn(word, "abcdefghijklmnopqrstuvwxyz_" DIGITS)];
}

/* What systemd-detect-virt(1) --vm says, and "vm" for any of its words but none. */
static bool is_virtualization(const char *word)
{
	static const char *const words[] = {
		"vm",        "none",   "qemu",    "kvm",   "amazon", "zvm",    "vmware",
		"microsoft", "oracle", "powervm", "xen",   "bochs",  "uml",    "parallels",
		"bhyve",     "qnx",    "acrn",    "apple", "sre",    "google", "vm-other",
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(word, words[i]) == 0)
			return true;
	return false;
}

static bool is_provider(const char *word)
{
	enum memblock_provider provider;

	return memblock_provider_from_string(word, &provider) >= 0;
}

/* * and ? alone stand for others; a folder is no device. */
static bool is_device(const char *word)
{
	return !strpbrk(word, "[]\\/");
}

int rule_parse_architecture(const char *value, void *rule)
{
	return set_words(value, is_architecture, &((struct memblock_rule *)rule)->architectures);
}

int rule_parse_virtualization(const char *value, void *rule)
{
	return set_words(value, is_virtualization,
			 &((struct memblock_rule *)rule)->virtualizations);
}

int rule_parse_provider(const char *value, void *rule)
{
	return set_words(value, is_provider, &((struct memblock_rule *)rule)->providers);
}

int rule_parse_device(const char *value, void *rule)
{
	return set_words(value, is_device, &((struct memblock_rule *)rule)->devices);
}

static int parse_nid(const char *word, int *ret)
{
	uint64_t nid;

	if (word[strspn(word, DIGITS)] || size_parse(word, 1, &nid) < 0 || nid > INT_MAX)
		return -EINVAL;
	*ret = (int)nid;
	return 0;
}

int rule_parse_node(const char *value, void *target)
{
	_cleanup_(memblock_strv_freep) char **words = NULL;
	_cleanup_free_ int *nodes = NULL;
	struct memblock_rule *rule = target;
	int n;

	n = split(value, &words);
	if (n < 0)
		return n;
	nodes = calloc((size_t)n, sizeof(*nodes));
	if (!nodes)
		return -ENOMEM;
	for (int i = 0; i < n; i++)
		if (parse_nid(words[i], &nodes[i]) < 0)
			return -EINVAL;
	free((int *)rule->nodes);
	rule->nodes = TAKE_PTR(nodes);
	rule->n_nodes = (size_t)n;
	return 0;
}

static int parse_range(const char *word, struct memblock_range *ret)
{
	uint64_t first, last;

	if (address_range_parse(word, &first, &last) < 0 || last < first || last == UINT64_MAX)
		return -EINVAL;
	*ret = (struct memblock_range){ first, last + 1 };
	return 0;
}

int rule_parse_range(const char *value, void *target)
{
	_cleanup_(memblock_strv_freep) char **words = NULL;
	_cleanup_free_ struct memblock_range *ranges = NULL;
	struct memblock_rule *rule = target;
	int n;

	n = split(value, &words);
	if (n < 0)
		return n;
	ranges = calloc((size_t)n, sizeof(*ranges));
	if (!ranges)
		return -ENOMEM;
	for (int i = 0; i < n; i++)
		if (parse_range(words[i], &ranges[i]) < 0)
			return -EINVAL;
	free((struct memblock_range *)rule->ranges);
	rule->ranges = TAKE_PTR(ranges);
	rule->n_ranges = (size_t)n;
	return 0;
}

int rule_parse_online(const char *value, void *rule)
{
	return memblock_treatment_from_string(value, &((struct memblock_rule *)rule)->treatment);
}
