// SPDX-License-Identifier: GPL-2.0
/* What each tunable does to a full pass on each size of host. */
#include "sim.h"

/* The defaults first; then one thing changed at a time. */
static const struct tuning tunings[] = {
	{ .slice_us = 50, .duty = 5, .parallel = 4 },
	{ .slice_us = 50, .duty = 5, .parallel = 1 },
	{ .slice_us = 50, .duty = 5, .parallel = 2 },
	{ .slice_us = 50, .duty = 5, .parallel = 3 },
	{ .slice_us = 50, .duty = 5, .parallel = 8 },
	{ .slice_us = 50, .duty = 5, .parallel = 0 },
	{ .slice_us = 20, .duty = 5, .parallel = 4 },
	{ .slice_us = 100, .duty = 5, .parallel = 4 },
	{ .slice_us = 50, .duty = 2, .parallel = 4 },
	{ .slice_us = 50, .duty = 10, .parallel = 4 },
};

#define TUNINGS	(sizeof(tunings) / sizeof(tunings[0]))

struct place {
	const struct model *model;
	u32 cores;
	u32 tib;
};

static struct host *host_at(const struct place *at)
{
	return host_new(at->cores, host_nodes(at->tib), at->tib * 1024);
}

static void row(const struct place *at, const char *who,
		const struct result *result, FILE *text, FILE *json)
{
	double stolen = result->followers + result->leaders + result->worker;

	fprintf(text, "  %5u %4u %-16s %9.1f %10.1f %9.1f %9.1f %9u\n",
		at->cores, at->tib, who, (double)result->wall / CYCLES_PER_MS,
		stolen / CYCLES_PER_MS, (double)result->longest / CYCLES_PER_US,
		(double)result->worst_ms / CYCLES_PER_US, result->most);
	fprintf(json, "{\"model\": \"%s\", \"cores\": %u, \"tib\": %u, "
		"\"who\": \"%s\", \"pass_ms\": %.1f, \"stolen_ms\": %.1f, "
		"\"longest_us\": %.1f, \"worst_us_per_ms\": %.1f, "
		"\"interruptions_most\": %u}",
		at->model->name, at->cores, at->tib, who,
		(double)result->wall / CYCLES_PER_MS, stolen / CYCLES_PER_MS,
		(double)result->longest / CYCLES_PER_US,
		(double)result->worst_ms / CYCLES_PER_US, result->most);
}

static void one_host(const struct place *at, FILE *text, FILE *json)
{
	struct host *host = host_at(at);
	struct result result;
	char who[32];
	size_t i;

	v10_pass(host, at->model, &result);
	host_free(host);
	row(at, "v10", &result, text, json);
	fputs(",\n", json);
	host = host_at(at);
	merged_pass(host, at->model, &result);
	host_free(host);
	row(at, "merged", &result, text, json);
	for (i = 0; i < TUNINGS; i++) {
		snprintf(who, sizeof(who), "p%u s%u d%u", tunings[i].parallel,
			 tunings[i].slice_us, tunings[i].duty);
		host = host_at(at);
		execute_pass(host, at->model, &tunings[i], true, &result);
		host_free(host);
		fputs(",\n", json);
		row(at, who, &result, text, json);
	}
}

/* Each model on each size. */
void tables_scale(FILE *text, FILE *json)
{
	const char *comma = "[";
	struct place at;
	u32 m;

	for (m = 0; m < model_count; m++) {
		at.model = &models[m];
		fprintf(text, "\nfull pass, all optimizable, contention by %s; p parallel, s slice_us, d duty\n",
			at.model->name);
		fprintf(text, "  %5s %4s %-16s %9s %10s %9s %9s %9s\n", "cores", "TiB",
			"", "pass ms", "stolen ms", "longest", "us in ms", "interr.");
		for (at.cores = 128; at.cores <= 512; at.cores *= 2)
			for (at.tib = 1; at.tib <= 8; at.tib *= 2) {
				fputs(comma, json);
				comma = ",\n";
				one_host(&at, text, json);
			}
	}
	fputs("]\n", json);
}
