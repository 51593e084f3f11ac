// SPDX-License-Identifier: GPL-2.0
/* The numbers that must be exact, and the published ones that must come out. */
#include "sim.h"

#define MIB	(1024.0 * 1024.0)

static int tests, failures;

static void ok(bool good, const char *what, double is, double wanted)
{
	tests++;
	failures += !good;
	printf("%sok %d - %s\n", good ? "" : "not ", tests, what);
	if (!good)
		printf("# is %.6g, wanted %.6g\n", is, wanted);
}

static void equal(u64 is, u64 wanted, const char *what)
{
	ok(is == wanted, what, is, wanted);
}

static void at_most(double is, double wanted, const char *what)
{
	ok(is <= wanted, what, is, wanted);
}

static void within(double is, double low, double high, const char *what)
{
	ok(is >= low && is <= high, what, is, is < low ? low : high);
}

/* By windows: who else holds a region that does not stay blocked? */
static u64 followers_of(const struct host *host, bool changed_only)
{
	u32 step = host->plan.regions / DELTA_REGIONS;
	u64 sum = 0;
	u32 c, place;

	for (place = 0; place < host->plan.regions; place++) {
		if (host->content[place])
			continue;
		if (changed_only &&
		    (place % step || place / step >= DELTA_REGIONS))
			continue;
		for (c = 0; c < host->cores; c++)
			sum += plan_holds(&host->plan, &host->core[c].plan, place);
		sum--;
	}
	return sum;
}

static void check_full(const struct host *host, const struct result *result)
{
	equal(result->counts.verifies_leader, host->plan.regions,
	      "leaders verify each region once");
	equal(result->counts.verifies_follower, followers_of(host, false),
	      "followers verify what was won, once per other core whose window holds it");
	equal(result->counts.verifies_catchup, 0, "nothing to catch up");
}

static void check_delta(const struct host *host, const struct result *result,
			bool hooks)
{
	u32 asked = hooks ? 0 : DELTA_REGIONS;

	equal(result->counts.verifies_leader, DELTA_REGIONS,
	      "leaders verify what was lost");
	equal(result->counts.verifies_follower, followers_of(host, true),
	      "followers verify that");
	at_most(result->counts.reports,
		host->plan.regions + DELTA_REGIONS + asked,
		hooks ? "at most R + k reports" :
			"at most R + k reports, and k for second witnesses");
}

static void check_pass(u32 cores, u32 tib, const struct scenario *scenario)
{
	struct host *host = host_new(cores, host_nodes(tib), tib * 1024);
	struct result result;

	printf("# %u cores, %u TiB: %s\n", cores, tib, scenario->name);
	scenario_prepare(host, scenario);
	execute_pass(host, &models[0], &defaults, !scenario->delta, &result);
	if (scenario->delta)
		check_delta(host, &result, scenario->hooks);
	else
		check_full(host, &result);
	if (scenario->content == CONTENT_FIRST)
		equal(result.slices, 0, "no follower is interrupted");
	equal(host_wrong(host), 0, "all tables are as they should be, and believed so");
	host_free(host);
}

/* The first pass and one when nothing has changed since. */
static void check_nothing_new(void)
{
	struct host *host = host_new(256, 2, 2048);
	struct result result;

	printf("# 256 cores, 2 TiB: nothing has changed\n");
	execute_pass(host, &models[0], &defaults, true, &result);
	/* Others may begin meanwhile, and make the last one dearer than all before. */
	at_most(result.longest,
		defaults.slice_us * CYCLES_PER_US + COST_ENTRY +
		defaults.parallel * models[0].service,
		"no interruption longer than slice_us and what others add");
	execute_pass(host, &models[0], &defaults, false, &result);
	equal(result.counts.reports, 2048, "R reports");
	equal(result.slices, 0, "no follower is interrupted");
	host_free(host);
}

/* Where each node has its own bottleneck, all of them are to be in use at once. */
static void check_turns(void)
{
	struct result one, two;
	struct host *host;

	printf("# 256 cores, 2 TiB: one node, two nodes\n");
	host = host_new(256, 1, 2048);
	execute_pass(host, &models[2], &defaults, true, &one);
	host_free(host);
	host = host_new(256, 2, 2048);
	execute_pass(host, &models[2], &defaults, true, &two);
	host_free(host);
	at_most(two.wall, 0.7 * one.wall, "nodes take turns: two are faster than one");
	at_most(two.followers, 0.7 * one.followers, "and less time is stolen");
}

/* "queue" and "nodes" are made to fit these: they must go on doing so. [S], [I] */
static void check_published(const struct model *model, u32 cores)
{
	struct host *host = host_new(cores, 2, 2048);
	struct result result;

	printf("# published: 2 TiB, leader first, one thread per core; %s\n",
	       model->name);
	v10_pass(host, model, &result);
	within((double)result.wall / CYCLES_PER_MS, 311, 369,
	       "317 and 369 ms, 311 ms with an empty RMP");
	within((double)result.followers / result.slices, 100000, 140000,
	       "111,000 cycles on average; 114,000 to 140,000 with all cores at once");
	host_fill(host, 1, CONTENT_FIRST);
	v10_pass(host, model, &result);
	within((double)result.wall / CYCLES_PER_MS, 85, 105,
	       "95 ms with the first page of each region assigned");
	host_free(host);
}

/* As tests/bench charges it: all cores at once. */
static void check_merged(void)
{
	static const struct model model = { .share = 10, .crowd = 16 };
	struct host *host = host_new(16, 2, 2048);
	struct result result;

	printf("# 16 cores, 2 TiB: the merged algorithm\n");
	merged_pass(host, &model, &result);
	equal(result.counts.verifies_leader + result.counts.verifies_follower,
	      2048 * 17, "merged: each core verifies the range, the leader twice");
	equal(result.longest, 2048 * 5000 + COST_ENTRY,
	      "merged: the whole range in one go");
	host_free(host);
}

static void check_memory(void)
{
	struct host *host = host_new(1024, 8, 8192);

	printf("# 1,024 cores, 8 TiB\n");
	at_most(memory_of(host, NULL) / MIB, 3, "less than 3 MiB of memory");
	host_free(host);
}

/* Returns the exit status. */
int check_all(void)
{
	u32 i;

	for (i = 0; i < scenario_count; i++) {
		check_pass(128, 2, &scenarios[i]);
		check_pass(256, 4, &scenarios[i]);
		check_pass(64, 8, &scenarios[i]);
	}
	check_nothing_new();
	check_turns();
	check_published(&models[0], 256);
	check_published(&models[2], 512);
	check_merged();
	check_memory();
	printf("1..%d\n", tests);
	return failures ? 1 : 0;
}
