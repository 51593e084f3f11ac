// SPDX-License-Identifier: GPL-2.0
/*
 * debugfs bench, the worker's side: for a while everything is somebody else's.
 *
 * What verifies outside the plan makes beliefs false, so whoever measures takes
 * the worker for itself: the pass ends, all beliefs are forgotten, and then the
 * worker does nothing but execute commands. It stays the only one that sends
 * and arms, and everything that is more important (unload, reboot, suspend,
 * enabled 0, SNP going away) ends the loan at its next look. Taking back is
 * arming anew, so it does not matter what the tables hold by then.
 *
 * Cores that execute together are released by a count: each waits in its IPI,
 * with interrupts disabled, until all have arrived. Any other way to begin at
 * the same time stalls them as well (a common time on the clock stalls for the
 * worst case, threads that spin take away whole cores), and this one ends as
 * soon as it can, and after RELEASE_US however many are missing.
 */
#include <linux/atomic.h>
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/preempt.h>
#include <linux/processor.h>
#include <linux/sched.h>
#include <linux/wait.h>
#include <asm/msr.h>

#include "arm.h"
#include "bench.h"
#include "bench_command.h"
#include "cores.h"
#include "due.h"
#include "engine.h"
#include "hw.h"
#include "slices.h"

/* The longest wait for others in an IPI. */
#define RELEASE_US	1000u

/* A core that does not answer for so long fails the command. */
#define PATIENCE	(2 * HZ)

/* Number of the last command. */
static u64 round;

/* Of this command: what, how many have to arrive, how many have. */
static u32 region;
static enum hw_function function;
static int expected;
static atomic_t arrived;

static void wait_for_others(u64 start)
{
	u64 limit = us_to_cycles(RELEASE_US);

	atomic_inc(&arrived);
	while (atomic_read(&arrived) < expected &&
	       rdtsc_ordered() - start < limit)
		cpu_relax();
}

/* Interrupts are disabled. */
static void shot_handler(void *info)
{
	struct core *core = info;
	struct shot *shot = &core->shot;
	u64 start = rdtsc_ordered();
	u64 before;

	/* One that nobody waits for any more must not disturb the next. */
	if (shot->round == READ_ONCE(round) && cores_here() == core) {
		wait_for_others(start);
		before = rdtsc_ordered();
		shot->cf = hw_rmpopt(region, function);
		shot->cycles = rdtsc_ordered() - before;
	}
	shot->stall = rdtsc_ordered() - start;
	/* Last access to the shot; pairs with is_busy(). */
	smp_store_release(&shot->busy, false);
	/* As slices do. */
	wake_up_process(engine.worker);
}

/**
 * bench_prepare - make a new core's shot ready
 * @core: the core
 */
void bench_prepare(struct core *core)
{
	INIT_CSD(&core->shot.csd, shot_handler, core);
}

static bool is_busy(const struct core *core)
{
	/* Pairs with shot_handler(): its results are there before the flag. */
	return smp_load_acquire(&core->shot.busy);
}

static bool any_busy(void)
{
	struct core *core;
	u32 i;

	for (i = 0; (core = cores_at(i)); i++)
		if (is_busy(core))
			return true;
	return false;
}

static bool holds(const struct core *core, u32 wanted)
{
	const struct plan_window *window = plan_window_of(&engine.plan, &core->plan);
	u32 i;

	for (i = window->first; i < window->first + window->count; i++)
		if (engine.plan.region[i].number == wanted)
			return true;
	return false;
}

static bool is_meant(const struct core *core, const struct cpumask *cpus)
{
	return core_takes_part(core) && cpumask_test_cpu(core->primary, cpus);
}

/* All of them, or nothing is executed. */
static bool all_can(const struct bench_command *command)
{
	struct core *core;
	u32 i, n = 0;

	for (i = 0; (core = cores_at(i)); i++)
		n += is_meant(core, command->cpus) && holds(core, command->region);
	return n && n == cpumask_weight(command->cpus);
}

static void fire(struct core *core)
{
	struct shot *shot = &core->shot;

	shot->round = round;
	shot->cf = -ENXIO;
	shot->cycles = 0;
	shot->stall = 0;
	WRITE_ONCE(shot->busy, true);
	if (!smp_call_function_single_async(core->primary, &shot->csd))
		return;
	/* It has just gone offline; the others must not wait for it. */
	WRITE_ONCE(shot->busy, false);
	atomic_inc(&arrived);
}

/*
 * An IPI to this CPU is executed at once, while it is sent: it is the last one,
 * or all others would wait for those that are sent after it.
 */
static void fire_all(const struct cpumask *cpus)
{
	struct core *core, *here = NULL;
	u32 i;

	preempt_disable();
	for (i = 0; (core = cores_at(i)); i++) {
		if (!is_meant(core, cpus))
			continue;
		if (core->primary == smp_processor_id())
			here = core;
		else
			fire(core);
	}
	if (here)
		fire(here);
	preempt_enable();
}

static int execute(const struct bench_command *command)
{
	if (any_busy())
		return -EBUSY;
	if (!all_can(command))
		return -EINVAL;
	region = command->region;
	function = command->kind == BENCH_VERIFY ? HW_VERIFY : HW_REPORT;
	expected = cpumask_weight(command->cpus);
	atomic_set(&arrived, 0);
	fire_all(command->cpus);
	if (!wait_event_interruptible_timeout(engine.wait, !any_busy(), PATIENCE))
		return -ETIMEDOUT;
	return 0;
}

/* CPUs that have come or gone do not take part, as nobody arms meanwhile. */
static void refresh(void)
{
	if (!cores_changed())
		return;
	cpus_read_lock();
	cores_refresh();
	cpus_read_unlock();
}

static int obey(const struct bench_command *command)
{
	/* What is read after it is its result, not that of the one before. */
	WRITE_ONCE(round, round + 1);
	refresh();
	switch (command->kind) {
	case BENCH_VERIFY:
	case BENCH_REPORT:
		return execute(command);
	case BENCH_CLEAR:
		return arm_switch(false) ?: arm_switch(true);
	case BENCH_OFF:
		return arm_switch(false);
	case BENCH_ON:
		return arm_switch(true);
	}
	return -EINVAL;
}

/**
 * bench_round - the last command that was executed
 *
 * Return: its number.
 */
u64 bench_round(void)
{
	return READ_ONCE(round);
}

static void lend(void)
{
	plan_forget(&engine.plan);
	due_forget_pass();
	/* What is waited for by open() is there before the state tells. */
	WRITE_ONCE(engine.lent, true);
	state_set(STATE_STOPPED,
		  "a benchmark has the tables to itself: end it, or whoever keeps the debugfs file bench open");
	state_drop_requests(RESULT_CANCELLED);
}

static void take_back(void)
{
	/* Who has it open still gets it no more. */
	WRITE_ONCE(engine.bench, false);
	arm_clear();
	plan_forget(&engine.plan);
	/* The admin's doing, so auto does not matter. */
	state_want(TRIGGER_ARMED);
	WRITE_ONCE(engine.lent, false);
	wake_up(&engine.wait);
}

/* Is there something more important than a benchmark? */
static bool may_lend(void)
{
	return READ_ONCE(engine.enabled) && !READ_ONCE(engine.leaving) &&
	       !READ_ONCE(engine.suspended) && !READ_ONCE(engine.snp_moved);
}

/**
 * bench_lend - does somebody measure?
 *
 * By the worker, before it looks at anything else; may sleep.
 *
 * Return: true if there is nothing for it to do but bench_serve().
 */
bool bench_lend(void)
{
	enum engine_state state = state_now();

	if (engine.lent && !(READ_ONCE(engine.bench) && may_lend()))
		take_back();
	else if (!engine.lent && READ_ONCE(engine.bench) && may_lend() &&
		 (state == STATE_READY || state == STATE_SCANNING))
		lend();
	return engine.lent;
}

/**
 * bench_serve - execute the command that waits
 *
 * By the worker; sleeps.
 */
void bench_serve(void)
{
	struct bench_command *command = bench_command_waiting();

	if (command)
		bench_command_done(engine.lent ? obey(command) : -ENODEV);
}

/**
 * bench_drain - wait until every handler has returned its shot
 *
 * As slices_drain().
 */
void bench_drain(void)
{
	wait_event_idle(engine.wait, !any_busy());
}
