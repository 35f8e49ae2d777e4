/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "config.h"
#include "fake-tree.h"
#include "timespan.h"

#define MAIN (&(SYSCONFDIR "/memblockd.conf")[1])
#define ETC (&(SYSCONFDIR "/memblockd.conf.d")[1])
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
	  ":2: Guard= stands in [marks], which there isn't" },
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
	struct warnings warnings;
	struct config config;

	write_file(tree, MAIN, "%s", row->text);
	config = load(tree, &warnings);
	assert_int_equal(config.reserve, row->reserve);
	assert_int_equal(config.timeout_usec, row->timeout ?: 60 * USEC_PER_SEC);
	assert_int_equal(config.movable_ratio, row->ratio < 0 ? 301 : row->ratio);
	assert_int_equal(config.guard, row->guard);
	for (char *word = strtok_r(wanted, "|", &save); word; word = strtok_r(NULL, "|", &save))
		sprintf(text + strlen(text), "%s/memblockd.conf%s\n", SYSCONFDIR, word);
	assert_string_equal(warnings.text, text);
}

static void test_nul(void **state)
{
	static const char bytes[] = "[Marks]\nGuard=yes\n\0[Offline]\nGuard=no\0\nGuard=\0no\n\0\0";
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
	struct warnings warnings;
	struct config config;

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
	struct config config;

	(void)state;
	config = load(tree, &warnings);
	assert_defaults(&config);
	assert_string_equal(warnings.text, "");
}

static void test_no_root(void **state)
{
	struct warnings warnings = {};
	struct config config;

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
	struct config config;

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
	struct config config;

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
	struct warnings warnings;

	(void)state;
	write_dropin(tree, RUN, "x.conf", "\n\n[Marks]\nGuard=x\n");
	(void)load(tree, &warnings);
	assert_string_equal(warnings.text,
			    "/run/memblockd.conf.d/x.conf:4: Guard=x is not yes or no\n");
}

static void test_not_files(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
	struct warnings warnings;
	struct config config;

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
	struct config config;
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
		cmocka_unit_test(test_limits),
	};

	return RUN_ROWS(rows, test_file) + RUN_TESTS(tests);
}
