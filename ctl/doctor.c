/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "doctor.h"

void doctor_done(struct doctor *doctor)
{
	for (size_t i = 0; i < doctor->n_rivals; i++) {
		free(doctor->rivals[i].file);
		free(doctor->rivals[i].action);
	}
	free(doctor->rivals);
	free(doctor->default_state);
	free(doctor->daxctl_rule);
	findings_done(&doctor->findings);
}

bool doctor_kernel_onlines(const struct doctor *doctor)
{
	return strncmp(doctor->auto_online, "online", strlen("online")) == 0;
}

bool doctor_kernel_is_older(const struct doctor *doctor, unsigned major, unsigned minor)
{
	const char *release = memblock_inventory_release(doctor->inventory);
	unsigned found_major, found_minor;

	if (!release || sscanf(release, "%u.%u", &found_major, &found_minor) != 2)
		return false;
	return found_major < major || (found_major == major && found_minor < minor);
}

void doctor_tell_unknown(struct doctor *doctor, const char *what)
{
	doctor->not_read = true;
	findings_add(&doctor->findings, SEVERITY_INFO, "not-read", "%s is not fully known", what);
}

int doctor_for_each(struct doctor *doctor, const char *folder,
		    int (*function)(struct doctor *doctor, const char *name, void *userdata),
		    void *userdata)
{
	_cleanup_close_ int fd = memblock_root_open(doctor->root, folder, O_DIRECTORY);
	struct dirent **names;
	int r = 0, n;

	if (fd < 0)
		return 0;
	n = scandirat(fd, ".", &names, NULL, alphasort);
	if (n < 0)
		return errno == ENOMEM ? -ENOMEM : 0;
	for (int i = 0; i < n; i++) {
		if (r >= 0 && *names[i]->d_name != '.')
			r = function(doctor, names[i]->d_name, userdata);
		free(names[i]);
	}
	free(names);
	return r;
}
