// SPDX-License-Identifier: GPL-2.0
/*
 * The planner: beliefs about the tables, and the arithmetic of slices.
 *
 * Plain C without kernel calls. All of it belongs to the worker, except
 * plan_fits() and plan_learn(), which a slice's handler calls for its core.
 */
#include <linux/bitmap.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/types.h>

#include "plan.h"

/**
 * plan_forget - take nothing on trust any more
 * @plan: the plan
 *
 * For whenever tables may have been emptied or cores have joined.
 */
void plan_forget(struct plan *plan)
{
	bitmap_zero(plan->optimized, PLAN_REGIONS_MAX);
}

/**
 * plan_begin - a full pass begins
 * @plan: the plan
 *
 * What was optimized counts as such until the leader comes to it.
 */
void plan_begin(struct plan *plan)
{
	bitmap_zero(plan->won, PLAN_REGIONS_MAX);
	bitmap_zero(plan->missed, PLAN_REGIONS_MAX);
}

/**
 * plan_lead - the leader has verified a region
 * @plan: the plan
 * @i: the region's place
 * @bit: what it answered
 *
 * A failed region is never sent to a follower. Until its closing the region
 * does not count as optimized even if it was before: the verify may just have
 * hidden that all cores had lost it.
 */
void plan_lead(struct plan *plan, u32 i, bool bit)
{
	__clear_bit(i, plan->optimized);
	__assign_bit(i, plan->won, bit);
}

/**
 * plan_follow - what a follower has come to
 * @plan: the plan
 * @missed: where it did not get the bit; NULL: it did not get through
 */
void plan_follow(struct plan *plan, const unsigned long *missed)
{
	if (missed)
		bitmap_or(plan->missed, plan->missed, missed, plan->regions);
	else
		bitmap_fill(plan->missed, plan->regions);
}

/**
 * plan_close - the leader's closing report of a region that it had won
 * @plan: the plan
 * @i: the region's place
 * @bit: whether the bit is still set
 *
 * Return: whether the region came out as expected. If not, its pages were
 * converted during the pass or a core lost its table: somebody has to look
 * again.
 */
bool plan_close(struct plan *plan, u32 i, bool bit)
{
	bool clean = bit && !test_bit(i, plan->missed);

	__assign_bit(i, plan->optimized, clean);
	return clean;
}

/**
 * plan_won - number of regions that the followers have to verify
 * @plan: the plan
 */
u32 plan_won(const struct plan *plan)
{
	return bitmap_weight(plan->won, plan->regions);
}

/**
 * plan_optimized - number of regions that are optimized
 * @plan: the plan
 */
u32 plan_optimized(const struct plan *plan)
{
	return bitmap_weight(plan->optimized, plan->regions);
}

/**
 * plan_fits - may a slice start another instruction?
 * @pace: its core's pace
 * @spent: cycles since the slice began
 * @budget: cycles that the slice may take
 *
 * Only if the slowest recent one would still fit. One instruction can't be
 * cut short, so a slice may overrun all the same.
 */
bool plan_fits(const struct plan_pace *pace, u64 spent, u64 budget)
{
	return spent + pace->slowest <= budget;
}

/**
 * plan_learn - note how long an instruction took
 * @pace: its core's pace
 * @cycles: how long
 *
 * An outlier is forgotten by an eighth with each instruction after it.
 */
void plan_learn(struct plan_pace *pace, u64 cycles)
{
	pace->slowest = max(cycles, pace->slowest - (pace->slowest + 7) / 8);
}

/**
 * plan_rest - how long a core is left alone after a slice
 * @spent: what the slice took, in any unit
 * @duty: percent of the core's time that may be taken, 1 ... 100
 *
 * Return: the rest, in the same unit.
 */
u64 plan_rest(u64 spent, u32 duty)
{
	return div_u64(spent * (100 - duty), duty);
}

/**
 * plan_pause - how long to wait before the next try
 * @pause: how long it was before this one, 0 at first
 * @first: how long it is at first
 * @cap: how long it becomes at the most
 */
u64 plan_pause(u64 pause, u64 first, u64 cap)
{
	return pause ? min(pause * 2, cap) : first;
}
