// SPDX-License-Identifier: GPL-2.0
/*
 * Phases: executes the orders of one phase of a pass.
 *
 * Orders of leaders are executed by their threads (lead.c), all others by
 * slices (slices.c). The worker dispatches both and waits; it holds no lock
 * meanwhile. A phase is over when nothing of it is under way any more, except
 * for late slices.
 */
#include <linux/ktime.h>
#include <linux/minmax.h>

#include "cores/arm.h"
#include "cores/cores.h"
#include "state/guard.h"
#include "state/state.h"
#include "lead.h"
#include "pass.h"
#include "phase.h"
#include "slice.h"
#include "slices.h"
#include "worker_cpu.h"

/* How often a pass checks SNP at most, unless a hook reports a change. */
#define SNP_LOOK_NS	(10 * NSEC_PER_MSEC)

/* How often it looks whether a CPU has come or gone that is on its way. */
#define HOTPLUG_LOOK_NS	(10 * NSEC_PER_MSEC)

/* When it has checked last. */
static u64 snp_looked_at;

/*
 * If SNP was shut down, the pass ends, before SNP is prepared again and
 * instructions work again, although SNP_INIT is not done.
 */
static bool snp_is_gone(void)
{
	if (!READ_ONCE(wishes.snp_moved) && arm_is_void()) {
		WRITE_ONCE(wishes.snp_moved, true);
		/* No look follows an audit otherwise. */
		WRITE_ONCE(wishes.kicked, true);
	}
	return READ_ONCE(wishes.snp_moved);
}

static void look_at_snp(void)
{
	u64 now = ktime_get_ns();

	if (now - snp_looked_at < SNP_LOOK_NS)
		return;
	snp_looked_at = now;
	snp_is_gone();
}

/* A core has done its order. */
static void note_answered(struct core *core)
{
	core->rearmed = false;
	plan_answered(&the_plan, &core->plan, the_plan.regions);
}

/*
 * An instruction has faulted, as the core's RMPOPT_BASE is not right. If SNP is
 * gone, the core is not to blame, and the pass ends. Otherwise it is armed
 * again once, then dropped. Its table may be empty now, so nothing is believed
 * of it.
 */
static void note_fault(struct core *core, int error)
{
	running.stats.faults++;
	if (!core->armed || snp_is_gone())
		return;
	if (!core->rearmed) {
		core->rearmed = true;
		error = arm_again(core, engine.view_only);
		/* It may have left meanwhile. */
		if (!core->armed)
			return;
		if (!error) {
			cores_join(core, core->errand.base);
			return;
		}
		if (error == -EAGAIN) {
			/* It takes part again when it answers. */
			cores_leave(core);
			return;
		}
	}
	cores_drop(core, error);
}

static bool is_ordered(const struct core *core)
{
	return core->plan.order == PLAN_ORDERED;
}

/* The thread of a leader has stopped: take its results. */
static void harvest_lead(u32 i, struct core *core)
{
	int result = lead_result(i, &core->next);

	core->sent = false;
	if (!result)
		note_answered(core);
	else if (result == -ETIMEDOUT && core->armed && !state_pass_ends())
		cores_drop(core, result);
	else if (result == -ESTALE || result == -ETIMEDOUT)
		/*
		 * Gone, or a sibling has taken over: see which CPU it is now.
		 */
		cores_touch();
	else if (result != -EINTR)
		note_fault(core, result);
}

/* Its CPU hangs: the pass goes on without it. */
static void lose_lead(u32 i, struct core *core)
{
	if (!lead_lose(i))
		return;
	core->sent = false;
	plan_late(&the_plan, &core->plan, core->next);
	worker_cpu_avoid(core);
	cores_drop(core, -ETIME);
}

static void visit_lead(u32 i, struct core *core, struct tour *tour)
{
	u64 now = ktime_get_ns();
	u64 at;

	if (core->sent && !lead_is_busy(i))
		harvest_lead(i, core);
	if (!core->sent) {
		if (!is_ordered(core))
			return;
		tour->left++;
		if (tour->ending)
			return;
		/* Nothing is sent before that is taken in. */
		if (cores_changed() || !lead_send(i, core)) {
			tour_due(tour, now + HOTPLUG_LOOK_NS);
			return;
		}
		core->sent = true;
	}
	at = lead_watch(i, now, tour->ending);
	if (!at) {
		lose_lead(i, core);
		at = now;
	}
	tour->busy++;
	tour_due(tour, at);
}

static void visit_leads(struct tour *tour)
{
	struct core *core;
	u32 i;

	for (i = 0; (core = cores_leader(i)); i++)
		visit_lead(i, core, tour);
}

static void visit_slice(struct core *core, struct tour *tour, u64 now)
{
	int result = slices_visit(core, tour, now);

	if (result > 0)
		note_answered(core);
	else if (result < 0)
		note_fault(core, result);
}

/* The busy ones first: how many there are bounds how many may be sent. */
static void visit_slices(struct tour *tour)
{
	struct plan_core *turn = NULL;
	u64 now = ktime_get_ns();
	u32 busy = tour->busy;
	struct core *core;
	u32 i;

	tour->busy = 0;
	for (i = 0; (core = cores_at(i)); i++)
		if (!core->plan.leads)
			visit_slice(core, tour, now);
	/* A core that had to be armed again may have taken a second. */
	now = ktime_get_ns();
	while ((turn = plan_turn(&the_plan, turn))) {
		core = container_of(turn, struct core, plan);
		if (core->plan.leads || !is_ordered(core))
			continue;
		tour->left++;
		/* A CPU that has just gone offline. */
		if (!core->sent && !tour->ending && slices_send(core, tour, now))
			cores_touch();
	}
	tour->busy += busy;
}

/*
 * Sleep until something comes back, a core has rested, or the phase ends. A CPU
 * that is still on its way wakes nobody up. If nothing but leaders works, the
 * last of them wakes the worker up: while another one executes its order where
 * the worker sleeps, that would disturb a CPU that has nothing to do with it.
 */
static void wait_for_some(const struct tour *tour, u32 leads, int seen,
			  bool ending, bool on_its_way)
{
	u64 now = ktime_get_ns();
	u64 until = tour->due ? max(tour->due, now + NSEC_PER_USEC) : 0;

	WRITE_ONCE(running.awaited,
		   seen + (leads && leads == tour->busy ? leads : 1));
	worker_cpu_expect(until);
	guard_sleep(atomic_read(&running.returned) != seen ||
		    (cores_changed() && !on_its_way) ||
		    state_pass_ends() != ending, until);
	guard_expect_end();
}

/**
 * phase_run - execute the orders of one phase
 *
 * By the worker; sleeps.
 *
 * Return: whether the pass may go on; false if it has to end.
 */
bool phase_run(void)
{
	struct core *core;
	struct tour tour;
	bool ending, on_its_way;
	u32 i, leads;
	int seen;

	for (i = 0; (core = cores_at(i)); i++)
		core->next = 0;
	slice_begin_phase();
	for (;;) {
		look_at_snp();
		ending = state_pass_ends();
		seen = atomic_read(&running.returned);
		/* Cores that have come online take part in the next pass. */
		on_its_way = !cores_catch_up();
		tour = (struct tour){ .ending = ending };
		visit_leads(&tour);
		leads = tour.busy;
		visit_slices(&tour);
		if (!tour.busy && (ending || !tour.left))
			return !ending && !state_pass_ends();
		if (on_its_way)
			tour_due(&tour, ktime_get_ns() + HOTPLUG_LOOK_NS);
		/*
		 * An order may have been held back for the sake of a change
		 * that somebody else has looked at meanwhile: nothing would
		 * wake us.
		 */
		if (tour.busy || tour.due)
			wait_for_some(&tour, leads, seen, ending, on_its_way);
	}
}
