// SPDX-License-Identifier: GPL-2.0
/*
 * The planner: what leaders verify, and whether followers verify it, too.
 *
 * Plain C without kernel calls. All of it belongs to the worker.
 */
#include <linux/bitmap.h>
#include <linux/types.h>

#include "plan.h"

/*
 * ---- Lead ----
 * The region's one leader verifies, and is no witness from then on.
 */

/* Was it not clean before, and no hook says that it is worth another try? */
static bool is_left_alone(const struct plan *plan, u32 place)
{
	return plan->narrow && !test_bit(place, plan->clean) &&
	       !test_bit(place, plan->marked);
}

/* Is a leader to verify it now? */
static bool is_to_lead(const struct plan *plan, u32 place)
{
	bool clean = test_bit(place, plan->clean);

	if (clean && !plan->full && !test_bit(place, plan->lost))
		return false;
	/* Left out: what is clean all the same is clean for its leader. */
	if (!clean && test_bit(place, plan->left_out))
		return false;
	return !is_left_alone(plan, place);
}

/*
 * A core that leads as no leader can is interrupted each time, so a leader
 * tries first, if it may.
 */
static struct plan_core *any_leader(struct plan *plan, u32 place)
{
	struct plan_core *core;
	u32 i;

	for (i = 0; i < plan->leaders; i++) {
		core = plan->core[plan->leader[i]];
		if (!plan_may_try(plan, core, place))
			continue;
		plan->region[place].leader = core->index;
		return core;
	}
	return NULL;
}

/* Its leader may have faulted in the look, or in an earlier pass. */
static struct plan_core *who_leads(struct plan *plan, u32 place)
{
	struct plan_core *core = plan_leader_of(plan, place);

	if (core && !core->leads && test_bit(place, plan->trying))
		core = any_leader(plan, place) ?: core;
	if (core && !plan_may_try(plan, core, place))
		core = plan_elsewhere(plan, place);
	return core;
}

/* From here on the core is no witness. */
static void order_verify(struct plan *plan, struct plan_core *core, u32 place)
{
	__clear_bit(plan_bit(plan, core, place), core->member);
	plan_order(plan, core, place);
}

/**
 * plan_order_lead - begin the phase
 * @plan: the plan
 */
void plan_order_lead(struct plan *plan)
{
	struct plan_core *core;
	u32 place;

	for_each_set_bit(place, plan->reached, plan->regions) {
		if (!is_to_lead(plan, place))
			continue;
		core = who_leads(plan, place);
		if (core)
			order_verify(plan, core, place);
	}
}

/*
 * Verifies between the leader's verify and its closing count. A region that is
 * held back, or busy, is only tried by the leader for now.
 */
static void win(struct plan *plan, u32 place)
{
	bool busy = test_bit(place, plan->busy) && !plan->asked;

	__assign_bit(place, plan->waits, busy);
	if (busy || (!plan->asked && plan_held_back(plan, place, plan->now)))
		return;
	__set_bit(place, plan->won);
	plan->found++;
}

static bool is_explained(const struct plan *plan, u32 place)
{
	return test_bit(place, plan->marked) || test_bit(place, plan->busy);
}

/*
 * No other core is sent there in this pass, and none at all before the next
 * try.
 */
static void give_up(struct plan *plan, u32 place)
{
	plan_not_clean(plan, place);
	__set_bit(place, plan->left_out);
}

/* The fault may concern the core or the region: one other core decides that. */
static void note_faulted(struct plan *plan, u32 place)
{
	if (plan_is_left_out(plan, place))
		give_up(plan, place);
	else
		__set_bit(place, plan->again);
}

/**
 * plan_tally_lead - take in one answer, also of a core that leads elsewhere
 * @plan: the plan
 * @core: the core that has answered
 * @place: the region
 * @bit: the answer
 */
void plan_tally_lead(struct plan *plan, struct plan_core *core, u32 place,
		     bool bit)
{
	bool lost = test_bit(place, plan->lost);

	__clear_bit(place, plan->waits);
	if (plan_has_faulted(plan, core, place)) {
		note_faulted(plan, place);
		return;
	}
	__assign_bit(plan_bit(plan, core, place), core->gained, bit);
	if (bit && lost && !is_explained(plan, place)) {
		/* One core reports a loss that no hook explains. */
		__set_bit(place, plan->doubt);
		return;
	}
	if (lost || !bit)
		plan_lose(plan, place);
	else
		plan_not_clean(plan, place);
	if (bit)
		win(plan, place);
}

/*
 * ---- Elsewhere ----
 * If the leader has faulted, another core leads.
 */

/**
 * plan_order_elsewhere - begin the phase
 * @plan: the plan
 */
void plan_order_elsewhere(struct plan *plan)
{
	struct plan_core *core;
	u32 place;

	for_each_set_bit(place, plan->again, plan->regions) {
		core = plan_elsewhere(plan, place);
		if (core)
			order_verify(plan, core, place);
		else
			give_up(plan, place);
	}
	plan_map_zero(plan, plan->again);
}

/*
 * ---- Ask ----
 * Did one core lose the bit, or all?
 */

static void believe_loss(struct plan *plan, u32 place)
{
	plan_lose(plan, place);
	win(plan, place);
}

/**
 * plan_order_ask - begin the phase
 * @plan: the plan
 */
void plan_order_ask(struct plan *plan)
{
	struct plan_core *core;
	u32 place;

	for_each_set_bit(place, plan->doubt, plan->regions) {
		core = plan_witness(plan, place);
		if (core)
			plan_order(plan, core, place);
		else
			believe_loss(plan, place);
	}
}

/**
 * plan_tally_ask - take in one answer
 * @plan: the plan
 * @core: whose
 * @place: the region
 * @bit: if the witness has it, its report closes the leader's verify
 */
void plan_tally_ask(struct plan *plan, struct plan_core *core, u32 place,
		    bool bit)
{
	struct plan_core *leader = plan_leader_of(plan, place);

	if (!bit || !test_bit(place, plan->doubt) || !leader)
		return;
	__clear_bit(place, plan->doubt);
	__set_bit(plan_bit(plan, leader, place), leader->member);
}

/**
 * plan_end_ask - end the phase: who is not contradicted is believed
 * @plan: the plan
 */
void plan_end_ask(struct plan *plan)
{
	u32 place;

	for_each_set_bit(place, plan->doubt, plan->regions)
		believe_loss(plan, place);
}
