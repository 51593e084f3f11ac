/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Followers: when slices are sent.
 */
#ifndef RMPOPT_SLICES_H
#define RMPOPT_SLICES_H

#include <linux/math64.h>
#include <linux/types.h>
#include <asm/tsc.h>

struct core;

/* TSC cycles and nanoseconds; tsc_khz is never 0 where SNP runs. */
static inline u64 cycles_to_ns(u64 cycles)
{
	return mul_u64_u32_div(cycles, NSEC_PER_MSEC, tsc_khz ?: NSEC_PER_MSEC);
}

static inline u64 us_to_cycles(u32 us)
{
	return div_u64((u64)us * (tsc_khz ?: NSEC_PER_MSEC), 1000);
}

/**
 * struct tour - what was found in one look at all cores
 * @busy: slices and leaders' threads under way
 * @left: cores that have not done their order
 * @due: ktime in ns at which to look again; 0: no such time
 * @ending: the pass has to end: nothing is sent
 */
struct tour {
	u32 busy;
	u32 left;
	u64 due;
	bool ending;
};

static inline void tour_due(struct tour *tour, u64 at)
{
	if (!tour->due || at < tour->due)
		tour->due = at;
}

int slices_visit(struct core *core, struct tour *tour, u64 now);
u64 slices_rest_until(u64 ns);
int slices_send(struct core *core, struct tour *tour, u64 now);
void slices_drain(void);

#endif /* RMPOPT_SLICES_H */
