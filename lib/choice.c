/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "choice.h"

/*
 * All of the ranks before the one that is needed in part is taken, and all after it stands by:
 * there is nothing to choose. Of that one lots are dealt out, first whole devices, then blocks. The
 * cheap ones come first, in steps: that nodes give alike counts for more than a little more to
 * move.
 */

/* Beside the step of those that have nothing in the way. */
#define STEPS_PER_BLOCK 4

#define NO_TURN UINT64_MAX

/* Numbers of blocks. */
struct node_share {
	int nid;
	uint64_t online;
	uint64_t taken;
	size_t next, end; /* its lots of the present step */
};

struct device_share {
	uint64_t online; /* and not taken in a rank before */
	uint64_t n;      /* candidates of this rank */
	uint64_t cost;   /* of all these */
	const struct candidate *highest;
	uint64_t turn;
};

/* What goes as one: a whole device, or a block. */
struct lot {
	uint64_t *turn; /* where its turn is noted */
	uint64_t n;     /* blocks */
	uint64_t step;
	uint64_t cost; /* of a block */
	uint64_t highest;
	struct node_share *node;
};

struct choice {
	const struct memblock_inventory *inventory;
	struct candidate *candidates; /* of this rank */
	size_t n;
	uint64_t left; /* how many of them are wanted */
	uint64_t turn; /* the last */
	struct node_share *nodes;
	size_t n_nodes;
	size_t nodes_capacity;
	struct device_share *devices; /* by their index in the inventory */
	struct lot *lots;
	size_t n_lots;
};

static void choice_done(struct choice *choice)
{
	free(choice->nodes);
	free(choice->devices);
	free(choice->lots);
}

/* The index of a node, or of the next to be added. Blocks that hang on several count as of one
 * more.
 */
static size_t find_node(const struct choice *choice, int nid)
{
	size_t node = 0;

	while (node < choice->n_nodes && choice->nodes[node].nid != nid)
		node++;
	return node;
}

static int count_online(struct choice *choice)
{
	const struct memblock_inventory *inventory = choice->inventory;

	for (size_t i = 0; i < inventory->n_blocks; i++) {
		const struct memblock_block *block = &inventory->blocks[i];
		size_t node = find_node(choice, block->nid);

		if (node == choice->n_nodes) {
			if (ARRAY_GROW(choice->nodes, choice->nodes_capacity, node) < 0)
				return -ENOMEM;
			choice->nodes[choice->n_nodes++] = (struct node_share){ .nid = block->nid };
		}
		if (block->state == MEMBLOCK_STATE_OFFLINE)
			continue;
		choice->nodes[node].online++;
		choice->devices[block->device].online++;
	}
	return 0;
}

/* What ranks before this one took. */
static void count_taken(struct choice *choice, const struct candidate *taken, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		choice->nodes[find_node(choice, taken[i].block->nid)].taken++;
		choice->devices[taken[i].block->device].online--;
	}
}

static void count_candidates(struct choice *choice)
{
	for (size_t i = 0; i < choice->n; i++) {
		const struct candidate *candidate = &choice->candidates[i];
		struct device_share *device = &choice->devices[candidate->block->device];

		device->turn = NO_TURN;
		device->n++;
		device->cost += candidate->cost;
		if (!device->highest || device->highest->step.index < candidate->step.index)
			device->highest = candidate;
	}
}

/* Whether taking these candidates offline leaves nothing of it online, and it can be taken out
 * then. */
static bool goes_whole(const struct memblock_device *device, const struct device_share *share)
{
	return share->n > 0 && share->n == share->online &&
	       (device->provider == MEMBLOCK_PROVIDER_ACPI ||
		device->provider == MEMBLOCK_PROVIDER_DAX ||
		device->provider == MEMBLOCK_PROVIDER_CXL);
}

static void add_lot(struct choice *choice, const struct candidate *highest, uint64_t n,
		    uint64_t cost, uint64_t *turn)
{
	uint64_t block_size = choice->inventory->block_size;

	choice->lots[choice->n_lots++] = (struct lot){
		.turn = turn,
		.n = n,
		.step = (cost * STEPS_PER_BLOCK + block_size - 1) / block_size,
		.cost = cost,
		.highest = highest->step.index,
		.node = &choice->nodes[find_node(choice, highest->block->nid)],
	};
}

static int compare_worth(const struct lot *x, const struct lot *y)
{
	if (x->cost != y->cost)
		return x->cost < y->cost ? -1 : 1;
	return (x->highest < y->highest) - (x->highest > y->highest);
}

static int compare_lots(const void *a, const void *b)
{
	const struct lot *x = a, *y = b;

	if (x->step != y->step)
		return x->step < y->step ? -1 : 1;
	if (x->node != y->node)
		return x->node < y->node ? -1 : 1;
	return compare_worth(x, y);
}

/* Tells each node which lots it has in the step that begins with the first. Returns where it ends.
 */
static size_t find_step(struct choice *choice, size_t first)
{
	size_t i;

	for (i = 0; i < choice->n_nodes; i++)
		choice->nodes[i].next = choice->nodes[i].end = 0;
	for (i = first; i < choice->n_lots && choice->lots[i].step == choice->lots[first].step;
	     i++) {
		struct node_share *node = choice->lots[i].node;

		if (node->end == 0)
			node->next = i;
		node->end = i + 1;
	}
	return i;
}

/* Whether a smaller share of a node's memory is taken than of another's, or its next lot is worth
 * more. */
static bool comes_before(const struct choice *choice, const struct node_share *x,
			 const struct node_share *y)
{
	uint64_t share_x = x->taken * y->online, share_y = y->taken * x->online;

	if (share_x != share_y)
		return share_x < share_y;
	return compare_worth(&choice->lots[x->next], &choice->lots[y->next]) < 0;
}

/* The node that is to give the next lot; NULL where no lot is left. */
static struct node_share *next_node(const struct choice *choice)
{
	struct node_share *best = NULL;

	for (size_t i = 0; i < choice->n_nodes; i++) {
		struct node_share *node = &choice->nodes[i];

		if (node->next < node->end && (!best || comes_before(choice, node, best)))
			best = node;
	}
	return best;
}

/* Deals out as many as are wanted, and no lot that is more than that. */
static void deal_out(struct choice *choice)
{
	struct node_share *node;

	if (choice->n_lots > 0)
		qsort(choice->lots, choice->n_lots, sizeof(*choice->lots), compare_lots);
	for (size_t i = 0; i < choice->n_lots && choice->left > 0;) {
		i = find_step(choice, i);
		while (choice->left > 0 && (node = next_node(choice))) {
			const struct lot *lot = &choice->lots[node->next++];

			if (lot->n > choice->left)
				continue;
			*lot->turn = ++choice->turn;
			choice->left -= lot->n;
			node->taken += lot->n;
		}
	}
	choice->n_lots = 0;
}

static void choose_devices(struct choice *choice)
{
	for (size_t i = 0; i < choice->inventory->devices.n; i++) {
		struct device_share *share = &choice->devices[i];

		if (goes_whole(&choice->inventory->devices.items[i], share))
			add_lot(choice, share->highest, share->n, share->cost / share->n,
				&share->turn);
	}
	deal_out(choice);
	for (size_t i = 0; i < choice->n; i++)
		choice->candidates[i].turn =
			choice->devices[choice->candidates[i].block->device].turn;
}

static void choose_blocks(struct choice *choice)
{
	for (size_t i = 0; i < choice->n; i++) {
		struct candidate *candidate = &choice->candidates[i];

		if (candidate->turn == NO_TURN)
			add_lot(choice, candidate, 1, candidate->cost, &candidate->turn);
	}
	deal_out(choice);
}

static int choose_of_rank(struct choice *choice, const struct candidate *taken, size_t n_taken)
{
	size_t n_devices = MAX(choice->inventory->devices.n, (size_t)1);

	/* The first node is the one that is not known. */
	choice->nodes = malloc(sizeof(*choice->nodes));
	choice->devices = calloc(n_devices, sizeof(*choice->devices));
	/* One lot a block at most: a device has one block at least. */
	choice->lots = calloc(choice->n, sizeof(*choice->lots));
	if (!choice->nodes || !choice->devices || !choice->lots)
		return -ENOMEM;
	choice->nodes[choice->n_nodes++] = (struct node_share){ .nid = MEMBLOCK_NID_UNKNOWN };
	choice->nodes_capacity = 1;
	if (count_online(choice) < 0)
		return -ENOMEM;

	count_taken(choice, taken, n_taken);
	count_candidates(choice);
	choose_devices(choice);
	choose_blocks(choice);
	qsort(choice->candidates, choice->n, sizeof(*choice->candidates), candidate_compare);
	return 0;
}

int choose(const struct memblock_inventory *inventory, struct candidate *candidates, size_t n,
	   size_t wanted)
{
	_cleanup_(choice_done) struct choice choice = { .inventory = inventory };
	size_t first = wanted, end = wanted;
	unsigned rank;

	if (n > 0)
		qsort(candidates, n, sizeof(*candidates), candidate_compare);
	if (wanted >= n || candidates->step.action != MEMBLOCK_ACTION_OFFLINE)
		return 0;

	rank = candidates[wanted].rank;
	while (first > 0 && candidates[first - 1].rank == rank)
		first--;
	while (end < n && candidates[end].rank == rank)
		end++;
	if (first == wanted)
		return 0;
	choice.candidates = candidates + first;
	choice.n = end - first;
	choice.left = wanted - first;
	return choose_of_rank(&choice, candidates, first);
}
