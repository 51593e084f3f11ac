// SPDX-License-Identifier: GPL-2.0
/*
 * Windows of the cores of each node, and the planner's regions. All of it is
 * decided at load.
 *
 * A core's table covers 2 TiB from its RMPOPT_BASE, and cores may have
 * different bases. [S] If the RMP covers no more than that, all have the same
 * base; if it covers more, each node gets the window that fits its memory best.
 * A core that is found armed keeps its base: cores.c tells the planner.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpumask.h>
#include <linux/errno.h>
#include <linux/ioport.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/numa.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/topology.h>

#include "host/host.h"
#include "host/hw.h"
#include "plan/coverage.h"
#include "state/state.h"
#include "cores.h"
#include "windows.h"

/* Memory does not begin at whole GiB: how often to look. */
#define PROBE_STEP	(128ull << 20)

/* By node: the first region of its cores' window. */
static u32 *base_of;

/* The first region of RAM, covered or not. */
static u32 lowest;

/**
 * struct memory - which covered regions are memory
 * @ram: of any node
 * @own: of one node
 */
struct memory {
	struct coverage ram;
	struct coverage own;
};

static bool has_ram(u32 region)
{
	return region_intersects((u64)region << HW_REGION_SHIFT,
				 1ull << HW_REGION_SHIFT, IORESOURCE_SYSTEM_RAM,
				 IORES_DESC_NONE) != REGION_DISJOINT;
}

/*
 * The node of a region's memory, NUMA_NO_NODE if there is none. Firmware also
 * assigns nodes to addresses at which memory might be plugged in later.
 */
static int node_of(u32 region)
{
	u64 start = (u64)region << HW_REGION_SHIFT;
	u64 at;
	int node;

	if (!has_ram(region))
		return NUMA_NO_NODE;
	for (at = 0; at < 1ull << HW_REGION_SHIFT; at += PROBE_STEP) {
		node = phys_to_target_node(start + at);
		if (node != NUMA_NO_NODE)
			return node;
	}
	return NUMA_NO_NODE;
}

/* The covered regions that are memory of a node; NUMA_NO_NODE: of any node. */
static int find_memory(struct coverage *cov, int wanted)
{
	u32 i, k, region;
	int node, ret = 0;

	cov->ranges = 0;
	cov->regions = 0;
	for (i = 0; i < the_coverage.ranges && !ret; i++) {
		for (k = 0; k < the_coverage.range[i].count && !ret; k++) {
			region = the_coverage.range[i].first + k;
			node = node_of(region);
			cond_resched();
			if (node != NUMA_NO_NODE &&
			    (node == wanted || wanted == NUMA_NO_NODE))
				ret = coverage_add(cov, region, 1);
		}
	}
	return ret;
}

/* Does one window hold all covered regions? */
static bool one_is_enough(void)
{
	return coverage_end(&the_coverage) -
	       coverage_lowest(&the_coverage) <= HW_WINDOW_REGIONS;
}

static int place_window(struct memory *memory, int node)
{
	int ret = 0;

	if (!one_is_enough())
		ret = find_memory(&memory->own, node);
	if (!ret)
		base_of[node] = plan_place_window(&the_coverage, &memory->ram,
						  &memory->own);
	return ret;
}

/* Online or not, so that those that come later find a window. */
static bool has_cpus(int node)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		if (cpu_to_node(cpu) == node)
			return true;
	return false;
}

/* Nodes without CPUs get the first window that was placed. */
static void place_rest(int first)
{
	int node;

	for_each_node(node) {
		if (!has_cpus(node))
			base_of[node] = base_of[first];
	}
}

/*
 * Nodes without CPUs need no window of their own. (If one gets its first CPUs
 * by hotplug of a socket, these use the first window.)
 */
static int place_windows(struct memory *memory)
{
	int node, first = NUMA_NO_NODE, ret = 0;

	if (!one_is_enough())
		ret = find_memory(&memory->ram, NUMA_NO_NODE);
	for_each_node(node) {
		if (ret || !has_cpus(node))
			continue;
		ret = place_window(memory, node);
		if (first == NUMA_NO_NODE)
			first = node;
	}
	if (!ret)
		place_rest(first);
	return ret;
}

/* The node of its part of the RMP: the planner lets a leader near it lead. */
static u16 home_of(u32 region)
{
	u64 rmp = host_rmp_address(region);
	int node = rmp ? phys_to_target_node(rmp) : NUMA_NO_NODE;

	return node == NUMA_NO_NODE ? PLAN_NONE : node;
}

static u32 distance(u32 from, u32 to)
{
	return node_distance(from, to);
}

static int size_plan(void)
{
	struct plan *plan = &the_plan;
	unsigned long *maps;
	u32 i;

	plan_size(plan, the_coverage.regions);
	plan->distance = distance;
	plan->region = kvcalloc(plan->regions, sizeof(*plan->region), GFP_KERNEL);
	plan->core = kcalloc(nr_cpu_ids, sizeof(*plan->core), GFP_KERNEL);
	maps = kvcalloc(plan_longs(plan), sizeof(*maps), GFP_KERNEL);
	plan->clean = maps;
	if (!plan->region || !plan->core || !maps)
		return -ENOMEM;
	plan_init(plan, maps);
	plan_number(plan, &the_coverage);
	for (i = 0; i < plan->regions; i++)
		plan->region[i].home = home_of(plan->region[i].number);
	return 0;
}

/**
 * windows_start - place the windows and allocate the plan
 *
 * At load, when the coverage is known; may sleep.
 *
 * Return: 0, -ENOMEM, -E2BIG if memory is scattered over too many ranges;
 * windows_stop() cleans up after all of them.
 */
int windows_start(void)
{
	struct memory *memory = kvzalloc(sizeof(*memory), GFP_KERNEL);
	int ret = -ENOMEM;

	while (!has_ram(lowest) && lowest < coverage_end(&the_coverage))
		lowest++;
	base_of = kcalloc(nr_node_ids, sizeof(*base_of), GFP_KERNEL);
	if (memory && base_of)
		ret = place_windows(memory);
	if (!ret)
		ret = size_plan();
	kvfree(memory);
	return ret;
}

/**
 * windows_stop - free what windows_start() has allocated
 */
void windows_stop(void)
{
	/* The first of its maps. */
	kvfree(the_plan.clean);
	kfree(the_plan.core);
	kvfree(the_plan.region);
	kfree(base_of);
}

/**
 * windows_own_base - the RMPOPT_BASE that a kernel which drives RMPOPT itself
 *	writes: the lowest region of RAM, for all cores [S]
 *
 * Any context.
 */
u64 windows_own_base(void)
{
	return (u64)lowest << HW_REGION_SHIFT | HW_RMPOPT_EN;
}

/**
 * windows_base - the RMPOPT_BASE of a node's cores
 * @node: the node; any other number means the first node
 *
 * Any context. For cores whose RMPOPT_BASE is not set yet: it can't be moved.
 */
u64 windows_base(int node)
{
	bool known = node >= 0 && node < nr_node_ids;
	u32 base = base_of[known ? node : first_node(node_possible_map)];

	return (u64)base << HW_REGION_SHIFT | HW_RMPOPT_EN;
}
