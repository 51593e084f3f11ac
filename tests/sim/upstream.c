// SPDX-License-Identifier: GPL-2.0
/*
 * The upstream algorithm: verify each GiB of the lowest 2 TiB on one core; then,
 * for each GiB again, one synchronous IPI to all other cores, which verify it.
 * Whatever the leader found, whatever was optimized before.
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

void upstream_pass(struct host *host, const struct model *model,
		   struct result *result)
{
	struct round round[KIND_PAID + 1];
	u32 place, regions = host->plan.regions;
	enum kind kind;

	if (regions > PLAN_WINDOW_REGIONS)
		regions = PLAN_WINDOW_REGIONS;
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
