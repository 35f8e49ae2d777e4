/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fake-btf.h"

#ifdef HAVE_LIBBPF
#include <bpf/btf.h>

#define WORD_SIZE 8

static void add_structs(struct btf *btf, const struct fake_btf *fake)
{
	int word = btf__add_int(btf, "unsigned long", WORD_SIZE, 0);
	int map = btf__add_array(btf, word, word, fake->map_words ? fake->map_words : 1);

	assert_true(word > 0 && map > 0);
	assert_true(btf__add_struct(btf, "mem_section_usage", 64) > 0);
	if (fake->map >= 0)
		assert_int_equal(btf__add_field(btf, "subsection_map", map,
						(uint32_t)fake->map * WORD_SIZE, 0),
				 0);
	assert_int_equal(btf__add_field(btf, "pageblock_flags", word, 32 * WORD_SIZE, 0), 0);
	if (!fake->has_section)
		return;
	assert_true(btf__add_struct(btf, "mem_section", 32) > 0);
	assert_int_equal(btf__add_field(btf, "section_mem_map", word, 0, 0), 0);
	assert_int_equal(btf__add_field(btf, "usage", word, fake->usage * WORD_SIZE, 0), 0);
}

static void add_value(struct btf *btf, const char *name, int value)
{
	if (value >= 0)
		assert_int_equal(btf__add_enum_value(btf, name, value), 0);
}

static void add_enums(struct btf *btf, const struct fake_btf *fake)
{
	assert_true(btf__add_enum(btf, NULL, 4) > 0);
	add_value(btf, "SECTION_INFO", 1);
	if (!fake->has_enum)
		return;
	assert_true(btf__add_enum(btf, NULL, 4) > 0);
	add_value(btf, "SECTION_MARKED_PRESENT_BIT", 0);
	add_value(btf, "SECTION_IS_EARLY_BIT", fake->early);
	add_value(btf, "SECTION_TAINT_ZONE_DEVICE_BIT", fake->device);
}

void write_btf(struct fake_tree *tree, const struct fake_btf *fake)
{
	struct btf *btf = btf__new_empty();
	const void *data;
	uint32_t size;

	assert_non_null(btf);
	add_structs(btf, fake);
	add_enums(btf, fake);
	data = btf__raw_data(btf, &size);
	assert_non_null(data);
	write_bytes(tree, "sys/kernel/btf/vmlinux", data, size);
	btf__free(btf);
}

#else

void write_btf(struct fake_tree *tree __attribute__((unused)),
	       const struct fake_btf *fake __attribute__((unused)))
{
	skip();
}

#endif
