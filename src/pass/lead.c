// SPDX-License-Identifier: GPL-2.0
/*
 * Leaders: each has a thread on the core whose order it executes (lead_work.c),
 * which the worker watches.
 *
 * A thread that does not come back from an instruction is *lost*: the pass goes
 * on without its core, which is late until it does come back.
 */
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "cores/cores.h"
#include "cores/latency.h"
#include "state/guard.h"
#include "lead.h"
#include "lead_work.h"
#include "pass.h"

/*
 * How long a thread may get no CPU time. With low priority this happens beside
 * cgroups with a high weight: then it gets normal priority. A real-time task
 * may occupy the CPU if the administrator has turned off what limits it.
 */
#define PATIENCE_LOW_NS		(2 * NSEC_PER_SEC)
#define PATIENCE_NS		(10 * NSEC_PER_SEC)
/* The same if the pass has to end. */
#define PATIENCE_ENDING_NS	(100 * NSEC_PER_MSEC)

/* A CPU hangs on which the thread runs, and does not move for so long. */
#define HANG_NS			(20 * NSEC_PER_SEC)

static struct lead *leads[PLAN_LEADERS_MAX];
static struct lead *lost;

/* The worker's, to choose CPUs for a thread. */
static cpumask_var_t elsewhere;

/* One that was lost and has come back, NULL if there is none. */
static struct lead *reuse(void)
{
	struct lead **link, *lead;

	for (link = &lost; (lead = *link); link = &lead->older) {
		if (core_hangs(lead->core))
			continue;
		*link = lead->older;
		WRITE_ONCE(lead->lost, false);
		lead->times = (struct latency){};
		return lead;
	}
	return NULL;
}

static int start_one(u32 i)
{
	struct lead *lead = kzalloc(sizeof(*lead), GFP_KERNEL);
	struct task_struct *task;

	if (!lead)
		return -ENOMEM;
	task = kthread_run(lead_work, lead, "rmpopt/%u", i);
	if (IS_ERR(task)) {
		kfree(lead);
		return PTR_ERR(task);
	}
	lead->task = task;
	leads[i] = lead;
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
	u32 i;

	if (!cpumask_available(elsewhere) &&
	    !zalloc_cpumask_var(&elsewhere, GFP_KERNEL))
		return -ENOMEM;
	for (i = 0; i < wanted && !ret; i++) {
		if (!leads[i])
			leads[i] = reuse();
		if (!leads[i])
			ret = start_one(i);
	}
	return ret;
}

/*
 * They sleep on the CPU of their last order, which may be occupied or isolated:
 * they end on this one.
 */
static void stop_one(struct lead *lead)
{
	/* See guard_move_away(). */
	cpus_read_lock();
	set_cpus_allowed_ptr(lead->task, cpumask_of(raw_smp_processor_id()));
	cpus_read_unlock();
	kthread_stop(lead->task);
	kfree(lead);
}

/**
 * lead_stop - end the threads, after the worker has stopped
 *
 * Sleeps, until those that were lost have come back.
 */
void lead_stop(void)
{
	struct lead *lead;
	u32 i;

	for (i = 0; i < PLAN_LEADERS_MAX; i++)
		if (leads[i])
			stop_one(leads[i]);
	while ((lead = lost)) {
		lost = lead->older;
		stop_one(lead);
	}
	free_cpumask_var(elsewhere);
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
	struct lead *lead = leads[i];

	if (task_cpu(lead->task) != core->primary &&
	    !guard_let_run(lead->task, cpumask_of(core->primary)))
		return false;
	lead->core = core;
	lead->cpu = core->primary;
	lead->next = core->next;
	lead->verify = plan_verifies(&the_plan);
	lead->seen = lead->next;
	lead->seen_at = ktime_get_ns();
	lead->moved_at = lead->seen_at;
	lead->called_back = false;
	if (lead->urged)
		sched_set_normal(lead->task, MAX_NICE);
	lead->urged = false;
	/* Pairs with wait_for_order() in lead_work.c. */
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
	/* Pairs with give_back() in lead_work.c. */
	return smp_load_acquire(&leads[i]->busy);
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
 * Return: ktime in ns at which to look again; 0: its CPU hangs.
 */
u64 lead_watch(u32 i, u64 now, bool ending)
{
	u64 patience = ending ? PATIENCE_ENDING_NS : PATIENCE_NS;
	struct lead *lead = leads[i];
	u32 next = READ_ONCE(lead->next);

	if (next != lead->seen) {
		lead->seen = next;
		lead->seen_at = now;
		lead->moved_at = now;
		WRITE_ONCE(lead->called_back, false);
	}
	if (now >= lead->moved_at + HANG_NS && guard_is_stuck(lead->task))
		return 0;
	if (!lead->urged && now >= lead->seen_at + PATIENCE_LOW_NS) {
		lead->urged = true;
		sched_set_normal(lead->task, 0);
	}
	if (now >= lead->seen_at + patience) {
		WRITE_ONCE(lead->called_back, true);
		lead->seen_at = now;
		guard_move_away(lead->task, elsewhere);
		/* If it naps: its timer may be on a CPU that it does not get. */
		wake_up_process(lead->task);
	}
	return lead->seen_at + (lead->urged ? patience :
					      min(patience, PATIENCE_LOW_NS));
}

/**
 * lead_lose - do not wait any longer for a thread whose CPU hangs
 * @i: which thread; it is busy
 *
 * By the worker. The thread does nothing but end its instruction. Until then its
 * core must not get another window, and lead_provide() makes another thread.
 *
 * Return: false if it has just come back.
 */
bool lead_lose(u32 i)
{
	struct lead *lead = leads[i];

	WRITE_ONCE(lead->core->hangs, true);
	WRITE_ONCE(lead->lost, true);
	/*
	 * Either this sees that the thread is back, or the thread that it is
	 * lost; pairs with give_back().
	 */
	smp_mb();
	if (!lead_is_busy(i)) {
		WRITE_ONCE(lead->lost, false);
		WRITE_ONCE(lead->core->hangs, false);
		return false;
	}
	lead->older = lost;
	lost = lead;
	leads[i] = NULL;
	return true;
}

/**
 * lead_is_lost - does a leader hang that is not waited for any more?
 *
 * Any context.
 */
bool lead_is_lost(void)
{
	const struct core *core;
	u32 i;

	for (i = 0; (core = cores_at(i)); i++)
		if (core_hangs(core))
			return true;
	return false;
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
	struct lead *lead = leads[i];

	latency_take(lead->verify ? LATENCY_LEADER_VERIFY : LATENCY_REPORT,
		     &lead->times);
	*next = lead->next;
	if (lead->result == -ESTALE && lead->called_back &&
	    lead->next == lead->seen)
		return -ETIMEDOUT;
	return lead->result;
}
