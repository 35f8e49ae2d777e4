/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>

#include "arrivals.h"
#include "manager.h"
#include "standing.h"
#include "virtualization.h"

static int read_platform(struct manager *manager)
{
	struct memblock_platform *platform;
	int r;

	r = memblock_platform_read(manager->root, manager->inventory,
				   manager->standing.virtualization, &platform);
	if (r < 0)
		return r;
	memblock_platform_free(manager->standing.platform);
	manager->standing.platform = platform;
	return 0;
}

int standing_read(struct manager *manager)
{
	int r;

	r = virtualization_read(manager->root, &manager->standing.virtualization);
	return r < 0 ? r : read_platform(manager);
}

void standing_refresh(struct manager *manager)
{
	(void)read_platform(manager);
}

void standing_done(struct standing *standing)
{
	memblock_platform_free(standing->platform);
	free(standing->virtualization);
	*standing = (struct standing){};
}

void standing_decide(const struct manager *manager, const struct memblock_block *block,
		     struct memblock_decision *ret)
{
	const struct memblock_policy policy = config_policy(&manager->config);

	memblock_policy_decide(&policy, manager->standing.platform, manager->inventory, block, ret);
}

void standing_for_kernel(const struct manager *manager, struct memblock_kernel_policy *ret)
{
	const struct memblock_policy policy = config_policy(&manager->config);

	memblock_policy_for_kernel(&policy, manager->standing.platform, ret);
}

/* The numbers of blocks in ranges that are new. */
static size_t list_blocks(const struct manager *manager, const struct ranges *ranges,
			  uint64_t *indexes)
{
	uint64_t size = memblock_inventory_block_size(manager->inventory);
	size_t n = 0;

	for (size_t i = 0; i < ranges->n; i++)
		for (uint64_t at = ranges->items[i].start; at < ranges->items[i].end; at += size) {
			/* It was waited long: somebody else may have done something since. */
			if (arrivals_know(manager->arrivals, at / size))
				continue;
			if (indexes)
				indexes[n] = at / size;
			n++;
		}
	return n;
}

int standing_plan(const struct manager *manager, const struct ranges *ranges,
		  struct memblock_plan **ret)
{
	const struct memblock_policy policy = config_policy_now(&manager->config, manager->root);
	size_t n = list_blocks(manager, ranges, NULL);
	_cleanup_free_ uint64_t *indexes = calloc(n + 1, sizeof(*indexes));

	if (!indexes)
		return -ENOMEM;
	list_blocks(manager, ranges, indexes);
	/* With no block at all the library would take all of them. */
	if (n == 0)
		return memblock_plan_new_of_steps(NULL, 0, 0, true, ret);
	return memblock_policy_plan(&policy, manager->standing.platform, manager->inventory,
				    indexes, n, ret);
}
