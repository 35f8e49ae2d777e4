/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "fuzz.h"

#define INPUT_MAX ((size_t)1 << 20)

/*
 * Takes the place of libFuzzer where there is none: runs a target over files, once each, as
 * libFuzzer does with files on its command line.
 */
int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		_cleanup_close_ int fd = open(argv[i], O_RDONLY | O_CLOEXEC);
		_cleanup_free_ uint8_t *data = malloc(INPUT_MAX), *exact = NULL;
		ssize_t n;

		n = fd >= 0 && data ? read_up_to_at(fd, data, INPUT_MAX, 0) : -1;
		exact = n >= 0 ? malloc(MAX((size_t)n, (size_t)1)) : NULL;
		if (!exact) {
			fprintf(stderr, "%s can't be read\n", argv[i]);
			return 1;
		}
		memcpy(exact, data, (size_t)n);
		(void)LLVMFuzzerTestOneInput(exact, (size_t)n);
	}
	return 0;
}
