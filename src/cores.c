// SPDX-License-Identifier: GPL-2.0
/*
 * Cores: the registry of who shares a table with whom.
 *
 * The kernel's primary-thread mask is not used: it goes by APIC id and loses a
 * core whose first thread is offline. A core's primary here is its first
 * *online* thread.
 *
 * The registry belongs to the worker. Entries are added and never removed
 * before unload, so IPI handlers may look their own core up.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpumask.h>
#include <linux/ktime.h>
#include <linux/rcupdate.h>
#include <linux/sched/isolation.h>
#include <linux/slab.h>
#include <linux/topology.h>
#include <linux/vmalloc.h>

#include "cores.h"
#include "engine.h"
#include "hotplug.h"
#include "slices.h"
#include "trace.h"
#include "tune.h"
#include "windows.h"

/* Cores and their maps are allocated in bulk: the latter fit no slab well. */
#define CHUNK	64u

#define PAUSE_FIRST_MS	1000u
#define PAUSE_CAP_MS	(10 * 60 * 1000u)

/* core_of and sibling: by CPU; sibling is the next thread of the same core. */
static struct core **core_of;
static int *sibling;
static struct core **core_list;
static u32 core_count;
static struct core **chunks;

/* The parameter cpus; all CPUs if there was none. */
static cpumask_var_t selected;

/**
 * cores_start - make room for the registry
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
	cores_touch();
	return 0;
}

/**
 * cores_stop - free the registry, after every handler has returned
 */
void cores_stop(void)
{
	u32 i;

	for (i = 0; i < core_count; i++)
		probe_free(core_list[i]);
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

/*
 * Isolated and nohz_full CPUs have better things to do. The kernel may replace
 * its masks at any time (cpusets) and frees the old ones by RCU.
 */
static bool is_housekeeper(unsigned int cpu)
{
	guard(rcu)();
	return housekeeping_test_cpu(cpu, HK_TYPE_DOMAIN) &&
	       housekeeping_test_cpu(cpu, HK_TYPE_TICK);
}

static bool is_spared(unsigned int cpu)
{
	return tune_read(TUNE_ISOLATED) == TUNE_ISOLATED_SKIP &&
	       !is_housekeeper(cpu);
}

/**
 * cores_may_take_part - does the admin let a core take part as it is now?
 * @core: the core
 */
bool cores_may_take_part(const struct core *core)
{
	return core->wanted && core->primary < nr_cpu_ids &&
	       !is_spared(core->primary);
}

/**
 * cores_want_here - does the core of a CPU that is coming online take part?
 * @cpu: the CPU, on which this runs
 */
bool cores_want_here(unsigned int cpu)
{
	if (is_spared(cpu))
		return false;
	return cpumask_test_cpu(cpu, selected) ||
	       cpumask_intersects(topology_sibling_cpumask(cpu), selected);
}

/* Package and core number: unlike sibling masks they outlive an offline. */
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

/* Room for the next core; its maps lie behind the cores of its chunk. */
static struct core *next_core(unsigned long **maps)
{
	struct core **chunk = &chunks[core_count / CHUNK];
	u32 longs = plan_core_longs(&engine.plan);
	u32 i = core_count % CHUNK;

	if (!*chunk)
		*chunk = vzalloc(CHUNK * (sizeof(**chunk) +
					  longs * sizeof(unsigned long)));
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
	core->plan.window = windows_index(cpu_to_node(cpu));
	plan_add_core(&engine.plan, &core->plan, maps);
	slices_prepare(core);
	bench_prepare(core);
	core_list[core_count] = core;
	/* Files walk the list while it grows. */
	smp_store_release(&core_count, core_count + 1);
	return core;
}

/* A CPU that was never seen online before. */
static int register_thread(unsigned int cpu)
{
	struct core *core = find_core(cpu) ?: register_core(cpu);

	if (!core)
		return -ENOMEM;
	sibling[cpu] = core->first;
	core->first = cpu;
	core->wanted |= cpumask_test_cpu(cpu, selected);
	WRITE_ONCE(core_of[cpu], core);
	return 0;
}

/* The CPU by which a core is named, online or not. */
static int name_of(const struct core *core)
{
	return core->primary < nr_cpu_ids ? (int)core->primary : core->first;
}

/**
 * cores_join - a core takes part from now on
 * @core: the core; if it does already, all that is believed of it is void
 *
 * By the worker. A slice that is still under way was sent to the table that
 * the core had before.
 */
void cores_join(struct core *core)
{
	if (slices_busy(core))
		plan_late(&engine.plan, &core->plan, 0);
	plan_join(&engine.plan, &core->plan);
	trace_event(TRACE_JOINED, name_of(core), -1);
	WRITE_ONCE(core->behind, true);
	WRITE_ONCE(core->armed, true);
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
	if (slices_busy(core))
		plan_late(&engine.plan, &core->plan, 0);
	plan_leave(&engine.plan, &core->plan);
	trace_event(TRACE_LEFT, name_of(core), -1);
}

/*
 * Take in what has become of a core's threads. One that has come online may
 * have emptied the table ([?]: what INIT does to it), and voids what the core
 * had achieved.
 */
static bool refresh_core(struct core *core)
{
	unsigned int primary = nr_cpu_ids;
	u32 epoch = 0;
	int cpu;

	for (cpu = core->first; cpu >= 0; cpu = sibling[cpu]) {
		epoch += hotplug_epoch(cpu);
		if (cpu_online(cpu) && cpu < primary)
			primary = cpu;
	}
	WRITE_ONCE(core->primary, primary);
	if (primary < nr_cpu_ids)
		core->plan.housekeeper = is_housekeeper(primary);
	if (epoch != core->epoch || primary == nr_cpu_ids)
		cores_leave(core);
	if (epoch == core->epoch)
		return false;
	core->epoch = epoch;
	core->dropped = 0;
	core->pause_ms = 0;
	return true;
}

/**
 * cores_refresh - bring the registry up to date
 *
 * By the worker, which holds cpus_read_lock(). (lockdep_assert_cpus_held() is
 * not exported.)
 *
 * Return: 1 if a core has come or come back, 0, -ENOMEM if a CPU could not be
 * registered; it is tried again by the next call.
 */
int cores_refresh(void)
{
	unsigned int cpu;
	int ret = 0;
	u32 i;

	hotplug_noticed();
	for_each_online_cpu(cpu) {
		if (core_of[cpu])
			continue;
		if (register_thread(cpu)) {
			cores_touch();
			return -ENOMEM;
		}
		ret = 1;
	}
	for (i = 0; i < core_count; i++)
		if (refresh_core(core_list[i]))
			ret = 1;
	return ret;
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
 * Return: the core, NULL behind the last one.
 */
struct core *cores_at(u32 i)
{
	/* Pairs with register_core(): the entries are there before the count. */
	return i < smp_load_acquire(&core_count) ? core_list[i] : NULL;
}

/**
 * cores_leader - one leader after the other
 * @i: 0, 1, 2 ...
 *
 * By the worker, or by whoever only wants to show it.
 *
 * Return: the core, NULL behind the last one.
 */
struct core *cores_leader(u32 i)
{
	const struct plan *plan = &engine.plan;

	if (i >= READ_ONCE(plan->leaders))
		return NULL;
	return container_of(plan->core[READ_ONCE(plan->leader[i])],
			    struct core, plan);
}

/**
 * cores_drop - leave a core alone that does not do as it should
 * @core: the core
 * @error: why
 *
 * It is tried again after a pause that grows.
 */
void cores_drop(struct core *core, int error)
{
	cores_leave(core);
	trace_event(TRACE_DROPPED, name_of(core), -1);
	core->pause_ms = plan_pause(core->pause_ms, PAUSE_FIRST_MS, PAUSE_CAP_MS);
	core->retry_at = ktime_get_ns() + core->pause_ms * NSEC_PER_MSEC;
	core->dropped = error;
}

/**
 * cores_forgive - try dropped cores again at once
 */
void cores_forgive(void)
{
	struct core *core;
	u32 i;

	for (i = 0; (core = cores_at(i)); i++) {
		core->dropped = 0;
		core->pause_ms = 0;
	}
}

/**
 * cores_retry_now - let the pauses of dropped cores end; the next ones grow on
 */
void cores_retry_now(void)
{
	struct core *core;
	u32 i;

	for (i = 0; (core = cores_at(i)); i++)
		core->retry_at = 0;
}

/**
 * cores_praise - a pass went well: who took part starts anew with its pauses
 */
void cores_praise(void)
{
	struct core *core;
	u32 i;

	for (i = 0; (core = cores_at(i)); i++)
		if (core_takes_part(core))
			core->pause_ms = 0;
}

/* Dropped, though it may take part: whom the admin leaves out nobody tries. */
static bool is_missed(const struct core *core)
{
	return core->dropped && cores_may_take_part(core);
}

/**
 * cores_retry_at - when the next dropped core is due
 *
 * Return: ktime in ns, 0 if none is dropped.
 */
u64 cores_retry_at(void)
{
	struct core *core;
	u64 at = 0;
	u32 i;

	for (i = 0; (core = cores_at(i)); i++)
		if (is_missed(core) && (!at || core->retry_at < at))
			at = core->retry_at;
	return at;
}

/**
 * cores_dropped - the first core that is dropped
 *
 * Return: the core, NULL if none is.
 */
struct core *cores_dropped(void)
{
	struct core *core;
	u32 i;

	for (i = 0; (core = cores_at(i)); i++)
		if (is_missed(core))
			return core;
	return NULL;
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
