/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "doctor.h"
#include "dropins.h"

/* What systemd is told to start. */

#define PATH_TEXT_MAX 512

/* Where systemd looks for units, but for what is made up while it runs (systemd.unit(5)); the last
 * is the one before it on a merged /usr. */
static const char *const folders[] = {
	"/etc/systemd/system",     "/run/systemd/system", "/usr/local/lib/systemd/system",
	"/usr/lib/systemd/system", "/lib/systemd/system",
};

/* A name in the first folder that has it stands for all. */
enum presence {
	PRESENCE_NONE,
	PRESENCE_MASKED, /* a link to /dev/null */
	PRESENCE_THERE,
};

struct search {
	const char *unit;
	bool found;
};

struct service_files {
	size_t folder; /* which of the folders is gone through */
	int (*function)(struct doctor *doctor, const char *path, const char *service);
};

static bool ends_with(const char *name, const char *suffix)
{
	size_t length = strlen(name), end = strlen(suffix);

	return length > end && strcmp(name + length - end, suffix) == 0;
}

/* Of "FOLDER/NAME" below the first n folders of units; folder may be ".". */
static enum presence look_up(const struct doctor *doctor, size_t n, const char *folder,
			     const char *name)
{
	char path[PATH_TEXT_MAX];

	for (size_t i = 0; i < n; i++) {
		if ((size_t)snprintf(path, sizeof(path), "%s/%s/%s", folders[i] + 1, folder,
				     name) >= sizeof(path) ||
		    !doctor_has(doctor, path))
			continue;
		return doctor_links_to(doctor, path, "null") ? PRESENCE_MASKED : PRESENCE_THERE;
	}
	return PRESENCE_NONE;
}

static int look_for_want(struct doctor *doctor, const char *name, void *userdata)
{
	struct search *search = userdata;

	if (ends_with(name, ".wants") || ends_with(name, ".requires") ||
	    ends_with(name, ".upholds"))
		search->found |=
			look_up(doctor, ARRAY_SIZE(folders), name, search->unit) == PRESENCE_THERE;
	return 0;
}

static bool is_masked(const struct doctor *doctor, const char *unit)
{
	return look_up(doctor, ARRAY_SIZE(folders), ".", unit) == PRESENCE_MASKED;
}

int doctor_unit_is_enabled(struct doctor *doctor, const char *unit, bool *ret)
{
	struct search search = { .unit = unit };
	int r = 0;

	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(folders); i++)
		r = doctor_for_each(doctor, folders[i] + 1, look_for_want, &search);
	if (r >= 0)
		*ret = search.found && !is_masked(doctor, unit);
	return r;
}

void doctor_boot_not_read(const char *path, int error, void *userdata)
{
	struct doctor *doctor = userdata;

	doctor_tell_unknown(doctor, "What is done about memory at boot");
	findings_add_evidence(&doctor->findings, "%s: %s", path, strerror(-error));
}

/* NAME.service.d, whose files stand for those of the same name in the folders behind. */
static int go_through_dropins(struct doctor *doctor, const char *name, void *userdata)
{
	const struct service_files *files = userdata;
	_cleanup_(dropins_done) struct dropins dropins = {};
	char paths[ARRAY_SIZE(folders)][PATH_TEXT_MAX], service[PATH_TEXT_MAX];
	const char *list[ARRAY_SIZE(folders)];
	int r;

	if (!ends_with(name, ".service.d") ||
	    look_up(doctor, files->folder, ".", name) != PRESENCE_NONE)
		return 0; /* the second: it had its turn */
	snprintf(service, sizeof(service), "%.*s", (int)(strlen(name) - strlen(".d")), name);
	if (is_masked(doctor, service))
		return 0;

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		snprintf(paths[i], sizeof(paths[i]), "%s/%s", folders[i], name);
		list[i] = paths[i];
	}
	r = dropins_find(doctor->root, list, ARRAY_SIZE(list), ".conf", doctor_boot_not_read,
			 doctor, &dropins);
	for (size_t i = 0; r >= 0 && i < dropins.n; i++)
		r = files->function(doctor, dropins.paths[i], service);
	return r;
}

/* Under another name the same file is found again: of links those alone count that keep it. */
static bool is_alias(const struct doctor *doctor, const char *path, const char *name)
{
	_cleanup_close_ int fd = memblock_root_open(doctor->root, path, O_PATH | O_NOFOLLOW);
	char target[1];

	return fd >= 0 && readlinkat(fd, "", target, sizeof(target)) >= 0 &&
	       !doctor_links_to(doctor, path, name);
}

int doctor_for_each_service(struct doctor *doctor,
			    int (*function)(struct doctor *doctor, const char *path,
					    const char *service))
{
	_cleanup_(dropins_done) struct dropins services = {};
	struct service_files files = { .function = function };
	int r;

	r = dropins_find(doctor->root, folders, ARRAY_SIZE(folders), ".service",
			 doctor_boot_not_read, doctor, &services);
	for (size_t i = 0; r >= 0 && i < services.n; i++) {
		const char *name = strrchr(services.paths[i], '/') + 1;

		if (!is_alias(doctor, services.paths[i] + 1, name))
			r = function(doctor, services.paths[i], name);
	}
	for (; r >= 0 && files.folder < ARRAY_SIZE(folders); files.folder++)
		r = doctor_for_each(doctor, folders[files.folder] + 1, go_through_dropins, &files);
	return r;
}
