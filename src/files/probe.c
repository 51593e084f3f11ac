// SPDX-License-Identifier: GPL-2.0
/*
 * Probes: the table of a core, read on the core itself.
 *
 * A report changes nothing in a table, so what the worker believes stays
 * correct: a probe need not wait for the worker or its pass. It keeps the
 * rules of slices: an asynchronous IPI whose handler executes what fits in
 * slice_us, every instruction with its exception-table entry, and then a rest
 * (duty) in which neither a probe nor a slice interrupts the core. Only one
 * core is probed at a time, however many files are read.
 *
 * No reader may hang because a CPU does not answer: the probe belongs to the
 * core, so a reader can give it up. Later readers find it busy. The worker and
 * callbacks never take a lock of probes.
 */
#include <linux/bitmap.h>
#include <linux/completion.h>
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
#include <linux/smp.h>
#include <linux/xarray.h>
#include <asm/msr.h>

#include "cores/cores.h"
#include "host/hw.h"
#include "pass/slices.h"
#include "state/state.h"
#include "state/tune.h"
#include "probe.h"

/* A core that does not answer for so long is not read. */
#define PATIENCE	(2 * HZ)

/* At unload: how often to check one that was given up. */
#define DRAIN_US	1000u

/**
 * struct probe - reports that one core executes in one interruption
 * @core: the core
 * @window: the window of its table
 * @csd: its IPI
 * @busy: from sending until the handler's last access to this structure;
 *	whoever holds the mutex of probes and sees it clear owns the rest
 * @done: completed just before that
 * @next: the place after the last one done; where to begin
 * @answered: a report has not faulted
 * @error: 0, or what the last instruction failed with
 * @cycles: how long the handler took
 * @pace: how long this core's reports take
 * @bit: the answers, by place in the core's window
 */
struct probe {
	struct core *core;
	struct plan_window window;
	call_single_data_t csd;
	bool busy;
	struct completion done;
	u32 next;
	bool answered;
	int error;
	u64 cycles;
	struct plan_pace pace;
	unsigned long bit[BITS_TO_LONGS(PLAN_WINDOW_REGIONS)];
};

/* One core is probed at a time; readers queue here. */
static DEFINE_MUTEX(probes);

/* By the core's index; made by the first reader, with @probes held. */
static DEFINE_XARRAY(made);

/* How long the probe under way may take, in cycles. */
static u64 budget;

static u32 window_end(const struct plan_window *window)
{
	return window->first + window->count;
}

/* One report; false ends the probe. A region that faults shows no bit. */
static bool probe_step(struct probe *probe, u64 *now)
{
	int bit = hw_rmpopt(the_plan.region[probe->next].number, HW_REPORT);
	u64 before = *now;

	*now = rdtsc_ordered();
	plan_learn(&probe->pace, *now - before);
	if (bit < 0)
		probe->error = hw_why_fault(probe->core->base);
	if (probe->error)
		return false;
	probe->answered |= bit >= 0;
	__assign_bit(probe->next - probe->window.first, probe->bit, bit == 1);
	probe->next++;
	return true;
}

/* Interrupts are disabled. */
static void probe_handler(void *info)
{
	struct probe *probe = info;
	u32 end = window_end(&probe->window);
	u64 start = rdtsc_ordered();
	u64 now = start;

	if (cores_here() != probe->core)
		probe->error = -ENXIO;
	while (!probe->error && probe->next < end && probe_step(probe, &now) &&
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

/*
 * The probe of a core, which exists until unload; NULL if there is no memory.
 */
static struct probe *provide(struct core *core)
{
	struct probe *probe = xa_load(&made, core->plan.index);

	if (probe)
		return probe;
	probe = kvcalloc(1, sizeof(*probe), GFP_KERNEL);
	if (!probe)
		return NULL;
	probe->core = core;
	INIT_CSD(&probe->csd, probe_handler, probe);
	init_completion(&probe->done);
	if (xa_is_err(xa_store(&made, core->plan.index, probe, GFP_KERNEL))) {
		kvfree(probe);
		return NULL;
	}
	return probe;
}

static bool is_busy(const struct probe *probe)
{
	/*
	 * Pairs with probe_handler(): its results are visible before the flag.
	 */
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

	/*
	 * Not usleep_range_state(), which always waits until the time is over.
	 */
	set_current_state(TASK_KILLABLE);
	schedule_hrtimeout_range(&time, us * NSEC_PER_USEC / 4, HRTIMER_MODE_REL);
	return fatal_signal_pending(current) ? -EINTR : 0;
}

/* Wait until the core has rested from slices and probes. */
static int wait_for_rest(const struct core *core)
{
	u64 until = max(READ_ONCE(core->resume_at), core->spared_until);
	u64 now = ktime_get_ns();

	if (until > now)
		return probe_sleep(div_u64(until - now, NSEC_PER_USEC) + 1);
	return fatal_signal_pending(current) ? -EINTR : 0;
}

/*
 * Return: 0 if the handler has given the probe back. After the completion it
 * has one store left to do, with interrupts disabled.
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
static int probe_once(struct probe *probe)
{
	struct core *core = probe->core;
	unsigned int cpu = READ_ONCE(core->primary);
	int ret;

	if (cpu >= nr_cpu_ids || !READ_ONCE(core->armed) ||
	    READ_ONCE(wishes.leaving) || READ_ONCE(wishes.snp_moved))
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
	WRITE_ONCE(core->spared_until,
		   slices_rest_until(cycles_to_ns(probe->cycles)));
	return probe->error;
}

static int probe_all(struct probe *probe)
{
	int ret = 0;

	if (!probe)
		return -ENOMEM;

	/* It was given up, and the core still has not answered. */
	if (is_busy(probe))
		return -EBUSY;
	probe->window = probe->core->plan.window;
	/* It was being changed. */
	if (window_end(&probe->window) > the_plan.regions)
		return -EBUSY;
	probe->next = probe->window.first;
	probe->answered = !probe->window.count;
	while (!ret && probe->next < window_end(&probe->window))
		ret = wait_for_rest(probe->core) ?: probe_once(probe);
	return ret ?: probe->answered ? 0 : -EFAULT;
}

/**
 * probe_table - read a core's table
 * @core: the core
 * @window: set to its window
 * @bits: where to put it, PLAN_WINDOW_REGIONS bits: by place in @window
 *
 * Sleeps, for as long as reports and rests take; killable. Interrupts the core
 * and no other one. Not by the worker.
 *
 * Return: 0, -ENOMEM, -ENXIO if the core is not armed or went offline, -EFAULT
 * if every report faulted, -ETIMEDOUT or -EBUSY if it does not answer, -EINTR
 * if the reader is being killed.
 */
int probe_table(struct core *core, struct plan_window *window,
		unsigned long *bits)
{
	struct probe *probe;
	int ret = mutex_lock_killable(&probes);

	if (ret)
		return ret;
	probe = provide(core);
	ret = probe_all(probe);
	if (!ret) {
		*window = probe->window;
		bitmap_copy(bits, probe->bit, PLAN_WINDOW_REGIONS);
	}
	mutex_unlock(&probes);
	return ret;
}

/**
 * probe_stop - wait for the handlers of probes that were given up, and free
 *	them
 *
 * At unload, when no other one can begin; sleeps. worker_stop() waits for what
 * a handler executes after it has given its probe back. Like slices_drain()
 * this checks the flag, as the completion comes before the handler's last
 * access.
 */
void probe_stop(void)
{
	unsigned long index;
	struct probe *probe;

	xa_for_each(&made, index, probe) {
		while (is_busy(probe))
			fsleep(DRAIN_US);
		kvfree(probe);
	}
	xa_destroy(&made);
}
