// SPDX-License-Identifier: GPL-2.0
/*
 * What rmpopt is measured against: two algorithms for the kernel itself, written
 * anew from descriptions of them. For benches on the emulated machine; never
 * load it on a host.
 *
 * Both verify every GiB from the lowest to the highest address of RAM, 2 TiB at
 * most, on the CPU that runs the work, and then on other cores:
 *
 * v10, the last version that was posted as a series: the primary threads of all
 * other cores at once, in one synchronous interrupt for each GiB.
 * merged, what became of it: the primary threads of all cores, in one interrupt
 * in which each of them verifies the whole range.
 *
 * Nothing is remembered, so each pass is like the first. RMPOPT_BASE is written
 * once and left as it is, as RMPOPT_EN can't be cleared while SNP is enabled.
 *
 *	echo merged-lead > /sys/module/rmpopt_upstream/parameters/run
 *
 * returns when it is done: the first half of a pass. "merged-follow" is the
 * second half, "v10-lead" and "v10-follow" are those of v10.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/array_size.h>
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

/* With interrupts on: those of this CPU are served between two instructions. */
static void v10_lead(void)
{
	unsigned long gib;

	for (gib = first_gib; gib < end_gib; gib++) {
		verify((void *)gib);
		cond_resched();
	}
}

static void v10_follow(void)
{
	unsigned long gib;

	for (gib = first_gib; gib < end_gib; gib++) {
		on_each_cpu_mask(others, verify, (void *)gib, true);
		cond_resched();
	}
}

static void verify_range(void *unused)
{
	unsigned long gib;

	for (gib = first_gib; gib < end_gib; gib++)
		verify((void *)gib);
}

static void merged_lead(void)
{
	verify_range(NULL);
}

/* This core, too, once more. */
static void merged_follow(void)
{
	on_each_cpu_mask(primaries, verify_range, NULL, true);
}

static const struct half {
	const char *name;
	void (*run)(void);
} halves[] = {
	{ "v10-lead", v10_lead },
	{ "v10-follow", v10_follow },
	{ "merged-lead", merged_lead },
	{ "merged-follow", merged_follow },
};

static const struct half *find_half(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(halves); i++)
		if (sysfs_streq(name, halves[i].name))
			return &halves[i];
	return NULL;
}

/* Half a pass, led by the CPU that happens to be this one. */
static int run_set(const char *value, const struct kernel_param *kp)
{
	const struct half *half = find_half(value);

	if (!half)
		return -EINVAL;
	cpus_read_lock();
	migrate_disable();
	cpumask_andnot(others, primaries, topology_sibling_cpumask(smp_processor_id()));
	half->run();
	migrate_enable();
	cpus_read_unlock();
	return 0;
}

static const struct kernel_param_ops run_ops = { .set = run_set };
module_param_cb(run, &run_ops, NULL, 0200);
MODULE_PARM_DESC(run, "write v10-lead, v10-follow, merged-lead or merged-follow");

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

/* As merged: if this CPU has one, all have. */
static void arm(void)
{
	u64 base = (u64)first_gib << GIB_SHIFT | RMPOPT_EN, now;

	if (!rdmsrq_safe(MSR_RMPOPT_BASE, &now) && now & RMPOPT_EN)
		return;
	on_each_cpu_mask(primaries, write_base, (void *)(unsigned long)base, true);
}

/* Once, as both do it. */
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
	arm();
	cpus_read_unlock();
	pr_info("GiB %lu ... %lu\n", first_gib, end_gib - 1);
	return 0;
}
module_init(upstream_init);

static void __exit upstream_exit(void)
{
	free_cpumask_var(others);
	free_cpumask_var(primaries);
}
module_exit(upstream_exit);

MODULE_DESCRIPTION("Bench only: the algorithms that rmpopt is measured against");
MODULE_LICENSE("GPL");
