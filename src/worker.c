// SPDX-License-Identifier: GPL-2.0
/*
 * The worker: one thread that owns all state.
 *
 * It is level-triggered. Each time round it looks at what the hardware says
 * and at what the admin wishes, moves the module to where it should be, and
 * runs a pass if one is wanted. Then it sleeps until somebody kicks it or
 * something becomes due. It stays on the first leader's core, so that an idle
 * module wakes no CPU that does not lead.
 *
 * It executes no RMPOPT (leaders' threads do, with low priority) and has the
 * priority of any other thread: the whole host's hotplug waits for it while it
 * holds cpus_read_lock().
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
#include "bench.h"
#include "cores.h"
#include "due.h"
#include "engine.h"
#include "host.h"
#include "params.h"
#include "slices.h"

static bool scanned;

/* Out of service: nothing is armed, nobody waits, nothing is believed. */
static void stand_down(enum engine_state state, const char *reason)
{
	/* While waiting a stale RMPOPT_EN is somebody else's; see arm.c. */
	if (state != STATE_WAITING || arm_wanted())
		arm_clear();
	plan_forget(&engine.plan);
	due_forget_pass();
	if (state != STATE_FAILED) {
		due_forget_failure();
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
	u64 pause_s = due_after_failure() / MSEC_PER_SEC;

	if (error == -ENOMEM)
		snprintf(reason, sizeof(reason),
			 "there is not enough memory to look after any core, next try in %llu s: free some, write 1 to enabled to try at once",
			 pause_s);
	else
		snprintf(reason, sizeof(reason),
			 "RMPOPT can't be used on any core (CPU %d: error %d), next try in %llu s: look for machine checks and microcode updates; write 1 to enabled to try at once",
			 core ? (int)core->primary : -1,
			 core ? core->dropped : error, pause_s);
	stand_down(STATE_FAILED, reason);
}

/* In service; names the core that is not, if there is one. */
static void be_ready(void)
{
	struct core *core = cores_dropped();

	if (!core && cores_missing() < nr_cpu_ids)
		state_set(STATE_READY,
			  "CPU %u and maybe more are left out for now: there is not enough memory to look after them; free some, write 1 to enabled to try at once",
			  cores_missing());
	else if (!core)
		state_set(STATE_READY, "ok");
	else if (core->dropped == -ETIMEDOUT)
		state_set(STATE_READY,
			  "CPU %u and maybe more are left out for now: a thread of rmpopt got no time there; let real-time tasks leave it some (sched_rt_runtime_us), or leave it out by the parameter cpus",
			  core->primary);
	else if (core->dropped == -ENODEV)
		state_set(STATE_READY,
			  "CPU %u and maybe more are left out: SnpEn is not set there; take it offline and online again, or initialise SNP with all CPUs online",
			  core->primary);
	else
		state_set(STATE_READY,
			  "CPU %u and maybe more are left out for now: RMPOPT fails there (error %d) and is tried again; look for machine checks, write 1 to enabled to try at once",
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

/* Cores were armed just now; if that were all, nothing is believed any more. */
static void welcome(bool all)
{
	if (all)
		plan_forget(&engine.plan);
	if (scanned)
		due_want(all ? TRIGGER_ARMED : TRIGGER_HOTPLUG);
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
		stand_down(STATE_WAITING,
			   "SNP is not enabled on any CPU that takes part: initialise SNP with those online, or load with other cpus");
		return;
	}
	if (ret == -EAGAIN) {
		stand_down(STATE_WAITING,
			   "no CPU is online that may take part: bring one of the parameter cpus online, or write ipi to tune/isolated");
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

/* Is there a core that may be looked from without disturbing isolated CPUs? */
static bool any_housekeeper(void)
{
	struct core *core;
	u32 i;

	for (i = 0; (core = cores_at(i)); i++)
		if (core->plan.housekeeper && cores_may_take_part(core))
			return true;
	return false;
}

/*
 * While waiting, look from another core each time: SnpEn is per CPU, and one
 * that lacks it for good must not keep the others waiting.
 */
static void roam(void)
{
	static u32 next;
	struct core *core;

	cores_catch_up();
	core = cores_at(next++);
	if (!core)
		next = 0;
	else if (cores_may_take_part(core) &&
		 (core->plan.housekeeper || !any_housekeeper()))
		set_cpus_allowed_ptr(current, cpumask_of(core->primary));
}

/* Somebody has told of SNP: nothing that was armed or is believed counts. */
static void start_over(void)
{
	if (!xchg(&engine.snp_moved, false) || !arm_wanted())
		return;
	pr_info("SNP was shut down or initialised: starting over\n");
	arm_clear();
	plan_forget(&engine.plan);
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
	bool due;

	if (bench_lend())
		return;
	if (READ_ONCE(engine.leaving)) {
		stand_down(STATE_LEAVING,
			   "the module is being unloaded or the system goes down");
		return;
	}
	if (host_only_views()) {
		stand_down(STATE_STOPPED, host_only_views());
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
		due_forget_failure();
		cores_forgive();
	}
	start_over();
	lacking = snp_lacks();
	if (lacking) {
		stand_down(STATE_WAITING, lacking);
		return;
	}
	due = due_try();
	/* A core that has come may do what the others can't. */
	if (!due && !cores_changed())
		return;
	if (due && state_now() == STATE_FAILED)
		cores_retry_now();
	arm();
}

/* Instructions work: failures before this pass say nothing any more. */
static void note_success(void)
{
	due_forget_failure();
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
	due_looked(full || trigger != TRIGGER_CONVERSION,
		   again && !engine_pass_ends());
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

static bool kicked(void)
{
	return READ_ONCE(engine.kicked) || kthread_should_stop();
}

static void wait_for_work(void)
{
	u64 at = due_at();
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
	due_start();

	while (!kthread_should_stop()) {
		/*
		 * Before any wish is read, or a kick that comes in between
		 * would be lost; pairs with state_kick().
		 */
		smp_store_mb(engine.kicked, false);
		look();
		if (state_now() == STATE_READY)
			due_look();
		else
			due_watched();
		while (state_now() == STATE_READY && scan())
			continue;
		tell_ended();
		bench_serve();
		wait_for_work();
	}
	slices_drain();
	bench_drain();
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

/* Somebody waits: it need not wait for its CPU, too, if that is kept busy. */
static void hurry(void)
{
	set_cpus_allowed_ptr(engine.worker, cpu_possible_mask);
	state_kick();
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
	hurry();
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
	hurry();
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
