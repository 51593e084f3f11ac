/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How long instructions take: log2 histograms.
 */
#ifndef RMPOPT_LATENCY_H
#define RMPOPT_LATENCY_H

#include <linux/bitops.h>
#include <linux/minmax.h>
#include <linux/types.h>

/* The last one holds all that takes longer: 2^24 cycles are 8 ms. */
#define LATENCY_BUCKETS	26u

enum latency_kind {
	LATENCY_LEADER_VERIFY,
	LATENCY_FOLLOWER_VERIFY,
	LATENCY_REPORT,
	LATENCY_KINDS,
};

/**
 * struct latency - the instructions of one slice or order, which are no more
 *	than a window has regions; written by whoever executes them
 * @count: bucket 0 is for 0 cycles, bucket i for those from 2^(i - 1) on
 */
struct latency {
	u16 count[LATENCY_BUCKETS];
};

static inline void latency_note(struct latency *latency, u64 cycles)
{
	latency->count[min_t(u32, fls64(cycles), LATENCY_BUCKETS - 1)]++;
}

static inline u64 latency_from(u32 bucket)
{
	return bucket ? 1ull << (bucket - 1) : 0;
}

void latency_take(enum latency_kind kind, struct latency *latency);
u64 latency_count(enum latency_kind kind, u32 bucket);

#endif /* RMPOPT_LATENCY_H */
