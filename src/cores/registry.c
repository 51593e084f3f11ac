// SPDX-License-Identifier: GPL-2.0
/*
 * The registry of cores: threads that share a table.
 *
 * The kernel's primary-thread mask is not used: it is based on APIC ids, and
 * lacks a core whose first thread is offline. Here a core's primary is its
 * first *online* thread.
 *
 * The registry belongs to the worker. Entries are added, and never removed
 * before unload, so IPI handlers may look up their own core.
 */
#include <linux/cpumask.h>
#include <linux/ktime.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/topology.h>
#include <linux/vmalloc.h>

#include "host/hw.h"
#include "arm.h"
#include "cores.h"
#include "windows.h"

/* Cores and their maps are allocated in bulk, as the maps fit no slab well. */
#define CHUNK	64u

#define MEMORY_PAUSE_NS	NSEC_PER_SEC

/* core_of and sibling: by CPU; sibling is the next thread of the same core. */
static struct core **core_of;
static int *sibling;
static struct core **core_list;
static u32 core_count;
static struct core **chunks;

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
 * cores_register_new - register CPUs that were never seen online before
 *
 * By the worker, which holds cpus_read_lock(). If there is no memory for one,
 * the others go on; it is retried by the first call after a pause.
 */
void cores_register_new(void)
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
 * cores_next_thread - the other threads of a core
 * @cpu: one of them, registered; the first one is core->first
 *
 * By the worker.
 *
 * Return: the next one, online or not; -1 after the last one.
 */
int cores_next_thread(int cpu)
{
	return sibling[cpu];
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
 * cores_try_missing - let the next cores_register_new() retry at once
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
	return cores_of(smp_processor_id());
}

/**
 * cores_of - the core of a CPU
 * @cpu: a possible CPU
 *
 * Any context.
 *
 * Return: the core, NULL if it is not registered yet.
 */
struct core *cores_of(unsigned int cpu)
{
	return READ_ONCE(core_of[cpu]);
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
