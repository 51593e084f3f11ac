// SPDX-License-Identifier: GPL-2.0
/* status: one screen for people who have never heard of RMPOPT. */
#include <string.h>
#include <time.h>

#include "rmpopt.h"
#include "status.h"

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
	return format("took %s (%s on other cores)",
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
	line("Optimized", format("%llu of %llu GiB (%.1f %%)%s", optimized, covered, percent,
				 optimized ? ": writes there skip the RMP check" : ""));
}

/* In view-only mode: where what is shown comes from. */
static void say_source(const struct host *host)
{
	if (host->tables)
		return line("Source", format("RMPOPT reports of %llu core%s, and the RMP",
					     host->cores.members, plural(host->cores.members)));
	line("Source", "the RMP");
	line("Tables", "not in use: no write skips the RMP check");
}

/* What a CPU with RMPOPT could optimize. */
static void say_possible(const struct host *host)
{
	u64 free, covered = host->covered.members, count[REGION_STATES];

	if (!host->knows_free || host->tables || !covered)
		return;
	host_count(host, count);
	free = count[REGION_OPTIMIZABLE];
	line("Possible", format("%llu of %llu GiB (%.1f %%) with RMPOPT, as memory is placed now: see rmpoptctl forecast",
				free, covered, 100.0 * free / covered));
}

/* In view-only mode this is in the RMP, which watch does not read. */
static const char *say_unknown(const struct host *host, u64 count)
{
	if (host->viewing)
		return format("%llu GiB: rmpoptctl why shows whose pages they hold", count);
	return format("%llu GiB not known yet: rmpopt %s", count, host_is(host));
}

static void say_missing(const struct host *host)
{
	static const char backoff[] =
		"GiB held back: lost soon after being regained (retried within 10 min), or being converted";
	const char *why[REGION_STATES][2] = {
		[REGION_OWN] = { "GiB holds the RMP itself: never optimized, this is normal",
				 "GiB hold the RMP itself: never optimized, this is normal" },
		[REGION_HELD] = { "GiB held pages of SNP guests or firmware when last tried: see rmpoptctl why",
				  "GiB held pages of SNP guests or firmware when last tried: see rmpoptctl why" },
		[REGION_BACKOFF] = { backoff, backoff },
		[REGION_UNCOVERED] = { "GiB is in no core's window of 2 TiB",
				       "GiB are in no core's window of 2 TiB" },
		[REGION_FAULTY] = { "GiB where RMPOPT faults: retried later; see rmpoptctl why",
				    "GiB where RMPOPT faults: retried later; see rmpoptctl why" },
		[REGION_OPTIMIZABLE] = { "GiB could be optimized: the kernel decides when",
					 "GiB could be optimized: the kernel decides when" },
	};
	u64 count[REGION_STATES];
	const char *head = host->tables || !host->knows_free ? "Not optimized" : "Not possible";
	size_t i;

	if (!host->root && (host->looked || host->viewing))
		return line(head, format("%llu GiB; %s to see why",
					  host->regions_covered - host->regions_optimized,
					  host_as_root(SYSFS "covered")));
	host_count(host, count);
	if (host->knows_free) {
		why[REGION_HELD][0] = "GiB holds pages of SNP guests or firmware: see rmpoptctl why";
		why[REGION_HELD][1] = "GiB hold pages of SNP guests or firmware: see rmpoptctl why";
	} else if (host->behind.members) {
		why[REGION_HELD][0] =
			"GiB waits for cores that are behind, or held pages of SNP guests or firmware when last tried";
		why[REGION_HELD][1] =
			"GiB wait for cores that are behind, or held pages of SNP guests or firmware when last tried";
	}
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
		{ "request", "requested" },
		{ "later", "requested, after the quiet period" },
		{ "armed", "after cores were set up again" },
		{ "hotplug", "a core came online" },
		{ "retry", "to complete the one before" },
		{ "watch", "the watch found changes" },
		{ "audit", "the audit found losses" },
		{ "conversion", "guests gave pages back" },
	};
	size_t i;

	for (i = 0; trigger && i < ARRAY_SIZE(phrases); i++)
		if (!strcmp(trigger, phrases[i][0]))
			return format(" (%s)", phrases[i][1]);
	return "";
}

/* A saved tree may be old: then the time itself. */
static const char *when(const struct host *host)
{
	u64 then = host->last_pass_time_s, now = time(NULL);

	if (then == UNKNOWN || !then)
		return "";
	if (options.sysroot || then > now)
		return format(", %s", time_text(then));
	return format(", %s ago", seconds_text(now - then));
}

static void say_pass(const struct host *host)
{
	const char *cost = status_cost(host);

	if (host->total)
		line("Running", format("a pass: %llu of %llu instructions%s", host->done, host->total,
				       host->eta_s == UNKNOWN ? "" :
				       format(", about %s left", seconds_text(host->eta_s))));
	if (host->passes == UNKNOWN)
		return;
	if (!host->passes)
		return line("Last pass", "none yet");
	line("Last pass", format("%s%s%s%s%s", host->last_result, when(host),
				 trigger_phrase(host->last_trigger), *cost ? "; " : "", cost));
}

/* What slice_us allows, and how often a slice took longer. */
static const char *slice_limit(const struct host *host)
{
	if (host->slice_us == UNKNOWN || host->overruns == UNKNOWN)
		return "";
	return format("; limit %llu %ss (slice_us), exceeded by %llu of %llu", host->slice_us, micro(),
		      host->overruns, host->slices);
}

static void say_slice(const struct host *host)
{
	if (host->worst_slice_ns == UNKNOWN || host->slices == UNKNOWN)
		return;
	if (!host->slices)
		return line("Longest slice", "none: no follower had anything to do");
	line("Longest slice", format("%s%s%s", duration(host->worst_slice_ns), host->worst_slice_cpu == UNKNOWN ? "" :
				     format(" on CPU %llu", host->worst_slice_cpu), slice_limit(host)));
}

static const char *who_leads(const struct list *list)
{
	if (!list->members)
		return "";
	return list->members == 1 ? format(", leader CPU %u", list->range[0].first) :
	       format(", %llu of them leaders", list->members);
}

static void say_cores(const struct host *host)
{
	u64 behind = host->behind.members;

	if (host->cores_count == UNKNOWN)
		return;
	if (!host->cores.members)
		return line("Cores", "none in use");
	if (host->viewing)
		return line("Cores", format("%llu with a table in use", host->cores.members));
	line("Cores", format("%llu in use%s%s", host->cores.members, who_leads(&host->leaders),
			     behind ? format("; %llu behind", behind) : ""));
	if (host->hooks)
		line("Hooks", host->hooks);
}

/* If it works, and the first pass has ended. */
static const char *next_of_working(const struct host *host)
{
	u64 count[REGION_STATES];

	host_count(host, count);
	if (count[REGION_FAULTY])
		return "if RMPOPT still faults after hours: rmpoptctl status --save FILE, and report it";
	if (strcmp(host->reason, "ok"))
		return "see the reason in the first line";
	if (host->behind.members)
		return host->automatic ? "nothing to do: cores that are behind catch up automatically" :
		       "rmpoptctl scan --wait, as cores are behind and auto is N";
	if (!count[REGION_HELD] && !count[REGION_BACKOFF])
		return "nothing to do: everything that can be optimized is";
	return host->automatic ? "nothing to do: regions are regained automatically" :
	       "after guests have ended: rmpoptctl scan --wait, as auto is N";
}

/* If no pass has shown yet what is optimized. */
static const char *next_of_unknown(const struct host *host)
{
	if (host->total || host_has_state(host, "scanning"))
		return "nothing to do: a pass is running, rmpoptctl watch shows it";
	return host->automatic ? "nothing to do: a pass starts automatically" :
	       "rmpoptctl scan --wait, as auto is N";
}

/* The CPU could do more: the reason says what to change. */
static const char *next_of_viewing(const struct host *host)
{
	return strstr(host->reason, "the RMP is not segmented") ?
	       "do what the first line says; until then nothing is changed" :
	       "nothing to do: in view-only mode nothing is changed";
}

static const char *next(const struct host *host)
{
	static const char * const next_of[][2] = {
		{ "stopped", "rmpoptctl enable starts it again" },
		{ "waiting", "see the reason in the first line; rmpoptctl check shows what prevents SNP" },
		{ "failed", "wait, it retries automatically; if it keeps failing: rmpoptctl check" },
		{ "suspended", "nothing to do: it goes on after resume" },
		{ "leaving", "nothing to do: the module is being unloaded, or the system is shutting down" },
	};
	size_t i;

	if (host->viewing)
		return next_of_viewing(host);
	for (i = 0; i < ARRAY_SIZE(next_of); i++)
		if (host_has_state(host, next_of[i][0]))
			return next_of[i][1];
	if (!host->root)
		return format("%s to see more", host_as_root(SYSFS "covered"));
	return host->looked ? next_of_working(host) : next_of_unknown(host);
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
		say_slice(host);
	}
	if (host->tables)
		say_cores(host);
	line("Next", next(host));
}

int run_status(char **arguments)
{
	struct table *table;
	struct host host;
	bool loaded;

	(void)arguments;
	if (options.save && table_wanted())
		return misused("--save excludes all options about columns");
	if (options.save)
		return status_save(options.save);
	loaded = host_read(&host);
	if (loaded) {
		host_read_places(&host);
		host_read_free(&host);
	} else if (host_hidden()) {
		return host_missing();
	}
	if (table_wanted()) {
		table = table_new("status", status_columns, NULL);
		status_row(table, &host, loaded);
		if (table_print(table))
			return CTL_FAILED;
	} else if (loaded) {
		status_show(&host);
	} else {
		return host_missing();
	}
	return loaded && host_works(&host) ? CTL_OK : CTL_FAILED;
}
