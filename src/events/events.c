// SPDX-License-Identifier: GPL-2.0
/*
 * Conversions: what a hook notes for each page, and when a pass is due for it.
 *
 * The hook runs once for each 4 KiB page that comes back, 16.7 million times
 * for a guest of 64 GiB, on many CPUs at the same time, with preemption or
 * interrupts disabled. So it takes no lock, allocates nothing, and writes to
 * shared memory only once per region and tick: a *stamp*, when the region was
 * last converted, and a *mark*, which the worker clears.
 *
 * It runs *before* the RMPUPDATE. A pass tries a region only if it has been
 * *quiet* for delay_ms; other regions keep their marks. The worker clears the
 * mark, then reads the stamp; the hook writes the stamp, then reads the mark:
 * so no conversion is lost.
 *
 * A *round* begins with the first mark. A pass is due when all marked regions
 * are quiet, or max_delay_ms after the round began; then some regions may have
 * to wait for the next round. The worker is woken up only when a round begins,
 * and uses its own timer from then on.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/bitmap.h>
#include <linux/bits.h>
#include <linux/cpumask.h>
#include <linux/jiffies.h>
#include <linux/kprobes.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/percpu.h>
#include <linux/slab.h>

#include "cores/cores.h"
#include "host/hw.h"
#include "state/state.h"
#include "state/trace.h"
#include "state/tune.h"
#include "events.h"

/* For how many ticks a region has to be quiet at least. */
#define QUIET_MIN	1u

/* In @round: a round has begun. */
#define ROUND_OPEN	BIT_ULL(32)

/**
 * struct seen - conversions that one CPU has seen
 * @conversions: how many
 * @region: region of the last one, as neighbouring pages come back together
 * @place: its place, the_plan.regions if it has none
 */
struct seen {
	u64 conversions;
	u32 region;
	u32 place;
};

static DEFINE_PER_CPU(struct seen, seen);

/* By place: the tick (low half of jiffies) of the last conversion; marked? */
static u32 *stamps;
static unsigned long *marks;

/* ROUND_OPEN | tick in which it began; 0 if there is no round. */
static atomic64_t round;

/**
 * events_start - allocate stamps and marks
 *
 * After the planner has got its regions.
 *
 * Return: 0, -ENOMEM; events_stop() cleans up after both.
 */
int events_start(void)
{
	int cpu;

	stamps = kvcalloc(the_plan.regions, sizeof(*stamps), GFP_KERNEL);
	marks = kvcalloc(the_plan.words, sizeof(*marks), GFP_KERNEL);
	if (!stamps || !marks)
		return -ENOMEM;
	for_each_possible_cpu(cpu)
		per_cpu(seen, cpu).region = U32_MAX;
	return 0;
}

/**
 * events_stop - free it, after hooks_stop() and the worker's end
 */
void events_stop(void)
{
	kvfree(marks);
	kvfree(stamps);
}

/* What the planner knows of regions does not change after load. */
static u32 find_place(u32 region)
{
	const struct plan_region *list = the_plan.region;
	u32 low = 0, high = the_plan.regions, middle;

	while (low < high) {
		middle = (low + high) / 2;
		if (list[middle].number < region)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < the_plan.regions && list[low].number == region)
		return low;
	return the_plan.regions;
}
NOKPROBE_SYMBOL(find_place);

static void begin_round(u32 tick)
{
	if (!atomic64_read(&round) &&
	    !atomic64_cmpxchg(&round, 0, ROUND_OPEN | tick))
		state_kick_from_probe();
}
NOKPROBE_SYMBOL(begin_round);

/**
 * events_converted - a page is about to go back to the hypervisor
 * @pfn: its number
 *
 * By a probe's handler: preemption is disabled, interrupts may be, and it does
 * not nest on a CPU.
 */
void events_converted(u64 pfn)
{
	struct seen *here = this_cpu_ptr(&seen);
	u32 region = pfn >> (HW_REGION_SHIFT - PAGE_SHIFT);
	u32 tick = jiffies;

	WRITE_ONCE(here->conversions, here->conversions + 1);
	if (here->region != region) {
		here->region = region;
		here->place = find_place(region);
	}
	if (here->place >= the_plan.regions)
		return;
	if (READ_ONCE(stamps[here->place]) != tick) {
		WRITE_ONCE(stamps[here->place], tick);
		/*
		 * Write the stamp before the mark is read; pairs with take().
		 */
		smp_mb();
	}
	if (!test_bit(here->place, marks) &&
	    !test_and_set_bit(here->place, marks))
		begin_round(tick);
}
NOKPROBE_SYMBOL(events_converted);

/**
 * events_conversions - how many pages have come back since load
 *
 * Any context.
 */
u64 events_conversions(void)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu(seen, cpu).conversions);
	return sum;
}

/* How long a region has to be quiet, in ticks; not longer than a round. */
static u32 quiet_ticks(void)
{
	u32 ms = min(tune_read(TUNE_DELAY_MS), tune_read(TUNE_MAX_DELAY_MS));

	return max_t(u32, msecs_to_jiffies(ms), QUIET_MIN);
}

/*
 * How many of @period ticks are left. Marks may wait forever while the module
 * is stopped: when the counter wraps, a mark looks young once more, for one
 * period.
 */
static u32 ticks_left(u32 since, u32 period)
{
	u32 age = (u32)jiffies - since;

	return age < period ? period - age : 0;
}

/* One more, as the tick is not over when it is noted. */
static u32 ticks_to_quiet(u32 place)
{
	return ticks_left(READ_ONCE(stamps[place]), quiet_ticks() + 1);
}

static u32 ticks_to_cap(void)
{
	return ticks_left(atomic64_read(&round),
			  msecs_to_jiffies(tune_read(TUNE_MAX_DELAY_MS)));
}

/**
 * struct outlook - when marked regions are quiet
 * @first: ticks until the first one of them is
 * @all: ticks until the last one is
 */
struct outlook {
	u32 first;
	u32 all;
};

static struct outlook look_ahead(void)
{
	struct outlook outlook = { .first = U32_MAX };
	u32 place, ticks;

	for_each_set_bit(place, marks, the_plan.regions) {
		ticks = ticks_to_quiet(place);
		outlook.first = min(outlook.first, ticks);
		outlook.all = max(outlook.all, ticks);
	}
	return outlook;
}

static bool round_is_open(void)
{
	return tune_read(TUNE_AUTO) && atomic64_read(&round);
}

static void restart_round(void)
{
	atomic64_set(&round, ROUND_OPEN | (u32)jiffies);
}

/*
 * The remaining marks belong to the next round. If there are none, it begins
 * with the next mark, which may come at this moment.
 */
static void end_round(void)
{
	if (bitmap_empty(marks, the_plan.regions)) {
		/* Fully ordered; pairs with begin_round(). */
		atomic64_xchg(&round, 0);
		if (bitmap_empty(marks, the_plan.regions))
			return;
	}
	restart_round();
}

/**
 * events_due - is a pass due for what was converted?
 *
 * By the worker. If a round ends and no region has become quiet, the next one
 * begins.
 */
bool events_due(void)
{
	struct outlook outlook;

	if (!round_is_open())
		return false;
	if (bitmap_empty(marks, the_plan.regions)) {
		end_round();
		return false;
	}
	outlook = look_ahead();
	if (!outlook.all)
		return true;
	if (ticks_to_cap())
		return false;
	if (!outlook.first)
		return true;
	restart_round();
	return false;
}

/**
 * events_due_at - when to call events_due()
 *
 * By the worker.
 *
 * Return: ktime in ns, 0 if nothing was converted.
 */
u64 events_due_at(void)
{
	u32 ticks;

	if (!round_is_open())
		return 0;
	ticks = min(look_ahead().all, ticks_to_cap());
	return ktime_get_ns() + jiffies64_to_nsecs(max(ticks, 1u));
}

/**
 * events_quiet_at - when all that was converted is quiet, if no more is
 *
 * By the worker.
 *
 * Return: ktime in ns, 0 if it is quiet now.
 */
u64 events_quiet_at(void)
{
	u32 ticks = look_ahead().all;

	return ticks ? ktime_get_ns() + jiffies64_to_nsecs(ticks) : 0;
}

/* Is the region marked, and quiet? If so, clear the mark. */
static bool take(u32 place)
{
	/* Implies a full barrier; pairs with events_converted(). */
	if (!test_and_clear_bit(place, marks))
		return false;
	if (!ticks_to_quiet(place))
		return true;
	set_bit(place, marks);
	return false;
}

/**
 * events_take - tell the planner what was converted
 * @served: the pass that begins was due for this
 *
 * By the worker, before every pass.
 */
void events_take(bool served)
{
	u32 place;

	for_each_set_bit(place, marks, the_plan.regions) {
		if (!take(place)) {
			plan_busy(&the_plan, place);
			continue;
		}
		plan_mark(&the_plan, place);
		trace_event(TRACE_CONVERTED, -1,
			    the_plan.region[place].number);
	}
	/* If the pass was not due for it, the round goes on. */
	if (served || bitmap_empty(marks, the_plan.regions))
		end_round();
}

/**
 * events_give_back - if the pass was cancelled, mark what was taken again
 *
 * By the worker, after a pass.
 */
void events_give_back(void)
{
	u32 place;

	for_each_set_bit(place, the_plan.marked, the_plan.regions) {
		WRITE_ONCE(stamps[place], (u32)jiffies);
		set_bit(place, marks);
		begin_round(jiffies);
	}
}
