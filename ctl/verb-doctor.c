/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "ctl.h"
#include "doctor.h"
#include "json.h"
#include "log.h"

/* In the order in which findings are told. */
static int (*const looks[])(struct doctor *doctor) = {
	doctor_kernel, doctor_rules,   doctor_agents, doctor_boot,
	doctor_layout, doctor_devices, doctor_config,
};

static int examine(struct doctor *doctor, struct onliner *ret_onliner)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(looks); i++)
		r = looks[i](doctor);
	if (r >= 0)
		r = doctor_onliner(doctor, ret_onliner);
	return r < 0 ? r : doctor->findings.error;
}

static int print_json(const struct doctor *doctor, const struct onliner *onliner)
{
	_cleanup_json_ json_object *object = json_object_new_object();
	json_object *who = json_object_new_object();
	int r = 0;

	json_add_text(who, "agent", onliner->agent, &r);
	json_add_text(who, "treatment", onliner->treatment, &r);
	json_add(who, "sure", json_object_new_boolean(onliner->sure), &r);
	json_add_text(who, "summary", onliner->summary, &r);
	json_add(object, "findings", findings_json(&doctor->findings, &r), &r);
	json_add(object, "onliner", who, &r);
	return r < 0 ? log_oom() : json_print(object);
}

static int report(const struct ctl *ctl, const struct doctor *doctor, const struct onliner *onliner)
{
	size_t n = findings_warnings(&doctor->findings);
	int r;

	if (ctl->json) {
		r = print_json(doctor, onliner);
		if (r < 0)
			return r;
	} else {
		findings_print(&doctor->findings);
		if (n > 0)
			printf("%zu thing%s to look after. %s.\n", n, n == 1 ? "" : "s",
			       onliner->summary);
		else
			printf("%s. %s.\n",
			       doctor->not_read
				       ? "Nothing wrong was found, but not all could be read"
				       : "Nothing is wrong",
			       onliner->summary);
	}
	return n > 0 ? STATUS_NOTHING_DONE : STATUS_DONE;
}

static int doctor_run(struct ctl *ctl, char **arguments __attribute__((unused)))
{
	_cleanup_(policy_done) struct policy policy = {};
	_cleanup_(doctor_done) struct doctor doctor = { .policy = &policy };
	_cleanup_(onliner_done) struct onliner onliner = {};
	int r;

	/* Who else is here is asked of files alone: memblockd may be part of what is wrong. */
	r = policy_read(ctl, &policy);
	if (r < 0)
		return r;
	tell_notes(policy.inventory);
	doctor.root = policy.root;
	doctor.inventory = policy.inventory;
	r = examine(&doctor, &onliner);
	return r < 0 ? log_oom() : report(ctl, &doctor, &onliner);
}

const struct verb verb_doctor = {
	.name = "doctor",
	.arguments = "",
	.help = "Tell who else brings memory online here, and what is wrong with its layout",
	.run = doctor_run,
	.max_arguments = 0,
	.local = true,
};
