/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "asked.h"
#include "errand.h"
#include "manager.h"
#include "queue.h"
#include "survey.h"

/* Whoever asks does without, or asks again. */
#define WORKER_TRIES 1
/* Of one request. A worker looks for some seconds at most, unless the machine is very busy. */
#define LIMIT_USEC (UINT64_C(30) * 1000 * 1000)

struct survey {
	struct survey *next;
	struct surveyor *surveyor;
	struct survey_question question;
	struct errand *errand; /* NULL until its turn comes */
	struct worker_request request;
	size_t range; /* what of the question comes next */
	uint64_t at;  /* and from where on in it; 0: from its start */
	uint64_t limit;
	bool looked_closely; /* at those that a plan would take */
	struct findings findings;
	survey_function function;
	void *userdata;
};

struct surveyor {
	struct manager *manager;
	struct survey *first; /* the one that is under way */
	sd_event_source *starter;
};

DEFINE_CLEANUP(struct surveyor, surveyor_free)

void findings_done(struct findings *findings)
{
	free(findings->pages);
	free(findings->sections);
	*findings = (struct findings){};
}

static void finish(struct survey *survey)
{
	const struct survey_question *question = &survey->question;

	asked_learn(survey->surveyor->manager, &survey->findings,
		    question->pages.n > 0 || survey->findings.n_pages > 0,
		    question->sections.end > 0);
	survey->function(&survey->findings, survey->userdata);
	survey_free(survey);
}

/* Nothing more can be had. */
static void fail(struct survey *survey, int error)
{
	survey->findings.pages_error = survey->findings.sections_error = error;
	finish(survey);
}

/* The text that came with an answer, which is no longer than a worker makes it. */
static int take_text(int fd, uint64_t count, char **ret)
{
	_cleanup_free_ char *text = NULL;
	size_t size, done = 0;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size < 0 ||
	    (uint64_t)st.st_size > count * WORKER_LINE_MAX)
		return -EBADMSG;
	size = (size_t)st.st_size;
	text = malloc(size + 1);
	if (!text)
		return -ENOMEM;
	while (done < size) {
		ssize_t n = pread(fd, text + done, size - done, (off_t)done);

		if (n == 0 || (n < 0 && errno != EINTR))
			return n == 0 ? -EBADMSG : -errno;
		done += n > 0 ? (size_t)n : 0;
	}
	if (memchr(text, '\0', size))
		return -EBADMSG;

	text[size] = '\0';
	*ret = TAKE_PTR(text);
	return 0;
}

/* Takes the place of what a glance told of the same blocks, which came in rising order. Blocks that
 * came since then are left to the next plan. */
static void replace_pages(struct survey *survey, const struct memblock_pages *pages, size_t n)
{
	const struct findings *findings = &survey->findings;

	for (size_t i = 0; i < n && findings->n_pages > 0; i++) {
		struct memblock_pages *old = bsearch(&pages[i], findings->pages, findings->n_pages,
						     sizeof(*old), compare_u64);

		if (old)
			*old = pages[i];
	}
}

/* Puts counts behind those that are there. */
static int add_pages(struct survey *survey, const struct memblock_pages *pages, size_t n)
{
	struct findings *findings = &survey->findings;
	struct memblock_pages *grown;

	grown = reallocarray(findings->pages, findings->n_pages + n + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	findings->pages = grown;
	if (n > 0)
		memcpy(grown + findings->n_pages, pages, n * sizeof(*grown));
	findings->n_pages += n;
	return 0;
}

/* Whether they are of blocks that were asked for. */
static bool are_of_request(const struct survey *survey, const struct memblock_pages *pages,
			   size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (pages[i].index - survey->request.block >= survey->request.count)
			return false;
	return true;
}

static int take_pages(struct survey *survey, int fd)
{
	_cleanup_free_ struct memblock_pages *pages = NULL;
	_cleanup_free_ char *text = NULL;
	size_t n;
	int r;

	r = take_text(fd, survey->request.count, &text);
	if (r >= 0)
		r = memblock_pages_from_text(text, &pages, &n);
	if (r < 0)
		return r;
	if (!are_of_request(survey, pages, n))
		return -EBADMSG;
	if (!survey->looked_closely)
		return add_pages(survey, pages, n);
	replace_pages(survey, pages, n);
	return 0;
}

/* How many pages of each block of the question are looked at, of a known page size. */
static uint64_t count_limit(const struct survey *survey, uint64_t (*limit)(uint64_t, uint64_t))
{
	const struct memblock_inventory *inventory = survey->surveyor->manager->inventory;
	uint64_t size = memblock_inventory_block_size(inventory), n = 0;

	for (size_t i = 0; i < survey->question.pages.n; i++)
		n += (survey->question.pages.items[i].end - survey->question.pages.items[i].start) /
		     size;
	return limit(size / memblock_inventory_page_size(inventory), n);
}

static void ask_for_sections(struct survey *survey)
{
	struct memblock_range range = survey->question.sections;
	uint64_t size = memblock_inventory_section_size(survey->surveyor->manager->inventory);

	if (size == 0) {
		survey->findings.sections_error = -ENODATA;
		finish(survey);
		return;
	}
	survey->request = (struct worker_request){
		.verb = WORKER_SECTIONS,
		.block = range.start / size,
		.count = MIN((range.end - range.start) / size, (uint64_t)WORKER_COUNT_MAX),
		.section_size = size,
	};
	errand_begin(survey->errand, &survey->request, LIMIT_USEC);
}

/* The next blocks of a range, or of the next range. */
static void ask_for_pages(struct survey *survey)
{
	const struct memblock_inventory *inventory = survey->surveyor->manager->inventory;
	const struct memblock_range *range = &survey->question.pages.items[survey->range];
	uint64_t size = memblock_inventory_block_size(inventory);
	uint64_t start = MAX(survey->at, range->start);
	uint64_t count = MIN((range->end - start) / size, (uint64_t)WORKER_COUNT_MAX);

	survey->request = (struct worker_request){
		.verb = WORKER_PAGES,
		.block = start / size,
		.count = count,
		.block_size = size,
		.page_size = memblock_inventory_page_size(inventory),
		.limit = survey->limit,
	};
	survey->at = start + count * size;
	if (survey->at >= range->end) {
		survey->range++;
		survey->at = 0;
	}
	errand_begin(survey->errand, &survey->request, LIMIT_USEC);
}

/* Whether blocks are looked at for a plan that may take some of them. */
static bool has_choice(const struct survey *survey)
{
	return survey->question.plan && survey->question.plan->wanted.size > 0;
}

/* Whether those are to be counted whole now that a plan would take. */
static bool wants_closer_look(const struct survey *survey)
{
	return has_choice(survey) && survey->limit > 0 && !survey->looked_closely &&
	       survey->findings.pages_error >= 0;
}

static int look_closely(struct survey *survey)
{
	struct ranges *ranges = &survey->question.pages;
	struct manager *manager = survey->surveyor->manager;
	_cleanup_(memblock_plan_freep) struct memblock_plan *plan = NULL;
	int r;

	ranges_done(ranges);
	*ranges = (struct ranges){};
	r = queue_plan(manager, survey->question.plan, &survey->findings, &plan);
	if (r >= 0)
		r = memblock_plan_ranges(plan, manager->inventory, &ranges->items, &ranges->n);
	if (r < 0)
		return r;
	ranges->capacity = ranges->n;
	survey->range = 0;
	survey->at = 0;
	survey->limit = count_limit(survey, memblock_pages_limit);
	survey->looked_closely = true;
	return 0;
}

static void go_on(struct survey *survey)
{
	bool done = survey->range == survey->question.pages.n;

	if (done && wants_closer_look(survey))
		survey->findings.pages_error = look_closely(survey);
	if (survey->range < survey->question.pages.n && survey->findings.pages_error >= 0)
		ask_for_pages(survey);
	else if (survey->question.sections.end > 0 && survey->request.verb != WORKER_SECTIONS)
		ask_for_sections(survey);
	else
		finish(survey);
}

static void on_ended(const struct worker_answer *answer, void *userdata)
{
	struct survey *survey = userdata;
	int r = answer->result;

	if (survey->request.verb == WORKER_PAGES)
		survey->findings.pages_error = r < 0 ? r : take_pages(survey, answer->fd);
	else
		survey->findings.sections_error =
			r < 0 ? r
			      : take_text(answer->fd, survey->request.count,
					  &survey->findings.sections);
	go_on(survey);
}

static void on_no_worker(int error, void *userdata)
{
	struct survey *survey = userdata;

	survey->findings.no_worker = true;
	fail(survey, error);
}

static void on_stuck(void *userdata)
{
	fail(userdata, -ETIMEDOUT);
}

static void start(struct survey *survey)
{
	const struct errand_listener listener = { on_ended, on_no_worker, on_stuck, survey };
	struct manager *manager = survey->surveyor->manager;
	int r;

	if (memblock_inventory_page_size(manager->inventory) > 0)
		survey->limit = count_limit(survey, has_choice(survey) ? memblock_pages_glance
								       : memblock_pages_limit);
	else
		survey->findings.pages_error = -ENODATA;

	r = errand_new(manager->event, manager->spare, WORKER_TRIES, &listener, &survey->errand);
	if (r < 0)
		fail(survey, r);
	else
		go_on(survey);
}

static int on_start(sd_event_source *source __attribute__((unused)), void *userdata)
{
	struct surveyor *surveyor = userdata;

	if (surveyor->first && !surveyor->first->errand)
		start(surveyor->first);
	return 0;
}

static void wake(struct surveyor *surveyor)
{
	(void)sd_event_source_set_enabled(surveyor->starter, SD_EVENT_ONESHOT);
}

int surveyor_new(struct manager *manager, struct surveyor **ret)
{
	_cleanup_(surveyor_freep) struct surveyor *surveyor = calloc(1, sizeof(*surveyor));
	int r;

	if (!surveyor)
		return -ENOMEM;
	surveyor->manager = manager;
	r = sd_event_add_defer(manager->event, &surveyor->starter, on_start, surveyor);
	if (r >= 0)
		r = sd_event_source_set_enabled(surveyor->starter, SD_EVENT_OFF);
	if (r < 0)
		return r;

	*ret = TAKE_PTR(surveyor);
	return 0;
}

struct surveyor *surveyor_free(struct surveyor *surveyor)
{
	if (!surveyor)
		return NULL;

	while (surveyor->first)
		survey_free(surveyor->first);
	sd_event_source_disable_unref(surveyor->starter);
	free(surveyor);
	return NULL;
}

int survey_new(struct surveyor *surveyor, struct survey_question *question,
	       survey_function function, void *userdata, struct survey **ret)
{
	struct survey *survey = calloc(1, sizeof(*survey)), **place = &surveyor->first;

	if (!survey)
		return -ENOMEM;
	survey->surveyor = surveyor;
	survey->question = *question;
	*question = (struct survey_question){};
	survey->function = function;
	survey->userdata = userdata;
	while (*place)
		place = &(*place)->next;
	*place = survey;
	wake(surveyor);
	*ret = survey;
	return 0;
}

struct survey *survey_free(struct survey *survey)
{
	struct survey **place;

	if (!survey)
		return NULL;

	for (place = &survey->surveyor->first; *place != survey; place = &(*place)->next)
		;
	*place = survey->next;
	wake(survey->surveyor);
	errand_free(survey->errand);
	ranges_done(&survey->question.pages);
	findings_done(&survey->findings);
	free(survey);
	return NULL;
}
