/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "config.h"
#include "dropins.h"
#include "macros.h"
#include "rule.h"
#include "size.h"
#include "timespan.h"

DEFINE_CLEANUP(struct memblock_root, memblock_root_unref)

/* The key that every rule must have. */
#define ONLINE "Online"

/* Longer names of sections are cut by Debian's inih. */
#define SECTION_MAX 49

/* A rule while it is read. */
struct draft {
	struct memblock_rule rule;
	const char *path; /* of the file that it stands in, and the line of its section */
	unsigned line;
	bool has_online;
	bool is_bad; /* not all of it could be read */
};

struct drafts {
	struct draft *items;
	size_t n;
	size_t capacity;
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
	struct drafts drafts;
	ssize_t current; /* the draft that is being read; -1 in other sections */
	int error;       /* -ENOMEM */
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

static int parse_kernel_policy(const char *value, void *target)
{
	bool *leave = target;

	if (strcmp(value, "leave") != 0 && strcmp(value, "manage") != 0)
		return -EINVAL;
	*leave = strcmp(value, "leave") == 0;
	return 0;
}

/* How many keys a rule has. They come last. */
#define RULE_KEYS 7

static const struct key {
	const char *section; /* NULL: of a rule, which is the target */
	const char *name;
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
	{ "Policy", "KernelPolicy", parse_kernel_policy, offsetof(struct config, leave_kernel),
	  "manage or leave" },
	{ "Marks", "Guard", parse_boolean, offsetof(struct config, guard), "yes or no" },
	{ NULL, "Architecture", rule_parse_architecture, 0, "a list of words of uname -m" },
	{ NULL, "Virtualization", rule_parse_virtualization, 0,
	  "a list of words of systemd-detect-virt, or vm" },
	{ NULL, "Provider", rule_parse_provider, 0, "a list of what brings memory" },
	{ NULL, "Device", rule_parse_device, 0, "a list of devices" },
	{ NULL, "Node", rule_parse_node, 0, "a list of node numbers" },
	{ NULL, "Range", rule_parse_range, 0, "a list of address ranges 0x..-0x.." },
	{ NULL, ONLINE, rule_parse_online, 0, "default, kernel, movable or no" },
};

_Static_assert(ARRAY_SIZE(keys) == CONFIG_KEYS + RULE_KEYS, "config.h counts the keys");

void config_set_defaults(struct config *config)
{
	*config = (struct config){
		.timeout_usec = 60 * USEC_PER_SEC,
		.movable_ratio = 301,
	};
}

void config_done(struct config *config)
{
	for (size_t i = 0; i < config->n_rules; i++)
		rule_done(&config->rules[i]);
	free(config->rules);
	for (size_t i = 0; i < CONFIG_KEYS; i++)
		free(config->places[i]);
	*config = (struct config){};
}

const char *config_place(const struct config *config, const char *section, const char *name)
{
	for (size_t i = 0; i < CONFIG_KEYS; i++)
		if (strcmp(keys[i].section, section) == 0 && strcmp(keys[i].name, name) == 0 &&
		    config->places[i])
			return config->places[i];
	return "default";
}

struct memblock_policy config_policy_now(const struct config *config, struct memblock_root *root)
{
	const struct memblock_limits limits = config_limits(config);
	struct memblock_policy policy = config_policy(config);
	struct memblock_memory memory;

	policy.kernel_is_short = memblock_memory_read(root, &memory) >= 0 &&
				 memblock_memory_is_short(&memory, &limits);
	return policy;
}

static struct draft *current_draft(const struct loader *loader)
{
	return loader->current < 0 ? NULL : &loader->drafts.items[loader->current];
}

/* Whatever can't be read of a rule makes it fit more than was meant. */
static void spoil_draft(const struct loader *loader)
{
	struct draft *draft = current_draft(loader);

	if (draft)
		draft->is_bad = true;
}

static void set_place(struct loader *loader, char **place)
{
	char *text;

	if (asprintf(&text, "%s:%u", loader->path, loader->line) < 0) {
		loader->error = -ENOMEM;
		return;
	}
	free(*place);
	*place = text;
}

static void set_key(struct loader *loader, const struct key *key, const char *value)
{
	struct draft *draft = current_draft(loader);
	char *target = draft ? (char *)&draft->rule : (char *)loader->config;
	int r;

	r = key->parse(value, target + key->target);
	if (r == -ENOMEM)
		loader->error = r;
	if (r < 0) {
		complain(loader, "%s=%s is not %s", key->name, value, key->wanted);
		spoil_draft(loader);
		return;
	}
	if (!draft)
		set_place(loader, &loader->config->places[key - keys]);
	else if (strcmp(key->name, ONLINE) == 0)
		draft->has_online = true;
}

static bool has_keys(const char *section)
{
	for (size_t i = 0; i < CONFIG_KEYS; i++)
		if (strcmp(keys[i].section, section) == 0)
			return true;
	return false;
}

static int take(void *userdata, const char *section, const char *name, const char *value)
{
	struct loader *loader = userdata;
	bool is_rule = loader->current >= 0;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const struct key *key = &keys[i];

		if (key->section ? is_rule || strcmp(key->section, section) != 0 : !is_rule)
			continue;
		if (strcmp(key->name, name) != 0)
			continue;
		set_key(loader, key, value);
		return 1;
	}
	spoil_draft(loader);
	/* A section that there isn't was told of where it began. */
	if (is_rule || has_keys(section))
		complain(loader, "there is no %s= in [%s]", name, section);
	else if (!*section)
		complain(loader, "%s= stands in no section", name);
	return 1;
}

/* Tells what is wrong with a rule as a whole, at the line of its section. */
static void end_draft(struct loader *loader)
{
	struct draft *draft = current_draft(loader);
	unsigned line = loader->line;

	loader->current = -1;
	if (!draft || (draft->has_online && !draft->is_bad))
		return;
	loader->line = draft->line;
	complain(loader, "[Rule %s] is left out, since %s", draft->rule.name,
		 draft->is_bad ? "not all of it could be read" : "it has no " ONLINE "=");
	loader->line = line;
	draft->is_bad = true;
}

/* The draft of that name, or a new one at the end; NULL where there is no memory. */
static struct draft *find_draft(struct drafts *drafts, const char *name)
{
	for (size_t i = 0; i < drafts->n; i++)
		if (strcmp(drafts->items[i].rule.name, name) == 0)
			return &drafts->items[i];
	if (ARRAY_GROW(drafts->items, drafts->capacity, drafts->n) < 0)
		return NULL;
	drafts->items[drafts->n] = (struct draft){};
	return &drafts->items[drafts->n++];
}

/* A rule that comes again replaces the one before, where that stands. */
static int begin_draft(struct loader *loader, const char *name)
{
	_cleanup_free_ char *copy = strdup(name), *place = NULL;
	struct draft *draft;

	if (!copy || asprintf(&place, "%s:%u", loader->path, loader->line) < 0)
		return -ENOMEM;
	draft = find_draft(&loader->drafts, name);
	if (!draft)
		return -ENOMEM;
	if (draft->path == loader->path)
		complain(loader, "[Rule %s] stands in this file twice; the last one counts", name);
	rule_done(&draft->rule);
	*draft = (struct draft){ .path = loader->path, .line = loader->line };
	draft->rule.name = TAKE_PTR(copy);
	draft->rule.place = TAKE_PTR(place);
	loader->current = draft - loader->drafts.items;
	return 0;
}

/* inih tells of a section only with its first key. text: what stands between the brackets; a rule's
 * name is one word. */
static void begin_section(struct loader *loader, const char *text, size_t length)
{
	static const char prefix[] = "Rule ";
	char section[SECTION_MAX + 1];
	int r;

	snprintf(section, sizeof(section), "%.*s", (int)length, text);
	if (has_keys(section))
		return;
	text = section + strlen(prefix);
	if (strncmp(section, prefix, strlen(prefix)) != 0 || !*text || strpbrk(text, " \t")) {
		complain(loader, "there is no section [%s]%s", section,
			 strncasecmp(section, "Rule", strlen("Rule")) == 0
				 ? "; a rule is [Rule NAME], where NAME is one word"
				 : "");
		return;
	}
	r = begin_draft(loader, text);
	if (r < 0)
		loader->error = r;
}

static void drafts_done(struct drafts *drafts)
{
	for (size_t i = 0; i < drafts->n; i++)
		rule_done(&drafts->items[i].rule);
	free(drafts->items);
}

/* The good ones become the configuration's. */
static int take_drafts(struct drafts *drafts, struct config *config)
{
	config->rules = calloc(drafts->n + 1, sizeof(*config->rules));
	if (!config->rules)
		return -ENOMEM;
	for (size_t i = 0; i < drafts->n; i++) {
		if (drafts->items[i].is_bad)
			continue;
		config->rules[config->n_rules++] = drafts->items[i].rule;
		drafts->items[i].rule = (struct memblock_rule){};
	}
	return 0;
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
	if (*text == '[' && text[strcspn(text, ";]")] != ']')
		return "the section has no ]";
	if (*text == '[')
		return strcspn(text, "]") - 1 > SECTION_MAX ? "the section's name is too long"
							    : NULL;
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
	if (*text == '[')
		end_draft(loader);
	fault = fault_of(text, has_nul, length <= room);
	if (!fault) {
		if (*text == '[')
			begin_section(loader, text + 1, strcspn(text, "]") - 1);
		return buffer;
	}
	complain(loader, "%s", fault);
	spoil_draft(loader);
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
	loader->current = -1;
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
	if (ferror(loader->file)) {
		complain(loader, "can't be read on: %s", strerror(errno));
		spoil_draft(loader);
	}
	(void)fclose(loader->file);
	end_draft(loader);
	return loader->error;
}

static void folder_failed(const char *folder, int error, void *userdata)
{
	struct loader *loader = userdata;

	loader->path = folder;
	loader->line = 0;
	complain(loader, "can't be read: %s", strerror(-error));
}

void config_paths(const struct memblock_root *root, const char **ret_file, const char **ret_folder)
{
	*ret_file = CONFIG_FILE;
	*ret_folder = CONFIG_FILE ".d";
	if (!memblock_root_is_live(root))
		return;
	*ret_file = SYSCONFDIR "/memblockd.conf";
	*ret_folder = SYSCONFDIR "/memblockd.conf.d";
}

static int load_all(struct loader *loader)
{
	/* Below the root: a name in the first folders masks it in the later ones. */
	const char *folders[] = { NULL, "/run/memblockd.conf.d", "/usr/lib/memblockd.conf.d" };
	_cleanup_(dropins_done) struct dropins dropins = {};
	const char *file;
	int r;

	config_paths(loader->root, &file, &folders[0]);
	r = dropins_find(loader->root, folders, ARRAY_SIZE(folders), ".conf", folder_failed, loader,
			 &dropins);
	if (r < 0)
		return r;

	r = load_file(loader, file);
	for (size_t i = 0; r >= 0 && i < dropins.n; i++)
		r = load_file(loader, dropins.paths[i]);
	if (r >= 0)
		r = take_drafts(&loader->drafts, loader->config);
	drafts_done(&loader->drafts);
	return r;
}

int config_load(const char *root, void (*warn)(const char *text, void *userdata), void *userdata,
		struct config *ret)
{
	_cleanup_(memblock_root_unrefp) struct memblock_root *handle = NULL;
	_cleanup_(config_done) struct config config;
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
	config = (struct config){};
	return 0;
}
