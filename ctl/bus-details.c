/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bus-details.h"

struct bus_details {
	sd_bus *bus;
	bool failed; /* and was told so */
	/* The last answer, which several questions about one block share. */
	sd_bus_message *reply;
	uint64_t index;
	struct memblock_report_details last;
	struct memblock_extent *extents;
	const char **evidence;
	/* Names of owners, which outlive the answers that they came in. */
	char **owners;
	size_t n_owners;
};

struct bus_details *bus_details_new(sd_bus **bus)
{
	struct bus_details *details = calloc(1, sizeof(*details));

	if (details)
		details->bus = TAKE_PTR(*bus);
	return details;
}

static void forget(struct bus_details *details)
{
	details->reply = sd_bus_message_unref(details->reply);
	free(TAKE_PTR(details->extents));
	free(TAKE_PTR(details->evidence));
	details->last = (struct memblock_report_details){};
}

void bus_details_free(void *userdata)
{
	struct bus_details *details = userdata;

	forget(details);
	for (size_t i = 0; i < details->n_owners; i++)
		free(details->owners[i]);
	free(details->owners);
	bus_release(details->bus);
	free(details);
}

/* From the end: neighbours have the same owners. NULL where there is no memory. */
static const char *keep_owner(struct bus_details *details, const char *owner)
{
	char **grown, *copy;

	for (size_t i = details->n_owners; i > 0; i--)
		if (strcmp(details->owners[i - 1], owner) == 0)
			return details->owners[i - 1];

	grown = reallocarray(details->owners, details->n_owners + 1, sizeof(*grown));
	if (!grown)
		return NULL;
	details->owners = grown;
	copy = strdup(owner);
	if (copy)
		details->owners[details->n_owners++] = copy;
	return copy;
}

static int read_extent(struct bus_details *details, struct memblock_extent *extent)
{
	const char *kind, *zone, *owner;
	uint64_t size;
	int r;

	r = sd_bus_message_read(details->reply, "(ttsiss)", &extent->start, &size, &kind,
				&extent->nid, &zone, &owner);
	if (r <= 0)
		return r;

	extent->end = extent->start + size;
	extent->zone = *zone ? MEMBLOCK_ZONE_UNKNOWN : MEMBLOCK_ZONE_NONE;
	(void)memblock_zone_from_string(zone, &extent->zone);
	if (memblock_kind_from_string(kind, &extent->kind) < 0)
		return -EBADMSG;
	extent->mapped = extent->kind == MEMBLOCK_KIND_RAM;
	if (*owner && !(extent->owner = keep_owner(details, owner)))
		return -ENOMEM;
	return 1;
}

static int read_composition(struct bus_details *details)
{
	size_t n = 0;
	int r;

	r = sd_bus_message_enter_container(details->reply, 'a', "(ttsiss)");
	while (r >= 0) {
		struct memblock_extent extent = {}, *grown;

		r = read_extent(details, &extent);
		if (r <= 0)
			break;
		grown = reallocarray(details->extents, n + 1, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		details->extents = grown;
		details->extents[n++] = extent;
	}
	details->last.composition = details->extents;
	details->last.n_extents = n;
	return r < 0 ? r : sd_bus_message_exit_container(details->reply);
}

static int read_evidence(struct bus_details *details)
{
	const char *line;
	size_t n = 0;
	int r;

	r = sd_bus_message_enter_container(details->reply, 'a', "s");
	while (r >= 0 && (r = sd_bus_message_read_basic(details->reply, 's', &line)) > 0) {
		const char **grown = reallocarray(details->evidence, n + 2, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		details->evidence = grown;
		details->evidence[n++] = line;
		details->evidence[n] = NULL;
	}
	details->last.evidence = details->evidence;
	return r < 0 ? r : sd_bus_message_exit_container(details->reply);
}

/* An array of words; NULL where it is empty. */
static int read_words(struct bus_details *details, char type, size_t word_size, const void **ret,
		      size_t *ret_n)
{
	const void *words;
	size_t size;
	int r;

	r = sd_bus_message_read_array(details->reply, type, &words, &size);
	if (r < 0)
		return r;
	*ret = size > 0 ? words : NULL;
	*ret_n = size / word_size;
	return 0;
}

/* The map that serves: where it is not the kernel's, it is the derived one, which follows. */
static int read_subsections(struct bus_details *details)
{
	struct memblock_report_details *last = &details->last;
	const void *words, *derived, *flags;
	size_t n_words, n_derived;
	uint32_t per_section;
	const char *source;
	int r;

	r = read_words(details, 't', sizeof(uint64_t), &words, &n_words);
	if (r >= 0)
		r = sd_bus_message_read(details->reply, "us", &per_section, &source);
	if (r >= 0)
		r = read_words(details, 't', sizeof(uint64_t), &derived, &n_derived);
	if (r >= 0)
		r = read_words(details, 'u', sizeof(uint32_t), &flags, &last->n_sections);
	if (r < 0)
		return r;

	if ((derived && n_derived != n_words) ||
	    (words && (per_section == 0 || per_section > n_words || n_words % per_section != 0)))
		return -EBADMSG;
	last->subsections = strcmp(source, "kernel") == 0 ? words : NULL;
	last->derived = derived;
	last->section_flags = flags;
	last->n_words = n_words;
	last->words_per_section = (int)per_section;
	return 0;
}

static int read_reply(struct bus_details *details)
{
	int r;

	r = read_subsections(details);
	if (r >= 0)
		r = read_composition(details);
	if (r >= 0)
		r = read_evidence(details);
	return r;
}

static int ask(struct bus_details *details, uint64_t index, sd_bus_error *error)
{
	_cleanup_message_ sd_bus_message *call = NULL;
	char path[80];
	int r;

	snprintf(path, sizeof(path), MEMBLOCK_BUS_PATH "/block/memory%" PRIu64, index);
	r = sd_bus_message_new_method_call(details->bus, &call, MEMBLOCK_BUS_NAME, path,
					   MEMBLOCK_BUS_BLOCK, "Details");
	/* Nobody is asked for a password for a look. */
	return r < 0 ? r : bus_call(details->bus, call, error, &details->reply);
}

/* What else there is to show is shown. */
static int tell_failure(struct bus_details *details, const sd_bus_error *error, int r)
{
	details->failed = true;
	forget(details);
	return bus_tell_withheld(error, r);
}

int bus_details_tell(uint64_t index, void *userdata, struct memblock_report_details *ret)
{
	_cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	struct bus_details *details = userdata;
	int r = 0;

	if (!details->failed && (!details->reply || details->index != index)) {
		forget(details);
		details->index = index;
		r = ask(details, index, &error);
		if (r >= 0)
			r = read_reply(details);
		if (r < 0)
			r = tell_failure(details, &error, r);
	}
	if (r >= 0)
		*ret = details->last;
	return r;
}
