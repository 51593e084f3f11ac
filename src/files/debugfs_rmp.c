// SPDX-License-Identifier: GPL-2.0
/*
 * debugfs rmp, rmp_region: whose pages keep a region from being optimized.
 * owners.c reads the RMP when the reader gets to the line.
 */
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/kstrtox.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>
#include <linux/xarray.h>

#include "cores/cores.h"
#include "plan/coverage.h"
#include "state/state.h"
#include "owners.h"
#include "views.h"

/* No region was written yet. */
#define NO_REGION	U32_MAX

static struct owners *owners_of(struct view_reader *reader)
{
	return (struct owners *)reader->memory;
}

/* rmp: all covered regions */

static bool rmp_has(const struct view_reader *reader, u32 i)
{
	return i < the_coverage.regions;
}

/* The i-th covered region. */
static u32 region_at(u32 i)
{
	const struct coverage_range *range = the_coverage.range;

	for (; i >= range->count; range++)
		i -= range->count;
	return range->first + i;
}

static void show_asids(struct seq_file *seq, struct xarray *pages)
{
	unsigned long asid, first = 0, last = 0;
	char before = ' ';
	void *entry;

	/* ASIDs of guests begin at 1; 0 is firmware and has its own column. */
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
		ret = owners_read(owners, region_at(i), false);
		if (ret)
			return ret;
		reader->shown = i + 1;
	}
	if (owners->error) {
		seq_printf(seq, "%u - - - error:%d\n", owners->region,
			   owners->error);
		return 0;
	}
	seq_printf(seq, "%u %u %u", owners->region, owners->whole,
		   owners->partial);
	if (owners->unknown) {
		seq_puts(seq, " ? ?\n");
	} else {
		seq_printf(seq, " %u", owners->firmware);
		show_asids(seq, &owners->pages);
	}
	return 0;
}

static void reader_comes(struct view_reader *reader)
{
	owners_init(owners_of(reader));
}

static void reader_goes(struct view_reader *reader)
{
	owners_forget(owners_of(reader));
}

const struct view rmp_view = {
	.name = "rmp",
	.header = "region whole partial firmware asids",
	.has = rmp_has,
	.show = rmp_show,
	.size = sizeof(struct owners),
	.init = reader_comes,
	.release = reader_goes,
};

/* rmp_region: all pages of the region that was written last */

static u32 last_region = NO_REGION;

/**
 * struct choice - a reader of rmp_region
 * @owners: what was read
 * @region: the one that it has written; before that, the one written last when
 *	the file was opened
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

static void show_pages(struct seq_file *seq, struct owners *owners)
{
	unsigned long asid;
	void *entry;

	if (owners->unknown)
		seq_printf(seq, "%u ? unknown %u\n", owners->region,
			   owners->unknown);
	xa_for_each(&owners->pages, asid, entry)
		seq_printf(seq, "%u %lu %s %lu\n", owners->region, asid,
			   asid ? "guest" : "firmware", xa_to_value(entry));
}

static int rmp_region_show(struct seq_file *seq, struct view_reader *reader,
			   u32 i)
{
	struct owners *owners = &choice_of(reader)->owners;
	int ret;

	if (!reader->shown) {
		ret = owners_read(owners, READ_ONCE(choice_of(reader)->region),
				  true);
		if (ret)
			return ret;
		reader->shown = 1;
	}
	if (owners->error)
		seq_printf(seq, "%u - error:%d -\n", owners->region,
			   owners->error);
	else
		show_pages(seq, owners);
	return 0;
}

static ssize_t rmp_region_write(struct file *file, const char __user *buf,
				size_t count, loff_t *pos)
{
	struct seq_file *seq = file->private_data;
	u32 region;
	int ret = kstrtou32_from_user(buf, count, 10, &region);

	if (ret || !coverage_in_window(&the_coverage, region, 1))
		return -EINVAL;
	WRITE_ONCE(choice_of(seq->private)->region, region);
	WRITE_ONCE(last_region, region);
	/* The next read gets the answer from its beginning. */
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
	.init = reader_comes,
	.release = reader_goes,
};

const struct file_operations rmp_region_fops = {
	.owner = THIS_MODULE,
	.open = rmp_region_open,
	.read = seq_read,
	.write = rmp_region_write,
	.llseek = seq_lseek,
	.release = view_release,
};
