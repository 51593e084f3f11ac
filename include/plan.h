/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The planner: what is believed of the tables, and what a pass has to do.
 *
 * Plain C without kernel calls: the unit tests compile it in user space.
 */
#ifndef RMPOPT_PLAN_H
#define RMPOPT_PLAN_H

#include <linux/bitmap.h>
#include <linux/types.h>

/* One window for all cores, so no pass has more regions than a table. */
#define PLAN_REGIONS_MAX	2048u

/**
 * struct plan - beliefs about the regions of the window
 * @regions: how many; they are numbered by their place in the coverage
 * @won: the leader's verify succeeded in the running pass, so that followers
 *	are worth interrupting
 * @missed: a follower that took part does not have the bit
 * @optimized: closed: every core that took part has the bit
 *
 * A pass asks the leader to verify each region, then the followers to verify
 * those that the leader won, then the leader to report them: its *closing
 * report*. Losses are broadcast, so a bit that the leader still has at the
 * closing has been there since its verify, and so has everybody else's.
 */
struct plan {
	u32 regions;
	DECLARE_BITMAP(won, PLAN_REGIONS_MAX);
	DECLARE_BITMAP(missed, PLAN_REGIONS_MAX);
	DECLARE_BITMAP(optimized, PLAN_REGIONS_MAX);
};

void plan_forget(struct plan *plan);
void plan_begin(struct plan *plan);
void plan_lead(struct plan *plan, u32 i, bool bit);
void plan_follow(struct plan *plan, const unsigned long *missed);
bool plan_close(struct plan *plan, u32 i, bool bit);
u32 plan_won(const struct plan *plan);
u32 plan_optimized(const struct plan *plan);

/**
 * struct plan_pace - how long one core's instructions take
 * @slowest: the slowest recent one, in cycles
 */
struct plan_pace {
	u64 slowest;
};

bool plan_fits(const struct plan_pace *pace, u64 spent, u64 budget);
void plan_learn(struct plan_pace *pace, u64 cycles);
u64 plan_rest(u64 spent, u32 duty);
u64 plan_pause(u64 pause, u64 first, u64 cap);

#endif /* RMPOPT_PLAN_H */
