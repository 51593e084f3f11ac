// SPDX-License-Identifier: GPL-2.0
/*
 * The planner: windows, the 2 TiB that a core's table covers.
 *
 * Plain C without kernel calls; used at load.
 */
#include <linux/bitmap.h>
#include <linux/types.h>

#include "coverage.h"
#include "plan.h"

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
