// SPDX-License-Identifier: GPL-2.0
/*
 * How long instructions took, on all cores since load. They are noted in the
 * slice or order that is executed, and added up by the worker.
 */
#include <linux/compiler.h>

#include "latency.h"

static u64 sums[LATENCY_KINDS][LATENCY_BUCKETS];

/**
 * latency_take - add up what was noted, and clear it
 * @kind: kind of the instructions
 * @latency: what was noted; nothing is being added to it
 *
 * By the worker. Files read the sums meanwhile.
 */
void latency_take(enum latency_kind kind, struct latency *latency)
{
	u32 i;

	for (i = 0; i < LATENCY_BUCKETS; i++)
		WRITE_ONCE(sums[kind][i], sums[kind][i] + latency->count[i]);
	*latency = (struct latency){};
}

/**
 * latency_count - how many instructions took so long
 * @kind: which
 * @bucket: how long, see struct latency
 *
 * Any context.
 */
u64 latency_count(enum latency_kind kind, u32 bucket)
{
	return READ_ONCE(sums[kind][bucket]);
}
