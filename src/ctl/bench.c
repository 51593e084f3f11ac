// SPDX-License-Identifier: GPL-2.0
/*
 * bench: what RMPOPT costs on this host. By region: a leader's verify, then the
 * followers', alone and at once, and reports. Three rounds: tables as they are
 * found, the same again, and after RMPOPT_BASE was off and on.
 */
#include <string.h>
#include <unistd.h>

#include "bench.h"

/* As many regions without --regions, spread over all. */
#define REGIONS_DEFAULT	16u

/* Followers that are measured alone; at once it is all of them. */
#define ALONE		4u

static int measure_one(struct bench *bench, struct measure measure,
		       const char *function, const char *cpus)
{
	int ret = bench_ask(bench, function, measure.region, cpus, &measure);

	if (!ret && measure.samples)
		bench_add(bench, &measure);
	return ret;
}

/* Cores @first ... @first + @count - 1 as a list. */
static const char *cpu_list(const struct bench *bench, u32 first, u32 count)
{
	const char *list = "";
	u32 i;

	for (i = first; i < first + count; i++)
		list = format("%s%s%u", list, *list ? "," : "", bench->cores[i]);
	return list;
}

static int measure_alone(struct bench *bench, struct measure measure,
			 const char *function)
{
	u32 i, n = bench->count - 1 < ALONE ? bench->count - 1 : ALONE;
	int ret = CTL_OK;

	for (i = 1; i <= n && !ret; i++)
		ret = bench_ask(bench, function, measure.region,
				cpu_list(bench, i, 1), &measure);
	if (!ret && measure.samples)
		bench_add(bench, &measure);
	return ret;
}

/* 2, 4, 8 ... and all followers at once. */
static int measure_crowds(struct bench *bench, struct measure measure,
			  const char *function)
{
	u32 followers = bench->count - 1, n = 1;
	int ret = CTL_OK;

	while (n < followers && !ret) {
		n = 2 * n < followers ? 2 * n : followers;
		measure.cores = n;
		ret = measure_one(bench, measure, function, cpu_list(bench, 1, n));
	}
	return ret;
}

static int measure_region(struct bench *bench, const char *round, u32 region)
{
	struct measure leader = { "leader_verify", round, region, 1 };
	struct measure follower = { "follower_verify", round, region, 1 };
	struct measure report = { "report", round, region, 1 };
	int ret = measure_one(bench, leader, "verify", cpu_list(bench, 0, 1));

	if (!ret && bench->count > 1)
		ret = measure_alone(bench, follower, "verify") ?:
		      measure_crowds(bench, follower, "verify");
	if (!ret)
		ret = measure_one(bench, report, "report", cpu_list(bench, 0, 1));
	if (!ret && bench->count > 1)
		ret = measure_crowds(bench, report, "report");
	return ret;
}

static int measure_round(struct bench *bench, const char *round)
{
	const struct list *regions = &bench->regions;
	int ret = CTL_OK;
	u32 region;
	size_t i;

	for (i = 0; i < regions->ranges && !ret; i++)
		for (region = regions->range[i].first;
		     region <= regions->range[i].last && !ret; region++)
			ret = measure_region(bench, round, region);
	return ret;
}

static int measure_all(struct bench *bench, const struct host *host)
{
	return measure_round(bench, "found") ?: measure_round(bench, "repeated") ?:
	       bench_do(bench, "clear") ?: measure_round(bench, "clear") ?:
	       bench_writes(bench, host);
}

/* The place-th covered region. */
static u32 region_at(const struct list *covered, u64 place)
{
	size_t i;

	for (i = 0; i < covered->ranges; i++) {
		u64 count = covered->range[i].last - covered->range[i].first + 1ull;

		if (place < count)
			return covered->range[i].first + place;
		place -= count;
	}
	return 0;
}

static int choose_regions(struct bench *bench, const struct host *host)
{
	u64 n = host->covered.members, i, k;
	const char *list = "";

	if (options.regions) {
		if (!list_parse(&bench->regions, options.regions) || !bench->regions.members)
			return misused("--regions %s: give a sorted list like 0-3,1024", options.regions);
		return CTL_OK;
	}
	k = n < REGIONS_DEFAULT ? n : REGIONS_DEFAULT;
	for (i = 0; i < k; i++)
		list = format("%s%s%u", list, *list ? "," : "",
			      region_at(&host->covered, i * n / k));
	return list_parse(&bench->regions, list) ? CTL_OK : CTL_FAILED;
}

static void choose_cores(struct bench *bench, const struct host *host)
{
	const struct list *cores = &host->cores;
	size_t i;
	u32 cpu;

	bench->cores = arena_get((cores->members + 1) * sizeof(*bench->cores));
	for (i = 0; i < cores->ranges; i++)
		for (cpu = cores->range[i].first; cpu <= cores->range[i].last; cpu++)
			bench->cores[bench->count++] = cpu;
}

/* What it will cost, before it begins. */
static bool agreed(const struct bench *bench)
{
	char answer[8] = "";

	if (options.yes)
		return true;
	fprintf(stderr, "This verifies %llu regions on %u cores, three rounds, also on all cores at once: each stops for\n"
		"up to some hundred us at a time, some %llu times. RMPOPT is switched off and on. rmpopt itself\n"
		"stands still meanwhile and makes a full scan afterwards. Ctrl-C ends it at any time.\n",
		bench->regions.members, bench->count, 3 * bench->regions.members * 20);
	if (!isatty(STDIN_FILENO))
		return false;
	fputs("Go on? [y/N] ", stderr);
	return fgets(answer, sizeof(answer), stdin) && (*answer == 'y' || *answer == 'Y');
}

int run_bench(char **arguments)
{
	struct bench bench = { .fd = -1 };
	struct host host;
	int ret;

	(void)arguments;
	if (!host_read(&host))
		return host_missing(NULL, NULL);
	if (!host.root || !host.cores.members)
		return failed("bench wants root, and cores that take part; rmpoptctl status says more");
	choose_cores(&bench, &host);
	ret = choose_regions(&bench, &host);
	if (ret)
		return ret;
	if (!agreed(&bench))
		return misused("not without your consent; bench --yes does not ask");
	ret = bench_open(&bench) ?: measure_all(&bench, &host);
	if (bench.fd >= 0)
		close(bench.fd);
	return ret ?: bench_show(&bench);
}
