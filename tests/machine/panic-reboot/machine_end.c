// SPDX-License-Identifier: GPL-2.0
/*
 * The end of a kernel, and the machine told of it.
 *
 * A write to /sys/module/machine_end/parameters/die is a panic. The CPU that panics
 * is marked just before, with interrupts disabled; all others by the first panic
 * notifier: panic() has just stopped them.
 *
 * At a reboot all are marked, and whoever is held is let go OPEN_MS later: until
 * then the pass that he is in has to be waited for. With hang=1 he is not.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/panic_notifier.h>
#include <linux/reboot.h>
#include <linux/smp.h>
#include <linux/workqueue.h>

#include "call.h"

#define OPEN_MS	300

static bool hang;
module_param(hang, bool, 0400);

static void tell(enum machine_op op, unsigned long argument)
{
	unsigned long abc[3] = { argument };

	machine_call(op, abc);
}

static int die_set(const char *text, const struct kernel_param *param)
{
	local_irq_disable();
	tell(MACHINE_MARK, smp_processor_id());
	panic("test");
}

static const struct kernel_param_ops die_ops = { .set = die_set };
module_param_cb(die, &die_ops, NULL, 0200);

static int on_panic(struct notifier_block *block, unsigned long action,
		    void *unused)
{
	tell(MACHINE_MARK, MACHINE_ALL);
	return NOTIFY_DONE;
}

static struct notifier_block panic_first = {
	.notifier_call = on_panic,
	.priority = INT_MAX,
};

static void open_gate(struct work_struct *work)
{
	tell(MACHINE_OPEN, 0);
}

static DECLARE_DELAYED_WORK(opening, open_gate);

static int on_reboot(struct notifier_block *block, unsigned long action,
		     void *unused)
{
	tell(MACHINE_MARK, MACHINE_ALL);
	if (!hang)
		schedule_delayed_work(&opening, msecs_to_jiffies(OPEN_MS));
	return NOTIFY_DONE;
}

static struct notifier_block reboot_first = {
	.notifier_call = on_reboot,
	.priority = INT_MAX,
};

/* It is never unloaded. */
static int __init machine_end_init(void)
{
	int ret = register_reboot_notifier(&reboot_first);

	return ret ?: atomic_notifier_chain_register(&panic_notifier_list, &panic_first);
}
module_init(machine_end_init);

MODULE_DESCRIPTION("Test: the end of a kernel at a chosen moment");
MODULE_LICENSE("GPL");
