// SPDX-License-Identifier: GPL-2.0
/*
 * While it is loaded there is no memory for the worker of rmpopt: each
 * __vmalloc() of that thread fails or, with threads=1, each thread that it wants
 * to make. The parameter refused counts them.
 */
#include <linux/err.h>
#include <linux/init.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/sched.h>
#include <linux/string.h>

static int refused;
module_param(refused, int, 0444);

static bool threads;
module_param(threads, bool, 0444);

static noinline void *refuse(void)
{
	return NULL;
}

static noinline void *refuse_thread(void)
{
	return ERR_PTR(-ENOMEM);
}

/* Its caller gets what one of these returns, in its stead. */
static int asked(struct kprobe *probe, struct pt_regs *regs)
{
	if (strcmp(current->comm, "rmpopt"))
		return 0;
	WRITE_ONCE(refused, refused + 1);
	instruction_pointer_set(regs, threads ? (unsigned long)refuse_thread :
						(unsigned long)refuse);
	return 1;
}
NOKPROBE_SYMBOL(asked);

static struct kprobe probe = {
	.symbol_name = "__vmalloc_noprof",
	.pre_handler = asked,
};

static int __init no_memory_init(void)
{
	if (threads)
		probe.symbol_name = "kthread_create_on_node";
	return register_kprobe(&probe);
}
module_init(no_memory_init);

static void __exit no_memory_exit(void)
{
	unregister_kprobe(&probe);
}
module_exit(no_memory_exit);

MODULE_DESCRIPTION("Test: no memory for rmpopt's worker");
MODULE_LICENSE("GPL");
