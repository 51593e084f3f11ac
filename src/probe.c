// SPDX-License-Identifier: GPL-2.0
/*
 * Probes: a core's table, read on the core itself.
 *
 * A report changes nothing in a table, so whatever the worker believes is as
 * true after it as before; that is why a probe needs neither the worker nor an
 * end of its pass. It keeps the rules of slices: an asynchronous IPI whose
 * handler executes what fits in slice_us, every instruction with its exception
 * table entry, and then a rest (duty) in which neither a probe nor a slice
 * interrupts the core. One core at a time is probed, however many files are
 * read.
 *
 * Nobody who reads a file may hang because a CPU does not answer: the probe is
 * the core's, not the reader's, so a reader can give it up. Who comes after
 * that finds it busy. No lock of these is ever taken by worker or callbacks.
 */
#include <linux/bitmap.h>
#include <linux/delay.h>
#include <linux/errno.h>
#include <linux/hrtimer.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/processor.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <asm/msr.h>

#include "cores.h"
#include "engine.h"
#include "hw.h"
#include "probe.h"
#include "slices.h"
#include "tune.h"

/* A core that does not answer for so long is not read. */
#define PATIENCE	(2 * HZ)

/* How often to look for one that was given up, at unload. */
#define DRAIN_US	1000u

/* One core is probed at a time; readers queue here. */
static DEFINE_MUTEX(probes);

/* What the probe under way may take, in cycles. */
static u64 budget;

static u32 window_end(const struct plan_window *window)
{
	return window->first + window->count;
}

/* One report; false ends the probe. */
static bool probe_step(struct core *core, u64 *now)
{
	const struct plan_window *window = plan_window_of(&engine.plan, &core->plan);
	struct probe *probe = core->probe;
	int bit = hw_rmpopt(engine.plan.region[probe->next].number, HW_REPORT);
	u64 before = *now;

	*now = rdtsc_ordered();
	plan_learn(&probe->pace, *now - before);
	if (bit < 0) {
		probe->error = bit;
		return false;
	}
	__assign_bit(probe->next - window->first, probe->bit, bit);
	probe->next++;
	return true;
}

/* Interrupts are disabled. */
static void probe_handler(void *info)
{
	struct core *core = info;
	struct probe *probe = core->probe;
	u32 end = window_end(plan_window_of(&engine.plan, &core->plan));
	u64 start = rdtsc_ordered();
	u64 now = start;

	if (cores_here() != core)
		probe->error = -ENXIO;
	while (!probe->error && probe->next < end && probe_step(core, &now) &&
	       plan_fits(&probe->pace, now - start, budget))
		continue;
	probe->cycles = rdtsc_ordered() - start;
	/*
	 * In this order: if it were released first, and its reader had given it
	 * up, another reader could send the next one before this completion,
	 * and would take it for the end of its own.
	 */
	complete(&probe->done);
	/* Last access to the probe; pairs with is_busy(). */
	smp_store_release(&probe->busy, false);
}

/* The first reader makes it, with @probes held; it stays until unload. */
static int provide(struct core *core)
{
	struct probe *probe;

	if (core->probe)
		return 0;
	probe = kvcalloc(1, sizeof(*probe), GFP_KERNEL);
	if (!probe)
		return -ENOMEM;
	INIT_CSD(&probe->csd, probe_handler, core);
	init_completion(&probe->done);
	/* Whoever sees it sees it ready; pairs with probe_rest_until(). */
	smp_store_release(&core->probe, probe);
	return 0;
}

/**
 * probe_free - free a core's probe, after probe_drain() and worker_stop()
 * @core: the core
 */
void probe_free(struct core *core)
{
	kvfree(core->probe);
	core->probe = NULL;
}

/**
 * probe_rest_until - when a core may be interrupted again after a probe
 * @core: the core
 *
 * Return: ktime in ns.
 */
u64 probe_rest_until(const struct core *core)
{
	/* Pairs with provide(). */
	const struct probe *probe = smp_load_acquire(&core->probe);

	return probe ? READ_ONCE(probe->rest_until) : 0;
}

static bool is_busy(const struct probe *probe)
{
	/* Pairs with probe_handler(): its results are there before the flag. */
	return smp_load_acquire(&probe->busy);
}

/**
 * probe_sleep - sleep, unless the reader is being killed
 * @us: for how many microseconds
 *
 * Return: 0, -EINTR if it is.
 */
int probe_sleep(u64 us)
{
	ktime_t time = ns_to_ktime(us * NSEC_PER_USEC);

	/* Not usleep_range_state(), which goes on until the time is over. */
	set_current_state(TASK_KILLABLE);
	schedule_hrtimeout_range(&time, us * NSEC_PER_USEC / 4, HRTIMER_MODE_REL);
	return fatal_signal_pending(current) ? -EINTR : 0;
}

/* The core has its rest from slices and from probes. */
static int wait_for_rest(const struct core *core)
{
	u64 until = max(READ_ONCE(core->resume_at), probe_rest_until(core));
	u64 now = ktime_get_ns();

	if (until > now)
		return probe_sleep(div_u64(until - now, NSEC_PER_USEC) + 1);
	return fatal_signal_pending(current) ? -EINTR : 0;
}

/*
 * Return: 0 if the handler has given the probe back. A completion is that of
 * this probe, and its handler has one store left to do, with interrupts
 * disabled.
 */
static int wait_for_handler(struct probe *probe)
{
	long left = wait_for_completion_killable_timeout(&probe->done, PATIENCE);

	if (left <= 0)
		return left < 0 ? -EINTR : -ETIMEDOUT;
	while (is_busy(probe))
		cpu_relax();
	return 0;
}

/* One interruption. */
static int probe_once(struct core *core)
{
	struct probe *probe = core->probe;
	unsigned int cpu = READ_ONCE(core->primary);
	int ret;

	if (cpu >= nr_cpu_ids || !READ_ONCE(core->armed) ||
	    READ_ONCE(engine.leaving) || READ_ONCE(engine.snp_moved))
		return -ENXIO;
	budget = us_to_cycles(tune_read(TUNE_SLICE_US));
	reinit_completion(&probe->done);
	probe->error = 0;
	WRITE_ONCE(probe->busy, true);
	ret = smp_call_function_single_async(cpu, &probe->csd);
	if (ret) {
		WRITE_ONCE(probe->busy, false);
		return ret;
	}
	ret = wait_for_handler(probe);
	if (ret)
		return ret;
	WRITE_ONCE(probe->rest_until, slices_rest_until(cycles_to_ns(probe->cycles)));
	return probe->error;
}

static int probe_all(struct core *core)
{
	const struct plan_window *window = plan_window_of(&engine.plan, &core->plan);
	struct probe *probe = core->probe;
	int ret = 0;

	/* Somebody has given it up, and the core still has not answered. */
	if (is_busy(probe))
		return -EBUSY;
	probe->next = window->first;
	while (!ret && probe->next < window_end(window))
		ret = wait_for_rest(core) ?: probe_once(core);
	return ret;
}

/**
 * probe_table - read a core's table
 * @core: the core
 * @bits: where to put it, PLAN_WINDOW_REGIONS bits: by place in its window
 *
 * Sleeps, for as long as reports and rests take; killable. Interrupts the core
 * and no other one. Not by the worker.
 *
 * Return: 0, -ENOMEM, -ENXIO if the core is not armed or went offline, -EFAULT if a
 * report faulted in another way, -ETIMEDOUT or -EBUSY if it does not answer,
 * -EINTR if the reader is being killed.
 */
int probe_table(struct core *core, unsigned long *bits)
{
	int ret = mutex_lock_killable(&probes);

	if (ret)
		return ret;
	ret = provide(core) ?: probe_all(core);
	if (!ret)
		bitmap_copy(bits, core->probe->bit, PLAN_WINDOW_REGIONS);
	mutex_unlock(&probes);
	return ret;
}

/**
 * probe_drain - wait for the handlers of probes that were given up
 *
 * At unload, when nobody can begin another one; sleeps. What a handler executes
 * after it has given its probe back is for worker_stop() to wait for. It looks
 * at the flag, as slices_drain() does: a completion comes before the handler's
 * last access.
 */
void probe_drain(void)
{
	struct core *core;
	u32 i;

	for (i = 0; (core = cores_at(i)); i++)
		while (core->probe && is_busy(core->probe))
			fsleep(DRAIN_US);
}
