// SPDX-License-Identifier: GPL-2.0
/*
 * Hooks: how the module learns what happens on the host. All of them are hints:
 * only the hardware counts, and without hooks the watch finds everything, but
 * later. It is never an error if one can't be attached.
 *
 *	rmp_make_shared	A page goes back to the hypervisor: its region may be
 *			regained. Called for each page that is given back,
 *			most of them 4 KiB: see events.c for what that costs.
 *	snp_shutdown	(7.1 and later) SnpEn has just been cleared. A running
 *			pass is to end, or its faults would look like broken
 *			cores and, if SNP is prepared anew at once, it would
 *			go on before SNP_INIT is done.
 *	snp_prepare	(7.1 and later) SnpEn is about to be set. Several ioctls
 *			of /dev/sev shut SNP down and initialise it again
 *			between two looks of the worker; if it has missed the
 *			shutdown, it learns here that all tables are going to
 *			be zeroed.
 *	kvm_amd, ccp	The module notifier is called for them when SNP_INIT or
 *			the shutdown is done: the time to look.
 *
 * Probes are only set on functions of the kernel itself, as ccp and kvm_amd can
 * be unloaded at any time. Registering a probe patches the kernel with an IPI
 * to all CPUs, so it is done once per load.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/ptrace.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "state/params.h"
#include "state/state.h"
#include "events.h"
#include "hooks.h"

/* Not attached yet, or not any more. */
#define HOOK_OFF	(-EINPROGRESS)

/**
 * struct hook - one probe
 * @probe: the function and its handler
 * @error: 0 while it is attached, or why it is not
 */
struct hook {
	struct kprobe probe;
	int error;
};

/*
 * Handlers run with preemption disabled and, while the kernel is dying, with
 * interrupts disabled and all other CPUs stopped: then they do nothing. (ccp
 * shuts SNP down in a panic notifier.)
 */

static int page_comes_back(struct kprobe *probe, struct pt_regs *regs)
{
	if (likely(!oops_in_progress))
		events_converted(regs_get_kernel_argument(regs, 0));
	return 0;
}
NOKPROBE_SYMBOL(page_comes_back);

static int snp_moves(struct kprobe *probe, struct pt_regs *regs)
{
	if (oops_in_progress)
		return 0;
	WRITE_ONCE(wishes.snp_moved, true);
	state_kick_from_probe();
	return 0;
}
NOKPROBE_SYMBOL(snp_moves);

static struct hook hooks[] = {
	{ .probe = { .symbol_name = "rmp_make_shared",
		     .pre_handler = page_comes_back }, .error = HOOK_OFF },
	{ .probe = { .symbol_name = "snp_prepare",
		     .pre_handler = snp_moves }, .error = HOOK_OFF },
	{ .probe = { .symbol_name = "snp_shutdown",
		     .pre_handler = snp_moves }, .error = HOOK_OFF },
};

static const char * const modules[] = { "kvm_amd", "ccp" };
static int modules_error = HOOK_OFF;

/* SNP_INIT, or a shutdown, is done. */
static int module_moves(struct notifier_block *block, unsigned long action,
			void *data)
{
	const struct module *module = data;

	if ((action == MODULE_STATE_LIVE || action == MODULE_STATE_GOING) &&
	    match_string(modules, ARRAY_SIZE(modules), module->name) >= 0) {
		/* Before 7.1 SnpEn does not change then. */
		WRITE_ONCE(wishes.snp_moved, true);
		state_kick();
	}
	return NOTIFY_DONE;
}

static struct notifier_block module_notifier = {
	.notifier_call = module_moves,
};

/**
 * hooks_start - attach what can be attached
 *
 * At load; sleeps.
 */
void hooks_start(void)
{
	u32 i;

	if (!params.hooks)
		return;
	WRITE_ONCE(modules_error, register_module_notifier(&module_notifier));
	for (i = 0; i < ARRAY_SIZE(hooks); i++)
		WRITE_ONCE(hooks[i].error, register_kprobe(&hooks[i].probe));
}

/**
 * hooks_stop - detach all
 *
 * After worker_leave(); sleeps until no handler runs and nothing is queued.
 */
void hooks_stop(void)
{
	struct kprobe *attached[ARRAY_SIZE(hooks)];
	bool notified = !modules_error;
	u32 i, count = 0;

	/* Hooks that are being detached are not shown. */
	for (i = 0; i < ARRAY_SIZE(hooks); i++) {
		if (!hooks[i].error)
			attached[count++] = &hooks[i].probe;
		WRITE_ONCE(hooks[i].error, HOOK_OFF);
	}
	WRITE_ONCE(modules_error, HOOK_OFF);
	if (notified)
		unregister_module_notifier(&module_notifier);
	/* All of them with one grace period. */
	unregister_kprobes(attached, count);
	state_kick_drain();
}

static int show_attached(char *buf, const int *errors, int of_modules)
{
	int at = 0;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(hooks); i++)
		if (!errors[i])
			at += sysfs_emit_at(buf, at, "%s ",
					    hooks[i].probe.symbol_name);
	for (i = 0; i < ARRAY_SIZE(modules) && !of_modules; i++)
		at += sysfs_emit_at(buf, at, "%s ", modules[i]);
	/* Without the last blank. */
	return at ? at - 1 : sysfs_emit_at(buf, at, "none");
}

static int show_missing(char *buf, int at, const char *name, int error)
{
	switch (error) {
	case 0:
		return 0;
	case HOOK_OFF:
		return sysfs_emit_at(buf, at, "; %s: the module is being loaded or unloaded",
				     name);
	case -EOPNOTSUPP:
		return sysfs_emit_at(buf, at, "; %s: this kernel has no kprobes",
				     name);
	case -ENOENT:
		return sysfs_emit_at(buf, at, "; %s: this kernel has no such function",
				     name);
	}
	return sysfs_emit_at(buf, at, "; %s: the kernel refuses it (error %d)",
			     name, error);
}

/**
 * hooks_describe - say which hooks are attached, and why others are not
 * @buf: a page, for sysfs
 *
 * Return: length.
 */
ssize_t hooks_describe(char *buf)
{
	int errors[ARRAY_SIZE(hooks)];
	int of_modules = READ_ONCE(modules_error);
	int at;
	u32 i;

	if (engine.view_only)
		return sysfs_emit(buf, "none: not used in view-only mode\n");
	if (!params.hooks)
		return sysfs_emit(buf, "none: the parameter hooks is N\n");
	/* They may be attached or detached meanwhile: read each once. */
	for (i = 0; i < ARRAY_SIZE(hooks); i++)
		errors[i] = READ_ONCE(hooks[i].error);
	at = show_attached(buf, errors, of_modules);
	for (i = 0; i < ARRAY_SIZE(hooks); i++)
		at += show_missing(buf, at, hooks[i].probe.symbol_name, errors[i]);
	at += show_missing(buf, at, "module notifier", of_modules);
	return at + sysfs_emit_at(buf, at, "\n");
}
