// SPDX-License-Identifier: GPL-2.0
/*
 * Passes: executes the orders of the planner, phase by phase (phase.c), and
 * returns the answers.
 */
#include <linux/cpumask.h>
#include <linux/ktime.h>
#include <linux/sched.h>

#include "cores/cores.h"
#include "state/state.h"
#include "state/trace.h"
#include "lead.h"
#include "pass.h"
#include "phase.h"
#include "slices.h"
#include "worker_cpu.h"

struct running running = {
	.stats.worst_slice_cpu = -1,
};

/* Number of the last pass. */
static u64 pass_number;

/**
 * pass_welcome_late - see which late cores have answered
 *
 * By the worker, between passes.
 *
 * Return: whether one has.
 */
bool pass_welcome_late(void)
{
	struct tour tour = {};
	struct core *core;
	bool any = false;
	u32 i;

	for (i = 0; (core = cores_at(i)); i++) {
		if (!core->plan.late)
			continue;
		if (core->sent)
			slices_visit(core, &tour, core->sent_at);
		else if (!core_hangs(core))
			plan_back(&core->plan);
		any |= !core->plan.late;
	}
	return any;
}

/**
 * pass_is_under_way - has a late core still not answered?
 *
 * By the worker, between passes. It is kicked when one does.
 */
bool pass_is_under_way(void)
{
	struct core *core;
	u32 i;

	pass_welcome_late();
	for (i = 0; (core = cores_at(i)); i++)
		if (core->plan.late)
			return true;
	return false;
}

/**
 * pass_elect - elect leaders, and move the worker to the CPU of the first one
 *
 * By the worker, between passes; sleeps.
 *
 * Return: whether there is a leader, and a thread for each.
 */
bool pass_elect(void)
{
	struct core *core;

	pass_welcome_late();
	cores_see_isolation();
	plan_elect(&the_plan);
	core = cores_leader(0);
	if (core && !state_pass_ends() && !worker_cpu_settle(core))
		cores_touch();
	return the_plan.leaders && !lead_provide(the_plan.leaders);
}

/* Does a core owe something that another pass may settle? */
static bool settle_cores(void)
{
	bool behind, any = false;
	struct core *core;
	u32 i;

	for (i = 0; (core = cores_at(i)); i++) {
		behind = core->plan.late || plan_owes(&the_plan, &core->plan);
		WRITE_ONCE(core->behind, behind);
		any |= core->armed && (core->plan.late ||
				       plan_owes_more(&the_plan, &core->plan));
	}
	return any;
}

/*
 * Failed only if a leader was dropped; other cores that did not finish:
 * partial.
 */
static enum engine_result result_of(bool through)
{
	bool complete = !the_plan.open;
	struct core *core;
	u32 i;

	if (!through)
		return READ_ONCE(wishes.snp_moved) ? RESULT_FAILED :
						     RESULT_CANCELLED;
	for (i = 0; (core = cores_leader(i)); i++)
		if (core->dropped)
			return RESULT_FAILED;
	for (i = 0; (core = cores_at(i)); i++)
		complete &= !core->plan.late || !core_takes_part(core);
	return complete ? RESULT_OK : RESULT_PARTIAL;
}

/* A watch is shown only if it finds something. */
static void show(bool *shown)
{
	if (!*shown && !the_plan.found)
		return;
	if (!*shown)
		state_set(STATE_SCANNING, NULL);
	*shown = true;
	WRITE_ONCE(running.total,
		   running.total + the_plan.ordered);
}

/* Cores that fault everywhere are dropped, whatever their RMPOPT_BASE is. */
static void drop_broken(void)
{
	struct core *core;
	u32 i;

	for (i = 0; (core = cores_at(i)); i++)
		if (core->armed && plan_is_broken(&the_plan, &core->plan))
			cores_drop(core, -EFAULT);
}

/* True if it went through all phases. */
static bool run(bool shown)
{
	enum plan_phase phase;

	for (;;) {
		phase = plan_advance(&the_plan, ktime_get_ns());
		drop_broken();
		if (phase == PLAN_REST)
			return true;
		show(&shown);
		if (!phase_run()) {
			plan_cancel(&the_plan);
			return false;
		}
	}
}

static void begin(enum engine_trigger trigger, bool full)
{
	bool asked = full || trigger == TRIGGER_REQUEST || trigger == TRIGGER_LATER;

	if (trigger == TRIGGER_CONVERSION && !full)
		plan_begin_marked(&the_plan);
	else
		plan_begin(&the_plan, full, asked);
}

static void count_pass(enum engine_trigger trigger, bool full, u64 start)
{
	struct pass_stats *stats = &running.stats;

	stats->last_trigger = trigger;
	stats->passes++;
	if (full)
		stats->passes_full++;
	else
		stats->passes_delta++;
	stats->last_pass_time_s = ktime_get_real_seconds();
	stats->last_pass_us = div_u64(ktime_get_ns() - start, NSEC_PER_USEC);
	stats->last_stolen_us = div_u64(stats->pass_stolen_ns, NSEC_PER_USEC);
}

/* A pass that has a leader. */
static enum engine_result run_led(enum engine_trigger trigger, bool full,
				  bool *again)
{
	bool through;

	begin(trigger, full);
	through = run(trigger != TRIGGER_WATCH);
	*again = settle_cores() || the_plan.open || the_plan.surprises;
	return result_of(through);
}

/* A pass that can't begin. It was told what is being converted. */
static enum engine_result run_leaderless(bool *again)
{
	plan_cancel(&the_plan);
	the_plan.found = 0;
	*again = true;
	return RESULT_FAILED;
}

/**
 * pass_run - run a pass
 * @trigger: why; a watch that finds nothing is not one
 * @full: take nothing on trust
 * @again: set to whether another pass is likely to achieve more
 *
 * By the worker; sleeps.
 *
 * Return: how it ended. RESULT_PARTIAL: a core has left, or did not respond.
 * RESULT_FAILED: there is no leader, or a leader was dropped; look() has to run
 * before anything else.
 */
enum engine_result pass_run(enum engine_trigger trigger, bool full, bool *again)
{
	enum engine_result result;
	u64 start = ktime_get_ns();

	running.stats.pass_stolen_ns = 0;
	atomic_set(&running.done, 0);
	running.pass = ++pass_number;
	trace_pass_begin(running.pass, trigger, full);
	running.leaderless = !pass_elect();
	if (running.leaderless)
		result = run_leaderless(again);
	else
		result = run_led(trigger, full, again);

	if (trigger != TRIGGER_WATCH || the_plan.found)
		count_pass(trigger, full, start);
	WRITE_ONCE(running.total, 0);
	trace_pass_end(running.pass, trigger, result,
		       div_u64(ktime_get_ns() - start, NSEC_PER_USEC),
		       div_u64(running.stats.pass_stolen_ns, NSEC_PER_USEC));
	running.pass = 0;
	return result;
}

/*
 * Execute the orders of an audit or view, which has one phase, and take in the
 * answers.
 */
static bool run_one(void)
{
	bool through = phase_run();

	if (through)
		plan_advance(&the_plan, ktime_get_ns());
	else
		plan_cancel(&the_plan);
	settle_cores();
	return through;
}

/**
 * pass_audit - let some cores report all that they are believed to have
 * @first: index of the first core
 * @count: how many
 *
 * By the worker; sleeps. What was missing is owed now; the_plan.found says
 * how much.
 *
 * Return: whether all of them were asked.
 */
bool pass_audit(u32 first, u32 count)
{
	if (!pass_elect())
		return false;
	if (plan_begin_audit(&the_plan, first, count) == PLAN_REST)
		return true;
	return run_one();
}

/**
 * pass_view - read tables that the kernel fills
 * @all: let all cores report all regions; if not, only leaders report, which
 *	finds losses, and sets the_plan.found if something was gained
 *
 * By the worker; sleeps. Verifies nothing.
 *
 * Return: whether it was completed.
 */
bool pass_view(bool all)
{
	if (!pass_elect())
		return false;
	if (plan_begin_view(&the_plan, all, ktime_get_ns()) == PLAN_REST)
		return true;
	return run_one();
}
