/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dirent.h>
#include <fcntl.h>
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "config.h"
#include "macros.h"
#include "size.h"
#include "timespan.h"

DEFINE_CLEANUP(struct memblock_root, memblock_root_unref)

/* Where drop-ins lie, below the root: a name in the first folders masks it in the later ones. */
static const char *const folders[] = {
	SYSCONFDIR "/memblockd.conf.d",
	"/run/memblockd.conf.d",
	"/usr/lib/memblockd.conf.d",
};

/* Who is told what is wrong, and what is filled. */
struct loader {
	struct memblock_root *root;
	void (*warn)(const char *text, void *userdata);
	void *userdata;
	struct config *config;
	const char *path; /* of the file that is being read */
	FILE *file;
	unsigned line;
};

static void complain(const struct loader *loader, const char *format, ...) _printf_(2, 3);
static void complain(const struct loader *loader, const char *format, ...)
{
	const char *root =
		memblock_root_is_live(loader->root) ? "" : memblock_root_path(loader->root);
	char what[256], text[512], line[16] = "";
	va_list ap;

	va_start(ap, format);
	vsnprintf(what, sizeof(what), format, ap);
	va_end(ap);
	if (loader->line > 0)
		snprintf(line, sizeof(line), ":%u", loader->line);
	snprintf(text, sizeof(text), "%s%s%s: %s", root, loader->path, line, what);
	loader->warn(text, loader->userdata);
}

static int parse_reserve(const char *value, void *target)
{
	uint64_t *reserve = target, size;
	int r;

	if (strcmp(value, "auto") == 0) {
		*reserve = 0;
		return 0;
	}
	r = size_parse(value, 1, &size);
	if (r < 0)
		return r;
	if (size == 0)
		return -EINVAL;
	*reserve = size;
	return 0;
}

static int parse_timeout(const char *value, void *target)
{
	uint64_t *timeout = target, usec;
	int r;

	r = timespan_parse(value, &usec);
	if (r < 0)
		return r;
	if (usec == 0)
		return -EINVAL;
	*timeout = usec;
	return 0;
}

static int parse_percent(const char *value, void *target)
{
	unsigned *percent = target;
	uint64_t number;
	size_t digits = strspn(value, "0123456789");

	if (value[digits] || size_parse(value, 1, &number) < 0 || number > UINT32_MAX)
		return -EINVAL;
	*percent = (unsigned)number;
	return 0;
}

static int parse_boolean(const char *value, void *target)
{
	static const char *const words[] = { "no", "yes", "false", "true", "off", "on", "0", "1" };
	bool *boolean = target;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(value, words[i]) == 0) {
			*boolean = i % 2;
			return 0;
		}
	return -EINVAL;
}

static const struct key {
	const char *section, *name;
	int (*parse)(const char *value, void *target); /* leaves it alone on failure */
	size_t target;
	const char *wanted;
} keys[] = {
	{ "Offline", "Reserve", parse_reserve, offsetof(struct config, reserve),
	  "a size like 512M, or auto" },
	{ "Offline", "Timeout", parse_timeout, offsetof(struct config, timeout_usec),
	  "a time like 90s" },
	{ "Policy", "MovableRatio", parse_percent, offsetof(struct config, movable_ratio),
	  "a number of percent" },
	{ "Marks", "Guard", parse_boolean, offsetof(struct config, guard), "yes or no" },
};

void config_set_defaults(struct config *config)
{
	*config = (struct config){
		.timeout_usec = 60 * USEC_PER_SEC,
		.movable_ratio = 301,
	};
}

static int take(void *userdata, const char *section, const char *name, const char *value)
{
	struct loader *loader = userdata;
	bool section_known = false;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const struct key *key = &keys[i];

		if (strcmp(key->section, section) != 0)
			continue;
		section_known = true;
		if (strcmp(key->name, name) != 0)
			continue;
		if (key->parse(value, (char *)loader->config + key->target) < 0)
			complain(loader, "%s=%s is not %s", name, value, key->wanted);
		return 1;
	}
	if (section_known)
		complain(loader, "there is no %s= in [%s]", name, section);
	else if (*section)
		complain(loader, "%s= stands in [%s], which there isn't", name, section);
	else
		complain(loader, "%s= stands in no section", name);
	return 1;
}

/* What is wrong with a line, for which inih would make something else of it or say nothing; NULL
 * for a good one. */
static const char *fault_of(const char *text, bool has_nul, bool fits)
{
	if (!fits)
		return "the line is too long";
	if (has_nul)
		return "the line has a NUL byte in it";
	if (strchr(" \t", *text))
		return "the line is indented; each stands for itself";
	if (*text == '[')
		return text[strcspn(text, ";]")] == ']' ? NULL : "the section has no ]";
	return text[strcspn(text, ";=")] == '=' ? NULL : "this is neither [SECTION] nor KEY=VALUE";
}

/*
 * inih's reader, as fgets(3). Debian's inih tells no line numbers, takes what follows the 200th
 * byte of a line for another line, and joins indented lines to the one before.
 */
static char *read_line(char *buffer, int size, void *userdata)
{
	static const char bom[] = "\xef\xbb\xbf";
	struct loader *loader = userdata;
	size_t length = 0, room = (size_t)size - 1;
	bool has_nul = false;
	const char *fault;
	char *text = buffer;
	int c;

	while ((c = getc(loader->file)) != EOF && c != '\n') {
		has_nul = has_nul || c == '\0';
		if (length < room)
			buffer[length] = (char)c;
		length++;
	}
	if (c == EOF && length == 0)
		return NULL;
	loader->line++;
	buffer[MIN(length, room)] = '\0';

	if (loader->line == 1 && strncmp(buffer, bom, strlen(bom)) == 0)
		text += strlen(bom);
	/* A comment, or nothing: however long, and as it likes. */
	if (strchr("#;", text[strspn(text, " \t\r")]) && !has_nul) {
		*buffer = '\0';
		return buffer;
	}
	fault = fault_of(text, has_nul, length <= room);
	if (!fault)
		return buffer;
	complain(loader, "%s", fault);
	/* What follows a section that can't be read must not count for the one before. */
	snprintf(buffer, (size_t)size, "%s", *text == '[' ? "[]" : "");
	return buffer;
}

/* A file that isn't there is no fault; nor is a link to /dev/null, which masks a drop-in. */
static int load_file(struct loader *loader, const char *path)
{
	_cleanup_close_ int fd = -1;
	struct stat st;

	loader->path = path;
	loader->line = 0;
	fd = memblock_root_open(loader->root, path + 1, 0);
	if (fd == -ENOENT)
		return 0;
	if (fd < 0 || fstat(fd, &st) < 0) {
		complain(loader, "can't be read: %s", strerror(fd < 0 ? -fd : errno));
		return 0;
	}
	if (S_ISCHR(st.st_mode))
		return 0;
	if (!S_ISREG(st.st_mode)) {
		complain(loader, "is no file");
		return 0;
	}

	loader->file = fdopen(fd, "r");
	if (!loader->file)
		return -errno;
	fd = -1;
	(void)ini_parse_stream(read_line, loader, take, loader);
	if (ferror(loader->file))
		complain(loader, "can't be read on: %s", strerror(errno));
	(void)fclose(loader->file);
	return 0;
}

/* Paths of drop-ins. */
struct dropins {
	char **paths;
	size_t n;
};

static void dropins_done(struct dropins *dropins)
{
	for (size_t i = 0; i < dropins->n; i++)
		free(dropins->paths[i]);
	free(dropins->paths);
}

static const char *name_of(const char *path)
{
	return strrchr(path, '/') + 1;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(name_of(*(char *const *)a), name_of(*(char *const *)b));
}

static bool is_masked(const struct dropins *dropins, const char *name)
{
	for (size_t i = 0; i < dropins->n; i++)
		if (strcmp(name_of(dropins->paths[i]), name) == 0)
			return true;
	return false;
}

static int add_dropin(struct dropins *dropins, const char *folder, const char *name)
{
	char **grown = reallocarray(dropins->paths, dropins->n + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	dropins->paths = grown;
	if (asprintf(&grown[dropins->n], "%s/%s", folder, name) < 0)
		return -ENOMEM;
	dropins->n++;
	return 0;
}

static bool is_dropin_name(const char *name)
{
	const char *suffix = strrchr(name, '.');

	return suffix && suffix > name && *name != '.' && strcmp(suffix, ".conf") == 0;
}

static int find_dropins(struct loader *loader, const char *folder, struct dropins *dropins)
{
	_cleanup_closedir_ DIR *dir = NULL;
	struct dirent *entry;
	int fd, r = 0;

	loader->path = folder;
	loader->line = 0;
	fd = memblock_root_open(loader->root, folder + 1, O_DIRECTORY);
	if (fd == -ENOENT)
		return 0;
	if (fd < 0) {
		complain(loader, "can't be read: %s", strerror(-fd));
		return 0;
	}
	dir = fdopendir(fd);
	if (!dir) {
		r = -errno;
		(void)close(fd);
		return r;
	}
	while (r >= 0 && (entry = readdir(dir)))
		if (is_dropin_name(entry->d_name) && !is_masked(dropins, entry->d_name))
			r = add_dropin(dropins, folder, entry->d_name);
	return r;
}

static int load_all(struct loader *loader)
{
	_cleanup_(dropins_done) struct dropins dropins = {};
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		r = find_dropins(loader, folders[i], &dropins);
		if (r < 0)
			return r;
	}
	if (dropins.n > 0)
		qsort(dropins.paths, dropins.n, sizeof(*dropins.paths), compare_names);

	r = load_file(loader, SYSCONFDIR "/memblockd.conf");
	for (size_t i = 0; r >= 0 && i < dropins.n; i++)
		r = load_file(loader, dropins.paths[i]);
	return r;
}

int config_load(const char *root, void (*warn)(const char *text, void *userdata), void *userdata,
		struct config *ret)
{
	_cleanup_(memblock_root_unrefp) struct memblock_root *handle = NULL;
	struct config config;
	int r;

	config_set_defaults(&config);
	r = memblock_root_new(root, &handle);
	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		warn("The root of the configuration can't be read", userdata);
	} else {
		struct loader loader = {
			.root = handle,
			.warn = warn,
			.userdata = userdata,
			.config = &config,
		};

		r = load_all(&loader);
		if (r < 0)
			return r;
	}

	*ret = config;
	return 0;
}
