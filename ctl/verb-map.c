/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "log.h"
#include "picture.h"
#include "select.h"

enum {
	OPT_SVG = 0x200,
};

static const char *arg_svg;

static const struct option_spec map_options[] = {
	{ OPT_SVG, "svg", "FILE", "write the picture to FILE as SVG (- for standard output)",
	  false },
	{},
};

static int map_parse(struct ctl *ctl __attribute__((unused)), int id, const char *argument)
{
	if (id != OPT_SVG)
		return -ENOENT;
	arg_svg = argument;
	return 0;
}

struct choice {
	const struct ctl *ctl;
	const struct memblock_block *block;
};

static int choose_block(const struct memblock_inventory *inventory __attribute__((unused)),
			const struct memblock_block *block, void *userdata)
{
	struct choice *choice = userdata;

	if (choice->block)
		return usage_error(choice->ctl, "One block at a time is drawn, or all memory");
	choice->block = block;
	return 0;
}

static int print_json(const struct picture *picture)
{
	_cleanup_json_ json_object *object = json_object_new_object();
	json_object *list = json_object_new_array();
	int r = 0;

	json_add_number(object, "cell_size", picture->cell_size, &r);
	json_add(object, "map", list, &r);
	for (size_t i = 0; r == 0 && i < picture->n; i++) {
		const struct run *run = &picture->runs[i];
		json_object *part = json_object_new_object();

		json_add_number(part, "start", run->first * picture->cell_size, &r);
		json_add_number(part, "size", run->n * picture->cell_size, &r);
		json_add_text(part, "shows", cell_specs[run->cell].word, &r);
		json_append(list, part, &r);
	}
	return r < 0 ? log_oom() : json_print(object);
}

static int map_run(struct ctl *ctl, char **arguments)
{
	_cleanup_(memblock_inventory_unrefp) struct memblock_inventory *inventory = NULL;
	_cleanup_(picture_done) struct picture picture = {};
	struct choice choice = { .ctl = ctl };
	int r;

	if (arg_svg && ctl->json)
		return usage_error(ctl, "--svg and --json exclude each other");

	r = load_inventory(ctl, &inventory);
	if (r < 0)
		return r;
	r = for_each_block(ctl, inventory, arguments, choose_block, &choice);
	if (r < 0)
		return r;

	r = choice.block ? picture_of_block(inventory, choice.block, &picture)
			 : picture_of_machine(inventory, &picture);
	if (r == -ENODATA)
		return log_error(r, "What lies in a block is not known without /proc/iomem");
	if (r < 0)
		return log_oom();

	if (arg_svg)
		return picture_write_svg(&picture, arg_svg);
	if (ctl->json)
		return print_json(&picture);
	picture_print(&picture);
	return 0;
}

const struct verb verb_map = {
	.name = "map",
	.arguments = "[BLOCK]",
	.help = "Draw physical memory by block, or one block by sub-section",
	.options = map_options,
	.parse = map_parse,
	.run = map_run,
	.max_arguments = 1,
};
