// SPDX-License-Identifier: GPL-2.0
/* The module as its files show it. What can't be read is left out, never guessed. */
#include <errno.h>
#include <string.h>

#include "hw.h"
#include "rmpopt.h"

#define REGION_SHIFT	30

/* 4 MiB of RMP describe a region; before the first of them: bookkeeping and RST. */
#define RMP_BYTES	(4ull << 20)

const char * const region_words[REGION_STATES] = {
	[REGION_OPTIMIZED]	= "optimized",
	[REGION_HELD]		= "held",
	[REGION_BACKOFF]	= "backoff",
	[REGION_OWN]		= "rmp",
	[REGION_UNCOVERED]	= "uncovered",
	[REGION_FAULTY]		= "faulty",
	[REGION_OPTIMIZABLE]	= "optimizable",
	[REGION_UNKNOWN]	= "unknown",
};

bool host_loaded(void)
{
	return file_text(SYSFS "state");
}

/* Why it is not known whether it is loaded, an errno; 0 if it is. */
int host_hidden(void)
{
	return host_loaded() || errno == ENOENT ? 0 : errno;
}

/* How to read that file: what a saved tree lacks only another one can have. */
const char *host_as_root(const char *path)
{
	bool lacks = options.sysroot && !file_text("%s", path) && errno != EACCES;

	return lacks ? "save it again as root" : "run this as root";
}

/* Reports that what only root may read can't be read. */
int host_for_root(void)
{
	return failed("can't read " SYSFS "covered; %s", host_as_root(SYSFS "covered"));
}

/* Reports that it is not loaded, or why that is not known. */
int host_missing(void)
{
	int error = host_hidden();

	if (error)
		return failed("can't read " SYSFS "state: %s", strerror(error));
	if (options.sysroot)
		return failed("rmpopt was not loaded when this was saved: rmpoptctl check --sysroot %s shows whether it could be",
			      options.sysroot);
	return failed("rmpopt is not loaded: run rmpoptctl check, then rmpoptctl load");
}

bool host_has_state(const struct host *host, const char *state)
{
	return !strcmp(host->state, state);
}

/* Does it do what it can do on this host, now or as soon as the system is awake? */
bool host_works(const struct host *host)
{
	return !host_has_state(host, "waiting") && !host_has_state(host, "stopped") &&
	       !host_has_state(host, "failed");
}

/* Does it accept requests for passes? */
bool host_takes_requests(const struct host *host)
{
	return host_has_state(host, "ready") || host_has_state(host, "scanning");
}

static u64 number(const char *name)
{
	u64 value;

	return file_number(&value, SYSFS "%s", name) ? value : UNKNOWN;
}

static const char *text(const char *name)
{
	return file_text(SYSFS "%s", name);
}

static void read_progress(struct host *host)
{
	char *line = file_text(SYSFS "progress");
	char *done = line ? next_word(&line) : NULL;
	char *total = done ? next_word(&line) : NULL;

	if (!total || !parse_number(done, &host->done) ||
	    !parse_number(total, &host->total) || host->done > host->total) {
		host->done = 0;
		host->total = 0;
	}
}

static void read_numbers(struct host *host)
{
	host->requested = number("requested");
	host->passes = number("passes");
	host->regions_covered = number("regions_covered");
	host->regions_optimized = number("regions_optimized");
	host->regions_uncovered = number("regions_uncovered");
	host->regions_faulty = number("regions_faulty");
	host->last_pass_us = number("stats/last_pass_us");
	host->last_stolen_us = number("stats/last_stolen_us");
	host->last_pass_time_s = number("stats/last_pass_time_s");
	host->eta_s = UNKNOWN;
	host->slices = number("stats/slices");
	host->overruns = number("stats/overruns");
	host->faults = number("stats/faults");
	host->slice_us = number("tune/slice_us");
	host->worst_slice_ns = number("stats/worst_slice_ns");
	host->worst_slice_cpu = number("stats/worst_slice_cpu");
}

static u64 members(struct list *list, const char *name)
{
	return list_read(list, SYSFS "%s", name) ? list->members : UNKNOWN;
}

static void read_lists(struct host *host)
{
	host->root = list_read(&host->covered, SYSFS "covered");
	list_read(&host->optimized, SYSFS "optimized");
	list_read(&host->backoff, SYSFS "backoff");
	list_read(&host->faulty, SYSFS "faulty");
	host->cores_count = members(&host->cores, "cores");
	host->behind_count = members(&host->behind, "cores_behind");
	host->leaders_count = members(&host->leaders, "leaders");
}

static u64 region_of(u64 address)
{
	return address >> REGION_SHIFT;
}

/**
 * struct place - an MSR that the BIOS fixes; reading one interrupts CPU 0
 * @asked: it was read, or can't be
 * @value: what it holds; 0 if that is not known
 */
struct place {
	bool asked;
	u64 value;
};

static u64 ask_once(struct place *place, u32 msr)
{
	if (!place->asked && hw_msr(0, msr, &place->value))
		place->value = 0;
	place->asked = true;
	return place->value;
}

/* A contiguous RMP has an end, a segmented one has segments instead. */
static void read_contiguous(struct host *host, u64 base)
{
	static struct place end;
	u64 last = ask_once(&end, MSR_RMP_END);

	if (last >= base)
		list_insert(&host->own, region_of(base), region_of(last) + 1);
}

/* debugfs has the parts of the RMP; an MSR has its beginning, too. */
static void read_own(struct host *host)
{
	struct records *segments = records_read(DEBUGFS "segments");
	static struct place start;
	u64 spa, regions, base = ask_once(&start, MSR_RMP_BASE);
	const char *text;
	size_t i;

	for (i = 0; i < records_count(segments); i++) {
		text = record_text(segments, i, "rmp_spa");
		if (text && parse_hex(text, &spa) &&
		    record_number(segments, i, "regions", &regions) && regions &&
		    regions < REGIONS_MAX)
			list_insert(&host->own, region_of(spa),
				    region_of(spa + regions * RMP_BYTES - 1) + 1);
	}
	if (base)
		list_insert(&host->own, region_of(base), region_of(base) + 1);
	if (base && !records_count(segments))
		read_contiguous(host, base);
}

/* Adds those of a range of covered regions that are in no window. */
static void add_uncovered(struct host *host, const struct list *windows,
			  struct range range)
{
	u64 next = range.first;
	size_t i;

	for (i = 0; i < windows->ranges; i++) {
		if (windows->range[i].last < next || windows->range[i].first > range.last)
			continue;
		list_insert(&host->uncovered, next, windows->range[i].first);
		next = windows->range[i].last + 1ull;
	}
	list_insert(&host->uncovered, next, range.last + 1ull);
}

static void read_uncovered(struct host *host)
{
	struct records *records = records_read(DEBUGFS "windows");
	struct list windows = { };
	u64 base, cores;
	size_t i;

	for (i = 0; i < records_count(records); i++)
		if (record_number(records, i, "base", &base) && base < REGIONS_MAX &&
		    record_number(records, i, "cores", &cores) && cores)
			list_insert(&windows, base, base + WINDOW_REGIONS < REGIONS_MAX ?
				    base + WINDOW_REGIONS : REGIONS_MAX);
	for (i = 0; windows.ranges && i < host->covered.ranges; i++)
		add_uncovered(host, &windows, host->covered.range[i]);
}

static bool is_automatic(void)
{
	const char *text_now = text("tune/auto");

	return !text_now || *text_now != 'N';
}

/*
 * The module forgets what is optimized whenever it stops; it shows it again when
 * a pass has ended. That has not happened if nothing is optimized and the last
 * pass did not end well, or passes do not start automatically.
 */
static bool has_looked(const struct host *host)
{
	bool ready = host_has_state(host, "ready");

	if (host->viewing)
		return false;
	if (!ready && !host_has_state(host, "scanning"))
		return false;
	if (!host->passes || host->passes == UNKNOWN)
		return false;
	if (host->optimized.members ||
	    (host->regions_optimized && host->regions_optimized != UNKNOWN))
		return true;
	return ready && host->automatic &&
	       (!strcmp(host->last_result, "ok") || !strcmp(host->last_result, "partial"));
}

/* How often they are read again if the state has changed meanwhile. */
#define TRIES	10

/* The state, and the reason for this one; NULL if the module is not loaded. */
const char *host_state(const char **reason)
{
	const char *state = text("state"), *before;
	int i = 0;

	do {
		before = state;
		*reason = text("reason") ?: "";
		state = before ? text("state") : NULL;
	} while (state && strcmp(state, before) && ++i < TRIES);
	return state;
}

/* False if the module is not loaded. */
bool host_read(struct host *host)
{
	memset(host, 0, sizeof(*host));
	/* Read first, so that everything else is read after a pass that it counts. */
	host->served = number("served");
	host->state = host_state(&host->reason);
	if (!host->state)
		return false;
	host->last_result = text("last_result") ?: "";
	host->last_trigger = text("stats/last_trigger");
	host->hooks = text("hooks");
	host->version = file_text(MODULE "/version") ?: "";
	read_numbers(host);
	read_progress(host);
	read_lists(host);
	host->viewing = host_has_state(host, "viewing");
	host->tables = !host->viewing || host->cores.members;
	/* Without tables there are no windows. */
	if (!host->tables)
		host->regions_uncovered = 0;
	host->automatic = is_automatic();
	host->looked = has_looked(host);
	return true;
}

/* Where the RMP is, and what is in no window; not needed by scan --wait. */
void host_read_places(struct host *host)
{
	if (host->root)
		read_own(host);
	if (host->root && host->regions_uncovered && host->regions_uncovered != UNKNOWN)
		read_uncovered(host);
}

/*
 * What could be optimized: in view-only mode no pass finds that out. The module
 * reads the whole RMP for it, so watch does not call this.
 */
void host_read_free(struct host *host)
{
	if (host->root && host->viewing)
		host->knows_free = list_read(&host->optimizable, SYSFS "optimizable");
}

/* What follows "rmpopt" in a sentence. */
const char *host_is(const struct host *host)
{
	return host_has_state(host, "failed") ? "has failed" : format("is %s", host->state);
}

/* The reason without "view only: ". */
const char *host_why(const struct host *host)
{
	static const char words[] = "view only: ";
	size_t length = strlen(words);

	return strncmp(host->reason, words, length) ? host->reason : host->reason + length;
}

enum region_state region_state(const struct host *host, u32 region)
{
	if (list_has(&host->optimized, region))
		return REGION_OPTIMIZED;
	if (list_has(&host->own, region))
		return REGION_OWN;
	if (list_has(&host->uncovered, region))
		return REGION_UNCOVERED;
	if (list_has(&host->faulty, region))
		return REGION_FAULTY;
	if (host->knows_free)
		return list_has(&host->optimizable, region) ? REGION_OPTIMIZABLE : REGION_HELD;
	if (!host->looked)
		return REGION_UNKNOWN;
	if (list_has(&host->backoff, region))
		return REGION_BACKOFF;
	return REGION_HELD;
}

/* How many regions are in each state, as far as known. */
void host_count(const struct host *host, u64 *count)
{
	enum region_state rest = host->looked || host->knows_free ? REGION_HELD : REGION_UNKNOWN;
	size_t i;
	u32 region;

	memset(count, 0, REGION_STATES * sizeof(*count));
	for (i = 0; i < host->covered.ranges; i++)
		for (region = host->covered.range[i].first;
		     region <= host->covered.range[i].last; region++)
			count[region_state(host, region)]++;
	/* Without debugfs it is only known how many there are. */
	if (!host->uncovered.ranges && host->regions_uncovered != UNKNOWN &&
	    host->regions_uncovered <= count[rest]) {
		count[REGION_UNCOVERED] = host->regions_uncovered;
		count[rest] -= host->regions_uncovered;
	}
}
