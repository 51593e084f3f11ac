/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The planner's maps: what to read of them, and what executors write. Included
 * by plan.h, and not to be included otherwise.
 */
#ifndef RMPOPT_PLAN_MAPS_H
#define RMPOPT_PLAN_MAPS_H

static inline void plan_map_zero(const struct plan *plan, unsigned long *map)
{
	bitmap_zero(map, plan->words * BITS_PER_LONG);
}

static inline void plan_core_zero(const struct plan *plan, unsigned long *map)
{
	bitmap_zero(map, plan->core_words * BITS_PER_LONG);
}

/* Which bits of the k-th word that a window touches belong to it. */
static inline unsigned long plan_window_mask(const struct plan_window *window,
					     u32 k)
{
	u32 skip = window->first % BITS_PER_LONG;
	unsigned long mask = ~0ul;

	if (!k)
		mask = ~0ul << skip;
	if (k == window->words - 1)
		mask &= ~0ul >> (-(skip + window->count) % BITS_PER_LONG);
	return mask;
}

/* Does the core's window hold the place? */
static inline bool plan_holds(const struct plan *plan,
			      const struct plan_core *core, u32 place)
{
	const struct plan_window *window = &core->window;

	return place - window->first < window->count;
}

/* The bit of a place in the core's maps. */
static inline u32 plan_bit(const struct plan *plan,
			   const struct plan_core *core, u32 place)
{
	return place - core->window.word * BITS_PER_LONG;
}

static inline bool plan_is_member(const struct plan *plan,
				  const struct plan_core *core, u32 place)
{
	return core->present && plan_holds(plan, core, place) &&
	       test_bit(plan_bit(plan, core, place), core->member);
}

/*
 * One core after the other, by turns over the nodes, so that those working at
 * the same time share no node's memory if it can be helped. NULL begins and
 * ends it.
 */
static inline struct plan_core *plan_turn(const struct plan *plan,
					  const struct plan_core *core)
{
	u16 next = core ? core->after : plan->first;

	return next == PLAN_NONE ? NULL : plan->core[next];
}

/* Is the running phase one of verifies? If not, it is one of reports. */
static inline bool plan_verifies(const struct plan *plan)
{
	return plan->phase == PLAN_LEAD || plan->phase == PLAN_ELSEWHERE ||
	       plan->phase == PLAN_FOLLOW;
}

/*
 * For whoever executes a core's order, in any context: the first place from
 * @from on that is to be done, plan->regions if there is none.
 */
static inline u32 plan_next(const struct plan *plan,
			    const struct plan_core *core, u32 from)
{
	const struct plan_window *window = &core->window;
	u32 start = window->word * BITS_PER_LONG;
	u32 size = window->words * BITS_PER_LONG;
	u32 i = find_next_bit(core->todo, size, from > start ? from - start : 0);

	return i < size ? start + i : plan->regions;
}

/* The same: what the core answered; until plan_answered() or plan_late(). */
static inline void plan_note(const struct plan *plan, struct plan_core *core,
			     u32 place, bool bit)
{
	__assign_bit(plan_bit(plan, core, place), core->bit, bit);
}

/*
 * The same: the instruction faulted although the core's RMPOPT_BASE is right.
 * Instead of plan_note(); the executor goes on with the next place.
 */
static inline void plan_note_fault(struct plan *plan, struct plan_core *core,
				   u32 place)
{
	__set_bit(plan_bit(plan, core, place), core->fault);
	/* Written by many cores at the same time. */
	if (test_and_set_bit(place, plan->faulted))
		set_bit(place, plan->enough);
}

/*
 * The same: have two cores faulted there, so that the executor is to skip the
 * place, as if it had answered "no bit"?
 */
static inline bool plan_is_left_out(const struct plan *plan, u32 place)
{
	return test_bit(place, plan->enough);
}

/* Has the core faulted there in the running pass? */
static inline bool plan_has_faulted(const struct plan *plan,
				    const struct plan_core *core, u32 place)
{
	return test_bit(plan_bit(plan, core, place), core->fault);
}

/* Is the region bad on the core, whose window may be another one? */
static inline bool plan_is_bad(const struct plan *plan,
			       const struct plan_core *core, u32 place)
{
	return plan_holds(plan, core, place) &&
	       test_bit(plan_bit(plan, core, place), core->bad);
}

/* May the core be sent there? Not where it is bad, before the next try. */
static inline bool plan_may_try(const struct plan *plan,
				const struct plan_core *core, u32 place)
{
	if (!core->present || core->late || !plan_holds(plan, core, place) ||
	    plan_has_faulted(plan, core, place))
		return false;
	return !plan_is_bad(plan, core, place) || test_bit(place, plan->trying);
}

#endif /* RMPOPT_PLAN_MAPS_H */
