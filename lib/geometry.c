/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "geometry.h"
#include "macros.h"
#include "parse.h"

#define KERNEL(major, minor) ((major)*1000U + (minor))
#define MIB(n) ((uint64_t)(n) << 20)

#define SECTION_IS_BLOCK UINT64_MAX

struct architecture {
	const char *name;
	uint64_t section_size;   /* 0: by release */
	uint64_t page_size;      /* 0: a choice of the kernel's configuration */
	uint64_t block_size_min; /* the smallest section of any configuration */
};

static const struct architecture architectures[] = {
	{ "aarch64", SECTION_IS_BLOCK, 0, MIB(128) },
	{ "loongarch64", SECTION_IS_BLOCK, 0, MIB(128) },
	{ "ppc64", MIB(16), 0, MIB(16) },
	{ "ppc64le", MIB(16), 0, MIB(16) },
	{ "riscv64", SECTION_IS_BLOCK, 4096, MIB(128) },
	{ "s390x", 0, 4096, MIB(128) },
	{ "x86_64", MIB(128), 4096, MIB(128) },
};

static const struct architecture *find(const char *name)
{
	for (size_t i = 0; name && i < ARRAY_SIZE(architectures); i++)
		if (strcmp(architectures[i].name, name) == 0)
			return &architectures[i];
	return NULL;
}

unsigned geometry_release_number(const char *release)
{
	uint64_t major, minor;

	if (!release || parse_u64_at(&release, 10, &major) < 0 || *release++ != '.' ||
	    parse_u64_at(&release, 10, &minor) < 0 || major > 1000 || minor >= 1000)
		return 0;
	return KERNEL((unsigned)major, (unsigned)minor);
}

static uint64_t s390_section_size(const char *release, uint64_t block_size)
{
	unsigned number = geometry_release_number(release);

	if (block_size == MIB(128) || number >= KERNEL(6, 19))
		return MIB(128);
	if (number != 0 && number <= KERNEL(6, 12))
		return MIB(256);
	return 0;
}

uint64_t geometry_section_size(const char *architecture, const char *release, uint64_t block_size)
{
	const struct architecture *found = find(architecture);
	uint64_t size;

	if (!found)
		return 0;
	if (found->section_size == SECTION_IS_BLOCK)
		return block_size;
	size = found->section_size ? found->section_size : s390_section_size(release, block_size);
	return size <= block_size ? size : 0;
}

uint64_t geometry_block_size_min(const char *architecture)
{
	const struct architecture *found = find(architecture);

	return found ? found->block_size_min : 0;
}

uint64_t geometry_page_size(const char *architecture)
{
	const struct architecture *found = find(architecture);

	return found ? found->page_size : 0;
}

bool geometry_is_arm64(const char *architecture)
{
	/* armv8l is what uname(2) tells a 32-bit program of an arm64 machine. */
	return architecture &&
	       (strcmp(architecture, "aarch64") == 0 || strncmp(architecture, "armv8", 5) == 0);
}

bool geometry_is_s390(const char *architecture)
{
	return architecture &&
	       (strcmp(architecture, "s390x") == 0 || strcmp(architecture, "s390") == 0);
}

bool geometry_is_known(const char *architecture)
{
	/* What uname(2) tells a 32-bit program (arch/ARCH/include/asm/compat.h:COMPAT_UTS_MACHINE).
	 */
	static const char *const compat[] = { "i686", "ppc", "ppcle", "riscv32" };

	for (size_t i = 0; architecture && i < ARRAY_SIZE(compat); i++)
		if (strcmp(architecture, compat[i]) == 0)
			return true;
	return find(architecture) || geometry_is_arm64(architecture) ||
	       geometry_is_s390(architecture);
}
