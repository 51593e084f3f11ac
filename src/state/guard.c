// SPDX-License-Identifier: GPL-2.0
/*
 * The guard makes sure that the worker gets CPU time.
 *
 * The worker stays on one CPU, so that an idle module wakes no other. If a
 * real-time task occupies that CPU, an unbound work item moves the worker to
 * another one; the next election moves it back.
 *
 * While the worker sleeps, the guard's timer is set to a later time than that at
 * which the worker wakes up, or not at all, so it never fires and wakes no CPU.
 */
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/hrtimer.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/timer.h>
#include <linux/workqueue.h>

#include "host/compat.h"
#include "host/host.h"
#include "guard.h"

/* How long the worker may wait for its CPU. */
#define PATIENCE_NS	(250 * NSEC_PER_MSEC)

static struct workqueue_struct *queue;
static struct task_struct *ward;
static cpumask_var_t elsewhere;

/* When the worker is to run again, ktime in ns; 0: when it is kicked. */
static u64 back_at;

/* When its own timer is to wake it up, ktime in ns; 0: it has none. */
static u64 wakes_at;

/* Its run time at the last look, in ns. */
static u64 had_run;

static void look(struct work_struct *work);
static DECLARE_WORK(looks, look);
static struct hrtimer timer;

/* On another CPU. */
static struct timer_list far;

/* Interrupts are disabled. */
static enum hrtimer_restart on_time(struct hrtimer *unused)
{
	queue_work(queue, &looks);
	return HRTIMER_NORESTART;
}

static void on_far_time(struct timer_list *unused)
{
	queue_work(queue, &looks);
}

/* Look when the worker should have run by. */
static void look_after(u64 at, enum hrtimer_mode mode)
{
	hrtimer_start(&timer, ns_to_ktime(at + PATIENCE_NS), mode);
}

/*
 * All CPUs except one and those that are going offline; only those that are not
 * isolated, if there are any.
 */
static bool choose_cpus(struct cpumask *cpus, unsigned int but)
{
	unsigned int cpu;

	cpumask_clear(cpus);
	for_each_cpu(cpu, cpu_active_mask)
		if (cpu != but && host_is_housekeeper(cpu))
			cpumask_set_cpu(cpu, cpus);
	if (cpumask_empty(cpus)) {
		cpumask_copy(cpus, cpu_active_mask);
		cpumask_clear_cpu(but, cpus);
	}
	return !cpumask_empty(cpus);
}

/**
 * guard_is_stuck - does it depend on its CPU alone whether a thread goes on?
 * @task: the thread
 *
 * It is running, or its CPU has been told to wake it up.
 */
bool guard_is_stuck(struct task_struct *task)
{
	return READ_ONCE(task->on_cpu) ||
	       READ_ONCE(task->__state) == TASK_WAKING;
}

/**
 * guard_let_run - set the CPUs on which a thread may run
 * @task: a thread of ours, which sleeps or is on its way to sleep
 * @cpus: the CPUs
 *
 * May sleep. No CPU may begin to go offline meanwhile; see guard_move_away().
 *
 * Return: false, and nothing is set, if some CPU is coming or going, or none of
 * these is online.
 */
bool guard_let_run(struct task_struct *task, const struct cpumask *cpus)
{
	int ret;

	if (!cpus_read_trylock())
		return false;
	ret = set_cpus_allowed_ptr(task, cpus);
	cpus_read_unlock();
	return !ret;
}

/**
 * guard_move_away - let a task run on any other CPU than the one that it is on
 * @task: a thread of ours that waits for its CPU, or sleeps
 * @cpus: set to those on which it may run then
 *
 * May sleep. A mask of all CPUs would not do: the scheduler leaves a task where
 * it is as long as the mask has that CPU, and where there is no load balancing,
 * as on isolated CPUs, nothing else moves it. A task that waits or sleeps is moved
 * without that CPU; under PREEMPT_RT not before it has left the sections of locks
 * that it is in. One that is running need not be moved.
 *
 * One that its CPU has not taken from the list of those that were woken up can't
 * be moved: the scheduler would wait for that CPU, which may hang.
 *
 * A thread that waits is put on any CPU that is online, even on one that is going
 * offline and was found empty, of which Linux warns: so no CPU may begin to go
 * meanwhile. If one is on its way already, which may wait for that very thread,
 * what is active now has to do. While migration is disabled the thread is not put
 * anywhere, but waited for, for as long as its CPU is occupied: not with a lock
 * that CPU hotplug waits for.
 */
void guard_move_away(struct task_struct *task, struct cpumask *cpus)
{
	bool locked = !READ_ONCE(task->migration_disabled) && cpus_read_trylock();

	if (!guard_is_stuck(task) && choose_cpus(cpus, task_cpu(task)))
		set_cpus_allowed_ptr(task, cpus);
	if (locked)
		cpus_read_unlock();
}

/* Its own timer may be on a CPU that hangs: on that it must not be woken up. */
static bool is_overdue(u64 now)
{
	u64 at = READ_ONCE(wakes_at);

	return at && now >= at + PATIENCE_NS;
}

static void look(struct work_struct *work)
{
	u64 has_run = READ_ONCE(ward->se.sum_exec_runtime);
	u64 at = READ_ONCE(back_at);
	bool idle = has_run == had_run;
	bool late = is_overdue(ktime_get_ns());

	if (idle && (late || task_is_running(ward)))
		guard_move_away(ward, elsewhere);
	if (idle && late)
		wake_up_process(ward);
	had_run = has_run;
	/* Look again, as long as it works, or should. */
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
	timer_setup(&far, on_far_time, TIMER_DEFERRABLE | TIMER_PINNED);
	/* From here on it may be kicked. */
	smp_store_release(&queue, unbound);
	return 0;
}

/**
 * guard_stop - stop, when nothing can kick the worker any more
 *
 * Sleeps. Does nothing if there is no guard.
 */
void guard_stop(void)
{
	if (!queue)
		return;
	WRITE_ONCE(back_at, 0);
	timer_delete_sync(&far);
	hrtimer_cancel(&timer);
	cancel_work_sync(&looks);
	/* The work item may have started it again. */
	hrtimer_cancel(&timer);
	destroy_workqueue(queue);
	put_task_struct(ward);
	free_cpumask_var(elsewhere);
}

/**
 * guard_expect - the worker has something to do now, and is about to be woken up
 *
 * Any context but NMI; raw locks only, also under PREEMPT_RT, as hotplug
 * callbacks come here. No isolated CPU gets the timer.
 */
void guard_expect(void)
{
	u64 now = ktime_get_ns();
	u64 at;

	/* Pairs with guard_start(). */
	if (!smp_load_acquire(&queue))
		return;
	at = xchg(&back_at, now);
	/* Otherwise the guard is looking already, unless its CPU hangs. */
	if (!at || at > now || now > at + 2 * PATIENCE_NS)
		look_after(now, HRTIMER_MODE_ABS_HARD);
}

/**
 * guard_wake - wake up the worker, after guard_expect()
 *
 * Context as guard_expect().
 */
void guard_wake(void)
{
	/* Pairs with guard_start(). */
	if (smp_load_acquire(&queue))
		wake_up_process(ward);
}

/**
 * guard_sleep_once - sleep until woken up, or until a time
 * @until: ktime in ns; 0: until woken up
 *
 * For guard_sleep(), which has set the state of the task.
 *
 * Return: whether it was woken up before.
 */
bool guard_sleep_once(u64 until)
{
	ktime_t at = ns_to_ktime(until);
	bool woken;

	WRITE_ONCE(wakes_at, until);
	/* Hard: under PREEMPT_RT others are a thread's, which may get no time. */
	woken = schedule_hrtimeout_range(until ? &at : NULL,
					 current->timer_slack_ns,
					 HRTIMER_MODE_ABS_HARD);
	WRITE_ONCE(wakes_at, 0);
	return woken;
}

/**
 * guard_expect_on - let another CPU look when the worker should have woken up
 * @cpu: the other CPU, which is not isolated
 * @until: when it wants to wake up, ktime in ns
 *
 * By the worker. For that CPU it is nothing but an entry of a list: a deferrable
 * timer wakes up no CPU, and this one does not expire if the worker does wake up
 * and calls guard_expect_end().
 */
void guard_expect_on(unsigned int cpu, u64 until)
{
	u64 now = ktime_get_ns();

	far.expires = jiffies + nsecs_to_jiffies(max(until, now) - now + PATIENCE_NS) + 1;
	add_timer_on(&far, cpu);
}

/**
 * guard_expect_end - it has woken up
 *
 * By the worker.
 */
void guard_expect_end(void)
{
	if (timer_pending(&far))
		timer_delete(&far);
}

/**
 * guard_rest - the worker goes to sleep
 * @until: ktime in ns at which it will wake up without a kick, 0: never
 *
 * By the worker, which checks after this whether it was kicked. A kick before
 * that may have set the timer that is set, or cancelled, here: then the worker
 * rests until now.
 */
void guard_rest(u64 until)
{
	/* Pairs with the xchg() of guard_expect(), for that check. */
	smp_store_mb(back_at, until);
	if (until)
		look_after(until, HRTIMER_MODE_ABS_PINNED_HARD);
	else
		hrtimer_try_to_cancel(&timer);
}
