// SPDX-License-Identifier: GPL-2.0
/*
 * The two upstream algorithms. Both verify each GiB of the lowest 2 TiB on one
 * core, and then again on others, whatever the first one found, whatever was
 * optimized before. v10: one synchronous IPI to all other cores for each GiB.
 * merged: one IPI to all cores, each of which verifies the whole range.
 */
#include <string.h>

#include "sim.h"

/**
 * struct round - one IPI to all others
 * @wall: until the last one has answered
 * @stolen: from all of them
 * @longest: from the one that it took most from
 */
struct round {
	u64 wall;
	u64 stolen;
	u64 longest;
};

/* Two events per core: it begins (even), it ends (odd). */
static void run_round(struct round *round, const struct host *host,
		      const struct model *model, enum kind kind)
{
	static u64 began[CORES_MAX];
	u64 taken;
	struct event event;
	u32 c;

	memset(round, 0, sizeof(*round));
	for (c = 1; c < host->cores; c++)
		event_push(c * model->send + COST_ENTRY / 2, 2 * c);
	while (event_pop(&event)) {
		c = event.what / 2;
		if (event.what % 2 == 0) {
			began[c] = event.at - COST_ENTRY / 2;
			event_push(cost_begin(kind, host->core[c].plan.node, event.at),
				   2 * c + 1);
			continue;
		}
		cost_end(kind);
		taken = event.at + COST_ENTRY / 2 - began[c];
		round->stolen += taken;
		if (taken > round->longest)
			round->longest = taken;
		round->wall = event.at + COST_ENTRY / 2;
	}
}

static void add_round(struct result *result, const struct round *round)
{
	u64 worst = CYCLES_PER_MS * round->longest / round->wall;

	result->wall += round->wall;
	result->followers += round->stolen;
	result->leaders += round->wall;
	if (round->longest > result->longest)
		result->longest = round->longest;
	result->disabled = result->longest;
	if (worst > result->worst_ms)
		result->worst_ms = worst;
}

/* What the leader finds; a free region's result is there afterwards. */
static void lead(struct host *host, const struct model *model, u32 regions,
		 struct result *result)
{
	u64 cycles;
	u32 place;

	for (place = 0; place < regions; place++) {
		enum kind kind = host_kind(host, true, place);

		cost_reset(model, 0);
		cycles = cost_begin(kind, 0, 0) + cost_step();
		result->wall += cycles;
		result->leaders += cycles;
		host_execute(host, &host->core[0], true, place);
	}
}

static u32 walk(const struct host *host)
{
	return host->plan.regions < PLAN_WINDOW_REGIONS ?
	       host->plan.regions : PLAN_WINDOW_REGIONS;
}

void v10_pass(struct host *host, const struct model *model,
	      struct result *result)
{
	struct round round[KIND_PAID + 1];
	u32 place, regions = walk(host);
	enum kind kind;

	memset(result, 0, sizeof(*result));
	for (kind = KIND_EARLY; kind <= KIND_PAID; kind++) {
		cost_reset(model, 0);
		run_round(&round[kind], host, model, kind);
	}
	lead(host, model, regions, result);
	for (place = 0; place < regions; place++)
		add_round(result, &round[host_kind(host, true, place)]);
	result->most = regions;
	result->slices = (u64)regions * (host->cores - 1);
	result->counts.verifies_leader = regions;
	result->counts.verifies_follower = result->slices;
}

/* The core goes on with the next region of its range. */
static void next_verify(struct host *host, struct sim_core *core, u64 now)
{
	core->kind = host_kind(host, true, core->next);
	event_push(cost_begin(core->kind, core->plan.node, now) + cost_step(),
		   core->plan.index);
}

/* The leader's core is the last to begin, and waits for the others. */
static void sweep(struct host *host, const struct model *model, u32 regions,
		  struct result *result)
{
	struct event event;
	struct sim_core *core;
	u64 taken;
	u32 c;

	cost_reset(model, 0);
	for (c = 0; c < host->cores; c++) {
		core = &host->core[c];
		core->next = 0;
		core->began = (c ?: host->cores) * model->send;
		next_verify(host, core, core->began + COST_ENTRY / 2);
	}
	while (event_pop(&event)) {
		core = &host->core[event.what];
		cost_end(core->kind);
		host_execute(host, core, true, core->next);
		if (++core->next < regions) {
			next_verify(host, core, event.at);
			continue;
		}
		taken = event.at + COST_ENTRY / 2 - core->began;
		if (taken > result->longest)
			result->longest = taken;
		if (event.what)
			result->followers += taken;
	}
	result->wall += event.at + COST_ENTRY / 2;
	result->leaders += event.at + COST_ENTRY / 2;
}

void merged_pass(struct host *host, const struct model *model,
		 struct result *result)
{
	u32 regions = walk(host);

	memset(result, 0, sizeof(*result));
	lead(host, model, regions, result);
	sweep(host, model, regions, result);
	result->disabled = result->longest;
	result->worst_ms = result->longest < CYCLES_PER_MS ?
			   result->longest : CYCLES_PER_MS;
	result->most = 1;
	result->slices = host->cores;
	result->counts.verifies_leader = regions;
	result->counts.verifies_follower = (u64)regions * host->cores;
}
