/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How long instructions take: log2 histograms.
 */
#ifndef RMPOPT_LATENCY_H
#define RMPOPT_LATENCY_H

#include <linux/bitops.h>
#include <linux/compiler.h>
#include <linux/minmax.h>
#include <linux/types.h>

/* The last one holds all that takes longer: 2^38 cycles are two minutes. */
#define LATENCY_BUCKETS	40u

/**
 * struct latency - a histogram; it has one writer at a time, who needs no atomics
 * @count: bucket 0 is for 0 cycles, bucket i for those from 2^(i - 1) on
 */
struct latency {
	u64 count[LATENCY_BUCKETS];
};

static inline void latency_note(struct latency *latency, u64 cycles)
{
	u64 *count = &latency->count[min_t(u32, fls64(cycles),
					   LATENCY_BUCKETS - 1)];

	/* Files read it meanwhile. */
	WRITE_ONCE(*count, *count + 1);
}

static inline u64 latency_from(u32 bucket)
{
	return bucket ? 1ull << (bucket - 1) : 0;
}

#endif /* RMPOPT_LATENCY_H */
