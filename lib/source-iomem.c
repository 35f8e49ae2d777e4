/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "geometry.h"
#include "parse.h"
#include "sources.h"

#define IOMEM_PATH "proc/iomem"
#define DRIVER_MANAGED "System RAM ("

/* The kernel shows five levels (kernel/resource.c:MAX_IORES_LEVEL); more cost nothing. */
#define DEPTH_MAX 16

/* The smallest page: what is shorter comes in one piece (fs/seq_file.c:seq_read_iter()). */
#define PIECE_MIN 4096
#define READINGS_MAX 3

struct line {
	uint64_t start;
	uint64_t end;
	unsigned depth;
	const char *name;
};

/* What a resource hands down to those inside it. */
struct context {
	enum memblock_kind kind;
	const struct owner *owner;
	bool cxl;
};

struct parser {
	struct iomem *iomem;
	uint64_t page_size;
	struct notes *notes;
	struct context levels[DEPTH_MAX + 1]; /* [0] is outside of everything */
	unsigned depth;
	size_t n_lines;
	size_t n_addresses; /* lines that say more than 0-0 */
	size_t n_damaged;
};

void iomem_done(struct iomem *iomem)
{
	extents_done(&iomem->map);
	extents_done(&iomem->ram);
	extents_done(&iomem->unclear);
	for (size_t i = 0; i < iomem->n_owners; i++)
		free(iomem->owners[i]);
	free(iomem->owners);
	*iomem = (struct iomem){};
}

static bool begins(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* prefix12 or prefix12.34, and nothing behind. */
static bool is_numbered(const char *name, const char *prefix)
{
	uint64_t number;

	if (!begins(name, prefix))
		return false;
	name += strlen(prefix);
	if (parse_u64_at(&name, 10, &number) < 0)
		return false;
	return *name == '\0' || (*name == '.' && parse_u64(name + 1, 10, &number) == 0);
}

/* "  00100000-3fffffff : System RAM", two spaces a level. 0 or -EINVAL. */
static int parse_line(char *text, struct line *ret)
{
	const char *p = text + strspn(text, " ");
	size_t indent = (size_t)(p - text);
	uint64_t start, last;

	if (indent % 2 != 0 || indent / 2 >= DEPTH_MAX || parse_u64_at(&p, 16, &start) < 0 ||
	    *p++ != '-' || parse_u64_at(&p, 16, &last) < 0 || !begins(p, " : "))
		return -EINVAL;
	/* An empty resource ends before it begins; anything else backwards is torn. */
	if (last < start && last + 1 != start)
		return -EINVAL;

	*ret = (struct line){
		.start = start,
		.end = last == UINT64_MAX ? last : last + 1,
		.depth = (unsigned)(indent / 2),
		.name = p + strlen(" : "),
	};
	return 0;
}

/*
 * Children of System RAM (the kernel's image, crash kernel, what firmware reserved inside it on
 * arm64) are RAM still: walk_system_ram_range() counts the outermost resource. What has a name that
 * tells nothing is of its parent's kind, and nothing at all outside of any.
 */
static enum memblock_kind kind_of(const char *name, enum memblock_kind parent)
{
	static const char *const reserved[] = {
		"Reserved",     "reserved",   "ACPI Tables", "ACPI Non-volatile Storage",
		"Unusable",     "System ROM", "Video ROM",   "Adapter ROM",
		"Unknown E820",
	};

	if (begins(name, "System RAM"))
		return MEMBLOCK_KIND_RAM;
	if (begins(name, "Persistent Memory") || is_numbered(name, "namespace"))
		return MEMBLOCK_KIND_PMEM;
	if (is_numbered(name, "dax"))
		return MEMBLOCK_KIND_DEVICE_DAX;
	if (begins(name, "Soft Reserved"))
		return MEMBLOCK_KIND_SOFT_RESERVED;
	if (parent != MEMBLOCK_KIND_HOLE)
		return parent;

	for (size_t i = 0; i < ARRAY_SIZE(reserved); i++)
		if (begins(name, reserved[i]))
			return MEMBLOCK_KIND_FIRMWARE_RESERVED;
	return MEMBLOCK_KIND_HOLE;
}

static int add_owner(struct iomem *iomem, const char *name, size_t length,
		     enum memblock_provider provider, const struct owner **ret)
{
	struct owner *owner;
	int r;

	r = ARRAY_GROW(iomem->owners, iomem->owners_capacity, iomem->n_owners);
	if (r < 0)
		return r;
	owner = calloc(1, sizeof(*owner) + length + 1);
	if (!owner)
		return -ENOMEM;

	owner->provider = provider;
	memcpy(owner->name, name, length);
	*ret = iomem->owners[iomem->n_owners++] = owner;
	return 0;
}

const struct owner *owner_of(const char *name)
{
	return name ? (const struct owner *)(const void *)(name - offsetof(struct owner, name))
		    : NULL;
}

/* Whether a resource's name says who owns what lies in it. add_memory_driver_managed() asks for the
 * form "System RAM (DRIVER)"; around that of dax and virtio-mem lies a device, which tells more. */
static bool names_owner(const char *name, const struct context *context,
			enum memblock_provider *ret_provider)
{
	if (is_numbered(name, "dax"))
		*ret_provider = context->cxl ? MEMBLOCK_PROVIDER_CXL : MEMBLOCK_PROVIDER_DAX;
	else if (is_numbered(name, "virtio"))
		*ret_provider = MEMBLOCK_PROVIDER_VIRTIO_MEM;
	else if (is_numbered(name, "namespace") || is_numbered(name, "region"))
		*ret_provider = MEMBLOCK_PROVIDER_UNKNOWN;
	else if (begins(name, DRIVER_MANAGED) && !context->owner)
		*ret_provider = MEMBLOCK_PROVIDER_DRIVER;
	else
		return false;
	return true;
}

/* Finds what a line is, from its name and what it lies in. */
static int enter(struct parser *parser, const struct line *line, struct context *ret)
{
	struct context context = parser->levels[MIN(line->depth, parser->depth)];
	enum memblock_provider provider;
	int r;

	context.kind = kind_of(line->name, context.kind);
	context.cxl = context.cxl || begins(line->name, "CXL Window");
	if (names_owner(line->name, &context, &provider)) {
		const char *name = line->name;

		if (provider == MEMBLOCK_PROVIDER_DRIVER)
			name += strlen(DRIVER_MANAGED);
		r = add_owner(parser->iomem, name, strcspn(name, ")"), provider, &context.owner);
		if (r < 0)
			return r;
	}

	parser->depth = MIN(line->depth, parser->depth) + 1;
	parser->levels[parser->depth] = context;
	*ret = context;
	return 0;
}

/* The kernel rounds a resource to whole pages inwards (kernel/resource.c:walk_system_ram_range()):
 * a page that two resources share is lost to both. */
static int add_ram(struct parser *parser, const struct line *line)
{
	uint64_t mask = parser->page_size - 1;
	struct memblock_extent extent = {
		.start =
			line->start > UINT64_MAX - mask ? UINT64_MAX : (line->start + mask) & ~mask,
		.end = line->end & ~mask,
		.kind = MEMBLOCK_KIND_RAM,
	};

	return extents_append(&parser->iomem->ram, &extent);
}

static int add_line(struct parser *parser, const struct line *line)
{
	struct memblock_extent extent = {
		.start = line->start,
		.end = line->end,
		.zone = MEMBLOCK_ZONE_NONE,
		.nid = MEMBLOCK_NID_UNKNOWN,
	};
	struct context context;
	int r;

	r = enter(parser, line, &context);
	if (r < 0)
		return r;
	if (begins(line->name, "System RAM")) {
		r = add_ram(parser, line);
		if (r < 0)
			return r;
	}

	if (strcmp(line->name, "Crash kernel") == 0)
		parser->iomem->crash_size = MAX(parser->iomem->crash_size, line->end - line->start);

	extent.kind = context.kind;
	extent.mapped = context.kind == MEMBLOCK_KIND_RAM;
	extent.owner = context.owner ? context.owner->name : NULL;
	return extents_append(&parser->iomem->map, &extent);
}

static int parse_text(struct parser *parser, char *text)
{
	unsigned number = 0;
	int r;

	for (char *next; (next = strsep(&text, "\n"));) {
		struct line line;

		number++;
		if (!*next)
			continue;
		parser->n_lines++;
		r = parse_line(next, &line);
		/* A last line that no line feed ends may be cut inside its name, which then says
		 * less than it should; strsep leaves NULL behind it. */
		if (r >= 0 && !text && !begins(line.name, "System RAM"))
			r = -EINVAL;
		if (r < 0) {
			parser->n_damaged++;
			r = notes_add(parser->notes,
				      "/" IOMEM_PATH ":%u: not a resource: \"%.60s\"", number,
				      next);
		} else {
			parser->n_addresses += line.end > 1;
			r = add_line(parser, &line);
		}
		if (r < 0)
			return r;
	}
	return 0;
}

int iomem_parse(struct iomem *iomem, char *text, uint64_t page_size, struct notes *notes)
{
	struct parser parser = {
		.iomem = iomem,
		.page_size = page_size,
		.notes = notes,
		.levels[0].kind = MEMBLOCK_KIND_HOLE,
	};
	int r;

	r = parse_text(&parser, text);
	if (r < 0)
		return r;
	if (parser.n_lines > parser.n_damaged && parser.n_addresses == 0)
		return -EACCES;

	r = extents_flatten(&iomem->map);
	if (r < 0)
		return r;
	r = extents_flatten(&iomem->ram);
	if (r < 0)
		return r;
	extents_merge(&iomem->map);
	return (int)MIN(parser.n_damaged, (size_t)INT16_MAX);
}

/* seq_file hands out a page at a time and finds its place again by counting lines
 * (kernel/resource.c:r_start()): where a resource comes or goes in between, a line is missed. What
 * two readings agree on is whole, and so is what fits into one piece. */
static int read_steadily(const struct memblock_root *root, char **ret, bool *ret_steady)
{
	_cleanup_free_ char *text = NULL;
	int r;

	r = root_read_file(root, IOMEM_PATH, &text, NULL);
	if (r < 0)
		return r;
	*ret_steady = strlen(text) < PIECE_MIN;
	for (int i = 0; !*ret_steady && i < READINGS_MAX; i++) {
		_cleanup_free_ char *before = TAKE_PTR(text);

		r = root_read_file(root, IOMEM_PATH, &text, NULL);
		if (r < 0)
			return r;
		*ret_steady = strcmp(before, text) == 0;
	}
	*ret = TAKE_PTR(text);
	return 0;
}

/* Every address is 0 for a reader without CAP_SYS_ADMIN (kernel/resource.c:r_show()). */
int source_iomem_read(struct memblock_inventory *inventory)
{
	struct iomem *iomem = &inventory->iomem;
	_cleanup_free_ char *text = NULL;
	bool steady;
	int r;

	r = read_steadily(inventory->root, &text, &steady);
	if (r < 0)
		return inventory_set_source_error(inventory, MEMBLOCK_SOURCE_IOMEM, IOMEM_PATH, r);

	/* Where the page size is not known: what the largest pages cover whole, all do. */
	r = iomem_parse(iomem, text,
			inventory->machine.page_size ? inventory->machine.page_size : PAGE_SIZE_MAX,
			&inventory->notes);
	if (r == -EACCES) {
		iomem_done(iomem);
		return inventory_set_source(inventory, MEMBLOCK_SOURCE_IOMEM,
					    MEMBLOCK_SOURCE_HIDDEN,
					    "/" IOMEM_PATH " hides its addresses from this user "
					    "(it takes CAP_SYS_ADMIN)");
	}
	if (r < 0)
		return r;
	if (iomem->ram.n == 0)
		return inventory_set_source(inventory, MEMBLOCK_SOURCE_IOMEM,
					    MEMBLOCK_SOURCE_FAILED,
					    "/" IOMEM_PATH " names no System RAM");
	if (r > 0)
		return inventory_set_source(inventory, MEMBLOCK_SOURCE_IOMEM,
					    MEMBLOCK_SOURCE_DAMAGED,
					    "%d lines of /" IOMEM_PATH " make no sense", r);
	if (!steady)
		return inventory_set_source(inventory, MEMBLOCK_SOURCE_IOMEM,
					    MEMBLOCK_SOURCE_DAMAGED,
					    "/" IOMEM_PATH " changed whenever it was read");
	return inventory_set_source(inventory, MEMBLOCK_SOURCE_IOMEM, MEMBLOCK_SOURCE_READ, NULL);
}
