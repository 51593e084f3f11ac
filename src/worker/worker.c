// SPDX-License-Identifier: GPL-2.0
/*
 * The worker: one thread that owns all state.
 *
 * Each time round it looks (look.c) and runs a pass if one is wanted. Then it
 * sleeps until somebody kicks it or something becomes due.
 *
 * It executes no RMPOPT (the threads of leaders do, with low priority) and has
 * normal priority, as CPU hotplug waits for it while it holds cpus_read_lock().
 * From the first election on it stays on the CPU of the first leader
 * (pass/worker_cpu.c); if it gets no CPU time there, it is moved (guard.c).
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/completion.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/task.h>

#include "cores/arm.h"
#include "cores/cores.h"
#include "events/events.h"
#include "pass/lead.h"
#include "pass/pass.h"
#include "pass/slices.h"
#include "pass/worker_cpu.h"
#include "state/guard.h"
#include "state/state.h"
#include "due.h"
#include "worker.h"

/* Instructions work: earlier failures don't count any more. */
static void note_success(void)
{
	due_forget_failure();
	cores_praise();
}

/*
 * Is a pass to be repeated? Not if somebody cancelled it, nor if SNP has moved,
 * as all starts over then. 0 and 1 may have been written to enabled so fast that
 * only the pass has seen it; if the module stops, stand_down() forgets the
 * repetition.
 */
static bool is_to_repeat(enum engine_result result, bool again)
{
	if (READ_ONCE(wishes.cancel) || READ_ONCE(wishes.snp_moved))
		return false;
	return again || result == RESULT_CANCELLED;
}

/* Run the pass that is wanted; false if none is. */
static bool scan(void)
{
	enum engine_trigger trigger;
	enum engine_result result;
	u64 number, began = ktime_get_ns();
	bool full, again, quiet;

	if (!state_take(events_quiet_at(), &trigger, &full, &number))
		return false;

	if (trigger != TRIGGER_WATCH)
		state_set(STATE_SCANNING, NULL);
	/* What was converted is known before anything is looked at. */
	events_take(trigger == TRIGGER_CONVERSION);
	result = pass_run(trigger, full, &again);
	/* One in which SNP has moved is made up for, whatever auto says. */
	pass_was_run |= !READ_ONCE(wishes.snp_moved);
	/* Gives back nothing unless the pass was cancelled. */
	events_give_back();
	due_looked(max(began, the_plan.opened), full || trigger != TRIGGER_CONVERSION,
		   is_to_repeat(result, again));
	if (result == RESULT_OK)
		note_success();

	/* A watch that finds nothing is not a pass. */
	quiet = trigger == TRIGGER_WATCH && !the_plan.found;
	/* Whoever sees that the state is ready again may read it. */
	if (!quiet)
		state_note_result(result, number);
	/* Before the pass is reported as ended: is SNP still initialised? */
	look();
	/* Again, as requests may have been dropped. */
	if (!quiet)
		state_note_result(result, number);
	state_serve(number);
	return true;
}

static bool kicked(void)
{
	return READ_ONCE(wishes.kicked) || kthread_should_stop();
}

static void wait_for_work(void)
{
	u64 at = due_at();
	u64 now = ktime_get_ns();

	guard_rest(at);
	if (kicked())
		guard_rest(now);
	/* What is overdue must not keep a CPU busy. */
	if (at && at <= now)
		at = now + NSEC_PER_MSEC;
	guard_sleep(kicked(), at);
}

/*
 * All work has ended: wake up whoever waits for that. After @left the files
 * that the worker notifies may be removed. A CPU that is late kicks the worker
 * when it is back; one that hangs could not be taken offline for suspend.
 */
static void tell_ended(void)
{
	enum engine_state state = state_now();

	if (state == STATE_LEAVING)
		complete_all(&wishes.left);
	if (state == STATE_LEAVING ||
	    (state == STATE_SUSPENDED && !pass_is_under_way() &&
	     !arm_is_under_way()))
		complete_all(&wishes.asleep);
}

static int work(void *unused)
{
	due_start();

	while (!kthread_should_stop()) {
		/*
		 * Before any wish is read, or a kick that comes in between
		 * would be lost; pairs with state_kick().
		 */
		smp_store_mb(wishes.kicked, false);
		look();
		if (state_now() == STATE_READY)
			due_look();
		else
			due_watched();
		/* If there is always another request, audits are due, too. */
		while (state_now() == STATE_READY && scan())
			due_audit();
		tell_ended();
		wait_for_work();
	}
	slices_drain();
	arm_drain();
	return 0;
}

/**
 * worker_start - begin to work
 *
 * Return: 0 or an errno.
 */
int worker_start(void)
{
	struct task_struct *task = kthread_create(work, NULL, KBUILD_MODNAME);
	int ret;

	if (IS_ERR(task))
		return PTR_ERR(task);
	/* Handlers may wake it up until they return. */
	wishes.worker = get_task_struct(task);
	/* From here on a kick may start it. */
	ret = guard_start(task);
	if (ret) {
		kthread_stop(task);
		put_task_struct(task);
		return ret;
	}
	wake_up_process(task);
	return 0;
}

/**
 * worker_leave - end all work for good
 * @patience: jiffies; how long to wait for that
 *
 * For unload and reboot; sleeps until the running pass has ended. Nothing is
 * verified or armed after it. If a leader's CPU hangs, that takes 20 s.
 *
 * Return: whether the work has ended.
 */
bool worker_leave(long patience)
{
	WRITE_ONCE(wishes.leaving, true);
	state_kick();
	return wait_for_completion_timeout(&wishes.left, patience);
}

/**
 * worker_suspend - end all work until worker_resume()
 * @patience: as for worker_leave()
 *
 * Context as worker_leave().
 *
 * Return: whether the work has ended, and nothing is under way on any CPU.
 */
bool worker_suspend(long patience)
{
	WRITE_ONCE(wishes.suspended, true);
	/* What completes it before is of an earlier one; the kick repeats it. */
	reinit_completion(&wishes.asleep);
	state_kick();
	return !lead_is_lost() &&
	       wait_for_completion_timeout(&wishes.asleep, patience);
}

/**
 * worker_resume - work again after worker_suspend()
 */
void worker_resume(void)
{
	WRITE_ONCE(wishes.suspended, false);
	state_kick();
}

/**
 * worker_stop - end the worker and the leaders' threads, after worker_leave()
 *
 * Sleeps until no handler runs any more. A handler that has given its slice
 * back still executes code of this module; it runs with interrupts or softirqs
 * disabled, and RCU waits for that.
 */
void worker_stop(void)
{
	/* It sleeps on a CPU that it may not get. */
	guard_expect();
	guard_wake();
	kthread_stop(wishes.worker);
	synchronize_rcu();
	/* They may be waking up the worker. */
	lead_stop();
	worker_cpu_stop();
	put_task_struct(wishes.worker);
}
