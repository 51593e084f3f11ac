// SPDX-License-Identifier: GPL-2.0
/*
 * The threads of leaders, which have low priority.
 *
 * An order's instructions run on its core or not at all, each in its own
 * preempt-off section that checks the core; nothing waits or sleeps there.
 * Between two of them any other task gets the CPU. A thread whose CPU goes
 * offline is moved by the scheduler, notices that, and gives its order back.
 */
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/sched/stat.h>

#include "cores/cores.h"
#include "cores/latency.h"
#include "host/compat.h"
#include "state/state.h"
#include "state/trace.h"
#include "lead_work.h"
#include "pass.h"
#include "step.h"
#include "worker_cpu.h"

/* How long others get the CPU between two instructions, at least. */
#define NAP_US		100u

static void note(struct lead *lead, u32 region, int bit, u64 cycles)
{
	bool answered = bit == 0 || bit == 1;

	if (bit == STEP_SKIPPED)
		return;
	trace_leader_region(running.pass, lead->cpu, region, lead->verify,
			    bit == STEP_FAULT ? -EFAULT : bit, cycles);
	if (answered)
		latency_note(&lead->times, cycles);
}

static unsigned long switches(void)
{
	return current->nvcsw + current->nivcsw;
}

/*
 * Any other task that wants this CPU is more important. The need_resched flag
 * does not cover all of them: if the scheduler owes this thread some time, it
 * lets others wait. A nap gives nothing away if its timer expires before the
 * thread is off the CPU, as on a virtual CPU that gets no time itself.
 */
static void step_aside(void)
{
	unsigned long before = switches();

	if (single_task_running()) {
		give_way();
		return;
	}
	do
		usleep_range_state(NAP_US, 2 * NAP_US, TASK_IDLE);
	while (switches() == before && !single_task_running());
}

/* One instruction on the leader; -ESTALE if this is another core. */
static int lead_here(struct lead *lead, u32 place)
{
	int bit = -ESTALE;
	u64 cycles = 0;

	preempt_disable();
	/*
	 * A CPU that is coming online may run such threads before its callback
	 * has told. It has set the flag when it went: a refresh, which under
	 * cpus_read_lock() sees both or neither, voids the order before the
	 * next one is sent. The same refresh ends it for a core that is not to
	 * take part any more.
	 */
	if (cores_here() == lead->core && !cores_changed() &&
	    READ_ONCE(lead->core->armed) && !READ_ONCE(lead->lost))
		bit = step_execute(lead->core, place, lead->verify, &cycles);
	/* Before the CPU may be lost: it shows that there was progress. */
	if (bit >= 0)
		WRITE_ONCE(lead->next, place + 1);
	preempt_enable();
	if (bit != -ESTALE)
		note(lead, the_plan.region[place].number, bit, cycles);
	step_aside();
	return bit;
}

/*
 * If the CPU is about to go offline, the scheduler accepts the mask without
 * moving the thread, and does nothing if it gets the same mask again: so a
 * failed attempt sets another mask.
 */
static bool move_to(unsigned int cpu)
{
	if (!set_cpus_allowed_ptr(current, cpumask_of(cpu)) &&
	    task_cpu(current) == cpu)
		return true;
	set_cpus_allowed_ptr(current, cpu_possible_mask);
	return false;
}

/*
 * The worker may not be off the run queue yet, as the scheduler can leave it
 * there although it sleeps: so it is tried before each instruction.
 */
static int execute(struct lead *lead, bool *freed)
{
	struct plan_core *order = &lead->core->plan;
	u32 next = lead->next;
	int bit;

	for (;; next++) {
		next = plan_next(&the_plan, order, next);
		if (next >= the_plan.regions)
			return 0;
		if (state_pass_ends())
			return -EINTR;
		if (!*freed)
			*freed = worker_cpu_free();
		bit = lead_here(lead, next);
		if (bit < 0)
			return bit;
		atomic_inc(&running.done);
	}
}

static int execute_here(struct lead *lead)
{
	bool freed = false;
	int ret;

	/* Back to where it got no time? */
	if (READ_ONCE(lead->called_back))
		return -ESTALE;
	if (state_pass_ends())
		return -EINTR;
	if (!move_to(lead->cpu))
		return -ESTALE;
	ret = execute(lead, &freed);
	if (freed)
		worker_cpu_return();
	return ret;
}

/*
 * Sleep until there is an order; false if there will be none. No wait queue, here
 * or in give_back(): under PREEMPT_RT a thread that is preempted while it has the
 * lock of one can't be moved to another CPU, and whoever wants that lock waits,
 * too.
 */
static bool wait_for_order(struct lead *lead)
{
	bool busy;

	for (;;) {
		set_current_state(TASK_IDLE);
		/* Pairs with lead_send(): the order is visible before. */
		busy = smp_load_acquire(&lead->busy);
		if (busy || kthread_should_stop())
			break;
		schedule();
	}
	__set_current_state(TASK_RUNNING);
	return busy;
}

static void give_back(struct lead *lead)
{
	struct core *core = lead->core;
	bool failed = lead->result;
	int returned;

	/* Pairs with lead_is_busy(): the results are visible before. */
	smp_store_release(&lead->busy, false);
	/* Pairs with lead_lose(). */
	smp_mb();
	if (READ_ONCE(lead->lost)) {
		/* Pairs with core_hangs(): it does nothing there any more. */
		smp_store_release(&core->hangs, false);
		/* Its core may be what the worker waits for. */
		cores_touch();
		state_kick();
	}
	/* Pairs with guard_sleep() in phase.c, which follows @awaited. */
	returned = atomic_inc_return(&running.returned);
	if (failed || returned - READ_ONCE(running.awaited) >= 0)
		wake_up_process(wishes.worker);
}

/**
 * lead_work - what the thread of a leader does
 * @data: a struct lead
 */
int lead_work(void *data)
{
	struct lead *lead = data;

	sched_set_normal(current, MAX_NICE);
	while (wait_for_order(lead)) {
		lead->result = execute_here(lead);
		give_back(lead);
	}
	return 0;
}
