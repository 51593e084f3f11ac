// SPDX-License-Identifier: GPL-2.0
/*
 * rmpopt: keeps the RMPOPT tables of an AMD SEV-SNP host as full as its RMP
 * allows. Load, unload, parameters that are fixed at load, notifiers.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/errno.h>
#include <linux/init.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/reboot.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/suspend.h>

#include "cores/cores.h"
#include "cores/windows.h"
#include "events/events.h"
#include "events/hooks.h"
#include "events/hotplug.h"
#include "files/sysfs.h"
#include "files/views.h"
#include "host/host.h"
#include "plan/coverage.h"
#include "state/guard.h"
#include "state/params.h"
#include "state/state.h"
#include "worker/worker.h"

static bool disable;
static char *cpus = "all";
static char *coverage = "all";

module_param_named(scan_on_load, params.scan_on_load, bool, 0444);
MODULE_PARM_DESC(scan_on_load, "start the first pass as soon as SNP is initialised (Y or N; default Y)");
module_param_named(init_check, params.init_check, bool, 0444);
MODULE_PARM_DESC(init_check, "check in the RMP that SNP_INIT is done; N: rely on SnpEn alone (Y or N; default Y)");
module_param_named(hooks, params.hooks, bool, 0444);
MODULE_PARM_DESC(hooks, "use kprobes to notice pages that guests give back; N: only the watch finds them (Y or N; default Y)");
module_param(disable, bool, 0444);
MODULE_PARM_DESC(disable, "refuse to load (Y or N; default N)");
module_param(cpus, charp, 0444);
MODULE_PARM_DESC(cpus, "use only cores with a thread in this list (all or a list like 0-3,8; default all)");
module_param(coverage, charp, 0444);
MODULE_PARM_DESC(coverage, "regions to cover, like 0-3,1024-1535 (all or a list like 0-3,8; default all)");

static int take_cpus(void)
{
	int ret = cores_select(cpus);

	if (ret)
		pr_err("parameter cpus=%s is invalid: use \"all\" or a list of CPUs of this host, like 0-3,8\n",
		       cpus);
	return ret;
}

static int intersect_coverage(const struct coverage *rmp,
			      const struct coverage *list)
{
	int ret = coverage_intersect(&the_coverage, rmp, list);

	if (ret) {
		pr_err("parameter coverage=%s has too many ranges (error %d): use fewer, or \"all\"\n",
		       coverage, ret);
		return ret;
	}
	if (!the_coverage.regions) {
		pr_err("parameter coverage=%s is invalid: the RMP covers none of these regions: use some of the %u that it covers between %u and %u\n",
		       coverage, rmp->regions, coverage_lowest(rmp),
		       coverage_end(rmp) - 1);
		return -EINVAL;
	}
	return 0;
}

/* The regions that the RMP covers and the admin has chosen. */
static int take_coverage(void)
{
	struct coverage *rmp = kvmalloc(sizeof(*rmp), GFP_KERNEL);
	struct coverage *list = kvmalloc(sizeof(*list), GFP_KERNEL);
	int ret = -ENOMEM;

	if (!rmp || !list)
		goto out;
	ret = coverage_parse(list, coverage);
	if (ret) {
		pr_err("parameter coverage=%s is invalid: use \"all\" or a list of regions, like 0-3,1024-1535\n",
		       coverage);
		goto out;
	}
	ret = host_coverage(rmp) ?: intersect_coverage(rmp, list);
out:
	kvfree(list);
	kvfree(rmp);
	return ret;
}

/*
 * How long reboot and suspend wait for the running pass, which ends with the
 * instructions under way, and suspend for CPUs that are late; jiffies. If a CPU
 * hangs in one, a reboot goes on without it, and a suspend is refused.
 */
#define PATIENCE (10 * HZ)

/* Reboot, power-off and kexec: end verifies. */
static int on_reboot(struct notifier_block *block, unsigned long action,
		     void *unused)
{
	if (!worker_leave(PATIENCE))
		pr_warn("a pass did not end within 10 s, a CPU may hang in RMPOPT: not waiting any longer\n");
	return NOTIFY_DONE;
}

static struct notifier_block reboot_notifier = {
	.notifier_call = on_reboot,
};

static int on_sleep(struct notifier_block *block, unsigned long action,
		    void *unused)
{
	switch (action) {
	case PM_SUSPEND_PREPARE:
	case PM_HIBERNATION_PREPARE:
	case PM_RESTORE_PREPARE:
		if (worker_suspend(PATIENCE))
			break;
		worker_resume();
		pr_warn("a CPU hangs in RMPOPT, or a pass did not end within 10 s: the system is not suspended\n");
		return notifier_from_errno(-EBUSY);
	case PM_POST_SUSPEND:
	case PM_POST_HIBERNATION:
	case PM_POST_RESTORE:
		worker_resume();
		break;
	}
	return NOTIFY_DONE;
}

static struct notifier_block sleep_notifier = {
	.notifier_call = on_sleep,
};

static int start_notifiers(void)
{
	int ret = register_reboot_notifier(&reboot_notifier);

	if (ret)
		return ret;
	ret = register_pm_notifier(&sleep_notifier);
	if (ret)
		unregister_reboot_notifier(&reboot_notifier);
	return ret;
}

static void stop_notifiers(void)
{
	unregister_pm_notifier(&sleep_notifier);
	unregister_reboot_notifier(&reboot_notifier);
}

/* Everything that others can see or call; rmpopt_unload() undoes it. */
static int start(void)
{
	int ret = hotplug_start();

	if (ret)
		return ret;
	/* Before there are files that show it. */
	if (engine.view_only)
		state_set(STATE_VIEWING, "%s", engine.view_only);
	ret = sysfs_start();
	if (ret)
		goto unwatch;
	ret = worker_start();
	if (ret)
		goto files;
	ret = start_notifiers();
	if (ret)
		goto leave;
	/* In view-only mode hooks are not used. */
	if (!engine.view_only)
		hooks_start();
	views_start();
	return 0;

leave:
	worker_leave(MAX_SCHEDULE_TIMEOUT);
	worker_stop();
files:
	sysfs_stop();
unwatch:
	hotplug_stop();
	return ret;
}

/*
 * Not rmpopt_init(): host_check() would take it for a function of the kernel.
 */
static int __init rmpopt_load(void)
{
	int ret;

	if (disable) {
		pr_err("disabled by the parameter disable, in modprobe.d or as rmpopt.disable=1 on the kernel command line: remove it to load rmpopt\n");
		return -ECANCELED;
	}
	ret = host_check();
	if (ret)
		return ret;
	engine.view_only = host_only_views();

	ret = cores_start();
	if (!ret)
		ret = take_cpus() ?: take_coverage();
	if (!ret) {
		ret = windows_start() ?: events_start() ?: start();
		if (ret && ret != -ENOMEM)
			pr_err("can't start (error %d): report this, with the whole kernel log\n",
			       ret);
	}
	if (ret == -ENOMEM)
		pr_err("not enough memory: free some, and load rmpopt again\n");
	if (ret) {
		guard_stop();
		cores_stop();
		events_stop();
		windows_stop();
	}
	return ret;
}
module_init(rmpopt_load);

/*
 * Work ends first, so that nothing is sent or armed any more; then everything
 * that could call in; then the worker and the handlers under way. RMPOPT_BASE
 * stays: it can't be cleared, and the hardware keeps the tables correct. [S]
 */
static void __exit rmpopt_unload(void)
{
	worker_leave(MAX_SCHEDULE_TIMEOUT);
	stop_notifiers();
	hooks_stop();
	views_stop();
	sysfs_stop();
	worker_stop();
	hotplug_stop();
	guard_stop();
	cores_stop();
	events_stop();
	windows_stop();
}
module_exit(rmpopt_unload);

MODULE_AUTHOR("The rmpopt developers");
MODULE_DESCRIPTION("Keeps the RMPOPT tables of AMD SEV-SNP hosts up to date");
MODULE_LICENSE("GPL");
MODULE_VERSION(RMPOPT_VERSION);
