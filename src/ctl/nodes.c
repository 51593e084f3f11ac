// SPDX-License-Identifier: GPL-2.0
/*
 * Nodes and their memory, from /proc/zoneinfo: one file, whatever the size of
 * the host. A zone includes its holes; if zones overlap, the first one counts.
 */
#include <stdlib.h>
#include <string.h>

#include "nodes.h"

/* Pages of 4 KiB in a region. */
#define REGION_PAGES	0x40000u

#define NODES_MAX	65535u

static size_t count_zones(const char *text)
{
	size_t n = 0;

	for (; (text = strstr(text, "start_pfn:")); text++)
		n++;
	return n;
}

static void add_node(struct nodes *nodes, int node)
{
	size_t i;

	for (i = 0; i < nodes->count; i++)
		if (nodes->number[i] == node)
			return;
	nodes->number[nodes->count++] = node;
}

static void add_span(struct nodes *nodes, int node, u64 pfn, u64 pages)
{
	struct node_span *span = &nodes->span[nodes->spans];
	u64 last = (pfn + pages - 1) / REGION_PAGES;

	if (node == NODE_NONE || !pages || pages >= (u64)REGIONS_MAX * REGION_PAGES || last >= REGIONS_MAX)
		return;
	*span = (struct node_span){ pfn / REGION_PAGES, last, node };
	nodes->spans++;
	add_node(nodes, node);
}

/* "Node 0, zone ...", then "spanned N", at the zone's end "start_pfn: N". */
static void take_line(struct nodes *nodes, char *line, int *node, u64 *spanned)
{
	char *word = next_word(&line), *value = next_word(&line);
	u64 number;

	if (!word || !value)
		return;
	value[strcspn(value, ",")] = '\0';
	if (!strcmp(word, "Node"))
		*node = parse_number(value, &number) && number <= NODES_MAX ?
			(int)number : NODE_NONE;
	else if (!strcmp(word, "spanned") && !parse_number(value, spanned))
		*spanned = 0;
	else if (!strcmp(word, "start_pfn:") && parse_number(value, &number) &&
		 number < (u64)REGIONS_MAX * REGION_PAGES)
		add_span(nodes, *node, number, *spanned);
}

static int compare(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

/* No nodes if the file can't be read. */
void nodes_read(struct nodes *nodes)
{
	char *text = file_text("/proc/zoneinfo"), *line;
	size_t zones = text ? count_zones(text) : 0;
	u64 spanned = 0;
	int node = 0;

	memset(nodes, 0, sizeof(*nodes));
	nodes->number = arena_get((zones + 1) * sizeof(*nodes->number));
	nodes->span = arena_get((zones + 1) * sizeof(*nodes->span));
	while ((line = next_line(&text)))
		take_line(nodes, line, &node, &spanned);
	qsort(nodes->number, nodes->count, sizeof(*nodes->number), compare);
}

/* The node whose memory a region holds, NODE_NONE if it is none's. */
int nodes_of(const struct nodes *nodes, u32 region)
{
	size_t i;

	for (i = 0; i < nodes->spans; i++)
		if (region >= nodes->span[i].first && region <= nodes->span[i].last)
			return nodes->span[i].node;
	return NODE_NONE;
}
