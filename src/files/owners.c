// SPDX-License-Identifier: GPL-2.0
/*
 * Owners: whose pages a region holds, as the RMP says now.
 *
 * The RMP is read on the reader's own CPU, which disturbs no other CPU: in
 * steps of 2 MiB, and page by page only if a block is divided. Without RMPREAD
 * that is not known, so each page is read. Readers can be killed at any time,
 * and sleep as long as they have worked, as a region full of single pages takes
 * a quarter of a million reads.
 */
#include <linux/errno.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/xarray.h>

#include "host/compat.h"
#include "host/host.h"
#include "host/hw.h"
#include "owners.h"
#include "probe.h"

#define PAGES_PER_BLOCK	(SZ_2M / SZ_4K)

/* Work, then rest for the same time. */
#define STINT_US	2000u

/* Let other tasks run; -EINTR if the reader is being killed. */
static int pause_a_bit(u64 *stint)
{
	give_way();
	if (ktime_get_ns() - *stint >= STINT_US * NSEC_PER_USEC) {
		if (probe_sleep(STINT_US))
			return -EINTR;
		*stint = ktime_get_ns();
	}
	return fatal_signal_pending(current) ? -EINTR : 0;
}

static bool is_assigned(const struct hw_rmp_entry *entry)
{
	return entry->assigned & 1;
}

/*
 * May other pages of the block be assigned? The entry of its first one tells.
 */
static bool may_be_divided(const struct hw_rmp_entry *first)
{
	return !host_knows_owners() || (first->size & HW_RMP_OTHERS);
}

/* A contiguous RMP may end within its last region. */
static u64 region_end(u32 region)
{
	return min(((u64)region + 1) << HW_REGION_SHIFT, host_reach());
}

static int note(struct owners *owners, u32 asid, u32 pages)
{
	unsigned long before = xa_to_value(xa_load(&owners->pages, asid));

	if (!host_knows_owners()) {
		owners->unknown += pages;
		return 0;
	}
	return xa_err(xa_store(&owners->pages, asid, xa_mk_value(before + pages),
			       GFP_KERNEL));
}

static void count_firmware(struct owners *owners, const struct hw_rmp_entry *entry)
{
	owners->firmware += host_knows_owners() && !entry->asid;
}

/* Its pages of 4 KiB, all of them or up to the first one that is assigned. */
static int read_pages(struct owners *owners, u64 spa, bool exact)
{
	struct hw_rmp_entry entry = {};
	bool met = false;
	int ret = 0;
	u32 i;

	for (i = 0; i < PAGES_PER_BLOCK && !ret && (exact || !met); i++) {
		ret = host_read_page(spa + i * SZ_4K, &entry);
		if (ret || !is_assigned(&entry))
			continue;
		ret = note(owners, entry.asid, 1);
		if (!met)
			count_firmware(owners, &entry);
		met = true;
	}
	owners->partial += met;
	return ret;
}

static int read_block(struct owners *owners, u64 spa, bool exact)
{
	struct hw_rmp_entry entry = {};
	int ret = host_read_page(spa, &entry);

	if (ret)
		return ret;
	if (is_assigned(&entry) && (entry.size & HW_RMP_HUGE)) {
		owners->whole++;
		count_firmware(owners, &entry);
		return note(owners, entry.asid, PAGES_PER_BLOCK);
	}
	if (is_assigned(&entry) || may_be_divided(&entry))
		return read_pages(owners, spa, exact);
	return 0;
}

/**
 * owners_init - initialise
 * @owners: zeroed memory
 */
void owners_init(struct owners *owners)
{
	xa_init(&owners->pages);
}

/**
 * owners_forget - free what was read
 * @owners: may be used again
 */
void owners_forget(struct owners *owners)
{
	owners->whole = 0;
	owners->partial = 0;
	owners->firmware = 0;
	owners->unknown = 0;
	owners->error = 0;
	xa_destroy(&owners->pages);
}

/**
 * owners_read - who has pages of a region
 * @owners: where to put it
 * @region: a covered region
 * @exact: look at all pages, not only at the first assigned one of each block
 *
 * Sleeps, killable.
 *
 * Return: 0, with the reason in @owners if the RMP could not be read; -EINTR if
 * the reader is being killed, -ENOMEM.
 */
int owners_read(struct owners *owners, u32 region, bool exact)
{
	u64 spa = (u64)region << HW_REGION_SHIFT;
	u64 end = region_end(region);
	int ret;

	owners_forget(owners);
	owners->region = region;
	owners->stint = ktime_get_ns();
	for (; spa < end && !owners->error; spa += SZ_2M) {
		owners->error = read_block(owners, spa, exact);
		ret = pause_a_bit(&owners->stint);
		if (owners->error == -ENOMEM)
			ret = -ENOMEM;
		if (ret)
			return ret;
	}
	return 0;
}

/* 1: none of its pages is assigned; else 0, or an errno of reading. */
static int block_is_free(u64 spa)
{
	struct hw_rmp_entry entry = {};
	int ret = host_read_page(spa, &entry);
	u32 i;

	if (ret || is_assigned(&entry))
		return ret;
	if (host_knows_owners())
		return !(entry.size & HW_RMP_OTHERS);
	for (i = 1; i < PAGES_PER_BLOCK; i++) {
		ret = host_read_page(spa + i * SZ_4K, &entry);
		if (ret || is_assigned(&entry))
			return ret;
	}
	return 1;
}

/**
 * owners_none - is no page of a region assigned?
 * @region: a covered region
 * @stint: ktime in ns at which the reader began to work after its last rest
 *
 * Sleeps, killable. Stops at the first assigned page, as RMPOPT does.
 *
 * Return: 1 if so, 0 if not or if the RMP can't be read, -EINTR if the reader
 * is being killed.
 */
int owners_none(u32 region, u64 *stint)
{
	u64 spa = (u64)region << HW_REGION_SHIFT;
	u64 end = region_end(region);
	int ret;

	for (; spa < end; spa += SZ_2M) {
		if (block_is_free(spa) <= 0)
			return 0;
		ret = pause_a_bit(stint);
		if (ret)
			return ret;
	}
	return 1;
}
