// SPDX-License-Identifier: GPL-2.0
/*
 * The worker: one thread that owns all state.
 *
 * It is level-triggered. Each time round it looks at what the hardware says
 * and at what the admin wishes, moves the module to where it should be, and
 * runs a pass if one is wanted. Then it sleeps until somebody kicks it or
 * something becomes due. It runs on whatever housekeeping CPU is free.
 *
 * It executes no RMPOPT (leaders' threads do, with low priority) and has the
 * priority of any other thread: the whole host's hotplug waits for it while it
 * holds cpus_read_lock().
 *
 * To stop is to send no more verifies, and nothing else: RMPOPT_BASE stays as it
 * is, tables stay in use, and the hardware keeps every bit of them true.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bitmap.h>
#include <linux/err.h>
#include <linux/hrtimer.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/wait.h>

#include "arm.h"
#include "cores.h"
#include "due.h"
#include "engine.h"
#include "host.h"
#include "params.h"
#include "slices.h"

/* The first pass has been run. */
static bool scanned;

/* Cores take part: SNP was initialised at the last look, and nobody has stopped. */
static bool serving;

static void leave_all(void)
{
	struct core *core;
	u32 i;

	for (i = 0; (core = cores_at(i)); i++)
		cores_leave(core);
	plan_forget(&engine.plan);
	serving = false;
}

/* Out of service: nobody takes part or waits, nothing is believed. */
static void stand_down(enum engine_state state, const char *reason)
{
	leave_all();
	due_forget_pass();
	viewing_forget();
	if (state != STATE_FAILED) {
		due_forget_failure();
		cores_forgive();
	}
	if (state == STATE_WAITING)
		due_wait();
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

static void name_dropped(const struct core *core)
{
	if (core->dropped == -ETIMEDOUT)
		state_set(STATE_READY,
			  "CPU %u and maybe more are left out for now: a thread of rmpopt got no time there; let real-time tasks leave it some (sched_rt_runtime_us), or leave it out by the parameter cpus",
			  core->primary);
	else if (core->dropped == -ENODEV)
		state_set(STATE_READY,
			  "CPU %u and maybe more are left out: SnpEn is not set there; take it offline and online again, or initialise SNP with all CPUs online",
			  core->primary);
	else
		state_set(STATE_READY,
			  "CPU %u and maybe more are left out for now: RMPOPT can't be used there (error %d), tried again with growing pauses; look for machine checks, write 1 to enabled to try at once",
			  core->primary, core->dropped);
}

static void name_faulty(u32 place)
{
	const struct plan_core *core = plan_fault_core(&engine.plan, place);
	u32 region = engine.plan.region[place].number;

	if (core)
		state_set(STATE_READY,
			  "RMPOPT of region %u (and maybe others) faults on CPU %d: tried again with growing pauses; look for machine checks and microcode updates, write full to scan to try at once",
			  region, core_name(container_of(core, struct core, plan)));
	else
		state_set(STATE_READY,
			  "RMPOPT of region %u (and maybe others) faults: left out, tried again with growing pauses; look for machine checks and microcode updates, write full to scan to try at once",
			  region);
}

/* In service; names what is not, if there is anything. */
static void be_ready(void)
{
	struct core *core = cores_dropped();
	u32 faulty = find_first_bit(engine.plan.faulty, engine.plan.regions);

	if (core)
		name_dropped(core);
	else if (cores_missing() < nr_cpu_ids)
		state_set(STATE_READY,
			  "CPU %u and maybe more are left out for now: there is not enough memory to look after them; free some, write 1 to enabled to try at once",
			  cores_missing());
	else if (faulty < engine.plan.regions)
		name_faulty(faulty);
	else if (plan_uncovered(&engine.plan) == engine.plan.regions)
		/* Nobody leads, so every pass fails. */
		state_set(STATE_READY,
			  "no covered region is in the window of any core that takes part: cores found with RMPOPT enabled keep their RMPOPT_BASE; shut SNP down and initialise it again");
	else
		state_set(STATE_READY, "ok");
}

/* Cores take part now that did not; if that were all, nothing is believed any more. */
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

/* SNP is initialised: every core takes part that may. */
static void serve(void)
{
	bool fresh = !serving;
	int ret = arm_cores(false);

	switch (ret) {
	case -ENODEV:
		stand_down(STATE_WAITING,
			   "SNP is not enabled on any CPU that takes part: initialise SNP with those online, or load with other cpus");
		return;
	case -EBUSY:
		stand_down(STATE_WAITING,
			   "the RMP can't be read to see whether SNP_INIT is done: if it is, load with init_check=N");
		return;
	case -EAGAIN:
		stand_down(STATE_WAITING,
			   "no CPU is online that may take part: bring one of the parameter cpus online, or write ipi to tune/isolated");
		return;
	}
	if (ret < 0) {
		fail(ret);
		return;
	}
	serving = true;
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
 * SnpEn is per CPU, and the one that the worker runs on may lack it for good:
 * while waiting another one is asked each time.
 */
static bool another_is_ready(void)
{
	static u32 next;
	struct core *core;

	cores_catch_up();
	core = cores_at(next++);
	if (!core) {
		next = 0;
		return false;
	}
	return cores_may_take_part(core) &&
	       (core->plan.housekeeper || !any_housekeeper()) && arm_ask(core);
}

/* Somebody has told of SNP: nothing that is believed counts any more. */
static void start_over(void)
{
	if (!xchg(&engine.snp_moved, false))
		return;
	due_snp_moved();
	if (!serving)
		return;
	pr_info("SNP was shut down or initialised: starting over\n");
	leave_all();
}

/* Is SNP initialised, or what does it lack? What could not be read changes nothing. */
static bool snp_is_ready(const char **lacks)
{
	switch (host_snp(params.init_check, lacks)) {
	case HOST_SNP_READY:
		return true;
	case HOST_SNP_UNKNOWN:
		return serving || another_is_ready();
	case HOST_SNP_OFF:
		return serving ? arm_possible() : another_is_ready();
	}
	return false;
}

/* What forbids to work, whatever the hardware says; true if something does. */
static bool must_stand_down(void)
{
	if (READ_ONCE(engine.leaving))
		stand_down(STATE_LEAVING,
			   "the module is being unloaded or the system goes down");
	else if (READ_ONCE(engine.suspended))
		stand_down(STATE_SUSPENDED, "the system is going to sleep");
	else if (!READ_ONCE(engine.enabled))
		stand_down(STATE_STOPPED,
			   "stopped by the administrator: write 1 to enabled to start again");
	else
		return false;
	return true;
}

/* Look, compare, act. */
static void look(void)
{
	const char *lacks;
	bool due;

	if (must_stand_down())
		return;
	if (engine.view_only) {
		viewing_look();
		return;
	}
	if (READ_ONCE(engine.retry_now)) {
		WRITE_ONCE(engine.retry_now, false);
		due_forget_failure();
		cores_forgive();
	}
	start_over();
	if (!snp_is_ready(&lacks)) {
		stand_down(STATE_WAITING, lacks);
		return;
	}
	due = due_try();
	/* A core that has come may do what the others can't. */
	if (!due && !cores_changed())
		return;
	if (due && state_now() == STATE_FAILED)
		cores_retry_now();
	serve();
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
 * For unload and reboot; sleeps until the running pass has ended. Nothing is
 * verified or armed after it.
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
