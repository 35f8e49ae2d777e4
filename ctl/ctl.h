/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <libmemblock.h>
#include <stdbool.h>
#include <stddef.h>

#include "macros.h"

/* Wrong usage, told already: an errno that no file of the kernel gives. */
#define EUSAGE EBADRQC

/* How it ends. */
enum exit_status {
	STATUS_DONE = 0,         /* or already so, or queued */
	STATUS_NOTHING_DONE = 1, /* or all put back */
	STATUS_USAGE = 2,
	STATUS_PARTLY = 64, /* or not put back, or nobody knows: as chmem has it */
};

/* What one run of memblockctl was asked for in common, whatever the verb. */
struct ctl {
	const struct verb *verb;
	const char *root; /* NULL: this machine */
	const char *host; /* NULL: this machine's memblockd */
	bool direct;
	bool json;
	bool of_daemon; /* what load_inventory() gave is memblockd's */
	bool changed;   /* memory or marks, as it was asked for */
};

/* One switch. Every table of switches is the source of getopt's, of --help and of the completions.
 * A switch without a letter has an id above 255. */
struct option_spec {
	int id;
	const char *name;
	const char *argument; /* NULL: takes none */
	const char *help;
	bool optional; /* the argument may be left away */
};

struct verb {
	const char *name;
	const char *arguments; /* "" for none */
	const char *help;
	const struct option_spec *options; /* ends with an id of 0; NULL for none */
	/* Takes one of the verb's own switches. 0, -ENOENT for one that is not its own, -EUSAGE. */
	int (*parse)(struct ctl *ctl, int id, const char *argument);
	/* Does it; arguments is a NULL-terminated list of what is left. An exit status, or a
	 * negative errno, told already. */
	int (*run)(struct ctl *ctl, char **arguments);
	int max_arguments; /* -1: any number */
	bool local;        /* it reads files of this machine, which no memblockd tells of */
	bool needs_daemon; /* nothing of it can be done without memblockd */
};

extern const struct verb verb_status, verb_list, verb_show, verb_map, verb_nodes, verb_devices,
	verb_online, verb_offline, verb_plan, verb_remove, verb_mark, verb_unmark, verb_jobs,
	verb_cancel, verb_monitor, verb_policy, verb_doctor, verb_metrics, verb_capture, verb_help,
	verb_version;
extern const struct verb *const verbs[]; /* ends with NULL */

extern const struct option_spec common_options[];
/* Whether a verb (NULL: none yet) can do anything with one of them. */
bool verb_takes(const struct verb *verb, const struct option_spec *common);

/* Reads the command line: the verb, its switches and the common ones in any order. Returns 1 with a
 * NULL-terminated list of what is left, 0 where --help or --version was asked for and printed, or a
 * negative errno. */
int parse_command_line(struct ctl *ctl, int argc, char **argv, char ***ret_arguments);

/* NULL where there is no such verb. */
const struct verb *find_verb(const char *name);
/* Takes one switch, of the verb (NULL: none yet) or a common one. 0, -ENOENT for one of neither, or
 * -EUSAGE, told. */
int take_option(struct ctl *ctl, int id, const char *argument);

void print_help(const struct verb *verb);
void print_version(void);

/* Wrong usage: says what, and where help is. Returns -EUSAGE. */
int usage_error(const struct ctl *ctl, const char *format, ...)
	__attribute__((__format__(printf, 2, 3)));

/* Opens this machine or the captured tree, and reads its memory blocks. 0 or a negative errno,
 * told. */
int open_root(const struct ctl *ctl, struct memblock_root **ret);
int read_inventory(struct memblock_root *root, struct memblock_inventory **ret);

/* The memory blocks of this machine, of memblockd or where it can't be had of the kernel, or of the
 * captured tree. Tells people on standard error what could not be read. */
int load_inventory(struct ctl *ctl, struct memblock_inventory **ret);

/* Tells people on standard error what looked wrong while reading. */
void tell_notes(const struct memblock_inventory *inventory);

/* The same, and which facts are missing that verdicts need. */
void tell_lacks(const struct ctl *ctl, const struct memblock_inventory *inventory);

/* Why a source of facts gave less than all; NULL where nothing is missing. Most sources may be
 * absent: not every machine has persistent memory. */
const char *missing_source(const struct memblock_inventory *inventory, enum memblock_source source);
/* Whether it is read where somebody asks for it alone. */
bool is_on_demand(enum memblock_source source);

DEFINE_CLEANUP(struct memblock_root, memblock_root_unref)
DEFINE_CLEANUP(struct memblock_inventory, memblock_inventory_unref)
DEFINE_CLEANUP(char *, memblock_strv_free)
