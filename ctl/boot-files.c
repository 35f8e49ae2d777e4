/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "boot-files.h"
#include "links.h"
#include "macros.h"

#define PATH_TEXT_MAX 1024

/* Where systemd looks for units, but for what is made up while it runs (systemd.unit(5)); the last
 * is the one before it on a merged /usr. A name in the first folder that has it stands for all. */
static const char *const unit_folders[] = {
	"/etc/systemd/system",     "/run/systemd/system", "/usr/local/lib/systemd/system",
	"/usr/lib/systemd/system", "/lib/systemd/system",
};

struct walk {
	struct memblock_root *root;
	void (*failed)(const char *path, int error, void *userdata);
	int (*function)(const struct boot_service *service, void *userdata);
	void *userdata;
};

struct search {
	const struct memblock_root *root;
	bool found;
};

/* Folders are gone through for services first, and one that can't be read is told then. */
static void ignore(const char *folder __attribute__((unused)), int error __attribute__((unused)),
		   void *userdata __attribute__((unused)))
{
}

/* What stands for "/FOLDER/NAME" in one of them, or with "" as folder, for "/NAME". */
static bool look_up(const struct memblock_root *root, const char *folder, const char *name,
		    char ret[PATH_TEXT_MAX])
{
	for (size_t i = 0; i < ARRAY_SIZE(unit_folders); i++) {
		int n = snprintf(ret, PATH_TEXT_MAX, "%s%s/%s", unit_folders[i], folder, name);

		if (n < PATH_TEXT_MAX && is_there(root, ret + 1))
			return true;
	}
	return false;
}

static bool is_mask(const struct memblock_root *root, const char *path)
{
	return links_to(root, path + 1, "null");
}

int boot_tmpfiles_find(struct memblock_root *root,
		       void (*failed)(const char *path, int error, void *userdata), void *userdata,
		       struct dropins *ret)
{
	/* tmpfiles.d(5) */
	static const char *const folders[] = { "/etc/tmpfiles.d", "/run/tmpfiles.d",
					       "/usr/local/lib/tmpfiles.d", "/usr/lib/tmpfiles.d" };

	return dropins_find(root, folders, ARRAY_SIZE(folders), ".conf", failed, userdata, ret);
}

const char *boot_rc_local(const struct memblock_root *root)
{
	/* Where the first is there, the second is a link to it. */
	static const char *const paths[] = { "/etc/rc.d/rc.local", "/etc/rc.local" };

	return is_there(root, paths[0] + 1) ? paths[0] : paths[1];
}

static int for_each_want(struct memblock_root *root, const char *unit,
			 int (*function)(const char *path, void *userdata), void *userdata)
{
	static const char *const kinds[] = { ".wants", ".requires", ".upholds" };
	int r = 0;

	for (size_t kind = 0; r >= 0 && kind < ARRAY_SIZE(kinds); kind++) {
		_cleanup_(dropins_done) struct dropins found = {};
		char path[PATH_TEXT_MAX];

		r = dropins_find(root, unit_folders, ARRAY_SIZE(unit_folders), kinds[kind], ignore,
				 NULL, &found);
		for (size_t i = 0; r >= 0 && i < found.n; i++)
			if (look_up(root, strrchr(found.paths[i], '/'), unit, path))
				r = function(path, userdata);
	}
	return r;
}

static int note_want(const char *path, void *userdata)
{
	struct search *search = userdata;

	search->found |= !is_mask(search->root, path);
	return 0;
}

int boot_unit_is_enabled(struct memblock_root *root, const char *unit, bool *ret)
{
	struct search search = { .root = root };
	char path[PATH_TEXT_MAX];
	int r;

	r = for_each_want(root, unit, note_want, &search);
	if (r >= 0)
		*ret = search.found && !(look_up(root, "", unit, path) && is_mask(root, path));
	return r;
}

int boot_for_each_link(struct memblock_root *root, const char *unit,
		       int (*function)(const char *path, void *userdata), void *userdata)
{
	char path[PATH_TEXT_MAX];
	int r;

	r = for_each_want(root, unit, function, userdata);
	if (r >= 0 && look_up(root, "", unit, path) && is_mask(root, path))
		r = function(path, userdata);
	return r;
}

/* NAME.service.d, whose files stand for those of the same name in the folders behind. */
static int find_dropins(const struct walk *walk, const char *service, struct dropins *ret)
{
	char paths[ARRAY_SIZE(unit_folders)][PATH_TEXT_MAX];
	const char *folders[ARRAY_SIZE(unit_folders)];
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(unit_folders); i++) {
		snprintf(paths[i], sizeof(paths[i]), "%s/%s.d", unit_folders[i], service);
		if (is_there(walk->root, paths[i] + 1))
			folders[n++] = paths[i];
	}
	return dropins_find(walk->root, folders, n, ".conf", walk->failed, walk->userdata, ret);
}

/* Under another name the same file is found again: of links those alone count that keep it. */
static bool is_alias(const struct memblock_root *root, const char *path, const char *name)
{
	return is_link(root, path + 1) && !links_to(root, path + 1, name);
}

static bool is_service(const char *name)
{
	const char *end = strrchr(name, '.');

	return end && strcmp(end, ".service") == 0;
}

static int go_through_service(const struct walk *walk, const char *name)
{
	struct boot_service service = { .name = name };
	char path[PATH_TEXT_MAX];
	int r;

	if (look_up(walk->root, "", name, path)) {
		if (is_mask(walk->root, path))
			return 0;
		if (!is_alias(walk->root, path, name))
			service.path = path;
	}
	r = find_dropins(walk, name, &service.dropins);
	if (r >= 0)
		r = walk->function(&service, walk->userdata);
	dropins_done(&service.dropins);
	return r;
}

/* Of folders of drop-ins, those of services that have no file of their own. */
static int go_through_others(const struct walk *walk)
{
	_cleanup_(dropins_done) struct dropins found = {};
	int r;

	r = dropins_find(walk->root, unit_folders, ARRAY_SIZE(unit_folders), ".d", ignore, NULL,
			 &found);
	for (size_t i = 0; r >= 0 && i < found.n; i++) {
		char *name = strrchr(found.paths[i], '/') + 1, path[PATH_TEXT_MAX];

		name[strlen(name) - strlen(".d")] = '\0';
		if (is_service(name) && !look_up(walk->root, "", name, path))
			r = go_through_service(walk, name);
	}
	return r;
}

int boot_for_each_service(struct memblock_root *root,
			  void (*failed)(const char *path, int error, void *userdata),
			  int (*function)(const struct boot_service *service, void *userdata),
			  void *userdata)
{
	const struct walk walk = { root, failed, function, userdata };
	_cleanup_(dropins_done) struct dropins found = {};
	int r;

	r = dropins_find(root, unit_folders, ARRAY_SIZE(unit_folders), ".service", failed, userdata,
			 &found);
	for (size_t i = 0; r >= 0 && i < found.n; i++)
		r = go_through_service(&walk, strrchr(found.paths[i], '/') + 1);
	return r < 0 ? r : go_through_others(&walk);
}
