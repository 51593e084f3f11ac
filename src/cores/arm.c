// SPDX-License-Identifier: GPL-2.0
/*
 * Arming: RMPOPT_BASE on the cores that take part.
 *
 * RMPOPT_BASE and its table are per core; it is enough that one thread writes
 * it. [S] RMPOPT_EN can't be cleared while SNP is enabled [S], so a core that
 * is found armed, by a kernel before kexec or an earlier load of this module,
 * keeps its base, and the window of that base. Nothing is ever cleared here:
 * tables stay in use, and the hardware keeps them correct.
 *
 * The worker sends each core an *errand*, an asynchronous IPI, and waits for
 * all of them, but not for long: the answer of a CPU that is late is read when
 * it comes. CPUs may come and go meanwhile. If an IPI was sent to a CPU that is
 * going offline, that CPU still executes it, which does no harm.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/errno.h>
#include <linux/ktime.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <linux/topology.h>

#include "host/host.h"
#include "host/hw.h"
#include "state/guard.h"
#include "state/params.h"
#include "state/state.h"
#include "arm.h"
#include "cores.h"
#include "windows.h"

/* How long the worker waits for errands, which take a microsecond. */
#define PATIENCE_NS	NSEC_PER_SEC

/* Cores that were found armed have been logged. */
static bool told;

/* A CPU that is late may get here when arming is not wanted any more. */
static bool is_revoked(void)
{
	return READ_ONCE(wishes.leaving) || READ_ONCE(wishes.suspended) ||
	       !READ_ONCE(wishes.enabled) || READ_ONCE(wishes.snp_moved);
}

/* Interrupts are disabled. */
static int arm_here(struct errand *errand)
{
	u64 wanted = windows_base(cpu_to_node(smp_processor_id()));

	switch (host_snp(params.init_check, NULL)) {
	case HOST_SNP_OFF:
		return -ENODEV;
	case HOST_SNP_UNKNOWN:
		return -EBUSY;
	case HOST_SNP_READY:
		break;
	}
	if (hw_armed(&errand->base)) {
		errand->found = true;
		return 0;
	}
	if (errand->kind == ERRAND_LOOK)
		return -ENXIO;
	if (is_revoked())
		return -EAGAIN;
	return hw_arm(wanted, &errand->base);
}

/* Interrupts are disabled. Once it is not busy any more it is the worker's. */
static void errand_handler(void *info)
{
	struct core *core = info;
	struct errand *errand = &core->errand;

	/* A CPU may have changed its core only while it was offline. */
	errand->result = cores_here() == core ? arm_here(errand) : -ENXIO;
	/* Last access to the errand; pairs with is_busy(). */
	smp_store_release(&errand->busy, false);
	/*
	 * Either this sees that the worker does not wait, or the worker that it
	 * is back.
	 */
	smp_mb();
	if (READ_ONCE(errand->late))
		WRITE_ONCE(wishes.kicked, true);
	wake_up_process(wishes.worker);
}

/**
 * arm_prepare - initialise the errand of a new core
 * @core: the core
 */
void arm_prepare(struct core *core)
{
	INIT_CSD(&core->errand.csd, errand_handler, core);
}

static bool is_busy(const struct core *core)
{
	/*
	 * Pairs with errand_handler(): its results are visible before the flag.
	 */
	return smp_load_acquire(&core->errand.busy);
}

static bool any_busy(bool or_late)
{
	struct core *core;
	u32 i;

	for (i = 0; (core = cores_at(i)); i++)
		if (is_busy(core) && (or_late || !core->errand.late))
			return true;
	return false;
}

static void send(struct core *core, enum errand_kind kind)
{
	struct errand *errand = &core->errand;

	if (is_busy(core))
		return;
	errand->kind = kind;
	errand->found = false;
	errand->late = false;
	errand->stale = false;
	errand->result = -EAGAIN;
	errand->sent = true;
	WRITE_ONCE(errand->busy, true);
	if (smp_call_function_single_async(core->primary, &errand->csd))
		/* It has just gone offline. */
		WRITE_ONCE(errand->busy, false);
}

/* Errands that are not back by then are late, and not waited for again. */
static void wait_for_errands(void)
{
	struct core *core;
	u32 i;

	guard_sleep(!any_busy(false), ktime_get_ns() + PATIENCE_NS);
	for (i = 0; (core = cores_at(i)); i++)
		if (is_busy(core))
			WRITE_ONCE(core->errand.late, true);
	/* Before their results are read; pairs with errand_handler(). */
	smp_mb();
}

/* The result of a core's errand; -EAGAIN: none yet. */
static int result_of(struct core *core)
{
	if (!core->errand.sent || is_busy(core))
		return -EAGAIN;
	core->errand.sent = false;
	return core->errand.stale ? -EAGAIN : core->errand.result;
}

/**
 * arm_forget - ignore the answers to all errands sent so far
 *
 * By the worker.
 */
void arm_forget(void)
{
	struct core *core;
	u32 i;

	for (i = 0; (core = cores_at(i)); i++)
		core->errand.stale = true;
}

static bool to_arm(const struct core *core, u64 now)
{
	if (core->armed || core_hangs(core) || !cores_may_take_part(core))
		return false;
	return !core->dropped || now >= core->retry_at;
}

/* The admin has excluded it. Its table stays in use, and correct. */
static void release(struct core *core)
{
	if ((core->armed || core->dropped) && !cores_may_take_part(core)) {
		cores_leave(core);
		core->dropped = 0;
	}
}

/* Take in the answer of a core; true if it has joined. */
static bool take_in(struct core *core)
{
	int result = result_of(core);

	if (result == -EAGAIN || core->armed || core_hangs(core) ||
	    !cores_may_take_part(core))
		return false;
	if (!result) {
		core->dropped = 0;
		return cores_join(core, core->errand.base);
	}
	/* An errand that only looks is no reason to drop the core. */
	if (core->errand.kind == ERRAND_ARM)
		cores_drop(core, result);
	return false;
}

static void tell_found(void)
{
	struct core *core;
	u32 i, found = 0, elsewhere = 0;

	for (i = 0; (core = cores_at(i)); i++) {
		if (!core_takes_part(core) || !core->errand.found)
			continue;
		found++;
		elsewhere += core->base != windows_base(core->plan.node);
	}
	if (found && !told)
		pr_info("RMPOPT was enabled already on %u of the cores, %u of them with an RMPOPT_BASE that rmpopt would not choose: they keep it\n",
			found, elsewhere);
	told = true;
}

/*
 * A kernel that drives RMPOPT itself would take a core that it finds armed for
 * one that it has armed, with one base for all, and execute RMPOPT outside of the
 * core's window. [?]
 */
static void warn_of_kexec(void)
{
	static bool warned;
	struct core *core;
	u32 i;

	for (i = 0; !warned && (core = cores_at(i)); i++) {
		if (!core_takes_part(core) || core->base == windows_own_base())
			continue;
		pr_info("the RMPOPT_BASE of CPU %u, and possibly others, is not what a kernel that drives RMPOPT itself would choose: don't start such a kernel by kexec; reset the machine instead\n",
			core->primary);
		warned = true;
	}
}

/* Why does no core take part? SnpEn is the reason only if no core has it. */
static int why_none(void)
{
	struct core *core;
	int error = -EAGAIN;
	u32 i;

	for (i = 0; (core = cores_at(i)); i++) {
		if (core_takes_part(core))
			return 0;
		if (error == -EAGAIN && is_busy(core))
			error = -EINPROGRESS;
		if (!core->dropped || core->primary >= nr_cpu_ids)
			continue;
		if (error == -EAGAIN || error == -EINPROGRESS || error == -ENODEV)
			error = core->dropped;
	}
	if (error == -EAGAIN && cores_missing() < nr_cpu_ids)
		return -ENOMEM;
	return error;
}

/**
 * arm_cores - let all cores join that may take part
 * @view: write nothing; cores whose tables are not in use are left out
 *
 * By the worker; sleeps. Interrupts only the cores that have not joined. Cores
 * that are late join when they answer.
 *
 * Return: how many cores have joined. If no core takes part: -ENODEV if SnpEn
 * is not set on any or SNP_INIT is not done, -EBUSY if the RMP could not be
 * read to see that, another errno if one fails for another reason, -ENOMEM if
 * there was no memory for any, -EINPROGRESS if none has answered yet, -EAGAIN
 * if none that may take part is online.
 */
int arm_cores(bool view)
{
	u64 now = ktime_get_ns();
	struct core *core;
	u32 i, joined = 0;

	cores_catch_up();
	for (i = 0; (core = cores_at(i)); i++) {
		release(core);
		/* A late answer counts like any other. */
		joined += take_in(core);
		if (to_arm(core, now))
			send(core, view ? ERRAND_LOOK : ERRAND_ARM);
	}
	wait_for_errands();
	for (i = 0; (core = cores_at(i)); i++)
		joined += take_in(core);
	if (joined && !view) {
		tell_found();
		warn_of_kexec();
	}
	return why_none() ?: (int)joined;
}

/* It has answered, and does not say that SNP is off. */
static bool says_ready(struct core *core)
{
	int result = result_of(core);

	return result != -ENODEV && result != -EAGAIN;
}

/**
 * arm_ask - is SNP initialised, as seen from one core?
 * @core: the core
 *
 * By the worker; sleeps, interrupts the core.
 */
bool arm_ask(struct core *core)
{
	if (core->primary >= nr_cpu_ids)
		return false;
	send(core, ERRAND_LOOK);
	wait_for_errands();
	return says_ready(core) && core->errand.result != -EBUSY;
}

/**
 * arm_possible - is SNP initialised, as seen from any core that takes part?
 *
 * By the worker; sleeps, interrupts all of them. SnpEn is per CPU: that one CPU
 * lacks it, or does not answer, says nothing about the others.
 */
bool arm_possible(void)
{
	struct core *core;
	bool ready = false;
	u32 i;

	cores_catch_up();
	/* One is usually enough. */
	core = cores_leader(0);
	if (core && core_takes_part(core) && arm_ask(core))
		return true;
	for (i = 0; (core = cores_at(i)); i++)
		if (core_takes_part(core))
			send(core, ERRAND_LOOK);
	wait_for_errands();
	for (i = 0; (core = cores_at(i)); i++)
		if (core_takes_part(core))
			ready |= says_ready(core);
	return ready;
}

/**
 * arm_found - is the table of a core in use?
 * @core: the core
 *
 * By the worker; sleeps, interrupts the core.
 */
bool arm_found(struct core *core)
{
	return arm_ask(core) && !core->errand.result;
}

/**
 * arm_is_void - is SNP off on all cores that take part?
 *
 * By the worker; sleeps. Interrupts them only if it is off on this CPU. If the
 * RMP can't be read, the answer is no.
 */
bool arm_is_void(void)
{
	return host_snp(params.init_check, NULL) == HOST_SNP_OFF && !arm_possible();
}

/**
 * arm_again - arm a core again whose RMPOPT_BASE is not right
 * @core: the core
 * @view: write nothing
 *
 * By the worker; sleeps, interrupts the core.
 *
 * Return: 0 RMPOPT_BASE is right (again), -ENODEV SnpEn is not set there or
 * SNP_INIT is not done, -ENXIO it does not take part any more, -EIO the write
 * had no effect, -EAGAIN it does not answer.
 */
int arm_again(struct core *core, bool view)
{
	cores_catch_up();
	if (!core_takes_part(core))
		return -ENXIO;
	send(core, view ? ERRAND_LOOK : ERRAND_ARM);
	wait_for_errands();
	return result_of(core);
}

/**
 * arm_is_under_way - has an errand not come back, though it is late?
 *
 * By the worker.
 */
bool arm_is_under_way(void)
{
	return any_busy(true);
}

/**
 * arm_drain - wait until every handler has given its errand back
 *
 * By the worker, at its very end; sleeps.
 */
void arm_drain(void)
{
	guard_sleep(!arm_is_under_way(), 0);
}
