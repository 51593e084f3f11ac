// SPDX-License-Identifier: GPL-2.0
/*
 * Viewing: the module only looks, as the CPU has no RMPOPT, the RMP is not
 * segmented, or the kernel drives RMPOPT itself. No MSR is written, nothing is
 * verified, nothing can be asked for.
 *
 * Where tables can be in use, cores whose RMPOPT_EN is set take part by reports.
 * The leaders report every watch_ms: what they have lost all have lost. What they
 * have gained tells that somebody ran a pass, and then all cores are asked, in
 * slices, as gains are per core. The kernel's pass may still be on its way from
 * core to core then, so all are asked again, with growing pauses, as long as a
 * core lacks what another one has. As long as no core is found one core is asked
 * from time to time.
 */
#include <linux/ktime.h>

#include "arm.h"
#include "cores.h"
#include "due.h"
#include "engine.h"
#include "host.h"
#include "plan.h"

/* Pauses while no table is in use, or a core lacks what another one has. */
#define PAUSE_FIRST_MS	1000u
#define PAUSE_CAP_MS	10000u

/* All cores have to be asked, at look_at. */
static bool all_wanted;

/* ktime in ns: of the last view; of the next look for tables in use, or at all cores. */
static u64 viewed_at, look_at;
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
	static u32 next;
	struct core *core;

	cores_catch_up();
	core = cores_at(next++) ?: cores_at(next = 0);
	return core && cores_may_take_part(core) && arm_found(core);
}

static void find_tables(void)
{
	if (!any_takes_part() && !found_one())
		return;
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

/* A leader that has gained something has not been the only one. */
static void view(void)
{
	bool all = all_wanted && ktime_get_ns() >= look_at;
	bool through = pass_view(all);

	if (through && !all && engine.plan.found) {
		all = true;
		pause_ms = 0;
		through = pass_view(true);
	}
	viewed_at = ktime_get_ns();
	if (through && !all)
		return;
	all_wanted = !through || any_is_behind();
	if (!all_wanted)
		pause_ms = 0;
	look_later();
}

/**
 * viewing_at - when to look by itself
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
	return all_wanted && (!at || look_at < at) ? look_at : at;
}

/**
 * viewing_look - view what there is, if it is time to
 *
 * By the worker; sleeps.
 */
void viewing_look(void)
{
	u64 at = viewing_at();

	state_set(STATE_VIEWING, "%s", engine.view_only);
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
 * viewing_forget - begin anew, after all cores have left
 */
void viewing_forget(void)
{
	all_wanted = false;
	viewed_at = 0;
	look_at = 0;
	pause_ms = 0;
}
