// SPDX-License-Identifier: GPL-2.0
/*
 * debugfs rmp, rmp_region: whose pages hold a region back.
 *
 * The RMP is read by RMPREAD on the reader's own CPU, which disturbs nobody
 * else: in steps of 2 MiB, page by page only where a block is divided. Readers
 * are killed at once, and rest as long as they have worked, as a region full of
 * single pages is a quarter of a million of instructions.
 */
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/kstrtox.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/uaccess.h>
#include <linux/xarray.h>

#include "coverage.h"
#include "engine.h"
#include "hw.h"
#include "probe.h"
#include "views.h"

#define PAGES_PER_BLOCK	(SZ_2M / SZ_4K)

/* Work, then rest for the same time. */
#define STINT_US	2000u

/* No region was asked for yet. */
#define NO_REGION	U32_MAX

/**
 * struct owners - who has pages of a region
 * @region: the region
 * @error: what an RMPREAD failed with; then the rest says nothing
 * @stint: ktime in ns at which the reader's work began
 * @whole: 2 MiB blocks with one RMP entry of 2 MiB
 * @partial: blocks with assigned pages of 4 KiB
 * @firmware: blocks of both kinds whose first assigned page is firmware's
 * @pages: by ASID: how many pages were met; 0 is firmware
 */
struct owners {
	u32 region;
	int error;
	u64 stint;
	u32 whole;
	u32 partial;
	u32 firmware;
	struct xarray pages;
};

static struct owners *owners_of(struct view_reader *reader)
{
	return (struct owners *)reader->memory;
}

/* Let others work; -EINTR if there is nobody any more who wants to know. */
static int pause_a_bit(struct owners *owners)
{
	cond_resched();
	if (ktime_get_ns() - owners->stint >= STINT_US * NSEC_PER_USEC) {
		if (probe_sleep(STINT_US))
			return -EINTR;
		owners->stint = ktime_get_ns();
	}
	return fatal_signal_pending(current) ? -EINTR : 0;
}

static bool is_assigned(const struct hw_rmp_entry *entry)
{
	return entry->assigned & 1;
}

static int note(struct owners *owners, u32 asid, u32 pages)
{
	unsigned long before = xa_to_value(xa_load(&owners->pages, asid));

	return xa_err(xa_store(&owners->pages, asid, xa_mk_value(before + pages),
			       GFP_KERNEL));
}

/* Its pages of 4 KiB, all of them or up to the first one that is assigned. */
static int read_pages(struct owners *owners, u64 spa, bool exact)
{
	struct hw_rmp_entry entry = {};
	bool met = false;
	int ret = 0;
	u32 i;

	for (i = 0; i < PAGES_PER_BLOCK && !ret && (exact || !met); i++) {
		ret = hw_rmpread(spa + i * SZ_4K, &entry);
		if (ret || !is_assigned(&entry))
			continue;
		ret = note(owners, entry.asid, 1);
		owners->firmware += !met && !entry.asid;
		met = true;
	}
	owners->partial += met;
	return ret;
}

static int read_block(struct owners *owners, u64 spa, bool exact)
{
	struct hw_rmp_entry entry = {};
	int ret = hw_rmpread(spa, &entry);

	if (ret)
		return ret;
	if (is_assigned(&entry) && (entry.size & HW_RMP_HUGE)) {
		owners->whole++;
		owners->firmware += !entry.asid;
		return note(owners, entry.asid, PAGES_PER_BLOCK);
	}
	if (is_assigned(&entry) || (entry.size & HW_RMP_OTHERS))
		return read_pages(owners, spa, exact);
	return 0;
}

static void forget(struct owners *owners)
{
	owners->whole = 0;
	owners->partial = 0;
	owners->firmware = 0;
	owners->error = 0;
	xa_destroy(&owners->pages);
}

/* Returns 0 or why the read(2) is to fail; an RMPREAD's error is shown. */
static int read_region(struct owners *owners, u32 region, bool exact)
{
	u64 spa = (u64)region << HW_REGION_SHIFT;
	u64 end = spa + SZ_1G;
	int ret = 0;

	forget(owners);
	owners->region = region;
	owners->stint = ktime_get_ns();
	for (; spa < end && !owners->error; spa += SZ_2M) {
		owners->error = read_block(owners, spa, exact);
		ret = pause_a_bit(owners);
		if (owners->error == -ENOMEM)
			ret = -ENOMEM;
		if (ret)
			return ret;
	}
	return 0;
}

/* rmp: all covered regions */

static bool rmp_has(const struct view_reader *reader, u32 i)
{
	return i < engine.covered.regions;
}

/* The i-th covered region. */
static u32 region_at(u32 i)
{
	const struct coverage_range *range = engine.covered.range;

	for (; i >= range->count; range++)
		i -= range->count;
	return range->first + i;
}

static void show_asids(struct seq_file *seq, struct xarray *pages)
{
	unsigned long asid, first = 0, last = 0;
	char before = ' ';
	void *entry;

	/* Guests' begin at 1; 0 is firmware and has a column of its own. */
	xa_for_each_start(pages, asid, entry, 1) {
		if (first && asid == last + 1) {
			last = asid;
			continue;
		}
		if (first) {
			seq_printf(seq, last > first ? "%c%lu-%lu" : "%c%lu",
				   before, first, last);
			before = ',';
		}
		first = asid;
		last = asid;
	}
	if (first)
		seq_printf(seq, last > first ? "%c%lu-%lu\n" : "%c%lu\n",
			   before, first, last);
	else
		seq_puts(seq, " -\n");
}

static int rmp_show(struct seq_file *seq, struct view_reader *reader, u32 i)
{
	struct owners *owners = owners_of(reader);
	int ret;

	if (reader->shown != i + 1) {
		reader->shown = 0;
		ret = read_region(owners, region_at(i), false);
		if (ret)
			return ret;
		reader->shown = i + 1;
	}
	if (owners->error) {
		seq_printf(seq, "%u - - - error:%d\n", owners->region,
			   owners->error);
		return 0;
	}
	seq_printf(seq, "%u %u %u %u", owners->region, owners->whole,
		   owners->partial, owners->firmware);
	show_asids(seq, &owners->pages);
	return 0;
}

static void owners_init(struct view_reader *reader)
{
	xa_init(&owners_of(reader)->pages);
}

static void owners_release(struct view_reader *reader)
{
	xa_destroy(&owners_of(reader)->pages);
}

const struct view rmp_view = {
	.name = "rmp",
	.header = "region whole partial firmware asids",
	.has = rmp_has,
	.show = rmp_show,
	.size = sizeof(struct owners),
	.init = owners_init,
	.release = owners_release,
};

/* rmp_region: exactly, of the one that was written last */

static u32 last_region = NO_REGION;

/**
 * struct choice - a reader of rmp_region
 * @owners: what was read
 * @region: which region it has asked for, or whoever asked last when it came
 */
struct choice {
	struct owners owners;
	u32 region;
};

static struct choice *choice_of(const struct view_reader *reader)
{
	return (struct choice *)reader->memory;
}

static bool rmp_region_has(const struct view_reader *reader, u32 i)
{
	return !i && READ_ONCE(choice_of(reader)->region) != NO_REGION;
}

static int rmp_region_show(struct seq_file *seq, struct view_reader *reader,
			   u32 i)
{
	struct owners *owners = &choice_of(reader)->owners;
	unsigned long asid;
	void *entry;
	int ret;

	if (!reader->shown) {
		ret = read_region(owners, READ_ONCE(choice_of(reader)->region),
				  true);
		if (ret)
			return ret;
		reader->shown = 1;
	}
	if (owners->error)
		seq_printf(seq, "%u - error:%d -\n", owners->region,
			   owners->error);
	else
		xa_for_each(&owners->pages, asid, entry)
			seq_printf(seq, "%u %lu %s %lu\n", owners->region, asid,
				   asid ? "guest" : "firmware",
				   xa_to_value(entry));
	return 0;
}

static ssize_t rmp_region_write(struct file *file, const char __user *buf,
				size_t count, loff_t *pos)
{
	struct seq_file *seq = file->private_data;
	u32 region;
	int ret = kstrtou32_from_user(buf, count, 10, &region);

	if (ret || !coverage_in_window(&engine.covered, region, 1))
		return -EINVAL;
	WRITE_ONCE(choice_of(seq->private)->region, region);
	WRITE_ONCE(last_region, region);
	/* What is read next is the answer, from its beginning. */
	*pos = 0;
	return count;
}

static int rmp_region_open(struct inode *inode, struct file *file)
{
	int ret = view_open(inode, file);
	struct seq_file *seq = file->private_data;

	if (!ret)
		choice_of(seq->private)->region = READ_ONCE(last_region);
	return ret;
}

const struct view rmp_region_view = {
	.name = "rmp_region",
	.header = "region asid kind pages",
	.has = rmp_region_has,
	.show = rmp_region_show,
	.size = sizeof(struct choice),
	.init = owners_init,
	.release = owners_release,
};

const struct file_operations rmp_region_fops = {
	.owner = THIS_MODULE,
	.open = rmp_region_open,
	.read = seq_read,
	.write = rmp_region_write,
	.llseek = seq_lseek,
	.release = view_release,
};
