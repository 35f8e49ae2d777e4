/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "block-set.h"
#include "errand.h"
#include "journal.h"
#include "kept.h"
#include "manager.h"
#include "marked.h"

/* udev is told of so many blocks, or of none: for each it takes an event and keeps two files of its
 * own, below /run/udev/data and /run/udev/tags. On arm64 it would be all memory of the boot. */
#define BLOCKS_MAX 1024

/* A file can wait: nothing is done by it. */
#define LIMIT_USEC (UINT64_C(5) * 1000 * 1000)

struct entry {
	uint64_t index;
	unsigned reasons; /* a bit for each enum memblock_reason */
	int nid;
};

struct marked {
	struct manager *manager;
	struct errand *errand;
	struct entry *entries; /* in rising order of index */
	size_t n;
	struct block_set changed; /* blocks that a worker is to be told of yet */
	bool is_read;             /* entries have what an earlier daemon, or workers, left */
	bool some_failed;         /* of those that were sent last */
	bool failed;              /* told */
	bool too_many;            /* the same */
};

DEFINE_CLEANUP(struct marked, marked_free)

static void tell_failure(struct marked *marked, int error)
{
	if (!marked->failed)
		tell(EVENT_MARKS, NO_JOB, NO_BLOCK, "udev is not told of marked blocks: %s",
		     strerror(-error));
	marked->failed = true;
}

/* As udev's IMPORT{file} takes it, and the worker. */
static int put_text(const struct entry *entry, char *ret, size_t size)
{
	FILE *file = fmemopen(ret, size, "w");
	const char *word, *blank = "";

	if (!file)
		return -ENOMEM;
	fputs("MEMBLOCK_REMOVABLE=0\nMEMBLOCK_REASONS=", file);
	for (int i = 0; (word = memblock_reason_to_string((enum memblock_reason)i)); i++)
		if (entry->reasons & 1u << i) {
			fprintf(file, "%s%s", blank, word);
			blank = " ";
		}
	fprintf(file, "\nMEMBLOCK_NID=%d\n", entry->nid);
	return fclose(file) != 0 ? -ENOSPC : 0;
}

static int compare_entries(const void *a, const void *b)
{
	const struct entry *one = a, *other = b;

	return one->index < other->index ? -1 : one->index > other->index;
}

static void forget_entries(struct marked *marked)
{
	free(marked->entries);
	marked->entries = NULL;
	marked->n = 0;
	marked->is_read = false;
	marked->some_failed = false;
}

static void note_failure(struct marked *marked, int error)
{
	tell_failure(marked, error);
	marked->some_failed = true;
}

static void send_change(struct marked *marked, uint64_t block)
{
	struct worker_request request = { .verb = WORKER_CHANGE, .block = block };
	const struct entry *entry;
	int r = 0;

	entry = bsearch(&(struct entry){ .index = request.block }, marked->entries, marked->n,
			sizeof(*marked->entries), compare_entries);
	if (entry)
		r = put_text(entry, request.text, sizeof(request.text));
	if (r < 0)
		note_failure(marked, r);
	else
		errand_begin(marked->errand, &request, LIMIT_USEC);
}

/* Where some failed all is tried again the next time something changes. */
static void send_next(struct marked *marked)
{
	while (marked->changed.n > 0 && !errand_is_busy(marked->errand))
		send_change(marked, marked->changed.items[--marked->changed.n]);
	if (marked->some_failed && !errand_is_busy(marked->errand))
		forget_entries(marked);
}

/* A block that is gone meanwhile needs no event. */
static void on_ended(const struct worker_answer *answer, void *userdata)
{
	struct marked *marked = userdata;

	if (answer->result < 0 && answer->result != -ENOENT && answer->result != -ENODEV)
		note_failure(marked, answer->result);
	send_next(marked);
}

/* The same. */
static void on_no_worker(int error, void *userdata)
{
	struct marked *marked = userdata;

	marked->changed.n = 0;
	forget_entries(marked);
	tell_failure(marked, error);
}

static void on_stuck(void *userdata __attribute__((unused)))
{
}

int marked_new(struct manager *manager, struct marked **ret)
{
	_cleanup_(marked_freep) struct marked *marked = calloc(1, sizeof(*marked));
	const struct errand_listener listener = { on_ended, on_no_worker, on_stuck, marked };
	int r;

	if (!marked)
		return -ENOMEM;
	marked->manager = manager;
	r = errand_new(manager->event, manager->spare, ERRAND_TRIES, &listener, &marked->errand);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(marked);
	return 0;
}

struct marked *marked_free(struct marked *marked)
{
	if (!marked)
		return NULL;

	errand_free(marked->errand);
	block_set_done(&marked->changed);
	free(marked->entries);
	free(marked);
	return NULL;
}

static struct entry entry_of(const struct memblock_block *block)
{
	struct entry entry = {
		.index = memblock_block_index(block),
		.nid = memblock_block_nid(block),
	};

	for (int i = 0; memblock_reason_to_string((enum memblock_reason)i); i++)
		if (memblock_block_has_reason(block, (enum memblock_reason)i))
			entry.reasons |= 1u << i;
	return entry;
}

static void add_changed(struct marked *marked, uint64_t index)
{
	if (block_set_add(&marked->changed, index) < 0)
		tell_failure(marked, -ENOMEM);
}

/* How many are to have a file. */
static size_t count_wanted(struct marked *marked)
{
	uint64_t n = marked->manager->census->all.totals.removable[MEMBLOCK_ANSWER_NO];
	bool too_many = n > BLOCKS_MAX;

	if (too_many && !marked->too_many)
		tell(EVENT_MARKS, NO_JOB, NO_BLOCK,
		     "%" PRIu64 " blocks can't be taken offline, and udev is told of none: it "
		     "would be told of %d at most",
		     n, BLOCKS_MAX);
	marked->too_many = too_many;
	return too_many ? 0 : (size_t)n;
}

/* Those, in rising order. */
static int list_entries(struct marked *marked, struct entry **ret, size_t *ret_n)
{
	const struct memblock_inventory *inventory = marked->manager->inventory;
	size_t wanted = count_wanted(marked), n = 0;
	struct entry *entries = calloc(wanted + 1, sizeof(*entries));
	const struct memblock_block *block;

	if (!entries)
		return -ENOMEM;
	for (size_t i = 0; n < wanted && (block = memblock_inventory_block(inventory, i)); i++)
		if (memblock_block_removable(block) == MEMBLOCK_ANSWER_NO)
			entries[n++] = entry_of(block);
	*ret = entries;
	*ret_n = n;
	return 0;
}

static bool same_entry(const struct entry *a, const struct entry *b)
{
	return a->index == b->index && a->reasons == b->reasons && a->nid == b->nid;
}

static void write_what_differs(struct marked *marked, const struct entry *now, size_t n)
{
	size_t i = 0;

	for (size_t j = 0; j < n; j++) {
		while (i < marked->n && marked->entries[i].index < now[j].index)
			add_changed(marked, marked->entries[i++].index);
		if (i == marked->n || !same_entry(&marked->entries[i], &now[j]))
			add_changed(marked, now[j].index);
		i += i < marked->n && marked->entries[i].index == now[j].index;
	}
	while (i < marked->n)
		add_changed(marked, marked->entries[i++].index);
}

/* Files that are there: those that nobody wants any more are to go. */
static void take_up_files(struct marked *marked)
{
	_cleanup_(block_set_done) struct block_set blocks = {};

	marked->is_read = true;
	if (kept_list_marked(marked->manager->root, &blocks) < 0)
		return;
	marked->entries = calloc(blocks.n + 1, sizeof(*marked->entries));
	/* With no reason they differ from any that is wanted. */
	for (size_t i = 0; marked->entries && i < blocks.n; i++)
		marked->entries[marked->n++] = (struct entry){ .index = blocks.items[i] };
}

void marked_update(struct marked *marked)
{
	struct entry *now;
	size_t n;

	if (!marked || list_entries(marked, &now, &n) < 0)
		return;
	if (!marked->is_read)
		take_up_files(marked);
	write_what_differs(marked, now, n);
	free(marked->entries);
	marked->entries = now;
	marked->n = n;
	send_next(marked);
}
