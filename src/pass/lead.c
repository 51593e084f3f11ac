// SPDX-License-Identifier: GPL-2.0
/*
 * Leaders: threads of low priority, each on the core whose order it executes.
 *
 * An order's instructions run on its core or not at all, each in its own
 * preempt-off section that checks the core; nothing waits or sleeps there.
 * Between two of them any other task gets the CPU. A thread whose CPU goes
 * offline is moved by the scheduler, notices that, and gives its order back.
 */
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/sched/stat.h>

#include "cores/cores.h"
#include "cores/latency.h"
#include "host/compat.h"
#include "state/guard.h"
#include "state/state.h"
#include "state/trace.h"
#include "lead.h"
#include "pass.h"
#include "step.h"

/**
 * struct lead - one thread
 * @task: the thread
 * @core: whose order it executes
 * @cpu: on which CPU
 * @busy: from sending until its last access to the order; whoever sees it clear
 *	owns the rest
 * @next: the place after the last one done; where to begin
 * @result: 0 done, -ESTALE not on its core any more, -EINTR the pass has to
 *	end, or what the last instruction failed with
 * @verify: whether it is an order of verifies
 * @times: how long they took, interrupts included
 * @seen: @next when the worker last saw it move
 * @seen_at: ktime in ns of that
 * @urged: it has normal priority, as it got no time with low priority
 * @called_back: it was moved off its CPU, where it got no time, and has done
 *	nothing since
 */
struct lead {
	struct task_struct *task;
	struct core *core;
	unsigned int cpu;
	u32 next;
	int result;
	bool busy;
	bool verify;
	bool urged;
	bool called_back;
	u32 seen;
	u64 seen_at;
	struct latency times;
};

/*
 * How long a thread may get no CPU time. With low priority this happens beside
 * cgroups with a high weight: then it gets normal priority. A real-time task
 * may occupy the CPU if the administrator has turned off what limits it.
 */
#define PATIENCE_LOW_NS		(2 * NSEC_PER_SEC)
#define PATIENCE_NS		(10 * NSEC_PER_SEC)
/* The same if the pass has to end. */
#define PATIENCE_ENDING_NS	(100 * NSEC_PER_MSEC)

/* How long others get the CPU between two instructions, at least. */
#define NAP_US		100u

static struct lead leads[PLAN_LEADERS_MAX];
static u32 count;

/* The worker's, to choose CPUs for a thread. */
static cpumask_var_t elsewhere;

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

/*
 * Any other task that wants this CPU is more important. The need_resched flag
 * does not cover all of them: if the scheduler owes this thread some time, it
 * lets others wait.
 */
static void step_aside(void)
{
	if (single_task_running())
		give_way();
	else
		usleep_range_state(NAP_US, 2 * NAP_US, TASK_IDLE);
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
	 * next one is sent.
	 */
	if (cores_here() == lead->core && !cores_changed())
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

static int execute(struct lead *lead)
{
	struct plan_core *order = &lead->core->plan;
	u32 next = lead->next;
	int bit;

	/* Back to where it got no time? */
	if (READ_ONCE(lead->called_back))
		return -ESTALE;
	if (state_pass_ends())
		return -EINTR;
	if (!move_to(lead->cpu))
		return -ESTALE;
	for (;; next++) {
		next = plan_next(&the_plan, order, next);
		if (next >= the_plan.regions)
			return 0;
		if (state_pass_ends())
			return -EINTR;
		bit = lead_here(lead, next);
		if (bit < 0)
			return bit;
		atomic_inc(&running.done);
	}
}

/*
 * Sleep until there is an order; false if there will be none. No wait queue, here
 * or in work(): under PREEMPT_RT a thread that is preempted while it has the lock
 * of one can't be moved to another CPU, and whoever wants that lock waits, too.
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

static int work(void *data)
{
	struct lead *lead = data;

	sched_set_normal(current, MAX_NICE);
	while (wait_for_order(lead)) {
		lead->result = execute(lead);
		/* Pairs with lead_is_busy(): the results are visible before. */
		smp_store_release(&lead->busy, false);
		atomic_inc(&running.returned);
		wake_up_process(wishes.worker);
	}
	return 0;
}

static int start_one(struct lead *lead, u32 i)
{
	struct task_struct *task = kthread_run(work, lead, "rmpopt/%u", i);

	if (IS_ERR(task))
		return PTR_ERR(task);
	lead->task = task;
	return 0;
}

/**
 * lead_provide - make a thread for each leader
 * @wanted: how many leaders there are, PLAN_LEADERS_MAX at most
 *
 * By the worker; sleeps. Threads are never removed before unload.
 *
 * Return: 0, or an errno if there are not enough.
 */
int lead_provide(u32 wanted)
{
	int ret = 0;

	if (!cpumask_available(elsewhere) &&
	    !zalloc_cpumask_var(&elsewhere, GFP_KERNEL))
		return -ENOMEM;
	while (count < wanted && !ret) {
		ret = start_one(&leads[count], count);
		count += !ret;
	}
	return ret;
}

/**
 * lead_stop - end the threads, after the worker has stopped
 *
 * Sleeps. They sleep on the CPU of their last order, which may be occupied or
 * isolated: they end on this one.
 */
void lead_stop(void)
{
	while (count) {
		struct task_struct *task = leads[--count].task;

		/* See guard_move_away(). */
		cpus_read_lock();
		set_cpus_allowed_ptr(task, cpumask_of(raw_smp_processor_id()));
		cpus_read_unlock();
		kthread_stop(task);
	}
	free_cpumask_var(elsewhere);
}

/*
 * The thread may still be on its way to sleep, so as in guard_move_away() no CPU
 * may begin to go offline meanwhile.
 */
static bool put_on(struct task_struct *task, unsigned int cpu)
{
	if (task_cpu(task) == cpu)
		return true;
	if (!cpus_read_trylock())
		return false;
	set_cpus_allowed_ptr(task, cpumask_of(cpu));
	cpus_read_unlock();
	return true;
}

/**
 * lead_send - let a thread execute a core's order, from the core's next place
 * @i: which thread; it is not busy
 * @core: the core, with an order
 *
 * By the worker; may sleep. The thread does not begin on the CPU where it was
 * last, which it may not get.
 *
 * Return: true, or false if it can't be sent now, as some CPU is coming or going.
 */
bool lead_send(u32 i, struct core *core)
{
	struct lead *lead = &leads[i];

	if (!put_on(lead->task, core->primary))
		return false;
	lead->core = core;
	lead->cpu = core->primary;
	lead->next = core->next;
	lead->verify = plan_verifies(&the_plan);
	lead->seen = lead->next;
	lead->seen_at = ktime_get_ns();
	lead->called_back = false;
	if (lead->urged)
		sched_set_normal(lead->task, MAX_NICE);
	lead->urged = false;
	/* Pairs with wait_for_order(). */
	smp_store_release(&lead->busy, true);
	wake_up_process(lead->task);
	return true;
}

/**
 * lead_is_busy - is a thread executing an order?
 * @i: which
 */
bool lead_is_busy(u32 i)
{
	/* Pairs with work(). */
	return smp_load_acquire(&leads[i].busy);
}

/**
 * lead_watch - make sure that a thread makes progress
 * @i: which thread; it is busy
 * @now: ktime in ns
 * @ending: the pass has to end
 *
 * By the worker; may sleep. A thread without progress gets normal priority. If
 * that does not help, it is moved to another CPU: then it finds that it has left
 * its core, and gives the order back.
 *
 * Return: ktime in ns at which to look again.
 */
u64 lead_watch(u32 i, u64 now, bool ending)
{
	u64 patience = ending ? PATIENCE_ENDING_NS : PATIENCE_NS;
	struct lead *lead = &leads[i];
	u32 next = READ_ONCE(lead->next);

	if (next != lead->seen) {
		lead->seen = next;
		lead->seen_at = now;
		WRITE_ONCE(lead->called_back, false);
	}
	if (!lead->urged && now >= lead->seen_at + PATIENCE_LOW_NS) {
		lead->urged = true;
		sched_set_normal(lead->task, 0);
	}
	if (now >= lead->seen_at + patience) {
		WRITE_ONCE(lead->called_back, true);
		lead->seen_at = now;
		guard_move_away(lead->task, elsewhere);
	}
	return lead->seen_at + (lead->urged ? patience :
					      min(patience, PATIENCE_LOW_NS));
}

/**
 * lead_result - the result of an order
 * @i: which thread; it is not busy any more
 * @next: set to the place after the last one done
 *
 * Return: 0 it is done, -ESTALE the thread was not on the core, -ETIMEDOUT it
 * got no time there, -EINTR the pass has to end, or an errno of hw_rmpopt().
 */
int lead_result(u32 i, u32 *next)
{
	struct lead *lead = &leads[i];

	latency_take(lead->verify ? LATENCY_LEADER_VERIFY : LATENCY_REPORT,
		     &lead->times);
	*next = lead->next;
	if (lead->result == -ESTALE && lead->called_back &&
	    lead->next == lead->seen)
		return -ETIMEDOUT;
	return lead->result;
}
