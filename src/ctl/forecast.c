// SPDX-License-Identifier: GPL-2.0
/*
 * forecast: which regions RMPOPT could optimize as memory is placed now, by node,
 * and whose pages prevent it elsewhere. It needs no RMPOPT: the module
 * reads the RMP (debugfs rmp) on every SNP host.
 */
#include <string.h>

#include "hw.h"
#include "nodes.h"
#include "rmpopt.h"
#include "why.h"

const struct column forecast_columns[] = {
	{ "node", COLUMN_NUMBER, "NUMA node, if known" },
	{ "state", COLUMN_TEXT,
	  "optimizable, rmp (holds the RMP), guest, firmware, assigned (owner not known), or unknown (unreadable)" },
	{ "regions", COLUMN_NUMBER, "regions (1 GiB each) of this node in this state" },
	{ "list", COLUMN_LIST, "their numbers; on a terminal only the first ones" },
	{ "asids", COLUMN_LIST, "ASIDs of the guests that have pages there" },
	{ }
};

/* What prevents a region from being optimized; of several, the first. */
enum holder {
	HOLDER_NONE,
	HOLDER_RMP,
	HOLDER_GUEST,
	HOLDER_FIRMWARE,
	HOLDER_SOMEBODY,
	HOLDER_UNKNOWN,
	HOLDERS,
};

static const char * const holder_words[HOLDERS] = {
	[HOLDER_NONE]		= "optimizable",
	[HOLDER_RMP]		= "rmp",
	[HOLDER_GUEST]		= "guest",
	[HOLDER_FIRMWARE]	= "firmware",
	[HOLDER_SOMEBODY]	= "assigned",
	[HOLDER_UNKNOWN]	= "unknown",
};

/**
 * struct share - regions of one node and holder
 * @regions: which they are
 * @asids: guests found there
 */
struct share {
	struct list regions;
	struct list asids;
};

/**
 * struct forecast - the whole host
 * @nodes: whose memory regions are
 * @share: HOLDERS for each node, then for what is no node's memory
 * @total: regions by holder
 * @error: why the RMP could not be read in region @failing; NULL if it could
 * @failing: the first such region
 */
struct forecast {
	struct nodes nodes;
	struct share *share;
	u64 total[HOLDERS];
	const char *error;
	u64 failing;
};

/* Without RMPREAD the CPU does not tell whose a page is. */
static enum holder holder_of(const struct records *records, size_t row)
{
	const char *asids = record_text(records, row, "asids");
	u64 whole, partial, firmware;

	if (!record_number(records, row, "whole", &whole) ||
	    !record_number(records, row, "partial", &partial))
		return HOLDER_UNKNOWN;
	if (!whole && !partial)
		return HOLDER_NONE;
	if (!record_number(records, row, "firmware", &firmware))
		return HOLDER_SOMEBODY;
	return asids ? HOLDER_GUEST : HOLDER_FIRMWARE;
}

static void add_asids(struct share *share, const char *text)
{
	struct list list;
	size_t i;

	if (!text || !list_parse(&list, text))
		return;
	for (i = 0; i < list.ranges; i++)
		if (!list_has(&share->asids, list.range[i].first) ||
		    list.range[i].first != list.range[i].last)
			list_insert(&share->asids, list.range[i].first, list.range[i].last + 1ull);
}

static struct share *share_of(struct forecast *forecast, int node, enum holder holder)
{
	size_t i = 0;

	while (i < forecast->nodes.count && forecast->nodes.number[i] != node)
		i++;
	return &forecast->share[i * HOLDERS + holder];
}

/* @row is that of the region, or after the last one if there is none. */
static void add_region(struct forecast *forecast, const struct host *host, u32 region,
		       const struct records *records, size_t row)
{
	bool found = row < records_count(records);
	enum holder holder = found ? holder_of(records, row) : HOLDER_UNKNOWN;
	struct share *share;

	if (list_has(&host->own, region))
		holder = HOLDER_RMP;
	if (holder == HOLDER_UNKNOWN && !forecast->error) {
		forecast->error = (found ? why_error(records, row) : NULL) ?: "debugfs does not list it";
		forecast->failing = region;
	}
	share = share_of(forecast, nodes_of(&forecast->nodes, region), holder);
	list_append(&share->regions, region);
	if (holder == HOLDER_GUEST)
		add_asids(share, record_text(records, row, "asids"));
	forecast->total[holder]++;
}

static void look(struct forecast *forecast, const struct host *host, const struct records *records)
{
	const u32 *places = why_rows(records, &host->covered);
	size_t i, none = records_count(records);
	u32 region;

	nodes_read(&forecast->nodes);
	forecast->share = arena_get((forecast->nodes.count + 1) * HOLDERS * sizeof(*forecast->share));
	for (i = 0; i < host->covered.ranges; i++)
		for (region = host->covered.range[i].first;
		     region <= host->covered.range[i].last; region++)
			add_region(forecast, host, region, records,
				   places[region] ? places[region] - 1 : none);
}

static int print_shares(const struct forecast *forecast)
{
	struct table *table = table_new("forecast", forecast_columns, NULL);
	size_t i, holder;

	for (i = 0; i < (forecast->nodes.count + 1) * HOLDERS; i++) {
		const struct share *share = &forecast->share[i];

		if (!share->regions.ranges)
			continue;
		holder = i % HOLDERS;
		table_row(table);
		if (i / HOLDERS < forecast->nodes.count)
			table_number(table, "node", forecast->nodes.number[i / HOLDERS]);
		table_set(table, "state", "%s", holder_words[holder]);
		table_number(table, "regions", share->regions.members);
		table_set(table, "list", "%s", list_text(&share->regions));
		if (holder == HOLDER_SOMEBODY)
			table_set(table, "asids", "?");
		else if (share->asids.ranges)
			table_set(table, "asids", "%s", list_text(&share->asids));
	}
	return table_print(table);
}

/* What it means on this host, or on one with RMPOPT. */
static void say_meaning(const struct forecast *forecast, const struct host *host)
{
	u64 free = forecast->total[HOLDER_NONE], all = host->covered.members;

	putchar('\n');
	fold(0, 0, format("RMPOPT could optimize %llu of %llu GiB (%.1f %%) as memory is placed now.",
			  free, all, all ? 100.0 * free / all : 0));
	if (forecast->total[HOLDER_SOMEBODY])
		fold(0, 0, "This CPU has no RMPREAD: whether guests or firmware own the pages shown as assigned is not known.");
	if (host->tables && host->regions_optimized != UNKNOWN)
		fold(0, 0, format("This host has RMPOPT: %llu GiB %s optimized now.",
				  host->regions_optimized, host->regions_optimized == 1 ? "is" : "are"));
	else if (hw_has_rmpopt())
		fold(0, 0, format("This CPU has RMPOPT, but no table is in use: %s.", host_why(host)));
	else
		fold(0, 0, format("On AMD Zen 6 EPYC, with memory placed like this, writes of the host and of ordinary VMs to %s %llu GiB would skip the RMP check.",
				  free == 1 ? "this" : "these", free));
}

int run_forecast(char **arguments)
{
	struct forecast forecast = { };
	struct records *records;
	struct host host;
	int ret;

	(void)arguments;
	if (!host_read(&host))
		return host_missing();
	if (!host.root)
		return host_for_root();
	records = records_read(DEBUGFS "rmp");
	if (!records)
		return why_no_debugfs("rmp");
	host_read_places(&host);
	look(&forecast, &host, records);
	ret = print_shares(&forecast);
	if (!ret && forecast.error)
		return why_no_rmp(forecast.failing, forecast.error);
	if (!ret && !table_wanted())
		say_meaning(&forecast, &host);
	return ret;
}
