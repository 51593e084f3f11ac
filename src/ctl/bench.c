// SPDX-License-Identifier: GPL-2.0
/*
 * bench: what RMPOPT costs on this host. By region: a leader's verify, then the
 * followers', alone and at once, and reports. Three rounds: tables as they are
 * found, the same again, and after RMPOPT_BASE was off and on.
 */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

/* As many regions without --regions, spread over all. */
#define REGIONS_DEFAULT	16u

static sig_atomic_t stopped;

static void stop(int signal)
{
	__atomic_store_n(&stopped, 1, __ATOMIC_RELAXED);
}

/* Did somebody press Ctrl-C? */
bool bench_stopped(void)
{
	return __atomic_load_n(&stopped, __ATOMIC_RELAXED);
}

/* What was measured is shown; who can't wait for that presses again. */
static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = stop, .sa_flags = SA_RESETHAND };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

static int measure_one(struct bench *bench, struct measure measure,
		       const char *function, const char *cpus)
{
	int ret = bench_ask(bench, function, measure.region, cpus, &measure);

	if (!ret && measure.samples)
		bench_add(bench, &measure);
	return ret;
}

static int measure_alone(struct bench *bench, struct measure measure,
			 const char *function)
{
	int ret = CTL_OK;
	u32 i;

	for (i = 0; i < BENCH_ALONE && bench->alone[i] && !ret; i++)
		ret = bench_ask(bench, function, measure.region, bench->alone[i], &measure);
	if (!ret && measure.samples)
		bench_add(bench, &measure);
	return ret;
}

static int measure_crowds(struct bench *bench, struct measure measure,
			  const char *function)
{
	int ret = CTL_OK;
	u32 i;

	for (i = 0; i < bench->crowds && !ret; i++) {
		measure.cores = bench->crowd[i].cores;
		ret = measure_one(bench, measure, function, bench->crowd[i].cpus);
	}
	return ret;
}

static int measure_region(struct bench *bench, const char *round, u32 region)
{
	struct measure leader = { "leader_verify", round, region, 1 };
	struct measure follower = { "follower_verify", round, region, 1 };
	struct measure report = { "report", round, region, 1 };
	int ret = measure_one(bench, leader, "verify", bench->leader);

	if (!ret && bench->count > 1)
		ret = measure_alone(bench, follower, "verify") ?:
		      measure_crowds(bench, follower, "verify");
	if (!ret)
		ret = measure_one(bench, report, "report", bench->leader);
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

/* Cores @first ... @first + @count - 1 as a list. */
static const char *cpu_list(const struct bench *bench, u32 first, u32 count)
{
	char *list = arena_get(count * sizeof(",4294967295"));
	size_t used = 0;
	u32 i;

	for (i = first; i < first + count; i++)
		used += sprintf(list + used, "%s%u", used ? "," : "", bench->cores[i]);
	return list;
}

/* Made once, as they are long and the same for all regions. */
static void choose_crowds(struct bench *bench)
{
	u32 followers = bench->count - 1, n = 1, i;

	bench->leader = cpu_list(bench, 0, 1);
	for (i = 0; i < BENCH_ALONE && i < followers; i++)
		bench->alone[i] = cpu_list(bench, i + 1, 1);
	while (n < followers) {
		n = 2 * n < followers ? 2 * n : followers;
		bench->crowd[bench->crowds++] = (struct crowd){ n, cpu_list(bench, 1, n) };
	}
}

static void choose_cores(struct bench *bench, const struct host *host)
{
	const struct list *cores = &host->cores;
	size_t i;
	u32 cpu;

	bench->cores = arena_get((cores->members + 1) * sizeof(*bench->cores));
	bench->stall = arena_get((cores->members + 1) * sizeof(*bench->stall));
	for (i = 0; i < cores->ranges; i++)
		for (cpu = cores->range[i].first; cpu <= cores->range[i].last; cpu++)
			bench->cores[bench->count++] = cpu;
	choose_crowds(bench);
}

/* What it will cost, before it begins. */
static bool agreed(const struct bench *bench)
{
	char answer[8] = "";

	if (options.yes)
		return true;
	fprintf(stderr, "This verifies %llu regions on %u cores, three rounds, also on all cores at once: each stops for\n"
		"up to some hundred us at a time, some %llu times. RMPOPT is switched off and on. rmpopt itself\n"
		"stands still meanwhile and makes a full scan afterwards. Ctrl-C ends it at any time, and\n"
		"what was measured until then is shown.\n",
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
	catch_signals();
	bench_begins(&bench, &host);
	ret = bench_open(&bench) ?: measure_all(&bench, &host);
	bench_ended(&bench);
	if (bench.fd >= 0)
		close(bench.fd);
	if (ret == CTL_PARTLY)
		failed("ended before its time: what was measured until then is shown");
	/* What there is, whatever came then. */
	return ret && !bench.measures ? ret : bench_show(&bench) ?: ret;
}
