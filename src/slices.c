// SPDX-License-Identifier: GPL-2.0
/*
 * Followers: the dispatcher of slices, and the handler that executes them.
 *
 * Each follower has one slice, an asynchronous IPI. The handler runs with
 * interrupts disabled, executes one RMPOPT and starts another only if the
 * slowest recent one would still fit in slice_us. A core is interrupted again
 * only after it had its rest (duty), and at most `parallel` cores are under
 * way at once: verifies on many cores at the same time were published to be 20
 * times dearer each. [S]
 *
 * Results belong to a pass by its number. A slice that does not come back in
 * time keeps its core busy: it gets no new one, and the pass goes on without.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bitmap.h>
#include <linux/cpu.h>
#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <asm/msr.h>

#include "arm.h"
#include "cores.h"
#include "engine.h"
#include "hw.h"
#include "slices.h"
#include "tune.h"

/* A core that does not answer for so long is left owing. */
#define LATE_NS		(2 * NSEC_PER_SEC)

/* Number of the running pass, and how many slices have come back at all. */
static u64 pass_number;
static atomic_t returned = ATOMIC_INIT(0);

/* What slices may take, in cycles; read once per pass. */
static u64 budget;

/* One instruction; false ends the slice. */
static bool slice_step(struct slice *slice, u64 *now)
{
	u64 before = *now;
	int bit = hw_rmpopt(engine.region[slice->next], HW_VERIFY);

	*now = rdtsc_ordered();
	plan_learn(&slice->pace, *now - before);
	if (bit < 0) {
		slice->error = bit;
		return false;
	}
	if (!bit)
		__set_bit(slice->next, slice->missed);
	slice->done++;
	return true;
}

/* The regions that the leader has won, as many as fit. */
static void slice_execute(struct slice *slice, u64 start, u64 *now)
{
	const struct plan *plan = &engine.plan;

	for (;;) {
		slice->next = find_next_bit(plan->won, plan->regions, slice->next);
		if (slice->next >= plan->regions || engine_pass_ends())
			return;
		if (slice->done && !plan_fits(&slice->pace, *now - start, budget))
			return;
		if (!slice_step(slice, now))
			return;
		slice->next++;
	}
}

/*
 * Interrupts are disabled. Whatever the worker does meanwhile, a verify is
 * never wrong, only useless: the tag keeps late ones out of a later pass.
 */
static void slice_handler(void *info)
{
	struct core *core = info;
	struct slice *slice = &core->slice;
	u64 start = rdtsc_ordered();
	u64 now = start;

	if (slice->pass == READ_ONCE(pass_number) && cores_here() == core)
		slice_execute(slice, start, &now);
	slice->cycles = rdtsc_ordered() - start;

	/* Last access to the slice; pairs with slice_is_busy(). */
	smp_store_release(&slice->busy, false);
	atomic_inc(&returned);
	/* Not wake_up(): under PREEMPT_RT its lock may sleep. */
	wake_up_process(engine.worker);
}

static bool slice_is_busy(const struct core *core)
{
	/* Pairs with slice_handler(): its results are there before the flag. */
	return smp_load_acquire(&core->slice.busy);
}

/* Returns 0, or -ENXIO if the core's primary is not online any more. */
static int slice_send(struct core *core, u64 now)
{
	struct slice *slice = &core->slice;
	int ret;

	slice->done = 0;
	slice->error = 0;
	slice->cycles = 0;
	core->sent_cpu = core->primary;
	WRITE_ONCE(slice->busy, true);
	ret = smp_call_function_single_async(core->sent_cpu, &slice->csd);
	if (ret) {
		WRITE_ONCE(slice->busy, false);
		return ret;
	}
	core->sent_at = now;
	return 0;
}

/* Begin with the first region (again). */
static void follower_begin(struct core *core)
{
	struct slice *slice = &core->slice;

	slice->pass = pass_number;
	slice->next = 0;
	bitmap_zero(slice->missed, PLAN_REGIONS_MAX);
}

/* A slice has faulted: armed anew once in a pass, then dropped. */
static void follower_faulted(struct core *core)
{
	int error = core->slice.error;

	engine.stats.faults++;
	if (core->primary >= nr_cpu_ids)
		return;
	if (!core->rearmed) {
		core->rearmed = true;
		error = arm_again(core);
		if (!error) {
			/* Its table may be empty now. */
			follower_begin(core);
			return;
		}
	}
	cores_drop(core, error);
	core->following = false;
}

static void count_slice(struct core *core)
{
	struct slice *slice = &core->slice;
	u64 ns = cycles_to_ns(slice->cycles);
	struct engine_stats *stats = &engine.stats;

	stats->slices++;
	stats->verifies_follower += slice->done;
	stats->overruns += slice->cycles > budget;
	stats->pass_stolen_ns += ns;
	if (ns > READ_ONCE(stats->worst_slice_ns)) {
		WRITE_ONCE(stats->worst_slice_cpu, core->sent_cpu);
		WRITE_ONCE(stats->worst_slice_ns, ns);
	}
	engine.progress_done += slice->done;
	core->resume_at = ktime_get_ns() + plan_rest(ns, tune_read(TUNE_DUTY));
}

/* A slice has come back: take its results, decide what is next. */
static void harvest(struct core *core)
{
	struct slice *slice = &core->slice;

	core->sent_at = 0;
	count_slice(core);
	if (slice->error)
		follower_faulted(core);
	else if (slice->next >= engine.plan.regions)
		core->following = false;
	if (!core->following && !slice->error)
		WRITE_ONCE(core->behind, false);
}

/*
 * CPUs have come or gone: a sibling takes over, a core that has left follows
 * no longer, one that has come back begins in the next pass.
 */
static void refresh_followers(void)
{
	struct core *core;
	u32 i;

	cpus_read_lock();
	cores_refresh();
	cpus_read_unlock();
	for (i = 0; (core = cores_at(i)); i++)
		if (!core_takes_part(core))
			core->following = false;
}

struct tour {
	u32 busy;	/* slices under way */
	u32 left;	/* cores with regions left to verify */
	u64 due;	/* when the next core has had its rest, or is late */
};

static void due_at(struct tour *tour, u64 at)
{
	if (!tour->due || at < tour->due)
		tour->due = at;
}

/* A core that is busy: is it back, is it late? */
static void visit_busy(struct core *core, struct tour *tour, u64 now)
{
	if (!slice_is_busy(core)) {
		harvest(core);
	} else if (now >= core->sent_at + LATE_NS) {
		/* sent_at stays set: nothing is sent before it is back. */
		core->following = false;
	} else {
		tour->busy++;
		due_at(tour, core->sent_at + LATE_NS);
	}
}

/* Send to every core that may be interrupted now, up to `parallel` at once. */
static void send_slices(struct tour *tour, u64 now)
{
	u32 parallel = tune_read(TUNE_PARALLEL) ?: U32_MAX;
	struct core *core;
	u32 i;

	for (i = 0; (core = cores_at(i)); i++) {
		if (!core->following)
			continue;
		tour->left++;
		if (core->sent_at || tour->busy >= parallel)
			continue;
		if (core->resume_at > now) {
			due_at(tour, core->resume_at);
		} else if (!slice_send(core, now)) {
			tour->busy++;
			due_at(tour, now + LATE_NS);
		} else {
			/* It has just gone offline. */
			cores_touch();
		}
	}
}

/* Look at every follower once. */
static void tour_followers(struct tour *tour)
{
	u64 now = ktime_get_ns();
	struct core *core;
	u32 i;

	*tour = (struct tour){};
	for (i = 0; (core = cores_at(i)); i++)
		if (core->following && core->sent_at)
			visit_busy(core, tour, now);
	if (!engine_pass_ends())
		send_slices(tour, now);
}

/* Sleep until a slice comes back, a core has had its rest, or all is over. */
static void wait_followers(const struct tour *tour, int seen, bool ending)
{
	u64 now = ktime_get_ns();
	u64 ns = tour->due > now ? tour->due - now : 0;

	wait_event_interruptible_hrtimeout(engine.wait,
					   atomic_read(&returned) != seen ||
					   cores_changed() ||
					   engine_pass_ends() != ending,
					   ns_to_ktime(max(ns, NSEC_PER_USEC)));
}

/* Everybody who takes part follows, but the leader and who is still late. */
static void call_followers(const struct core *leader)
{
	struct core *core;
	u32 i;

	for (i = 0; (core = cores_at(i)); i++) {
		core->following = false;
		if (core == leader || !core_takes_part(core))
			continue;
		WRITE_ONCE(core->behind, true);
		if (slice_is_busy(core))
			continue;
		INIT_CSD(&core->slice.csd, slice_handler, core);
		core->sent_at = 0;
		core->rearmed = false;
		core->following = true;
		follower_begin(core);
	}
}

/* What each core came to; true if all of them came to the end. */
static bool settle_followers(const struct core *leader)
{
	bool complete = true;
	struct core *core;
	u32 i;

	for (i = 0; (core = cores_at(i)); i++) {
		if (core == leader || !core_takes_part(core))
			continue;
		if (!core->behind) {
			plan_follow(&engine.plan, core->slice.missed);
			continue;
		}
		/* Where it stopped is of no use: a slice may be under way. */
		complete = false;
		plan_follow(&engine.plan, NULL);
	}
	return complete;
}

/**
 * slices_run - let all followers verify the regions that the leader has won
 * @leader: who does not follow
 *
 * By the worker; sleeps. Interrupts nobody if the leader has won nothing.
 *
 * Return: true if every core that takes part has done its share.
 */
bool slices_run(const struct core *leader)
{
	struct tour tour;
	bool ending;
	int seen;

	WRITE_ONCE(pass_number, pass_number + 1);
	budget = us_to_cycles(tune_read(TUNE_SLICE_US));
	call_followers(leader);

	for (;;) {
		ending = engine_pass_ends();
		seen = atomic_read(&returned);
		if (cores_changed())
			refresh_followers();
		tour_followers(&tour);
		if (ending ? !tour.busy : !tour.left)
			break;
		wait_followers(&tour, seen, ending);
	}
	return settle_followers(leader);
}

static bool slices_under_way(void)
{
	struct core *core;
	u32 i;

	for (i = 0; (core = cores_at(i)); i++)
		if (slice_is_busy(core))
			return true;
	return false;
}

/**
 * slices_drain - wait until every handler has given its slice back
 *
 * By the worker, as the last thing that it does; sleeps.
 */
void slices_drain(void)
{
	wait_event_interruptible(engine.wait, !slices_under_way());
}
