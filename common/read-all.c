/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "macros.h"
#include "read-all.h"

ssize_t read_all(int fd, size_t max, char **ret)
{
	_cleanup_free_ char *data = NULL;
	size_t size = 0, capacity = 8192;

	for (;;) {
		char *grown = realloc(data, capacity);
		ssize_t n;

		if (!grown)
			return -ENOMEM;
		data = grown;
		n = read(fd, data + size, capacity - size - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		size += (size_t)n;
		if (size > max)
			return -EFBIG;
		if (size == capacity - 1)
			capacity *= 2;
	}
	data[size] = '\0';
	*ret = TAKE_PTR(data);
	return (ssize_t)size;
}

ssize_t read_file(const struct memblock_root *root, const char *path, size_t max, char **ret)
{
	_cleanup_close_ int fd = memblock_root_open(root, path, 0);

	return fd < 0 ? fd : read_all(fd, max, ret);
}

int read_attribute(const struct memblock_root *root, const char *path, char ret[ATTRIBUTE_TEXT_MAX])
{
	_cleanup_free_ char *text = NULL;
	ssize_t size;

	size = read_file(root, path, ATTRIBUTE_TEXT_MAX - 1, &text);
	if (size < 0 || !text)
		return (int)size;
	if (size > 0 && text[size - 1] == '\n')
		text[--size] = '\0';
	if (memchr(text, '\0', (size_t)size))
		return -EBADMSG;
	memcpy(ret, text, (size_t)size + 1);
	return 0;
}
