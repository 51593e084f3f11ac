// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/rmpopt: lists of regions and CPUs, of any length.
 *
 * They are binary attributes, so that they are never cut at a page. Such a file
 * returns at most a page per read(2), and does not know when it is opened or
 * closed. As a list may change between two reads, and both must get parts of
 * the same list, each reader's list is kept until its end was read. A reader
 * that stops before loses its list to later ones.
 */
#include <linux/bitmap.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/kobject.h>
#include <linux/ktime.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "cores/cores.h"
#include "host/compat.h"
#include "plan/coverage.h"
#include "state/state.h"
#include "owners.h"
#include "sysfs.h"

/* With more readers at the same time, some may get parts of two lists. */
#define READERS	8u

/**
 * struct list - a file
 * @file: the attribute
 * @print: allocates its content; NULL if there is no memory, or an errno
 */
struct list {
	const struct bin_attribute file;
	char *(*print)(void);
};

/**
 * struct reader - one that has begun to read a list
 * @file: the open file; only compared, as it may have been closed
 * @list: which list
 * @next: where its next read is expected to begin
 * @used: when it has last read, as a count of all reads
 * @text: its list; NULL if the entry is free
 */
struct reader {
	const struct file *file;
	const struct list *list;
	loff_t next;
	u64 used;
	char *text;
};

/* Guards what is below; taken by readers only. */
static DEFINE_MUTEX(lock);
static struct reader readers[2][READERS];
static u64 reads;

/* May be longer than what kmalloc() has. */
static char *print(const unsigned long *bits, u32 size)
{
	int length = snprintf(NULL, 0, "%*pbl\n", (int)size, bits);
	char *text = kvmalloc(length + 1, GFP_KERNEL);

	if (text)
		scnprintf(text, length + 1, "%*pbl\n", (int)size, bits);
	return text;
}

static unsigned long *region_bits(void)
{
	return kvcalloc(BITS_TO_LONGS(coverage_end(&the_coverage)),
			sizeof(unsigned long), GFP_KERNEL);
}

static char *print_covered(void)
{
	const struct coverage *cov = &the_coverage;
	unsigned long *bits = region_bits();
	char *text;
	u32 i;

	if (!bits)
		return NULL;
	for (i = 0; i < cov->ranges; i++)
		bitmap_set(bits, cov->range[i].first, cov->range[i].count);
	text = print(bits, coverage_end(cov));
	kvfree(bits);
	return text;
}

/* A list of those regions of the planner that are chosen. */
static char *print_places(bool (*chosen)(u32 place))
{
	unsigned long *bits = region_bits();
	char *text;
	u32 i;

	if (!bits)
		return NULL;
	for (i = 0; i < the_plan.regions; i++)
		if (chosen(i))
			__set_bit(the_plan.region[i].number, bits);
	text = print(bits, coverage_end(&the_coverage));
	kvfree(bits);
	return text;
}

static bool is_optimized(u32 place)
{
	return test_bit(place, the_plan.optimized);
}

static char *print_optimized(void)
{
	return print_places(is_optimized);
}

static bool is_held(u32 place)
{
	return plan_held_back(&the_plan, place, ktime_get_ns()) ||
	       test_bit(place, the_plan.waits);
}

static bool is_faulty(u32 place)
{
	return test_bit(place, the_plan.faulty);
}

static char *print_faulty(void)
{
	return print_places(is_faulty);
}

static char *print_backoff(void)
{
	return print_places(is_held);
}

/* Sets the bits of a range's regions that the RMP allows RMPOPT to optimize. */
static int mark_optimizable(const struct coverage_range *range,
			    unsigned long *bits)
{
	u64 stint = ktime_get_ns();
	u32 i;
	int ret;

	for (i = 0; i < range->count; i++) {
		/* Whoever removes the file waits for this. */
		if (READ_ONCE(wishes.leaving))
			return -ENODEV;
		ret = owners_none(range->first + i, &stint);
		if (ret < 0)
			return ret;
		if (ret)
			__set_bit(range->first + i, bits);
	}
	return 0;
}

static char *print_optimizable(void)
{
	const struct coverage *cov = &the_coverage;
	unsigned long *bits = region_bits();
	char *text;
	int ret = 0;
	u32 i;

	if (!bits)
		return NULL;
	for (i = 0; i < cov->ranges && !ret; i++)
		ret = mark_optimizable(&cov->range[i], bits);
	text = ret ? ERR_PTR(ret) : print(bits, coverage_end(cov));
	kvfree(bits);
	return text;
}

static void all_cores(struct cpumask *mask)
{
	cores_mask(mask, false);
}

static void cores_behind(struct cpumask *mask)
{
	cores_mask(mask, true);
}

static char *print_mask(void (*fill)(struct cpumask *mask))
{
	cpumask_var_t mask;
	char *text;

	if (!zalloc_cpumask_var(&mask, GFP_KERNEL))
		return NULL;
	fill(mask);
	text = print(cpumask_bits(mask), nr_cpu_ids);
	free_cpumask_var(mask);
	return text;
}

static char *print_cores(void)
{
	return print_mask(all_cores);
}

static char *print_behind(void)
{
	return print_mask(cores_behind);
}

static char *print_leaders(void)
{
	return print_mask(cores_leader_mask);
}

/* Readers of files for all users never replace readers of files for root. */
static struct reader *readers_of(const struct list *list)
{
	return readers[!!(list->file.attr.mode & 0004)];
}

/* The reader that goes on where it has stopped. An offset of 0 starts over. */
static struct reader *find(const struct file *file, const struct list *list,
			   loff_t off)
{
	struct reader *reader = readers_of(list);
	u32 i;

	for (i = 0; i < READERS && off; i++, reader++)
		if (reader->text && reader->file == file &&
		    reader->list == list && reader->next == off)
			return reader;
	return NULL;
}

static void forget(struct reader *reader)
{
	kvfree(reader->text);
	*reader = (struct reader){};
}

/*
 * Replaces an earlier list of the same file, or the reader that is idle
 * longest.
 */
static struct reader *replace(const struct file *file,
			      const struct list *list)
{
	struct reader *reader = readers_of(list), *oldest = reader;
	u32 i;

	for (i = 0; i < READERS; i++, reader++) {
		if (reader->file == file) {
			oldest = reader;
			break;
		}
		if (reader->used < oldest->used)
			oldest = reader;
	}
	forget(oldest);
	return oldest;
}

static ssize_t give(struct reader *reader, char *buf, loff_t off, size_t count)
{
	ssize_t ret = memory_read_from_buffer(buf, count, &off, reader->text,
					      strlen(reader->text));

	reader->next = off;
	reader->used = ++reads;
	/* Now the reader knows that this was all. */
	if (!ret)
		forget(reader);
	return ret;
}

/*
 * Prints without the lock: this may take long, and other readers must not wait
 * for it.
 */
static ssize_t begin(const struct file *file, const struct list *list,
		     char *buf, loff_t off, size_t count)
{
	struct reader *reader;
	char *text = list->print();
	ssize_t ret;

	if (IS_ERR_OR_NULL(text))
		return text ? PTR_ERR(text) : -ENOMEM;
	mutex_lock(&lock);
	reader = replace(file, list);
	reader->file = file;
	reader->list = list;
	reader->text = text;
	ret = give(reader, buf, off, count);
	mutex_unlock(&lock);
	return ret;
}

static ssize_t list_read(struct file *file, struct kobject *kobj,
			 BIN_ATTRIBUTE *attr, char *buf, loff_t off,
			 size_t count)
{
	const struct list *list = container_of(attr, struct list, file);
	struct reader *reader;
	ssize_t ret = 0;

	mutex_lock(&lock);
	reader = find(file, list, off);
	if (reader)
		ret = give(reader, buf, off, count);
	mutex_unlock(&lock);
	return reader ? ret : begin(file, list, buf, off, count);
}

static const struct list lists[] = {
	{ .file = { .attr = { .name = "covered", .mode = 0400 },
		    .read = list_read }, .print = print_covered },
	{ .file = { .attr = { .name = "optimized", .mode = 0400 },
		    .read = list_read }, .print = print_optimized },
	{ .file = { .attr = { .name = "backoff", .mode = 0400 },
		    .read = list_read }, .print = print_backoff },
	{ .file = { .attr = { .name = "faulty", .mode = 0400 },
		    .read = list_read }, .print = print_faulty },
	{ .file = { .attr = { .name = "optimizable", .mode = 0400 },
		    .read = list_read }, .print = print_optimizable },
	{ .file = { .attr = { .name = "cores", .mode = 0444 },
		    .read = list_read }, .print = print_cores },
	{ .file = { .attr = { .name = "cores_behind", .mode = 0444 },
		    .read = list_read }, .print = print_behind },
	{ .file = { .attr = { .name = "leaders", .mode = 0444 },
		    .read = list_read }, .print = print_leaders },
};

/**
 * lists_start - create the files
 * @root: the folder
 *
 * Return: 0 or an errno; they are removed with the folder.
 */
int lists_start(struct kobject *root)
{
	int ret = 0;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(lists) && !ret; i++)
		ret = sysfs_create_bin_file(root, &lists[i].file);
	return ret;
}

/**
 * lists_stop - free the lists of readers, after the folder was removed
 */
void lists_stop(void)
{
	u32 i;

	for (i = 0; i < 2 * READERS; i++)
		forget(&readers[0][0] + i);
}
