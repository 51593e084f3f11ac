// SPDX-License-Identifier: GPL-2.0
/* map: one character for each region, by node; ranges in JSON. */
#include <string.h>
#include <unistd.h>

#include "nodes.h"
#include "rmpopt.h"

const struct column map_columns[] = {
	{ "first", COLUMN_NUMBER, "first region (GiB of physical address space) of a range" },
	{ "last", COLUMN_NUMBER, "last region of the range" },
	{ "regions", COLUMN_NUMBER, "number of regions in the range" },
	{ "node", COLUMN_NUMBER, "NUMA node, if known" },
	{ "state", COLUMN_TEXT,
	  "optimized, held (by guests or firmware), backoff, rmp, uncovered, faulty, optimizable, or unknown" },
	{ }
};

static const struct {
	char sign;
	enum color color;
	const char *meaning;
} signs[REGION_STATES] = {
	[REGION_OPTIMIZED]	= { '#', COLOR_GOOD, "optimized" },
	[REGION_HELD]		= { '.', COLOR_DIM, "pages of guests or firmware" },
	[REGION_BACKOFF]	= { 'b', COLOR_WARN, "retried later" },
	[REGION_OWN]		= { 'R', COLOR_BOLD, "the RMP itself" },
	[REGION_UNCOVERED]	= { '-', COLOR_BAD, "in no window" },
	[REGION_FAULTY]		= { '!', COLOR_BAD, "RMPOPT faults" },
	[REGION_OPTIMIZABLE]	= { 'o', COLOR_WARN, "could be optimized" },
	[REGION_UNKNOWN]	= { '?', COLOR_DIM, "not known yet" },
};

/* Columns of a line's first region and the blanks after it. */
#define LABEL	11

/* Regions in a line: what fits next to the label, a power of two. */
static u32 line_regions(void)
{
	u32 width = screen_width(STDOUT_FILENO);
	u32 n = 8;

	if (!width)
		return 64;
	while (n < 128 && n * 2 + LABEL + 1 <= width)
		n *= 2;
	return n;
}

static bool is_shown(const struct host *host, const struct nodes *nodes,
		     int node, u32 region)
{
	return list_has(&host->covered, region) && nodes_of(nodes, region) == node;
}

static void show_line(const struct host *host, const struct nodes *nodes,
		      int node, u32 first, u32 count)
{
	enum region_state state;
	u32 region, end = first + count;

	while (!is_shown(host, nodes, node, end - 1))
		end--;
	printf("%*u  ", LABEL - 2, first);
	for (region = first; region < end; region++) {
		state = region_state(host, region);
		if (is_shown(host, nodes, node, region))
			printf("%s%c%s", color(signs[state].color),
			       signs[state].sign, color_end());
		else
			putchar(' ');
	}
	putchar('\n');
}

/* Does a node have a covered region among these? */
static bool has_any(const struct host *host, const struct nodes *nodes,
		    int node, u32 first, u32 count)
{
	u32 region;

	for (region = first; region < first + count; region++)
		if (is_shown(host, nodes, node, region))
			return true;
	return false;
}

static void show_node(const struct host *host, const struct nodes *nodes,
		      int node, u32 width)
{
	const struct list *covered = &host->covered;
	const char *title = node == NODE_NONE ? "no node's memory" :
			    format("node %d", node);
	u32 first, next = 0;
	size_t i;

	for (i = 0; i < covered->ranges; i++) {
		first = covered->range[i].first / width * width;
		if (first < next)
			first = next;
		for (; first <= covered->range[i].last; first += width) {
			next = first + width;
			if (!has_any(host, nodes, node, first, width))
				continue;
			if (title)
				printf("%s\n", title);
			title = NULL;
			show_line(host, nodes, node, first, width);
		}
	}
}

static void show_sum(const struct host *host, const u64 *count)
{
	u64 all = host->covered.members;

	if (host->viewing)
		fold(0, 0, format("View only: %s.", host_why(host)));
	if (host->tables)
		fold(0, 0, format("%llu of %llu regions of 1 GiB optimized.",
				  host->optimized.members, all));
	else if (host->knows_free)
		fold(0, 0, format("RMPOPT could optimize %llu of %llu regions of 1 GiB as memory is placed now.",
				  count[REGION_OPTIMIZABLE], all));
}

/* Those that are common, and those that are on the map. */
static bool is_explained(const struct host *host, const u64 *count, size_t state)
{
	return count[state] || (host->tables && !host->viewing && state < REGION_FAULTY);
}

/* Signs and their meanings stay together. */
static void show_legend(const struct host *host)
{
	u32 width = screen_width(STDOUT_FILENO), at = 0, length;
	u64 count[REGION_STATES];
	size_t i;

	host_count(host, count);
	putchar('\n');
	show_sum(host, count);
	for (i = 0; i < REGION_STATES; i++) {
		if (!is_explained(host, count, i))
			continue;
		length = 2 + strlen(signs[i].meaning);
		if (at && width && at + 3 + length > width) {
			putchar('\n');
			at = 0;
		}
		printf("%s%s%c%s %s", at ? "   " : "", color(signs[i].color),
		       signs[i].sign, color_end(), signs[i].meaning);
		at += (at ? 3 : 0) + length;
	}
	putchar('\n');
}

static void add_range(struct table *table, u32 first, u32 last, int node,
		      enum region_state state)
{
	table_row(table);
	table_number(table, "first", first);
	table_number(table, "last", last);
	table_number(table, "regions", last - first + 1);
	if (node != NODE_NONE)
		table_number(table, "node", node);
	table_set(table, "state", "%s", region_words[state]);
}

/* Neighbours of the same node and state become one range. */
static void add_ranges(struct table *table, const struct host *host,
		       const struct nodes *nodes, const struct range *range)
{
	enum region_state state;
	u32 first, last;
	int node;

	for (first = range->first; first <= range->last; first = last + 1) {
		state = region_state(host, first);
		node = nodes_of(nodes, first);
		last = first;
		while (last < range->last && nodes_of(nodes, last + 1) == node &&
		       region_state(host, last + 1) == state)
			last++;
		add_range(table, first, last, node, state);
	}
}

static int print_ranges(const struct host *host, const struct nodes *nodes)
{
	struct table *table = table_new("map", map_columns, NULL);
	size_t i;

	for (i = 0; i < host->covered.ranges; i++)
		add_ranges(table, host, nodes, &host->covered.range[i]);
	return table_print(table);
}

int run_map(char **arguments)
{
	struct nodes nodes;
	struct host host;
	size_t i;

	(void)arguments;
	if (!host_read(&host))
		return host_missing();
	if (!host.root)
		return host_for_root();
	host_read_places(&host);
	host_read_free(&host);
	nodes_read(&nodes);
	if (table_wanted())
		return print_ranges(&host, &nodes);
	for (i = 0; i < nodes.count; i++)
		show_node(&host, &nodes, nodes.number[i], line_regions());
	show_node(&host, &nodes, NODE_NONE, line_regions());
	show_legend(&host);
	return CTL_OK;
}
