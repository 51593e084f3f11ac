// SPDX-License-Identifier: GPL-2.0
/*
 * The planner: where a node's window is placed.
 *
 * Plain C without kernel calls, and without a plan: rmpoptctl lab compiles it,
 * too, so that both set the same RMPOPT_BASE.
 */
#include <linux/minmax.h>
#include <linux/types.h>

#include "coverage.h"
#include "plan.h"

/**
 * struct bid - what a window would hold
 * @base: number of its first region
 * @own: how many regions of the node's own memory it holds
 * @ram: how many of any memory
 * @all: how many that are covered, memory or not
 */
struct bid {
	u32 base;
	u32 own;
	u32 ram;
	u32 all;
};

static bool better(const struct bid *a, const struct bid *b)
{
	if (a->own != b->own)
		return a->own > b->own;
	if (a->ram != b->ram)
		return a->ram > b->ram;
	return a->all > b->all;
}

/* Try a window at a base, unless it reaches past the end. */
static void try_window(struct bid *best, u32 base, const struct coverage *cov,
		       const struct coverage *ram, const struct coverage *own)
{
	const struct coverage *within = ram->regions ? ram : cov;
	u32 low = coverage_lowest(within), end = coverage_end(within);
	struct bid bid;

	base = min(base, end > low + PLAN_WINDOW_REGIONS ?
			 end - PLAN_WINDOW_REGIONS : low);
	bid.base = max(base, low);
	bid.own = coverage_in_window(own, bid.base, PLAN_WINDOW_REGIONS);
	bid.ram = coverage_in_window(ram, bid.base, PLAN_WINDOW_REGIONS);
	bid.all = coverage_in_window(cov, bid.base, PLAN_WINDOW_REGIONS);
	if (better(&bid, best))
		*best = bid;
}

/* The best window begins or ends where a range does. */
static void try_ranges(struct bid *best, const struct coverage *ranges,
		       const struct coverage *cov, const struct coverage *ram,
		       const struct coverage *own)
{
	u32 i, first, end;

	for (i = 0; i < ranges->ranges; i++) {
		first = ranges->range[i].first;
		end = first + ranges->range[i].count;
		try_window(best, first, cov, ram, own);
		try_window(best, end > PLAN_WINDOW_REGIONS ?
				 end - PLAN_WINDOW_REGIONS : 0, cov, ram, own);
	}
}

/**
 * plan_place_window - choose the window of a node's cores
 * @cov: the regions that are covered, at least one
 * @ram: those of them that are memory; the RST may list MMIO far above it
 * @own: those of them that are the node's memory
 *
 * Up to 2 TiB: from the lowest region on, the same for all nodes. Beyond that:
 * the window that holds most of the node's own memory, then as much other
 * memory as fits, never reaching past the end.
 *
 * Return: number of the window's first region.
 */
u32 plan_place_window(const struct coverage *cov, const struct coverage *ram,
		      const struct coverage *own)
{
	struct bid best = {};

	if (coverage_end(cov) - coverage_lowest(cov) <= PLAN_WINDOW_REGIONS)
		return coverage_lowest(cov);
	try_ranges(&best, own, cov, ram, own);
	try_ranges(&best, ram, cov, ram, own);
	try_ranges(&best, cov, cov, ram, own);
	return best.base;
}
