// SPDX-License-Identifier: GPL-2.0
/*
 * The guard: sees that the worker gets CPU time.
 *
 * The worker stays on one CPU, so that an idle module wakes no other. If a
 * real-time task keeps that CPU for itself, an unbound work item takes the
 * worker elsewhere; the next election brings it back.
 *
 * While the worker rests the guard's timer is always behind the time at which
 * the worker is to wake up by itself, so it never fires and wakes nobody.
 */
#include <linux/cpumask.h>
#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/workqueue.h>

#include "host/compat.h"
#include "host/host.h"
#include "guard.h"

/* The worker may have to wait for a CPU for so long. */
#define PATIENCE_NS	(250 * NSEC_PER_MSEC)

static struct workqueue_struct *queue;
static struct task_struct *ward;
static cpumask_var_t elsewhere;

/* When the worker is to be back, ktime in ns; 0: when it is kicked. */
static u64 back_at;

/* How long it had run at the last look, in ns. */
static u64 had_run;

static void look(struct work_struct *work);
static DECLARE_WORK(looks, look);
static struct hrtimer timer;

/* Interrupts are disabled. */
static enum hrtimer_restart on_time(struct hrtimer *unused)
{
	queue_work(queue, &looks);
	return HRTIMER_NORESTART;
}

/* Look when the worker should have run by. */
static void look_after(u64 at, enum hrtimer_mode mode)
{
	hrtimer_start(&timer, ns_to_ktime(at + PATIENCE_NS), mode);
}

/* Online CPUs but one; if there are any, those that are not isolated. */
static bool choose_cpus(unsigned int but)
{
	unsigned int cpu;

	cpumask_clear(elsewhere);
	for_each_online_cpu(cpu)
		if (cpu != but && host_is_housekeeper(cpu))
			cpumask_set_cpu(cpu, elsewhere);
	if (cpumask_empty(elsewhere)) {
		cpumask_copy(elsewhere, cpu_online_mask);
		cpumask_clear_cpu(but, elsewhere);
	}
	return !cpumask_empty(elsewhere);
}

/*
 * A task that waits for its CPU is moved without that CPU's help; one that has
 * just got it needs none.
 */
static void move_away(void)
{
	if (!READ_ONCE(ward->on_cpu) && choose_cpus(task_cpu(ward)))
		set_cpus_allowed_ptr(ward, elsewhere);
}

static void look(struct work_struct *work)
{
	u64 has_run = READ_ONCE(ward->se.sum_exec_runtime);
	u64 at = READ_ONCE(back_at);

	if (task_is_running(ward) && has_run == had_run)
		move_away();
	had_run = has_run;
	/* Now and then, as long as it works, or should. */
	if (at)
		look_after(max(at, ktime_get_ns()), HRTIMER_MODE_ABS_HARD);
}

/**
 * guard_start - begin to guard the worker
 * @task: the worker, which has not run yet
 *
 * Return: 0, -ENOMEM.
 */
int guard_start(struct task_struct *task)
{
	struct workqueue_struct *unbound;

	if (!zalloc_cpumask_var(&elsewhere, GFP_KERNEL))
		return -ENOMEM;
	unbound = alloc_workqueue("rmpopt_guard", WQ_UNBOUND, 1);
	if (!unbound) {
		free_cpumask_var(elsewhere);
		return -ENOMEM;
	}
	ward = get_task_struct(task);
	set_up_hrtimer(&timer, on_time, HRTIMER_MODE_ABS_HARD);
	/* From here on it may be kicked. */
	smp_store_release(&queue, unbound);
	return 0;
}

/**
 * guard_stop - end, when nobody can kick the worker any more
 *
 * Sleeps. Does nothing if there is no guard.
 */
void guard_stop(void)
{
	if (!queue)
		return;
	WRITE_ONCE(back_at, 0);
	hrtimer_cancel(&timer);
	cancel_work_sync(&looks);
	/* It may just have started it once more. */
	hrtimer_cancel(&timer);
	destroy_workqueue(queue);
	put_task_struct(ward);
	free_cpumask_var(elsewhere);
}

/**
 * guard_kick - the worker has something to do now
 *
 * Any context but NMI. No isolated CPU gets the timer.
 */
void guard_kick(void)
{
	u64 now = ktime_get_ns();
	u64 at;

	/* Pairs with guard_start(). */
	if (!smp_load_acquire(&queue))
		return;
	at = xchg(&back_at, now);
	/* Else it is being looked at already. */
	if (!at || at > now)
		look_after(now, HRTIMER_MODE_ABS_HARD);
}

/**
 * guard_rest - the worker goes to sleep, and nothing is left to do
 * @until: ktime in ns at which it will wake up by itself, 0: never
 *
 * By the worker, which looks at whether it was kicked after this.
 */
void guard_rest(u64 until)
{
	WRITE_ONCE(back_at, until);
	if (until)
		look_after(until, HRTIMER_MODE_ABS_PINNED_HARD);
	else
		hrtimer_try_to_cancel(&timer);
}
