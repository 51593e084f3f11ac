// SPDX-License-Identifier: GPL-2.0
/*
 * debugfs table: what the table of each core really holds, by report.
 *
 * A core is interrupted when the reader gets to its line, and no other core is.
 * A core that can't be read (it is not armed, has gone offline, faults, or does
 * not answer) has a line without a window, which does not mean that no bit is
 * set.
 */
#include <linux/bitmap.h>
#include <linux/errno.h>
#include <linux/seq_file.h>

#include "cores/cores.h"
#include "state/state.h"
#include "probe.h"
#include "views.h"

/**
 * struct table - the line that was read last
 * @cpu: the primary at that time
 * @error: why it could not be read, or 0
 * @window: the core's window at that time
 * @bits: the bits, by place in @window
 */
struct table {
	unsigned int cpu;
	int error;
	struct plan_window window;
	unsigned long bits[BITS_TO_LONGS(PLAN_WINDOW_REGIONS)];
};

static bool table_has(const struct view_reader *reader, u32 i)
{
	return cores_at(i);
}

/* Region numbers have gaps where the RMP has a hole. */
static u32 run_end(const struct plan_window *window, const unsigned long *bits,
		   u32 i)
{
	const struct plan_region *region = &the_plan.region[window->first];

	while (i + 1 < window->count && test_bit(i + 1, bits) &&
	       region[i + 1].number == region[i].number + 1)
		i++;
	return i;
}

static void show_bits(struct seq_file *seq, const struct plan_window *window,
		      const unsigned long *bits)
{
	const struct plan_region *region = &the_plan.region[window->first];
	u32 i, last;
	char before = ' ';

	for (i = find_first_bit(bits, window->count); i < window->count;
	     i = find_next_bit(bits, window->count, last + 1)) {
		last = run_end(window, bits, i);
		seq_printf(seq, "%c%u", before, region[i].number);
		if (last > i)
			seq_printf(seq, "-%u", region[last].number);
		before = ',';
	}
	seq_puts(seq, before == ' ' ? " -\n" : "\n");
}

static int read_core(struct view_reader *reader, struct table *table,
		     struct core *core, u32 i)
{
	if (reader->shown == i + 1)
		return 0;
	table->cpu = READ_ONCE(core->primary);
	table->error = probe_table(core, &table->window, table->bits);
	if (table->error == -EINTR || table->error == -ENOMEM)
		return table->error;
	reader->shown = i + 1;
	return 0;
}

static int table_show(struct seq_file *seq, struct view_reader *reader, u32 i)
{
	struct table *table = (struct table *)reader->memory;
	struct core *core = cores_at(i);
	const struct plan_window *window = &table->window;
	int ret;

	/* Cores that the admin has excluded have no line. */
	if (!cores_may_take_part(core))
		return 0;
	ret = read_core(reader, table, core, i);
	if (ret || table->cpu >= nr_cpu_ids)
		return ret;
	if (table->error) {
		seq_printf(seq, "%u - - -\n", table->cpu);
		return 0;
	}
	seq_printf(seq, "%u %u %u", table->cpu, window->base, window->count);
	show_bits(seq, window, table->bits);
	return 0;
}

const struct view table_view = {
	.name = "table",
	.header = "cpu base regions set",
	.has = table_has,
	.show = table_show,
	.size = sizeof(struct table),
};
