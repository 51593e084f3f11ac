// SPDX-License-Identifier: GPL-2.0
/*
 * What things cost, in cycles of 2.0 GHz.
 *
 * Published, all by one AMD engineer in March 2026 for Zen 6 prototypes whose
 * number of cores was not told: [S] a verify alone mostly takes 2,000 to 5,000
 * cycles, at least 60; with all CPUs at once 114,000 to 140,000 on average;
 * 2 TiB by "leader first, then everybody region by region" 317 or 369 ms, 95 ms
 * where the first page of each region is assigned.
 *
 * Inferred: [I] 5,000 for whom scans the RMP, 2,000 for whom finds the result
 * of a scan, 60 for one that stops at the first page.
 * Guessed: [?] 60 for a report, and whatever is not an RMPOPT.
 */
#include "sim.h"

#define CYCLES_REPORT	60u
#define CYCLES_EARLY	60u
#define CYCLES_CACHED	2000u
#define CYCLES_PAID	5000u

/*
 * queue: a part of each verify is executed by one core at a time. [I] With 256
 * cores and 350 cycles to send (from the 95 ms: 46 us for a round of IPIs) 1,200
 * cycles reproduce all of the published sums: see check.c.
 *
 * nodes: the same, but each node has a queue of its own. [I] The published
 * sums come out as well if the prototypes had 512 cores on two nodes, and an
 * IPI to many takes half as long per target.
 *
 * share: each further core makes a verify dearer by a tenth, as the emulated
 * machine has it. [?] Of the published figures it gives the average of all
 * CPUs, but not the 317 ms.
 */
const struct model models[] = {
	{ .name = "queue", .service = 1200, .step = COST_STEP, .send = 350 },
	{ .name = "share", .share = 10, .step = COST_STEP, .send = 350 },
	{ .name = "nodes", .service = 1200, .per_node = true, .step = COST_STEP,
	  .send = 175 },
};

const u32 model_count = sizeof(models) / sizeof(models[0]);

static const struct model *used;
static u64 free_at[NODES_MAX];
static u32 running;

/* Nobody verifies. */
void cost_reset(const struct model *model, u64 now)
{
	u32 node;

	used = model;
	for (node = 0; node < NODES_MAX; node++)
		free_at[node] = now;
	running = 0;
}

static u64 alone(enum kind kind)
{
	switch (kind) {
	case KIND_REPORT:
		return CYCLES_REPORT;
	case KIND_EARLY:
		return CYCLES_EARLY;
	case KIND_CACHED:
		return CYCLES_CACHED;
	default:
		return CYCLES_PAID;
	}
}

/* An instruction begins. Returns when it will end. */
u64 cost_begin(enum kind kind, u32 node, u64 now)
{
	u64 *queue = &free_at[used->per_node ? node : 0];
	u64 cycles = alone(kind), at;

	if (kind == KIND_REPORT)
		return now + cycles;
	running++;
	if (used->share)
		cycles += cycles * ((used->crowd ?: running) - 1) / used->share;
	if (!used->service || kind == KIND_EARLY)
		return now + cycles;
	at = now + cycles - used->service;
	*queue = (at > *queue ? at : *queue) + used->service;
	return *queue;
}

/* What comes on top of each instruction. */
u64 cost_step(void)
{
	return used->step;
}

/* And ends. */
void cost_end(enum kind kind)
{
	if (kind != KIND_REPORT)
		running--;
}
