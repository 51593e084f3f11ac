// SPDX-License-Identifier: GPL-2.0
/*
 * Stops the loading of the module "victim" while "hold" is Y, inside a module
 * notifier. As long as that lasts nobody can register or unregister one.
 */
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/string.h>

static char *victim = "";
module_param(victim, charp, 0444);
MODULE_PARM_DESC(victim, "name of the module whose loading is stopped");

static bool hold = true;
module_param(hold, bool, 0644);
MODULE_PARM_DESC(hold, "it is; N lets it go on");

static bool held;
module_param(held, bool, 0444);
MODULE_PARM_DESC(held, "it is being stopped");

static int on_module(struct notifier_block *block, unsigned long action, void *data)
{
	const struct module *module = data;

	if (action != MODULE_STATE_COMING || strcmp(module->name, victim))
		return NOTIFY_DONE;
	WRITE_ONCE(held, true);
	while (READ_ONCE(hold))
		msleep(20);
	WRITE_ONCE(held, false);
	return NOTIFY_DONE;
}

static struct notifier_block notifier = {
	.notifier_call = on_module,
};

static int __init slow_notifier_init(void)
{
	return register_module_notifier(&notifier);
}
module_init(slow_notifier_init);

static void __exit slow_notifier_exit(void)
{
	unregister_module_notifier(&notifier);
}
module_exit(slow_notifier_exit);

MODULE_DESCRIPTION("Test: stops the loading of a module for a while");
MODULE_LICENSE("GPL");
