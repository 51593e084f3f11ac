// SPDX-License-Identifier: GPL-2.0
/*
 * The host's RMP: where it is and what it covers, in both of its forms. A
 * segmented RMP has a table of its segments (RST); a contiguous one has entries
 * from address 0 on, and is treated as one segment.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/align.h>
#include <linux/bitfield.h>
#include <linux/errno.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/numa.h>
#include <linux/printk.h>
#include <linux/sizes.h>

#include "plan/coverage.h"
#include "host.h"
#include "hw.h"

/* What a segment maps, in GiB; more than its size is cut. [S] */
#define SEGMENT_MAPPED		GENMASK_ULL(19, 0)

/**
 * struct segment - a part of the RMP
 * @rmp: where its entries begin, a system physical address
 * @regions: how many regions they describe; 0: not in use
 */
struct segment {
	u64 rmp;
	u32 regions;
};

/* Segments by number; log2 of the size that each may cover; end of the RMP. */
static struct segment segments[HW_RST_ENTRIES];
static unsigned int segment_shift;
static u64 reach;

/**
 * host_rmp_is_segmented - is the RMP segmented, or contiguous?
 *
 * Any context.
 */
bool host_rmp_is_segmented(void)
{
	u64 cfg;

	return !hw_read(HW_MSR_RMP_CFG, &cfg) && (cfg & HW_RMP_CFG_SEGMENTED);
}

/**
 * host_rmp_base - where the RMP begins, with its bookkeeping
 *
 * Any context.
 *
 * Return: a system physical address; 0 if there is none.
 */
u64 host_rmp_base(void)
{
	u64 base;

	return hw_read(HW_MSR_RMP_BASE, &base) ? 0 : base;
}

static void keep_segments(const u64 *rst)
{
	u64 size = BIT_ULL(segment_shift - HW_REGION_SHIFT);
	u32 i;

	for (i = 0; i < hw_rst_entries(); i++) {
		segments[i].rmp = rst[i] & HW_RST_SEGMENT_BASE;
		segments[i].regions = min(rst[i] & SEGMENT_MAPPED, size);
	}
	/* Whole regions, as far as there are segments. */
	reach = U64_MAX;
}

/* Firmware has written the RST before the kernel booted; it does not change. */
static int segmented_coverage(struct coverage *cov, u64 base)
{
	u64 cfg, *rst;
	int ret;

	ret = hw_read(HW_MSR_RMP_CFG, &cfg);
	if (ret)
		return ret;
	rst = memremap(base + HW_RMP_BOOKKEEPING, HW_RST_SIZE, MEMREMAP_WB);
	if (!rst) {
		pr_err("can't map the RMP segment table at 0x%llx: report this, with the whole kernel log\n",
		       base + HW_RMP_BOOKKEEPING);
		return -ENXIO;
	}
	segment_shift = FIELD_GET(HW_RMP_CFG_SHIFT, cfg);
	ret = coverage_from_rst(cov, rst, hw_rst_entries(), segment_shift);
	if (ret)
		pr_err("the RMP segment table at 0x%llx is invalid (RMP_CFG 0x%llx, error %d): report this to the vendor of the BIOS\n",
		       base + HW_RMP_BOOKKEEPING, cfg, ret);
	else
		keep_segments(rst);
	memunmap(rst);
	return ret;
}

/*
 * How many regions do the entries describe? The RMP ends at a multiple of 1
 * MiB, but a region has 4 MiB of entries: a last region that is described in
 * part counts if it has RAM.
 */
static u32 regions_in_reach(void)
{
	u64 end = ALIGN_DOWN(reach, SZ_1G);

	if (end < reach &&
	    region_intersects(end, reach - end, IORESOURCE_SYSTEM_RAM,
			      IORES_DESC_NONE) != REGION_DISJOINT)
		end += SZ_1G;
	return end >> HW_REGION_SHIFT;
}

/* One table from address 0 on, treated as one segment. */
static int contiguous_coverage(struct coverage *cov, u64 base)
{
	u64 last = 0;
	u32 regions = 0;
	int ret;

	cov->ranges = 0;
	cov->regions = 0;
	if (!hw_read(HW_MSR_RMP_END, &last) && last > base + HW_RMP_BOOKKEEPING) {
		reach = (last + 1 - base - HW_RMP_BOOKKEEPING) <<
			(PAGE_SHIFT - HW_RMP_ENTRY_SHIFT);
		reach = ALIGN_DOWN(reach, SZ_2M);
		regions = regions_in_reach();
	}
	ret = coverage_add(cov, 0, regions);
	if (ret || !regions) {
		pr_err("the RMP from 0x%llx to 0x%llx is invalid: report this to the vendor of the BIOS\n",
		       base, last);
		return -EINVAL;
	}
	segment_shift = HW_REGION_SHIFT + order_base_2(COVERAGE_REGIONS_MAX);
	segments[0].rmp = base + HW_RMP_BOOKKEEPING;
	segments[0].regions = regions;
	return 0;
}

/**
 * host_coverage - what the RMP covers
 * @cov: where to put it
 *
 * At load, after host_check(); may sleep. Reading an RMP is always allowed.
 *
 * Return: 0, or an errno after it has logged what is wrong.
 */
int host_coverage(struct coverage *cov)
{
	u64 base = host_rmp_base();

	if (!base) {
		pr_err("the BIOS has reserved no memory for the RMP: enable SNP memory coverage in the BIOS\n");
		return -ENODEV;
	}
	return host_rmp_is_segmented() ? segmented_coverage(cov, base) :
					 contiguous_coverage(cov, base);
}

/**
 * host_reach - the end of the pages that the RMP describes
 *
 * After host_coverage(), any context. The last region of a contiguous RMP may
 * be described in part. Of a segmented one this is not the end: each covered
 * region is described as a whole.
 *
 * Return: the system physical address after the last page.
 */
u64 host_reach(void)
{
	return reach;
}

/**
 * host_rmp_address - where the part of the RMP that describes a region lies
 * @region: the region
 *
 * After host_coverage(). An entry has 16 bytes and describes 4 KiB. [S]
 *
 * Return: a system physical address, 0 if it is not known.
 */
u64 host_rmp_address(u32 region)
{
	u32 shift = segment_shift - HW_REGION_SHIFT;
	u32 i = (u64)region >> shift;
	u64 within = region & (BIT_ULL(shift) - 1);

	if (i >= HW_RST_ENTRIES || !segments[i].rmp)
		return 0;
	return segments[i].rmp + (within << (HW_REGION_SHIFT - PAGE_SHIFT +
					     HW_RMP_ENTRY_SHIFT));
}

/**
 * host_segment - what a segment of the RMP describes
 * @i: its number; 0 if the RMP is not segmented
 * @segment: where to put it
 *
 * After host_coverage(), any context.
 *
 * Return: false if it is not in use or there is no such one.
 */
bool host_segment(u32 i, struct host_segment *segment)
{
	if (i >= HW_RST_ENTRIES || !segments[i].regions)
		return false;
	segment->first = i << (segment_shift - HW_REGION_SHIFT);
	segment->regions = segments[i].regions;
	segment->rmp = segments[i].rmp;
	segment->node = phys_to_target_node(segment->rmp);
	return true;
}

/**
 * host_first_entry - where the RMP's first entries lie
 *
 * Any context.
 *
 * Return: a system physical address; 0 before host_coverage().
 */
u64 host_first_entry(void)
{
	u32 i;

	for (i = 0; i < HW_RST_ENTRIES; i++)
		if (segments[i].regions)
			return segments[i].rmp;
	return 0;
}
