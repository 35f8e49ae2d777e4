/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "root.h"
#include "vmcoreinfo.h"

#define KCORE_PATH "proc/kcore"

/*
 * The kernel's memory by virtual address, and its VMCOREINFO: /proc/kcore is an ELF core file
 * (fs/proc/kcore.c). Nothing is written there, ever.
 */
struct kcore;

/* Opens it, and reads its headers. notes may be NULL; it gets a sentence for what makes no sense.
 * Errors: -ENOENT where there is none, -EACCES or -EPERM where this user may not, -EBADMSG for what
 * is no such file, -ENODATA where it brings no VMCOREINFO, -ENOMEM, and what reading gave. */
int kcore_open(const struct memblock_root *root, struct notes *notes, struct kcore **ret);
/* Takes NULL; always returns NULL. */
struct kcore *kcore_close(struct kcore *kcore);
DEFINE_CLEANUP(struct kcore, kcore_close)

const struct vmcoreinfo *kcore_vmcoreinfo(const struct kcore *kcore);

/* Reads size bytes of the kernel's memory. -EFAULT where not all of them lie in one segment,
 * -EBADMSG for a file that ends before, and what reading gave. */
int kcore_read(const struct kcore *kcore, uint64_t address, void *ret, size_t size);
