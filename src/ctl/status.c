// SPDX-License-Identifier: GPL-2.0
/* status: one screen for people who have never heard of RMPOPT, and JSON. */
#include <string.h>

#include "rmpopt.h"
#include "status.h"

const struct column status_columns[] = {
	{ "loaded", COLUMN_BOOL, "the module is loaded" },
	{ "version", COLUMN_TEXT, "of the module" },
	{ "state", COLUMN_TEXT, "waiting, ready, scanning, stopped, failed, suspended, leaving" },
	{ "reason", COLUMN_TEXT, "why, as a sentence; ok if there is nothing to mend" },
	{ "regions_covered", COLUMN_NUMBER, "regions (1 GiB each) looked after" },
	{ "regions_optimized", COLUMN_NUMBER, "of them optimized on every core" },
	{ "regions_rmp", COLUMN_NUMBER, "of them holding the RMP itself; never optimized" },
	{ "regions_held", COLUMN_NUMBER, "of them not optimized, by guests or firmware as a rule; null: not tried" },
	{ "regions_backoff", COLUMN_NUMBER, "of them held back, because they are lost again and again" },
	{ "regions_uncovered", COLUMN_NUMBER, "of them in no core's window" },
	{ "cores", COLUMN_NUMBER, "cores that take part" },
	{ "cores_behind", COLUMN_NUMBER, "cores whose tables may lack bits" },
	{ "leaders", COLUMN_NUMBER, "cores that lead" },
	{ "requested", COLUMN_NUMBER, "number of the last request" },
	{ "served", COLUMN_NUMBER, "number of the last request that was served" },
	{ "done", COLUMN_NUMBER, "instructions of the running pass that are done" },
	{ "total", COLUMN_NUMBER, "all of them; 0 at rest" },
	{ "passes", COLUMN_NUMBER, "passes ended" },
	{ "last_result", COLUMN_TEXT, "none, ok, partial, cancelled, failed" },
	{ "last_trigger", COLUMN_TEXT, "why the last pass ran" },
	{ "last_pass_us", COLUMN_NUMBER, "how long it took, in us" },
	{ "last_stolen_us", COLUMN_NUMBER, "what it took of other cores' time, added up, in us" },
	{ "slices", COLUMN_NUMBER, "interruptions of cores" },
	{ "overruns", COLUMN_NUMBER, "of them longer than slice_us" },
	{ "faults", COLUMN_NUMBER, "instructions that faulted" },
	{ "worst_slice_ns", COLUMN_NUMBER, "longest interruption, in ns" },
	{ "worst_slice_cpu", COLUMN_NUMBER, "where that was" },
	{ "hooks", COLUMN_TEXT, "hooks that are attached" },
	{ }
};

/* How many regions are in each state, as far as known. */
static void count_regions(const struct host *host, u64 *count)
{
	enum region_state rest = host->looked ? REGION_HELD : REGION_UNKNOWN;
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

/* Where the text of a line begins. */
#define TEXT_COLUMN	16

static void line(const char *head, const char *text)
{
	printf("  %s%-13s%s ", color(COLOR_BOLD), head, color_end());
	fold(TEXT_COLUMN, TEXT_COLUMN, text);
}

static const char *of_regions(u64 n, const char *one, const char *many)
{
	return format("%llu %s", n, n == 1 ? one : many);
}

/* How much is optimized; "" if that is not known. */
const char *status_share(const struct host *host)
{
	if (host->regions_optimized == UNKNOWN || host->regions_covered == UNKNOWN)
		return "";
	return format("%llu of %llu GiB optimized", host->regions_optimized,
		      host->regions_covered);
}

/* What the last pass took; "" if that is not known. */
const char *status_cost(const struct host *host)
{
	if (host->last_pass_us == UNKNOWN || host->last_stolen_us == UNKNOWN)
		return "";
	return format("took %s, and %s of other cores' time in all",
		      duration(host->last_pass_us * 1000),
		      duration(host->last_stolen_us * 1000));
}

static void say_regions(const struct host *host)
{
	u64 covered = host->regions_covered, optimized = host->regions_optimized;
	double percent;

	if (covered == UNKNOWN || optimized == UNKNOWN || optimized > covered)
		return;
	percent = covered ? 100.0 * optimized / covered : 0;
	line("Optimized", format("%llu of %llu GiB (%.1f %%): writes there skip the RMP check, on every core",
				 optimized, covered, percent));
}

static void say_missing(const struct host *host)
{
	static const char * const why[REGION_STATES][2] = {
		[REGION_OWN] = { "GiB holds the RMP itself: never optimized, that is normal",
				 "GiB hold the RMP itself: never optimized, that is normal" },
		[REGION_HELD] = { "GiB holds pages of SNP guests or of firmware: rmpoptctl why",
				  "GiB hold pages of SNP guests or of firmware: rmpoptctl why" },
		[REGION_BACKOFF] = { "GiB is lost again and again and waits (10 minutes at most)",
				     "GiB are lost again and again and wait (10 minutes at most)" },
		[REGION_UNCOVERED] = { "GiB lies in no core's window of 2 TiB",
				       "GiB lie in no core's windows of 2 TiB" },
		[REGION_UNKNOWN] = { "GiB of which nothing is known yet: rmpopt is",
				     "GiB of which nothing is known yet: rmpopt is" },
	};
	u64 count[REGION_STATES];
	const char *head = "Not";
	size_t i;

	if (!host->root && host->looked)
		return line("Not", format("%llu GiB; run this as root to see why",
					  host->regions_covered - host->regions_optimized));
	count_regions(host, count);
	if (!host->root)
		count[REGION_UNKNOWN] = host->regions_covered - host->regions_optimized;
	for (i = REGION_OPTIMIZED + 1; i < REGION_STATES; i++) {
		if (!count[i])
			continue;
		line(head, format("%s%s%s", of_regions(count[i], why[i][0], why[i][1]),
				  i == REGION_UNKNOWN ? " " : "",
				  i == REGION_UNKNOWN ? host->state : ""));
		head = "";
	}
}

static const char *trigger_phrase(const char *trigger)
{
	static const char * const phrases[][2] = {
		{ "load", "after the load" },
		{ "request", "on request" },
		{ "later", "on request, after the quiet period" },
		{ "armed", "as the cores were set up anew" },
		{ "hotplug", "as a core came online" },
		{ "retry", "as the one before had not ended well" },
		{ "watch", "as the watch found something" },
		{ "audit", "as the audit found something" },
		{ "conversion", "as guests had given pages back" },
	};
	size_t i;

	for (i = 0; trigger && i < ARRAY_SIZE(phrases); i++)
		if (!strcmp(trigger, phrases[i][0]))
			return format(", %s", phrases[i][1]);
	return "";
}

static void say_pass(const struct host *host)
{
	const char *cost = status_cost(host);

	if (host->total)
		line("Running", format("a pass: %llu of %llu instructions",
				       host->done, host->total));
	if (host->passes == UNKNOWN)
		return;
	if (!host->passes)
		return line("Last pass", "none yet");
	line("Last pass", format("%s%s%s%s", host->last_result,
				 trigger_phrase(host->last_trigger),
				 *cost ? "; " : "", cost));
}

static const char *if_known(const char *before, u64 n, const char *after)
{
	return n == UNKNOWN ? "" : format("%s%llu%s", before, n, after);
}

static void say_stall(const struct host *host)
{
	if (host->worst_slice_ns == UNKNOWN || host->slices == UNKNOWN)
		return;
	if (!host->slices)
		return line("Worst stall", "none: no core has been interrupted");
	line("Worst stall", format("%s%s%s%s", duration(host->worst_slice_ns),
				   if_known(" on CPU ", host->worst_slice_cpu, ""),
				   if_known(" (slice_us allows ", host->slice_us, " us)"),
				   host->overruns == UNKNOWN ? "" :
				   format("; %llu of %llu interruptions took longer",
					  host->overruns, host->slices)));
}

static const char *cpus(const struct list *list)
{
	return list->ranges == 1 && list->members == 1 ?
	       format("CPU %u", list->range[0].first) :
	       format("%llu of them", list->members);
}

static void say_cores(const struct host *host)
{
	if (host->cores_count == UNKNOWN)
		return;
	if (!host->cores.members)
		return line("Cores", "none takes part");
	line("Cores", format("%llu take%s part, led by %s%s", host->cores.members,
			     host->cores.members == 1 ? "s" : "",
			     cpus(&host->leaders), host->behind.members ?
			     format("; %llu ha%s to catch up", host->behind.members,
				    host->behind.members == 1 ? "s" : "ve") : ""));
	if (host->hooks)
		line("Hooks", host->hooks);
}

static void say_next(const struct host *host)
{
	bool works = !strcmp(host->state, "ready") || !strcmp(host->state, "scanning");
	u64 count[REGION_STATES];

	count_regions(host, count);
	if (!works)
		line("Next", "do what the reason says; rmpoptctl check looks at the whole host");
	else if (!host->root)
		line("Next", "run this as root: it sees more");
	else if (!host->looked)
		line("Next", host->total ? "wait for the end of the pass: rmpoptctl scan --wait" :
		     "rmpoptctl scan --wait");
	else if (count[REGION_HELD] || count[REGION_BACKOFF])
		line("Next", "after guests have ended: rmpoptctl scan --wait; where they are: rmpoptctl map");
	else
		line("Next", "nothing: all that can be is optimized");
}

static enum color state_color(const char *state)
{
	if (!strcmp(state, "ready") || !strcmp(state, "scanning"))
		return COLOR_GOOD;
	return !strcmp(state, "failed") ? COLOR_BAD : COLOR_WARN;
}

/* One screen; watch shows it, too. */
void status_show(const struct host *host)
{
	fold(0, 2, format("rmpopt %s is %s%s%s%s%s", host->version,
			  color(state_color(host->state)), host->state, color_end(),
			  strcmp(host->reason, "ok") ? ": " : "",
			  strcmp(host->reason, "ok") ? host->reason : ""));
	say_regions(host);
	if (host->regions_covered != UNKNOWN &&
	    host->regions_optimized < host->regions_covered)
		say_missing(host);
	say_pass(host);
	say_stall(host);
	say_cores(host);
	say_next(host);
}

static void set_number(struct table *table, const char *name, u64 value)
{
	if (value != UNKNOWN)
		table_number(table, name, value);
}

static void add_counts(struct table *table, const struct host *host)
{
	const struct { const char *name; u64 value; } numbers[] = {
		{ "regions_covered", host->regions_covered },
		{ "regions_optimized", host->regions_optimized },
		{ "regions_uncovered", host->regions_uncovered },
		{ "cores", host->cores_count },
		{ "cores_behind", host->behind_count },
		{ "leaders", host->leaders_count },
		{ "requested", host->requested }, { "served", host->served },
		{ "done", host->done }, { "total", host->total },
		{ "passes", host->passes },
		{ "last_pass_us", host->last_pass_us },
		{ "last_stolen_us", host->last_stolen_us },
		{ "slices", host->slices }, { "overruns", host->overruns },
		{ "faults", host->faults },
		{ "worst_slice_ns", host->worst_slice_ns },
		{ "worst_slice_cpu", host->worst_slice_cpu },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		set_number(table, numbers[i].name, numbers[i].value);
}

static void add_host(struct table *table, const struct host *host)
{
	u64 count[REGION_STATES];

	if (*host->version)
		table_set(table, "version", "%s", host->version);
	table_set(table, "state", "%s", host->state);
	table_set(table, "reason", "%s", host->reason);
	if (*host->last_result)
		table_set(table, "last_result", "%s", host->last_result);
	if (host->last_trigger)
		table_set(table, "last_trigger", "%s", host->last_trigger);
	if (host->hooks)
		table_set(table, "hooks", "%s", host->hooks);
	add_counts(table, host);
	if (!host->root)
		return;
	count_regions(host, count);
	table_number(table, "regions_rmp", count[REGION_OWN]);
	if (!host->looked)
		return;
	table_number(table, "regions_held", count[REGION_HELD]);
	table_number(table, "regions_backoff", count[REGION_BACKOFF]);
}

/* The whole host in one row. */
void status_row(struct table *table, const struct host *host, bool loaded)
{
	table_row(table);
	table_bool(table, "loaded", loaded);
	if (loaded)
		add_host(table, host);
}

int run_status(char **arguments)
{
	struct table *table;
	struct host host;
	bool loaded;

	(void)arguments;
	if (options.save)
		return status_save(options.save);
	loaded = host_read(&host);
	if (loaded)
		host_read_places(&host);
	if (options.json || options.output || options.no_headings) {
		table = table_new("status", status_columns);
		status_row(table, &host, loaded);
		if (table_print(table))
			return CTL_FAILED;
	} else if (loaded) {
		status_show(&host);
	} else {
		return host_missing(NULL, NULL);
	}
	return loaded && strcmp(host.state, "failed") ? CTL_OK : CTL_FAILED;
}
