// SPDX-License-Identifier: GPL-2.0
/*
 * A host for tests of the planner; see plan_host.h.
 */
#include <stdlib.h>
#include <string.h>

#include "plan_host.h"

struct host h;

static u32 distance(u32 from, u32 to)
{
	return from == to ? 10 : 20;
}

u8 *bit_of(u32 c, u32 place)
{
	return &h.bit[c * h.plan.regions + place];
}

static u32 base_of(u32 c)
{
	if (h.base_of)
		return h.base_of(c);
	return plan_place_window(&h.cov, &h.cov, &h.own[h.cores[c].node]);
}

static void add_core(u32 c, u32 nodes)
{
	struct plan_core *core = &h.cores[c];

	core->node = c % nodes;
	core->housekeeper = true;
	plan_add_core(&h.plan, core, calloc(plan_core_longs(&h.plan), sizeof(long)));
	assert_true(plan_set_window(&h.plan, core, base_of(c)));
	plan_join(&h.plan, core);
}

static u16 home_of(u32 region, u32 nodes)
{
	u32 n;

	for (n = 0; n < nodes; n++)
		if (coverage_in_window(&h.own[n], region, 1))
			return n;
	return PLAN_NONE;
}

/* The host's memory lies in h.own, by node. */
void create(u32 cores, u32 nodes)
{
	u32 i, k;

	for (i = 0; i < nodes; i++)
		for (k = 0; k < h.own[i].ranges; k++)
			coverage_add(&h.cov, h.own[i].range[k].first,
				     h.own[i].range[k].count);
	plan_size(&h.plan, h.cov.regions);
	h.plan.region = calloc(h.plan.regions, sizeof(*h.plan.region));
	h.plan.core = calloc(cores, sizeof(*h.plan.core));
	h.plan.distance = distance;
	h.cores = calloc(cores, sizeof(*h.cores));
	h.core_count = cores;
	h.assigned = calloc(h.plan.regions, 1);
	h.bit = calloc(h.plan.regions, cores);
	plan_init(&h.plan, calloc(plan_longs(&h.plan), sizeof(long)));
	plan_number(&h.plan, &h.cov);
	for (i = 0; i < h.plan.regions; i++)
		h.plan.region[i].home = home_of(h.plan.region[i].number, nodes);
	for (i = 0; i < cores; i++)
		add_core(i, nodes);
	h.now = 1000 * MS;
}

int host_setup(void **state)
{
	memset(&h, 0, sizeof(h));
	return 0;
}

int host_teardown(void **state)
{
	u32 i;

	for (i = 0; i < h.core_count; i++)
		free(h.cores[i].member);
	free(h.plan.clean);
	free(h.plan.region);
	free(h.plan.core);
	free(h.cores);
	free(h.assigned);
	free(h.bit);
	return 0;
}

/* A host of one node, as most tests want it. */
void simple(u32 cores, u32 regions)
{
	coverage_add(&h.own[0], 0, regions);
	create(cores, 1);
}

void convert(u32 place, bool assigned)
{
	u32 c;

	h.assigned[place] = assigned;
	for (c = 0; c < h.core_count; c++)
		*bit_of(c, place) = 0;
}

static void execute(u32 c, u32 place)
{
	if (plan_is_left_out(&h.plan, place))
		return;
	if (h.faults && h.faults(c, place)) {
		h.faulted++;
		plan_note_fault(&h.plan, &h.cores[c], place);
		return;
	}
	if (plan_verifies(&h.plan))
		*bit_of(c, place) = !h.assigned[place];
	plan_note(&h.plan, &h.cores[c], place, *bit_of(c, place));
}

/* What may happen between two instructions, if the host is that bad. */
static void happen(void)
{
	u32 what = rand() % 2000;

	if (!h.lossy)
		return;
	if (what < 20)
		convert(rand() % h.plan.regions, what & 1);
	else if (what == 20)
		memset(bit_of(rand() % h.core_count, 0), 0, h.plan.regions);
}

static void run_core(u32 c)
{
	struct plan_core *core = &h.cores[c];
	u32 place;

	if (core->order != PLAN_ORDERED)
		return;
	assert_true(core->present && !core->late);
	h.slices += !core->leads;
	for (place = plan_next(&h.plan, core, 0); place < h.plan.regions;
	     place = plan_next(&h.plan, core, place + 1)) {
		assert_true(plan_holds(&h.plan, core, place));
		execute(c, place);
		happen();
		if (h.lossy && rand() % 5000 == 0) {
			plan_late(&h.plan, core, place + 1);
			return;
		}
	}
	plan_answered(&h.plan, core, h.plan.regions);
}

/* The orders of the running phase. */
void run_orders(void)
{
	u32 c;

	for (c = 0; c < h.core_count; c++)
		run_core(c);
}

void run_phases(enum plan_phase phase)
{
	while (phase != PLAN_REST) {
		run_orders();
		phase = plan_advance(&h.plan, h.now);
	}
}

static void some_pass(bool full, bool asked)
{
	h.slices = 0;
	plan_elect(&h.plan);
	plan_begin(&h.plan, full, asked);
	run_phases(plan_advance(&h.plan, h.now));
}

/* A pass that nobody asked for; returns how many instructions faulted in it. */
u32 watch(void)
{
	u32 before = h.faulted;

	some_pass(false, false);
	return h.faulted - before;
}

/* One that somebody did; what it cost is in *cost. */
void pass(bool full, struct plan_counts *cost)
{
	struct plan_counts before = h.plan.counts;

	some_pass(full, true);
	if (!cost)
		return;
	cost->verifies_leader = h.plan.counts.verifies_leader - before.verifies_leader;
	cost->verifies_follower = h.plan.counts.verifies_follower - before.verifies_follower;
	cost->verifies_catchup = h.plan.counts.verifies_catchup - before.verifies_catchup;
	cost->reports = h.plan.counts.reports - before.reports;
}

/* Returns how many regions a leader has gained. */
u32 view(bool all)
{
	plan_elect(&h.plan);
	run_phases(plan_begin_view(&h.plan, all, h.now));
	return h.plan.found;
}

void audit(void)
{
	run_phases(plan_begin_audit(&h.plan, 0, h.core_count));
}

void check_truth(void)
{
	bool held, want;
	u32 c, place;

	for (place = 0; place < h.plan.regions; place++) {
		want = !h.assigned[place];
		held = false;
		for (c = 0; c < h.core_count; c++) {
			if (!h.cores[c].present || !plan_holds(&h.plan, &h.cores[c], place))
				continue;
			held = true;
			assert_int_equal(*bit_of(c, place), want);
		}
		if (held)
			assert_int_equal(test_bit(place, h.plan.optimized), want);
	}
}
