/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "bus-connection.h"
#include "census.h"

/* What Node and Device objects have in common. */

/* Appends the property of that name: Blocks, Bytes, OnlineBytes, NotRemovableBytes, Nodes. */
int bus_append_group(sd_bus_message *reply, const struct group *group, const char *property);
/* Whether none of those properties differs. */
bool bus_same_group(const struct group *a, const struct group *b);
/* Adds a copy of a path to a list that ends with NULL, *n long. 0 or -ENOMEM. */
int bus_add_path(char ***paths, size_t *n, const char *path);

/* The path of a device's object; free() it. 0 or -ENOMEM. */
int device_path(const char *name, char **ret);
