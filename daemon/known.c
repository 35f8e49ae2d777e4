/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "kept.h"
#include "known.h"

void known_done(struct known *known)
{
	block_set_done(&known->set);
}

int known_load(struct known *known, const struct memblock_root *root)
{
	_cleanup_free_ char *text = NULL;
	int r;

	r = kept_read(root, KNOWN_FILE, &text);
	if (r >= 0)
		r = block_set_from_text(text, &known->set);
	known->changed = r < 0;
	return r;
}

bool known_has(const struct known *known, uint64_t index)
{
	return block_set_has(&known->set, index);
}

void known_add(struct known *known, uint64_t index)
{
	if (block_set_add(&known->set, index) > 0)
		known->changed |= known->set.items[known->set.n - 1] != index;
}

void known_add_all(struct known *known, const struct memblock_inventory *inventory)
{
	const struct memblock_block *block;

	for (size_t i = 0; (block = memblock_inventory_block(inventory, i)); i++)
		known_add(known, memblock_block_index(block));
}

bool known_drop(struct known *known, uint64_t index)
{
	bool was_known = block_set_remove(&known->set, index);

	known->changed |= was_known;
	return was_known;
}

void known_retain(struct known *known, const struct memblock_inventory *inventory)
{
	struct block_set *set = &known->set;
	size_t n = 0;

	for (size_t i = 0; i < set->n; i++)
		if (memblock_inventory_find(inventory, set->items[i]))
			set->items[n++] = set->items[i];
	known->changed |= n != set->n;
	set->n = n;
}

/* Ranges rise in the file: what is behind all others is put at its end. To write it anew for each
 * event of a storm would be much dearer. */
static int write_known(const struct known *known, const struct memblock_root *root)
{
	size_t kept = known->changed ? 0 : known->n_kept;
	const struct block_set rest = { .items = known->set.items + kept,
					.n = known->set.n - kept };
	_cleanup_free_ char *text = block_set_to_text(&rest);

	if (!text)
		return -ENOMEM;
	return kept > 0 ? kept_append(root, KNOWN_FILE, text) : kept_write(root, KNOWN_FILE, text);
}

int known_save(struct known *known, const struct memblock_root *root)
{
	int r;

	if (!known->changed && known->n_kept == known->set.n)
		return 0;
	r = write_known(known, root);
	known->changed = r < 0;
	known->n_kept = known->set.n;
	return r;
}
