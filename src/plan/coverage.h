/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Coverage: the regions that are covered, as sorted ranges.
 *
 * Plain C without kernel calls: the unit tests compile it in user space.
 */
#ifndef RMPOPT_COVERAGE_H
#define RMPOPT_COVERAGE_H

#include <linux/types.h>

/* 52 address bits are the architecture's limit: 2^22 regions. */
#define COVERAGE_REGIONS_MAX	0x400000u

/* The RST has 512 entries; a list of 1024 characters names fewer ranges. */
#define COVERAGE_RANGES_MAX	1024u

/**
 * struct coverage_range - neighbouring regions
 * @first: number of the first one
 * @count: how many
 */
struct coverage_range {
	u32 first;
	u32 count;
};

/**
 * struct coverage - a set of regions
 * @ranges: how many ranges
 * @regions: how many regions in all of them
 * @range: sorted, never empty, never touching each other
 */
struct coverage {
	u32 ranges;
	u32 regions;
	struct coverage_range range[COVERAGE_RANGES_MAX];
};

int coverage_add(struct coverage *cov, u32 first, u32 count);
int coverage_from_rst(struct coverage *cov, const u64 *rst,
		      unsigned int entries, unsigned int segment_shift);
int coverage_parse(struct coverage *cov, const char *list);
int coverage_intersect(struct coverage *cov, const struct coverage *a,
		       const struct coverage *b);
u32 coverage_list(const struct coverage *cov, u32 *region, u32 max);
u32 coverage_in_window(const struct coverage *cov, u32 base, u32 size);

static inline u32 coverage_lowest(const struct coverage *cov)
{
	return cov->ranges ? cov->range[0].first : 0;
}

static inline u32 coverage_end(const struct coverage *cov)
{
	const struct coverage_range *last;

	if (!cov->ranges)
		return 0;
	last = &cov->range[cov->ranges - 1];
	return last->first + last->count;
}

#endif /* RMPOPT_COVERAGE_H */
