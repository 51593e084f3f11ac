// SPDX-License-Identifier: GPL-2.0
/*
 * The planner: windows, the 2 TiB that a core's table covers.
 *
 * Plain C without kernel calls; used at load.
 */
#include <linux/bitmap.h>
#include <linux/minmax.h>
#include <linux/types.h>

#include "coverage.h"
#include "plan.h"

/**
 * struct bid - what a window would be good for
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

/* Try a window at a base, but none that hangs over the end. */
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

/* The best window begins or ends where some range does. */
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
 * plan_place_window - where a node's cores should look
 * @cov: the regions that are covered, at least one
 * @ram: of them those that are memory; the RST may list MMIO far above it
 * @own: of them those that are the node's memory
 *
 * Up to 2 TiB: from the lowest region, the same for everybody. Beyond: the
 * window that holds most of the node's own memory, then as much other memory
 * as fits, never hanging over the end.
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

/**
 * plan_add_window - add a window, unless there is one at the same base
 * @plan: the plan; there is room in @plan->window
 * @base: number of its first region
 *
 * Return: its index.
 */
u32 plan_add_window(struct plan *plan, u32 base)
{
	u32 i;

	for (i = 0; i < plan->windows; i++)
		if (plan->window[i].base == base)
			return i;
	plan->window[i] = (struct plan_window){ .base = base };
	plan->windows++;
	return i;
}

/* Which places a window holds, when the regions are known. */
static void fit_window(struct plan_window *window, const struct coverage *in)
{
	window->first = coverage_in_window(in, 0, window->base);
	window->count = coverage_in_window(in, window->base,
					   PLAN_WINDOW_REGIONS);
	window->word = window->first / BITS_PER_LONG;
	window->words = BITS_TO_LONGS(window->first % BITS_PER_LONG +
				      window->count);
}

/**
 * plan_fit_windows - find out which regions there are to look after
 * @plan: the plan; all its windows were added
 * @cov: the regions that are covered
 * @in: set to those that some window holds
 * @scratch: overwritten
 *
 * Sets the number of regions and the places that windows hold.
 *
 * Return: 0, -E2BIG as coverage_add().
 */
int plan_fit_windows(struct plan *plan, const struct coverage *cov,
		     struct coverage *in, struct coverage *scratch)
{
	u32 i;
	int ret;

	scratch->ranges = 0;
	scratch->regions = 0;
	for (i = 0; i < plan->windows; i++) {
		ret = coverage_add(scratch, plan->window[i].base,
				   min(PLAN_WINDOW_REGIONS, COVERAGE_REGIONS_MAX -
				       plan->window[i].base));
		if (ret)
			return ret;
	}
	ret = coverage_intersect(in, cov, scratch);
	if (ret)
		return ret;
	plan->regions = in->regions;
	for (i = 0; i < plan->windows; i++)
		fit_window(&plan->window[i], in);
	return 0;
}

/**
 * plan_number - give the places their regions
 * @plan: the plan, with room for @plan->regions in @plan->region
 * @in: the regions, as plan_fit_windows() set them
 */
void plan_number(struct plan *plan, const struct coverage *in)
{
	u32 i, k, place = 0;

	for (i = 0; i < in->ranges; i++)
		for (k = 0; k < in->range[i].count; k++)
			plan->region[place++].number = in->range[i].first + k;
}
