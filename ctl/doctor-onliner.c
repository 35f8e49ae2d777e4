/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "doctor.h"

static bool onlines(const struct rival *rival)
{
	return !rival->action || strncmp(rival->action, "online", strlen("online")) == 0;
}

static const char *what_it_does(const struct rival *rival)
{
	return !onlines(rival)  ? "takes memory offline"
	       : !rival->action ? "runs a program that may bring memory online"
				: "brings memory online";
}

/* The first line that is sure to act on new memory, and differs from this one. */
static const struct rival *first_other(const struct doctor *doctor, const struct rival *rival)
{
	for (const struct rival *other = doctor->rivals; other < rival; other++)
		if (other->on[OCCASION_ADD] == TRUTH_YES && onlines(other) && !other->ours)
			return !rival->action || !other->action ||
					       strcmp(other->action, rival->action) != 0
				       ? other
				       : NULL;
	return NULL;
}

/* Why a line of a rule is no good here; NULL where it is. */
static const char *fault_of(const struct doctor *doctor, const struct rival *rival)
{
	bool sure = rival->on[OCCASION_ADD] == TRUTH_YES;

	if (rival->on[OCCASION_CHANGE] == TRUTH_YES || rival->on[OCCASION_OFFLINE] == TRUTH_YES)
		return onlines(rival) ? "even what an administrator took offline"
				      : "even what an administrator brought online";
	if (!sure)
		return NULL;
	if (!onlines(rival))
		return doctor_kernel_onlines(doctor) || doctor->ready || doctor->enabled
			       ? "which others bring online"
			       : NULL;
	if (doctor_kernel_onlines(doctor))
		return NULL; /* nothing is left for it to do */
	if (doctor->default_state && strcmp(doctor->default_state, "offline") == 0)
		return "which the kernel command line wants to stay offline";
	if (doctor->ready || doctor->enabled)
		return "and so does memblockd: whoever is faster chooses the zone";
	if (first_other(doctor, rival))
		return "but another rule is first, and chooses another zone";
	return NULL;
}

static void tell_rival(struct doctor *doctor, const struct rival *rival)
{
	struct findings *findings = &doctor->findings;
	const char *fault = fault_of(doctor, rival);
	const struct rival *other = first_other(doctor, rival);
	const char *name = strrchr(rival->file, '/') + 1;
	bool maybe = rival->action && rival->on[OCCASION_ADD] != TRUTH_YES && !fault;

	findings_add(findings, fault ? SEVERITY_WARNING : SEVERITY_INFO, "udev-rule",
		     "A udev rule %s%s%s%s", what_it_does(rival),
		     maybe ? ", if its conditions hold here" : "", fault ? ", " : "",
		     fault ? fault
		     : doctor_kernel_onlines(doctor) && onlines(rival)
			     ? ", where the kernel has not done so before"
			     : "");
	findings_add_evidence(findings, "%s:%u: %s%s, on%s%s%s", rival->file, rival->line,
			      rival->action ? "writes " : "runs a program",
			      rival->action ? rival->action : "",
			      rival->on[OCCASION_ADD] ? " add" : "",
			      rival->on[OCCASION_CHANGE] ? " change (udevadm trigger)" : "",
			      rival->on[OCCASION_OFFLINE] ? " offline" : "");
	if (other)
		findings_add_evidence(findings, "%s:%u: writes %s before it", other->file,
				      other->line, other->action ? other->action : "something");
	if (!fault)
		return;
	if (strncmp(rival->file, "/etc/", strlen("/etc/")) == 0)
		findings_set_advice(findings,
				    "Take that line out of the file, and run udevadm control "
				    "--reload.");
	else
		findings_set_advice(findings,
				    "Copy the file to /etc/udev/rules.d/%s and take that line out "
				    "of the copy; if nothing else in it is wanted, make "
				    "/etc/udev/rules.d/%s a link to /dev/null. Then run udevadm "
				    "control --reload.",
				    name, name);
}

void onliner_done(struct onliner *onliner)
{
	free(onliner->summary);
}

static int set_onliner(struct onliner *onliner, const char *agent, const char *treatment, bool sure,
		       const char *format, ...) _printf_(5, 6);
static int set_onliner(struct onliner *onliner, const char *agent, const char *treatment, bool sure,
		       const char *format, ...)
{
	va_list ap;
	int r;

	onliner->agent = agent;
	onliner->treatment = treatment;
	onliner->sure = sure;
	va_start(ap, format);
	r = vasprintf(&onliner->summary, format, ap);
	va_end(ap);
	return r < 0 ? -ENOMEM : 0;
}

/* The first line that acts on new memory: one that is sure to, or else one that may. */
static const struct rival *first_rival(const struct doctor *doctor)
{
	const struct rival *found = NULL;

	for (size_t i = 0; i < doctor->n_rivals; i++) {
		const struct rival *rival = &doctor->rivals[i];

		if (onlines(rival) && rival->on[OCCASION_ADD] != TRUTH_NO &&
		    (!found || rival->on[OCCASION_ADD] > found->on[OCCASION_ADD]))
			found = rival;
	}
	return found;
}

/* The kernel is always first: it does it before it tells anybody of the new memory. */
static int find_onliner(const struct doctor *doctor, struct onliner *ret)
{
	const struct rival *rival = first_rival(doctor);
	bool sure = rival && rival->on[OCCASION_ADD] == TRUTH_YES;

	if (doctor_kernel_onlines(doctor))
		return set_onliner(ret, "kernel", doctor->auto_online, true,
				   "New memory is brought online by the kernel%s (%s)",
				   doctor->set_by_us ? ", as memblockd told it" : "",
				   doctor->auto_online);
	if (doctor->ready)
		return set_onliner(ret, "memblockd", NULL, !sure || rival->ours,
				   "New memory is brought online by memblockd%s",
				   sure && !rival->ours ? ", or by a udev rule that is faster"
							: "");
	if (rival && rival->ours)
		return set_onliner(ret, "memblockd", NULL, true,
				   "New memory is brought online by memblockd's helper (%s:%u)",
				   rival->file, rival->line);
	if (rival)
		return set_onliner(ret, "udev", rival->action, sure,
				   "New memory %s brought online by a udev rule (%s:%u%s%s)",
				   sure ? "is" : "may be", rival->file, rival->line,
				   rival->action ? ", " : "", rival->action ? rival->action : "");
	return set_onliner(ret, "nobody", NULL, true,
			   "Nobody brings new memory online: it stays offline until somebody does");
}

/* A program of which nobody can tell what it does, or nobody at all. */
static bool is_nobody_sure(const struct onliner *onliner)
{
	return strcmp(onliner->agent, "nobody") == 0 ||
	       (strcmp(onliner->agent, "udev") == 0 && !onliner->treatment && !onliner->sure);
}

int doctor_onliner(struct doctor *doctor, struct onliner *ret)
{
	struct findings *findings = &doctor->findings;
	int r;

	for (size_t i = 0; i < doctor->n_rivals; i++)
		if (!doctor->rivals[i].ours)
			tell_rival(doctor, &doctor->rivals[i]);
	r = find_onliner(doctor, ret);
	if (r < 0 || !is_nobody_sure(ret) || !doctor->adds_by_itself)
		return r;

	findings_add(findings, SEVERITY_WARNING, "nobody",
		     "Memory is added here by the host, but nobody %sbrings it online",
		     strcmp(ret->agent, "nobody") == 0 ? "" : "surely ");
	findings_add_evidence(findings, "/sys/devices/system/memory/auto_online_blocks: %s",
			      *doctor->auto_online ? doctor->auto_online : "not known");
	findings_set_advice(findings, "Start memblockd, or boot with memhp_default_state=online.");
	return 0;
}
