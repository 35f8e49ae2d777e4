/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "config.h"
#include "fake-tree.h"
#include "timespan.h"

#define MAIN "etc/memblockd.conf"
#define ETC "etc/memblockd.conf.d"
#define RUN "run/memblockd.conf.d"
#define VENDOR "usr/lib/memblockd.conf.d"

/* All warnings in one text, a line each, less the name of the tree. */
struct warnings {
	char text[4096];
	size_t root;
};

static void warn(const char *text, void *userdata)
{
	struct warnings *warnings = userdata;
	size_t length = strlen(warnings->text);

	snprintf(warnings->text + length, sizeof(warnings->text) - length, "%s\n",
		 strlen(text) > warnings->root ? text + warnings->root : text);
}

static struct config load(struct fake_tree *tree, struct warnings *ret)
{
	struct config config;

	*ret = (struct warnings){ .root = strlen(tree->path) };
	assert_int_equal(config_load(tree->path, warn, ret, &config), 0);
	return config;
}

static void assert_defaults(const struct config *config)
{
	assert_int_equal(config->reserve, 0);
	assert_int_equal(config->timeout_usec, 60 * USEC_PER_SEC);
	assert_int_equal(config->movable_ratio, 301);
	assert_false(config->guard);
}

#define LONG_40 "0123456789012345678901234567890123456789"
#define LONG_200 LONG_40 LONG_40 LONG_40 LONG_40 LONG_40

struct row {
	const char *name, *text;
	uint64_t reserve, timeout; /* 0: the default */
	int ratio;                 /* -1: the default */
	bool guard;
	const char *warnings; /* behind the file's name */
};

static const struct row rows[] = {
	{ "empty", "", 0, 0, -1, false, NULL },
	{ "all",
	  "[Offline]\nReserve=1G\nTimeout=5min\n[Policy]\nMovableRatio=0\n[Marks]\nGuard=yes\n",
	  GIB(1), 300 * USEC_PER_SEC, 0, true, NULL },
	{ "spaces, comments", "# c\n; d\n  # e\n\n  \n[Offline]\nReserve = 512M ; why\n", MIB(512),
	  0, -1, false, NULL },
	{ "a long comment", "# " LONG_200 "\n[Marks]\nGuard=on\n", 0, 0, -1, true, NULL },
	{ "CRLF", "[Offline]\r\n\r\nReserve=1M\r\n[Marks]\r\nGuard=yes\r\n", MIB(1), 0, -1, true,
	  NULL },
	{ "BOM", "\xef\xbb\xbf[Marks]\nGuard=yes\n", 0, 0, -1, true, NULL },
	{ "BOM, comment", "\xef\xbb\xbf# x\n[Marks]\nGuard=yes\n", 0, 0, -1, true, NULL },
	{ "torn: no line feed", "[Marks]\nGuard=yes", 0, 0, -1, true, NULL },
	{ "torn: half a key", "[Offline]\nReserve=1M\nTime", MIB(1), 0, -1, false,
	  ":3: this is neither [SECTION] nor KEY=VALUE" },
	{ "torn: half a section", "[Marks]\nGuard=yes\n[Off", 0, 0, -1, true,
	  ":3: the section has no ]" },
	{ "the last one counts", "[Offline]\nReserve=1M\nReserve=2M\n", MIB(2), 0, -1, false,
	  NULL },
	{ "a bad value leaves the one before", "[Offline]\nReserve=1M\nReserve=2X\n", MIB(1), 0, -1,
	  false, ":3: Reserve=2X is not a size like 512M, or auto" },
	{ "auto", "[Offline]\nReserve=1M\nReserve=auto\n", 0, 0, -1, false, NULL },
	{ "nothing", "[Offline]\nReserve=\n", 0, 0, -1, false,
	  ":2: Reserve= is not a size like 512M, or auto" },
	{ "no reserve", "[Offline]\nReserve=0\n", 0, 0, -1, false,
	  ":2: Reserve=0 is not a size like 512M, or auto" },
	{ "no time", "[Offline]\nTimeout=0\n", 0, 0, -1, false,
	  ":2: Timeout=0 is not a time like 90s" },
	{ "milliseconds", "[Offline]\nTimeout=500ms\n", 0, 500000, -1, false, NULL },
	{ "signed percent", "[Policy]\nMovableRatio=-1\n", 0, 0, -1, false,
	  ":2: MovableRatio=-1 is not a number of percent" },
	{ "percent with a unit", "[Policy]\nMovableRatio=4K\n", 0, 0, -1, false,
	  ":2: MovableRatio=4K is not a number of percent" },
	{ "percent too large", "[Policy]\nMovableRatio=4294967296\n", 0, 0, -1, false,
	  ":2: MovableRatio=4294967296 is not a number of percent" },
	{ "largest percent", "[Policy]\nMovableRatio=2147483647\n", 0, 0, 2147483647, false, NULL },
	{ "perhaps", "[Marks]\nGuard=perhaps\n", 0, 0, -1, false,
	  ":2: Guard=perhaps is not yes or no" },
	{ "unknown key", "[Marks]\nReserve=1M\nGuard=yes\n", 0, 0, -1, true,
	  ":2: there is no Reserve= in [Marks]" },
	{ "other case", "[marks]\nGuard=yes\n", 0, 0, -1, false,
	  ":1: there is no section [marks]" },
	{ "a section without keys", "[Foo]\n[Marks]\nGuard=yes\n", 0, 0, -1, true,
	  ":1: there is no section [Foo]" },
	{ "what follows an unknown section counts for none", "[Marks]\n[Foo]\nGuard=yes\n", 0, 0,
	  -1, false, ":2: there is no section [Foo]" },
	{ "no section", "Guard=yes\n", 0, 0, -1, false, ":1: Guard= stands in no section" },
	{ "what follows a broken section counts for none", "[Marks]\n[Offline\nGuard=yes\n", 0, 0,
	  -1, false, ":2: the section has no ]|:3: Guard= stands in no section" },
	{ "indented", "[Offline]\nReserve=1M\n 2M\n\tTimeout=1\n", MIB(1), 0, -1, false,
	  ":3: the line is indented; each stands for itself|"
	  ":4: the line is indented; each stands for itself" },
	{ "a long value", "[Offline]\nReserve=1M\nReserve=2M" LONG_200 "\nTimeout=1\n", MIB(1),
	  USEC_PER_SEC, -1, false, ":3: the line is too long" },
	{ "a long line whose rest is a line",
	  "[Offline]\nX=" LONG_40 LONG_40 LONG_40 LONG_40
	  "0123456789012345678901234567890123456Reserve=2M\n",
	  0, 0, -1, false, ":2: the line is too long" },
	{ "a section of a long name",
	  "[Marks]\n[Rule 0123456789012345678901234567890123456789abcde]\nGuard=yes\n", 0, 0, -1,
	  false, ":2: the section's name is too long|:3: Guard= stands in no section" },
	{ "a long section", "[Marks]\n[" LONG_200 "]\nGuard=yes\n", 0, 0, -1, false,
	  ":2: the line is too long|:3: Guard= stands in no section" },
	{ "colon", "[Marks]\nGuard:yes\n", 0, 0, -1, false,
	  ":2: this is neither [SECTION] nor KEY=VALUE" },
	{ "comment before the sign", "[Marks]\nGuard ;=yes\n", 0, 0, -1, false,
	  ":2: this is neither [SECTION] nor KEY=VALUE" },
	{ "rubbish", "\xff\xfe\x01\n\x80\x80=\x81\n", 0, 0, -1, false,
	  ":1: this is neither [SECTION] nor KEY=VALUE|:2: \x80\x80= stands in no section" },
};

static void test_file(void **state)
{
	const struct row *row = *state;
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
	_cleanup_free_ char *wanted = strdup(row->warnings ?: "");
	char text[1024] = "", *save = NULL;
	_cleanup_(config_done) struct config config = {};
	struct warnings warnings;

	write_file(tree, MAIN, "%s", row->text);
	config = load(tree, &warnings);
	assert_int_equal(config.reserve, row->reserve);
	assert_int_equal(config.timeout_usec, row->timeout ?: 60 * USEC_PER_SEC);
	assert_int_equal(config.movable_ratio, row->ratio < 0 ? 301 : row->ratio);
	assert_int_equal(config.guard, row->guard);
	for (char *word = strtok_r(wanted, "|", &save); word; word = strtok_r(NULL, "|", &save))
		sprintf(text + strlen(text), "/etc/memblockd.conf%s\n", word);
	assert_string_equal(warnings.text, text);
}

static void test_nul(void **state)
{
	static const char bytes[] = "[Marks]\nGuard=yes\n\0[Offline]\nGuard=no\0\nGuard=\0no\n\0\0";
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
	struct warnings warnings;
	_cleanup_(config_done) struct config config = {};

	(void)state;
	write_bytes(tree, MAIN, bytes, sizeof(bytes) - 1);
	config = load(tree, &warnings);
	assert_true(config.guard);
	for (unsigned line = 3; line <= 6; line++) {
		char text[64];

		snprintf(text, sizeof(text), ".conf:%u: the line has a NUL byte in it\n", line);
		assert_non_null(strstr(warnings.text, text));
	}
}

static void test_nothing_there(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
	struct warnings warnings;
	_cleanup_(config_done) struct config config = {};

	(void)state;
	config = load(tree, &warnings);
	assert_defaults(&config);
	assert_string_equal(warnings.text, "");
}

static void test_no_root(void **state)
{
	struct warnings warnings = {};
	_cleanup_(config_done) struct config config = {};

	(void)state;
	assert_int_equal(config_load("/no/such/tree", warn, &warnings, &config), 0);
	assert_defaults(&config);
	assert_non_null(strstr(warnings.text, "can't be read"));
}

static void write_dropin(struct fake_tree *tree, const char *folder, const char *name,
			 const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	write_file(tree, path, "%s", text);
}

/* By name, whatever the folder, and after the main file. */
static void test_dropins_in_order(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
	struct warnings warnings;
	_cleanup_(config_done) struct config config = {};

	(void)state;
	write_file(tree, MAIN, "[Offline]\nReserve=1M\nTimeout=1\n");
	write_dropin(tree, ETC, "10-a.conf", "[Offline]\nReserve=2M\nTimeout=2\n");
	write_dropin(tree, VENDOR, "20-b.conf", "[Offline]\nReserve=3M\n");
	write_dropin(tree, RUN, "15-c.conf", "[Offline]\nReserve=4M\n");
	write_dropin(tree, ETC, "90-d.conf~", "[Offline]\nReserve=5M\n");
	write_dropin(tree, ETC, ".91-e.conf", "[Offline]\nReserve=6M\n");
	write_dropin(tree, ETC, "92-f", "[Offline]\nReserve=7M\n");
	config = load(tree, &warnings);
	assert_string_equal(warnings.text, "");
	assert_int_equal(config.reserve, MIB(3));
	assert_int_equal(config.timeout_usec, 2 * USEC_PER_SEC);
}

static void test_dropins_mask(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
	struct warnings warnings;
	_cleanup_(config_done) struct config config = {};

	(void)state;
	write_dropin(tree, ETC, "a.conf", "[Offline]\nTimeout=1\n");
	write_dropin(tree, RUN, "a.conf", "[Offline]\nReserve=2M\n");
	write_dropin(tree, VENDOR, "a.conf", "[Offline]\nReserve=3M\n");
	write_dropin(tree, RUN, "b.conf", "");
	write_dropin(tree, VENDOR, "b.conf", "[Marks]\nGuard=yes\n");
	write_dropin(tree, VENDOR, "c.conf", "[Policy]\nMovableRatio=7\n");
	config = load(tree, &warnings);
	assert_string_equal(warnings.text, "");
	assert_int_equal(config.timeout_usec, USEC_PER_SEC);
	assert_int_equal(config.reserve, 0);
	assert_false(config.guard);
	assert_int_equal(config.movable_ratio, 7);
}

static void test_warning_names_the_dropin(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
	_cleanup_(config_done) struct config config = {};
	struct warnings warnings;

	(void)state;
	write_dropin(tree, RUN, "x.conf", "\n\n[Marks]\nGuard=x\n");
	config = load(tree, &warnings);
	assert_string_equal(warnings.text,
			    "/run/memblockd.conf.d/x.conf:4: Guard=x is not yes or no\n");
}

static void test_not_files(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
	struct warnings warnings;
	_cleanup_(config_done) struct config config = {};

	(void)state;
	make_folder(tree, MAIN);
	make_fifo(tree, "run/memblockd.conf.d/a.conf");
	make_link(tree, RUN "/b.conf", "nowhere");
	make_link(tree, RUN "/c.conf", "/dev/null");
	write_file(tree, VENDOR, "no folder");
	config = load(tree, &warnings);
	assert_defaults(&config);
	assert_non_null(strstr(warnings.text, "memblockd.conf: is no file\n"));
	assert_non_null(strstr(warnings.text, "a.conf: is no file\n"));
	assert_non_null(strstr(warnings.text, "/" VENDOR ": can't be read: Not a directory\n"));
	assert_null(strstr(warnings.text, "b.conf"));
	assert_null(strstr(warnings.text, "c.conf"));
}

static void test_no_rights(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
	struct warnings warnings;
	_cleanup_(config_done) struct config config = {};
	char path[256];

	(void)state;
	write_file(tree, MAIN, "[Marks]\nGuard=yes\n");
	write_dropin(tree, RUN, "a.conf", "[Marks]\nGuard=yes\n");
	write_dropin(tree, VENDOR, "b.conf", "[Offline]\nReserve=1M\n");
	snprintf(path, sizeof(path), "%s/%s", tree->path, MAIN);
	assert_int_equal(chmod(path, 0), 0);
	snprintf(path, sizeof(path), "%s/%s", tree->path, RUN);
	assert_int_equal(chmod(path, 0), 0);
	if (!drop_privileges(tree))
		skip();
	config = load(tree, &warnings);
	regain_privileges();
	assert_int_equal(chmod(path, 0755), 0);
	assert_false(config.guard);
	assert_int_equal(config.reserve, MIB(1));
	assert_non_null(
		strstr(warnings.text, "memblockd.conf: can't be read: Permission denied\n"));
	assert_non_null(strstr(warnings.text, "/" RUN ": can't be read: Permission denied\n"));
}

/* Rules, a line each: NAME PLACE ONLINE and what they ask. */
static void describe_words(char *text, const char *key, const char *const *words)
{
	for (; words && *words; words++)
		sprintf(text + strlen(text), " %s=%s", key, *words);
}

static void describe(const struct config *config, char text[2048])
{
	*text = '\0';
	for (size_t i = 0; i < config->n_rules; i++) {
		const struct memblock_rule *rule = &config->rules[i];

		sprintf(text + strlen(text), "%s %s", rule->name,
			memblock_treatment_to_string(rule->treatment));
		describe_words(text, "arch", rule->architectures);
		describe_words(text, "virt", rule->virtualizations);
		describe_words(text, "from", rule->providers);
		describe_words(text, "dev", rule->devices);
		for (size_t j = 0; j < rule->n_nodes; j++)
			sprintf(text + strlen(text), " node=%d", rule->nodes[j]);
		for (size_t j = 0; j < rule->n_ranges; j++)
			sprintf(text + strlen(text), " %llx-%llx",
				(unsigned long long)rule->ranges[j].start,
				(unsigned long long)rule->ranges[j].end);
		strcat(text, "\n");
	}
}

struct rule_row {
	const char *name, *text;
	const char *rules;    /* as described above */
	const char *warnings; /* behind the file's name, as in rows */
};

#define BAD ": [Rule a] is left out, since not all of it could be read"
#define ONE_WORD "; a rule is [Rule NAME], where NAME is one word"

static const struct rule_row rule_rows[] = {
	{ "one of each key",
	  "[Rule a]\nArchitecture=x86_64 aarch64\nVirtualization=kvm vm\nProvider=acpi virtio-mem\n"
	  "Device=PNP0C80:0? dax*\nNode=0 12\nRange=0x100000000-0x1ffffffff 0x0-0x7FFFFFF\n"
	  "Online=movable\n",
	  "a movable arch=x86_64 arch=aarch64 virt=kvm virt=vm from=acpi from=virtio-mem "
	  "dev=PNP0C80:0? dev=dax* node=0 node=12 100000000-200000000 0-8000000\n",
	  NULL },
	{ "Online alone", "[Rule a]\nOnline=no\n", "a no\n", NULL },
	{ "each word of Online",
	  "[Rule a]\nOnline=default\n[Rule b]\nOnline=kernel\n[Rule c]\nOnline=movable\n"
	  "[Rule d]\nOnline=no\n",
	  "a default\nb kernel\nc movable\nd no\n", NULL },
	{ "blanks", "[Rule a]\nNode =  1\t2   3  ; why\nOnline = no\n",
	  "a no node=1 node=2 node=3\n", NULL },
	{ "CRLF", "[Rule a]\r\nDevice=dax0.0 dax1.0\r\nOnline=no\r\n",
	  "a no dev=dax0.0 dev=dax1.0\n", NULL },
	{ "the last value counts", "[Rule a]\nNode=1\nNode=2\nOnline=no\nOnline=kernel\n",
	  "a kernel node=2\n", NULL },
	{ "other sections between", "[Rule a]\nOnline=no\n[Marks]\nGuard=no\n[Rule b]\nOnline=no\n",
	  "a no\nb no\n", NULL },
	{ "without Online", "[Rule a]\nNode=1\n[Rule b]\nOnline=no\n", "b no\n",
	  ":1: [Rule a] is left out, since it has no Online=" },
	{ "nothing in it", "[Rule b]\nOnline=no\n\n[Rule a]\n", "b no\n",
	  ":4: [Rule a] is left out, since it has no Online=" },
	{ "an unknown key", "[Rule a]\nZone=1\nOnline=no\n", "",
	  ":2: there is no Zone= in [Rule a]|:1" BAD },
	{ "a key of another section", "[Rule a]\nGuard=yes\nOnline=no\n", "",
	  ":2: there is no Guard= in [Rule a]|:1" BAD },
	{ "a key of a rule elsewhere", "[Policy]\nOnline=no\n", "",
	  ":2: there is no Online= in [Policy]" },
	{ "a bad word of Online", "[Rule a]\nOnline=yes\n", "",
	  ":2: Online=yes is not default, kernel, movable or no|:1" BAD },
	{ "a bad value behind a good one", "[Rule a]\nOnline=no\nOnline=maybe\n", "",
	  ":3: Online=maybe is not default, kernel, movable or no|:1" BAD },
	{ "a bad architecture", "[Rule a]\nArchitecture=x86-64\nOnline=no\n", "",
	  ":2: Architecture=x86-64 is not a list of words of uname -m|:1" BAD },
	{ "a bad virtualization", "[Rule a]\nVirtualization=kvm kmv\nOnline=no\n", "",
	  ":2: Virtualization=kvm kmv is not a list of words of systemd-detect-virt, or "
	  "vm|:1" BAD },
	{ "a bad provider", "[Rule a]\nProvider=dimm\nOnline=no\n", "",
	  ":2: Provider=dimm is not a list of what brings memory|:1" BAD },
	{ "a bad device", "[Rule a]\nDevice=dax[01]\nOnline=no\n", "",
	  ":2: Device=dax[01] is not a list of devices|:1" BAD },
	{ "a bad node", "[Rule a]\nNode=0 -1\nOnline=no\n", "",
	  ":2: Node=0 -1 is not a list of node numbers|:1" BAD },
	{ "a node too large", "[Rule a]\nNode=2147483648\nOnline=no\n", "",
	  ":2: Node=2147483648 is not a list of node numbers|:1" BAD },
	{ "a bad range", "[Rule a]\nRange=32-40\nOnline=no\n", "",
	  ":2: Range=32-40 is not a list of address ranges 0x..-0x..|:1" BAD },
	{ "a range that ends before it begins", "[Rule a]\nRange=0x2-0x1\nOnline=no\n", "",
	  ":2: Range=0x2-0x1 is not a list of address ranges 0x..-0x..|:1" BAD },
	{ "a range beyond all memory", "[Rule a]\nRange=0x0-0xffffffffffffffff\nOnline=no\n", "",
	  ":2: Range=0x0-0xffffffffffffffff is not a list of address ranges 0x..-0x..|:1" BAD },
	{ "an empty list fits all", "[Rule a]\nProvider=\nOnline=no\n", "",
	  ":2: Provider= is not a list of what brings memory|:1" BAD },
	{ "a line that is none", "[Rule a]\nProvider acpi\nOnline=no\n", "",
	  ":2: this is neither [SECTION] nor KEY=VALUE|:1" BAD },
	{ "a line too long", "[Rule a]\nDevice=" LONG_200 "\nOnline=no\n", "",
	  ":2: the line is too long|:1" BAD },
	{ "an indented line", "[Rule a]\nDevice=a\n b\nOnline=no\n", "",
	  ":3: the line is indented; each stands for itself|:1" BAD },
	{ "torn", "[Rule a]\nOnline=no\nProv", "",
	  ":3: this is neither [SECTION] nor KEY=VALUE|:1" BAD },
	{ "a broken section behind it", "[Rule a]\nOnline=no\n[Rule b\nNode=1\n", "a no\n",
	  ":3: the section has no ]|:4: Node= stands in no section" },
	{ "no name", "[Rule]\nOnline=no\n", "", ":1: there is no section [Rule]" ONE_WORD },
	{ "an empty name", "[Rule ]\nOnline=no\n", "", ":1: there is no section [Rule ]" ONE_WORD },
	{ "two words", "[Rule a b]\nOnline=no\n", "",
	  ":1: there is no section [Rule a b]" ONE_WORD },
	{ "small letters", "[rule a]\nOnline=no\n", "",
	  ":1: there is no section [rule a]" ONE_WORD },
	{ "the longest name", "[Rule 01234567890123456789012345678901234567890123]\nOnline=no\n",
	  "01234567890123456789012345678901234567890123 no\n", NULL },
	{ "twice", "[Rule a]\nNode=1\nOnline=no\n[Rule b]\nOnline=no\n[Rule a]\nOnline=kernel\n",
	  "a kernel\nb no\n", ":6: [Rule a] stands in this file twice; the last one counts" },
	{ "twice, the first bad", "[Rule a]\nNode=x\nOnline=no\n[Rule a]\nOnline=kernel\n",
	  "a kernel\n",
	  ":2: Node=x is not a list of node numbers|:1" BAD
	  "|:4: [Rule a] stands in this file twice; the last one counts" },
};

static void test_rule(void **state)
{
	const struct rule_row *row = *state;
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
	_cleanup_free_ char *wanted = strdup(row->warnings ?: "");
	_cleanup_(config_done) struct config config = {};
	char text[2048] = "", *save = NULL;
	struct warnings warnings;

	write_file(tree, MAIN, "%s", row->text);
	config = load(tree, &warnings);
	for (char *word = strtok_r(wanted, "|", &save); word; word = strtok_r(NULL, "|", &save))
		sprintf(text + strlen(text), "/etc/memblockd.conf%s\n", word);
	assert_string_equal(warnings.text, text);
	describe(&config, text);
	assert_string_equal(text, row->rules);
}

/* In the order of the files; one that comes again stands where the first did. */
static void test_rules_of_dropins(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
	_cleanup_(config_done) struct config config = {};
	struct warnings warnings;
	char text[2048];

	(void)state;
	write_file(tree, MAIN, "[Rule last]\nOnline=no\n[Rule gone]\nOnline=no\n");
	write_dropin(tree, VENDOR, "10-v.conf", "[Rule v]\nNode=1\nOnline=no\n");
	write_dropin(tree, RUN, "20-r.conf", "[Rule r]\nOnline=kernel\n");
	write_dropin(
		tree, ETC, "30-e.conf",
		"# here\n[Rule v]\nOnline=movable\n[Rule gone]\nNode=1\n[Rule e]\nOnline=no\n");
	config = load(tree, &warnings);
	assert_string_equal(warnings.text, "/etc/memblockd.conf.d/30-e.conf:4: [Rule gone] is "
					   "left out, since it has no Online=\n");
	describe(&config, text);
	assert_string_equal(text, "last no\nv movable\nr kernel\ne no\n");
	assert_string_equal(config.rules[1].place, "/etc/memblockd.conf.d/30-e.conf:2");
	assert_string_equal(config.rules[2].place, "/run/memblockd.conf.d/20-r.conf:1");
}

static void test_places(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
	_cleanup_(config_done) struct config config = {};
	struct memblock_policy policy;
	struct warnings warnings;

	(void)state;
	write_file(tree, MAIN,
		   "[Offline]\nReserve=1M\n[Policy]\nMovableRatio=x\nKernelPolicy=no\n");
	config = load(tree, &warnings);
	assert_string_equal(config_place(&config, "Offline", "Reserve"), "/etc/memblockd.conf:2");
	assert_string_equal(config_place(&config, "Policy", "MovableRatio"), "default");
	assert_string_equal(config_place(&config, "Policy", "KernelPolicy"), "default");
	assert_string_equal(config_place(&config, "Policy", "Nonsense"), "default");
	assert_non_null(strstr(warnings.text, ":5: KernelPolicy=no is not manage or leave\n"));
	policy = config_policy(&config);
	assert_int_equal(policy.movable_ratio, 301);
	assert_false(policy.ratio_is_set);
	assert_false(policy.leave_kernel);
	assert_int_equal(policy.n_rules, 0);
	config_done(&config);

	write_dropin(tree, RUN, "a.conf",
		     "[Policy]\nMovableRatio=301\nKernelPolicy=leave\n[Rule a]\nOnline=no\n");
	config = load(tree, &warnings);
	assert_string_equal(config_place(&config, "Policy", "MovableRatio"),
			    "/run/memblockd.conf.d/a.conf:2");
	policy = config_policy(&config);
	assert_true(policy.ratio_is_set);
	assert_true(policy.leave_kernel);
	assert_ptr_equal(policy.rules, config.rules);
	assert_int_equal(policy.n_rules, 1);
}

static void test_limits(void **state)
{
	const struct config config = { .reserve = MIB(3), .movable_ratio = 5 };
	struct memblock_limits limits = config_limits(&config);

	(void)state;
	assert_int_equal(limits.reserve, MIB(3));
	assert_int_equal(limits.movable_ratio, 5);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_nothing_there),
		cmocka_unit_test(test_no_root),
		cmocka_unit_test(test_dropins_in_order),
		cmocka_unit_test(test_dropins_mask),
		cmocka_unit_test(test_warning_names_the_dropin),
		cmocka_unit_test(test_not_files),
		cmocka_unit_test(test_no_rights),
		cmocka_unit_test(test_rules_of_dropins),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_limits),
	};

	return RUN_ROWS(rows, test_file) + RUN_ROWS(rule_rows, test_rule) + RUN_TESTS(tests);
}
