// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/debug/rmpopt: the inside of the module. For root only.
 *
 * Each file is a table: one line with the names of its columns, then one record
 * per line, made when the reader gets to it. So nothing large is allocated even
 * on the largest host, and what is shown may change while it is read. Nothing
 * is locked: the worker goes on, and the objects shown here exist until unload.
 *
 * An open file holds a reference to the module: rmmod fails then, so that
 * unload never waits for a reader.
 */
#include <linux/bitmap.h>
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/numa.h>
#include <linux/seq_file.h>

#include "cores/cores.h"
#include "cores/latency.h"
#include "host/host.h"
#include "host/hw.h"
#include "state/state.h"
#include "probe.h"
#include "views.h"

static struct dentry *root;

static bool has_core(const struct view_reader *reader, u32 i)
{
	return cores_at(i);
}

/* cores */

static u32 debts(const struct core *core)
{
	const struct plan *plan = &the_plan;
	const struct plan_window *window = &core->plan.window;
	u32 k, n = 0;

	if (!core_takes_part(core))
		return 0;
	for (k = 0; k < window->words; k++)
		n += hweight_long(plan->clean[window->word + k] &
				  ~core->plan.member[k] &
				  plan_window_mask(window, k));
	return n;
}

static const char *role(const struct core *core)
{
	if (!core_takes_part(core))
		return "out";
	return core->plan.leads ? "leader" : "follower";
}

static void show_node(struct seq_file *seq, u32 node)
{
	if (node == PLAN_NONE)
		seq_puts(seq, " -");
	else
		seq_printf(seq, " %u", node);
}

static int cores_show(struct seq_file *seq, struct view_reader *reader, u32 i)
{
	const struct core *core = cores_at(i);
	unsigned int cpu = READ_ONCE(core->primary);

	if (cpu >= nr_cpu_ids)
		return 0;
	seq_printf(seq, "%u", cpu);
	show_node(seq, core->plan.node);
	if (core_takes_part(core))
		seq_printf(seq, " %u",
			   core->plan.window.base);
	else
		seq_puts(seq, " -");
	seq_printf(seq, " %s %u %d %llu %llu\n", role(core), debts(core),
		   READ_ONCE(core->dropped), READ_ONCE(core->slices),
		   READ_ONCE(core->worst_ns));
	return 0;
}

static const struct view cores_view = {
	.name = "cores",
	.header = "cpu node base role owes error slices worst_slice_ns",
	.has = has_core,
	.show = cores_show,
};

/* windows */

/* On the same node, with the same base: usually all cores of a node. */
static bool is_fellow(const struct core *core, const struct core *other)
{
	return core->plan.node == other->plan.node &&
	       READ_ONCE(core->base) == READ_ONCE(other->base);
}

/*
 * Of such cores: how many take part, and the leader; false if @first is not the
 * first.
 */
static bool count_fellows(u32 first, u32 *count, const struct core **leader)
{
	const struct core *core, *other;
	u32 i;

	core = cores_at(first);
	*count = 0;
	*leader = NULL;
	for (i = 0; (other = cores_at(i)); i++) {
		if (!is_fellow(core, other))
			continue;
		if (i < first)
			return false;
		if (!core_takes_part(other))
			continue;
		++*count;
		if (other->plan.leads)
			*leader = other;
	}
	return true;
}

static u32 optimized_in(const struct plan_window *window)
{
	const unsigned long *map = the_plan.optimized + window->word;
	u32 k, n = 0;

	for (k = 0; k < window->words; k++)
		n += hweight_long(map[k] & plan_window_mask(window, k));
	return n;
}

static int windows_show(struct seq_file *seq, struct view_reader *reader, u32 i)
{
	const struct core *core = cores_at(i), *leader;
	const struct plan_window *window;
	u32 count;

	if (!count_fellows(i, &count, &leader))
		return 0;
	window = &core->plan.window;
	seq_printf(seq, "%u %u", core->plan.node, window->base);
	if (leader)
		seq_printf(seq, " %u", READ_ONCE(leader->primary));
	else
		seq_puts(seq, " -");
	seq_printf(seq, " %u %u %u\n", window->count, optimized_in(window), count);
	return 0;
}

static const struct view windows_view = {
	.name = "windows",
	.header = "node base leader regions optimized cores",
	.has = has_core,
	.show = windows_show,
};

/* segments */

static bool has_segment(const struct view_reader *reader, u32 i)
{
	return i < HW_RST_ENTRIES;
}

static int segments_show(struct seq_file *seq, struct view_reader *reader, u32 i)
{
	struct host_segment segment;

	if (!host_segment(i, &segment))
		return 0;
	seq_printf(seq, "%u %u %u 0x%llx", i, segment.first, segment.regions,
		   segment.rmp);
	show_node(seq, segment.node == NUMA_NO_NODE ? PLAN_NONE : segment.node);
	seq_putc(seq, '\n');
	return 0;
}

static const struct view segments_view = {
	.name = "segments",
	.header = "segment first regions rmp_spa node",
	.has = has_segment,
	.show = segments_show,
};

/* latency */

static const char * const latency_words[] = {
	[LATENCY_LEADER_VERIFY]		= "leader_verify",
	[LATENCY_FOLLOWER_VERIFY]	= "follower_verify",
	[LATENCY_REPORT]		= "report",
};

static bool has_bucket(const struct view_reader *reader, u32 i)
{
	return i < LATENCY_KINDS * LATENCY_BUCKETS;
}

static int latency_show(struct seq_file *seq, struct view_reader *reader, u32 i)
{
	enum latency_kind kind = i / LATENCY_BUCKETS;
	u32 bucket = i % LATENCY_BUCKETS;
	u64 n = latency_count(kind, bucket);

	if (n)
		seq_printf(seq, "%s %llu %llu\n", latency_words[kind],
			   latency_from(bucket), n);
	return 0;
}

static const struct view latency_view = {
	.name = "latency",
	.header = "kind from_cycles count",
	.has = has_bucket,
	.show = latency_show,
};

/* What all of them share. */

static void *view_at(struct view_reader *reader, loff_t *pos)
{
	return reader->view->has(reader, *pos - 1) ? pos : NULL;
}

static void *view_start(struct seq_file *seq, loff_t *pos)
{
	struct view_reader *reader = seq->private;

	if (*pos)
		return view_at(reader, pos);
	reader->shown = 0;
	return SEQ_START_TOKEN;
}

static void *view_next(struct seq_file *seq, void *v, loff_t *pos)
{
	++*pos;
	return view_at(seq->private, pos);
}

static void view_stop(struct seq_file *seq, void *v)
{
}

static int view_show(struct seq_file *seq, void *v)
{
	struct view_reader *reader = seq->private;

	if (v != SEQ_START_TOKEN)
		return reader->view->show(seq, reader, *(loff_t *)v - 1);
	seq_printf(seq, "# %s\n", reader->view->header);
	return 0;
}

static const struct seq_operations view_ops = {
	.start = view_start,
	.next = view_next,
	.stop = view_stop,
	.show = view_show,
};

/**
 * view_open - begin to read a view
 * @inode: its private data is the view
 * @file: the file
 *
 * Return: 0, -ENOMEM.
 */
int view_open(struct inode *inode, struct file *file)
{
	const struct view *view = inode->i_private;
	struct view_reader *reader;

	reader = __seq_open_private(file, &view_ops,
				    sizeof(*reader) + view->size);
	if (!reader)
		return -ENOMEM;
	reader->view = view;
	if (view->init)
		view->init(reader);
	return 0;
}

/**
 * view_release - the last user of an open file goes
 * @inode: the inode
 * @file: the file
 *
 * Return: 0.
 */
int view_release(struct inode *inode, struct file *file)
{
	struct seq_file *seq = file->private_data;
	struct view_reader *reader = seq->private;

	if (reader->view->release)
		reader->view->release(reader);
	return seq_release_private(inode, file);
}

static const struct file_operations view_fops = {
	.owner = THIS_MODULE,
	.open = view_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = view_release,
};

static void create(const struct view *view, umode_t mode,
		   const struct file_operations *fops)
{
	debugfs_create_file(view->name, mode, root, (void *)view, fops);
}

/**
 * views_start - create the files
 *
 * Without them the module works, too.
 */
void views_start(void)
{
	root = debugfs_create_dir("rmpopt", NULL);
	if (IS_ERR(root))
		return;
	create(&cores_view, 0400, &view_fops);
	create(&windows_view, 0400, &view_fops);
	create(&segments_view, 0400, &view_fops);
	create(&latency_view, 0400, &view_fops);
	create(&table_view, 0400, &view_fops);
	create(&rmp_view, 0400, &view_fops);
	create(&rmp_region_view, 0600, &rmp_region_fops);
}

/**
 * views_stop - remove the files, and wait for probes under way
 *
 * After worker_leave(); sleeps. Before cores and leaders' threads go.
 */
void views_stop(void)
{
	debugfs_remove(root);
	probe_stop();
}
