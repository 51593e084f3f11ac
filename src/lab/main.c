// SPDX-License-Identifier: GPL-2.0
/*
 * Load, unload, and the device.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/cleanup.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/printk.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <asm/tsc.h>

#include "host/host.h"
#include "host/hw.h"
#include "plan/coverage.h"
#include "lab.h"

static bool beside;
module_param(beside, bool, 0444);
MODULE_PARM_DESC(beside, "load beside rmpopt, or in a kernel that drives RMPOPT itself: reports and reads only");

static DEFINE_MUTEX(lock);
static atomic_t in_use = ATOMIC_INIT(0);
/* Filled to learn the RMP's segments; not used itself. */
static struct coverage coverage;

bool lab_beside(void)
{
	return beside;
}

static u32 host_flags(void)
{
	const char *why = host_only_views();

	return (hw_has_rmpopt() ? LAB_HAS_RMPOPT : 0) |
	       (hw_has_rmpread() ? LAB_HAS_RMPREAD : 0) |
	       (host_snp(true, NULL) == HOST_SNP_READY ? LAB_SNP_READY : 0) |
	       (beside ? LAB_BESIDE : 0) |
	       (why ? LAB_IN_KERNEL : 0);
}

static int store_segments(struct lab_info *info)
{
	struct lab_segment __user *to = u64_to_user_ptr(info->segments);
	struct host_segment segment;
	u32 i;

	for (i = 0; i < HW_RST_ENTRIES; i++) {
		struct lab_segment one;

		if (!host_segment(i, &segment))
			continue;
		one = (struct lab_segment){
			.first = segment.first, .regions = segment.regions,
			.rmp = segment.rmp, .node = segment.node,
		};
		if (info->nr_segments < info->max_segments &&
		    copy_to_user(to + info->nr_segments, &one, sizeof(one)))
			return -EFAULT;
		info->nr_segments++;
	}
	return 0;
}

static long info_ioctl(struct lab_info __user *user)
{
	struct lab_info info;

	if (copy_from_user(&info, user, sizeof(info)))
		return -EFAULT;
	info.version = LAB_VERSION;
	info.flags = host_flags();
	info.tsc_khz = tsc_khz;
	info.nr_segments = 0;
	info.pad = 0;
	return store_segments(&info) ?:
	       copy_to_user(user, &info, sizeof(info)) ? -EFAULT : 0;
}

static long lab_ioctl(struct file *file, unsigned int command, unsigned long arg)
{
	void __user *user = (void __user *)arg;

	scoped_cond_guard(mutex_intr, return -EINTR, &lock) {
		switch (command) {
		case LAB_INFO:
			return info_ioctl(user);
		case LAB_RUN:
			return run_ioctl(user);
		case LAB_TAKE:
			return take_ioctl(user);
		case LAB_CONVERT:
			return convert_ioctl(user);
		case LAB_GIVE_ALL:
			pages_give_all();
			return 0;
		}
	}
	return -ENOTTY;
}

static int lab_open(struct inode *inode, struct file *file)
{
	return atomic_cmpxchg(&in_use, 0, 1) ? -EBUSY : nonseekable_open(inode, file);
}

static int lab_release(struct inode *inode, struct file *file)
{
	scoped_guard(mutex, &lock)
		pages_give_all();
	atomic_set(&in_use, 0);
	return 0;
}

static const struct file_operations lab_fops = {
	.owner = THIS_MODULE,
	.open = lab_open,
	.release = lab_release,
	.unlocked_ioctl = lab_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "rmpopt_lab",
	.fops = &lab_fops,
	.mode = 0600,
};

/* While rmpopt has beliefs about tables, nobody else may verify. */
static int on_module(struct notifier_block *nb, unsigned long event, void *data)
{
	const struct module *module = data;

	if (event != MODULE_STATE_COMING || strcmp(module->name, "rmpopt"))
		return NOTIFY_DONE;
	pr_err("rmpopt can't be loaded together with rmpopt_lab: run \"rmmod rmpopt_lab\" first\n");
	return notifier_from_errno(-EBUSY);
}

static struct notifier_block module_notifier = {
	.notifier_call = on_module,
};

/* Without kprobes, one that is just being loaded is not seen. */
static bool rmpopt_is_loaded(void)
{
	if (!__symbol_get("rmpopt_scan"))
		return host_has_function("rmpopt_scan");
	symbol_put(rmpopt_scan);
	return true;
}

/*
 * A module is in kallsyms before notifiers are called for it. So if rmpopt is
 * being loaded at the same time, either the lookup or the notifier finds it.
 */
static int keep_rmpopt_away(void)
{
	int ret = register_module_notifier(&module_notifier);

	if (ret || !rmpopt_is_loaded())
		return ret;
	unregister_module_notifier(&module_notifier);
	pr_err("rmpopt is loaded: run \"rmmod rmpopt\" first, or load with beside=1 for reports only\n");
	return -EBUSY;
}

static int check_host(void)
{
	const char *why;
	int ret = host_check();

	if (ret)
		return ret;
	why = host_only_views();
	if (why && !host_tables_may_be_in_use()) {
		pr_err("no RMPOPT to experiment with: %s\n", why);
		return -ENODEV;
	}
	if (why && !beside) {
		pr_err("%s: load with beside=1 for reports only\n", why);
		return -EBUSY;
	}
	return host_coverage(&coverage);
}

static int __init lab_load(void)
{
	int ret = check_host();

	if (!ret && !beside)
		ret = keep_rmpopt_away();
	if (ret)
		return ret;
	ret = misc_register(&device);
	if (ret && !beside)
		unregister_module_notifier(&module_notifier);
	return ret;
}
module_init(lab_load);

static void __exit lab_unload(void)
{
	misc_deregister(&device);
	run_end();
	if (!beside)
		unregister_module_notifier(&module_notifier);
}
module_exit(lab_unload);

MODULE_AUTHOR("The rmpopt developers");
MODULE_DESCRIPTION("Laboratory for RMPOPT: executes single instructions for \"rmpoptctl lab\"");
MODULE_LICENSE("GPL");
MODULE_VERSION(RMPOPT_VERSION);
