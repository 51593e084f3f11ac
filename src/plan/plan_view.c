// SPDX-License-Identifier: GPL-2.0
/*
 * The planner: views. The kernel verifies, and reports find out what it has
 * achieved.
 *
 * Plain C without kernel calls. All of it belongs to the worker.
 */
#include <linux/bitmap.h>
#include <linux/types.h>

#include "plan.h"

static void order_core(struct plan *plan, struct plan_core *core)
{
	const struct plan_window *window = &core->window;
	u32 place;

	for (place = window->first; place < window->first + window->count; place++)
		if (plan_may_try(plan, core, place) &&
		    !test_bit(place, plan->left_out))
			plan_order(plan, core, place);
}

/**
 * plan_order_view - order the reports
 * @plan: the plan; it knows whether all cores are asked
 */
void plan_order_view(struct plan *plan)
{
	u32 i;

	for (i = 0; i < plan->cores; i++)
		if (plan->all || plan->core[i]->leads)
			order_core(plan, plan->core[i]);
}

/* Losses are broadcast: what is gone on one core is gone on all. */
static void tally_leader(struct plan *plan, struct plan_core *core, u32 place,
			 bool bit)
{
	bool had = plan_is_member(plan, core, place);

	if (bit && !(had && test_bit(place, plan->clean)))
		plan->found++;
	if (bit || !had)
		return;
	__clear_bit(plan_bit(plan, core, place), core->member);
	plan_not_clean(plan, place);
}

/**
 * plan_tally_view - take in one answer
 * @plan: the plan
 * @core: the core that has answered
 * @place: the region
 * @bit: the answer
 */
void plan_tally_view(struct plan *plan, struct plan_core *core, u32 place,
		     bool bit)
{
	if (plan->all)
		__assign_bit(plan_bit(plan, core, place), core->gained, bit);
	else
		tally_leader(plan, core, place, bit);
}

/* What a core has not reported it does not have, as far as known. */
static void believe_core(struct plan *plan, struct plan_core *core)
{
	const struct plan_window *window = &core->window;
	u32 k;

	for (k = 0; k < window->words; k++) {
		core->member[k] = core->gained[k];
		if (core->present)
			plan->work[window->word + k] |= core->gained[k];
	}
}

/**
 * plan_end_view - after all answers
 * @plan: the plan
 *
 * If all were asked: what any core has is clean, and cores that lack it owe it.
 */
void plan_end_view(struct plan *plan)
{
	u32 i;

	if (!plan->all)
		return;
	plan_map_zero(plan, plan->work);
	for (i = 0; i < plan->cores; i++)
		believe_core(plan, plan->core[i]);
	bitmap_copy(plan->clean, plan->work, plan->words * BITS_PER_LONG);
}
