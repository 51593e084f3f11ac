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
	[REGION_UNKNOWN]	= "unknown",
};

bool host_loaded(void)
{
	return file_exists(SYSFS "state");
}

/* Says that it is not loaded; in JSON by a document as well that @name has nothing. */
int host_missing(const char *name, const struct column *columns)
{
	if (options.json && columns)
		table_print(table_new(name, columns));
	return failed("rmpopt is not loaded (no " SYSFS "); rmpoptctl check says whether it can be, rmpoptctl load loads it");
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
	host->last_pass_us = number("stats/last_pass_us");
	host->last_stolen_us = number("stats/last_stolen_us");
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
	host->cores_count = members(&host->cores, "cores");
	host->behind_count = members(&host->behind, "cores_behind");
	host->leaders_count = members(&host->leaders, "leaders");
}

/* Ranges come in any order: sort, and join what touches. */
static void list_insert(struct list *list, u64 first, u64 end)
{
	struct range *range = arena_get((list->ranges + 1) * sizeof(*range));
	size_t i, n = 0;

	if (first >= end || end > REGIONS_MAX)
		return;
	for (i = 0; i < list->ranges && list->range[i].last + 1ull < first; i++)
		range[n++] = list->range[i];
	for (; i < list->ranges && list->range[i].first <= end; i++) {
		if (list->range[i].first < first)
			first = list->range[i].first;
		if (list->range[i].last >= end)
			end = list->range[i].last + 1ull;
	}
	range[n++] = (struct range){ first, end - 1 };
	for (; i < list->ranges; i++)
		range[n++] = list->range[i];
	list->range = range;
	list->ranges = n;
}

static u64 region_of(u64 address)
{
	return address >> REGION_SHIFT;
}

/* The firmware fixes it; asking for it interrupts CPU 0, so that is done once. */
static u64 rmp_base(void)
{
	static bool asked;
	static u64 base;

	if (!asked && hw_msr(0, MSR_RMP_BASE, &base))
		base = 0;
	asked = true;
	return base;
}

/* debugfs tells where the parts of the RMP lie; its first bytes an MSR, too. */
static void read_own(struct host *host)
{
	struct records *segments = records_read(DEBUGFS "segments");
	u64 spa, regions, base = rmp_base();
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
}

/* What of a range of covered regions lies in no window. */
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

/*
 * The module forgets what is optimized whenever it stops; it shows it again when
 * a pass has ended. That has not happened if nothing is optimized and the last
 * pass did not end well, or none runs by itself.
 */
static bool has_looked(const struct host *host)
{
	const char *alone = text("tune/auto");
	bool ready = !strcmp(host->state, "ready");

	if (!ready && strcmp(host->state, "scanning"))
		return false;
	if (!host->passes || host->passes == UNKNOWN)
		return false;
	if (host->optimized.members ||
	    (host->regions_optimized && host->regions_optimized != UNKNOWN))
		return true;
	return ready && !(alone && *alone == 'N') &&
	       (!strcmp(host->last_result, "ok") || !strcmp(host->last_result, "partial"));
}

/* False if the module is not loaded. */
bool host_read(struct host *host)
{
	memset(host, 0, sizeof(*host));
	host->state = text("state");
	if (!host->state)
		return false;
	/* First: what a pass that it counts has left is what is read next. */
	host->served = number("served");
	host->reason = text("reason") ?: "";
	host->last_result = text("last_result") ?: "";
	host->last_trigger = text("stats/last_trigger");
	host->hooks = text("hooks");
	host->version = file_text(MODULE "/version") ?: "";
	read_numbers(host);
	read_progress(host);
	read_lists(host);
	host->looked = has_looked(host);
	return true;
}

/* Where the RMP lies, and what no window holds; of no use to who only waits. */
void host_read_places(struct host *host)
{
	if (host->root)
		read_own(host);
	if (host->root && host->regions_uncovered && host->regions_uncovered != UNKNOWN)
		read_uncovered(host);
}

enum region_state region_state(const struct host *host, u32 region)
{
	if (list_has(&host->optimized, region))
		return REGION_OPTIMIZED;
	if (list_has(&host->own, region))
		return REGION_OWN;
	if (list_has(&host->uncovered, region))
		return REGION_UNCOVERED;
	if (!host->looked)
		return REGION_UNKNOWN;
	if (list_has(&host->backoff, region))
		return REGION_BACKOFF;
	return REGION_HELD;
}
