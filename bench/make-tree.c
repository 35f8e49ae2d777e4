/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes a captured tree of any number of blocks: a machine of x86 with blocks of 128 MiB on eight
 * nodes, and below 4 GiB the hole for devices. Of each node the first three quarters are the
 * kernel's, what follows is Movable but for single blocks that are offline, and the last sixteenth
 * is offline.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "log.h"
#include "macros.h"

#define MEMORY_DIR "sys/devices/system/memory"
#define NODE_DIR "sys/devices/system/node"
#define BLOCK_SHIFT 27
#define BLOCK_PAGES (UINT64_C(1) << (BLOCK_SHIFT - 12))
#define NODES 8
#define HOLE_START 16  /* 2 GiB */
#define HOLE_END 32    /* 4 GiB */
#define DMA_PAGES 4096 /* 16 MiB */
#define ISOLATED 512   /* of so many Movable blocks one is offline */
/* A block is ten of tmpfs' inodes; numbers of blocks stay far from overflow. */
#define BLOCKS_MAX (UINT64_C(1) << 32)

enum zone {
	ZONE_DMA,
	ZONE_DMA32,
	ZONE_NORMAL,
	ZONE_MOVABLE,
	N_ZONES,
};

static const char *const zone_words[N_ZONES] = { "DMA", "DMA32", "Normal", "Movable" };

/* In pages. */
struct span {
	uint64_t first;
	uint64_t end;
	uint64_t present;
};

struct node {
	struct span spans[N_ZONES];
	int fd;
};

struct tree {
	uint64_t n_blocks;
	unsigned n_nodes;
	struct node nodes[NODES];
	bool shared;
	int memory_fd;
	int words_fd;
};

/* What does not depend on the number of blocks. */
static const struct {
	const char *path;
	const char *text;
} constants[] = {
	{ "proc/cmdline", "console=ttyS0 quiet" },
	{ "proc/sys/kernel/arch", "x86_64" },
	{ "proc/sys/kernel/osrelease", "6.12.0" },
	{ "proc/version", "Linux version 6.12.0" },
	{ MEMORY_DIR "/auto_online_blocks", "offline" },
	{ MEMORY_DIR "/block_size_bytes", "8000000" },
	{ MEMORY_DIR "/crash_hotplug", "1" },
	{ "sys/module/memory_hotplug/parameters/auto_movable_numa_aware", "Y" },
	{ "sys/module/memory_hotplug/parameters/auto_movable_ratio", "301" },
	{ "sys/module/memory_hotplug/parameters/memmap_on_memory", "N" },
	{ "sys/module/memory_hotplug/parameters/online_policy", "contig-zones" },
};

static void tree_done(struct tree *tree)
{
	closep(&tree->memory_fd);
	closep(&tree->words_fd);
	for (unsigned i = 0; i < tree->n_nodes; i++)
		closep(&tree->nodes[i].fd);
}

/* Makes the folders of a path, all but its last part. */
static int make_parents(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s", name);
	for (char *p = path; (p = strchr(p, '/')); p++) {
		*p = '\0';
		if (mkdir(path, 0755) < 0 && errno != EEXIST)
			return -errno;
		*p = '/';
	}
	return 0;
}

static int open_folder(const char *name)
{
	int r;

	r = make_parents(name);
	if (r < 0)
		return r;
	if (mkdir(name, 0755) < 0)
		return -errno;
	r = open(name, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	return r < 0 ? -errno : r;
}

static FILE *open_file(const char *name)
{
	int r;

	r = make_parents(name);
	if (r < 0) {
		errno = -r;
		return NULL;
	}
	return fopen(name, "we");
}

static int close_file(FILE *file)
{
	bool failed = ferror(file);

	if (fclose(file) != 0)
		return -errno;
	return failed ? -EIO : 0;
}

static int write_file(const char *name, const char *format, ...) _printf_(2, 3);
static int write_file(const char *name, const char *format, ...)
{
	FILE *file = open_file(name);
	va_list ap;

	if (!file)
		return -errno;
	va_start(ap, format);
	vfprintf(file, format, ap);
	va_end(ap);
	fputc('\n', file);
	return close_file(file);
}

static uint64_t first_of_node(const struct tree *tree, unsigned nid)
{
	return (nid * tree->n_blocks + tree->n_nodes - 1) / tree->n_nodes;
}

/* The number of the nth block. */
static uint64_t number_of(uint64_t n)
{
	return n < HOLE_START ? n : n + HOLE_END - HOLE_START;
}

struct block {
	uint64_t number;
	unsigned nid;
	enum zone zone;
	bool online;
};

static struct block nth_block(const struct tree *tree, uint64_t n)
{
	unsigned nid = (unsigned)(n * tree->n_nodes / tree->n_blocks);
	uint64_t first = first_of_node(tree, nid), size = first_of_node(tree, nid + 1) - first;
	uint64_t sixteenth = (n - first) * 16 / size;
	struct block block = { .number = number_of(n), .nid = nid, .online = true };

	if (sixteenth < 12) {
		block.zone = block.number < HOLE_END ? ZONE_DMA32 : ZONE_NORMAL;
	} else {
		block.zone = ZONE_MOVABLE;
		block.online = sixteenth < 15 && n % ISOLATED != ISOLATED / 2;
	}
	return block;
}

/* mm/memory_hotplug.c: of an offline block, the zones that it may go to, the default first. None,
 * of a block in two of them: the first 16 MiB are DMA. */
static const char *zones_of(const struct block *block)
{
	if (block->number == 0)
		return "none";
	return block->online ? zone_words[block->zone] : "Normal Movable";
}

static int write_attribute(int fd, const char *name, const char *word)
{
	_cleanup_close_ int file = openat(fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	char text[64];
	int n;

	if (file < 0)
		return -errno;
	n = snprintf(text, sizeof(text), "%s\n", word);
	return write(file, text, (size_t)n) < 0 ? -errno : 0;
}

/* Another name of the one file that says so; write_words() made it. */
static int share_attribute(const struct tree *tree, int fd, const char *name, const char *word)
{
	return linkat(tree->words_fd, word, fd, name, 0) < 0 ? -errno : 0;
}

static int link_node(const struct tree *tree, int fd, const struct block *block)
{
	char name[32], target[64];

	snprintf(name, sizeof(name), "node%u", block->nid);
	snprintf(target, sizeof(target), "../../node/%s", name);
	if (symlinkat(target, fd, name) < 0)
		return -errno;
	snprintf(name, sizeof(name), "memory%" PRIu64, block->number);
	snprintf(target, sizeof(target), "../../memory/%s", name);
	return symlinkat(target, tree->nodes[block->nid].fd, name) < 0 ? -errno : 0;
}

/* The attributes that list and lsmem read are files of their own, as they are in sysfs, unless the
 * tree is to be small. Those that nobody reads never are. */
static int write_attributes(const struct tree *tree, int fd, const struct block *block)
{
	const struct {
		const char *name;
		const char *word;
		bool shared;
	} attributes[] = {
		{ "online", block->online ? "1" : "0", true },
		{ "phys_device", "0", true },
		{ "removable", "1", tree->shared },
		{ "state", block->online ? "online" : "offline", tree->shared },
		{ "valid_zones", zones_of(block), tree->shared },
	};
	char index[32];
	int r = 0;

	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(attributes); i++)
		r = attributes[i].shared
			    ? share_attribute(tree, fd, attributes[i].name, attributes[i].word)
			    : write_attribute(fd, attributes[i].name, attributes[i].word);
	if (r < 0 || tree->shared)
		return r;
	snprintf(index, sizeof(index), "%08" PRIx64, block->number);
	return write_attribute(fd, "phys_index", index);
}

static int make_block(const struct tree *tree, const struct block *block)
{
	_cleanup_close_ int fd = -1;
	char name[32];
	int r;

	snprintf(name, sizeof(name), "memory%" PRIu64, block->number);
	if (mkdirat(tree->memory_fd, name, 0755) < 0)
		return -errno;
	fd = openat(tree->memory_fd, name, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = write_attributes(tree, fd, block);
	if (r >= 0)
		r = link_node(tree, fd, block);
	if (r >= 0 && symlinkat("../../../../bus/memory", fd, "subsystem") < 0)
		r = -errno;
	return r;
}

static void count_pages(struct span *span, uint64_t first, uint64_t end, bool online)
{
	if (!online)
		return;
	if (span->present == 0)
		span->first = first;
	span->end = end;
	span->present += end - first;
}

static void count_block(struct tree *tree, const struct block *block)
{
	struct span *spans = tree->nodes[block->nid].spans;
	uint64_t first = block->number * BLOCK_PAGES, end = first + BLOCK_PAGES;

	if (block->number == 0) {
		count_pages(&spans[ZONE_DMA], 1, DMA_PAGES, true);
		first = DMA_PAGES;
	}
	count_pages(&spans[block->zone], first, end, block->online);
}

static int make_blocks(struct tree *tree)
{
	for (uint64_t n = 0; n < tree->n_blocks; n++) {
		struct block block = nth_block(tree, n);
		int r = make_block(tree, &block);

		if (r < 0)
			return r;
		count_block(tree, &block);
	}
	return 0;
}

static int write_words(struct tree *tree)
{
	static const char *const words[] = {
		"0", "1", "online", "offline", "none", "Normal Movable"
	};
	int r = 0;

	tree->words_fd = open_folder("words");
	if (tree->words_fd < 0)
		return tree->words_fd;
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(words); i++)
		r = write_attribute(tree->words_fd, words[i], words[i]);
	for (size_t i = 0; r >= 0 && i < N_ZONES; i++)
		r = write_attribute(tree->words_fd, zone_words[i], zone_words[i]);
	return r;
}

static int open_folders(struct tree *tree)
{
	tree->memory_fd = open_folder(MEMORY_DIR);
	if (tree->memory_fd < 0)
		return tree->memory_fd;

	for (unsigned nid = 0; nid < tree->n_nodes; nid++) {
		char name[64];

		snprintf(name, sizeof(name), NODE_DIR "/node%u", nid);
		tree->nodes[nid].fd = open_folder(name);
		if (tree->nodes[nid].fd < 0)
			return tree->nodes[nid].fd;
	}
	return 0;
}

static int write_iomem(const struct tree *tree)
{
	uint64_t last = number_of(tree->n_blocks - 1), low = MIN(last + 1, HOLE_START);
	FILE *file = open_file("proc/iomem");

	if (!file)
		return -errno;
	fprintf(file, "00000000-00000fff : Reserved\n00001000-0009fbff : System RAM\n");
	fprintf(file, "0009fc00-000fffff : Reserved\n");
	fprintf(file, "00100000-%08" PRIx64 " : System RAM\n", (low << BLOCK_SHIFT) - 1);
	fprintf(file, "c0000000-febfffff : PCI Bus 0000:00\n");
	if (last >= HOLE_END)
		fprintf(file, "100000000-%" PRIx64 " : System RAM\n",
			((last + 1) << BLOCK_SHIFT) - 1);
	return close_file(file);
}

/* What the kernel keeps for its own table of pages. */
static uint64_t managed_pages(const struct span *span)
{
	return span->present - span->present / 64;
}

static void print_zone(FILE *file, unsigned nid, enum zone zone, const struct span *span)
{
	fprintf(file, "Node %u, zone %8s\n", nid, zone_words[zone]);
	fprintf(file, "  pages free     %" PRIu64 "\n", managed_pages(span) / 2);
	fprintf(file, "        boost    0\n        min      0\n        low      0\n");
	fprintf(file, "        high     0\n        spanned  %" PRIu64 "\n",
		span->end - span->first);
	fprintf(file, "        present  %" PRIu64 "\n", span->present);
	fprintf(file, "        managed  %" PRIu64 "\n", managed_pages(span));
	fprintf(file, "        cma      0\n");
	if (span->present > 0)
		fprintf(file,
			"      nr_free_pages %" PRIu64 "\n  node_unreclaimable:  0\n"
			"  start_pfn:           %" PRIu64 "\n",
			managed_pages(span) / 2, span->first);
}

static int write_zoneinfo(const struct tree *tree)
{
	FILE *file = open_file("proc/zoneinfo");

	if (!file)
		return -errno;
	for (unsigned nid = 0; nid < tree->n_nodes; nid++)
		for (unsigned zone = 0; zone < N_ZONES; zone++)
			print_zone(file, nid, zone, &tree->nodes[nid].spans[zone]);
	return close_file(file);
}

static uint64_t node_kib(const struct node *node)
{
	uint64_t pages = 0;

	for (unsigned zone = 0; zone < N_ZONES; zone++)
		pages += managed_pages(&node->spans[zone]);
	return pages * 4;
}

static int write_node(const struct tree *tree, unsigned nid)
{
	uint64_t kib = node_kib(&tree->nodes[nid]);
	char name[64], distances[NODES * 4] = "";
	int r, n = 0;

	for (unsigned i = 0; i < tree->n_nodes; i++)
		n += snprintf(distances + n, sizeof(distances) - (size_t)n, "%s%d", i ? " " : "",
			      i == nid ? 10 : 20);
	snprintf(name, sizeof(name), NODE_DIR "/node%u/distance", nid);
	r = write_file(name, "%s", distances);
	if (r < 0)
		return r;
	snprintf(name, sizeof(name), NODE_DIR "/node%u/cpulist", nid);
	r = write_file(name, "%u", nid);
	if (r < 0)
		return r;
	snprintf(name, sizeof(name), NODE_DIR "/node%u/meminfo", nid);
	return write_file(name,
			  "Node %u MemTotal: %15" PRIu64 " kB\nNode %u MemFree:  %15" PRIu64 " kB",
			  nid, kib, nid, kib / 2);
}

static int write_nodes(const struct tree *tree)
{
	static const char *const lists[] = { "has_cpu", "has_memory", "has_normal_memory", "online",
					     "possible" };
	char name[64];
	int r = 0;

	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(lists); i++) {
		snprintf(name, sizeof(name), NODE_DIR "/%s", lists[i]);
		r = write_file(name, tree->n_nodes > 1 ? "0-%u" : "%u", tree->n_nodes - 1);
	}
	for (unsigned nid = 0; r >= 0 && nid < tree->n_nodes; nid++)
		r = write_node(tree, nid);
	return r;
}

static int write_meminfo(const struct tree *tree)
{
	uint64_t kib = 0;

	for (unsigned nid = 0; nid < tree->n_nodes; nid++)
		kib += node_kib(&tree->nodes[nid]);
	return write_file("proc/meminfo",
			  "MemTotal:     %15" PRIu64 " kB\nMemFree:      %15" PRIu64
			  " kB\nMemAvailable: %15" PRIu64 " kB",
			  kib, kib / 2, kib / 2);
}

static int write_constants(void)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(constants); i++)
		r = write_file(constants[i].path, "%s", constants[i].text);
	return r;
}

static int make_tree(struct tree *tree, const char *folder)
{
	static int (*const writers[])(const struct tree *) = {
		write_iomem,
		write_zoneinfo,
		write_nodes,
		write_meminfo,
	};
	int r;

	if (mkdir(folder, 0755) < 0 || chdir(folder) < 0)
		return -errno;
	r = open_folders(tree);
	if (r >= 0)
		r = write_words(tree);
	if (r >= 0)
		r = make_blocks(tree);
	if (r >= 0)
		r = write_constants();
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(writers); i++)
		r = writers[i](tree);
	return r;
}

static int parse_count(const char *text, uint64_t *ret)
{
	char *end;

	errno = 0;
	*ret = strtoull(text, &end, 10);
	return errno == 0 && *end == '\0' && *ret > 0 && *ret <= BLOCKS_MAX ? 0 : -EINVAL;
}

int main(int argc, char **argv)
{
	_cleanup_(tree_done) struct tree tree = { .memory_fd = -1, .words_fd = -1 };
	int r;

	tree.shared = argc > 1 && strcmp(argv[1], "--shared") == 0;
	if (tree.shared) {
		argv++;
		argc--;
	}
	if (argc != 3 || parse_count(argv[1], &tree.n_blocks) < 0) {
		log_line("make-tree [--shared] COUNT FOLDER");
		return 2;
	}
	tree.n_nodes = (unsigned)MIN(tree.n_blocks, (uint64_t)NODES);
	for (unsigned i = 0; i < NODES; i++)
		tree.nodes[i].fd = -1;

	r = make_tree(&tree, argv[2]);
	if (r < 0)
		log_error(r, "Can't make a tree in %s: %m", argv[2]);
	return r < 0 ? 1 : 0;
}
