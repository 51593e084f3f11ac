// SPDX-License-Identifier: GPL-2.0
/*
 * A kernel that drives RMPOPT itself, as Linux 7.4 is to do: written anew from a
 * description of it. Its functions bear the names that such a kernel is known by.
 *
 * One window for all, from the lowest address of RAM on, set on the primary
 * threads when the module is loaded and never cleared. A pass verifies all up to
 * the highest address, 2 TiB at most: first the worker in one go, then all
 * primary threads at once in one interrupt. CPU hotplug is disabled.
 *
 *	passes		passes done; the first one comes delay_ms after the load
 *	pass		whatever is written makes one at once, and returns behind it
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/mmzone.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/nodemask.h>
#include <linux/smp.h>
#include <linux/topology.h>
#include <linux/workqueue.h>
#include <asm/asm.h>
#include <asm/msr.h>

#define MSR_RMPOPT_BASE		0xc0010139
#define RMPOPT_EN		BIT_ULL(0)
#define GIB_SHIFT		30
#define PFN_TO_GIB		(GIB_SHIFT - PAGE_SHIFT)
#define WINDOW_GIB		2048ul

static unsigned int delay_ms = 100;
module_param(delay_ms, uint, 0444);
MODULE_PARM_DESC(delay_ms, "from the load to the first pass");

static unsigned int period_ms;
module_param(period_ms, uint, 0444);
MODULE_PARM_DESC(period_ms, "from a pass to the next one (0: only by the parameter pass)");

static unsigned long passes;
module_param(passes, ulong, 0444);

/* The first GiB of RAM, and the one behind the last. */
static unsigned long first_gib, end_gib;
static cpumask_var_t primaries;
static struct delayed_work work;

static void pass_after(unsigned int ms)
{
	schedule_delayed_work_on(cpumask_first(primaries), &work, msecs_to_jiffies(ms));
}

/* The answer is thrown away; the test's fault must not be the kernel's end. */
static void verify(unsigned long gib)
{
	asm volatile("1:\t.byte 0xf2, 0x0f, 0x01, 0xfc\n"
		     "2:\n"
		     _ASM_EXTABLE(1b, 2b)
		     : : "a" (gib << GIB_SHIFT), "c" (0ul) : "cc", "memory");
}

static noinline void rmpopt_scan_range(void *unused)
{
	unsigned long gib;

	for (gib = first_gib; gib < end_gib; gib++)
		verify(gib);
}

static noinline void do_rmpopt_work(struct work_struct *unused)
{
	rmpopt_scan_range(NULL);
	on_each_cpu_mask(primaries, rmpopt_scan_range, NULL, true);
	WRITE_ONCE(passes, passes + 1);
	if (period_ms)
		pass_after(period_ms);
}

static void set_base(void *unused)
{
	u64 base = (u64)first_gib << GIB_SHIFT | RMPOPT_EN;

	wrmsr_safe(MSR_RMPOPT_BASE, (u32)base, (u32)(base >> 32));
}

/* Where this CPU's core is found armed, whoever did it, nothing is written. */
static noinline void rmpopt_init(void)
{
	u32 low = 0, high;
	int cpu;

	if (rdmsr_safe(MSR_RMPOPT_BASE, &low, &high) || low & RMPOPT_EN)
		return;
	for_each_cpu(cpu, primaries)
		smp_call_function_single(cpu, set_base, NULL, true);
}

static noinline void snp_enable_rmpopt(void)
{
	rmpopt_init();
	pass_after(delay_ms);
}

static int pass_set(const char *value, const struct kernel_param *kp)
{
	rmpopt_init();
	cancel_delayed_work_sync(&work);
	pass_after(0);
	flush_delayed_work(&work);
	return 0;
}

static const struct kernel_param_ops pass_ops = { .set = pass_set };
module_param_cb(pass, &pass_ops, NULL, 0200);
MODULE_PARM_DESC(pass, "write anything for a pass");

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
	end_gib = min(DIV_ROUND_UP(high, 1ul << PFN_TO_GIB), first_gib + WINDOW_GIB);
}

static void find_primaries(void)
{
	int cpu;

	for_each_online_cpu(cpu)
		if (cpu == cpumask_first(topology_sibling_cpumask(cpu)))
			cpumask_set_cpu(cpu, primaries);
}

static int __init in_kernel_init(void)
{
	if (!zalloc_cpumask_var(&primaries, GFP_KERNEL))
		return -ENOMEM;
	INIT_DELAYED_WORK(&work, do_rmpopt_work);
	cpu_hotplug_disable();
	find_ram();
	find_primaries();
	snp_enable_rmpopt();
	pr_info("RMPOPT optimizations enabled\n");
	return 0;
}
module_init(in_kernel_init);

static void __exit in_kernel_exit(void)
{
	disable_delayed_work_sync(&work);
	cpu_hotplug_enable();
	free_cpumask_var(primaries);
}
module_exit(in_kernel_exit);

MODULE_DESCRIPTION("Test: a kernel that drives RMPOPT itself");
MODULE_LICENSE("GPL");
