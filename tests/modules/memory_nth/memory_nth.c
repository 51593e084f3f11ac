// SPDX-License-Identifier: GPL-2.0
/*
 * One allocation fails: the nth of those that rmpopt makes, or that the kernel
 * makes on its behalf, in whatever task. Its code is looked for on the stack.
 *
 * Parameters: nth, how many are left until then (0: none fails); said, 1: each
 * that is seen is logged; refused, read: the stack of the one that failed.
 */
#include <linux/cpumask.h>
#include <linux/init.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/preempt.h>
#include <linux/stacktrace.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#define DEPTH 24

static atomic_t nth = ATOMIC_INIT(0);
module_param_named(nth, nth.counter, int, 0644);
static bool said;
module_param(said, bool, 0644);

struct code {
	unsigned long begin, end;
};

static struct code text, init_text;

static bool holds(const struct code *range, unsigned long address)
{
	return address >= READ_ONCE(range->begin) && address < READ_ONCE(range->end);
}

/* With this option the kernel dumps its stack if it has no memory for a cpumask, which looks like a bug. */
static bool says_so(unsigned long address)
{
	const unsigned long mask = (unsigned long)alloc_cpumask_var_node;

	return IS_ENABLED(CONFIG_DEBUG_PER_CPU_MAPS) && address > mask && address < mask + 256;
}

static bool by_rmpopt(const unsigned long *stack, unsigned int depth)
{
	unsigned int i;

	for (i = 0; i < depth; i++) {
		if (says_so(stack[i]))
			return false;
		if (holds(&text, stack[i]) || holds(&init_text, stack[i]))
			return true;
	}
	return false;
}

static noinline void *refuse(void)
{
	return NULL;
}

/* Written by the one that fails, read when it has. */
static unsigned long refused[DEPTH];
static unsigned int refused_depth;

/* Its caller gets what refuse() returns, in its stead. */
static int asked(struct kprobe *probe, struct pt_regs *regs)
{
	unsigned long stack[DEPTH];
	unsigned int depth;

	if (atomic_read(&nth) <= 0 || !in_task())
		return 0;
	depth = stack_trace_save(stack, DEPTH, 0);
	if (!by_rmpopt(stack, depth))
		return 0;
	if (said)
		pr_info("%s, %d are left\n", probe->symbol_name, atomic_read(&nth) - 1);
	if (atomic_dec_return(&nth))
		return 0;
	memcpy(refused, stack, depth * sizeof(*stack));
	WRITE_ONCE(refused_depth, depth);
	instruction_pointer_set(regs, (unsigned long)refuse);
	return 1;
}
NOKPROBE_SYMBOL(asked);

static int get_refused(char *buffer, const struct kernel_param *kp)
{
	unsigned int i, depth = READ_ONCE(refused_depth);
	int length = 0;

	for (i = 0; i < depth; i++)
		length += sysfs_emit_at(buffer, length, "%pS\n", (void *)refused[i]);
	return length;
}

static const struct kernel_param_ops refused_ops = { .get = get_refused };
module_param_cb(refused, &refused_ops, NULL, 0400);

#define PROBE(name) { .symbol_name = #name, .pre_handler = asked }

/* vmalloc() and the page allocator below these are reached through them. */
static struct kprobe probes[] = {
	PROBE(__kmalloc_cache_noprof),
	PROBE(__kmalloc_cache_node_noprof),
	PROBE(__kmalloc_noprof),
	PROBE(__kmalloc_node_noprof),
	PROBE(__kmalloc_node_track_caller_noprof),
	PROBE(kmem_cache_alloc_noprof),
	PROBE(kmem_cache_alloc_lru_noprof),
	PROBE(kmem_cache_alloc_node_noprof),
	PROBE(__kvmalloc_node_noprof),
	PROBE(__vmalloc_node_range_noprof),
	PROBE(pcpu_alloc_noprof),
};

static void note(struct code *range, const struct module_memory *memory)
{
	WRITE_ONCE(range->end, 0);
	WRITE_ONCE(range->begin, (unsigned long)memory->base);
	WRITE_ONCE(range->end, (unsigned long)memory->base + memory->size);
}

static int module_event(struct notifier_block *block, unsigned long event, void *data)
{
	struct module *module = data;

	if (strcmp(module->name, "rmpopt"))
		return NOTIFY_DONE;
	if (event == MODULE_STATE_COMING) {
		note(&text, &module->mem[MOD_TEXT]);
		note(&init_text, &module->mem[MOD_INIT_TEXT]);
	} else if (event == MODULE_STATE_LIVE) {
		WRITE_ONCE(init_text.end, 0);
	}
	return NOTIFY_DONE;
}

static struct notifier_block notifier = { .notifier_call = module_event };

static int __init memory_nth_init(void)
{
	unsigned int i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(probes); i++) {
		ret = register_kprobe(&probes[i]);
		if (ret)
			goto fail;
	}
	ret = register_module_notifier(&notifier);
	if (!ret)
		return 0;
fail:
	while (i--)
		unregister_kprobe(&probes[i]);
	return ret;
}
module_init(memory_nth_init);

static void __exit memory_nth_exit(void)
{
	unsigned int i;

	unregister_module_notifier(&notifier);
	for (i = 0; i < ARRAY_SIZE(probes); i++)
		unregister_kprobe(&probes[i]);
}
module_exit(memory_nth_exit);

MODULE_DESCRIPTION("Test: one allocation of rmpopt fails");
MODULE_LICENSE("GPL");
