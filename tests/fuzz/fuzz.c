/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "fuzz.h"

void broken(const char *condition, const char *file, int line)
{
	fprintf(stderr, "%s:%d: this doesn't hold: %s\n", file, line, condition);
	abort();
}

static char *copy_text(const struct input *input)
{
	char *text = strndup(input->size > 0 ? (const char *)input->data : "", input->size);

	must(text);
	return text;
}

char *take_text(struct input *input)
{
	char *text = copy_text(input);

	*input = (struct input){};
	return text;
}

struct input take_bytes(struct input *input, size_t n)
{
	struct input taken = { input->data, MIN(n, input->size) };

	input->data += taken.size;
	input->size -= taken.size;
	return taken;
}

char *take_part(struct input *input)
{
	const uint8_t *end = input->size > 0 ? memchr(input->data, '\f', input->size) : NULL;
	struct input part = take_bytes(input, end ? (size_t)(end - input->data) : input->size);

	(void)take_bytes(input, 1);
	return copy_text(&part);
}

uint64_t take_number(struct input *input, size_t n_bytes)
{
	struct input bytes = take_bytes(input, n_bytes);
	uint64_t number = 0;

	for (size_t i = 0; i < bytes.size; i++)
		number |= (uint64_t)bytes.data[i] << 8 * i;
	return number;
}

int lowest_descriptor(void)
{
	_cleanup_close_ int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	must(fd >= 0);
	return fd;
}
