/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bus-signals.h"
#include "manager.h"
#include "survey.h"

void asked_init(struct asked_sources *sources)
{
	sources->sections.state = sources->pages.state = MEMBLOCK_SOURCE_UNASKED;
}

void asked_done(struct asked_sources *sources)
{
	free(sources->sections.text);
	free(sources->pages.text);
}

static enum memblock_source_state state_of(int error)
{
	switch (error) {
	case 0:
		return MEMBLOCK_SOURCE_READ;
	case -ENOENT:
	case -EOPNOTSUPP:
		return MEMBLOCK_SOURCE_ABSENT;
	case -EACCES:
	case -EPERM:
		return MEMBLOCK_SOURCE_HIDDEN;
	default:
		return MEMBLOCK_SOURCE_FAILED;
	}
}

/* What the words of a source are made of. */
struct asked_words {
	const char *path;
	const char *unclear; /* -ENODATA: what it was asked for can't be told */
};

static const struct asked_words sections_words = {
	"/proc/kcore",
	"/proc/kcore or /sys/kernel/btf/vmlinux doesn't tell where sections are",
};
static const struct asked_words pages_words = {
	"/proc/kpageflags",
	"page size not known: they can't be counted",
};

static char *describe(const struct manager *manager, const struct asked_words *words, int error,
		      bool no_worker)
{
	char *text = NULL;
	int r;

	if (error == 0)
		return NULL;
	if (no_worker)
		r = asprintf(&text, "no worker at %s: %s", manager->options.worker,
			     strerror(-error));
	else if (error == -ENOENT)
		r = asprintf(&text, "no %s", words->path);
	else if (error == -EOPNOTSUPP)
		r = asprintf(&text, "this libmemblock was built without libbpf");
	else if (error == -ENODATA)
		r = asprintf(&text, "%s", words->unclear);
	else
		r = asprintf(&text, "can't read %s: %s", words->path, strerror(-error));
	return r < 0 ? NULL : text;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* Whether that is news. */
static bool learn(struct asked_source *source, enum memblock_source_state state, char *text)
{
	bool same = source->state == state && same_text(source->text, text);

	free(source->text);
	*source = (struct asked_source){ state, text };
	return !same;
}

void asked_learn(struct manager *manager, const struct findings *findings, bool pages,
		 bool sections)
{
	struct asked_sources *asked = &manager->asked;
	bool none = findings->no_worker, news = false;
	int error = findings->pages_error;

	if (pages)
		news = learn(&asked->pages, none ? MEMBLOCK_SOURCE_HIDDEN : state_of(error),
			     describe(manager, &pages_words, error, none));
	error = findings->sections_error;
	if (sections && learn(&asked->sections, none ? MEMBLOCK_SOURCE_HIDDEN : state_of(error),
			      describe(manager, &sections_words, error, none)))
		news = true;
	if (news)
		bus_signal_sources(manager);
}

enum memblock_source_state asked_state(const struct manager *manager, enum memblock_source source,
				       const char **ret_text)
{
	const struct asked_source *asked;
	enum memblock_source_state state;

	state = memblock_inventory_source(manager->inventory, source, ret_text);
	if (state != MEMBLOCK_SOURCE_UNASKED)
		return state;
	asked = source == MEMBLOCK_SOURCE_PAGES ? &manager->asked.pages : &manager->asked.sections;
	*ret_text = asked->text;
	return asked->state;
}

/* Of arm64's DIMMs the verdict rests on them. */
static int set_sections(struct manager *manager, const char *text,
			const struct memblock_block *block)
{
	enum memblock_answer removable = memblock_block_removable(block);
	unsigned reasons = block_reasons(block);
	int r;

	r = memblock_inventory_set_sections(manager->inventory, text);
	if (r < 0 ||
	    (memblock_block_removable(block) == removable && block_reasons(block) == reasons))
		return r;
	return manager_recount(manager, block);
}

int asked_add_sections(struct manager *manager, const struct findings *findings,
		       const struct memblock_block *block)
{
	_cleanup_free_ uint64_t *words = NULL;
	enum memblock_source source;
	size_t n;
	int r;

	if (!findings->sections)
		return 0;
	r = set_sections(manager, findings->sections, block);
	if (r < 0)
		return r;
	r = memblock_block_subsections(manager->inventory, block, &words, &n, &source);
	if (r == -ENOMEM)
		return r;
	if (r >= 0 && source == MEMBLOCK_SOURCE_SECTIONS && !manager->asked.has_kernel_map) {
		manager->asked.has_kernel_map = true;
		bus_signal_sources(manager);
	}
	return 0;
}
