// SPDX-License-Identifier: GPL-2.0
/*
 * Where the worker runs.
 *
 * At rest it stays on the CPU of the first leader, so that an idle module wakes
 * no other. But an instruction there may not come back: then that CPU takes no
 * interrupt, and neither a timer nor a wake-up by another CPU reaches a thread
 * that is bound to it. So the worker is not, while the leader executes an order
 * (its thread sees to that), and a timer on another CPU makes up for its own.
 */
#include <linux/cpumask.h>
#include <linux/ktime.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "cores/cores.h"
#include "host/host.h"
#include "state/guard.h"
#include "state/state.h"
#include "worker_cpu.h"

/* CPUs that are not isolated, but those of the first leader's core. */
static cpumask_var_t others;

/* Those of them whose cores do not lead: no leader can hang there. */
static cpumask_var_t aside;

/* Nothing is under way there that may not come back, and threads get CPU time. */
static bool is_free(const struct core *core)
{
	return !core || (!core->sent && !core->plan.late && !core->dropped);
}

/* Between passes. */
static void find_others(const struct core *leader)
{
	const struct core *core;
	unsigned int cpu;

	cpumask_clear(others);
	cpumask_clear(aside);
	for_each_cpu(cpu, cpu_active_mask) {
		core = cores_of(cpu);
		if (core == leader || !host_is_housekeeper(cpu) ||
		    !is_free(core))
			continue;
		cpumask_set_cpu(cpu, others);
		if (!core || !core->plan.leads)
			cpumask_set_cpu(cpu, aside);
	}
}

/* nr_cpu_ids: there is none, or there was no memory. */
static unsigned int first_other(void)
{
	return cpumask_available(others) ? cpumask_first(others) : nr_cpu_ids;
}

static bool provide(void)
{
	if (!cpumask_available(aside) &&
	    !zalloc_cpumask_var(&aside, GFP_KERNEL))
		return false;
	return cpumask_available(others) ||
	       zalloc_cpumask_var(&others, GFP_KERNEL);
}

/**
 * worker_cpu_settle - let the worker stay on the CPU of the first leader
 * @leader: its core
 *
 * By the worker, between passes; may sleep.
 *
 * Return: false if that CPU has just gone.
 */
bool worker_cpu_settle(const struct core *leader)
{
	if (provide())
		find_others(leader);
	return !set_cpus_allowed_ptr(current, cpumask_of(leader->primary));
}

/*
 * A worker that is still on the run queue, though it is about to sleep or does
 * already, is left alone: it would be moved at once, to a CPU that has nothing to
 * do with this.
 */
static bool let_run(struct task_struct *worker, const struct cpumask *cpus)
{
	return !READ_ONCE(worker->on_rq) && guard_let_run(worker, cpus);
}

/**
 * worker_cpu_free - before an order: the worker, asleep here, may wake up elsewhere
 *
 * By a leader's thread, on the CPU where it will execute the order; may sleep.
 * Not on the CPUs of other leaders, unless there are no others: they execute
 * orders, too, which may not come back.
 *
 * Return: whether worker_cpu_return() is to be called after the order.
 */
bool worker_cpu_free(void)
{
	unsigned int cpu = raw_smp_processor_id();
	const struct cpumask *cpus;

	if (task_cpu(wishes.worker) != cpu || first_other() >= nr_cpu_ids)
		return false;
	cpus = cpumask_empty(aside) ? others : aside;
	return !cpumask_test_cpu(cpu, cpus) && let_run(wishes.worker, cpus);
}

/**
 * worker_cpu_return - after it: the worker, if it has slept all the time, is to
 * wake up here
 *
 * By a leader's thread; may sleep.
 */
void worker_cpu_return(void)
{
	unsigned int cpu = raw_smp_processor_id();

	if (task_cpu(wishes.worker) == cpu)
		let_run(wishes.worker, cpumask_of(cpu));
}

/**
 * worker_cpu_avoid - a core is late: the worker is not to wake up there
 * @core: the core, whose CPUs look idle if one hangs in the handler of an IPI
 *
 * By the worker. Leaders' threads may be reading the masks.
 */
void worker_cpu_avoid(const struct core *core)
{
	unsigned int cpu;

	if (!cpumask_available(others))
		return;
	for_each_cpu(cpu, others) {
		if (cores_of(cpu) != core)
			continue;
		cpumask_clear_cpu(cpu, others);
		cpumask_clear_cpu(cpu, aside);
	}
}

static unsigned int choose_other(const struct core *but)
{
	unsigned int cpu;

	for (cpu = first_other(); cpu < nr_cpu_ids; cpu = cpumask_next(cpu, others))
		if (cpu_online(cpu) && cores_of(cpu) != but &&
		    is_free(cores_of(cpu)))
			break;
	return cpu;
}

static unsigned int choose(const struct core *but)
{
	const struct core *leader = cores_leader(0);

	if (leader && leader != but && is_free(leader))
		return leader->primary;
	return choose_other(but);
}

/**
 * worker_cpu_leave - before a slice: do not stay on its core
 * @core: the core
 *
 * By the worker, which was woken up elsewhere in this pass; may sleep.
 */
void worker_cpu_leave(const struct core *core)
{
	unsigned int cpu;

	if (cores_of(raw_smp_processor_id()) != core)
		return;
	cpu = choose(core);
	if (cpu < nr_cpu_ids)
		set_cpus_allowed_ptr(current, cpumask_of(cpu));
}

/**
 * worker_cpu_expect - the worker goes to sleep where an order is executed
 * @until: ktime in ns at which it wants to wake up, 0: when it is woken up
 *
 * By the worker. Nothing happens elsewhere as long as it does wake up.
 */
void worker_cpu_expect(u64 until)
{
	const struct core *here = cores_of(raw_smp_processor_id());
	unsigned int cpu;

	if (!here || !here->sent)
		return;
	cpu = choose_other(here);
	if (cpu >= nr_cpu_ids)
		cpu = first_other();
	if (cpu < nr_cpu_ids)
		guard_expect_on(cpu, until ?: ktime_get_ns() + NSEC_PER_SEC);
}

/**
 * worker_cpu_stop - free memory, after the threads of leaders have ended
 */
void worker_cpu_stop(void)
{
	free_cpumask_var(others);
	free_cpumask_var(aside);
}
