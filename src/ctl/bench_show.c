// SPDX-License-Identifier: GPL-2.0
/* bench: JSON by region; for people a table over all regions, and a plot. */
#include <stdlib.h>
#include <string.h>

#include "bench.h"

#define BAR	50

const struct column bench_columns[] = {
	{ "kind", COLUMN_TEXT, "leader_verify, follower_verify, report, write; in JSON stall" },
	{ "round", COLUMN_TEXT, "tables as found, repeated, after clear; of writes: RMPOPT on, off; of stalls: all" },
	{ "region", COLUMN_NUMBER, "which one; null for all" },
	{ "cores", COLUMN_NUMBER, "how many at once; null for any number" },
	{ "cpu", COLUMN_NUMBER, "of stall: of which core; else null" },
	{ "samples", COLUMN_NUMBER, "instructions measured; of writes: huge pages in covered regions" },
	{ "set", COLUMN_NUMBER, "of them with the bit set afterwards" },
	{ "cycles_min", COLUMN_NUMBER, "TSC cycles of one instruction, fewest" },
	{ "cycles_mean", COLUMN_NUMBER, "on average" },
	{ "cycles_max", COLUMN_NUMBER, "most" },
	{ "stall_ns", COLUMN_NUMBER, "longest time that a core was stopped, in ns" },
	{ "write_ps", COLUMN_NUMBER, "a write of 8 bytes, in ps" },
	{ }
};

/* Room is doubled when a power of two is full. */
void bench_add(struct bench *bench, const struct measure *measure)
{
	size_t n = bench->measures, size = sizeof(*measure);

	if (!(n & (n - 1)))
		bench->measure = arena_grow(bench->measure, n * size,
					    (n ? 2 * n : 1) * size);
	bench->measure[bench->measures++] = *measure;
}

static bool same_kind(const struct measure *a, const struct measure *b)
{
	return !strcmp(a->kind, b->kind) && !strcmp(a->round, b->round) &&
	       a->cores == b->cores;
}

static void merge(struct measure *all, const struct measure *one)
{
	if (one->min < all->min)
		all->min = one->min;
	if (one->max > all->max)
		all->max = one->max;
	if (one->stall_ns > all->stall_ns)
		all->stall_ns = one->stall_ns;
	all->samples += one->samples;
	all->set += one->set;
	all->sum += one->sum;
}

/* One measure for each kind, round and number of cores. */
static void over_regions(const struct bench *bench, struct bench *all)
{
	size_t i, k;

	for (i = 0; i < bench->measures; i++) {
		for (k = 0; k < all->measures; k++)
			if (same_kind(&all->measure[k], &bench->measure[i]))
				break;
		if (k < all->measures) {
			merge(&all->measure[k], &bench->measure[i]);
			continue;
		}
		bench_add(all, &bench->measure[i]);
		all->measure[k].region = UNKNOWN;
	}
}

static u64 mean(const struct measure *measure)
{
	return measure->samples ? measure->sum / measure->samples : 0;
}

static void add_row(struct table *table, const struct measure *measure)
{
	table_row(table);
	table_set(table, "kind", "%s", measure->kind);
	table_set(table, "round", "%s", measure->round);
	if (measure->region != UNKNOWN)
		table_number(table, "region", measure->region);
	table_number(table, "cores", measure->cores);
	table_number(table, "samples", measure->samples);
	table_number(table, "set", measure->set);
	if (measure->write_ns) {
		table_number(table, "write_ps", measure->write_ns * 1000);
		return;
	}
	table_number(table, "cycles_min", measure->min);
	table_number(table, "cycles_mean", mean(measure));
	table_number(table, "cycles_max", measure->max);
	table_number(table, "stall_ns", measure->stall_ns);
}

static struct table *make_rows(const struct bench *bench)
{
	struct table *table = table_new("bench", bench_columns);
	size_t i;

	for (i = 0; i < bench->measures; i++)
		add_row(table, &bench->measure[i]);
	return table;
}

/* Each core by itself, over all that it has executed. */
static void add_stalls(struct table *table, const struct bench *bench)
{
	u32 i;

	for (i = 0; i < bench->count; i++) {
		if (!bench->stall[i].times)
			continue;
		table_row(table);
		table_set(table, "kind", "stall");
		table_set(table, "round", "all");
		table_number(table, "cpu", bench->cores[i]);
		table_number(table, "samples", bench->stall[i].times);
		table_number(table, "stall_ns", bench->stall[i].worst_ns);
	}
}

static int print_json(const struct bench *bench)
{
	const char *columns = options.output;
	struct table *host, *rows;

	/* They are about the rows. */
	options.output = NULL;
	host = bench_host_table(bench);
	options.output = columns;
	rows = make_rows(bench);
	add_stalls(rows, bench);
	return table_print_both(host, rows);
}

/* Plain characters: it is to survive a mail. */
static void plot(const struct bench *all)
{
	u64 most = 1, length;
	size_t i;

	for (i = 0; i < all->measures; i++)
		if (mean(&all->measure[i]) > most)
			most = mean(&all->measure[i]);
	puts("\nMean TSC cycles of one instruction, by how many cores at once:");
	for (i = 0; i < all->measures; i++) {
		const struct measure *measure = &all->measure[i];

		if (measure->write_ns)
			continue;
		length = mean(measure) * BAR / most;
		printf("%-15s %-8s %4u %8llu |%.*s\n", measure->kind, measure->round,
		       measure->cores, mean(measure), (int)length,
		       "##################################################");
	}
}

static int compare(const void *a, const void *b)
{
	const struct stall *x = a, *y = b;

	return (x->worst_ns > y->worst_ns) - (x->worst_ns < y->worst_ns);
}

/* Each core's longest, from the core that is best off to the one that is worst. */
static void show_stalls(const struct bench *bench)
{
	size_t size = bench->count * sizeof(*bench->stall);
	struct stall *sorted = memcpy(arena_get(size), bench->stall, size);

	qsort(sorted, bench->count, sizeof(*sorted), compare);
	printf("\nLongest stop of each core: %s in the best case, %s in the middle, %s in the worst.\n",
	       duration(sorted[0].worst_ns), duration(sorted[bench->count / 2].worst_ns),
	       duration(sorted[bench->count - 1].worst_ns));
}

int bench_show(const struct bench *bench)
{
	struct bench all = { };
	int ret;

	if (options.json)
		return print_json(bench);
	over_regions(bench, &all);
	if (!options.output)
		options.output = "kind,round,cores,samples,set,cycles_min,cycles_mean,cycles_max,stall_ns,write_ps";
	if (!options.no_headings)
		bench_host_show(bench);
	ret = table_print(make_rows(&all));
	if (ret || options.no_headings)
		return ret;
	plot(&all);
	show_stalls(bench);
	return CTL_OK;
}
