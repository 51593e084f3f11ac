// SPDX-License-Identifier: GPL-2.0
/* A host: nodes, cores, tables, what regions hold; and the planner's room. */
#include <stdlib.h>
#include <string.h>

#include "sim.h"

static u32 distance(u32 from, u32 to)
{
	return from == to ? 10 : 20;
}

static void *room(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (!p)
		abort();
	return p;
}

/* Two sockets; where a node's half would not fit in a window, two nodes each. */
u32 host_nodes(u32 tib)
{
	return tib > 4 ? 4 : 2;
}

static void add_memory(struct host *host, u32 regions)
{
	u32 n, each = regions / host->nodes;

	coverage_add(&host->cov, 0, regions);
	for (n = 0; n < host->nodes; n++)
		coverage_add(&host->own[n], n * each, each);
}

static void add_regions(struct host *host)
{
	struct plan *plan = &host->plan;
	u32 i, n;

	plan_size(plan, host->cov.regions);
	plan->region = room(plan->regions, sizeof(*plan->region));
	plan_init(plan, room(plan_longs(plan), sizeof(long)));
	plan_number(plan, &host->cov);
	for (i = 0; i < plan->regions; i++)
		for (n = 0; n < host->nodes; n++)
			if (coverage_in_window(&host->own[n],
					       plan->region[i].number, 1))
				plan->region[i].home = n;
	host->content = room(plan->regions, 1);
	host->cached = room(plan->regions, 1);
}

static void add_core(struct host *host, u32 c)
{
	struct plan *plan = &host->plan;
	struct plan_core *core = &host->core[c].plan;

	core->node = c / (host->cores / host->nodes);
	core->housekeeper = true;
	plan_add_core(plan, core, room(plan_core_longs(plan), sizeof(long)));
	/* As windows.c does: one window per node. */
	plan_set_window(plan, core, plan_place_window(&host->cov, &host->cov,
						      &host->own[core->node]));
	host->core[c].table = room(plan->words, sizeof(long));
	plan_join(plan, core);
}

/* Memory lies in equal parts on the nodes, without holes. */
struct host *host_new(u32 cores, u32 nodes, u32 regions)
{
	struct host *host = room(1, sizeof(*host));
	u32 c;

	host->cores = cores;
	host->nodes = nodes;
	add_memory(host, regions);
	add_regions(host);
	host->plan.distance = distance;
	host->plan.core = room(cores, sizeof(*host->plan.core));
	host->core = room(cores, sizeof(*host->core));
	for (c = 0; c < cores; c++)
		add_core(host, c);
	plan_elect(&host->plan);
	return host;
}

void host_free(struct host *host)
{
	u32 c;

	for (c = 0; c < host->cores; c++) {
		free(host->core[c].plan.member);
		free(host->core[c].table);
	}
	free(host->plan.clean);
	free(host->plan.region);
	free(host->plan.core);
	free(host->content);
	free(host->cached);
	free(host->core);
	free(host);
}

/* Pages of a region change hands, and it is lost everywhere. */
void host_convert(struct host *host, u32 place, enum content content)
{
	u32 c;

	host->content[place] = content;
	host->cached[place] = false;
	for (c = 0; c < host->cores; c++)
		__clear_bit(place, host->core[c].table);
}

/* The same for every so many-th region. */
void host_fill(struct host *host, u32 every, enum content content)
{
	u32 place;

	for (place = 0; every && place < host->plan.regions; place += every)
		host_convert(host, place, content);
}

/* What would an instruction find? Failures are not remembered by hardware. [I] */
enum kind host_kind(const struct host *host, bool verify, u32 place)
{
	if (!verify)
		return KIND_REPORT;
	if (host->content[place] == CONTENT_FIRST)
		return KIND_EARLY;
	return host->cached[place] ? KIND_CACHED : KIND_PAID;
}

/* Returns CF. */
bool host_execute(struct host *host, struct sim_core *core, bool verify,
		  u32 place)
{
	if (verify) {
		__assign_bit(place, core->table, !host->content[place]);
		host->cached[place] |= !host->content[place];
	}
	return test_bit(place, core->table);
}

/* Bits of any core that are not as they should be, or not believed to be. */
u32 host_wrong(const struct host *host)
{
	const struct plan *plan = &host->plan;
	u32 c, place, wrong = 0;
	bool want;

	for (place = 0; place < plan->regions; place++) {
		want = !host->content[place];
		wrong += test_bit(place, plan->optimized) != want;
		for (c = 0; c < host->cores; c++)
			wrong += plan_holds(plan, &host->core[c].plan, place) &&
				 test_bit(place, host->core[c].table) != want;
	}
	return wrong;
}
