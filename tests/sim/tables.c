// SPDX-License-Identifier: GPL-2.0
/* What passes cost on hosts of many sizes, and how tunables trade off. */
#include "sim.h"

/* By IPI, as idle cores are reached; tables_hosts() has busy ones, too. */
const struct tuning defaults = { .slice_us = 50, .duty = 5, .parallel = 4 };

const struct scenario scenarios[] = {
	{ .name = "full, all optimizable" },
	{ .name = "full, half blocked at end", .every = 2, .content = CONTENT_LAST },
	{ .name = "full, nothing optimizable", .every = 1, .content = CONTENT_FIRST },
	{ .name = "delta of 100, hooks", .delta = true, .hooks = true },
	{ .name = "delta of 100, no hooks", .delta = true },
};

const u32 scenario_count = sizeof(scenarios) / sizeof(scenarios[0]);

static double us(u64 cycles)
{
	return (double)cycles / CYCLES_PER_US;
}

static double ms(u64 cycles)
{
	return (double)cycles / CYCLES_PER_MS;
}

/* Tables as they are when the pass begins. Delta: a guest has just ended. */
void scenario_prepare(struct host *host, const struct scenario *scenario)
{
	struct result result;
	u32 i, place;

	host_fill(host, scenario->every, scenario->content);
	if (!scenario->delta)
		return;
	execute_pass(host, &models[0], &defaults, true, &result);
	host->now += 1000 * CYCLES_PER_MS;
	for (i = 0; i < DELTA_REGIONS; i++) {
		place = i * (host->plan.regions / DELTA_REGIONS);
		host_convert(host, place, CONTENT_FREE);
		if (scenario->hooks)
			plan_mark(&host->plan, place);
	}
}

static u64 stolen(const struct result *result)
{
	return result->followers + result->leaders + result->worker;
}

static void text_row(FILE *text, const char *who, const struct result *result)
{
	fprintf(text, "    %-9s %9.1f %10.1f %10.1f %9.1f %9.1f %9.1f %8u %9llu %9llu %8llu\n",
		who, ms(result->wall), ms(result->followers),
		ms(result->leaders + result->worker), us(result->longest),
		us(result->worst_ms), us(result->disabled), result->most,
		result->counts.verifies_leader, result->counts.verifies_follower,
		result->counts.reports);
}

static void json_row(FILE *json, const char *who, const struct result *result)
{
	fprintf(json, "\"%s\": {\"pass_ms\": %.3f, \"stolen_ms\": %.3f, "
		"\"followers_ms\": %.3f, \"longest_us\": %.2f, \"disabled_us\": %.2f, "
		"\"worst_us_per_ms\": %.1f, \"interruptions\": %llu, "
		"\"interruptions_most\": %u, \"overruns\": %llu, "
		"\"verifies_leader\": %llu, \"verifies_follower\": %llu, "
		"\"reports\": %llu}",
		who, ms(result->wall), ms(stolen(result)), ms(result->followers),
		us(result->longest), us(result->disabled), us(result->worst_ms), result->slices,
		result->most, result->overruns, result->counts.verifies_leader,
		result->counts.verifies_follower, result->counts.reports);
}

enum who { IPI, TICK_250, TICK_1000, V10, MERGED };

static const char *const names[] = { "ipi", "tick_250", "tick_1000", "v10", "merged" };

static void run_rmpopt(struct host *host, enum who who, const struct model *model,
		       bool full, struct result *result)
{
	struct tuning tuning = defaults;

	if (who == TICK_250)
		tuning.tick_us = 4000;
	else if (who == TICK_1000)
		tuning.tick_us = 1000;
	execute_pass(host, model, &tuning, full, result);
}

/* One case, on a host of its own. */
static void run_one(enum who who, const struct model *model, u32 cores, u32 tib,
		    const struct scenario *scenario, struct result *result)
{
	struct host *host = host_new(cores, host_nodes(tib), tib * 1024);

	scenario_prepare(host, scenario);
	if (who == V10)
		v10_pass(host, model, result);
	else if (who == MERGED)
		merged_pass(host, model, result);
	else
		run_rmpopt(host, who, model, !scenario->delta, result);
	host_free(host);
}

/* One case on hosts that are alike. */
static void compare(const struct model *model, u32 cores, u32 tib,
		    const struct scenario *scenario, FILE *text, FILE *json)
{
	struct result result;
	enum who who;

	fprintf(text, "  %s\n", scenario->name);
	fprintf(json, "{\"model\": \"%s\", \"cores\": %u, \"tib\": %u, \"nodes\": %u, "
		"\"case\": \"%s\"", model->name, cores, tib, host_nodes(tib),
		scenario->name);
	for (who = IPI; who <= MERGED; who++) {
		run_one(who, model, cores, tib, scenario, &result);
		text_row(text, names[who], &result);
		fprintf(json, ", ");
		json_row(json, names[who], &result);
	}
	fprintf(json, "}");
}

static void one_host(const struct model *model, u32 cores, u32 tib, FILE *text,
		     FILE *json, const char **comma)
{
	u32 i;

	fprintf(text, "\n%u cores, %u nodes, %u TiB, contention by %s\n",
		cores, host_nodes(tib), tib, model->name);
	fprintf(text, "    %-9s %9s %10s %10s %9s %9s %9s %8s %9s %9s %8s\n", "",
		"pass ms", "followers", "leaders", "longest", "worst us", "IRQs off", "inter-",
		"verifies", "verifies", "reports");
	fprintf(text, "    %-9s %9s %10s %10s %9s %9s %9s %8s %9s %9s %8s\n", "",
		"", "ms stolen", "worker ms", "us", "in 1 ms", "us", "ruptions",
		"leaders", "followers", "");
	for (i = 0; i < scenario_count; i++) {
		fputs(*comma, json);
		*comma = ",\n";
		compare(model, cores, tib, &scenarios[i], text, json);
	}
}

/* Both models on the sizes that are looked at. */
void tables_hosts(FILE *text, FILE *json)
{
	const char *comma = "";
	u32 m, cores, tib;

	fputs("[", json);
	for (m = 0; m < model_count; m++)
		for (cores = 128; cores <= 512; cores *= 2)
			for (tib = 1; tib <= 8; tib *= 2)
				one_host(&models[m], cores, tib, text, json, &comma);
	fputs("]\n", json);
}

static const u32 sweep_parallel[] = { 1, 2, 3, 4, 8, 16, 0 };
static const u32 sweep_slice[] = { 10, 20, 50, 100, 200 };
static const u32 sweep_duty[] = { 2, 5, 10 };

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

static void one_point(const struct model *model, const struct tuning *tuning,
		      FILE *text, FILE *json)
{
	struct host *host = host_new(256, 2, 2048);
	struct result result;

	execute_pass(host, model, tuning, true, &result);
	host_free(host);
	fprintf(text, "  %8u %8u %5u %9.1f %10.1f %9.1f %9.1f %9.1f %8u %8llu\n",
		tuning->parallel, tuning->slice_us, tuning->duty,
		ms(result.wall), ms(result.followers), ms(result.worker),
		us(result.longest), us(result.worst_ms), result.most,
		result.overruns);
	fprintf(json, "{\"model\": \"%s\", \"parallel\": %u, \"slice_us\": %u, "
		"\"duty\": %u, ", model->name, tuning->parallel,
		tuning->slice_us, tuning->duty);
	json_row(json, "rmpopt", &result);
	fprintf(json, "}");
}

static void sweep_model(const struct model *model, FILE *text, FILE *json,
			const char **comma)
{
	struct tuning tuning;
	u32 i;

	fprintf(text, "\nfull pass, 256 cores, 2 nodes, 2 TiB, all optimizable, contention by %s\n",
		model->name);
	fprintf(text, "  %8s %8s %5s %9s %10s %9s %9s %9s %8s %8s\n",
		"parallel", "slice_us", "duty", "pass ms", "followers", "worker",
		"longest", "worst us", "inter-", "over-");
	fprintf(text, "  %8s %8s %5s %9s %10s %9s %9s %9s %8s %8s\n",
		"", "", "", "", "ms stolen", "ms", "us", "in 1 ms", "ruptions",
		"runs");
	for (i = 0; i < COUNT(sweep_parallel) * COUNT(sweep_slice) * COUNT(sweep_duty); i++) {
		tuning.duty = sweep_duty[i % COUNT(sweep_duty)];
		tuning.slice_us = sweep_slice[i / COUNT(sweep_duty) % COUNT(sweep_slice)];
		tuning.parallel = sweep_parallel[i / COUNT(sweep_duty) / COUNT(sweep_slice)];
		fputs(*comma, json);
		*comma = ",\n";
		one_point(model, &tuning, text, json);
	}
}

/* Tunables against each other. */
void tables_sweep(FILE *text, FILE *json)
{
	const char *comma = "";
	u32 m;

	fputs("[", json);
	for (m = 0; m < model_count; m++)
		sweep_model(&models[m], text, json, &comma);
	fputs("]\n", json);
}
