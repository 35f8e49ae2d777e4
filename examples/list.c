/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lists memory blocks with their verdicts, and what the verdict rests on of those that can never go
 * offline: of this machine, or of the captured tree that is named. */
#include <inttypes.h>
#include <libmemblock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_evidence(const struct memblock_inventory *inventory,
			   const struct memblock_block *block)
{
	char **evidence;

	if (memblock_block_evidence(inventory, block, &evidence) < 0)
		return;
	for (char **sentence = evidence; *sentence; sentence++)
		printf("  %s\n", *sentence);
	memblock_strv_free(evidence);
}

int main(int argc, char **argv)
{
	struct memblock_root *root = NULL;
	struct memblock_inventory *inventory = NULL;
	const struct memblock_block *block;
	char *error = NULL;
	int r;

	r = memblock_root_new(argc > 1 ? argv[1] : NULL, &root);
	if (r >= 0)
		r = memblock_inventory_new(root, 0, &inventory, &error);
	if (r < 0)
		fprintf(stderr, "%s\n", error ? error : strerror(-r));

	for (size_t i = 0; inventory && (block = memblock_inventory_block(inventory, i)); i++) {
		enum memblock_answer removable = memblock_block_removable(block);

		printf("memory%" PRIu64 ": %s, removable: %s\n", memblock_block_index(block),
		       memblock_state_to_string(memblock_block_state(block)),
		       memblock_answer_to_string(removable));
		if (removable == MEMBLOCK_ANSWER_NO)
			print_evidence(inventory, block);
	}

	free(error);
	memblock_inventory_unref(inventory);
	memblock_root_unref(root);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
