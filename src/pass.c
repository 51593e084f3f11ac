// SPDX-License-Identifier: GPL-2.0
/*
 * A pass: the leader verifies, the followers verify what it has won, the
 * leader's closing reports tell what came of it.
 *
 * The leader is one fixed core. Its instructions run on that core or not at
 * all, each in a preempt-off section of its own; if it leaves, the regions
 * that are not closed end unclean and the pass ends.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpu.h>
#include <linux/ktime.h>
#include <linux/preempt.h>
#include <linux/sched.h>

#include "arm.h"
#include "cores.h"
#include "engine.h"
#include "hw.h"
#include "slices.h"

/**
 * pass_settle_on - move the worker to a core
 * @core: the core
 *
 * By the worker; sleeps.
 *
 * Return: 0, -ESTALE if the core is offline or was emptied meanwhile.
 */
int pass_settle_on(const struct core *core)
{
	u32 epoch = core->epoch;

	if (cores_changed()) {
		cpus_read_lock();
		cores_refresh();
		cpus_read_unlock();
	}
	if (core->epoch != epoch || !core_takes_part(core))
		return -ESTALE;
	if (set_cpus_allowed_ptr(current, cpumask_of(core->primary))) {
		cores_touch();
		return -ESTALE;
	}
	return 0;
}

/* One instruction on the leader, or -ESTALE if this is another core. */
static int lead_here(const struct core *core, u32 i, enum hw_function function)
{
	int bit = -ESTALE;

	preempt_disable();
	/* A CPU runs no such threads before its hotplug callback has told. */
	if (cores_here() == core && !cores_changed())
		bit = hw_rmpopt(engine.region[i], function);
	preempt_enable();
	/* The one who waits for this CPU is more important. */
	cond_resched();
	return bit;
}

/*
 * The leader has faulted. Armed anew once, then dropped. What it had verified
 * before may be gone: the closing reports will tell.
 */
static int leader_faulted(struct core *core, int error)
{
	engine.stats.faults++;
	if (!core->rearmed) {
		core->rearmed = true;
		error = arm_again(core);
		if (!error)
			return 0;
	}
	cores_drop(core, error);
	return error;
}

/* The same until it worked or is given up: 0 or 1, or an errno. */
static int lead(struct core *core, u32 i, enum hw_function function)
{
	int bit, ret;

	while (!engine_pass_ends()) {
		bit = lead_here(core, i, function);
		if (bit >= 0)
			return bit;
		if (bit == -ESTALE)
			ret = pass_settle_on(core);
		else
			ret = leader_faulted(core, bit);
		if (ret)
			return ret;
	}
	return -EINTR;
}

static int lead_verifies(struct core *core)
{
	struct plan *plan = &engine.plan;
	int bit;
	u32 i;

	for (i = 0; i < plan->regions; i++) {
		bit = lead(core, i, HW_VERIFY);
		if (bit < 0)
			return bit;
		engine.stats.verifies_leader++;
		engine.progress_done++;
		plan_lead(plan, i, bit);
	}
	return 0;
}

/* Closing reports; how many regions came out other than expected. */
static int lead_closings(struct core *core)
{
	struct plan *plan = &engine.plan;
	int bit, surprises = 0;
	u32 i;

	for_each_set_bit(i, plan->won, plan->regions) {
		bit = lead(core, i, HW_REPORT);
		if (bit < 0)
			return bit;
		engine.stats.reports++;
		engine.progress_done++;
		surprises += !plan_close(plan, i, bit);
	}
	return surprises;
}

static u32 count_followers(const struct core *leader)
{
	struct core *core;
	u32 i, n = 0;

	for (i = 0; (core = cores_at(i)); i++)
		n += core != leader && core_takes_part(core);
	return n;
}

/* A leader that left is nobody's fault. */
static enum engine_result lead_result(int error)
{
	return error == -ESTALE ? RESULT_PARTIAL : RESULT_FAILED;
}

static enum engine_result run(struct core *leader, bool *again)
{
	struct plan *plan = &engine.plan;
	bool complete = true;
	int ret;

	ret = pass_settle_on(leader) ?: lead_verifies(leader);
	if (ret)
		return lead_result(ret);

	WRITE_ONCE(leader->behind, false);
	WRITE_ONCE(engine.progress_total,
		   plan->regions + plan_won(plan) * (count_followers(leader) + 1));
	complete = slices_run(leader);

	ret = lead_closings(leader);
	if (ret < 0)
		return lead_result(ret);
	*again = ret || !complete;
	return complete ? RESULT_OK : RESULT_PARTIAL;
}

/**
 * pass_run - a full pass
 * @again: whether another one is likely to achieve more
 *
 * By the worker, with a plan and at least one core that takes part; sleeps.
 *
 * Return: how it ended. RESULT_PARTIAL: the leader left, or a core could not
 * be reached. RESULT_FAILED: the leader faulted for good or lost SnpEn; the
 * state is to be looked at before anything else.
 */
enum engine_result pass_run(bool *again)
{
	struct core *leader = cores_leader();
	u64 start = ktime_get_ns();
	enum engine_result result;

	*again = true;
	if (!leader)
		return RESULT_FAILED;

	plan_begin(&engine.plan);
	leader->rearmed = false;
	engine.stats.pass_stolen_ns = 0;
	WRITE_ONCE(engine.progress_done, 0);
	WRITE_ONCE(engine.progress_total, engine.plan.regions);

	result = run(leader, again);
	if (engine_pass_ends()) {
		result = RESULT_CANCELLED;
		*again = false;
	}

	engine.stats.passes++;
	engine.stats.passes_full++;
	engine.stats.last_pass_us = div_u64(ktime_get_ns() - start, NSEC_PER_USEC);
	engine.stats.last_stolen_us = div_u64(engine.stats.pass_stolen_ns,
					      NSEC_PER_USEC);
	WRITE_ONCE(engine.progress_total, 0);
	WRITE_ONCE(engine.progress_done, 0);
	return result;
}
