/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "macros.h"
#include "worker.h"

/* Puts text into a file that has no name, and that nobody can change any more. What leaves the
 * worker is that, and never a descriptor of what it was read from. Returns a descriptor. */
static int seal_text(const char *text)
{
	size_t size = strlen(text), done = 0;
	_cleanup_close_ int fd = -1;

	fd = memfd_create("memblockd-worker", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -errno;
	while (done < size) {
		ssize_t n = pwrite(fd, text + done, size - done, (off_t)done);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			done += (size_t)n;
	}
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
		return -errno;

	return TAKE_FD(fd);
}

/* The bytes that a request speaks of. */
static int range_of(const struct worker_request *request, uint64_t size, struct memblock_range *ret)
{
	uint64_t end;

	if (request->count == 0 || request->count > WORKER_COUNT_MAX || size == 0 ||
	    __builtin_add_overflow(request->block, request->count, &end) ||
	    __builtin_mul_overflow(end, size, &ret->end))
		return -EINVAL;
	ret->start = request->block * size;
	return 0;
}

int worker_count_pages(struct memblock_root *root, const struct worker_request *request)
{
	_cleanup_free_ struct memblock_pages *pages = NULL;
	_cleanup_free_ char *text = NULL;
	struct memblock_range range;
	size_t n;
	int r;

	r = range_of(request, request->block_size, &range);
	if (r >= 0)
		r = memblock_pages_read(root, request->block_size, request->page_size, &range, 1,
					request->limit, &pages, &n);
	if (r >= 0)
		r = memblock_pages_to_text(pages, n, &text);
	return r < 0 ? r : seal_text(text);
}

int worker_read_sections(struct memblock_root *root, const struct worker_request *request)
{
	_cleanup_free_ char *text = NULL;
	struct memblock_range range;
	int r;

	r = range_of(request, request->section_size, &range);
	if (r >= 0)
		r = memblock_sections_read(root, request->section_size, request->block,
					   request->count, &text);
	return r < 0 ? r : seal_text(text);
}

int worker_read_all_sections(struct memblock_root *root)
{
	_cleanup_free_ char *text = NULL;
	int r;

	r = memblock_sections_read(root, 0, 0, UINT64_MAX, &text);
	return r < 0 ? r : seal_text(text);
}

bool worker_is_poisoned(struct memblock_root *root, const struct worker_request *request)
{
	uint64_t pages;

	return memblock_read_poison(root, request->block_size, request->page_size, request->block,
				    &pages) >= 0 &&
	       pages > 0;
}
