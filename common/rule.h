/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <libmemblock.h>

/*
 * A [Rule NAME] of memblockd.conf, which owns all that it points at. Each parser takes the value of
 * one key and fills its part of the rule, in place of what was there; it leaves that alone on
 * failure: -EINVAL for a value that makes no sense, nothing among it, or -ENOMEM.
 */
int rule_parse_architecture(const char *value, void *rule);
int rule_parse_virtualization(const char *value, void *rule);
int rule_parse_provider(const char *value, void *rule);
int rule_parse_device(const char *value, void *rule);
int rule_parse_node(const char *value, void *rule);
int rule_parse_range(const char *value, void *rule);
int rule_parse_online(const char *value, void *rule);

/* Frees what it owns. */
void rule_done(struct memblock_rule *rule);
