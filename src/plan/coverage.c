// SPDX-License-Identifier: GPL-2.0
/*
 * Coverage: the regions that the RMP covers, and those of them that the admin
 * has chosen.
 *
 * The source is the RMP segment table, not 0 ... max_pfn: if RAM has a hole of
 * a thousand GiB, this means 10 regions instead of 1,000.
 *
 * Plain C without kernel calls.
 */
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/types.h>

#include "coverage.h"

/* RST entry: bits 51:20 segment base, bits 19:0 mapped size in GiB. [S] */
#define RST_MAPPED_SIZE(entry)	((u32)((entry) & 0xfffff))

/* A segment covers at least a region, and the RST the address space. */
#define SEGMENT_SHIFT_MIN	30
#define SEGMENT_SHIFT_MAX	52

static u32 range_end(const struct coverage_range *range)
{
	return range->first + range->count;
}

/* Ranges i ... i + n - 1 become one that also holds first ... end - 1. */
static void swallow(struct coverage *cov, u32 i, u32 n, u32 first, u32 end)
{
	struct coverage_range *range = &cov->range[i];
	u32 k;

	for (k = 0; k < n; k++) {
		first = min(first, range[k].first);
		end = max(end, range_end(&range[k]));
		cov->regions -= range[k].count;
	}
	memmove(range + 1, range + n, (cov->ranges - i - n) * sizeof(*range));
	cov->ranges = cov->ranges + 1 - n;
	range->first = first;
	range->count = end - first;
	cov->regions += range->count;
}

/**
 * coverage_add - add neighbouring regions to a set
 * @cov: the set
 * @first: number of the first region
 * @count: how many; 0 adds nothing
 *
 * Return: 0, -EINVAL if a region lies beyond 52 address bits, -E2BIG if the
 * set would have too many ranges. On an error the set is as it was.
 */
int coverage_add(struct coverage *cov, u32 first, u32 count)
{
	u32 i = 0, n = 0;

	if (!count)
		return 0;
	if (first >= COVERAGE_REGIONS_MAX ||
	    count > COVERAGE_REGIONS_MAX - first)
		return -EINVAL;

	while (i < cov->ranges && range_end(&cov->range[i]) < first)
		i++;
	while (i + n < cov->ranges && cov->range[i + n].first <= first + count)
		n++;
	if (!n && cov->ranges == COVERAGE_RANGES_MAX)
		return -E2BIG;

	swallow(cov, i, n, first, first + count);
	return 0;
}

/**
 * coverage_from_rst - the regions that an RMP covers
 * @cov: where to put them
 * @rst: the RMP segment table
 * @entries: how many of its entries count
 * @segment_shift: log2 of a segment's size in bytes
 *
 * Entry i describes the segment at i << @segment_shift. Its mapped size may be
 * zero (a hole), below the segment's size (a hole after it) or above it (then
 * it is cut). [S]
 *
 * Return: 0, -EINVAL if the table is invalid, -E2BIG as coverage_add().
 */
int coverage_from_rst(struct coverage *cov, const u64 *rst,
		      unsigned int entries, unsigned int segment_shift)
{
	unsigned int i;
	u64 segment;
	int ret;

	cov->ranges = 0;
	cov->regions = 0;
	if (segment_shift < SEGMENT_SHIFT_MIN || segment_shift > SEGMENT_SHIFT_MAX)
		return -EINVAL;

	segment = 1ULL << (segment_shift - 30);
	for (i = 0; i < entries; i++) {
		u32 mapped = RST_MAPPED_SIZE(rst[i]);

		if (!mapped)
			continue;
		if (i * segment >= COVERAGE_REGIONS_MAX)
			return -EINVAL;
		ret = coverage_add(cov, i * segment, min_t(u64, mapped, segment));
		if (ret)
			return ret;
	}
	return cov->regions ? 0 : -EINVAL;
}

/* Decimal digits only; *p moves past them. */
static int parse_region(const char **p, u32 *region)
{
	u32 value = 0;

	if (**p < '0' || **p > '9')
		return -EINVAL;
	while (**p >= '0' && **p <= '9') {
		value = value * 10 + (*(*p)++ - '0');
		if (value >= COVERAGE_REGIONS_MAX)
			return -EINVAL;
	}
	*region = value;
	return 0;
}

static int parse_range(const char **p, u32 *first, u32 *last)
{
	int ret = parse_region(p, first);

	*last = *first;
	if (!ret && **p == '-') {
		++*p;
		ret = parse_region(p, last);
	}
	return ret ?: *last < *first ? -EINVAL : 0;
}

/**
 * coverage_parse - read a list of regions
 * @cov: where to put them
 * @list: "all", or numbers and ranges like "0-3,1024-1535"; a newline may
 *	follow
 *
 * Return: 0, -EINVAL if the list is invalid.
 */
int coverage_parse(struct coverage *cov, const char *list)
{
	u32 first, last;
	int ret;

	cov->ranges = 0;
	cov->regions = 0;
	if (!strcmp(list, "all") || !strcmp(list, "all\n"))
		return coverage_add(cov, 0, COVERAGE_REGIONS_MAX);

	for (;;) {
		ret = parse_range(&list, &first, &last);
		if (!ret)
			ret = coverage_add(cov, first, last - first + 1);
		if (ret)
			return ret;
		if (*list != ',')
			break;
		list++;
	}
	return *list && strcmp(list, "\n") ? -EINVAL : 0;
}

/**
 * coverage_intersect - the regions that are in both of two sets
 * @cov: where to put them; neither of the two
 * @a: one set
 * @b: the other
 *
 * Return: 0, -E2BIG as coverage_add().
 */
int coverage_intersect(struct coverage *cov, const struct coverage *a,
		       const struct coverage *b)
{
	u32 i = 0, k = 0;
	int ret;

	cov->ranges = 0;
	cov->regions = 0;
	while (i < a->ranges && k < b->ranges) {
		u32 end_a = range_end(&a->range[i]);
		u32 end_b = range_end(&b->range[k]);
		u32 first = max(a->range[i].first, b->range[k].first);
		u32 end = min(end_a, end_b);

		if (first < end) {
			ret = coverage_add(cov, first, end - first);
			if (ret)
				return ret;
		}
		if (end_a < end_b)
			i++;
		else
			k++;
	}
	return 0;
}

/**
 * coverage_list - write the regions out, in order
 * @cov: the set
 * @region: where to write their numbers
 * @max: how many at most
 *
 * Return: how many were written.
 */
u32 coverage_list(const struct coverage *cov, u32 *region, u32 max)
{
	u32 i, k, n = 0;

	for (i = 0; i < cov->ranges; i++)
		for (k = 0; k < cov->range[i].count && n < max; k++)
			region[n++] = cov->range[i].first + k;
	return n;
}

/**
 * coverage_in_window - how many regions of a set lie in a window
 * @cov: the set
 * @base: number of the window's first region
 * @size: the window's size in regions
 *
 * Regions below @base don't count, nor do those after the end of the window.
 */
u32 coverage_in_window(const struct coverage *cov, u32 base, u32 size)
{
	u32 i, n = 0;

	for (i = 0; i < cov->ranges; i++) {
		u32 first = max(cov->range[i].first, base);
		u32 end = min(range_end(&cov->range[i]), base + size);

		if (first < end)
			n += end - first;
	}
	return n;
}
