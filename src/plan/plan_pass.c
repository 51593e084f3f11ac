// SPDX-License-Identifier: GPL-2.0
/*
 * The planner: a pass, phase by phase.
 *
 * Each phase gives orders and, when they have been executed or given up,
 * tallies the answers; plan_phase.c has the phases.
 *
 * Plain C without kernel calls. All of it belongs to the worker.
 */
#include <linux/bitmap.h>
#include <linux/minmax.h>
#include <linux/types.h>

#include "plan.h"

static void count(struct plan *plan, u32 place)
{
	if (plan->phase == PLAN_LEAD || plan->phase == PLAN_ELSEWHERE)
		plan->counts.verifies_leader++;
	else if (plan->phase != PLAN_FOLLOW)
		plan->counts.reports++;
	else if (test_bit(place, plan->clean))
		plan->counts.verifies_catchup++;
	else
		plan->counts.verifies_follower++;
}

/* The place may have been skipped, which says nothing about the core. */
static bool is_cured(const struct plan *plan, u32 place, bool bit)
{
	return bit || !plan_is_left_out(plan, place);
}

static void tally_answer(struct plan *plan, struct plan_core *core, u32 place)
{
	bool fault = plan_has_faulted(plan, core, place);
	bool bit = !fault && test_bit(plan_bit(plan, core, place), core->bit);

	count(plan, place);
	plan_steps[plan->phase].tally(plan, core, place, bit);
	if (fault) {
		plan_learn_fault(plan, core, place);
	} else if (is_cured(plan, place, bit)) {
		core->works = true;
		plan_learn_cure(plan, core, place);
	}
}

static void tally_core(struct plan *plan, struct plan_core *core)
{
	u32 place;

	for (place = plan_next(plan, core, 0); place < core->next;
	     place = plan_next(plan, core, place + 1))
		tally_answer(plan, core, place);
}

static void tally(struct plan *plan)
{
	u32 i;

	for (i = 0; i < plan->cores; i++) {
		if (plan->core[i]->order == PLAN_ANSWERED)
			tally_core(plan, plan->core[i]);
		plan->core[i]->order = PLAN_IDLE;
	}
	if (plan_steps[plan->phase].end)
		plan_steps[plan->phase].end(plan);
	plan_leave_out(plan);
}

/* Nothing is under way any more. */
static void rest(struct plan *plan)
{
	u32 i;

	plan_map_zero(plan, plan->won);
	plan_map_zero(plan, plan->lost);
	plan_map_zero(plan, plan->doubt);
	plan_map_zero(plan, plan->busy);
	plan_map_zero(plan, plan->again);
	for (i = 0; i < plan->cores; i++) {
		plan_core_zero(plan, plan->core[i]->gained);
		plan->core[i]->order = PLAN_IDLE;
	}
	plan->phase = PLAN_REST;
	plan_settle(plan);
}

static void begin(struct plan *plan)
{
	u32 i;

	plan->narrow = false;
	plan->ordered = 0;
	plan->found = 0;
	plan->open = 0;
	plan->surprises = 0;
	plan_map_zero(plan, plan->trying);
	plan_map_zero(plan, plan->faulted);
	plan_map_zero(plan, plan->enough);
	for (i = 0; i < plan->cores; i++) {
		plan->core[i]->works = false;
		plan_core_zero(plan, plan->core[i]->fault);
	}
}

/**
 * plan_begin - begin a pass
 * @plan: the plan, at rest, with leaders
 * @full: take nothing on trust
 * @asked: it was requested: hold nothing back
 *
 * plan_advance() gives the first orders.
 */
void plan_begin(struct plan *plan, bool full, bool asked)
{
	begin(plan);
	plan->full = full;
	plan->asked = asked;
	plan->phase = PLAN_REST;
}

/**
 * plan_begin_marked - begin a delta pass for the regions that are marked
 * @plan: as plan_begin()
 *
 * As in every delta pass, clean regions are checked, and those that were lost
 * are verified; but of the regions that were not clean before, only marked ones
 * are.
 */
void plan_begin_marked(struct plan *plan)
{
	plan_begin(plan, false, false);
	plan->narrow = true;
}

static void order_audit(struct plan *plan, struct plan_core *core)
{
	u32 place, before = plan->ordered;

	for_each_set_bit(place, plan->clean, plan->regions)
		if (plan_is_member(plan, core, place))
			plan_order(plan, core, place);
	core->unaudited = plan->ordered > before;
}

/**
 * plan_begin_audit - give orders for an audit
 * @plan: the plan, at rest
 * @first: index of the first core
 * @count: how many cores, one after the other
 *
 * Cores that missed their turn because they were late have it now, if they are
 * back: nobody waits for two rounds.
 *
 * Return: PLAN_AUDIT, or PLAN_REST if there is nothing to do.
 */
enum plan_phase plan_begin_audit(struct plan *plan, u32 first, u32 count)
{
	struct plan_core *core;
	u32 i;

	begin(plan);
	for (i = 0; i < plan->cores; i++) {
		core = plan->core[i];
		if (i >= first && i - first < count)
			core->unaudited = true;
		if (core->unaudited && core->present && !core->late)
			order_audit(plan, core);
	}
	if (plan->ordered)
		plan->phase = PLAN_AUDIT;
	return plan->phase;
}

/**
 * plan_begin_view - give orders for a view
 * @plan: the plan, at rest; no passes are begun
 * @all: all cores report; if not, the leaders do
 * @now: the time
 *
 * If all cores report, their reports are believed. If leaders report: what one
 * of them has lost, all have lost; what one has gained counts in @plan->found,
 * and a view of all cores finds out which have it.
 *
 * Return: PLAN_VIEW, or PLAN_REST if there is no core to ask.
 */
enum plan_phase plan_begin_view(struct plan *plan, bool all, u64 now)
{
	begin(plan);
	plan->all = all;
	plan->asked = false;
	plan->now = now;
	plan_open_tries(plan, now);
	plan_order_view(plan);
	if (plan->ordered) {
		plan->phase = PLAN_VIEW;
	} else {
		plan_end_view(plan);
		rest(plan);
	}
	return plan->phase;
}

/**
 * plan_advance - go on to the next phase that has something to do
 * @plan: the plan, after plan_begin(), or with all orders answered except those
 *	of late cores
 * @now: the time
 *
 * Return: the phase whose orders are to be executed, PLAN_REST if the pass,
 * audit or view has ended.
 */
enum plan_phase plan_advance(struct plan *plan, u64 now)
{
	plan->now = now;
	do {
		if (plan->phase != PLAN_REST)
			tally(plan);
		else
			plan_open_tries(plan, now);
		if (plan->phase >= PLAN_CLOSE) {
			if (plan->phase == PLAN_CLOSE)
				plan_map_zero(plan, plan->marked);
			rest(plan);
			break;
		}
		plan->phase++;
		plan->ordered = 0;
		plan_steps[plan->phase].order(plan);
	} while (!plan->ordered);
	return plan->phase;
}

/* Count an order that was not executed to its end. */
static void note_open(struct plan *plan, struct plan_core *core, u32 next)
{
	core->next = next;
	if (plan_next(plan, core, next) < plan->regions)
		plan->open++;
	else if (plan->phase == PLAN_AUDIT)
		core->unaudited = false;
}

/**
 * plan_answered - a core will do no more of its order
 * @plan: the plan
 * @core: the core
 * @next: the place after the last one that it has answered by plan_note();
 *	plan->regions if it has answered all
 *
 * Ignored if the order is void, because the core has left or come back.
 */
void plan_answered(struct plan *plan, struct plan_core *core, u32 next)
{
	if (core->order != PLAN_ORDERED)
		return;
	note_open(plan, core, next);
	core->order = PLAN_ANSWERED;
}

/**
 * plan_late - the worker does not wait for a core any more
 * @plan: the plan
 * @core: the core
 * @next: the place after the last one that it has answered in earlier slices
 *
 * It may execute the rest at any time. It gets no order before plan_back().
 */
void plan_late(struct plan *plan, struct plan_core *core, u32 next)
{
	plan_answered(plan, core, next);
	core->late = true;
}

/**
 * plan_cancel - end the pass, audit or view here
 * @plan: the plan, with all orders answered except those of late cores
 *
 * What is not closed does not count. If a witness has reported a bit as clear,
 * it is no witness any more; the next pass asks the others.
 */
void plan_cancel(struct plan *plan)
{
	rest(plan);
}
