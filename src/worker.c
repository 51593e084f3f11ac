// SPDX-License-Identifier: GPL-2.0
/*
 * The worker: one thread of low priority that owns all state.
 *
 * It is level-triggered. Each time round it looks at what the hardware says
 * and at what the admin wishes, moves the module to where it should be, and
 * runs a pass if one is wanted. Then it sleeps until somebody kicks it or
 * something becomes due. It stays on the leader's core, so that an idle module
 * wakes no other CPU.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/hrtimer.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/wait.h>

#include "arm.h"
#include "cores.h"
#include "engine.h"
#include "host.h"
#include "params.h"
#include "slices.h"
#include "tune.h"

/* Pauses before a pass that the worker wants itself because one went wrong. */
#define RETRY_FIRST_MS	100u
#define RETRY_CAP_MS	(60 * 1000u)

/* Pauses while every core fails. */
#define FAIL_FIRST_MS	1000u
#define FAIL_CAP_MS	(10 * 60 * 1000u)

/* A point in time that moves away with each failure; times in ns. */
struct retry {
	u64 pause_ms;
	u64 at;
};

static struct retry pass_retry, fail_retry;
static u64 watch_at;
static bool scanned;

static void retry_later(struct retry *retry, u64 first_ms, u64 cap_ms)
{
	retry->pause_ms = plan_pause(retry->pause_ms, first_ms, cap_ms);
	retry->at = ktime_get_ns() + retry->pause_ms * NSEC_PER_MSEC;
}

static void retry_forget(struct retry *retry)
{
	*retry = (struct retry){};
}

/* Out of service: nothing is armed, nobody waits, nothing is believed. */
static void stand_down(enum engine_state state, const char *reason)
{
	/* While waiting a stale RMPOPT_EN is somebody else's; see arm.c. */
	if (state != STATE_WAITING || arm_wanted())
		arm_clear();
	cores_forgive();
	plan_forget(&engine.plan);
	retry_forget(&pass_retry);
	if (state != STATE_FAILED)
		retry_forget(&fail_retry);
	state_set(state, "%s", reason);
	state_drop_requests(state == STATE_FAILED || state == STATE_WAITING ?
			    RESULT_FAILED : RESULT_CANCELLED);
}

static void fail(int error)
{
	char reason[ENGINE_REASON_MAX];
	struct core *core = cores_dropped();

	retry_later(&fail_retry, FAIL_FIRST_MS, FAIL_CAP_MS);
	snprintf(reason, sizeof(reason),
		 "RMPOPT can't be used on any core (CPU %d: error %d), next try in %llu s: look for machine checks and microcode updates; write 1 to enabled to try at once",
		 core ? (int)core->primary : -1, core ? core->dropped : error,
		 fail_retry.pause_ms / MSEC_PER_SEC);
	stand_down(STATE_FAILED, reason);
}

/* In service; names the core that is not, if there is one. */
static void be_ready(void)
{
	struct core *core = cores_dropped();

	if (!core)
		state_set(STATE_READY, "ok");
	else if (core->dropped == -ENODEV)
		state_set(STATE_READY,
			  "CPU %u and maybe more are left out: SnpEn is not set there; take it offline and online again, or initialise SNP with all CPUs online",
			  core->primary);
	else
		state_set(STATE_READY,
			  "CPU %u and maybe more are left out for now: RMPOPT fails there (error %d) and is tried again",
			  core->primary, core->dropped);
}

/* Did somebody else write RMPOPT_BASE of the leader's core? */
static bool leader_holds(void)
{
	bool holds = true;

	preempt_disable();
	if (cores_here() && cores_here() == cores_leading())
		holds = arm_holds();
	preempt_enable();
	return holds;
}

/* Cores were armed just now: what is believed of all of them is void. */
static void welcome(bool all)
{
	plan_forget(&engine.plan);
	if (scanned)
		state_want(all ? TRIGGER_ARMED : TRIGGER_HOTPLUG);
	else if (params.scan_on_load)
		state_want(TRIGGER_LOAD);
}

/* SNP is initialised: every core that is not armed yet is to be. */
static void arm(void)
{
	bool fresh = !arm_wanted();
	struct core *leader;
	int ret;

	if (!fresh && !leader_holds()) {
		pr_info("RMPOPT_BASE was changed by somebody else: arming all cores anew\n");
		arm_clear();
		fresh = true;
	}

	ret = arm_cores(engine.base);
	if (ret == -ENODEV) {
		stand_down(STATE_WAITING, "SNP is not enabled on the CPUs that take part");
		return;
	}
	if (ret < 0) {
		fail(ret);
		return;
	}
	retry_forget(&fail_retry);
	leader = cores_leader();
	if (leader)
		pass_settle_on(leader);
	if (ret > 0)
		welcome(fresh);
	be_ready();
}

/* Look, compare, act. */
static void look(void)
{
	const char *lacking;

	if (READ_ONCE(engine.leaving)) {
		stand_down(STATE_LEAVING,
			   "the module is being unloaded or the system goes down");
		return;
	}
	if (READ_ONCE(engine.suspended)) {
		stand_down(STATE_SUSPENDED, "the system is going to sleep");
		return;
	}
	if (!READ_ONCE(engine.enabled)) {
		stand_down(STATE_STOPPED,
			   "stopped by the administrator: write 1 to enabled to start again");
		return;
	}
	if (READ_ONCE(engine.retry_now)) {
		WRITE_ONCE(engine.retry_now, false);
		retry_forget(&fail_retry);
		cores_forgive();
	}
	lacking = host_waits_for(params.init_check);
	if (lacking) {
		stand_down(STATE_WAITING, lacking);
		return;
	}
	if (ktime_get_ns() >= fail_retry.at)
		arm();
}

/* Run the pass that is wanted; false if none is. */
static bool scan(void)
{
	enum engine_trigger trigger;
	enum engine_result result;
	u64 number;
	bool again;

	if (pass_retry.at && ktime_get_ns() >= pass_retry.at) {
		pass_retry.at = 0;
		state_want(TRIGGER_RETRY);
	}
	if (!state_take(&trigger, &number))
		return false;

	scanned = true;
	engine.stats.last_trigger = trigger;
	state_set(STATE_SCANNING, NULL);
	result = pass_run(&again);
	if (again)
		retry_later(&pass_retry, RETRY_FIRST_MS, RETRY_CAP_MS);
	else
		retry_forget(&pass_retry);

	/* Before anybody is told that it ended: is the host still with us? */
	look();
	state_serve(number, result);
	return true;
}

static void sooner(u64 *at, u64 other)
{
	if (other && (!*at || other < *at))
		*at = other;
}

/* When there is something to do by itself; 0: never. */
static u64 next_due(void)
{
	enum engine_state state = state_now();
	u32 watch_ms = tune_read(TUNE_WATCH_MS);
	u64 at = 0;

	if (state == STATE_WAITING || state == STATE_READY)
		sooner(&at, watch_ms ? watch_at + watch_ms * NSEC_PER_MSEC : 0);
	if (state == STATE_READY) {
		sooner(&at, state_later_at());
		sooner(&at, pass_retry.at);
		sooner(&at, cores_retry_at());
	}
	if (state == STATE_FAILED)
		sooner(&at, fail_retry.at);
	return at;
}

static bool kicked(void)
{
	return READ_ONCE(engine.kicked) || kthread_should_stop();
}

static void wait_for_work(void)
{
	u64 at = next_due();
	u64 now = ktime_get_ns();

	if (!at)
		wait_event_interruptible(engine.wait, kicked());
	else if (at > now)
		wait_event_interruptible_hrtimeout(engine.wait, kicked(),
						   ns_to_ktime(at - now));
}

/* Whoever waits for this may free what the worker notifies. */
static void tell_left(void)
{
	if (state_now() != STATE_LEAVING || READ_ONCE(engine.left))
		return;
	WRITE_ONCE(engine.left, true);
	wake_up(&engine.wait);
}

static int work(void *unused)
{
	sched_set_normal(current, MAX_NICE);

	while (!kthread_should_stop()) {
		WRITE_ONCE(engine.kicked, false);
		watch_at = ktime_get_ns();
		look();
		while (state_now() == STATE_READY && scan())
			continue;
		tell_left();
		wait_for_work();
	}
	slices_drain();
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

	if (IS_ERR(task))
		return PTR_ERR(task);
	/* Handlers wake it up to their very end. */
	engine.worker = get_task_struct(task);
	wake_up_process(task);
	return 0;
}

/**
 * worker_leave - end all work for good
 *
 * For unload and reboot; sleeps until the running pass has ended and
 * RMPOPT_BASE is 0 on every online core. Nothing arms again after it.
 */
void worker_leave(void)
{
	WRITE_ONCE(engine.leaving, true);
	state_kick();
	wait_event(engine.wait, READ_ONCE(engine.left));
}

/**
 * worker_suspend - end all work until worker_resume()
 *
 * Context as worker_leave().
 */
void worker_suspend(void)
{
	WRITE_ONCE(engine.suspended, true);
	state_kick();
	wait_event(engine.wait,
		   state_now() == STATE_SUSPENDED || READ_ONCE(engine.left));
}

/**
 * worker_resume - look at everything anew
 */
void worker_resume(void)
{
	WRITE_ONCE(engine.suspended, false);
	state_kick();
}

/**
 * worker_stop - end the worker, after worker_leave()
 *
 * Sleeps until no handler runs any more. One that has given its slice back
 * still has instructions of this module to execute; it runs with interrupts
 * disabled, which RCU waits for.
 */
void worker_stop(void)
{
	kthread_stop(engine.worker);
	synchronize_rcu();
	put_task_struct(engine.worker);
}
