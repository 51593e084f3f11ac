// SPDX-License-Identifier: GPL-2.0
/* status: one screen for people who have never heard of RMPOPT, and JSON. */
#include <string.h>

#include "rmpopt.h"
#include "status.h"

const struct column status_columns[] = {
	{ "loaded", COLUMN_BOOL, "the module is loaded" },
	{ "version", COLUMN_TEXT, "of the module" },
	{ "state", COLUMN_TEXT,
	  "waiting, ready, scanning, stopped, failed, suspended, leaving; viewing: it only looks" },
	{ "reason", COLUMN_TEXT, "why, as a sentence; ok if nothing has to be done" },
	{ "regions_covered", COLUMN_NUMBER, "regions (1 GiB each) covered" },
	{ "regions_optimized", COLUMN_NUMBER,
	  "of them optimized on every core; by reports, where the module only looks" },
	{ "regions_rmp", COLUMN_NUMBER, "of them holding the RMP itself; never optimized" },
	{ "regions_held", COLUMN_NUMBER, "of them not optimized, by guests or firmware as a rule; null: not tried" },
	{ "regions_backoff", COLUMN_NUMBER, "of them held back, because they are lost again and again" },
	{ "regions_uncovered", COLUMN_NUMBER, "of them in no core's window" },
	{ "regions_faulty", COLUMN_NUMBER, "of them in which RMPOPT faults; tried again with growing pauses" },
	{ "regions_optimizable", COLUMN_NUMBER,
	  "of them not optimized, though no page is assigned; null unless the module only looks" },
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

/* Where the module only looks: what is shown, and from where. */
static void say_source(const struct host *host)
{
	if (host->tables)
		return line("Shown", format("the tables of %llu core%s, by RMPOPT reports; the RMP as it is now",
					    host->cores.members, plural(host->cores.members)));
	line("Shown", "the RMP as it is now");
	line("Tables", "not in use: every write that needs an RMP check is checked");
}

/* What a CPU with RMPOPT would make of it. */
static void say_possible(const struct host *host)
{
	u64 free, covered = host->covered.members, count[REGION_STATES];

	if (!host->knows_free || host->tables || !covered)
		return;
	host_count(host, count);
	free = count[REGION_OPTIMIZABLE];
	line("Could be", format("%llu of %llu GiB (%.1f %%) optimized by RMPOPT as memory is placed now: rmpoptctl forecast",
				free, covered, 100.0 * free / covered));
}

/* Where it only looks, the RMP tells; a live view does not read it. */
static const char *say_unknown(const struct host *host, u64 count)
{
	if (host->viewing)
		return format("%llu GiB: rmpoptctl why shows whose pages are there", count);
	return format("%llu GiB of which nothing is known yet: rmpopt %s", count, host_is(host));
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
		[REGION_FAULTY] = { "GiB in which RMPOPT faults; tried again with growing pauses: rmpoptctl why",
				    "GiB in which RMPOPT faults; tried again with growing pauses: rmpoptctl why" },
		[REGION_OPTIMIZABLE] = { "GiB has no assigned page, but is not optimized: the kernel decides when",
					 "GiB have no assigned page, but are not optimized: the kernel decides when" },
	};
	u64 count[REGION_STATES];
	const char *head = "Not";
	size_t i;

	if (!host->root && (host->looked || host->viewing))
		return line("Not", format("%llu GiB; run this as root to see why",
					  host->regions_covered - host->regions_optimized));
	host_count(host, count);
	if (!host->root)
		count[REGION_UNKNOWN] = host->regions_covered - host->regions_optimized;
	for (i = REGION_OPTIMIZED + 1; i < REGION_STATES; i++) {
		if (!count[i] || (i == REGION_OPTIMIZABLE && !host->tables))
			continue;
		line(head, i == REGION_UNKNOWN ? say_unknown(host, count[i]) :
		     of_regions(count[i], why[i][0], why[i][1]));
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
	if (host->viewing)
		return line("Cores", format("%llu with a table in use", host->cores.members));
	line("Cores", format("%llu take%s part, led by %s%s", host->cores.members,
			     host->cores.members == 1 ? "s" : "",
			     cpus(&host->leaders), host->behind.members ?
			     format("; %llu ha%s to catch up", host->behind.members,
				    host->behind.members == 1 ? "s" : "ve") : ""));
	if (host->hooks)
		line("Hooks", host->hooks);
}

/* What is to be done where it works and the first pass has ended. */
static const char *next_of_working(const struct host *host)
{
	u64 count[REGION_STATES];

	host_count(host, count);
	if (count[REGION_FAULTY])
		return "if RMPOPT still faults after hours: rmpoptctl status --save FILE, and report it";
	if (!count[REGION_HELD] && !count[REGION_BACKOFF])
		return "nothing to do: all that can be optimized is";
	return host->automatic ? "nothing to do: regions are regained by themselves" :
	       "auto is N: after guests have ended, rmpoptctl scan --wait";
}

static const char *next(const struct host *host)
{
	if (host->viewing)
		return "nothing to do: the module only looks, and changes nothing";
	if (strcmp(host->state, "ready") && strcmp(host->state, "scanning"))
		return "follow the reason above; rmpoptctl check checks the whole host";
	if (!host->root)
		return "run this as root to see more";
	if (!host->looked)
		return host->total ? "wait for the end of the pass: rmpoptctl scan --wait" :
		       "rmpoptctl scan --wait";
	return next_of_working(host);
}

static enum color state_color(const char *state)
{
	if (!strcmp(state, "ready") || !strcmp(state, "scanning"))
		return COLOR_GOOD;
	return !strcmp(state, "failed") ? COLOR_BAD : COLOR_WARN;
}

static void say_state(const struct host *host)
{
	const char *start = color(state_color(host->state)), *end = color_end();
	const char *reason = strcmp(host->reason, "ok") ? format(": %s", host_why(host)) : "";

	if (host->viewing)
		fold(0, 2, format("rmpopt %s, %sview only%s%s", host->version, start, end, reason));
	else
		fold(0, 2, format("rmpopt %s %s%s%s%s", host->version, start, host_is(host), end, reason));
}

/* One screen; watch shows it, too. */
void status_show(const struct host *host)
{
	say_state(host);
	if (host->viewing)
		say_source(host);
	if (host->tables)
		say_regions(host);
	say_possible(host);
	if (host->regions_covered != UNKNOWN &&
	    host->regions_optimized < host->regions_covered)
		say_missing(host);
	if (!host->viewing) {
		say_pass(host);
		say_stall(host);
	}
	if (host->tables)
		say_cores(host);
	line("Next", next(host));
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
		{ "regions_faulty", host->regions_faulty },
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
	host_count(host, count);
	table_number(table, "regions_rmp", count[REGION_OWN]);
	if (host->knows_free)
		table_number(table, "regions_optimizable", count[REGION_OPTIMIZABLE]);
	if (!host->looked && !host->knows_free)
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
	if (loaded) {
		host_read_places(&host);
		host_read_free(&host);
	} else if (host_hidden()) {
		return host_missing(NULL, NULL);
	}
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
