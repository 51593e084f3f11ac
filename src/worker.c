// SPDX-License-Identifier: GPL-2.0
/*
 * The worker: one thread of low priority that owns all state.
 *
 * It is level-triggered. Each time round it looks at what the hardware says
 * and at what the admin wishes, moves the module to where it should be, and
 * runs a pass if one is wanted. Then it sleeps until somebody kicks it or
 * something becomes due. It stays on the first leader's core, so that an idle
 * module wakes no CPU that does not lead.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/hrtimer.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/minmax.h>
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
/* ktime in ns of the last look at the hardware, by whatever pass. */
static u64 watched_at;

/* The same of the last cores audited, and which are next. */
static u64 audited_at;
static u32 audit_next;

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
	plan_forget(&engine.plan);
	retry_forget(&pass_retry);
	if (state != STATE_FAILED) {
		retry_forget(&fail_retry);
		cores_forgive();
	}
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

/* Did somebody else write RMPOPT_BASE of this core, the first leader's? */
static bool base_holds(void)
{
	bool holds = true;
	struct core *core;

	preempt_disable();
	core = cores_here();
	if (core && core == cores_leader(0) && core_takes_part(core))
		holds = arm_holds();
	preempt_enable();
	return holds;
}

/* The worker wants a pass itself, if the admin lets it. */
static void want(enum engine_trigger trigger)
{
	if (tune_read(TUNE_AUTO))
		state_want(trigger);
}

/* Cores were armed just now; if that were all, nothing is believed any more. */
static void welcome(bool all)
{
	if (all)
		plan_forget(&engine.plan);
	if (scanned)
		want(all ? TRIGGER_ARMED : TRIGGER_HOTPLUG);
	else if (params.scan_on_load)
		state_want(TRIGGER_LOAD);
}

/* Leaders that have left are replaced at once, not by the next pass only. */
static bool leader_is_missing(void)
{
	struct core *core;
	u32 i;

	for (i = 0; (core = cores_leader(i)); i++)
		if (!core_takes_part(core))
			return true;
	return false;
}

/* SNP is initialised: every core that is not armed yet is to be. */
static void arm(void)
{
	bool fresh = !arm_wanted();
	int ret;

	if (!fresh && !base_holds()) {
		pr_info("RMPOPT_BASE was changed by somebody else: arming all cores anew\n");
		arm_clear();
		fresh = true;
	}

	ret = arm_cores();
	if (ret == -ENODEV) {
		stand_down(STATE_WAITING, "SNP is not enabled on the CPUs that take part");
		return;
	}
	if (ret == -EAGAIN) {
		stand_down(STATE_WAITING,
			   "no CPU is online that may take part (parameters cpus and isolated)");
		return;
	}
	if (ret < 0) {
		fail(ret);
		return;
	}
	if (ret > 0 || leader_is_missing())
		pass_elect();
	if (ret > 0)
		welcome(fresh);
	be_ready();
}

/*
 * While waiting, look from another core each time: SnpEn is per CPU, and one
 * that lacks it for good must not keep the others waiting.
 */
static void roam(void)
{
	static u32 next;
	struct core *core = cores_at(next++);

	if (!core)
		next = 0;
	else if (core->plan.housekeeper && cores_may_take_part(core))
		set_cpus_allowed_ptr(current, cpumask_of(core->primary));
}

/* What SNP still lacks; NULL if it is initialised. */
static const char *snp_lacks(void)
{
	const char *lacking;

	if (state_now() == STATE_WAITING)
		roam();
	lacking = host_waits_for(params.init_check);
	if (lacking && arm_wanted() && arm_possible())
		return NULL;
	return lacking;
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
	lacking = snp_lacks();
	if (lacking) {
		stand_down(STATE_WAITING, lacking);
		return;
	}
	if (ktime_get_ns() < fail_retry.at)
		return;
	if (state_now() == STATE_FAILED)
		cores_retry_now();
	arm();
}

/* Whatever it was, it has looked at everything. */
static void note_result(bool again)
{
	watched_at = ktime_get_ns();
	if (again)
		retry_later(&pass_retry, RETRY_FIRST_MS, RETRY_CAP_MS);
	else
		retry_forget(&pass_retry);
}

/* Instructions work: failures before this pass say nothing any more. */
static void note_success(void)
{
	retry_forget(&fail_retry);
	cores_praise();
}

/* Run the pass that is wanted; false if none is. */
static bool scan(void)
{
	enum engine_trigger trigger;
	enum engine_result result;
	bool full, again;
	u64 number;

	if (!state_take(&trigger, &full, &number))
		return false;

	scanned = true;
	if (trigger != TRIGGER_WATCH)
		state_set(STATE_SCANNING, NULL);
	result = pass_run(trigger, full, &again);
	note_result(again && !engine_pass_ends());
	if (result == RESULT_OK)
		note_success();

	/* Before anybody is told that it ended: is the host still with us? */
	look();
	/* A watch that finds nothing is not a pass. */
	if (trigger == TRIGGER_WATCH && !engine.plan.found)
		result = engine.last_result;
	state_serve(number, result);
	return true;
}

/* What is to be done at a time of its own; times are ktime in ns, 0: never. */

static u64 ms_after(u64 at, u64 ms)
{
	return ms ? at + ms * NSEC_PER_MSEC : 0;
}

static bool is_due(u64 at)
{
	return at && ktime_get_ns() >= at;
}

/* The next watch. */
static u64 watch_at(void)
{
	return ms_after(watched_at, tune_read(TUNE_WATCH_MS));
}

/* One core after the other, or some at a time if there are very many. */
static u64 audit_pause_ms(void)
{
	u64 round = tune_read(TUNE_AUDIT_MS);
	u32 cores = engine.plan.cores ?: 1;

	return round ? clamp(div_u64(round, cores), min(round, 1000ull), round) : 0;
}

static u64 audit_at(void)
{
	return ms_after(audited_at, audit_pause_ms());
}

static void audit(void)
{
	u32 cores = engine.plan.cores;
	u32 some = DIV_ROUND_UP_ULL(cores * audit_pause_ms(),
				    tune_read(TUNE_AUDIT_MS) ?: 1);

	audited_at = ktime_get_ns();
	if (pass_audit(audit_next, some))
		want(TRIGGER_AUDIT);
	audit_next = audit_next + some < cores ? audit_next + some : 0;
}

/* Events that nobody has to tell of. */
static void look_at_clock(void)
{
	if (pass_welcome_late())
		want(TRIGGER_RETRY);
	if (is_due(pass_retry.at)) {
		pass_retry.at = 0;
		want(TRIGGER_RETRY);
	}
	if (!tune_read(TUNE_AUTO))
		return;
	if (is_due(audit_at()))
		audit();
	if (is_due(watch_at()))
		want(TRIGGER_WATCH);
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
	u64 at = 0;

	if (state == STATE_WAITING || state == STATE_READY)
		sooner(&at, watch_at());
	if (state == STATE_READY) {
		sooner(&at, state_later_at());
		sooner(&at, pass_retry.at);
		sooner(&at, cores_retry_at());
		sooner(&at, tune_read(TUNE_AUTO) ? audit_at() : 0);
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

/*
 * Tell who waits for it that all work has ended. After @left the files may be
 * removed that the worker notifies.
 */
static void tell_ended(void)
{
	if (state_now() == STATE_LEAVING)
		WRITE_ONCE(engine.left, true);
	else if (state_now() == STATE_SUSPENDED)
		WRITE_ONCE(engine.asleep, true);
	else
		return;
	wake_up(&engine.wait);
}

static int work(void *unused)
{
	sched_set_normal(current, MAX_NICE);
	watched_at = ktime_get_ns();
	audited_at = watched_at;

	while (!kthread_should_stop()) {
		/*
		 * Before any wish is read, or a kick that comes in between
		 * would be lost; pairs with state_kick().
		 */
		smp_store_mb(engine.kicked, false);
		look();
		if (state_now() == STATE_READY)
			look_at_clock();
		if (is_due(watch_at()))
			watched_at = ktime_get_ns();
		while (state_now() == STATE_READY && scan())
			continue;
		tell_ended();
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
	WRITE_ONCE(engine.asleep, false);
	WRITE_ONCE(engine.suspended, true);
	state_kick();
	wait_event(engine.wait,
		   READ_ONCE(engine.asleep) || READ_ONCE(engine.left));
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
