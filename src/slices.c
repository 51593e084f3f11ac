// SPDX-License-Identifier: GPL-2.0
/*
 * Followers: slices, and the handler that executes them.
 *
 * Each core has one slice, an asynchronous IPI. The handler runs with
 * interrupts disabled, executes one RMPOPT and starts another only if the
 * slowest recent one would still fit in slice_us. A core is interrupted again
 * only after it had its rest (duty), and at most `parallel` cores are under
 * way at once: verifies on many cores at the same time were published to be 20
 * times dearer each. [S]
 *
 * A slice belongs to a phase of a pass by its number. One that does not come
 * back in time makes its core late: it gets no order until the slice is back,
 * and the pass goes on without.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <asm/msr.h>

#include "arm.h"
#include "cores.h"
#include "engine.h"
#include "hw.h"
#include "latency.h"
#include "slices.h"
#include "trace.h"
#include "tune.h"

/* A core that does not answer for so long is left owing. */
#define LATE_NS		(2 * NSEC_PER_SEC)

/*
 * The longest rest, lest a pass waits for a core that was stopped for seconds
 * by something else. With a duty of 1 percent it is that of a slice of 10 ms:
 * 20 times the longest verify that was ever published. [S]
 */
#define REST_CAP_NS	NSEC_PER_SEC

/* Number of the running phase. */
static u64 phase_number;

/* What its slices may take, in cycles. */
static u32 phase_budget;

/* One instruction; false ends the slice. */
static bool slice_step(struct core *core, u64 *now)
{
	struct slice *slice = &core->slice;
	u64 before = *now;
	int bit = hw_rmpopt(engine.plan.region[slice->next].number,
			    slice->verify ? HW_VERIFY : HW_REPORT);

	*now = rdtsc_ordered();
	plan_learn(&slice->pace, *now - before);
	if (bit < 0) {
		slice->error = bit;
		return false;
	}
	latency_note(&slice->times, *now - before);
	plan_note(&engine.plan, &core->plan, slice->next, bit);
	slice->done++;
	return true;
}

/* The core's order, as much of it as fits. */
static void slice_execute(struct core *core, u64 start, u64 *now)
{
	struct slice *slice = &core->slice;

	for (;;) {
		slice->next = plan_next(&engine.plan, &core->plan, slice->next);
		if (slice->next >= engine.plan.regions || engine_pass_ends())
			return;
		if (slice->done && !plan_fits(&slice->pace, *now - start,
					      slice->budget))
			return;
		if (!slice_step(core, now))
			return;
		slice->next++;
	}
}

/*
 * Interrupts are disabled. Whatever the worker does meanwhile, a verify is
 * never wrong, only useless: the number keeps late ones out of later phases.
 */
static void slice_handler(void *info)
{
	struct core *core = info;
	struct slice *slice = &core->slice;
	u64 start = rdtsc_ordered();
	u64 now = start;
	bool late;

	if (slice->number == READ_ONCE(phase_number) && cores_here() == core)
		slice_execute(core, start, &now);
	slice->cycles = rdtsc_ordered() - start;

	/* Last access to the slice; pairs with slices_busy(). */
	smp_store_release(&slice->busy, false);
	/*
	 * The worker calls a core late, or wishes something of it, and looks at
	 * @busy then; here it is the other way round: one of both sees what the
	 * other has done. Pairs with work() in worker.c and is_stuck() in arm.c.
	 * Module and cores stay until this returns: worker_stop().
	 */
	smp_mb();
	late = READ_ONCE(core->plan.late);
	if (late)
		/* Nobody waits for it: the worker is to look by itself. */
		WRITE_ONCE(engine.kicked, true);
	arm_settle_here(late);
	atomic_inc(&engine.returned);
	/* Not wake_up(): under PREEMPT_RT its lock may sleep. */
	wake_up_process(engine.worker);
}

/**
 * slices_prepare - make a new core's slice ready
 * @core: the core
 */
void slices_prepare(struct core *core)
{
	INIT_CSD(&core->slice.csd, slice_handler, core);
}

/**
 * slices_busy - is a slice of a core under way?
 * @core: the core
 *
 * If not, all that its handler has written may be read.
 */
bool slices_busy(const struct core *core)
{
	/* Pairs with slice_handler(): its results are there before the flag. */
	return smp_load_acquire(&core->slice.busy);
}

/**
 * slices_begin - a phase begins
 *
 * From now on no slice of an earlier one begins to execute.
 */
void slices_begin(void)
{
	WRITE_ONCE(phase_number, phase_number + 1);
	phase_budget = us_to_cycles(tune_read(TUNE_SLICE_US));
}

/* Returns 0, or -ENXIO if the core's primary is not online any more. */
static int send(struct core *core, u64 now)
{
	struct slice *slice = &core->slice;
	int ret;

	slice->number = phase_number;
	slice->pass = engine.pass;
	slice->verify = plan_verifies(&engine.plan);
	slice->next = core->next;
	slice->done = 0;
	slice->error = 0;
	slice->budget = phase_budget;
	slice->cycles = 0;
	core->sent_cpu = core->primary;
	WRITE_ONCE(slice->busy, true);
	ret = smp_call_function_single_async(core->sent_cpu, &slice->csd);
	if (ret) {
		WRITE_ONCE(slice->busy, false);
		return ret;
	}
	core->sent = true;
	core->sent_at = now;
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
	struct engine_stats *stats = &engine.stats;

	trace_follower_slice(slice->pass, core->sent_cpu, slice->verify,
			     slice->done, slice->cycles, overrun);
	latency_take(slice->verify ? LATENCY_FOLLOWER_VERIFY : LATENCY_REPORT,
		     &slice->times);
	WRITE_ONCE(core->slices, core->slices + 1);
	WRITE_ONCE(core->worst_ns, max(core->worst_ns, ns));
	stats->slices++;
	stats->overruns += overrun;
	stats->pass_stolen_ns += ns;
	if (ns > READ_ONCE(stats->worst_slice_ns)) {
		WRITE_ONCE(stats->worst_slice_cpu, core->sent_cpu);
		WRITE_ONCE(stats->worst_slice_ns, ns);
	}
	atomic_add(slice->done, &engine.progress_done);
	WRITE_ONCE(core->resume_at, slices_rest_until(ns));
}

/* A slice has come back: take its results. */
static void harvest(struct core *core)
{
	struct plan *plan = &engine.plan;

	core->sent = false;
	count_slice(core);
	if (core->plan.late) {
		plan_back(&core->plan);
		return;
	}
	core->next = core->slice.next;
	if (core->slice.error)
		pass_fault(core, core->slice.error);
	else if (plan_next(plan, &core->plan, core->next) >= plan->regions)
		pass_answered(core);
}

/**
 * slices_visit - is a slice that was sent to a core back, is it late?
 * @core: the core
 * @tour: what is found is added here
 * @now: ktime in ns
 */
void slices_visit(struct core *core, struct tour *tour, u64 now)
{
	if (!core->sent)
		return;
	if (!slices_busy(core)) {
		harvest(core);
	} else if (core->plan.late) {
		return;
	} else if (now >= core->sent_at + LATE_NS) {
		trace_event(TRACE_LATE, core->sent_cpu, -1);
		plan_late(&engine.plan, &core->plan, core->next);
	} else {
		tour->busy++;
		tour_due(tour, core->sent_at + LATE_NS);
	}
}

/**
 * slices_send - interrupt a core for its order, if it may be interrupted now
 * @core: the core, which has an order and no slice under way
 * @tour: what comes of it is added here
 * @now: ktime in ns
 *
 * Return: 0, -ENXIO if its primary is not online any more.
 */
int slices_send(struct core *core, struct tour *tour, u64 now)
{
	u64 resume_at = max(core->resume_at, probe_rest_until(core));
	u32 parallel = tune_read(TUNE_PARALLEL) ?: U32_MAX;
	int ret;

	if (tour->busy >= parallel)
		return 0;
	if (resume_at > now) {
		tour_due(tour, resume_at);
		return 0;
	}
	ret = send(core, now);
	if (!ret) {
		tour->busy++;
		tour_due(tour, now + LATE_NS);
	}
	return ret;
}

static bool slices_under_way(void)
{
	struct core *core;
	u32 i;

	for (i = 0; (core = cores_at(i)); i++)
		if (slices_busy(core))
			return true;
	return false;
}

/**
 * slices_drain - wait until every handler has given its slice back
 *
 * By the worker, as the last thing that it does; sleeps. Not interruptibly:
 * kthread_stop() looks like a signal.
 */
void slices_drain(void)
{
	wait_event_idle(engine.wait, !slices_under_way());
}
