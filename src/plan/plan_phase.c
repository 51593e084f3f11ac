// SPDX-License-Identifier: GPL-2.0
/*
 * The planner: what each phase of a pass orders, and how it takes in the
 * answers.
 *
 * Orders of one phase don't depend on each other, so that cores may execute
 * them in any order and at the same time.
 *
 * Plain C without kernel calls. All of it belongs to the worker.
 */
#include <linux/bitmap.h>
#include <linux/minmax.h>
#include <linux/types.h>

#include "plan.h"

#define NS_PER_MS	1000000ull

/* The part of a region map that a core's maps cover. */
static unsigned long *part(const struct plan *plan,
			   const struct plan_core *core, unsigned long *map)
{
	return map + core->window.word;
}

static void open_order(struct plan *plan, struct plan_core *core)
{
	core->order = PLAN_ORDERED;
	core->next = 0;
	plan_core_zero(plan, core->todo);
	plan_core_zero(plan, core->bit);
}

/**
 * plan_order - one more instruction for a core
 * @plan: the plan
 * @core: the core, which is not late
 * @place: of the region
 */
void plan_order(struct plan *plan, struct plan_core *core, u32 place)
{
	if (core->order == PLAN_IDLE)
		open_order(plan, core);
	__set_bit(plan_bit(plan, core, place), core->todo);
	plan->ordered++;
}

/**
 * plan_leader_of - the core that leads a region
 * @plan: the plan
 * @place: the region
 *
 * Return: the core, NULL if there is none that can.
 */
struct plan_core *plan_leader_of(const struct plan *plan, u32 place)
{
	u16 leader = plan->region[place].leader;
	struct plan_core *core;

	if (leader == PLAN_NONE)
		return NULL;
	core = plan->core[leader];
	return core->present && !core->late ? core : NULL;
}

/**
 * plan_note_loss - a region was lost
 * @plan: the plan
 * @place: the region
 *
 * Back-off: a region that is lost again and again waits longer each time. A
 * mark that explains the loss ends the first wait at once.
 */
void plan_note_loss(struct plan *plan, u32 place)
{
	struct plan_region *region = &plan->region[place];
	u64 pause = region->pause_ms;
	u64 soon = max(pause * 2, (u64)PLAN_SOON_MS) * NS_PER_MS;

	if (region->regained_at && plan->now - region->regained_at < soon)
		pause = plan_pause(pause, PLAN_HOLD_FIRST_MS, PLAN_HOLD_CAP_MS);
	else
		pause = 0;
	region->pause_ms = pause;
	region->held_until = pause ? plan->now + pause * NS_PER_MS : 0;
	if (pause <= PLAN_HOLD_FIRST_MS && test_bit(place, plan->marked))
		region->held_until = 0;
	region->was_lost = true;
}

/* A full pass closes regions that were not lost, too: they are not regained. */
static void note_clean(struct plan *plan, u32 place)
{
	struct plan_region *region = &plan->region[place];

	if (region->was_lost)
		region->regained_at = plan->now;
	region->was_lost = false;
}

/**
 * plan_not_clean - a region is not clean, or not any more
 * @plan: the plan
 * @place: the region
 */
void plan_not_clean(struct plan *plan, u32 place)
{
	__clear_bit(place, plan->clean);
	__clear_bit(place, plan->doubt);
}

/**
 * plan_lose - a region that may have been clean is not
 * @plan: the plan
 * @place: the region
 */
void plan_lose(struct plan *plan, u32 place)
{
	if (test_bit(place, plan->clean))
		plan_note_loss(plan, place);
	plan_not_clean(plan, place);
}

/*
 * ---- Look ----
 * Is what is believed still true? One report per clean region.
 */

static void order_look(struct plan *plan)
{
	struct plan_core *core;
	u32 place;

	if (plan->full)
		return;
	for_each_set_bit(place, plan->clean, plan->regions) {
		core = plan_witness(plan, place);
		if (core)
			plan_order(plan, core, place);
		else
			plan_not_clean(plan, place);
	}
}

/* A witness without the bit is none any more; the others still are. */
static void deny(struct plan *plan, struct plan_core *core, u32 place)
{
	__clear_bit(plan_bit(plan, core, place), core->member);
	plan->found++;
}

static void tally_look(struct plan *plan, struct plan_core *core, u32 place,
		       bool bit)
{
	if (bit)
		return;
	deny(plan, core, place);
	__set_bit(place, plan->lost);
}

/*
 * ---- Follow ----
 * Cores verify what leaders have won, and what they owe.
 */

/* Regions that the core must not be sent to; see plan_may_try(). */
static unsigned long barred(struct plan *plan, struct plan_core *core, u32 k)
{
	return core->fault[k] | part(plan, core, plan->left_out)[k] |
	       (core->bad[k] & ~part(plan, core, plan->trying)[k]);
}

static unsigned long to_follow(struct plan *plan, struct plan_core *core, u32 k)
{
	unsigned long won = part(plan, core, plan->won)[k];
	unsigned long clean = part(plan, core, plan->clean)[k];

	return ((won & ~core->gained[k]) | (clean & ~core->member[k])) &
	       ~barred(plan, core, k) &
	       plan_window_mask(&core->window, k);
}

static void order_follower(struct plan *plan, struct plan_core *core)
{
	u32 k, n;

	if (!core->present || core->late)
		return;
	open_order(plan, core);
	for (k = 0; k < core->window.words; k++)
		core->todo[k] = to_follow(plan, core, k);
	n = bitmap_weight(core->todo, plan->core_words * BITS_PER_LONG);
	plan->ordered += n;
	plan->found += n;
	if (!n)
		core->order = PLAN_IDLE;
}

static void order_follow(struct plan *plan)
{
	u32 i;

	for (i = 0; i < plan->cores; i++)
		order_follower(plan, plan->core[i]);
}

/*
 * Without the bit the core owes the region; the closing decides about the
 * region.
 */
static void tally_follow(struct plan *plan, struct plan_core *core, u32 place,
			 bool bit)
{
	__assign_bit(plan_bit(plan, core, place), core->gained, bit);
}

/*
 * ---- Close ----
 * Was the region lost since the leader's verify, or since it was clean?
 */

/* Collect what any core has caught up, in the scratch map. */
static void collect_caught(struct plan *plan)
{
	struct plan_core *core;
	u32 i, k;

	plan_map_zero(plan, plan->work);
	for (i = 0; i < plan->cores; i++) {
		core = plan->core[i];
		for (k = 0; k < core->window.words; k++)
			part(plan, core, plan->work)[k] |=
				core->gained[k] & ~core->member[k];
	}
	bitmap_and(plan->work, plan->work, plan->clean,
		   plan->words * BITS_PER_LONG);
}

static void order_close(struct plan *plan)
{
	struct plan_core *core;
	u32 place;

	for_each_set_bit(place, plan->won, plan->regions) {
		core = plan_leader_of(plan, place);
		if (core)
			plan_order(plan, core, place);
	}
	collect_caught(plan);
	for_each_set_bit(place, plan->work, plan->regions) {
		core = plan_witness(plan, place);
		if (core)
			plan_order(plan, core, place);
		else
			plan_not_clean(plan, place);
	}
	/* From here on it holds what was closed with the bit set. */
	plan_map_zero(plan, plan->work);
}

static void tally_close(struct plan *plan, struct plan_core *core, u32 place,
			bool bit)
{
	if (bit) {
		__set_bit(place, plan->work);
		return;
	}
	if (plan_has_faulted(plan, core, place)) {
		/*
		 * This says nothing about the region, only that it is not
		 * closed. If it is won again, followers wait longer each time.
		 */
		if (test_bit(place, plan->won)) {
			note_clean(plan, place);
			plan_note_loss(plan, place);
		} else {
			deny(plan, core, place);
		}
		return;
	}
	plan->surprises++;
	if (!test_bit(place, plan->won)) {
		deny(plan, core, place);
		return;
	}
	/* Regained and lost within one pass, which no old mark explains. */
	__clear_bit(place, plan->marked);
	note_clean(plan, place);
	plan_note_loss(plan, place);
}

/* Cores that have gained what was closed with the bit set are its members. */
static void settle_core(struct plan *plan, struct plan_core *core)
{
	const unsigned long *won = part(plan, core, plan->won);
	const unsigned long *closed = part(plan, core, plan->work);
	u32 k;

	for (k = 0; k < core->window.words; k++) {
		core->member[k] &= ~(closed[k] & won[k]);
		core->member[k] |= closed[k] & core->gained[k];
	}
}

static void end_close(struct plan *plan)
{
	u32 place, i;

	for (i = 0; i < plan->cores; i++)
		settle_core(plan, plan->core[i]);
	bitmap_and(plan->work, plan->work, plan->won, plan->words * BITS_PER_LONG);
	for_each_set_bit(place, plan->work, plan->regions) {
		__set_bit(place, plan->clean);
		note_clean(plan, place);
	}
}

/*
 * ---- Audit ----
 * A core owes what it lacks of what it is believed to have.
 */

static void tally_audit(struct plan *plan, struct plan_core *core, u32 place,
			bool bit)
{
	if (!bit)
		deny(plan, core, place);
}

/* By enum plan_phase. */
const struct plan_step plan_steps[] = {
	[PLAN_LOOK]	= { order_look, tally_look, NULL },
	[PLAN_LEAD]	= { plan_order_lead, plan_tally_lead, NULL },
	[PLAN_ELSEWHERE] = { plan_order_elsewhere, plan_tally_lead, NULL },
	[PLAN_ASK]	= { plan_order_ask, plan_tally_ask, plan_end_ask },
	[PLAN_FOLLOW]	= { order_follow, tally_follow, NULL },
	[PLAN_CLOSE]	= { order_close, tally_close, end_close },
	[PLAN_AUDIT]	= { NULL, tally_audit, NULL },
	[PLAN_VIEW]	= { NULL, plan_tally_view, plan_end_view },
};
