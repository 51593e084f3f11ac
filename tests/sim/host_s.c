// SPDX-License-Identifier: GPL-2.0
/*
 * Host S of tests/bench: the same states and the same passes as its guest.sh
 * brings about on the emulated machine, in the same words, so that the two can
 * be compared. Costs are charged as the machine charges them: each verify as
 * if all leaders and "parallel" followers verified all the time, and 20 cycles
 * for reading the clock after it.
 */
#include "sim.h"

#define CORES		16u
#define NODES		2u
#define GUEST_REGIONS	100u
#define RDTSC		20u
/* Where the machine's RMP has its bookkeeping. */
#define BOOKKEEPING	5u

static struct model charged = { .name = "machine", .share = 10, .step = RDTSC };

/* The RMP fills the last regions, 4 MiB for each that it covers. */
static u32 free_regions(u32 regions)
{
	return regions - (regions * 4 + 1023) / 1024;
}

/* Most of what is covered is nobody's RAM, so that no node is nearer. */
static struct host *new_host(u32 regions, u32 first, u32 step)
{
	struct host *host = host_new(CORES, NODES, regions);
	u32 place;

	for (place = 0; place < regions; place++)
		host->plan.region[place].home = PLAN_NONE;
	for (place = first; step && place < free_regions(regions); place += step)
		host_convert(host, place, CONTENT_LAST);
	host_convert(host, BOOKKEEPING, CONTENT_FIRST);
	for (place = free_regions(regions); place < regions; place++)
		host_convert(host, place, CONTENT_FIRST);
	return host;
}

static void say(const char *name, const char *what, u64 value)
{
	printf("measure %s sim %s %llu\n", name, what, (unsigned long long)value);
}

/* Nothing faults here. */
static void say_all(const char *name, const struct result *result)
{
	const struct plan_counts *counts = &result->counts;

	say(name, "verifies", counts->verifies_leader +
	    counts->verifies_follower + counts->verifies_catchup);
	say(name, "verifies_leader", counts->verifies_leader);
	say(name, "verifies_follower", counts->verifies_follower);
	say(name, "verifies_catchup", counts->verifies_catchup);
	say(name, "reports", counts->reports);
	say(name, "faults", 0);
	say(name, "interruptions", result->slices);
	say(name, "worst-interruptions", result->most);
	say(name, "cycles", result->cycles);
}

/* Seconds after the one before, as people do it. */
static void pass(struct host *host, bool full, struct result *result)
{
	host->now += 1000 * CYCLES_PER_MS;
	plan_elect(&host->plan);
	charged.crowd = host->plan.leaders + defaults.parallel;
	execute_pass(host, &charged, &defaults, full, result);
}

static void one_case(const char *name, u32 regions, u32 first, u32 step)
{
	struct host *host = new_host(regions, first, step);
	struct result result;

	pass(host, true, &result);
	say_all(name, &result);
	host_free(host);
}

static void guest(struct host *host, enum content content)
{
	u32 i, first = host->plan.regions / 2 - GUEST_REGIONS / 2;

	for (i = 0; i < GUEST_REGIONS; i++)
		host_convert(host, first + i, content);
}

/* A full pass; nothing has changed; a guest has come and gone. */
static void one_life(u32 regions)
{
	struct host *host = new_host(regions, 0, 0);
	struct result result;

	pass(host, true, &result);
	say_all("full", &result);
	pass(host, false, &result);
	say_all("same", &result);
	guest(host, CONTENT_FIRST);
	pass(host, false, &result);
	guest(host, CONTENT_FREE);
	pass(host, false, &result);
	say_all("delta", &result);
	host_free(host);
}

/* Returns the exit status. */
int host_s(u32 regions)
{
	if (regions < GUEST_REGIONS || regions > PLAN_WINDOW_REGIONS)
		return 2;
	one_life(regions);
	one_case("half", regions, 1, 2);
	one_case("none", regions, 0, 1);
	return 0;
}
