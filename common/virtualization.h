/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <libmemblock.h>

/*
 * What virtual machine this is, in the words of systemd-detect-virt --vm: "none" on bare metal. Of
 * the running machine that program is asked, of a captured tree the file memblockd/virtualization.
 * ret, to be freed, is NULL where nobody knows. 0 or -ENOMEM.
 */
int virtualization_read(const struct memblock_root *root, char **ret);
