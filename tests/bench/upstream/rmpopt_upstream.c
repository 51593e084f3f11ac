// SPDX-License-Identifier: GPL-2.0
/*
 * What rmpopt is measured against: the algorithm of the series that was posted
 * for the kernel (v10), written anew from a description of it. For benches on
 * the emulated machine; never load it on a host.
 *
 * Every GiB from the lowest to the highest address of RAM, 2 TiB at most, is
 * verified by the CPU that runs the work, then by the primary threads of all
 * other cores at once, in one synchronous interrupt for each GiB. Nothing is
 * remembered, so each pass is like the first.
 *
 *	echo pass > /sys/module/rmpopt_upstream/parameters/run
 *
 * returns when it is done. "lead" and "follow" are its two halves, for benches
 * that want to look between them.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/minmax.h>
#include <linux/mmzone.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/nodemask.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/topology.h>
#include <asm/asm.h>
#include <asm/msr.h>

#define MSR_RMPOPT_BASE		0xc0010139
#define RMPOPT_EN		BIT_ULL(0)
#define GIB_SHIFT		30
#define PFN_TO_GIB		(GIB_SHIFT - PAGE_SHIFT)
#define WINDOW_GIB		2048ul

static unsigned long regions;
module_param(regions, ulong, 0444);
MODULE_PARM_DESC(regions, "as if RAM reached up to this GiB (0: as it does)");

/* The first GiB of RAM, and the one behind the last. */
static unsigned long first_gib, end_gib;
static cpumask_var_t primaries, others;

/* The answer is thrown away, and so is a fault. */
static void verify(void *info)
{
	unsigned long rax = (unsigned long)info << GIB_SHIFT;

	asm volatile("1:\t.byte 0xf2, 0x0f, 0x01, 0xfc\n"
		     "2:\n"
		     _ASM_EXTABLE(1b, 2b)
		     : : "a" (rax), "c" (0ul) : "cc", "memory");
}

static void write_base(void *info)
{
	u64 base = (unsigned long)info;

	wrmsr_safe(MSR_RMPOPT_BASE, (u32)base, (u32)(base >> 32));
}

static void lead(void)
{
	unsigned long gib;

	for (gib = first_gib; gib < end_gib; gib++) {
		verify((void *)gib);
		cond_resched();
	}
}

static void follow(void)
{
	unsigned long gib;

	for (gib = first_gib; gib < end_gib; gib++) {
		on_each_cpu_mask(others, verify, (void *)gib, true);
		cond_resched();
	}
}

/* One pass, or a half of it, on the CPU that happens to be this one. */
static int run_set(const char *value, const struct kernel_param *kp)
{
	bool whole = sysfs_streq(value, "pass");
	bool leads = whole || sysfs_streq(value, "lead");
	bool follows = whole || sysfs_streq(value, "follow");

	if (!leads && !follows)
		return -EINVAL;
	cpus_read_lock();
	migrate_disable();
	cpumask_andnot(others, primaries, topology_sibling_cpumask(smp_processor_id()));
	if (leads)
		lead();
	if (follows)
		follow();
	migrate_enable();
	cpus_read_unlock();
	return 0;
}

static const struct kernel_param_ops run_ops = { .set = run_set };
module_param_cb(run, &run_ops, NULL, 0200);
MODULE_PARM_DESC(run, "write pass, lead or follow");

static void find_ram(void)
{
	unsigned long low = ULONG_MAX, high = 0;
	int node;

	for_each_online_node(node) {
		if (!NODE_DATA(node)->node_spanned_pages)
			continue;
		low = min(low, NODE_DATA(node)->node_start_pfn);
		high = max(high, node_end_pfn(node));
	}
	first_gib = low >> PFN_TO_GIB;
	end_gib = regions ?: DIV_ROUND_UP(high, 1ul << PFN_TO_GIB);
	end_gib = min(end_gib, first_gib + WINDOW_GIB);
}

static void set_base(u64 base)
{
	on_each_cpu_mask(primaries, write_base, (void *)(unsigned long)base, true);
}

/* Once, as the original does it. */
static void find_primaries(void)
{
	int cpu;

	for_each_online_cpu(cpu)
		if (cpu == cpumask_first(topology_sibling_cpumask(cpu)))
			cpumask_set_cpu(cpu, primaries);
}

static int __init upstream_init(void)
{
	if (!zalloc_cpumask_var(&primaries, GFP_KERNEL))
		return -ENOMEM;
	if (!zalloc_cpumask_var(&others, GFP_KERNEL)) {
		free_cpumask_var(primaries);
		return -ENOMEM;
	}
	find_ram();
	cpus_read_lock();
	find_primaries();
	set_base((u64)first_gib << GIB_SHIFT | RMPOPT_EN);
	cpus_read_unlock();
	pr_info("GiB %lu ... %lu\n", first_gib, end_gib - 1);
	return 0;
}
module_init(upstream_init);

static void __exit upstream_exit(void)
{
	cpus_read_lock();
	set_base(0);
	cpus_read_unlock();
	free_cpumask_var(others);
	free_cpumask_var(primaries);
}
module_exit(upstream_exit);

MODULE_DESCRIPTION("Bench only: the algorithm that rmpopt is measured against");
MODULE_LICENSE("GPL");
