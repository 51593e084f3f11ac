// SPDX-License-Identifier: GPL-2.0
/*
 * metrics: OpenMetrics text, or the older text of Prometheus, which is all that
 * node_exporter's textfile collector reads. They differ in how a counter is
 * declared: OpenMetrics leaves out the _total that its samples end in. The other
 * one takes that for another metric, without type and help. Types are those
 * that both know; for another the collector refuses the whole file.
 */
#include <string.h>

#include "rmpopt.h"

/**
 * struct metric - a number of the module
 * @file: the file that has it, below SYSFS
 * @name: of the metric, without rmpopt_ and _total
 * @labels: with braces, "" for none
 * @unit: its unit, "" for none
 * @counter: it only grows
 * @scale: what it is to be divided by
 * @help: of the metric; NULL: the same metric as the one before
 */
struct metric {
	const char *file;
	const char *name;
	const char *labels;
	const char *unit;
	bool counter;
	double scale;
	const char *help;
};

static const struct metric metrics[] = {
	{ "regions_covered", "regions_covered", "", "", false, 1,
	  "Regions (1 GiB each) covered." },
	{ "regions_optimized", "regions_optimized", "", "", false, 1,
	  "Regions optimized on every core in use." },
	{ "regions_uncovered", "regions_uncovered", "", "", false, 1,
	  "Regions in no core's window." },
	{ "regions_faulty", "regions_faulty", "", "", false, 1,
	  "Regions in which RMPOPT faults." },
	{ "requested", "requests", "", "", true, 1, "Requests accepted." },
	{ "served", "requests_served", "", "", true, 1, "Requests served." },
	{ "stats/passes_full", "passes", "{kind=\"full\"}", "", true, 1,
	  "Passes ended." },
	{ "stats/passes_delta", "passes", "{kind=\"delta\"}", "", true, 1, NULL },
	{ "stats/verifies_leader", "verifies", "{by=\"leader\"}", "", true, 1,
	  "Verifies whose results were used." },
	{ "stats/verifies_follower", "verifies", "{by=\"follower\"}", "", true, 1, NULL },
	{ "stats/verifies_catchup", "verifies", "{by=\"catchup\"}", "", true, 1, NULL },
	{ "stats/reports", "reports", "", "", true, 1, "Reports whose results were used." },
	{ "stats/slices", "slices", "", "", true, 1, "Slices executed." },
	{ "stats/interruptions", "interruptions", "", "", true, 1,
	  "Slices sent by IPI, each of which interrupts a CPU." },
	{ "stats/overruns", "overruns", "", "", true, 1,
	  "Slices longer than slice_us." },
	{ "stats/conversions", "conversions", "", "", true, 1,
	  "Conversions of pages seen by hooks." },
	{ "stats/faults", "faults", "", "", true, 1, "Instructions that faulted." },
	{ "stats/last_pass_us", "last_pass_seconds", "", "seconds", false, 1e6,
	  "Duration of the last pass." },
	{ "stats/last_stolen_us", "last_stolen_seconds", "", "seconds", false, 1e6,
	  "Time that the last pass took from other cores in total." },
	{ "stats/last_pass_time_s", "last_pass_timestamp_seconds", "", "seconds", false, 1,
	  "When the last pass ended, in seconds since 1970." },
	{ "stats/worst_slice_ns", "worst_slice_seconds", "", "seconds", false, 1e9,
	  "Longest slice." },
};

static void head(const char *name, bool counter, const char *unit,
		 const char *help)
{
	const char *suffix = counter && options.textfile ? "_total" : "";

	printf("# HELP rmpopt_%s%s %s\n# TYPE rmpopt_%s%s %s\n", name, suffix,
	       help, name, suffix, counter ? "counter" : "gauge");
	if (*unit && !options.textfile)
		printf("# UNIT rmpopt_%s %s\n", name, unit);
}

static void print_metric(const struct metric *metric, const struct host *host)
{
	const char *suffix = metric->counter ? "_total" : "";
	u64 value;

	if (!file_number(&value, SYSFS "%s", metric->file))
		return;
	/* Without tables there are no windows. */
	if (!host->tables && !strcmp(metric->file, "regions_uncovered"))
		value = 0;
	if (metric->help)
		head(metric->name, metric->counter, metric->unit, metric->help);
	if (metric->scale == 1)
		printf("rmpopt_%s%s%s %llu\n", metric->name, suffix,
		       metric->labels, value);
	else
		printf("rmpopt_%s%s%s %.9f\n", metric->name, suffix,
		       metric->labels, value / metric->scale);
}

static void gauge(const char *name, const char *help, u64 value)
{
	head(name, false, "", help);
	printf("rmpopt_%s %llu\n", name, value);
}

/* One sample for each word that it may be. */
static void words(const char *name, const char *label, const char *help,
		  const char * const *word, const char *now)
{
	head(name, false, "", help);
	for (; *word; word++)
		printf("rmpopt_%s{%s=\"%s\"} %d\n", name, label, *word,
		       now && !strcmp(*word, now));
}

/* Without characters that would end the value of the label. */
static void print_info(const char *version)
{
	char *text = arena_copy(version), *c;

	for (c = text; *c; c++)
		if (*c == '"' || *c == '\\' || *c == '\n')
			*c = '?';
	head("info", false, "", "Version of the module.");
	printf("rmpopt_info{version=\"%s\"} 1\n", text);
}

static void print_state(const struct host *host)
{
	static const char * const states[] = {
		"waiting", "ready", "scanning", "stopped", "failed", "suspended",
		"leaving", "viewing", NULL
	};
	static const char * const results[] = {
		"none", "ok", "partial", "cancelled", "failed", NULL
	};

	words("state", "state", "State of the module.", states, host->state);
	words("last_result", "result", "Result of the last pass.", results,
	      host->last_result);
	if (host->cores_count != UNKNOWN)
		gauge("cores", "Cores in use.", host->cores_count);
	if (host->behind_count != UNKNOWN)
		gauge("cores_behind", "Cores whose tables may lack bits.",
		      host->behind_count);
	if (host->root)
		gauge("regions_backoff", "Regions that were lost again soon after they were regained, or are being converted, to be retried later.",
		      host->backoff.members);
}

int run_metrics(char **arguments)
{
	struct host host;
	bool loaded = host_read(&host);
	size_t i;

	(void)arguments;
	if (!loaded && host_hidden())
		return host_missing();
	gauge("loaded", "Whether the module is loaded.", loaded);
	if (loaded) {
		print_info(host.version);
		print_state(&host);
		for (i = 0; i < ARRAY_SIZE(metrics); i++)
			print_metric(&metrics[i], &host);
	}
	if (!options.textfile)
		puts("# EOF");
	return CTL_OK;
}
