// SPDX-License-Identifier: GPL-2.0
/*
 * Slices: what a follower executes without a break, and how it reaches its CPU.
 *
 * A busy CPU is not interrupted: a deferrable pinned timer runs the slice in
 * the softirq after a tick that comes anyway. No IPI is sent, an idle CPU is
 * not woken, and interrupts are enabled between any two instructions. An idle
 * CPU, or one without a tick, is sent an asynchronous IPI, whose handler runs
 * with interrupts disabled.
 *
 * Either way a slice executes one instruction, and starts another only if the
 * slowest recent one would still fit in slice_us.
 */
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/irqflags.h>
#include <linux/jiffies.h>
#include <linux/kernel_stat.h>
#include <linux/sched.h>
#include <linux/sched/isolation.h>
#include <linux/smp.h>
#include <linux/tick.h>
#include <linux/timer.h>
#include <asm/msr.h>
#include <asm/tsc.h>

#include "cores/cores.h"
#include "cores/latency.h"
#include "state/state.h"
#include "state/tune.h"
#include "pass.h"
#include "slice.h"
#include "step.h"

/* A CPU whose idle time grows within so many microseconds is idle. */
#define IDLE_LOOK_US	3

/* Number of the running phase. */
static u64 phase_number;

/* One instruction; false ends the slice. */
static bool run_step(struct core *core)
{
	struct slice *slice = &core->slice;
	u64 start = rdtsc_ordered(), cycles;
	int bit = step_execute(core, slice->next, slice->verify, &cycles);
	u64 taken;

	if (bit == 0 || bit == 1)
		latency_note(&slice->times, cycles);
	taken = rdtsc_ordered() - start;
	plan_learn(&slice->pace, taken);
	slice->cycles += taken;
	if (bit < 0) {
		slice->error = bit;
		return false;
	}
	slice->done++;
	slice->next++;
	return true;
}

/* Is there another instruction that may be started? Then it is at @next. */
static bool may_go_on(struct core *core)
{
	struct slice *slice = &core->slice;

	/* Slices of earlier phases end here. */
	if (slice->number != READ_ONCE(phase_number) || state_pass_ends())
		return false;
	slice->next = plan_next(&the_plan, &core->plan, slice->next);
	if (slice->next >= the_plan.regions)
		return false;
	return !slice->done || plan_fits(&slice->pace, slice->cycles, slice->budget);
}

/*
 * The slice belongs to the worker again. Whatever the worker has done
 * meanwhile, a verify is never wrong, at worst useless.
 */
static void give_back(struct core *core)
{
	/* Last access to the slice; pairs with core_is_busy(). */
	smp_store_release(&core->slice.busy, false);
	/*
	 * The worker sets @late, then reads @busy; here it is the other way
	 * round, so one of the two sees what the other has done. Pairs with
	 * work() in worker.c. Module and cores exist until this returns:
	 * worker_stop().
	 */
	smp_mb();
	/* The worker does not wait for it, so it has to be kicked. */
	if (READ_ONCE(core->plan.late))
		WRITE_ONCE(wishes.kicked, true);
	atomic_inc(&running.returned);
	wake_up_process(wishes.worker);
}

/* Interrupts are disabled. */
static void ipi_handler(void *info)
{
	struct core *core = info;

	if (cores_here() == core)
		while (may_go_on(core) && run_step(core))
			continue;
	else
		core->slice.error = -ESTALE;
	give_back(core);
}

/* Timers move to another CPU when theirs goes offline. */
static bool step_here(struct core *core)
{
	unsigned long flags;
	bool more = false;

	local_irq_save(flags);
	if (cores_here() == core)
		more = run_step(core);
	else
		core->slice.error = -ESTALE;
	local_irq_restore(flags);
	return more;
}

/* In a softirq, interrupts are enabled; with PREEMPT_RT in a thread. */
static void tick_handler(struct timer_list *timer)
{
	struct core *core = container_of(timer, struct core, slice.timer);

	/* A task that is to run here does not wait for the rest. */
	while (may_go_on(core) && step_here(core) && !need_resched())
		continue;
	give_back(core);
}

/* Before it is sent for the first time. */
static void prepare(struct core *core)
{
	struct slice *slice = &core->slice;

	if (slice->ready)
		return;
	INIT_CSD(&slice->csd, ipi_handler, core);
	timer_setup(&slice->timer, tick_handler,
		    TIMER_DEFERRABLE | TIMER_PINNED);
	slice->ready = true;
}

/**
 * slice_begin_phase - from now on no slice of an earlier phase begins to
 *	execute
 */
void slice_begin_phase(void)
{
	WRITE_ONCE(phase_number, phase_number + 1);
}

static u64 idle_us(unsigned int cpu)
{
	return get_cpu_idle_time_us(cpu, NULL) +
	       get_cpu_iowait_time_us(cpu, NULL);
}

/**
 * slice_cpu_idles - is a CPU idle at this moment, with its tick stopped?
 * @cpu: the CPU
 *
 * Takes some microseconds. The answer may be no if an idle CPU still has its
 * tick, and may be outdated when the caller gets it.
 */
bool slice_cpu_idles(unsigned int cpu)
{
	u64 before = idle_us(cpu);

	udelay(IDLE_LOOK_US);
	return idle_us(cpu) > before;
}

/* nohz_full CPUs have no tick, or should not be given one. */
static bool has_tick(unsigned int cpu)
{
	guard(rcu)();
	return housekeeping_test_cpu(cpu, HK_TYPE_TICK);
}

static bool goes_by_tick(unsigned int cpu)
{
	return tune_read(TUNE_FOLLOWERS) == TUNE_FOLLOWERS_TICK &&
	       has_tick(cpu) && !slice_cpu_idles(cpu);
}

/**
 * slice_send - let a core execute its slice
 * @core: the core
 *
 * By the worker; the slice is filled in and not busy.
 *
 * Return: 0, -ENXIO if the core's primary is not online any more.
 */
int slice_send(struct core *core)
{
	struct slice *slice = &core->slice;
	int ret = 0;

	prepare(core);
	slice->number = phase_number;
	slice->done = 0;
	slice->error = 0;
	slice->cycles = 0;
	slice->by_tick = goes_by_tick(core->sent_cpu);
	WRITE_ONCE(slice->busy, true);
	if (slice->by_tick) {
		/*
		 * On a CPU that has gone offline it never runs: see
		 * slice_take_back().
		 */
		slice->timer.expires = jiffies;
		add_timer_on(&slice->timer, core->sent_cpu);
	} else {
		ret = smp_call_function_single_async(core->sent_cpu, &slice->csd);
	}
	if (ret)
		WRITE_ONCE(slice->busy, false);
	return ret;
}

/**
 * slice_take_back - take a slice back that has not begun
 * @core: the core
 *
 * By the worker.
 *
 * Return: false if it has begun, or can't be taken back as an IPI was sent.
 */
bool slice_take_back(struct core *core)
{
	if (!core->slice.by_tick || !timer_delete(&core->slice.timer))
		return false;
	WRITE_ONCE(core->slice.busy, false);
	return true;
}
