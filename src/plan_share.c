// SPDX-License-Identifier: GPL-2.0
/*
 * The planner: who leads, and who leads what.
 *
 * Plain C without kernel calls. All of it belongs to the worker.
 */
#include <linux/bitmap.h>
#include <linux/types.h>

#include "plan.h"

/* How well a core would do as its node's leader; 0: not at all. */
static u32 aptitude(const struct plan_core *core)
{
	if (!core->present || core->late)
		return 0;
	return 1 + 2 * core->housekeeper + core->leads;
}

/* The leader elected so far whose node is the core's, or PLAN_NONE. */
static u32 rival(const struct plan *plan, const struct plan_core *core)
{
	u32 i;

	for (i = 0; i < plan->leaders; i++)
		if (plan->core[plan->leader[i]]->node == core->node)
			return i;
	return PLAN_NONE;
}

static void stand(struct plan *plan, const struct plan_core *core)
{
	u32 i = rival(plan, core);

	if (i == PLAN_NONE) {
		if (plan->leaders < PLAN_LEADERS_MAX)
			plan->leader[plan->leaders++] = core->index;
	} else if (aptitude(core) > aptitude(plan->core[plan->leader[i]])) {
		plan->leader[i] = core->index;
	}
}

/* Is there a housekeeper that leads in the same window? */
static bool replaceable(const struct plan *plan, const struct plan_core *core)
{
	const struct plan_core *other;
	u32 i;

	for (i = 0; i < plan->leaders; i++) {
		other = plan->core[plan->leader[i]];
		if (other->housekeeper && other->window == core->window)
			return true;
	}
	return false;
}

/* Nobody is to be disturbed that leads only for its node's sake. */
static void spare_isolated(struct plan *plan)
{
	const struct plan_core *core;
	u32 i, n = 0;

	for (i = 0; i < plan->leaders; i++) {
		core = plan->core[plan->leader[i]];
		if (core->housekeeper || !replaceable(plan, core))
			plan->leader[n++] = plan->leader[i];
	}
	plan->leaders = n;
}

/*
 * The leader nearest to the region's part of the RMP, among those whose window
 * holds it; of several the one that leads the least so far.
 */
static u16 nearest(const struct plan *plan, u32 place, const u32 *load)
{
	const struct plan_region *region = &plan->region[place];
	u32 i, far, best_far = 0, best = PLAN_NONE;

	for (i = 0; i < plan->leaders; i++) {
		const struct plan_core *core = plan->core[plan->leader[i]];

		if (!plan_holds(plan, core, place))
			continue;
		far = region->home == PLAN_NONE ?
		      0 : plan->distance(core->node, region->home);
		if (best == PLAN_NONE || far < best_far ||
		    (far == best_far && load[i] < load[best])) {
			best = i;
			best_far = far;
		}
	}
	return best;
}

static void share(struct plan *plan, u32 *load)
{
	u32 place;
	u16 i;

	for (place = 0; place < plan->regions; place++) {
		i = nearest(plan, place, load);
		plan->region[place].leader =
			i == PLAN_NONE ? PLAN_NONE : plan->leader[i];
		if (i != PLAN_NONE)
			load[i]++;
	}
}

/* Who has nothing to lead is no leader. */
static void dismiss_idle(struct plan *plan, const u32 *load)
{
	u32 i, n = 0;

	for (i = 0; i < plan->leaders; i++)
		if (load[i])
			plan->leader[n++] = plan->leader[i];
	plan->leaders = n;
}

/**
 * plan_elect - choose the leaders and share the regions out
 * @plan: the plan, at rest
 *
 * One leader per node: a housekeeper, the same one as before if that can still
 * lead. A node that has no housekeeper gets one only if no other leader has
 * the same window. Nobody leads who is the nearest to no region.
 */
void plan_elect(struct plan *plan)
{
	u32 load[PLAN_LEADERS_MAX] = {};
	u32 i;

	plan->leaders = 0;
	for (i = 0; i < plan->cores; i++)
		if (aptitude(plan->core[i]))
			stand(plan, plan->core[i]);
	spare_isolated(plan);
	share(plan, load);
	dismiss_idle(plan, load);

	for (i = 0; i < plan->cores; i++)
		plan->core[i]->leads = false;
	for (i = 0; i < plan->leaders; i++)
		plan->core[plan->leader[i]]->leads = true;
}
