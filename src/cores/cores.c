// SPDX-License-Identifier: GPL-2.0
/*
 * Cores: the registry of threads that share a table.
 *
 * The kernel's primary-thread mask is not used: it is based on APIC ids, and
 * lacks a core whose first thread is offline. Here a core's primary is its
 * first *online* thread.
 *
 * The registry belongs to the worker. Entries are added, and never removed
 * before unload, so IPI handlers may look up their own core.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/ktime.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/topology.h>
#include <linux/vmalloc.h>

#include "host/host.h"
#include "host/hw.h"
#include "state/state.h"
#include "state/trace.h"
#include "state/tune.h"
#include "arm.h"
#include "cores.h"
#include "windows.h"

/* Cores and their maps are allocated in bulk, as the maps fit no slab well. */
#define CHUNK	64u

#define MEMORY_PAUSE_NS	NSEC_PER_SEC

struct plan the_plan;
struct coverage the_coverage;

/* core_of and sibling: by CPU; sibling is the next thread of the same core. */
static struct core **core_of;
static int *sibling;
static struct core **core_list;
static u32 core_count;
static struct core **chunks;

/* How often the CPU has come online; written by its own callback. */
static DEFINE_PER_CPU(u32, onlined);

/* A CPU has come or gone since the last refresh. */
static bool changed;

/* The first CPU for which there was no memory; nr_cpu_ids: none. */
static unsigned int missing;

/* ktime in ns at which to retry; 0: there was enough. */
static u64 memory_at;

/* The parameter cpus; all CPUs if there was none. */
static cpumask_var_t selected;

/**
 * cores_start - allocate the registry
 *
 * Return: 0, -ENOMEM; cores_stop() cleans up after both.
 */
int cores_start(void)
{
	core_of = kcalloc(nr_cpu_ids, sizeof(*core_of), GFP_KERNEL);
	core_list = kcalloc(nr_cpu_ids, sizeof(*core_list), GFP_KERNEL);
	sibling = kcalloc(nr_cpu_ids, sizeof(*sibling), GFP_KERNEL);
	chunks = kcalloc(DIV_ROUND_UP(nr_cpu_ids, CHUNK), sizeof(*chunks),
			 GFP_KERNEL);
	if (!core_of || !core_list || !sibling || !chunks ||
	    !zalloc_cpumask_var(&selected, GFP_KERNEL))
		return -ENOMEM;
	cpumask_copy(selected, cpu_possible_mask);
	missing = nr_cpu_ids;
	cores_touch();
	return 0;
}

/**
 * cores_stop - free the registry, after every handler has returned
 */
void cores_stop(void)
{
	u32 i;

	for (i = 0; chunks && i < DIV_ROUND_UP(nr_cpu_ids, CHUNK); i++)
		vfree(chunks[i]);
	core_count = 0;
	kfree(chunks);
	kfree(core_list);
	kfree(core_of);
	kfree(sibling);
	free_cpumask_var(selected);
}

/**
 * cores_select - let only some CPUs take part
 * @list: a cpulist; a core takes part if one of its threads is in it
 *
 * Return: 0, -EINVAL for anything but a list of possible CPUs.
 */
int cores_select(const char *list)
{
	if (!strcmp(list, "all"))
		return 0;
	if (cpulist_parse(list, selected) || cpumask_empty(selected) ||
	    !cpumask_subset(selected, cpu_possible_mask))
		return -EINVAL;
	return 0;
}

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

/*
 * Package and core number: unlike sibling masks they stay when a CPU goes
 * offline.
 */
static u64 core_key(unsigned int cpu)
{
	return (u64)topology_physical_package_id(cpu) << 32 |
	       (u32)topology_core_id(cpu);
}

static struct core *find_core(unsigned int cpu)
{
	u64 key = core_key(cpu);
	unsigned int other;
	u32 i;

	/* The common case first: a thread of it is known and online. */
	for_each_cpu(other, topology_sibling_cpumask(cpu))
		if (core_of[other] && core_of[other]->key == key)
			return core_of[other];
	for (i = 0; i < core_count; i++)
		if (core_list[i]->key == key)
			return core_list[i];
	return NULL;
}

/* Memory for the next core; its maps are after the cores of its chunk. */
static struct core *next_core(unsigned long **maps)
{
	struct core **chunk = &chunks[core_count / CHUNK];
	u32 longs = plan_core_longs(&the_plan);
	u32 i = core_count % CHUNK;

	/* The state reports a failure, so the allocator need not. */
	if (!*chunk)
		*chunk = __vmalloc(CHUNK * (sizeof(**chunk) +
					    longs * sizeof(unsigned long)),
				   GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN);
	if (!*chunk)
		return NULL;
	*maps = (unsigned long *)(*chunk + CHUNK) + i * longs;
	return *chunk + i;
}

static struct core *register_core(unsigned int cpu)
{
	unsigned long *maps;
	struct core *core = next_core(&maps);

	if (!core)
		return NULL;
	core->key = core_key(cpu);
	core->first = -1;
	core->primary = nr_cpu_ids;
	core->plan.node = cpu_to_node(cpu);
	plan_add_core(&the_plan, &core->plan, maps);
	core->base = windows_base(core->plan.node);
	plan_set_window(&the_plan, &core->plan,
			core->base >> HW_REGION_SHIFT);
	arm_prepare(core);
	core_list[core_count] = core;
	/* Files walk the list while it grows. */
	smp_store_release(&core_count, core_count + 1);
	return core;
}

/* False if there is no memory for its core, of which it is the first thread. */
static bool register_thread(unsigned int cpu)
{
	struct core *core = find_core(cpu);

	if (!core && !memory_at)
		core = register_core(cpu);
	if (!core)
		return false;
	sibling[cpu] = core->first;
	core->first = cpu;
	core->wanted |= cpumask_test_cpu(cpu, selected);
	WRITE_ONCE(core_of[cpu], core);
	return true;
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
	bool busy = core_is_busy(core);

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
	if (core_is_busy(core))
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

	for (cpu = core->first; cpu >= 0; cpu = sibling[cpu]) {
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

/*
 * CPUs that were never seen online before. If there is no memory for one, the
 * others go on; it is retried after a pause, not by each refresh.
 */
static void register_new(void)
{
	unsigned int cpu;

	if (ktime_get_ns() < memory_at)
		return;
	missing = nr_cpu_ids;
	memory_at = 0;
	for_each_online_cpu(cpu) {
		if (core_of[cpu] || register_thread(cpu) || memory_at)
			continue;
		missing = cpu;
		memory_at = ktime_get_ns() + MEMORY_PAUSE_NS;
	}
}

/**
 * cores_refresh - bring the registry up to date
 *
 * By the worker, which holds cpus_read_lock(). (lockdep_assert_cpus_held() is
 * not exported.) The flag of cores_changed() is cleared before the masks are
 * read, so no change is missed.
 *
 * A CPU for which there was no memory is retried by the first call after a
 * pause, see cores_memory_at().
 */
static void cores_refresh(void)
{
	u32 i;

	WRITE_ONCE(changed, false);
	register_new();
	for (i = 0; i < core_count; i++)
		refresh_core(core_list[i]);
}

/**
 * cores_catch_up - bring the registry up to date if a CPU has come or gone, or
 *	if it is time to retry one for which there was no memory
 *
 * By the worker, which does not hold cpus_read_lock(); sleeps.
 */
void cores_catch_up(void)
{
	bool try_missing = missing < nr_cpu_ids && ktime_get_ns() >= memory_at;

	if (!cores_changed() && !try_missing)
		return;
	cpus_read_lock();
	cores_refresh();
	cpus_read_unlock();
}

/**
 * cores_missing - is there a CPU for which there was no memory?
 *
 * By the worker.
 *
 * Return: the first one, nr_cpu_ids if there is none.
 */
unsigned int cores_missing(void)
{
	return missing;
}

/**
 * cores_memory_at - when to retry a CPU for which there was no memory
 *
 * By the worker.
 *
 * Return: ktime in ns, 0 if no CPU is missing.
 */
u64 cores_memory_at(void)
{
	return memory_at;
}

/**
 * cores_try_missing - let the next cores_refresh() retry at once
 */
void cores_try_missing(void)
{
	memory_at = 0;
}

/**
 * cores_here - the core that this code runs on
 *
 * With preemption disabled.
 *
 * Return: the core, NULL if it is not registered yet.
 */
struct core *cores_here(void)
{
	return READ_ONCE(core_of[smp_processor_id()]);
}

/**
 * cores_at - one core after the other
 * @i: 0, 1, 2 ...
 *
 * Any context.
 *
 * Return: the core, NULL after the last one.
 */
struct core *cores_at(u32 i)
{
	/*
	 * Pairs with register_core(): the entries are visible before the count.
	 */
	return i < smp_load_acquire(&core_count) ? core_list[i] : NULL;
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
