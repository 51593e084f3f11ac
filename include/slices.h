/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Followers: slices of verifies, sent by IPI.
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

bool slices_run(const struct core *leader);
void slices_drain(void);

#endif /* RMPOPT_SLICES_H */
