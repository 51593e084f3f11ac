// SPDX-License-Identifier: GPL-2.0
/*
 * The planner: regions where instructions fault. See plan.h.
 *
 * The hardware may fault in one region only. It is tried on one other core,
 * then left out and retried at growing intervals; all other regions go on.
 *
 * Plain C without kernel calls. All of it belongs to the worker, except for
 * what files read.
 */
#include <linux/bitmap.h>
#include <linux/minmax.h>
#include <linux/types.h>

#include "plan.h"

#define NS_PER_MS	1000000ull

/**
 * plan_open_tries - see which faulty regions the pass that begins tries again
 * @plan: the plan, at rest
 * @now: the time
 */
void plan_open_tries(struct plan *plan, u64 now)
{
	struct plan_region *region;
	u32 place;

	plan->opened = now;
	for_each_set_bit(place, plan->faulty, plan->regions) {
		region = &plan->region[place];
		if (!plan->asked && now < region->retry_at)
			continue;
		region->retry_at = min(region->retry_at, now);
		__set_bit(place, plan->trying);
		__clear_bit(place, plan->left_out);
	}
}

/*
 * The next pause, unless an earlier fault of the same try has begun it. If a
 * region faults again soon after it has stopped faulting, its pauses go on
 * growing.
 */
static void begin_pause(struct plan *plan, u32 place)
{
	struct plan_region *region = &plan->region[place];
	u64 soon = max(region->retry_ms * 2ull, (u64)PLAN_SOON_MS) * NS_PER_MS;

	if (test_bit(place, plan->faulty)) {
		if (plan->now < region->retry_at)
			return;
	} else if (plan->now - region->retry_at >= soon) {
		region->retry_ms = 0;
	}
	region->retry_ms = plan_pause(region->retry_ms, PLAN_FAULT_FIRST_MS,
				      PLAN_FAULT_CAP_MS);
	region->retry_at = plan->now + region->retry_ms * NS_PER_MS;
}

/**
 * plan_learn_fault - an instruction of a core has faulted
 * @plan: the plan
 * @core: the core
 * @place: where
 *
 * The core can't be a witness there any more.
 */
void plan_learn_fault(struct plan *plan, struct plan_core *core, u32 place)
{
	u32 bit = plan_bit(plan, core, place);

	plan->counts.faults++;
	begin_pause(plan, place);
	__set_bit(place, plan->faulty);
	__set_bit(bit, core->bad);
	__clear_bit(bit, core->member);
}

/* Is it bad on no core any more? */
static void settle_fault(struct plan *plan, u32 place)
{
	struct plan_region *region = &plan->region[place];

	if (plan_fault_core(plan, place))
		return;
	__clear_bit(place, plan->faulty);
	__clear_bit(place, plan->left_out);
	region->retry_at = min(region->retry_at, plan->now);
}

/**
 * plan_learn_cure - an instruction of a core has not faulted
 * @plan: the plan
 * @core: the core
 * @place: where
 */
void plan_learn_cure(struct plan *plan, struct plan_core *core, u32 place)
{
	if (!plan_is_bad(plan, core, place))
		return;
	__clear_bit(plan_bit(plan, core, place), core->bad);
	settle_fault(plan, place);
}

/*
 * A region is left out because two cores have faulted there. If one of them is
 * broken, that says nothing about the region: try it again at once. Nor do its
 * pauses grow for what a broken core does each time it is tried again.
 */
static void forget_fault(struct plan *plan, u32 place)
{
	struct plan_region *region = &plan->region[place];

	if (test_bit(place, plan->left_out)) {
		__clear_bit(place, plan->left_out);
		region->retry_at = min(region->retry_at, plan->now);
		plan->open++;
	}
	settle_fault(plan, place);
	if (!test_bit(place, plan->faulty))
		region->retry_ms = 0;
}

/**
 * plan_forget_faults - a core starts over, or leaves
 * @plan: the plan
 * @core: the core
 */
void plan_forget_faults(struct plan *plan, struct plan_core *core)
{
	u32 start = core->window.word * BITS_PER_LONG;
	u32 bit;

	for_each_set_bit(bit, core->bad, plan->core_words * BITS_PER_LONG) {
		__clear_bit(bit, core->bad);
		forget_fault(plan, start + bit);
	}
	plan_core_zero(plan, core->fault);
}

/* As long as no core works, cores are to blame. */
static bool any_works(const struct plan *plan)
{
	u32 i;

	for (i = 0; i < plan->cores; i++)
		if (plan->core[i]->present && plan->core[i]->works)
			return true;
	return false;
}

/* Does the region fault on another core, too, and has no leader won it? */
static bool region_is_to_blame(const struct plan *plan,
			       const struct plan_core *core, u32 place)
{
	u32 i;

	if (test_bit(place, plan->won) || test_bit(place, plan->clean))
		return false;
	for (i = 0; i < plan->cores; i++)
		if (plan->core[i] != core &&
		    plan_is_bad(plan, plan->core[i], place))
			return true;
	return false;
}

/*
 * Has it faulted in the running pass, and in all at two regions that are not to
 * blame? One pass may try a single one, as pauses differ.
 */
static bool faults_twice(const struct plan *plan, const struct plan_core *core)
{
	u32 start = core->window.word * BITS_PER_LONG;
	u32 bit, bits = plan->core_words * BITS_PER_LONG;
	bool works = any_works(plan), once = false;

	/* A late slice may have noted a fault that was not tallied. */
	if (!bitmap_intersects(core->fault, core->bad, bits))
		return false;
	for_each_set_bit(bit, core->bad, bits) {
		if (works && region_is_to_blame(plan, core, start + bit))
			continue;
		if (once)
			return true;
		once = true;
	}
	return false;
}

static bool is_member_somewhere(const struct plan *plan,
				const struct plan_core *core)
{
	const struct plan_window *window = &core->window;
	u32 k;

	for (k = 0; k < window->words; k++)
		if (core->member[k] & plan->clean[window->word + k] &
		    plan_window_mask(window, k))
			return true;
	return false;
}

/**
 * plan_is_broken - does a core fault wherever it has tried?
 * @plan: the plan
 * @core: the core
 *
 * Then the core is to blame, and not that many regions. What faults on another
 * core, too, says nothing about this one, so nobody is judged before regions
 * where a leader has faulted were tried elsewhere, nor as long as orders are
 * left to it, as they may show that it works, nor in a narrow pass where no
 * core works, as it has tried few regions.
 *
 * Return: true if it has faulted in the running pass or the last one and has
 * answered nothing else there, has not worked since it faulted at another region
 * either, and is a member of no region.
 */
bool plan_is_broken(const struct plan *plan, const struct plan_core *core)
{
	if (plan->phase == PLAN_LEAD || plan->phase == PLAN_ELSEWHERE ||
	    core->order == PLAN_ORDERED)
		return false;
	if (plan->narrow && !any_works(plan))
		return false;
	return core->present && !core->works && faults_twice(plan, core) &&
	       !is_member_somewhere(plan, core);
}

/**
 * plan_leave_out - leave out where two cores have faulted in a phase
 * @plan: the plan, with all answers of the phase tallied
 */
void plan_leave_out(struct plan *plan)
{
	u32 k;

	/* A late slice may have noted a fault that was not tallied. */
	for (k = 0; k < plan->words; k++)
		plan->left_out[k] |= plan->enough[k] & plan->faulty[k];
	plan_map_zero(plan, plan->enough);
}

/* Can the core try the region with some hope? */
static bool is_hopeful(const struct plan *plan, const struct plan_core *core,
		       u32 place)
{
	return plan_may_try(plan, core, place) &&
	       !plan_is_bad(plan, core, place);
}

/* Another core at each try, first those on which the region is not bad. */
static struct plan_core *any_core(const struct plan *plan, u32 place)
{
	struct plan_core *core, *any = NULL;
	u32 i, first = plan->region[place].elsewhere + 1u;

	for (i = 0; i < plan->cores; i++) {
		core = plan->core[(first + i) % plan->cores];
		if (is_hopeful(plan, core, place))
			return core;
		if (!any && plan_may_try(plan, core, place))
			any = core;
	}
	return any;
}

/**
 * plan_elsewhere - let another core lead a region in this pass
 * @plan: the plan
 * @place: the region, which its leader can't try
 *
 * Another leader if it can be, or else a core that executes it in slices.
 *
 * Return: the core, NULL if there is none.
 */
struct plan_core *plan_elsewhere(struct plan *plan, u32 place)
{
	struct plan_region *region = &plan->region[place];
	struct plan_core *core = NULL;
	u32 i;

	for (i = 0; i < plan->leaders && !core; i++)
		if (is_hopeful(plan, plan->core[plan->leader[i]], place))
			core = plan->core[plan->leader[i]];
	if (!core) {
		core = any_core(plan, place);
		if (core)
			region->elsewhere = core->index;
	}
	if (core)
		region->leader = core->index;
	return core;
}

/**
 * plan_faulty - number of regions that have faulted on some core and have not
 *	been seen to work there since
 * @plan: the plan
 */
u32 plan_faulty(const struct plan *plan)
{
	return bitmap_weight(plan->faulty, plan->regions);
}

/**
 * plan_fault_ends - when a pass is to try the next faulty region
 * @plan: the plan
 * @now: the time
 *
 * Those that are due already are tried by any pass but a narrow one.
 *
 * Return: the time, 0 if no pause is under way.
 */
u64 plan_fault_ends(const struct plan *plan, u64 now)
{
	u64 ends = 0;
	u32 place;

	for_each_set_bit(place, plan->faulty, plan->regions) {
		u64 at = plan->region[place].retry_at;

		if (now < at && (!ends || at < ends))
			ends = at;
	}
	return ends;
}

/**
 * plan_fault_core - on which core is a region bad?
 * @plan: the plan
 * @place: the region
 *
 * Whether the region is left out for all is in @plan->left_out.
 *
 * Return: the first one, NULL if there is none.
 */
const struct plan_core *plan_fault_core(const struct plan *plan, u32 place)
{
	u32 i;

	for (i = 0; i < plan->cores; i++)
		if (plan_is_bad(plan, plan->core[i], place))
			return plan->core[i];
	return NULL;
}
