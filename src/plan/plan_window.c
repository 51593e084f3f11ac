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

/**
 * plan_number - give the places their regions
 * @plan: the plan, sized, with room for its regions
 * @cov: the regions that are covered
 */
void plan_number(struct plan *plan, const struct coverage *cov)
{
	u32 i, k, place = 0;

	for (i = 0; i < cov->ranges; i++)
		for (k = 0; k < cov->range[i].count; k++)
			plan->region[place++].number = cov->range[i].first + k;
}

/* How many covered regions lie below a region. */
static u32 places_below(const struct plan *plan, u64 region)
{
	u32 low = 0, high = plan->regions, middle;

	while (low < high) {
		middle = (low + high) / 2;
		if (plan->region[middle].number < region)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct plan_window window_at(const struct plan *plan, u32 base)
{
	struct plan_window window = { .base = base };

	window.first = places_below(plan, base);
	window.count = places_below(plan, (u64)base + PLAN_WINDOW_REGIONS) -
		       window.first;
	if (!window.count)
		return (struct plan_window){ .base = base };
	window.word = window.first / BITS_PER_LONG;
	window.words = BITS_TO_LONGS(window.first % BITS_PER_LONG + window.count);
	return window;
}

static bool is_same(const struct plan_window *a, const struct plan_window *b)
{
	return a->base == b->base && a->first == b->first &&
	       a->count == b->count;
}

/**
 * plan_set_window - set the window of a core's table
 * @plan: the plan; its places are numbered
 * @core: a core that was added
 * @base: number of the first region, as RMPOPT_BASE has it. Any is allowed,
 *	also one with no covered region after it
 *
 * Nothing is believed of the core afterwards, unless it had this window before.
 *
 * Return: whether the core has the window now. Not if it takes part, or is
 * late, and had another window, which a running slice may be reading.
 */
bool plan_set_window(struct plan *plan, struct plan_core *core, u32 base)
{
	struct plan_window window = window_at(plan, base);

	if (is_same(&window, &core->window))
		return true;
	if (core->present || core->late)
		return false;
	core->window = window;
	plan_core_zero(plan, core->member);
	plan_core_zero(plan, core->gained);
	plan_core_zero(plan, core->bad);
	plan_core_zero(plan, core->fault);
	plan_settle(plan);
	return true;
}
