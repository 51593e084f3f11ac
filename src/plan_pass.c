// SPDX-License-Identifier: GPL-2.0
/*
 * The planner: a pass, phase by phase.
 *
 * Each phase gives orders and, when they have been executed or given up,
 * tallies the answers. Orders of one phase don't depend on each other, so that
 * cores may execute them in any order and at the same time.
 *
 * Plain C without kernel calls. All of it belongs to the worker.
 */
#include <linux/bitmap.h>
#include <linux/minmax.h>
#include <linux/types.h>

#include "plan.h"

#define NS_PER_MS	1000000ull

/* Words of a region map as a core's maps see them. */
static unsigned long *part(const struct plan *plan,
			   const struct plan_core *core, unsigned long *map)
{
	return map + plan_window_of(plan, core)->word;
}

static void map_zero(const struct plan *plan, unsigned long *map)
{
	bitmap_zero(map, plan->words * BITS_PER_LONG);
}

static void core_zero(const struct plan *plan, unsigned long *map)
{
	bitmap_zero(map, plan->core_words * BITS_PER_LONG);
}

static void open_order(struct plan *plan, struct plan_core *core)
{
	core->order = PLAN_ORDERED;
	core->next = 0;
	core_zero(plan, core->todo);
	core_zero(plan, core->bit);
}

/* One more instruction for a core that is not late. */
static void order(struct plan *plan, struct plan_core *core, u32 place)
{
	if (core->order == PLAN_IDLE)
		open_order(plan, core);
	__set_bit(plan_bit(plan, core, place), core->todo);
	plan->ordered++;
}

/* Who leads a region, if it can. */
static struct plan_core *leader_of(const struct plan *plan, u32 place)
{
	u16 leader = plan->region[place].leader;
	struct plan_core *core;

	if (leader == PLAN_NONE)
		return NULL;
	core = plan->core[leader];
	return core->present && !core->late ? core : NULL;
}

/* Back-off: a region that comes and goes waits longer each time. */
static void note_loss(struct plan *plan, u32 place)
{
	struct plan_region *region = &plan->region[place];
	u64 pause = region->pause_ms;
	u64 soon = max(pause * 2, (u64)PLAN_SOON_MS) * NS_PER_MS;

	if (region->regained_at && plan->now - region->regained_at < soon)
		pause = plan_pause(pause, PLAN_HOLD_FIRST_MS, PLAN_HOLD_CAP_MS);
	else
		pause = 0;
	region->pause_ms = pause;
	region->held_until = plan->now + pause * NS_PER_MS;
	region->was_lost = true;
}

static void note_clean(struct plan *plan, u32 place)
{
	struct plan_region *region = &plan->region[place];

	if (region->was_lost)
		region->regained_at = plan->now;
}

static void not_clean(struct plan *plan, u32 place)
{
	__clear_bit(place, plan->clean);
	__clear_bit(place, plan->doubt);
}

/* A region that was clean turned out not to be. */
static void lose(struct plan *plan, u32 place)
{
	if (test_bit(place, plan->clean))
		note_loss(plan, place);
	not_clean(plan, place);
}

/* Look: is what is believed still true? One report per clean region. */

static void order_look(struct plan *plan)
{
	struct plan_core *core;
	u32 place;

	if (plan->full)
		return;
	for_each_set_bit(place, plan->clean, plan->regions) {
		core = plan_witness(plan, place);
		if (core)
			order(plan, core, place);
		else
			not_clean(plan, place);
	}
}

/* A witness without the bit has no say any more; the others may still. */
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

/* Lead: the region's one leader verifies, and is no witness from then on. */

static void order_lead(struct plan *plan)
{
	struct plan_core *core;
	u32 place;

	for (place = 0; place < plan->regions; place++) {
		if (!plan->full && test_bit(place, plan->clean) &&
		    !test_bit(place, plan->lost))
			continue;
		core = leader_of(plan, place);
		if (!core)
			continue;
		__clear_bit(plan_bit(plan, core, place), core->member);
		order(plan, core, place);
	}
}

/*
 * From the leader's verify to its closing all verifies count. A region that is
 * held back is the leader's alone for now.
 */
static void win(struct plan *plan, u32 place)
{
	if (!plan->asked && plan_held(plan, place, plan->now))
		return;
	__set_bit(place, plan->won);
	plan->found++;
}

static void tally_lead(struct plan *plan, struct plan_core *core, u32 place,
		       bool bit)
{
	bool lost = test_bit(place, plan->lost);

	__assign_bit(plan_bit(plan, core, place), core->gained, bit);
	if (bit && lost && !test_bit(place, plan->marked)) {
		/* One core knows of the loss and no hook does. */
		__set_bit(place, plan->doubt);
		return;
	}
	if (lost || !bit)
		lose(plan, place);
	else
		not_clean(plan, place);
	if (bit)
		win(plan, place);
}

/* Ask: did one core lose the bit, or all? */

static void believe_loss(struct plan *plan, u32 place)
{
	lose(plan, place);
	win(plan, place);
}

static void order_ask(struct plan *plan)
{
	struct plan_core *core;
	u32 place;

	for_each_set_bit(place, plan->doubt, plan->regions) {
		core = plan_witness(plan, place);
		if (core)
			order(plan, core, place);
		else
			believe_loss(plan, place);
	}
}

/* If the second witness has it, its report closes the leader's verify. */
static void tally_ask(struct plan *plan, struct plan_core *core, u32 place,
		      bool bit)
{
	struct plan_core *leader = leader_of(plan, place);

	if (!bit || !test_bit(place, plan->doubt) || !leader)
		return;
	__clear_bit(place, plan->doubt);
	__set_bit(plan_bit(plan, leader, place), leader->member);
}

static void end_ask(struct plan *plan)
{
	u32 place;

	for_each_set_bit(place, plan->doubt, plan->regions)
		believe_loss(plan, place);
}

/* Follow: what leaders have won, and what is owed. */

static unsigned long to_follow(struct plan *plan, struct plan_core *core, u32 k)
{
	unsigned long won = part(plan, core, plan->won)[k];
	unsigned long clean = part(plan, core, plan->clean)[k];

	return ((won & ~core->gained[k]) | (clean & ~core->member[k])) &
	       plan_window_mask(plan_window_of(plan, core), k);
}

static void order_follower(struct plan *plan, struct plan_core *core)
{
	u32 k, n;

	if (!core->present || core->late)
		return;
	open_order(plan, core);
	for (k = 0; k < plan_window_of(plan, core)->words; k++)
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

/* Without the bit it is the core that owes; the closing tells of the region. */
static void tally_follow(struct plan *plan, struct plan_core *core, u32 place,
			 bool bit)
{
	__assign_bit(plan_bit(plan, core, place), core->gained, bit);
}

/* Close: was there a loss since the leader's verify, or since it was clean? */

/* What was caught up by anybody, into the scratch map. */
static void collect_caught(struct plan *plan)
{
	struct plan_core *core;
	u32 i, k;

	map_zero(plan, plan->work);
	for (i = 0; i < plan->cores; i++) {
		core = plan->core[i];
		for (k = 0; k < plan_window_of(plan, core)->words; k++)
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
		core = leader_of(plan, place);
		if (core)
			order(plan, core, place);
	}
	collect_caught(plan);
	for_each_set_bit(place, plan->work, plan->regions) {
		core = plan_witness(plan, place);
		if (core)
			order(plan, core, place);
		else
			not_clean(plan, place);
	}
	/* From here on it holds what was closed well. */
	map_zero(plan, plan->work);
}

static void tally_close(struct plan *plan, struct plan_core *core, u32 place,
			bool bit)
{
	if (bit) {
		__set_bit(place, plan->work);
		return;
	}
	plan->surprises++;
	if (!test_bit(place, plan->won)) {
		deny(plan, core, place);
		return;
	}
	/* Regained and lost in the time of one pass. */
	note_clean(plan, place);
	note_loss(plan, place);
}

/* Who has gained what was closed well is a member, and nobody else is. */
static void settle_core(struct plan *plan, struct plan_core *core)
{
	const unsigned long *won = part(plan, core, plan->won);
	const unsigned long *closed = part(plan, core, plan->work);
	u32 k;

	for (k = 0; k < plan_window_of(plan, core)->words; k++) {
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

/* Audit: what a core lacks of what it is believed to have, it owes. */

static void tally_audit(struct plan *plan, struct plan_core *core, u32 place,
			bool bit)
{
	if (!bit)
		deny(plan, core, place);
}

/**
 * struct step - one phase
 * @order: gives its orders
 * @tally: takes in one answer
 * @end: after all answers
 */
struct step {
	void (*order)(struct plan *plan);
	void (*tally)(struct plan *plan, struct plan_core *core, u32 place,
		      bool bit);
	void (*end)(struct plan *plan);
};

static const struct step steps[] = {
	[PLAN_LOOK]	= { order_look, tally_look, NULL },
	[PLAN_LEAD]	= { order_lead, tally_lead, NULL },
	[PLAN_ASK]	= { order_ask, tally_ask, end_ask },
	[PLAN_FOLLOW]	= { order_follow, tally_follow, NULL },
	[PLAN_CLOSE]	= { order_close, tally_close, end_close },
	[PLAN_AUDIT]	= { NULL, tally_audit, NULL },
};

static void count(struct plan *plan, u32 place)
{
	if (plan->phase == PLAN_LEAD)
		plan->counts.verifies_leader++;
	else if (plan->phase != PLAN_FOLLOW)
		plan->counts.reports++;
	else if (test_bit(place, plan->clean))
		plan->counts.verifies_catchup++;
	else
		plan->counts.verifies_follower++;
}

static void tally_core(struct plan *plan, struct plan_core *core)
{
	u32 place;

	for (place = plan_next(plan, core, 0); place < core->next;
	     place = plan_next(plan, core, place + 1)) {
		count(plan, place);
		steps[plan->phase].tally(plan, core, place,
					 test_bit(plan_bit(plan, core, place),
						  core->bit));
	}
}

static void tally(struct plan *plan)
{
	u32 i;

	for (i = 0; i < plan->cores; i++) {
		if (plan->core[i]->order == PLAN_ANSWERED)
			tally_core(plan, plan->core[i]);
		plan->core[i]->order = PLAN_IDLE;
	}
	if (steps[plan->phase].end)
		steps[plan->phase].end(plan);
}

/* Nothing is under way any more. */
static void rest(struct plan *plan)
{
	u32 i;

	map_zero(plan, plan->won);
	map_zero(plan, plan->lost);
	map_zero(plan, plan->doubt);
	for (i = 0; i < plan->cores; i++) {
		core_zero(plan, plan->core[i]->gained);
		plan->core[i]->order = PLAN_IDLE;
	}
	plan->phase = PLAN_REST;
	plan_settle(plan);
}

static void begin(struct plan *plan)
{
	plan->ordered = 0;
	plan->found = 0;
	plan->open = 0;
	plan->surprises = 0;
}

/**
 * plan_begin - begin a pass
 * @plan: the plan, at rest, with leaders
 * @full: take nothing on trust
 * @asked: somebody asked for it: hold nothing back
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
 * plan_begin_audit - give orders for an audit
 * @plan: the plan, at rest
 * @first: index of the first core
 * @count: how many cores, one after the other; late ones are left out
 *
 * Return: PLAN_AUDIT, or PLAN_REST if there is nothing to do.
 */
enum plan_phase plan_begin_audit(struct plan *plan, u32 first, u32 count)
{
	struct plan_core *core;
	u32 i, place, end = min(first + count, plan->cores);

	begin(plan);
	for (i = first; i < end; i++) {
		core = plan->core[i];
		if (!core->present || core->late)
			continue;
		for_each_set_bit(place, plan->clean, plan->regions)
			if (plan_is_member(plan, core, place))
				order(plan, core, place);
	}
	if (plan->ordered)
		plan->phase = PLAN_AUDIT;
	return plan->phase;
}

/**
 * plan_advance - go on to the next phase in which there is something to do
 * @plan: the plan, after plan_begin() or with no order left unanswered but
 *	those of late cores
 * @now: the time
 *
 * Return: the phase whose orders are to be executed, PLAN_REST if the pass or
 * audit has ended.
 */
enum plan_phase plan_advance(struct plan *plan, u64 now)
{
	plan->now = now;
	do {
		if (plan->phase != PLAN_REST)
			tally(plan);
		if (plan->phase >= PLAN_CLOSE) {
			if (plan->phase == PLAN_CLOSE)
				map_zero(plan, plan->marked);
			rest(plan);
			break;
		}
		plan->phase++;
		plan->ordered = 0;
		steps[plan->phase].order(plan);
	} while (!plan->ordered);
	return plan->phase;
}

/* Its order was not executed to the end? */
static void note_open(struct plan *plan, struct plan_core *core, u32 next)
{
	core->next = next;
	if (plan_next(plan, core, next) < plan->regions)
		plan->open++;
}

/**
 * plan_answered - a core will do no more of its order
 * @plan: the plan
 * @core: the core
 * @next: the place behind the last one that it has answered by plan_note();
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
 * plan_late - nobody waits for a core's slice any more
 * @plan: the plan
 * @core: the core
 * @next: the place behind the last one that it has answered in earlier slices
 *
 * It may execute the rest at any time. It gets no order before plan_back().
 */
void plan_late(struct plan *plan, struct plan_core *core, u32 next)
{
	plan_answered(plan, core, next);
	core->late = true;
}

/**
 * plan_cancel - end the pass or audit here
 * @plan: the plan, with no order left unanswered but those of late cores
 *
 * What is not closed does not count. What a witness has denied it does not
 * witness any more; the others will be asked by the next pass.
 */
void plan_cancel(struct plan *plan)
{
	rest(plan);
}
