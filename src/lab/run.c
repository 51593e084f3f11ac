// SPDX-License-Identifier: GPL-2.0
/*
 * Runs: a list of operations that each CPU of a set executes in an interrupt
 * handler. A run exists until its last handler has ended, however long that
 * takes; its ioctl waits no longer than the time limit, and no handler begins
 * an operation after it.
 */
#include <linux/atomic.h>
#include <linux/compiler.h>
#include <linux/completion.h>
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/uaccess.h>
#include <asm/msr.h>
#include <asm/tsc.h>

#include "lab.h"

/* How long CPUs wait for each other to begin together. */
#define GATHER_MS	1u

/**
 * struct seat - one CPU's part of a run
 * @csd: brings it there
 * @run: the run
 * @results: one for each operation
 * @done: the handler has ended, and the results are complete
 * @whole: it has executed all operations
 */
struct seat {
	call_single_data_t csd;
	struct run *run;
	struct lab_result *results;
	bool done;
	bool whole;
};

/**
 * struct run - a run under way
 * @want: the request
 * @ops: the operations
 * @cpus: the CPUs that execute them
 * @results: of all CPUs, in the form that is returned to user space
 * @seats: of all CPUs, in ascending order
 * @nr_cpus: how many
 * @over: nobody waits any more, so no further operation begins
 * @gathered: handlers that have begun
 * @open: handlers that were sent and have not ended
 */
struct run {
	struct lab_run want;
	struct lab_op *ops;
	cpumask_var_t cpus;
	struct lab_result *results;
	struct seat *seats;
	unsigned int nr_cpus;
	bool over;
	atomic_t gathered;
	atomic_t open;
};

/*
 * The previous run, if a CPU has not answered yet; under the mutex of ioctls.
 */
static struct run *unanswered;

/*
 * The last open handler of a run has ended. Not in the run, which may be freed
 * by then; so who waits looks at the run, too. Not a wait queue, whose lock may
 * sleep under PREEMPT_RT.
 */
static DECLARE_COMPLETION(answered);

static void free_run(struct run *run)
{
	kvfree(run->seats);
	kvfree(run->results);
	kvfree(run->ops);
	free_cpumask_var(run->cpus);
	kvfree(run);
}

/* --- The request --- */

static int check_ops(const struct run *run)
{
	u64 times = 0;
	u32 i;

	for (i = 0; i < run->want.nr_ops; i++) {
		if (!operation_is_known(&run->ops[i]))
			return -EINVAL;
		if (lab_beside() && !operation_only_reads(&run->ops[i]))
			return -EPERM;
		times += run->ops[i].times;
	}
	return times <= LAB_MAX_TIMES ? 0 : -EINVAL;
}

static int check_limits(const struct lab_run *want)
{
	const u32 known = LAB_TOGETHER | LAB_CONVERT_IT;

	if (!want->nr_ops || want->nr_ops > LAB_MAX_OPS || want->flags & ~known ||
	    !want->limit_ms || want->limit_ms > LAB_MAX_LIMIT_MS || want->pad ||
	    !want->cpus_bytes || want->cpus_bytes > LAB_MAX_CPUS_BYTES ||
	    want->cpus_bytes % sizeof(long))
		return -EINVAL;
	if (!(want->flags & LAB_CONVERT_IT))
		return 0;
	if (lab_beside())
		return -EPERM;
	return want->flags & LAB_TOGETHER && page_can_be_raced(want->page) ?
	       0 : -EINVAL;
}

/*
 * Bits for CPUs that can't exist; like CPUs that are not online, they are
 * refused.
 */
static bool has_stray_bits(const struct cpumask *cpus, u64 bytes)
{
	return find_next_bit(cpumask_bits(cpus), bytes * BITS_PER_BYTE,
			     nr_cpu_ids) < bytes * BITS_PER_BYTE;
}

static int read_cpus(struct run *run)
{
	u64 bytes = min_t(u64, run->want.cpus_bytes, cpumask_size());
	const char __user *user = u64_to_user_ptr(run->want.cpus);
	u64 i;
	char c;

	cpumask_clear(run->cpus);
	if (copy_from_user(cpumask_bits(run->cpus), user, bytes))
		return -EFAULT;
	for (i = bytes; i < run->want.cpus_bytes; i++) {
		if (get_user(c, user + i))
			return -EFAULT;
		if (c)
			return -ENXIO;
	}
	if (has_stray_bits(run->cpus, bytes))
		return -ENXIO;
	if (cpumask_empty(run->cpus))
		return -EINVAL;
	return cpumask_subset(run->cpus, cpu_online_mask) ? 0 : -ENXIO;
}

static void handler(void *info);

static int lay_seats(struct run *run)
{
	unsigned int i;

	run->nr_cpus = cpumask_weight(run->cpus);
	if ((u64)run->nr_cpus * run->want.nr_ops > LAB_MAX_RESULTS)
		return -EINVAL;
	run->results = kvcalloc(run->nr_cpus * run->want.nr_ops,
				sizeof(*run->results), GFP_KERNEL);
	run->seats = kvcalloc(run->nr_cpus, sizeof(*run->seats), GFP_KERNEL);
	if (!run->results || !run->seats)
		return -ENOMEM;
	for (i = 0; i < run->nr_cpus; i++) {
		struct seat *seat = &run->seats[i];

		INIT_CSD(&seat->csd, handler, seat);
		seat->run = run;
		seat->results = &run->results[i * run->want.nr_ops];
	}
	return 0;
}

static int read_run(struct run *run)
{
	int ret = check_limits(&run->want);

	if (ret)
		return ret;
	run->ops = kvcalloc(run->want.nr_ops, sizeof(*run->ops), GFP_KERNEL);
	if (!run->ops)
		return -ENOMEM;
	if (copy_from_user(run->ops, u64_to_user_ptr(run->want.ops),
			   run->want.nr_ops * sizeof(*run->ops)))
		return -EFAULT;
	return check_ops(run) ?: read_cpus(run) ?: lay_seats(run);
}

/* --- On the CPUs --- */

static u64 cycles_of_ms(u64 ms)
{
	return (tsc_khz ?: 2000000) * ms;
}

/*
 * Until all CPUs have begun. With a bound, as one may have interrupts disabled
 * for long.
 */
static void wait_for_all(const struct run *run)
{
	u64 limit = cycles_of_ms(GATHER_MS), begin = rdtsc_ordered();

	while (atomic_read(&run->gathered) < run->nr_cpus &&
	       rdtsc_ordered() - begin < limit)
		cpu_relax();
}

/*
 * False if time is up before the last operation. By this CPU's own TSC, as
 * those of two CPUs may differ, and by time stamps that are taken anyway.
 */
static bool execute_all(const struct run *run, struct lab_result *results)
{
	u64 most = cycles_of_ms(min(run->want.limit_ms, LAB_MAX_STOP_MS));
	u64 begin = rdtsc_ordered(), now = begin;
	u32 i;

	for (i = 0; i < run->want.nr_ops; i++) {
		if (now - begin >= most || READ_ONCE(run->over))
			return false;
		now = operation_execute(&run->ops[i], &results[i]);
	}
	return true;
}

static void handler(void *info)
{
	struct seat *seat = info;
	struct run *run = seat->run;

	if (run->want.flags & LAB_TOGETHER) {
		atomic_inc(&run->gathered);
		wait_for_all(run);
	}
	seat->whole = execute_all(run, seat->results);
	/*
	 * Pairs with has_answered(): the results are visible before the flag.
	 */
	smp_store_release(&seat->done, true);
	/*
	 * After the last of these the run may be freed, but not this code: see
	 * run_end().
	 */
	if (atomic_dec_and_test(&run->open))
		complete(&answered);
}

/* --- On the CPU of the caller --- */

/*
 * -ENXIO: the CPU went offline after read_cpus(). If it goes offline now, it
 * answers first.
 */
static int send(struct seat *seat, unsigned int cpu)
{
	int ret;

	atomic_inc(&seat->run->open);
	ret = smp_call_function_single_async(cpu, &seat->csd);
	if (ret)
		atomic_dec(&seat->run->open);
	return ret;
}

/*
 * The handler on this CPU runs at once and waits for the others, so it comes
 * last.
 */
static int send_all(struct run *run)
{
	unsigned int cpu, i = 0, here = get_cpu();
	struct seat *own = NULL;
	int ret = 0;

	for_each_cpu(cpu, run->cpus) {
		struct seat *seat = &run->seats[i++];

		if (cpu == here)
			own = seat;
		else if (!ret)
			ret = send(seat, cpu);
	}
	if (own && !ret)
		ret = send(own, here);
	put_cpu();
	return ret;
}

/* While they execute: when all have begun, or after the bound. */
static int convert(struct run *run)
{
	int ret;

	wait_for_all(run);
	run->want.convert_begin = rdtsc_ordered();
	ret = page_convert(run->want.page, true);
	run->want.convert_end = rdtsc_ordered();
	return ret;
}

/* Without preemption, so that the CPUs don't wait long for the conversion. */
static int send_and_convert(struct run *run)
{
	int ret = -EINVAL;

	preempt_disable();
	if (!cpumask_test_cpu(smp_processor_id(), run->cpus))
		ret = send_all(run) ?: convert(run);
	preempt_enable();
	return ret;
}

/*
 * Waits until all handlers that were sent have ended, and returns the rest of
 * the time limit. Only a signal that kills ends it before that: a run goes on
 * without its caller, so that the next one would be refused.
 */
static long wait_for_answers(struct run *run, long limit)
{
	while (atomic_read(&run->open) && limit > 0)
		limit = wait_for_completion_killable_timeout(&answered, limit);
	return limit < 0 ? -EINTR : limit;
}

static long run_together(struct run *run, long limit)
{
	int ret;

	cpus_read_lock();
	ret = run->want.flags & LAB_CONVERT_IT ? send_and_convert(run) :
						 send_all(run);
	cpus_read_unlock();
	limit = wait_for_answers(run, limit);
	return limit < 0 ? limit : ret;
}

static long run_one_by_one(struct run *run, long limit)
{
	unsigned int cpu, i = 0;
	int ret;

	for_each_cpu(cpu, run->cpus) {
		preempt_disable();
		ret = send(&run->seats[i++], cpu);
		preempt_enable();
		if (ret)
			return ret;
		limit = wait_for_answers(run, limit);
		if (limit < 0)
			return limit;
		if (!limit)
			break;
	}
	return 0;
}

static bool has_answered(const struct seat *seat)
{
	/* Pairs with handler(). */
	return smp_load_acquire(&seat->done);
}

static u32 late(const struct run *run)
{
	unsigned int i;
	u32 n = 0;

	for (i = 0; i < run->nr_cpus; i++)
		n += !has_answered(&run->seats[i]) || !run->seats[i].whole;
	return n;
}

/* Nothing of CPUs that are late, as their handlers may still write. */
static int store_results(struct run *run, struct lab_run __user *user)
{
	struct lab_result __user *to = u64_to_user_ptr(run->want.results);
	size_t n = run->want.nr_ops;
	unsigned int i;

	for (i = 0; i < run->nr_cpus; i++) {
		const struct seat *seat = &run->seats[i];
		size_t size = n * sizeof(*to);

		if (has_answered(seat) ?
		    copy_to_user(to + i * n, seat->results, size) :
		    clear_user(to + i * n, size))
			return -EFAULT;
	}
	return copy_to_user(user, &run->want, sizeof(run->want)) ? -EFAULT : 0;
}

static long execute_run(struct run *run, struct lab_run __user *user)
{
	long limit = msecs_to_jiffies(run->want.limit_ms), ret;

	ret = run->want.flags & LAB_TOGETHER ? run_together(run, limit) :
					       run_one_by_one(run, limit);
	WRITE_ONCE(run->over, true);
	if (ret)
		return ret;
	run->want.late = late(run);
	return store_results(run, user) ?: run->want.late ? -ETIMEDOUT : 0;
}

/* Free the previous run if all CPUs have answered by now. */
static bool all_have_answered(void)
{
	if (!unanswered)
		return true;
	if (atomic_read(&unanswered->open))
		return false;
	free_run(unanswered);
	unanswered = NULL;
	return true;
}

/**
 * run_ioctl - LAB_RUN
 * @user: its argument
 */
long run_ioctl(struct lab_run __user *user)
{
	struct run *run;
	long ret;

	if (!all_have_answered())
		return -EBUSY;
	/* Handlers of earlier runs may have left some, which wake in vain. */
	reinit_completion(&answered);
	run = kvcalloc(1, sizeof(*run), GFP_KERNEL);
	if (!run)
		return -ENOMEM;
	ret = -ENOMEM;
	if (!zalloc_cpumask_var(&run->cpus, GFP_KERNEL))
		goto out;
	ret = -EFAULT;
	if (copy_from_user(&run->want, user, sizeof(run->want)))
		goto out;
	ret = read_run(run);
	if (!ret)
		ret = execute_run(run, user);
out:
	/* Freed when all CPUs have answered, which is usually now. */
	unanswered = run;
	all_have_answered();
	return ret;
}

/**
 * run_end - wait for handlers that have not ended yet
 *
 * At unload. The last handler may still be returning, with interrupts disabled,
 * which RCU waits for.
 */
void run_end(void)
{
	while (unanswered && atomic_read(&unanswered->open))
		wait_for_completion(&answered);
	all_have_answered();
	synchronize_rcu();
}
