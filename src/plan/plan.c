// SPDX-License-Identifier: GPL-2.0
/*
 * The planner: beliefs. See plan.h for what they mean.
 *
 * Plain C without kernel calls. All of it belongs to the worker.
 */
#include <linux/bitmap.h>
#include <linux/minmax.h>
#include <linux/types.h>

#include "plan.h"

/**
 * plan_size - compute how much room maps need
 * @plan: the plan, zeroed
 * @regions: how many regions are covered
 *
 * Before plan_longs() and plan_core_longs() can be called. A core's maps have
 * room for a window at any base.
 */
void plan_size(struct plan *plan, u32 regions)
{
	u32 most = min(PLAN_WINDOW_REGIONS, regions);

	plan->regions = regions;
	plan->words = BITS_TO_LONGS(regions);
	plan->core_words = min_t(u32, plan->words,
				 BITS_TO_LONGS(BITS_PER_LONG - 1 + most));
}

/**
 * plan_init - begin with no beliefs and no cores
 * @plan: sized, with its regions and room for pointers to cores
 * @maps: plan_longs() zeroed longs
 */
void plan_init(struct plan *plan, unsigned long *maps)
{
	unsigned long **map[PLAN_MAPS] = {
		&plan->clean, &plan->won, &plan->lost, &plan->doubt,
		&plan->marked, &plan->busy, &plan->waits, &plan->optimized,
		&plan->reached, &plan->faulty, &plan->left_out, &plan->trying,
		&plan->again, &plan->faulted, &plan->enough, &plan->work,
		&plan->sum,
	};
	u32 i;

	for (i = 0; i < PLAN_MAPS; i++)
		*map[i] = maps + i * plan->words;
	for (i = 0; i < plan->regions; i++)
		plan->region[i].leader = PLAN_NONE;
	plan->leaders_max = PLAN_LEADERS_MAX;
	plan->first = PLAN_NONE;
	plan->phase = PLAN_REST;
}

/* The n-th core of its node goes after the n-th cores of all other nodes. */
static void queue_core(struct plan *plan, struct plan_core *core)
{
	u16 *link = &plan->first;
	const struct plan_core *other;

	core->turn = 0;
	while (*link != PLAN_NONE) {
		other = plan->core[*link];
		if (other->turn > core->turn)
			break;
		core->turn += other->node == core->node;
		link = &plan->core[*link]->after;
	}
	core->after = *link;
	*link = core->index;
}

/**
 * plan_add_core - make a core known, which does not take part yet
 * @plan: the plan; there is room in @plan->core
 * @core: zeroed but for its node
 * @maps: plan_core_longs() zeroed longs
 *
 * plan_set_window() tells what its table holds.
 */
void plan_add_core(struct plan *plan, struct plan_core *core,
		   unsigned long *maps)
{
	unsigned long **map[PLAN_CORE_MAPS] = {
		&core->member, &core->gained, &core->bad,
		&core->todo, &core->bit, &core->fault,
	};
	u32 i;

	for (i = 0; i < PLAN_CORE_MAPS; i++)
		*map[i] = maps + i * plan->core_words;
	core->index = plan->cores++;
	plan->core[core->index] = core;
	queue_core(plan, core);
}

/* Forget what it has done in a map; another pass has to do it again. */
static void abandon(struct plan *plan, const struct plan_core *core,
		    unsigned long *map)
{
	u32 place;

	for_each_set_bit(place, map, plan->regions) {
		if (plan->region[place].leader != core->index)
			continue;
		__clear_bit(place, map);
		plan->open++;
	}
}

/*
 * What a leader has not closed no other core can close, whether the leader was
 * elected, or leads as no leader can.
 */
static void abandon_led(struct plan *plan, const struct plan_core *core)
{
	abandon(plan, core, plan->won);
	abandon(plan, core, plan->doubt);
}

/* A core has lost its bits, or may have lost them. */
static void void_core(struct plan *plan, struct plan_core *core)
{
	plan_core_zero(plan, core->member);
	plan_core_zero(plan, core->gained);
	plan_forget_faults(plan, core);
	if (core->order == PLAN_ORDERED)
		plan->open++;
	core->order = PLAN_IDLE;
	abandon_led(plan, core);
}

/**
 * plan_join - a core takes part from now on, with a table that may be empty
 * @plan: the plan
 * @core: the core; if it takes part already it starts over
 *
 * At any time. Voids what the core had achieved in the running pass, and its
 * order, whose execution must have stopped, unless the core is late.
 */
void plan_join(struct plan *plan, struct plan_core *core)
{
	void_core(plan, core);
	core->present = true;
	plan_settle(plan);
}

/**
 * plan_leave - a core does not take part any more
 * @plan: the plan
 * @core: the core
 *
 * As plan_join().
 */
void plan_leave(struct plan *plan, struct plan_core *core)
{
	void_core(plan, core);
	core->present = false;
	plan_settle(plan);
}

/**
 * plan_back - what was under way on a late core has come back
 * @core: the core
 *
 * Its answers belong to a phase that is over, and are ignored.
 */
void plan_back(struct plan_core *core)
{
	core->late = false;
}

/**
 * plan_forget - take nothing on trust any more
 * @plan: the plan, at rest
 *
 * When tables may have been emptied, or the kernel may have verified: arming,
 * SNP_INIT, resume. Regions that fault are tried again by the next pass.
 */
void plan_forget(struct plan *plan)
{
	u32 place;

	plan_map_zero(plan, plan->clean);
	plan_map_zero(plan, plan->waits);
	for_each_set_bit(place, plan->faulty, plan->regions)
		plan->region[place].retry_at = 0;
	plan_settle(plan);
}

/**
 * plan_mark - a hook saw pages of a region being converted
 * @plan: the plan, at rest
 * @place: the region, which is quiet now
 *
 * Explains a loss that the next pass finds, and ends the region's first hold.
 * The mark stays until a pass has ended without being cancelled.
 */
void plan_mark(struct plan *plan, u32 place)
{
	struct plan_region *region = &plan->region[place];

	__set_bit(place, plan->marked);
	if (region->pause_ms <= PLAN_HOLD_FIRST_MS)
		region->held_until = 0;
}

/**
 * plan_busy - pages of a region are being converted
 * @plan: the plan, at rest
 * @place: the region
 *
 * Explains a loss that the next pass finds. That pass does not send the region
 * to followers, unless it was requested.
 */
void plan_busy(struct plan *plan, u32 place)
{
	__set_bit(place, plan->busy);
}

static void add_window(struct plan *plan, const struct plan_core *core)
{
	const struct plan_window *window = &core->window;
	u32 k;

	for (k = 0; k < window->words; k++)
		plan->reached[window->word + k] |= plan_window_mask(window, k);
}

/*
 * As long as no core takes part, this is what their windows would hold: a host
 * that waits for SNP shows the same number as later.
 */
static void settle_reached(struct plan *plan)
{
	bool any = false;
	u32 i;

	for (i = 0; i < plan->cores; i++)
		any |= plan->core[i]->present;
	plan_map_zero(plan, plan->reached);
	for (i = 0; i < plan->cores; i++)
		if (plan->core[i]->present || !any)
			add_window(plan, plan->core[i]);
	/* What is in no window any more is not clean. */
	if (any)
		bitmap_and(plan->clean, plan->clean, plan->reached,
			   plan->words * BITS_PER_LONG);
	else
		plan_map_zero(plan, plan->clean);
	bitmap_and(plan->waits, plan->waits, plan->reached,
		   plan->words * BITS_PER_LONG);
	plan->uncovered = plan->regions - bitmap_weight(plan->reached, plan->regions);
}

/* In a core's window only regions of which it is a member are optimized. */
static void without_strangers(struct plan *plan, const struct plan_core *core)
{
	const struct plan_window *window = &core->window;
	u32 k;

	for (k = 0; k < window->words; k++)
		plan->sum[window->word + k] &=
			core->member[k] | ~plan_window_mask(window, k);
}

/**
 * plan_settle - compute which regions are optimized
 * @plan: the plan
 *
 * They are clean, and all cores whose windows hold them are members. Files may
 * read the result at any time: each bit changes at most once.
 */
void plan_settle(struct plan *plan)
{
	u32 i;

	settle_reached(plan);
	bitmap_copy(plan->sum, plan->clean, plan->words * BITS_PER_LONG);
	for (i = 0; i < plan->cores; i++)
		if (plan->core[i]->present)
			without_strangers(plan, plan->core[i]);
	for (i = 0; i < plan->words; i++)
		plan->optimized[i] = plan->sum[i];
}

/**
 * plan_owes - is there a clean region in its window that a core may lack?
 * @plan: the plan
 * @core: the core
 */
bool plan_owes(const struct plan *plan, const struct plan_core *core)
{
	const struct plan_window *window = &core->window;
	const unsigned long *clean = plan->clean + window->word;
	u32 k;

	for (k = 0; k < window->words; k++)
		if (clean[k] & ~core->member[k] & plan_window_mask(window, k))
			return core->present;
	return false;
}

/**
 * plan_owes_more - does a core owe anything but regions that fault?
 * @plan: the plan
 * @core: the core
 *
 * Another pass soon makes sense then; regions that fault wait for
 * plan_fault_ends().
 */
bool plan_owes_more(const struct plan *plan, const struct plan_core *core)
{
	const struct plan_window *window = &core->window;
	const unsigned long *clean = plan->clean + window->word;
	const unsigned long *left_out = plan->left_out + window->word;
	u32 k;

	for (k = 0; k < window->words; k++)
		if (clean[k] & ~core->member[k] & ~core->bad[k] & ~left_out[k] &
		    plan_window_mask(window, k))
			return core->present;
	return false;
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
 * plan_uncovered - number of covered regions that no core's window holds
 * @plan: the plan
 *
 * As long as no core takes part: those that are in no known core's window.
 */
u32 plan_uncovered(const struct plan *plan)
{
	return plan->uncovered;
}

/**
 * plan_held_back - is a region held back from followers?
 * @plan: the plan
 * @place: the region
 * @now: the time
 */
bool plan_held_back(const struct plan *plan, u32 place, u64 now)
{
	return now < plan->region[place].held_until &&
	       !test_bit(place, plan->clean);
}

/**
 * plan_hold_ends - when the next region is not held back any more
 * @plan: the plan
 * @now: the time
 *
 * Return: the time, 0 if none is held back.
 */
u64 plan_hold_ends(const struct plan *plan, u64 now)
{
	u64 ends = 0;
	u32 place;

	for (place = 0; place < plan->regions; place++)
		if (plan_held_back(plan, place, now) &&
		    (!ends || plan->region[place].held_until < ends))
			ends = plan->region[place].held_until;
	return ends;
}

static bool can_testify(const struct plan *plan, const struct plan_core *core,
			u32 place)
{
	return !core->late && plan_is_member(plan, core, place);
}

/**
 * plan_witness - a core that can report whether the members of a clean region
 *	have it
 * @plan: the plan
 * @place: the region
 *
 * Its leader, if that is a member; else another leader; else any other core,
 * which has to be interrupted for it.
 *
 * Return: the core, NULL if there is none.
 */
struct plan_core *plan_witness(const struct plan *plan, u32 place)
{
	u16 first = plan->region[place].leader;
	u32 i;

	if (first != PLAN_NONE && can_testify(plan, plan->core[first], place))
		return plan->core[first];
	for (i = 0; i < plan->leaders; i++)
		if (can_testify(plan, plan->core[plan->leader[i]], place))
			return plan->core[plan->leader[i]];
	for (i = 0; i < plan->cores; i++)
		if (can_testify(plan, plan->core[i], place))
			return plan->core[i];
	return NULL;
}
