/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "fake-tree.h"
#include "job-file.h"
#include "journal.h"

static unsigned told;

void tell(enum event_id event, unsigned job, uint64_t block, const char *format, ...)
{
	(void)event;
	(void)job;
	(void)block;
	(void)format;
	told++;
}

DEFINE_CLEANUP(struct job, job_free)

#define HEAD "memblockd-job 1\n"
#define FACTS "kind offline\nuser 1000\nbest-effort 0\nwanted 2\n"
#define TRY "try 16 online Movable offline\n"

struct row {
	const char *name;
	const char *text;
	int result;
	size_t n; /* blocks that were tried */
};

static const struct row rows[] = {
	{ "nothing tried", HEAD FACTS, 0, 0 },
	{ "one tried", HEAD FACTS TRY, 0, 1 },
	{ "two tried", HEAD FACTS TRY "try 18446744073709551615 offline unknown online\n", 0, 2 },
	{ "every zone and action",
	  HEAD FACTS "try 1 online Normal offline\ntry 2 offline unknown online_kernel\n"
		     "try 3 going-offline unknown offline\ntry 4 offline unknown online_movable\n",
	  0, 4 },
	{ "the head alone", HEAD, 0, 0 },
	{ "one left", HEAD FACTS TRY "left 16\n", 0, 0 },
	{ "the last two left, one of them tried again",
	  HEAD FACTS TRY "try 17 offline unknown online\ntry 18 offline unknown online\n"
			 "left 17\nleft 18\ntry 18 offline unknown online\n",
	  0, 2 },
	{ "left twice", HEAD FACTS TRY "left 16\nleft 16\n", -EBADMSG, 0 },
	{ "left untried", HEAD FACTS TRY "left 17\n", -EBADMSG, 0 },
	{ "left nothing", HEAD FACTS TRY "left x\n", -EBADMSG, 0 },
	/* Torn: what stands before the last line feed counts. */
	{ "a torn try", HEAD FACTS TRY "try 17 online Mov", 0, 1 },
	{ "a try that lacks its line feed alone", HEAD FACTS TRY "try 17 online Movable offline", 0,
	  1 },
	{ "a torn word", HEAD FACTS "t", 0, 0 },
	{ "a torn head", "memblockd-jo", -EBADMSG, 0 },
	{ "nothing", "", -EBADMSG, 0 },
	{ "a line feed", "\n", -EBADMSG, 0 },
	/* Garbage */
	{ "another head", "memblockd-job 2\n" FACTS, -EBADMSG, 0 },
	{ "a head with more behind it", "memblockd-job 1 \n" FACTS, -EBADMSG, 0 },
	{ "no head", FACTS TRY, -EBADMSG, 0 },
	{ "an empty line", HEAD "\n" FACTS, -EBADMSG, 0 },
	{ "a key alone", HEAD FACTS "try\n", -EBADMSG, 0 },
	{ "an unknown key", HEAD FACTS "colour red\n", -EBADMSG, 0 },
	{ "an unknown number", HEAD FACTS "colour 7\n", -EBADMSG, 0 },
	{ "an unknown kind", HEAD "kind sideways\n", -EBADMSG, 0 },
	{ "a negative number", HEAD "wanted -1\n", -EBADMSG, 0 },
	{ "a number with a sign", HEAD "wanted +1\n", -EBADMSG, 0 },
	{ "a number with junk", HEAD "wanted 1x\n", -EBADMSG, 0 },
	{ "no number", HEAD "wanted \n", -EBADMSG, 0 },
	{ "a number that is too large", HEAD "wanted 18446744073709551616\n", -EBADMSG, 0 },
	{ "a block that is too large",
	  HEAD FACTS "try 18446744073709551616 online Movable offline\n", -EBADMSG, 0 },
	{ "a negative block", HEAD FACTS "try -1 online Movable offline\n", -EBADMSG, 0 },
	{ "no block", HEAD FACTS "try  online Movable offline\n", -EBADMSG, 0 },
	{ "an unknown state", HEAD FACTS "try 16 asleep Movable offline\n", -EBADMSG, 0 },
	{ "an unknown zone", HEAD FACTS "try 16 online Twilight offline\n", -EBADMSG, 0 },
	{ "an unknown action", HEAD FACTS "try 16 online Movable explode\n", -EBADMSG, 0 },
	{ "a word too few", HEAD FACTS "try 16 online Movable\n", -EBADMSG, 0 },
	{ "a word too many", HEAD FACTS "try 16 online Movable offline now\n", -EBADMSG, 0 },
	{ "two spaces", HEAD FACTS "try 16  online Movable offline\n", -EBADMSG, 0 },
	{ "carriage returns", "memblockd-job 1\r\n" FACTS, -EBADMSG, 0 },
};

static void test_parse(void **state)
{
	const struct row *row = *state;
	_cleanup_(saved_job_done) struct saved_job saved = {};
	_cleanup_free_ char *text = strdup(row->text);

	assert_non_null(text);
	assert_int_equal(saved_job_parse(text, &saved), row->result);
	assert_int_equal(saved.n, row->n);
}

static void test_all_that_is_told(void **state)
{
	char text[] = HEAD "kind remove\nuser 4294967295\nbest-effort 1\nwanted 7\n"
			   "device PNP0C80:00\ntry 16 online Movable offline\n";
	_cleanup_(saved_job_done) struct saved_job saved = {};

	(void)state;
	assert_int_equal(saved_job_parse(text, &saved), 0);
	assert_int_equal(saved.kind, JOB_REMOVE);
	assert_int_equal(saved.user, UINT32_MAX);
	assert_true(saved.best_effort);
	assert_int_equal(saved.wanted, 7);
	assert_string_equal(saved.device, "PNP0C80:00");
	assert_int_equal(saved.n, 1);
	assert_int_equal(saved.steps[0].index, 16);
	assert_int_equal(saved.steps[0].state, MEMBLOCK_STATE_ONLINE);
	assert_int_equal(saved.steps[0].zone, MEMBLOCK_ZONE_MOVABLE);
	assert_int_equal(saved.steps[0].action, MEMBLOCK_ACTION_OFFLINE);
}

/* A job of two blocks. */
static struct job *make_job(void)
{
	static const struct memblock_step steps[] = {
		{ .index = 16, .state = MEMBLOCK_STATE_ONLINE, .zone = MEMBLOCK_ZONE_MOVABLE },
		{ .index = 17, .state = MEMBLOCK_STATE_ONLINE, .zone = MEMBLOCK_ZONE_NORMAL },
	};
	struct job *job;

	assert_int_equal(job_new(7, JOB_OFFLINE, 1000, &job), 0);
	assert_int_equal(memblock_plan_new_of_steps(steps, 2, 2, false, &job->plan), 0);
	return job;
}

static int answer;
static struct saved_job taken;
static unsigned n_taken;

static int take(const struct saved_job *saved, void *userdata)
{
	(void)userdata;
	n_taken++;
	taken = *saved;
	taken.steps = NULL;
	taken.device = NULL;
	return answer;
}

static int take_all(const struct memblock_root *root, int what_to_answer)
{
	told = n_taken = 0;
	answer = what_to_answer;
	return saved_jobs_each(root, take, NULL);
}

static bool is_there(const struct fake_tree *tree, const char *name)
{
	char path[PATH_MAX];
	struct stat st;

	snprintf(path, sizeof(path), "%s/run/memblockd/jobs/%s", tree->path, name);
	return lstat(path, &st) == 0;
}

static void test_written_and_read(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
	_cleanup_root_ struct memblock_root *root = open_root(tree);
	_cleanup_(job_freep) struct job *job = make_job();

	(void)state;
	assert_int_equal(take_all(root, 0), 0); /* no folder yet */
	assert_int_equal(n_taken, 0);

	assert_int_equal(job_file_create(root, job), 0);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(job_file_try(job, memblock_plan_step(job->plan, i)), 0);
	assert_int_equal(take_all(root, 1), 0);
	assert_int_equal(n_taken, 1);
	assert_int_equal(told, 0);
	assert_int_equal(taken.id, 7);
	assert_int_equal(taken.kind, JOB_OFFLINE);
	assert_int_equal(taken.user, 1000);
	assert_int_equal(taken.wanted, 2);
	assert_int_equal(taken.n, 2);
	assert_true(is_there(tree, "7"));

	job_file_remove(root, job);
	assert_false(is_there(tree, "7"));
}

/* A line that can't be written may be torn: no other comes behind it. */
static void test_disk_that_is_full(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
	_cleanup_root_ struct memblock_root *root = open_root(tree);
	_cleanup_(job_freep) struct job *job = make_job();
	int fd;

	(void)state;
	assert_int_equal(job_file_create(root, job), 0);
	fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(dup3(fd, job->journal_fd, O_CLOEXEC), job->journal_fd);
	assert_int_equal(close(fd), 0);
	job_file_leave(job, 16);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(job_file_try(job, memblock_plan_step(job->plan, i)), -ENOSPC);
	job_file_leave(job, 17);
}

/* There is one already: it is not written over. */
static void test_file_of_another(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
	_cleanup_root_ struct memblock_root *root = open_root(tree);
	_cleanup_(job_freep) struct job *job = make_job();

	(void)state;
	make_link(tree, "run/memblockd/jobs/7", "/nonexistent");
	assert_int_equal(job_file_create(root, job), -EEXIST);
	assert_int_equal(job->journal_fd, -1);
}

static void test_what_becomes_of_a_file(void **state)
{
	static const struct {
		int answer, result;
		bool stays;
	} cases[] = {
		{ 1, 0, true },             /* it is needed still */
		{ 0, 0, false },            /* it is not */
		{ -ENOMEM, -ENOMEM, true }, /* nobody took it up */
	};
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
	_cleanup_root_ struct memblock_root *root = open_root(tree);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		write_file(tree, "run/memblockd/jobs/7", HEAD FACTS TRY);
		assert_int_equal(take_all(root, cases[i].answer), cases[i].result);
		assert_int_equal(n_taken, 1);
		assert_int_equal(is_there(tree, "7"), cases[i].stays);
	}
}

static void test_what_is_no_job_file(void **state)
{
	static const char nul[] = HEAD FACTS "\0" TRY;
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
	_cleanup_root_ struct memblock_root *root = open_root(tree);
	char path[PATH_MAX];
	int fd;

	(void)state;
	write_bytes(tree, "run/memblockd/jobs/1", nul, sizeof(nul) - 1);
	write_file(tree, "run/memblockd/jobs/0", HEAD FACTS);
	write_file(tree, "run/memblockd/jobs/4294967296", HEAD FACTS);
	write_file(tree, "run/memblockd/jobs/x", HEAD FACTS);
	write_file(tree, "run/memblockd/jobs/.hidden", HEAD FACTS);
	make_fifo(tree, "run/memblockd/jobs/2");
	make_link(tree, "run/memblockd/jobs/3", "x");
	/* Larger than any job's; it has no bytes, so that it costs none. */
	write_file(tree, "run/memblockd/jobs/4", HEAD FACTS);
	snprintf(path, sizeof(path), "%s/run/memblockd/jobs/4", tree->path);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)1 << 32), 0);
	assert_int_equal(close(fd), 0);

	assert_int_equal(take_all(root, 1), 0);
	assert_int_equal(n_taken, 0);
	assert_int_equal(told, 7);
	assert_false(is_there(tree, "1"));
	assert_false(is_there(tree, "4"));
	assert_true(is_there(tree, ".hidden"));
}

static void test_very_many_blocks(void **state)
{
	const unsigned n = 200000;
	_cleanup_free_ char *text = malloc(n * 40 + 100);
	_cleanup_(saved_job_done) struct saved_job saved = {};
	char *end;

	(void)state;
	assert_non_null(text);
	end = stpcpy(text, HEAD FACTS);
	for (unsigned i = 0; i < n; i++)
		end += sprintf(end, "try %u online Movable offline\n", i);
	assert_int_equal(saved_job_parse(text, &saved), 0);
	assert_int_equal(saved.n, n);
	assert_int_equal(saved.steps[n - 1].index, n - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_that_is_told),
		cmocka_unit_test(test_written_and_read),
		cmocka_unit_test(test_disk_that_is_full),
		cmocka_unit_test(test_file_of_another),
		cmocka_unit_test(test_what_becomes_of_a_file),
		cmocka_unit_test(test_what_is_no_job_file),
		cmocka_unit_test(test_very_many_blocks),
	};

	return RUN_ROWS(rows, test_parse) + RUN_TESTS(tests);
}
