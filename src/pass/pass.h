/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Passes: executes the orders of the planner.
 */
#ifndef RMPOPT_PASS_H
#define RMPOPT_PASS_H

#include <linux/atomic.h>
#include <linux/types.h>

#include "state/state.h"

/**
 * struct pass_stats - counts since load, written by the worker only; those of
 *	instructions are in the plan. Probes are not counted
 * @passes: passes ended
 * @passes_full: full passes
 * @passes_delta: delta passes
 * @slices: slices of followers
 * @interruptions: slices that were sent by IPI
 * @overruns: slices that took longer than slice_us
 * @faults: instructions that faulted as their core's RMPOPT_BASE was not right;
 *	all others are counted in the plan
 * @last_pass_time_s: when the last pass ended, in seconds since 1970
 * @last_pass_us: how long it took
 * @last_stolen_us: how much of the followers' time its slices took, added up
 * @last_trigger: why it ran
 * @pass_stolen_ns: what slices took in the running pass
 * @worst_slice_ns: the longest slice so far
 * @worst_slice_cpu: its CPU
 */
struct pass_stats {
	u64 passes;
	u64 passes_full;
	u64 passes_delta;
	u64 slices;
	u64 interruptions;
	u64 overruns;
	u64 faults;
	u64 last_pass_time_s;
	u64 last_pass_us;
	u64 last_stolen_us;
	enum engine_trigger last_trigger;
	u64 pass_stolen_ns;
	u64 worst_slice_ns;
	int worst_slice_cpu;
};

/**
 * struct running - the running pass
 * @pass: its number (a watch that finds nothing has one, too); 0 if there is
 *	none
 * @leaderless: the last one could not begin, as no core could lead it
 * @returned: how many slices and orders of leaders have come back
 * @awaited: at which @returned a leader is to wake up the worker
 * @done: instructions that are done
 * @total: all of them, as far as known
 * @stats: counts since load
 */
struct running {
	u64 pass;
	bool leaderless;
	atomic_t returned;
	int awaited;
	atomic_t done;
	u32 total;
	struct pass_stats stats;
};

extern struct running running;

bool pass_welcome_late(void);
bool pass_is_under_way(void);
bool pass_elect(void);
enum engine_result pass_run(enum engine_trigger trigger, bool full,
			    bool *again);
bool pass_audit(u32 first, u32 count);
bool pass_view(bool all);

#endif /* RMPOPT_PASS_H */
