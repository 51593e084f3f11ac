// SPDX-License-Identifier: GPL-2.0
/*
 * View-only mode: the CPU has no RMPOPT, the RMP is not segmented, or the
 * kernel drives RMPOPT itself. No MSR is written, nothing is verified, and no
 * request is accepted.
 *
 * Where tables may be in use, cores whose RMPOPT_EN is set take part by
 * reports. The leaders report every watch_ms. What they have lost, all cores
 * have lost. If they have gained something, the kernel has run a pass: then all
 * cores are asked, in slices, as gains are per core. That pass may not have
 * reached all cores yet, so they are asked again, after growing pauses, as long
 * as a core lacks what another one has. One of them may have lost its table
 * alone, or a pass be over between two looks at the leaders: so all are asked
 * every audit_ms, too. As long as no table is in use, one core is asked from
 * time to time.
 */
#include <linux/ktime.h>

#include "cores/arm.h"
#include "cores/cores.h"
#include "host/host.h"
#include "pass/pass.h"
#include "plan/plan.h"
#include "state/state.h"
#include "due.h"
#include "worker.h"

/* Pauses while no table is in use, or a core lacks what another one has. */
#define PAUSE_FIRST_MS	1000u
#define PAUSE_CAP_MS	10000u

/* All cores have to be asked, at look_at. */
static bool all_wanted;

/*
 * ktime in ns: of the last view; of the last one of all cores; of the next
 * search for tables, or view of all cores that is wanted.
 */
static u64 viewed_at, all_viewed_at, look_at;
static u64 pause_ms;

static bool any_takes_part(void)
{
	struct core *core;
	u32 i;

	for (i = 0; (core = cores_at(i)); i++)
		if (core_takes_part(core))
			return true;
	return false;
}

/* Is RMPOPT_EN set on the core whose turn it is? */
static bool found_one(void)
{
	struct core *core;

	cores_catch_up();
	core = look_next();
	return core && arm_found(core);
}

static void find_tables(void)
{
	if (!any_takes_part() && !found_one())
		return;
	pass_welcome_late();
	if (arm_cores(true) <= 0)
		return;
	all_wanted = true;
	look_at = 0;
	pause_ms = 0;
}

static bool any_is_behind(void)
{
	struct core *core;
	u32 i;

	for (i = 0; (core = cores_at(i)); i++)
		if (core_takes_part(core) && core->behind)
			return true;
	return false;
}

static void look_later(void)
{
	pause_ms = plan_pause(pause_ms, PAUSE_FIRST_MS, PAUSE_CAP_MS);
	look_at = ktime_get_ns() + pause_ms * NSEC_PER_MSEC;
}

/* If a leader has gained something, others have, too. */
static void view(void)
{
	u64 now = ktime_get_ns(), round_at = due_round_at(all_viewed_at);
	bool all = (all_wanted && now >= look_at) || (round_at && now >= round_at);
	bool through = pass_view(all);

	if (through && !all && the_plan.found) {
		all = true;
		pause_ms = 0;
		through = pass_view(true);
	}
	viewed_at = ktime_get_ns();
	if (through && !all)
		return;
	all_viewed_at = viewed_at;
	all_wanted = !through || any_is_behind();
	if (!all_wanted)
		pause_ms = 0;
	look_later();
}

/**
 * viewing_at - when to look without a kick
 *
 * By the worker.
 *
 * Return: ktime in ns, 0 if never.
 */
u64 viewing_at(void)
{
	u64 at;

	if (!host_tables_may_be_in_use())
		return 0;
	if (!viewed_at)
		return look_at;
	at = due_watch_at(viewed_at);
	sooner(&at, due_round_at(all_viewed_at));
	if (all_wanted)
		sooner(&at, look_at);
	return at;
}

/**
 * viewing_look - view the tables, if it is time to
 *
 * By the worker; sleeps.
 */
void viewing_look(void)
{
	u64 at = viewing_at();

	state_set(STATE_VIEWING, "%s", engine.view_only);
	cores_catch_up();
	if (!host_tables_may_be_in_use() || (viewed_at && !at) ||
	    ktime_get_ns() < at)
		return;
	find_tables();
	if (any_takes_part()) {
		view();
	} else {
		viewed_at = 0;
		look_later();
	}
}

/**
 * viewing_forget - start over, after all cores have left
 */
void viewing_forget(void)
{
	all_wanted = false;
	viewed_at = 0;
	all_viewed_at = 0;
	look_at = 0;
	pause_ms = 0;
}
