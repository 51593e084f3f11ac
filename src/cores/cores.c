// SPDX-License-Identifier: GPL-2.0
/*
 * Cores take part, come and go.
 */
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/ktime.h>
#include <linux/percpu.h>

#include "host/host.h"
#include "host/hw.h"
#include "state/state.h"
#include "state/trace.h"
#include "state/tune.h"
#include "cores.h"

struct plan the_plan;
struct coverage the_coverage;

/* How often the CPU has come online; written by its own callback. */
static DEFINE_PER_CPU(u32, onlined);

/* A CPU has come or gone since the last refresh. */
static bool changed;

static bool is_spared(unsigned int cpu)
{
	return tune_read(TUNE_ISOLATED) == TUNE_ISOLATED_SKIP &&
	       !host_is_housekeeper(cpu);
}

/**
 * cores_may_take_part - does the admin let a core take part as it is now?
 * @core: the core
 *
 * Any context. For files, its CPUs may be going offline.
 */
bool cores_may_take_part(const struct core *core)
{
	unsigned int cpu = READ_ONCE(core->primary);

	return core->wanted && cpu < nr_cpu_ids && !is_spared(cpu);
}

/**
 * cores_join - a core takes part from now on
 * @core: the core; if it takes part already, nothing is believed of it any more
 * @base: what its RMPOPT_BASE reads as
 *
 * By the worker. A slice that is still under way belongs to the table that the
 * core had before.
 *
 * Return: true, or false if it has to wait for such a slice: the handler uses
 * the core's window, which must not change meanwhile.
 */
bool cores_join(struct core *core, u64 base)
{
	bool busy = core_is_busy(core) || core_hangs(core);

	if (base != core->base) {
		cores_leave(core);
		if (busy || !plan_set_window(&the_plan, &core->plan,
					     base >> HW_REGION_SHIFT))
			return false;
		WRITE_ONCE(core->base, base);
	}
	if (busy)
		plan_late(&the_plan, &core->plan, 0);
	plan_join(&the_plan, &core->plan);
	trace_event(TRACE_JOINED, core_name(core), -1);
	WRITE_ONCE(core->behind, true);
	WRITE_ONCE(core->armed, true);
	return true;
}

/**
 * cores_leave - a core does not take part any more
 * @core: the core
 *
 * As cores_join().
 */
void cores_leave(struct core *core)
{
	if (!core->armed)
		return;
	WRITE_ONCE(core->armed, false);
	if (core_is_busy(core) || core_hangs(core))
		plan_late(&the_plan, &core->plan, 0);
	plan_leave(&the_plan, &core->plan);
	trace_event(TRACE_LEFT, core_name(core), -1);
}

static void see_isolation(struct core *core)
{
	if (core->primary < nr_cpu_ids)
		core->plan.housekeeper = host_is_housekeeper(core->primary);
}

/*
 * See which threads of a core are online. One that has come online may have
 * emptied the table ([?]: what INIT does to it), so nothing is believed of the
 * core any more.
 */
static void refresh_core(struct core *core)
{
	unsigned int primary = nr_cpu_ids;
	u32 epoch = 0;
	int cpu;

	for (cpu = core->first; cpu >= 0; cpu = cores_next_thread(cpu)) {
		epoch += READ_ONCE(per_cpu(onlined, cpu));
		if (cpu_online(cpu) && cpu < primary)
			primary = cpu;
	}
	WRITE_ONCE(core->primary, primary);
	see_isolation(core);
	if (epoch != core->epoch || !cores_may_take_part(core))
		cores_leave(core);
	if (epoch == core->epoch)
		return;
	core->epoch = epoch;
	core->rearmed = false;
	/* It is named until it is back. */
	if (core_hangs(core))
		return;
	core->dropped = 0;
	core->pause_ms = 0;
}

/**
 * cores_see_isolation - see which cores may lead
 *
 * By the worker, before an election. Who makes a cpuset partition isolated, or
 * dissolves one, tells nobody.
 */
void cores_see_isolation(void)
{
	struct core *core;
	u32 i;

	for (i = 0; (core = cores_at(i)); i++)
		see_isolation(core);
}

/**
 * cores_came - the CPU that this runs on has come online
 *
 * By its hotplug callback.
 */
void cores_came(void)
{
	this_cpu_inc(onlined);
	cores_touch();
}

/**
 * cores_touch - let the worker read the CPU masks again
 *
 * Any context.
 */
void cores_touch(void)
{
	WRITE_ONCE(changed, true);
}

/**
 * cores_changed - has a CPU come or gone since the last cores_refresh()?
 *
 * Any context.
 */
bool cores_changed(void)
{
	return READ_ONCE(changed);
}

/**
 * cores_refresh - bring the registry up to date
 *
 * By the worker, which holds cpus_read_lock(). (lockdep_assert_cpus_held() is
 * not exported.) The flag of cores_changed() is cleared before the masks are
 * read, so no change is missed.
 */
static void cores_refresh(void)
{
	struct core *core;
	u32 i;

	WRITE_ONCE(changed, false);
	cores_register_new();
	for (i = 0; (core = cores_at(i)); i++)
		refresh_core(core);
}

/* Has a CPU come or gone, or is it time to retry one without memory? */
static bool refresh_is_due(void)
{
	return cores_changed() || (cores_missing() < nr_cpu_ids &&
				   ktime_get_ns() >= cores_memory_at());
}

/**
 * cores_catch_up - bring the registry up to date if a CPU has come or gone, or
 *	if it is time to retry one for which there was no memory
 *
 * By the worker. Not while a CPU is coming or going, which may hang: others wait
 * for the worker. What it finds is wrong then, as it may always be a moment
 * later.
 *
 * Return: whether it is up to date.
 */
bool cores_catch_up(void)
{
	if (!refresh_is_due())
		return true;
	if (!cpus_read_trylock())
		return false;
	cores_refresh();
	cpus_read_unlock();
	return true;
}

/**
 * cores_leader - one leader after the other
 * @i: 0, 1, 2 ...
 *
 * By the worker or, to show it, by files.
 *
 * Return: the core, NULL after the last one.
 */
struct core *cores_leader(u32 i)
{
	const struct plan *plan = &the_plan;

	if (i >= READ_ONCE(plan->leaders))
		return NULL;
	return container_of(plan->core[READ_ONCE(plan->leader[i])],
			    struct core, plan);
}

/**
 * cores_mask - the primaries of cores that take part
 * @mask: where to put them
 * @behind_only: only of those whose tables may lack bits
 *
 * Any context that may sleep; what it shows may be changing.
 */
void cores_mask(struct cpumask *mask, bool behind_only)
{
	struct core *core;
	unsigned int cpu;
	u32 i;

	cpumask_clear(mask);
	for (i = 0; (core = cores_at(i)); i++) {
		cpu = READ_ONCE(core->primary);
		if (cpu < nr_cpu_ids && READ_ONCE(core->armed) &&
		    (!behind_only || READ_ONCE(core->behind)))
			cpumask_set_cpu(cpu, mask);
	}
}

/**
 * cores_leader_mask - the primaries of cores that lead
 * @mask: where to put them
 *
 * As cores_mask().
 */
void cores_leader_mask(struct cpumask *mask)
{
	struct core *core;
	unsigned int cpu;
	u32 i;

	cpumask_clear(mask);
	for (i = 0; (core = cores_leader(i)); i++) {
		cpu = READ_ONCE(core->primary);
		if (cpu < nr_cpu_ids && READ_ONCE(core->armed))
			cpumask_set_cpu(cpu, mask);
	}
}
