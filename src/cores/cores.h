/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Cores: which threads share a table, which cores take part, come and go.
 */
#ifndef RMPOPT_CORES_H
#define RMPOPT_CORES_H

#include <linux/cpumask.h>
#include <linux/smp.h>
#include <linux/timer.h>
#include <linux/types.h>

#include "plan/coverage.h"
#include "plan/plan.h"
#include "arm.h"
#include "latency.h"

/**
 * struct slice - the instructions that a follower executes without a break
 * @csd: its IPI; may be unlocked before the handler has begun, so it says
 *	nothing about the handler
 * @timer: or the timer that runs it after a tick
 * @ready: @csd and @timer are initialised
 * @busy: from sending until the handler's last access to this structure;
 *	whoever sees it clear owns the rest
 * @by_tick: it was sent by timer
 * @verify: whether its instructions are verifies
 * @number: number of its phase
 * @pass: number of its pass
 * @next: the place after the last one done; where to begin
 * @done: instructions executed
 * @error: 0, or what the last instruction failed with
 * @budget: how long it may take, in cycles
 * @cycles: how long its instructions took, with everything around them
 * @pace: how long this core's instructions take
 * @times: histogram of how long the slice's instructions took
 */
struct slice {
	call_single_data_t csd;
	struct timer_list timer;
	bool ready;
	bool busy;
	bool by_tick;
	bool verify;
	u64 number;
	u64 pass;
	u32 next;
	u32 done;
	int error;
	u32 budget;
	u64 cycles;
	struct plan_pace pace;
	struct latency times;
};

/**
 * struct core - the threads that share one RMPOPT table
 * @plan: what is believed of it, and its order
 * @key: package and core number, which identify it
 * @first: one of its threads; the registry has the others
 * @primary: its first online thread, nr_cpu_ids if there is none
 * @wanted: the admin lets it take part (parameter cpus)
 * @armed: its table is in use and it takes part
 * @behind: its table may lack bits of clean regions
 * @hangs: the thread that led there has not come back from an instruction, and
 *	is not waited for any more; cleared when it does
 * @rearmed: it has faulted and was armed again, and has not finished an order
 *	since
 * @epoch: how often one of its threads has come online, as last looked at
 * @base: what its RMPOPT_BASE reads as, or did when it last took part
 * @dropped: why it was dropped, an errno; 0 if it was not
 * @pause_ms: how long it is not used then
 * @retry_at: ktime in ns of the next try
 * @next: the place after the last one of its order that is known to be done
 * @sent: its order is being executed, by a slice or by a leader's thread
 * @sent_at: ktime in ns at which that began
 * @sent_cpu: on which CPU
 * @waits_until: ktime in ns until which a tick is waited for
 * @resume_at: ktime in ns before which it is not interrupted again
 * @slices: how many slices it has executed
 * @worst_ns: the longest of them
 * @spared_until: the same, after its table was read for debugfs
 * @slice: the slice under way
 * @errand: the last one that the worker has sent it
 */
struct core {
	struct plan_core plan;
	u64 key;
	int first;
	unsigned int primary;
	bool wanted;
	bool armed;
	bool behind;
	bool hangs;
	bool rearmed;
	u32 epoch;
	u64 base;
	int dropped;
	u64 pause_ms;
	u64 retry_at;
	u32 next;
	bool sent;
	u64 sent_at;
	unsigned int sent_cpu;
	u64 waits_until;
	u64 resume_at;
	u64 slices;
	u64 worst_ns;
	u64 spared_until;
	/*
	 * Both begin at multiples of 32 bytes, so there is no gap between them.
	 */
	struct slice slice;
	struct errand errand;
};

/* What is believed of the tables, and the regions that are covered. */
extern struct plan the_plan;
extern struct coverage the_coverage;

/* Takes part: it is online, the admin lets it, its table is in use. */
static inline bool core_takes_part(const struct core *core)
{
	return core->primary < nr_cpu_ids && core->armed;
}

/*
 * Is its slice under way? If not, all that its handler has written may be read.
 */
static inline bool core_is_busy(const struct core *core)
{
	/*
	 * Pairs with give_back() in slice.c: results are visible before the
	 * flag.
	 */
	return smp_load_acquire(&core->slice.busy);
}

/* Has a thread of a leader not come back from an instruction there? */
static inline bool core_hangs(const struct core *core)
{
	/* Pairs with give_back() in lead_work.c. */
	return smp_load_acquire(&core->hangs);
}

/* The CPU that names a core, online or not. */
static inline int core_name(const struct core *core)
{
	return core->primary < nr_cpu_ids ? (int)core->primary : core->first;
}

/* registry.c: which threads share a table */
int cores_start(void);
void cores_stop(void);
int cores_select(const char *list);
void cores_register_new(void);
int cores_next_thread(int cpu);
unsigned int cores_missing(void);
u64 cores_memory_at(void);
void cores_try_missing(void);
struct core *cores_here(void);
struct core *cores_of(unsigned int cpu);
struct core *cores_at(u32 i);

/* cores.c: cores take part, come and go */
void cores_see_isolation(void);
void cores_came(void);
void cores_touch(void);
bool cores_changed(void);
bool cores_catch_up(void);
struct core *cores_leader(u32 i);
bool cores_may_take_part(const struct core *core);
bool cores_join(struct core *core, u64 base);
void cores_leave(struct core *core);
void cores_mask(struct cpumask *mask, bool behind_only);
void cores_leader_mask(struct cpumask *mask);

/* cores_drop.c: cores that fail */
void cores_drop(struct core *core, int error);
void cores_forgive(void);
void cores_retry_now(void);
void cores_praise(void);
u64 cores_retry_at(void);
struct core *cores_dropped(void);

#endif /* RMPOPT_CORES_H */
