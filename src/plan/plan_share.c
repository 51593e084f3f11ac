// SPDX-License-Identifier: GPL-2.0
/*
 * The planner: which cores lead, and which regions each of them leads.
 *
 * Plain C without kernel calls. All of it belongs to the worker.
 */
#include <linux/bitmap.h>
#include <linux/minmax.h>
#include <linux/types.h>

#include "plan.h"

/* How well a core would do as its node's leader; 0: not at all. */
static u32 aptitude(const struct plan_core *core)
{
	if (!core->present || core->late)
		return 0;
	return 1 + 2 * core->housekeeper + core->leads;
}

/**
 * struct election - the candidates
 * @count: how many
 * @leader: indices of their cores
 * @crowd: by candidate: how many cores have its node and base
 * @load: by candidate: how many regions it leads
 */
struct election {
	u32 count;
	u16 leader[PLAN_LEADERS_MAX];
	u16 crowd[PLAN_LEADERS_MAX];
	u32 load[PLAN_LEADERS_MAX];
};

static bool is_pair(const struct plan_core *a, const struct plan_core *b)
{
	return a->node == b->node && a->window.base == b->window.base;
}

/* The candidate for the core's node and base, or PLAN_NONE. */
static u32 rival(const struct plan *plan, const struct election *vote,
		 const struct plan_core *core)
{
	u32 i;

	for (i = 0; i < vote->count; i++)
		if (is_pair(plan->core[vote->leader[i]], core))
			return i;
	return PLAN_NONE;
}

static void stand(const struct plan *plan, struct election *vote,
		  const struct plan_core *core)
{
	u32 i = rival(plan, vote, core);

	if (i == PLAN_NONE) {
		if (vote->count == PLAN_LEADERS_MAX)
			return;
		i = vote->count++;
		vote->leader[i] = core->index;
		vote->crowd[i] = 0;
	} else if (aptitude(core) > aptitude(plan->core[vote->leader[i]])) {
		vote->leader[i] = core->index;
	}
	vote->crowd[i]++;
}

/* Is there a housekeeper that leads in the same window? */
static bool replaceable(const struct plan *plan, const struct election *vote,
			const struct plan_core *core)
{
	const struct plan_core *other;
	u32 i;

	for (i = 0; i < vote->count; i++) {
		other = plan->core[vote->leader[i]];
		if (other->housekeeper && other->window.base == core->window.base)
			return true;
	}
	return false;
}

static void keep(struct election *vote, u32 to, u32 from)
{
	vote->leader[to] = vote->leader[from];
	vote->crowd[to] = vote->crowd[from];
	vote->load[to] = vote->load[from];
}

/* Isolated cores don't lead if others can. */
static void spare_isolated(const struct plan *plan, struct election *vote)
{
	const struct plan_core *core;
	u32 i, n = 0;

	for (i = 0; i < vote->count; i++) {
		core = plan->core[vote->leader[i]];
		if (core->housekeeper || !replaceable(plan, vote, core))
			keep(vote, n++, i);
	}
	vote->count = n;
}

/* Is its base the one that most cores of its node have? */
static bool is_nodes_own(const struct plan *plan, const struct election *vote,
			 u32 i)
{
	u16 node = plan->core[vote->leader[i]]->node;
	u32 k;

	for (k = 0; k < vote->count; k++)
		if (plan->core[vote->leader[k]]->node == node &&
		    (vote->crowd[k] > vote->crowd[i] ||
		     (vote->crowd[k] == vote->crowd[i] && k < i)))
			return false;
	return true;
}

/* First come all nodes, each with the base that most of its cores have. */
static void limit(const struct plan *plan, struct election *vote)
{
	struct election all = *vote;
	u32 i;

	vote->count = 0;
	for (i = 0; i < all.count; i++)
		if (is_nodes_own(plan, &all, i))
			vote->leader[vote->count++] = all.leader[i];
	for (i = 0; i < all.count; i++)
		if (!is_nodes_own(plan, &all, i))
			vote->leader[vote->count++] = all.leader[i];
	vote->count = min(vote->count, plan->leaders_max);
}

/* Is the region bad on the core, and not given up on all of them? */
static bool is_spoilt(const struct plan *plan, const struct plan_core *core,
		      u32 place)
{
	if (!test_bit(place, plan->faulty))
		return false;
	return plan_is_bad(plan, core, place) &&
	       (test_bit(place, plan->clean) || !test_bit(place, plan->left_out));
}

/*
 * The leader nearest to the region's part of the RMP, among those whose window
 * holds it; of several, the one that leads the fewest regions so far.
 */
static u16 nearest(const struct plan *plan, const struct election *vote,
		   u32 place, bool spoilt)
{
	const struct plan_region *region = &plan->region[place];
	u32 i, far, best_far = 0, best = PLAN_NONE;

	for (i = 0; i < vote->count; i++) {
		const struct plan_core *core = plan->core[vote->leader[i]];

		if (!plan_holds(plan, core, place) ||
		    (!spoilt && is_spoilt(plan, core, place)))
			continue;
		far = region->home == PLAN_NONE ?
		      0 : plan->distance(core->node, region->home);
		if (best == PLAN_NONE || far < best_far ||
		    (far == best_far && vote->load[i] < vote->load[best])) {
			best = i;
			best_far = far;
		}
	}
	return best;
}

static bool can_step_in(const struct plan *plan, const struct plan_core *core,
			u32 place)
{
	return aptitude(core) && plan_holds(plan, core, place) &&
	       !is_spoilt(plan, core, place);
}

/*
 * No leader can: another core leads it in slices, a housekeeper if there is
 * one. The one of the previous region usually can.
 */
static u16 step_in(const struct plan *plan, u32 place, u16 before)
{
	u16 i, any = PLAN_NONE;

	if (before != PLAN_NONE &&
	    can_step_in(plan, plan->core[before], place))
		return before;
	for (i = 0; i < plan->cores; i++) {
		if (!can_step_in(plan, plan->core[i], place))
			continue;
		if (plan->core[i]->housekeeper)
			return i;
		if (any == PLAN_NONE)
			any = i;
	}
	return any;
}

static void share(struct plan *plan, struct election *vote)
{
	u16 i, leader, stand_in = PLAN_NONE;
	u32 place;

	for (place = 0; place < plan->regions; place++)
		plan->region[place].leader = PLAN_NONE;
	if (!vote->count)
		return;
	for_each_set_bit(place, plan->reached, plan->regions) {
		i = nearest(plan, vote, place, false);
		leader = i == PLAN_NONE ? step_in(plan, place, stand_in) :
					  vote->leader[i];
		if (i == PLAN_NONE && leader != PLAN_NONE)
			stand_in = leader;
		/* Bad on all of them: the nearest one tries next. */
		if (leader == PLAN_NONE) {
			i = nearest(plan, vote, place, true);
			leader = i == PLAN_NONE ? PLAN_NONE : vote->leader[i];
		}
		plan->region[place].leader = leader;
		if (i != PLAN_NONE)
			vote->load[i]++;
	}
}

/* A core without regions to lead is no leader. */
static void dismiss_idle(struct election *vote)
{
	u32 i, n = 0;

	for (i = 0; i < vote->count; i++)
		if (vote->load[i])
			keep(vote, n++, i);
	vote->count = n;
}

static void take_office(struct plan *plan, const struct election *vote)
{
	u32 i;

	for (i = 0; i < plan->cores; i++)
		plan->core[i]->leads = false;
	for (i = 0; i < vote->count; i++) {
		plan->leader[i] = vote->leader[i];
		plan->core[vote->leader[i]]->leads = true;
	}
	plan->leaders = vote->count;
}

/**
 * plan_elect - choose the leaders and share the regions out
 * @plan: the plan, at rest
 *
 * One leader for each node and base: a housekeeper, the same one as before if
 * that can still lead. Isolated cores lead only if no other leader has the same
 * window. A core that is the nearest to no region does not lead. A region that
 * no leader can try is led by another core, which does not count as a leader.
 */
void plan_elect(struct plan *plan)
{
	struct election vote = {};
	u32 i;

	for (i = 0; i < plan->cores; i++)
		if (aptitude(plan->core[i]) && plan->core[i]->window.count)
			stand(plan, &vote, plan->core[i]);
	spare_isolated(plan, &vote);
	limit(plan, &vote);
	share(plan, &vote);
	dismiss_idle(&vote);
	take_office(plan, &vote);
}
