/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdint.h>

#include "bus-names.h"

/* Long enough for any object but a device's. */
#define BUS_PATH_MAX 64

#define BLOCK_PATH MEMBLOCK_BUS_PATH "/block"
#define NODE_PATH MEMBLOCK_BUS_PATH "/node"
#define DEVICE_PATH MEMBLOCK_BUS_PATH "/device"
#define JOB_PATH MEMBLOCK_BUS_PATH "/job"

char *block_path(uint64_t index, char ret[BUS_PATH_MAX]);
char *node_path(int nid, char ret[BUS_PATH_MAX]);
char *job_object_path(unsigned id, char ret[BUS_PATH_MAX]);
/* The number behind the last prefix of a path, of the form that the functions above write;
 * -ENOENT for any other. */
int path_number(const char *path, const char *prefix, uint64_t *ret);
