// SPDX-License-Identifier: GPL-2.0
/*
 * Arming: RMPOPT_BASE on the cores that take part, and nothing left behind.
 *
 * RMPOPT_BASE and the table behind it are per core; one thread writes it and
 * the siblings are covered. [S] Hotplug callbacks and IPIs write it, each on
 * its own CPU; whether it is to have one is one word, @wanted. A CPU that
 * comes online reads that word while the hotplug lock is held for writing,
 * and whoever changes it does an IPI round under the read side afterwards:
 * no core can slip through between the two.
 *
 * A round waits for its IPIs, with preemption disabled, so it leaves out a core
 * that has a late slice: that one sees to itself as soon as it answers.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/cpu.h>
#include <linux/errno.h>
#include <linux/ktime.h>
#include <linux/printk.h>
#include <linux/smp.h>

#include "arm.h"
#include "cores.h"
#include "engine.h"
#include "host.h"
#include "hw.h"
#include "params.h"
#include "slices.h"
#include "windows.h"

/* Participating cores are to be armed. */
static bool wanted;

/*
 * RMPOPT_BASE is 0 everywhere. Not so at load: a kexec leaves RMPOPT_EN set,
 * and as long as SNP is not initialised that is left alone.
 */
static bool cleared;

/* Cores that the running IPI round found with RMPOPT_EN set. */
static atomic_t stale;

/* The worker's, for one IPI round. */
static cpumask_var_t round;

/**
 * arm_start - make room
 *
 * Return: 0, -ENOMEM.
 */
int arm_start(void)
{
	return zalloc_cpumask_var(&round, GFP_KERNEL) ? 0 : -ENOMEM;
}

/**
 * arm_stop - free it
 */
void arm_stop(void)
{
	free_cpumask_var(round);
}

/**
 * arm_wanted - are cores that come online to be armed?
 */
bool arm_wanted(void)
{
	return READ_ONCE(wanted);
}

/* What RMPOPT_BASE is to be on this CPU's core. */
static u64 base_here(void)
{
	return windows_base(cpu_to_node(smp_processor_id()));
}

/**
 * arm_here - arm the core that this code runs on
 *
 * With interrupts disabled or on a CPU's hotplug thread: SnpEn is set by an
 * IPI, so what is seen here of SNP holds until the write. If nothing is to be
 * armed, but was cleared everywhere, a stale RMPOPT_EN goes, too.
 *
 * Return: 0, -ENODEV if SnpEn is not set here or SNP_INIT not done, -EIO if the
 * write did not take.
 */
int arm_here(void)
{
	u64 now;

	if (!arm_wanted())
		return 0;
	if (host_waits_for(params.init_check))
		return -ENODEV;
	return hw_arm(base_here(), &now) ?: now == base_here() ? 0 : -EIO;
}

/**
 * arm_clear_here - leave RMPOPT_BASE = 0 on the core that this code runs on
 *
 * Context as arm_here(). Without RMPOPT_EN the table is out of use, and a
 * failed write has nothing to say any more.
 */
void arm_clear_here(void)
{
}

/**
 * arm_settle_here - a slice has been given back on the core that this runs on
 * @late: nobody waited for it any more
 *
 * Interrupts are disabled; a full barrier lies between the slice and this.
 * Rounds may have left the core out: what they would have taken from it goes
 * now. To be armed it waits for the worker's next look.
 */
void arm_settle_here(bool late)
{
	if (!arm_wanted() || (late && !cores_want_here(smp_processor_id())))
		arm_clear_here();
}

/* Its primary does not answer IPIs, as far as is known. */
static bool is_stuck(const struct core *core)
{
	/* Wishes before the slice; pairs with slice_handler(). */
	smp_mb();
	return core->plan.late && core->sent_cpu == core->primary &&
	       slices_busy(core);
}

/* Interrupt the cores of the round and wait, but for those that don't answer. */
static void call_round(smp_call_func_t handler, void *info)
{
	struct core *core;
	u32 i;

	for (i = 0; (core = cores_at(i)); i++)
		if (is_stuck(core))
			cpumask_clear_cpu(core->primary, round);
	on_each_cpu_mask(round, handler, info, true);
}

static void arm_handler(void *unused)
{
	struct core *core = cores_here();
	u64 base;

	if (!core)
		return;
	if (!hw_read(HW_MSR_RMPOPT_BASE, &base) && (base & HW_RMPOPT_EN))
		atomic_inc(&stale);
	core->arm_result = arm_here();
}

static bool to_arm(const struct core *core, u64 now)
{
	if (core->armed || !cores_may_take_part(core))
		return false;
	return !core->dropped || now >= core->retry_at;
}

/* One IPI round over the cores that are to be armed. */
static void arm_round(void)
{
	u64 now = ktime_get_ns();
	struct core *core;
	u32 i;

	atomic_set(&stale, 0);
	cpumask_clear(round);
	for (i = 0; (core = cores_at(i)); i++) {
		if (!to_arm(core, now))
			continue;
		/* What stays if it goes offline before the IPI. */
		core->arm_result = -EAGAIN;
		cpumask_set_cpu(core->primary, round);
	}
	call_round(arm_handler, NULL);
}

/* Believe the results; how many cores are armed now that were not before. */
static u32 tally(void)
{
	struct core *core;
	u32 i, joined = 0;

	for (i = 0; (core = cores_at(i)); i++) {
		if (core->primary >= nr_cpu_ids ||
		    !cpumask_test_cpu(core->primary, round))
			continue;
		switch (core->arm_result) {
		case 0:
			core->dropped = 0;
			cores_join(core);
			joined++;
			break;
		case -EAGAIN:
			break;
		default:
			cores_drop(core, core->arm_result);
		}
	}
	return joined;
}

static void clear_handler(void *unused)
{
	arm_clear_here();
}

/* The admin lets it take part no longer; one that is dropped may be armed, too. */
static bool to_release(const struct core *core)
{
	return (core->armed || core->dropped) && core->primary < nr_cpu_ids &&
	       !cores_may_take_part(core);
}

static void release_round(void)
{
	struct core *core;
	u32 i;

	cpumask_clear(round);
	for (i = 0; (core = cores_at(i)); i++) {
		if (!to_release(core))
			continue;
		cpumask_set_cpu(core->primary, round);
		cores_leave(core);
		core->dropped = 0;
	}
	call_round(clear_handler, NULL);
}

/* No core takes part: what is the reason? SnpEn only if it is everybody's. */
static int why_none(void)
{
	struct core *core;
	int error = -EAGAIN;
	u32 i;

	for (i = 0; (core = cores_at(i)); i++) {
		if (core_takes_part(core))
			return 0;
		if (!core->dropped || core->primary >= nr_cpu_ids)
			continue;
		if (error == -EAGAIN || error == -ENODEV)
			error = core->dropped;
	}
	if (error == -EAGAIN && cores_missing() < nr_cpu_ids)
		return -ENOMEM;
	return error;
}

/**
 * arm_cores - arm every core that takes part and is not armed yet
 *
 * By the worker; sleeps. Interrupts only the cores that need it.
 *
 * Return: how many are armed now that were not before. If none takes part at
 * all: -ENODEV if SnpEn is not set on any or SNP_INIT not done, another errno if
 * one fails for another reason, -ENOMEM if there was no memory for any, -EAGAIN
 * if none is online that may.
 */
int arm_cores(void)
{
	bool first = !wanted;
	u32 joined;

	cpus_read_lock();
	WRITE_ONCE(wanted, true);
	WRITE_ONCE(cleared, false);
	cores_refresh();
	release_round();
	arm_round();
	joined = tally();
	cpus_read_unlock();

	/* Later ones are our own, armed by the callback of their CPU. */
	if (first && atomic_read(&stale))
		pr_info("RMPOPT was enabled already on %d core(s), by a kernel before kexec or before they went offline: taken over\n",
			atomic_read(&stale));
	return why_none() ?: (int)joined;
}

static void ready_handler(void *ready)
{
	if (!host_waits_for(params.init_check))
		WRITE_ONCE(*(bool *)ready, true);
}

/**
 * arm_possible - is SNP initialised, as seen from any core that takes part?
 *
 * By the worker; sleeps, interrupts all of them. SnpEn is per CPU, and one CPU
 * that lacks it does not speak for the host.
 */
bool arm_possible(void)
{
	bool ready = false;
	struct core *core;
	u32 i;

	cpus_read_lock();
	cores_refresh();
	cpumask_clear(round);
	for (i = 0; (core = cores_at(i)); i++)
		if (core_takes_part(core))
			cpumask_set_cpu(core->primary, round);
	call_round(ready_handler, &ready);
	cpus_read_unlock();
	return ready;
}

/**
 * arm_is_void - has SNP gone from under the cores that take part?
 *
 * By the worker; sleeps. Interrupts them only if it looks so from this CPU.
 */
bool arm_is_void(void)
{
	return host_waits_for(params.init_check) && !arm_possible();
}

/**
 * arm_again - look after a core whose instruction has faulted
 * @core: the core
 *
 * By the worker; sleeps, interrupts the core. The hotplug lock keeps a CPU
 * that goes offline from being armed behind its own teardown callback.
 *
 * Return: 0 its RMPOPT_BASE is right (again), -ENODEV SnpEn is not set there or
 * SNP_INIT not done, -ENXIO it does not take part any more, -EIO the write did
 * not take.
 */
int arm_again(struct core *core)
{
	int ret = -ENXIO;

	cpus_read_lock();
	cores_refresh();
	if (core_takes_part(core))
		ret = smp_call_function_single(core->primary, arm_handler, NULL,
					       true) ?: core->arm_result;
	cpus_read_unlock();
	return ret;
}

/**
 * arm_holds - is the core that this code runs on still armed?
 *
 * With preemption disabled.
 */
bool arm_holds(void)
{
	u64 base;

	return hw_snp_enabled() && !hw_read(HW_MSR_RMPOPT_BASE, &base) &&
	       base == base_here();
}

/**
 * arm_clear - leave RMPOPT_BASE = 0 on every online core
 *
 * By the worker; sleeps. Does nothing if there is nothing to clear. A core that
 * does not answer clears it when it does.
 */
void arm_clear(void)
{
	struct core *core;
	u32 i;

	if (cleared)
		return;

	cpus_read_lock();
	WRITE_ONCE(wanted, false);
	WRITE_ONCE(cleared, true);
	cores_refresh();
	cpumask_clear(round);
	for (i = 0; (core = cores_at(i)); i++) {
		if (core->primary < nr_cpu_ids)
			cpumask_set_cpu(core->primary, round);
		cores_leave(core);
	}
	/* Their callbacks have armed them. */
	cores_add_unknown(round);
	call_round(clear_handler, NULL);
	cpus_read_unlock();
}

static void off_handler(void *unused)
{
	struct core *core = cores_here();

	if (core)
		core->arm_result = 0;
}

/**
 * arm_switch - write RMPOPT_BASE of all cores that take part
 * @on: what it is to be there; else 0
 *
 * By the worker for a benchmark; sleeps. Whether they take part does not change
 * by it, so nothing must be believed meanwhile.
 *
 * Return: 0, or an errno if it did not take on some core: as arm_here(), or
 * -EBUSY if the core does not answer.
 */
int arm_switch(bool on)
{
	struct core *core;
	int ret = 0;
	u32 i;

	cpus_read_lock();
	cores_refresh();
	cpumask_clear(round);
	for (i = 0; (core = cores_at(i)); i++) {
		core->arm_result = is_stuck(core) ? -EBUSY : 0;
		if (core_takes_part(core))
			cpumask_set_cpu(core->primary, round);
	}
	call_round(on ? arm_handler : off_handler, NULL);
	for (i = 0; (core = cores_at(i)); i++)
		ret = ret ?: core->arm_result;
	cpus_read_unlock();
	return ret;
}
