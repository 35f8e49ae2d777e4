/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "print-block.h"
#include "small-machine.h"
#include "virtualization.h"

/*
 * A captured tree in which some files are damaged: each damage is the number of a file, what is
 * done to it, where, how much of the input is for it, and that. What is found in the tree is
 * judged, planned, decided about and printed.
 */

#define DAMAGES_MAX 8
#define FILE_SIZE_MAX ((size_t)1 << 16)

enum damage {
	DAMAGE_REPLACE,
	DAMAGE_OVERWRITE,
	DAMAGE_INSERT,
	DAMAGE_CUT,
	DAMAGE_REPEAT,
	DAMAGE_REMOVE,
	DAMAGE_FOLDER,
	DAMAGE_LINK,
	DAMAGE_COUNT,
};

/* A file as it will be. */
struct draft {
	uint8_t data[FILE_SIZE_MAX];
	size_t size;
};

static void append(struct draft *draft, const void *data, size_t size)
{
	size = MIN(size, FILE_SIZE_MAX - draft->size);
	if (size > 0)
		memcpy(draft->data + draft->size, data, size);
	draft->size += size;
}

/* The file with `bytes` in place of `gone` bytes at a place. */
static void splice(struct draft *draft, const char *text, size_t at, const struct input *bytes,
		   size_t gone)
{
	size_t size = strlen(text), behind = MIN(at + gone, size);

	append(draft, text, at);
	append(draft, bytes->data, bytes->size);
	append(draft, text + behind, size - behind);
}

static void damage_text(struct fake_tree *tree, const struct small_file *file, enum damage damage,
			size_t at, const struct input *bytes)
{
	static struct draft draft;
	const char *text = file->contents ? file->contents : "";
	size_t size = strlen(text);

	draft.size = 0;
	at %= size + 1;
	if (damage == DAMAGE_REPLACE)
		append(&draft, bytes->data, bytes->size);
	else if (damage == DAMAGE_CUT)
		append(&draft, text, at);
	else if (damage == DAMAGE_REPEAT)
		for (size_t i = 0; i <= bytes->size * 8; i++)
			append(&draft, text, size);
	else
		splice(&draft, text, at, bytes, damage == DAMAGE_INSERT ? 0 : bytes->size);
	write_bytes(tree, file->path, draft.data, draft.size);
}

static void damage_file(struct fake_tree *tree, const struct small_file *file, enum damage damage,
			size_t at, const struct input *bytes)
{
	char target[256];

	switch (damage) {
	case DAMAGE_REMOVE:
		break;
	case DAMAGE_FOLDER:
		make_folder(tree, file->path);
		break;
	case DAMAGE_LINK:
		snprintf(target, sizeof(target), "%.*s", (int)bytes->size,
			 bytes->size > 0 ? (const char *)bytes->data : "");
		make_link(tree, file->path, *target ? target : ".");
		break;
	default:
		damage_text(tree, file, damage, at, bytes);
	}
}

/* Does what the input says; notes which files are not as they were. */
static void damage_tree(struct fake_tree *tree, struct input *input, bool damaged[])
{
	for (int i = 0; i < DAMAGES_MAX && input->size > 0; i++) {
		size_t number = take_number(input, 1) % n_small_files;
		enum damage damage = (enum damage)(take_number(input, 1) % DAMAGE_COUNT);
		size_t at = take_number(input, 2);
		struct input bytes = take_bytes(input, take_number(input, 1));
		const struct small_file *file = &small_files[number];

		if (damaged[number])
			continue;
		if (file->contents)
			remove_file(tree, file->path);
		damage_file(tree, file, damage, at, &bytes);
		damaged[number] = file->contents || damage != DAMAGE_REMOVE;
	}
}

static void mend_tree(struct fake_tree *tree, const bool damaged[])
{
	for (size_t i = 0; i < n_small_files; i++) {
		char path[512];

		if (!damaged[i])
			continue;
		snprintf(path, sizeof(path), "%s/%s", tree->path, small_files[i].path);
		(void)remove(path);
		write_small_file(tree, &small_files[i]);
	}
}

static void check_block(const struct memblock_inventory *inventory,
			const struct memblock_block *block)
{
	_cleanup_free_ struct memblock_extent *extents = NULL;
	uint64_t start = memblock_block_start(inventory, block);
	enum memblock_answer answer = memblock_block_removable(block);
	bool has_reason = false;
	int n;

	for (int i = 0; i < MEMBLOCK_REASON_COUNT; i++)
		has_reason |= memblock_block_has_reason(block, (enum memblock_reason)i);
	must((answer == MEMBLOCK_ANSWER_NO) == has_reason);
	(void)memblock_block_kernel_removable(inventory, block);

	n = memblock_block_composition(inventory, block, &extents);
	for (int i = 0; i < n; i++) {
		must(extents[i].start == start);
		start = extents[i].end;
	}
	must(n < 0 || start == memblock_block_start(inventory, block) +
				       memblock_inventory_block_size(inventory));
}

static void plan(const struct memblock_inventory *inventory, struct memblock_root *root,
		 const struct memblock_limits *limits, const struct memblock_request *request)
{
	_cleanup_free_ struct memblock_range *ranges = NULL, *first = NULL;
	struct memblock_memory memory;
	bool known = memblock_memory_read(root, &memory) >= 0;
	struct memblock_plan *made;
	size_t n;

	must(memblock_request_ranges(inventory, request, &ranges, &n) >= 0);
	must(memblock_plan_new(inventory, request, known ? &memory : NULL, limits, &made) >= 0);
	must(memblock_plan_ranges(made, inventory, &first, &n) >= 0);
	memblock_plan_free(made);
}

static void plan_all(const struct memblock_inventory *inventory, struct memblock_root *root,
		     const struct memblock_limits *limits)
{
	const struct memblock_request requests[] = {
		{ .action = MEMBLOCK_ACTION_OFFLINE, .size = MIB(256), .nid = -1 },
		{ .action = MEMBLOCK_ACTION_OFFLINE, .nid = 1, .best_effort = true },
		{ .action = MEMBLOCK_ACTION_ONLINE_MOVABLE, .size = GIB(8), .nid = -1 },
		{ .action = MEMBLOCK_ACTION_ONLINE, .nid = -1, .device = "PNP0C80:00" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(requests); i++)
		plan(inventory, root, limits, &requests[i]);
}

static void warn(const char *text, void *userdata)
{
	(void)text;
	(void)userdata;
}

static void decide(const struct memblock_inventory *inventory, struct memblock_root *root,
		   const struct config *config)
{
	const struct memblock_policy policy = config_policy_now(config, root);
	_cleanup_free_ char *virtualization = NULL;
	struct memblock_kernel_policy told;
	struct memblock_platform *platform;
	struct memblock_plan *made;

	must(virtualization_read(root, &virtualization) >= 0);
	must(memblock_platform_read(root, inventory, virtualization, &platform) >= 0);
	memblock_policy_for_kernel(&policy, platform, &told);
	must(memblock_policy_plan(&policy, platform, inventory, NULL, 0, &made) >= 0);
	memblock_plan_free(made);
	memblock_platform_free(platform);
}

static void read_tree(struct memblock_root *root)
{
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;
	_cleanup_(config_done) struct config config = {};
	_cleanup_free_ char *error = NULL;
	struct memblock_limits limits;

	if (memblock_inventory_new(root, 0, &inventory, &error) < 0) {
		must(error);
		return;
	}
	must(memblock_inventory_read_sections(inventory) >= 0);
	must(memblock_inventory_read_pages(inventory, NULL, 0, true) >= 0);
	for (size_t i = 0; i < memblock_inventory_n_blocks(inventory); i++) {
		const struct memblock_block *block = memblock_inventory_block(inventory, i);

		check_block(inventory, block);
		must(print_block(inventory, block));
	}
	must(config_load(memblock_root_path(root), warn, NULL, &config) >= 0);
	limits = config_limits(&config);
	plan_all(inventory, root, &limits);
	decide(inventory, root, &config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_root_ struct memblock_root *root = NULL;
	static struct fake_tree *tree;
	struct input input = { data, size };
	bool damaged[256] = {};
	int descriptor;

	if (!tree)
		tree = small_machine();
	damage_tree(tree, &input, damaged);
	root = open_root(tree);
	descriptor = lowest_descriptor();
	read_tree(root);
	must(lowest_descriptor() == descriptor);
	mend_tree(tree, damaged);
	return 0;
}
