// SPDX-License-Identifier: GPL-2.0
/*
 * Pages change hands as they do when guests begin and end: by the kernel's own
 * rmp_make_private() and rmp_make_shared(), so that hooks there see it.
 *
 * /sys/kernel/convert/do takes one command per write:
 *	private PFN ASID	a guest takes a page, ASID 0: firmware
 *	shared PFN		it comes back
 *	cost PFN N		it comes back N times; cost tells how long it took
 * /sys/kernel/convert/cost: cycles per call, of the fastest of ROUNDS rounds.
 */
#include <linux/kobject.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/sysfs.h>
#include <asm/msr.h>
#include <asm/pgtable_types.h>
#include <asm/sev.h>

#define ROUNDS	20

static u64 cost;

static int one_round(u64 pfn, u64 calls, u64 *cycles)
{
	u64 start = rdtsc_ordered();
	int ret = 0;
	u64 n;

	for (n = 0; n < calls && !ret; n++)
		ret = rmp_make_shared(pfn, PG_LEVEL_4K);
	*cycles = rdtsc_ordered() - start;
	return ret;
}

static int measure(u64 pfn, u64 calls)
{
	u64 cycles, fastest = U64_MAX;
	int n, ret = 0;

	if (!calls)
		return -EINVAL;
	for (n = 0; n < ROUNDS && !ret; n++) {
		ret = one_round(pfn, calls, &cycles);
		fastest = min(fastest, cycles);
		cond_resched();
	}
	WRITE_ONCE(cost, div64_u64(fastest, calls));
	return ret;
}

static int execute(const char *text)
{
	u64 pfn, number;

	if (sscanf(text, "private %llu %llu", &pfn, &number) == 2)
		return rmp_make_private(pfn, 0, PG_LEVEL_4K, number, !number);
	if (sscanf(text, "cost %llu %llu", &pfn, &number) == 2)
		return measure(pfn, number);
	if (sscanf(text, "shared %llu", &pfn) == 1)
		return rmp_make_shared(pfn, PG_LEVEL_4K);
	return -EINVAL;
}

static ssize_t do_store(struct kobject *kobj, struct kobj_attribute *attr,
			const char *buf, size_t count)
{
	return execute(buf) ?: count;
}

static ssize_t cost_show(struct kobject *kobj, struct kobj_attribute *attr,
			 char *buf)
{
	return sysfs_emit(buf, "%llu\n", READ_ONCE(cost));
}

static struct kobj_attribute do_attr = __ATTR_WO(do);
static struct kobj_attribute cost_attr = __ATTR_RO(cost);

static const struct attribute *attrs[] = {
	&do_attr.attr,
	&cost_attr.attr,
	NULL
};

static struct kobject *root;

static int __init convert_init(void)
{
	int ret;

	root = kobject_create_and_add("convert", kernel_kobj);
	if (!root)
		return -ENOMEM;
	ret = sysfs_create_files(root, attrs);
	if (ret)
		kobject_put(root);
	return ret;
}
module_init(convert_init);

static void __exit convert_exit(void)
{
	kobject_put(root);
}
module_exit(convert_exit);

MODULE_DESCRIPTION("Test: pages change hands by the kernel's own functions");
MODULE_LICENSE("GPL");
