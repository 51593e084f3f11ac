// SPDX-License-Identifier: GPL-2.0
/*
 * The worker looks at the hardware and at the wishes of the admin. This is
 * level-triggered: each look moves the module to the state it should be in.
 *
 * Stopping ends verifies, and nothing else: RMPOPT_BASE stays as it is, tables
 * stay in use, and the hardware keeps them correct.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bitmap.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/printk.h>
#include <linux/time64.h>

#include "cores/arm.h"
#include "cores/cores.h"
#include "host/host.h"
#include "pass/pass.h"
#include "state/params.h"
#include "state/state.h"
#include "due.h"
#include "worker.h"

/* There was a pass during which SNP stayed as it was. */
bool pass_was_run;

/*
 * Cores take part: at the last look SNP was initialised, and rmpopt not
 * stopped.
 */
static bool serving;

static void leave_all(void)
{
	struct core *core;
	u32 i;

	for (i = 0; (core = cores_at(i)); i++) {
		cores_leave(core);
		core->rearmed = false;
	}
	arm_forget();
	plan_forget(&the_plan);
	running.leaderless = false;
	serving = false;
}

/* No core takes part, requests are dropped, nothing is believed. */
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

/* What is wrong with a core that is dropped. */
static const char *what_fails(int error)
{
	switch (error) {
	case -ENXIO:
	case -EFAULT:
		return "RMPOPT faults";
	case -EIO:
		return "RMPOPT_BASE can't be set";
	case -EBUSY:
		return "the RMP can't be read";
	case -ETIME:
		return "RMPOPT does not return";
	}
	return "RMPOPT fails";
}

static void fail(int error)
{
	char reason[ENGINE_REASON_MAX];
	struct core *core = cores_dropped();
	u64 pause_s = due_after_failure() / MSEC_PER_SEC;

	if (error == -ENOMEM)
		snprintf(reason, sizeof(reason),
			 "not enough memory for any core, next retry in %llu s: free some, and rmpoptctl enable retries at once",
			 pause_s);
	else if (error == -ETIMEDOUT)
		snprintf(reason, sizeof(reason),
			 "a thread of rmpopt gets no time on CPU %d, and there is no other core, next retry in %llu s: limit real-time tasks and cgroups with a high weight; rmpoptctl enable retries at once",
			 core ? core_name(core) : -1, pause_s);
	else
		snprintf(reason, sizeof(reason),
			 "RMPOPT fails on all cores (CPU %d: %s, error %d), next retry in %llu s: look for machine checks and microcode updates; rmpoptctl enable retries at once",
			 core ? core_name(core) : -1,
			 what_fails(core ? core->dropped : error),
			 core ? core->dropped : error, pause_s);
	stand_down(STATE_FAILED, reason);
}

static void name_dropped(const struct core *core)
{
	if (core->dropped == -ETIMEDOUT)
		state_set(STATE_READY,
			  "CPU %u and possibly others are not used for now, as a thread of rmpopt got no time there: limit real-time tasks and cgroups with a high weight, or exclude the CPU with the parameter cpus",
			  core->primary);
	else if (core->dropped == -ETIME)
		state_set(STATE_READY,
			  "CPU %u and possibly others are not used, as that CPU hangs in an RMPOPT: look for machine checks and microcode updates; unload waits for it, a reboot does not",
			  core->primary);
	else if (core->dropped == -ENODEV)
		state_set(STATE_READY,
			  "CPU %u and possibly others are not used, as SnpEn is not set there: take it offline and online again, or initialise SNP with all CPUs online",
			  core->primary);
	else
		state_set(STATE_READY,
			  "CPU %u and possibly others are not used for now, as %s there (error %d), retried at growing intervals: look for machine checks; rmpoptctl enable retries at once",
			  core->primary, what_fails(core->dropped), core->dropped);
}

static void name_faulty(u32 place)
{
	const struct plan_core *core = plan_fault_core(&the_plan, place);
	u32 region = the_plan.region[place].number;

	if (core && !test_bit(place, the_plan.left_out))
		state_set(STATE_READY,
			  "RMPOPT faults in region %u (and possibly others) on CPU %d, retried at growing intervals: look for machine checks and microcode updates; rmpoptctl scan retries at once",
			  region, core_name(container_of(core, struct core, plan)));
	else
		state_set(STATE_READY,
			  "RMPOPT faults in region %u (and possibly others), which is left out and retried at growing intervals: if /proc/iomem has no System RAM there, exclude it by the parameter coverage; else look for machine checks and microcode updates; rmpoptctl scan retries at once",
			  region);
}

/* The reason names what does not work, if anything. */
static void be_ready(void)
{
	struct core *core = cores_dropped();
	u32 faulty = find_first_bit(the_plan.faulty, the_plan.regions);

	if (core)
		name_dropped(core);
	else if (cores_missing() < nr_cpu_ids)
		state_set(STATE_READY,
			  "CPU %u and possibly others are not used for now, as there is not enough memory: free some, and rmpoptctl enable retries at once",
			  cores_missing());
	else if (faulty < the_plan.regions)
		name_faulty(faulty);
	else if (plan_uncovered(&the_plan) == the_plan.regions)
		/* There is no leader, so every pass fails. */
		state_set(STATE_READY,
			  "no covered region is in the window of a core in use, as cores that had RMPOPT enabled keep their RMPOPT_BASE: shut SNP down and initialise it again");
	else if (running.leaderless && the_plan.leaders)
		state_set(STATE_READY,
			  "no pass can begin for now, as there is not enough memory for the threads of leaders, retried at growing intervals: free some; rmpoptctl scan retries at once");
	else if (running.leaderless)
		state_set(STATE_READY,
			  "no pass can begin for now, as no core has responded in time that could lead it, retried as soon as one does: limit real-time tasks, and find out what keeps interrupts disabled");
	else
		state_set(STATE_READY, "ok");
}

/* Cores have joined; if all of them have, nothing is believed any more. */
static void welcome(bool all)
{
	if (all)
		plan_forget(&the_plan);
	if (pass_was_run)
		due_want(all ? TRIGGER_ARMED : TRIGGER_HOTPLUG);
	else if (params.scan_on_load)
		state_want(TRIGGER_LOAD);
}

/* Leaders that have left are replaced at once, not only by the next pass. */
static bool leader_is_missing(void)
{
	struct core *core;
	u32 i;

	for (i = 0; (core = cores_leader(i)); i++)
		if (!core_takes_part(core))
			return true;
	return false;
}

/* SNP is initialised: every core that may take part does. */
static void serve(void)
{
	bool fresh = !serving;
	int ret;

	/* While a late core is out, it can't get the window of another base. */
	if (pass_welcome_late()) {
		running.leaderless = false;
		due_want(TRIGGER_RETRY);
	}
	ret = arm_cores(false);
	switch (ret) {
	case -ENODEV:
		stand_down(STATE_WAITING,
			   "SnpEn is not set on any CPU that may be used: initialise SNP with these CPUs online, or load rmpopt with another value of cpus");
		return;
	case -EBUSY:
		stand_down(STATE_WAITING,
			   "the RMP can't be read to check whether SNP_INIT is done: if SNP is known to be initialised, load rmpopt with init_check=N");
		return;
	case -EINPROGRESS:
		stand_down(STATE_WAITING,
			   "no CPU that may be used has responded yet: nothing to do but wait");
		return;
	case -EAGAIN:
		stand_down(STATE_WAITING,
			   "no CPU that may be used is online: bring a CPU of the list in the parameter cpus online, or run rmpoptctl set isolated=ipi");
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

/* Is there a core that can be asked without disturbing isolated CPUs? */
static bool any_housekeeper(void)
{
	struct core *core;
	u32 i;

	for (i = 0; (core = cores_at(i)); i++)
		if (core->plan.housekeeper && cores_may_take_part(core))
			return true;
	return false;
}

/**
 * look_next - the core whose turn it is to be asked whether SNP is initialised, or
 *	its table in use
 *
 * By the worker, while none takes part. No isolated one, if there is another.
 *
 * Return: the core, NULL if there is none.
 */
struct core *look_next(void)
{
	static u32 next;
	bool spare_others = any_housekeeper();
	struct core *core;
	u32 round;

	for (round = 0; round < 2; round++, next = 0) {
		while ((core = cores_at(next))) {
			next++;
			if (cores_may_take_part(core) &&
			    (core->plan.housekeeper || !spare_others))
				return core;
		}
	}
	return NULL;
}

/*
 * SnpEn is per CPU, and may never be set on the one that the worker runs on: so
 * while waiting, each look asks another CPU.
 */
static bool another_is_ready(void)
{
	struct core *core;

	cores_catch_up();
	core = look_next();
	return core && arm_ask(core);
}

/* SNP was shut down or initialised: nothing is believed any more. */
static void start_over(void)
{
	if (!xchg(&wishes.snp_moved, false))
		return;
	due_snp_moved();
	if (!serving)
		return;
	pr_info("SNP was shut down or initialised: starting over\n");
	leave_all();
}

/*
 * Is SNP initialised, or what is missing? If that can't be read, nothing
 * changes.
 */
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

/* Is there a reason not to work, whatever the hardware says? */
static bool must_stand_down(void)
{
	if (READ_ONCE(wishes.leaving))
		stand_down(STATE_LEAVING,
			   "the module is being unloaded, or the system is shutting down: no more verifies, and nothing else; tables stay in use");
	else if (READ_ONCE(wishes.suspended))
		stand_down(STATE_SUSPENDED, "the system is being suspended");
	else if (!READ_ONCE(wishes.enabled))
		stand_down(STATE_STOPPED,
			   "0 was written to enabled: no more verifies, and nothing else; tables stay in use; rmpoptctl enable starts again");
	else
		return false;
	return true;
}

/* SNP may be gone, and with it the tables. */
static void view(void)
{
	if (xchg(&wishes.snp_moved, false)) {
		leave_all();
		viewing_forget();
	}
	viewing_look();
}

/**
 * look - look at hardware and wishes, compare, act
 *
 * By the worker; sleeps.
 */
void look(void)
{
	const char *lacks;
	bool due;

	if (must_stand_down())
		return;
	if (engine.view_only) {
		view();
		return;
	}
	if (READ_ONCE(wishes.retry_now)) {
		WRITE_ONCE(wishes.retry_now, false);
		due_forget_failure();
		cores_forgive();
	}
	start_over();
	if (!snp_is_ready(&lacks)) {
		stand_down(STATE_WAITING, lacks);
		return;
	}
	due = due_try();
	/* A core that has come online may work where the others fail. */
	if (state_now() == STATE_FAILED && !due && !cores_changed())
		return;
	if (state_now() == STATE_FAILED && due)
		cores_retry_now();
	serve();
}
