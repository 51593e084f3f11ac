// SPDX-License-Identifier: GPL-2.0
/*
 * Followers: when a slice is sent, and its results; slice.c executes it.
 *
 * Each core has one slice. It is sent again only after the core has rested
 * (duty). At most `parallel` slices are under way at the same time, including
 * those that wait for a tick: according to published figures, verifies on many
 * cores at the same time take 20 times as long. [S]
 *
 * Its number tells to which phase of which pass a slice belongs. If it does not
 * come back in time, its core is late: it gets no order until the slice is
 * back, and the pass goes on without it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/cpumask.h>
#include <linux/jiffies.h>
#include <asm/msr.h>

#include "cores/cores.h"
#include "cores/latency.h"
#include "state/guard.h"
#include "state/state.h"
#include "state/trace.h"
#include "state/tune.h"
#include "pass.h"
#include "slice.h"
#include "slices.h"
#include "worker_cpu.h"

/*
 * A core that does not answer for so long is late, and owes what it has not
 * done.
 */
#define LATE_NS		(2 * NSEC_PER_SEC)

/* A CPU whose timer has not run for so many ticks may have none. */
#define TICKS_NS	(4ull * TICK_NSEC)

/*
 * The longest rest, so that no pass waits for a core that something else has
 * stopped for seconds. With a duty of 1 percent it is that of a slice of 10 ms,
 * 20 times the longest verify in published figures. [S]
 */
#define REST_CAP_NS	NSEC_PER_SEC

/* Returns 0, or -ENXIO if the core's primary is not online any more. */
static int send(struct core *core, u64 now)
{
	struct slice *slice = &core->slice;
	int ret;

	slice->pass = running.pass;
	slice->verify = plan_verifies(&the_plan);
	slice->next = core->next;
	slice->budget = us_to_cycles(tune_read(TUNE_SLICE_US));
	core->sent_cpu = core->primary;
	ret = slice_send(core);
	if (ret)
		return ret;
	core->sent = true;
	core->sent_at = now;
	core->waits_until = now + TICKS_NS;
	return 0;
}

/**
 * slices_rest_until - when a core may be interrupted again
 * @ns: how long it was interrupted just now
 *
 * Return: ktime in ns.
 */
u64 slices_rest_until(u64 ns)
{
	return ktime_get_ns() + min_t(u64, plan_rest(ns, tune_read(TUNE_DUTY)),
				      REST_CAP_NS);
}

static void count_slice(struct core *core)
{
	struct slice *slice = &core->slice;
	u64 ns = cycles_to_ns(slice->cycles);
	bool overrun = slice->cycles > slice->budget;
	struct pass_stats *stats = &running.stats;

	trace_follower_slice(slice->pass, core->sent_cpu, slice->verify,
			     slice->done, slice->cycles, overrun);
	latency_take(slice->verify ? LATENCY_FOLLOWER_VERIFY : LATENCY_REPORT,
		     &slice->times);
	WRITE_ONCE(core->slices, core->slices + 1);
	stats->interruptions += !slice->by_tick;
	WRITE_ONCE(core->worst_ns, max(core->worst_ns, ns));
	stats->slices++;
	stats->overruns += overrun;
	stats->pass_stolen_ns += ns;
	if (ns > READ_ONCE(stats->worst_slice_ns)) {
		WRITE_ONCE(stats->worst_slice_cpu, core->sent_cpu);
		WRITE_ONCE(stats->worst_slice_ns, ns);
	}
	atomic_add(slice->done, &running.done);
	WRITE_ONCE(core->resume_at, slices_rest_until(ns));
}

/* A slice has come back: take its results; see slices_visit(). */
static int harvest(struct core *core)
{
	struct plan *plan = &the_plan;

	core->sent = false;
	count_slice(core);
	if (core->plan.late) {
		plan_back(&core->plan);
		return 0;
	}
	core->next = core->slice.next;
	if (core->slice.error == -ESTALE) {
		/* It has run elsewhere: see which CPU the core has now. */
		cores_touch();
		return 0;
	}
	return core->slice.error ?:
	       plan_next(plan, &core->plan, core->next) >= plan->regions;
}

/*
 * A slice that waits for a tick is taken back if no tick comes, or if the pass
 * has to end. If the CPU is idle, it is sent again, by IPI.
 */
static bool take_back(struct core *core, const struct tour *tour, u64 now)
{
	unsigned int cpu = core->sent_cpu;
	bool gone = !cpu_online(cpu);

	if (!tour->ending && !gone && now < core->waits_until)
		return false;
	core->waits_until = now + TICKS_NS;
	if (!tour->ending && !gone && now < core->sent_at + LATE_NS &&
	    !slice_cpu_idles(cpu))
		return false;
	if (!slice_take_back(core))
		return false;
	core->sent = false;
	if (gone)
		cores_touch();
	else if (now >= core->sent_at + LATE_NS)
		/* Neither busy, as far as can be seen, nor idle. */
		plan_answered(&the_plan, &core->plan, core->next);
	return true;
}

/* Take back a late slice that still waits for its tick. */
static void welcome_unbegun(struct core *core)
{
	if (!slice_take_back(core))
		return;
	core->sent = false;
	plan_back(&core->plan);
}

/**
 * slices_visit - has the slice of a core come back, or is it late?
 * @core: the core
 * @tour: what is found is added here
 * @now: ktime in ns
 *
 * Return: 1 the core has done its order, 0 it has not, or the error of an
 * instruction that is the core's fault, see step_execute().
 */
int slices_visit(struct core *core, struct tour *tour, u64 now)
{
	if (!core->sent)
		return 0;
	if (!core_is_busy(core))
		return harvest(core);
	if (core->plan.late) {
		welcome_unbegun(core);
		return 0;
	}
	if (core->slice.by_tick && take_back(core, tour, now))
		return 0;
	if (now >= core->sent_at + LATE_NS) {
		trace_event(TRACE_LATE, core->sent_cpu, -1);
		plan_late(&the_plan, &core->plan, core->next);
		worker_cpu_avoid(core);
		return 0;
	}
	tour->busy++;
	tour_due(tour, core->slice.by_tick ? core->waits_until :
					     core->sent_at + LATE_NS);
	return 0;
}

/**
 * slices_send - send a slice of its order to a core, if it has rested
 * @core: the core, which has an order and no slice under way
 * @tour: what is found is added here
 * @now: ktime in ns
 *
 * Return: 0, -ENXIO if its primary is not online any more.
 */
int slices_send(struct core *core, struct tour *tour, u64 now)
{
	u64 resume_at = max(core->resume_at, READ_ONCE(core->spared_until));
	u32 parallel = tune_read(TUNE_PARALLEL) ?: U32_MAX;
	int ret;

	if (tour->busy >= parallel)
		return 0;
	if (resume_at > now) {
		tour_due(tour, resume_at);
		return 0;
	}
	worker_cpu_leave(core);
	ret = send(core, now);
	if (!ret) {
		tour->busy++;
		tour_due(tour, core->slice.by_tick ? core->waits_until :
						     now + LATE_NS);
	}
	return ret;
}

static bool slices_under_way(void)
{
	struct core *core;
	u32 i;

	for (i = 0; (core = cores_at(i)); i++)
		if (core_is_busy(core) && !slice_take_back(core))
			return true;
	return false;
}

/**
 * slices_drain - wait until every handler has given its slice back
 *
 * By the worker, at its very end; sleeps.
 */
void slices_drain(void)
{
	struct core *core;
	u32 i;

	guard_sleep(!slices_under_way(), 0);
	/* No timer handler may be running any more, either. */
	for (i = 0; (core = cores_at(i)); i++)
		if (core->slice.ready)
			timer_delete_sync(&core->slice.timer);
}
