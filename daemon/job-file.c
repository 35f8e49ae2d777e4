/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "job-file.h"
#include "journal.h"
#include "kept.h"
#include "write-all.h"

#define JOBS "jobs"
#define JOBS_DIR KEPT_FOLDER "/" JOBS
#define HEAD "memblockd-job 1"

static int write_line(struct job *job, const char *format, ...)
	__attribute__((__format__(printf, 2, 3)));
/* Nothing comes behind a line that may be torn: from then on, each is refused with that error. */
static int write_line(struct job *job, const char *format, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list ap;
	int r;

	if (job->journal_fd < 0)
		return job->journal_fd;
	va_start(ap, format);
	r = vasprintf(&text, format, ap);
	va_end(ap);
	if (r < 0)
		text = NULL;
	r = text ? write_all(job->journal_fd, text) : -ENOMEM;
	if (r < 0) {
		closep(&job->journal_fd);
		job->journal_fd = r;
	}
	return r;
}

/* Longer than JOBS/4294967295. */
#define NAME_SIZE 32

/* Those that have the wanted state already are none of the job's doing. */
static size_t to_be_changed(const struct memblock_plan *plan)
{
	size_t n = memblock_plan_wanted(plan);
	const struct memblock_step *step;

	for (size_t i = 0; (step = memblock_plan_step(plan, i)); i++)
		n -= step->outcome == MEMBLOCK_OUTCOME_ALREADY;
	return n;
}

int job_file_create(const struct memblock_root *root, struct job *job)
{
	_cleanup_close_ int folder = kept_open(root, JOBS, true);
	char name[NAME_SIZE];

	if (folder < 0)
		return folder;
	snprintf(name, sizeof(name), "%u", job->id);
	job->journal_fd =
		openat(folder, name,
		       O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (job->journal_fd < 0)
		return -errno;

	return write_line(
		job, HEAD "\nkind %s\nuser %u\nbest-effort %d\nwanted %zu\n%s%s%s",
		job_kind_to_string(job->kind), job->user, memblock_plan_best_effort(job->plan),
		to_be_changed(job->plan), job->request.device ? "device " : "",
		job->request.device ? job->request.device : "", job->request.device ? "\n" : "");
}

int job_file_try(struct job *job, const struct memblock_step *step)
{
	return write_line(job, "try %" PRIu64 " %s %s %s\n", step->index,
			  memblock_state_to_string(step->state),
			  memblock_zone_to_string(step->zone),
			  memblock_action_to_string(step->action));
}

void job_file_leave(struct job *job, uint64_t index)
{
	(void)write_line(job, "left %" PRIu64 "\n", index);
}

void job_file_remove(const struct memblock_root *root, struct job *job)
{
	char name[NAME_SIZE];

	closep(&job->journal_fd);
	job->journal_fd = -1;
	snprintf(name, sizeof(name), JOBS "/%u", job->id);
	kept_remove(root, name);
}

void saved_job_done(struct saved_job *saved)
{
	free(saved->device);
	free(saved->steps);
	*saved = (struct saved_job){};
}

static int parse_number(const char *text, uint64_t *ret)
{
	char *end;

	if (!text || *text < '0' || *text > '9')
		return -EBADMSG;
	errno = 0;
	*ret = strtoull(text, &end, 10);
	return errno || *end ? -EBADMSG : 0;
}

static int parse_try(struct saved_job *saved, char *text)
{
	char *index = strsep(&text, " "), *state = strsep(&text, " "), *zone = strsep(&text, " ");
	struct memblock_step step = {};

	if (!text || parse_number(index, &step.index) < 0 ||
	    memblock_state_from_string(state, &step.state) < 0 ||
	    memblock_zone_from_string(zone, &step.zone) < 0 ||
	    memblock_action_from_string(text, &step.action) < 0)
		return -EBADMSG;

	if (ARRAY_GROW(saved->steps, saved->capacity, saved->n) < 0)
		return -ENOMEM;
	saved->steps[saved->n++] = step;
	return 0;
}

/* It is one of the last, unless somebody else wrote this. */
static int parse_left(struct saved_job *saved, const char *text)
{
	uint64_t index;

	if (parse_number(text, &index) < 0)
		return -EBADMSG;
	for (size_t i = saved->n; i-- > 0;)
		if (saved->steps[i].index == index) {
			saved->n--;
			memmove(&saved->steps[i], &saved->steps[i + 1],
				(saved->n - i) * sizeof(*saved->steps));
			return 0;
		}
	return -EBADMSG;
}

static int parse_line(struct saved_job *saved, char *line)
{
	const char *key = strsep(&line, " ");
	uint64_t number;

	if (!line)
		return -EBADMSG;
	if (strcmp(key, "try") == 0)
		return parse_try(saved, line);
	if (strcmp(key, "left") == 0)
		return parse_left(saved, line);
	if (strcmp(key, "device") == 0) {
		free(saved->device);
		saved->device = strdup(line);
		return saved->device ? 0 : -ENOMEM;
	}
	if (strcmp(key, "kind") == 0)
		return job_kind_from_string(line, &saved->kind) < 0 ? -EBADMSG : 0;
	if (parse_number(line, &number) < 0)
		return -EBADMSG;
	if (strcmp(key, "user") == 0)
		saved->user = (uid_t)number;
	else if (strcmp(key, "best-effort") == 0)
		saved->best_effort = number;
	else if (strcmp(key, "wanted") == 0)
		saved->wanted = number;
	else
		return -EBADMSG;
	return 0;
}

int saved_job_parse(char *text, struct saved_job *ret)
{
	_cleanup_(saved_job_done) struct saved_job saved = {};
	char *line, *end = strrchr(text, '\n');
	int r;

	if (!end || strncmp(text, HEAD "\n", strlen(HEAD "\n")) != 0)
		return -EBADMSG;
	*end = '\0';
	(void)strsep(&text, "\n");
	while ((line = strsep(&text, "\n"))) {
		r = parse_line(&saved, line);
		if (r < 0)
			return r;
	}

	*ret = saved;
	saved = (struct saved_job){};
	return 0;
}

static int read_saved(int folder, const char *name, struct saved_job *ret)
{
	_cleanup_free_ char *text = NULL;
	uint64_t id;
	int r;

	if (parse_number(name, &id) < 0 || id == 0 || id > UINT_MAX)
		return -EBADMSG;
	r = kept_read_at(folder, name, &text);
	if (r < 0 || !text)
		return r < 0 ? r : -EBADMSG;
	r = saved_job_parse(text, ret);
	if (r >= 0)
		ret->id = (unsigned)id;
	return r;
}

/* A file that makes no sense is told of once, and goes: what it was about can't be known. */
static int take_file(DIR *dir, const char *name,
		     int (*take)(const struct saved_job *saved, void *userdata), void *userdata)
{
	_cleanup_(saved_job_done) struct saved_job saved = {};
	int r;

	r = read_saved(dirfd(dir), name, &saved);
	if (r >= 0)
		r = take(&saved, userdata);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		tell(EVENT_JOB_INTERRUPTED, NO_JOB, NO_BLOCK,
		     "/" JOBS_DIR
		     "/%s makes no sense (%s): if a job was interrupted there, what it "
		     "changed stays changed",
		     name, strerror(-r));
	if (r != 1)
		(void)unlinkat(dirfd(dir), name, 0);
	return 0;
}

int saved_jobs_each(const struct memblock_root *root,
		    int (*take)(const struct saved_job *saved, void *userdata), void *userdata)
{
	_cleanup_closedir_ DIR *dir = NULL;
	int r;

	r = kept_list(root, JOBS, &dir);
	if (r < 0)
		return r == -ENOENT ? 0 : r;

	for (struct dirent *entry; (errno = 0, entry = readdir(dir));) {
		if (*entry->d_name == '.')
			continue;
		r = take_file(dir, entry->d_name, take, userdata);
		if (r < 0)
			return r;
	}
	return -errno;
}
