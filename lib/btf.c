/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "btf.h"

#ifdef HAVE_LIBBPF
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <pthread.h>

/* include/linux/mmzone.h, before they became an enum. */
#define SECTION_IS_EARLY_BIT 3
#define SECTION_TAINT_ZONE_DEVICE_BIT 4

DEFINE_CLEANUP(struct btf, btf__free)

/* libbpf prints to stderr what it finds wrong, unless told otherwise for the whole process. So it
 * is told, and told back; and not by two threads at once, of which the second would take our
 * silence for what the program wants. */
static pthread_mutex_t silence = PTHREAD_MUTEX_INITIALIZER;

static int parse_quietly(const char *data, size_t size, struct btf **ret)
{
	libbpf_print_fn_t print;
	struct btf *btf;
	int r;

	if (size > UINT32_MAX)
		return -EBADMSG;

	(void)pthread_mutex_lock(&silence);
	print = libbpf_set_print(NULL);
	btf = btf__new(data, (uint32_t)size);
	r = btf ? 0 : -errno;
	(void)libbpf_set_print(print);
	(void)pthread_mutex_unlock(&silence);

	if (r < 0)
		return r == -ENOMEM ? r : -EBADMSG;
	*ret = btf;
	return 0;
}

static bool is_called(const struct btf *btf, uint32_t name_offset, const char *name)
{
	const char *found = btf__name_by_offset(btf, name_offset);

	return found && strcmp(found, name) == 0;
}

/* Where a structure has a member, and how large that is, in bytes. -ENODATA where it has none, or
 * there is no such structure. */
static int find_member(const struct btf *btf, const char *structure, const char *member,
		       uint64_t *ret, uint64_t *ret_size)
{
	int id = btf__find_by_name_kind(btf, structure, BTF_KIND_STRUCT);
	const struct btf_type *type = id < 0 ? NULL : btf__type_by_id(btf, (uint32_t)id);

	for (uint32_t i = 0; type && i < btf_vlen(type); i++) {
		int64_t size;

		if (!is_called(btf, btf_members(type)[i].name_off, member))
			continue;
		size = btf__resolve_size(btf, btf_members(type)[i].type);
		if (size < 0)
			return -EBADMSG;
		*ret = btf_member_bit_offset(type, i) / 8;
		*ret_size = (uint64_t)size;
		return 0;
	}
	return -ENODATA;
}

/* A value of an enum; NO_BIT where it has none of this name, or one that is no bit. */
static unsigned value_of(const struct btf *btf, const struct btf_type *type, const char *name)
{
	for (uint32_t i = 0; i < btf_vlen(type); i++) {
		const struct btf_enum *value = &btf_enum(type)[i];

		if (is_called(btf, value->name_off, name))
			return value->val >= 0 && value->val < NO_BIT ? (unsigned)value->val
								      : NO_BIT;
	}
	return NO_BIT;
}

/* The flags' enum has no name. Kernels before Linux 6.1 have constants in its place, of which BTF
 * knows nothing: there the bits have their numbers of old, and a kernel that knows no device bit
 * leaves it 0, being of the memmap's address. */
static void find_bits(const struct btf *btf, struct section_layout *layout)
{
	uint32_t n = btf__type_cnt(btf);

	for (uint32_t i = 1; i < n; i++) {
		const struct btf_type *type = btf__type_by_id(btf, i);

		if (!btf_is_enum(type) || type->name_off != 0 ||
		    value_of(btf, type, "SECTION_MARKED_PRESENT_BIT") == NO_BIT)
			continue;
		layout->early = value_of(btf, type, "SECTION_IS_EARLY_BIT");
		layout->device = value_of(btf, type, "SECTION_TAINT_ZONE_DEVICE_BIT");
		return;
	}
	layout->early = SECTION_IS_EARLY_BIT;
	layout->device = SECTION_TAINT_ZONE_DEVICE_BIT;
}

static int find_layout(const struct btf *btf, struct section_layout *ret)
{
	struct section_layout layout = {};
	uint64_t pointer_size;
	int r;

	r = find_member(btf, "mem_section", "usage", &layout.usage, &pointer_size);
	if (r < 0)
		return r;
	r = find_member(btf, "mem_section_usage", "subsection_map", &layout.map, &layout.map_size);
	if (r < 0 && r != -ENODATA)
		return r;
	layout.has_map = r >= 0;
	find_bits(btf, &layout);

	*ret = layout;
	return 0;
}

int btf_section_layout(const struct memblock_root *root, struct notes *notes,
		       struct section_layout *ret)
{
	_cleanup_(btf__freep) struct btf *btf = NULL;
	_cleanup_free_ char *data = NULL;
	size_t size;
	int r;

	r = root_read_file(root, BTF_PATH, &data, &size);
	if (r < 0)
		return r;
	r = parse_quietly(data, size, &btf);
	if (r >= 0)
		r = find_layout(btf, ret);
	if (r == -EBADMSG && notes_add(notes, "/" BTF_PATH ": no BTF, or torn") < 0)
		return -ENOMEM;
	return r;
}

#else

int btf_section_layout(const struct memblock_root *root __attribute__((unused)),
		       struct notes *notes __attribute__((unused)),
		       struct section_layout *ret __attribute__((unused)))
{
	return -EOPNOTSUPP;
}

#endif
