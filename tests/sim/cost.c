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
 * cores and COST_SEND (from the 95 ms: 46 us for a round of IPIs) 1,200 cycles
 * reproduce all of the published sums: see check.c.
 *
 * share: each further core makes a verify dearer by a tenth, as the emulated
 * machine has it. [?] Of the published figures it gives the average of all
 * CPUs, but not the 317 ms.
 */
const struct model models[] = {
	{ .name = "queue", .service = 1200 },
	{ .name = "share", .share = 10 },
};

const u32 model_count = sizeof(models) / sizeof(models[0]);

static const struct model *used;
static u64 free_at;
static u32 running;

/* Nobody verifies. */
void cost_reset(const struct model *model, u64 now)
{
	used = model;
	free_at = now;
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
u64 cost_begin(enum kind kind, u64 now)
{
	u64 cycles = alone(kind), at;

	if (kind == KIND_REPORT)
		return now + cycles;
	running++;
	if (used->share)
		cycles += cycles * (running - 1) / used->share;
	if (!used->service || kind == KIND_EARLY)
		return now + cycles;
	at = now + cycles - used->service;
	free_at = (at > free_at ? at : free_at) + used->service;
	return free_at;
}

/* And ends. */
void cost_end(enum kind kind)
{
	if (kind != KIND_REPORT)
		running--;
}
