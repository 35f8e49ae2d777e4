/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "change-options.h"
#include "log.h"
#include "timespan.h"

static bool arg_blocks, arg_best_effort, arg_dry_run, arg_no_wait, arg_verbose;
static uint64_t arg_timeout_usec;
static const char *arg_zone;

static int parse_timeout(struct ctl *ctl, const char *text)
{
	if (timespan_parse(text, &arg_timeout_usec) < 0 || arg_timeout_usec == 0)
		return usage_error(ctl, "\"%s\" is no time such as 90s or 5min", text);
	return 0;
}

int change_parse(struct ctl *ctl, int id, const char *argument)
{
	switch (id) {
	case 'b':
		arg_blocks = true;
		return 0;
	case 'v':
		arg_verbose = true;
		return 0;
	case 'z':
		arg_zone = argument;
		return 0;
	case OPT_BEST_EFFORT:
		arg_best_effort = true;
		return 0;
	case OPT_DRY_RUN:
		arg_dry_run = true;
		return 0;
	case OPT_NO_WAIT:
		arg_no_wait = true;
		return 0;
	case OPT_TIMEOUT:
		return parse_timeout(ctl, argument);
	default:
		return -ENOENT;
	}
}

/* To bring memory online, a zone is movable or one of the kernel's; chmem says Normal for those. */
static int choose_online_zone(const struct ctl *ctl, struct change *change)
{
	change->action = MEMBLOCK_ACTION_ONLINE;
	if (!arg_zone)
		return 0;
	if (strcasecmp(arg_zone, "movable") == 0)
		change->action = MEMBLOCK_ACTION_ONLINE_MOVABLE;
	else if (strcasecmp(arg_zone, "kernel") == 0 || strcasecmp(arg_zone, "normal") == 0)
		change->action = MEMBLOCK_ACTION_ONLINE_KERNEL;
	else
		return usage_error(
			ctl, "The zone to bring memory online in is kernel or movable, not \"%s\"",
			arg_zone);
	return 0;
}

static int no_such_zone(const struct ctl *ctl)
{
	char text[128] = "";
	size_t n = 0;

	for (int zone = MEMBLOCK_ZONE_DMA; zone < MEMBLOCK_ZONE_DEVICE && n < sizeof(text); zone++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", n > 0 ? ", " : "",
				      memblock_zone_to_string((enum memblock_zone)zone));
	return usage_error(ctl, "There is no zone \"%s\"; there are %s", arg_zone, text);
}

static int choose_offline_zone(const struct ctl *ctl, struct change *change)
{
	change->action = MEMBLOCK_ACTION_OFFLINE;
	if (!arg_zone)
		return 0;
	if (memblock_zone_from_string(arg_zone, &change->zone) < 0 ||
	    change->zone <= MEMBLOCK_ZONE_NONE)
		return no_such_zone(ctl);
	return 0;
}

static int parse_words(const struct ctl *ctl, char **words, struct change *change)
{
	const char *takes = change->kind == CHANGE_REMOVE
				    ? "a device, device:NAME"
				    : "a size (4G), blocks (memory32, 32-40), an address range "
				      "(0x..-0x..), node:N or device:NAME";
	_cleanup_free_ char *error = NULL;
	int r;

	if (!*words)
		return usage_error(ctl, "Which memory? That is %s", takes);
	r = targets_parse(words, arg_blocks, takes, &change->targets, &error);
	if (r == -EINVAL)
		return usage_error(ctl, "%s", error);
	return r < 0 ? log_oom() : 0;
}

/* What goes away is the device, so it alone can be named. */
static int check_removal(const struct ctl *ctl, const struct targets *targets)
{
	if (!targets->device || targets->n > 0 || targets->size > 0 ||
	    targets->nid != MEMBLOCK_NID_UNKNOWN)
		return usage_error(ctl, "What is removed is a device: device:NAME");
	if ((ctl->direct || ctl->root) && !arg_dry_run)
		return usage_error(ctl, "Devices are removed by memblockd: without --direct and "
					"--root");
	return 0;
}

static int make_change(const struct ctl *ctl, char **words, enum change_kind kind,
		       struct change *change)
{
	int r;

	*change = (struct change){
		.ctl = ctl,
		.kind = kind,
		.best_effort = arg_best_effort,
		.no_wait = arg_no_wait,
		.verbose = arg_verbose,
		.timeout_usec = arg_timeout_usec,
	};
	r = kind == CHANGE_ONLINE ? choose_online_zone(ctl, change)
				  : choose_offline_zone(ctl, change);
	if (r >= 0)
		r = parse_words(ctl, words, change);
	if (r >= 0 && kind == CHANGE_REMOVE)
		r = check_removal(ctl, &change->targets);
	return r;
}

static void change_done(struct change *change)
{
	targets_done(&change->targets);
}

int change_verb_plan(struct ctl *ctl, char **words, enum change_kind kind)
{
	_cleanup_(change_done) struct change change = {};
	int r;

	r = make_change(ctl, words, kind, &change);
	return r < 0 ? r : change_plan_run(&change);
}

int change_verb_run(struct ctl *ctl, char **words, enum change_kind kind)
{
	_cleanup_(change_done) struct change change = {};
	int r;

	if (arg_dry_run)
		return change_verb_plan(ctl, words, kind);
	r = make_change(ctl, words, kind, &change);
	if (r < 0)
		return r;
	if (ctl->root && !ctl->direct)
		return usage_error(ctl, "A captured tree is changed with --direct only");
	if (ctl->direct && arg_no_wait)
		return usage_error(ctl,
				   "Without memblockd there is nobody to leave it to: --no-wait "
				   "and --direct exclude each other");
	r = change_run(&change);
	ctl->changed = r == STATUS_DONE;
	return r;
}
