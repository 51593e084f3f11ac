// SPDX-License-Identifier: GPL-2.0
/* sources: src/plan.c src/plan_pass.c src/plan_phase.c src/plan_share.c src/plan_window.c src/plan_pace.c src/coverage.c */
/*
 * The planner on hosts of any size against a brute-force model: what passes
 * cost, and that random histories end in the truth. tests/unit/test_truth.c
 * looks at every history of small hosts.
 */
#include <linux/bitmap.h>
#include <linux/types.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "coverage.h"
#include "plan.h"
#include "unit.h"

#define NODES_MAX	8
#define MS		1000000ull

/**
 * struct host - planner and hardware
 * @assigned: by place
 * @bit: by core and place
 * @slices: orders that followers were interrupted for
 * @now: the time
 * @lossy: seldom does a broadcast or a core as it should
 */
struct host {
	struct plan plan;
	struct plan_core *cores;
	u32 core_count;
	u8 *assigned;
	u8 *bit;
	u32 slices;
	u64 now;
	bool lossy;
	struct coverage cov;
	struct coverage in;
	struct coverage scratch;
	struct coverage own[NODES_MAX];
};

static struct host h;

static u32 distance(u32 from, u32 to)
{
	return from == to ? 10 : 20;
}

static u8 *bit_of(u32 c, u32 place)
{
	return &h.bit[c * h.plan.regions + place];
}

static void add_windows(u32 nodes)
{
	u32 n;

	h.plan.window = calloc(nodes, sizeof(*h.plan.window));
	for (n = 0; n < nodes; n++)
		plan_add_window(&h.plan, plan_place_window(&h.cov, &h.cov, &h.own[n]));
	assert_int_equal(plan_fit_windows(&h.plan, &h.cov, &h.in, &h.scratch), 0);
}

static void add_core(u32 c, u32 nodes)
{
	struct plan_core *core = &h.cores[c];
	u32 base;

	core->node = c % nodes;
	core->housekeeper = true;
	base = plan_place_window(&h.cov, &h.cov, &h.own[core->node]);
	core->window = plan_add_window(&h.plan, base);
	plan_add_core(&h.plan, core, calloc(plan_core_longs(&h.plan), sizeof(long)));
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
static void create(u32 cores, u32 nodes)
{
	u32 i, k;

	for (i = 0; i < nodes; i++)
		for (k = 0; k < h.own[i].ranges; k++)
			coverage_add(&h.cov, h.own[i].range[k].first,
				     h.own[i].range[k].count);
	add_windows(nodes);
	h.plan.region = calloc(h.plan.regions, sizeof(*h.plan.region));
	h.plan.core = calloc(cores, sizeof(*h.plan.core));
	h.plan.distance = distance;
	h.cores = calloc(cores, sizeof(*h.cores));
	h.core_count = cores;
	h.assigned = calloc(h.plan.regions, 1);
	h.bit = calloc(h.plan.regions, cores);
	plan_size(&h.plan);
	plan_init(&h.plan, calloc(plan_longs(&h.plan), sizeof(long)));
	plan_number(&h.plan, &h.in);
	for (i = 0; i < h.plan.regions; i++)
		h.plan.region[i].home = home_of(h.plan.region[i].number, nodes);
	for (i = 0; i < cores; i++)
		add_core(i, nodes);
	h.now = 1000 * MS;
}

static int setup(void **state)
{
	memset(&h, 0, sizeof(h));
	return 0;
}

static int teardown(void **state)
{
	u32 i;

	for (i = 0; i < h.core_count; i++)
		free(h.cores[i].member);
	free(h.plan.clean);
	free(h.plan.region);
	free(h.plan.core);
	free(h.plan.window);
	free(h.cores);
	free(h.assigned);
	free(h.bit);
	return 0;
}

/* A host of one node, as most tests want it. */
static void simple(u32 cores, u32 regions)
{
	coverage_add(&h.own[0], 0, regions);
	create(cores, 1);
}

static void convert(u32 place, bool assigned)
{
	u32 c;

	h.assigned[place] = assigned;
	for (c = 0; c < h.core_count; c++)
		*bit_of(c, place) = 0;
}

static void execute(u32 c, u32 place)
{
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

static void run_phases(enum plan_phase phase)
{
	u32 c;

	while (phase != PLAN_REST) {
		for (c = 0; c < h.core_count; c++)
			run_core(c);
		phase = plan_advance(&h.plan, h.now);
	}
}

/* A pass; what it cost is in *cost. */
static void pass(bool full, struct plan_counts *cost)
{
	struct plan_counts before = h.plan.counts;

	h.slices = 0;
	plan_elect(&h.plan);
	plan_begin(&h.plan, full, true);
	run_phases(plan_advance(&h.plan, h.now));
	if (!cost)
		return;
	cost->verifies_leader = h.plan.counts.verifies_leader - before.verifies_leader;
	cost->verifies_follower = h.plan.counts.verifies_follower - before.verifies_follower;
	cost->verifies_catchup = h.plan.counts.verifies_catchup - before.verifies_catchup;
	cost->reports = h.plan.counts.reports - before.reports;
}

static void audit(void)
{
	run_phases(plan_begin_audit(&h.plan, 0, h.core_count));
}

static void check_truth(void)
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

static void test_full(void **state)
{
	struct plan_counts cost;
	u32 i;

	simple(16, 2048);
	for (i = 0; i < 2048; i += 2)
		h.assigned[i] = 1;
	pass(true, &cost);
	assert_int_equal(cost.verifies_leader, 2048);
	assert_int_equal(cost.verifies_follower, 15 * 1024);
	assert_int_equal(cost.verifies_catchup, 0);
	assert_int_equal(cost.reports, 1024);
	assert_int_equal(plan_optimized(&h.plan), 1024);
	check_truth();
}

static void test_nothing_to_win(void **state)
{
	struct plan_counts cost;

	simple(4, 100);
	memset(h.assigned, 1, 100);
	pass(true, &cost);
	assert_int_equal(cost.verifies_leader, 100);
	assert_int_equal(cost.reports, 0);
	assert_int_equal(h.slices, 0);
}

static void test_nothing_changed(void **state)
{
	struct plan_counts cost;

	simple(4, 100);
	pass(true, NULL);
	pass(false, &cost);
	assert_int_equal(cost.reports, 100);
	assert_int_equal(cost.verifies_leader + cost.verifies_follower +
			 cost.verifies_catchup, 0);
	assert_int_equal(h.slices, 0);
	assert_int_equal(h.plan.found, 0);
}

/* A guest came, was seen, and went. */
static void test_delta(void **state)
{
	struct plan_counts cost;
	u32 i;

	simple(16, 2048);
	pass(true, NULL);
	for (i = 100; i < 200; i++)
		convert(i, true);
	pass(false, &cost);
	assert_int_equal(cost.reports, 2048);
	assert_int_equal(cost.verifies_leader, 100);
	assert_int_equal(h.slices, 0);

	for (i = 100; i < 200; i++)
		convert(i, false);
	pass(false, &cost);
	assert_int_equal(cost.reports, 2048 - 100 + 100);
	assert_int_equal(cost.verifies_leader, 100);
	assert_int_equal(cost.verifies_follower, 15 * 100);
	assert_int_equal(cost.verifies_catchup, 0);
	check_truth();
}

/* A loss that one core alone has costs one verify and one more report. */
static void test_leader_alone(void **state)
{
	struct plan_counts cost;

	simple(4, 10);
	pass(true, NULL);
	*bit_of(h.plan.leader[0], 3) = 0;
	pass(false, &cost);
	assert_int_equal(cost.verifies_leader, 1);
	assert_int_equal(cost.verifies_follower + cost.verifies_catchup, 0);
	assert_int_equal(cost.reports, 11);
	check_truth();
}

/* A mark of a hook makes the second witness needless. */
static void test_marked(void **state)
{
	struct plan_counts cost;

	simple(4, 10);
	pass(true, NULL);
	convert(3, false);
	plan_mark(&h.plan, 3);
	pass(false, &cost);
	assert_int_equal(cost.reports, 11);
	assert_int_equal(cost.verifies_leader, 1);
	assert_int_equal(cost.verifies_follower, 3);
	check_truth();
}

static void test_catch_up(void **state)
{
	struct plan_counts cost;

	simple(4, 10);
	pass(true, NULL);
	memset(bit_of(2, 0), 0, 10);
	plan_join(&h.plan, &h.cores[2]);
	assert_int_equal(plan_optimized(&h.plan), 0);
	assert_true(plan_owes(&h.plan, &h.cores[2]));
	assert_false(plan_owes(&h.plan, &h.cores[1]));
	pass(false, &cost);
	assert_int_equal(cost.verifies_catchup, 10);
	assert_int_equal(cost.verifies_leader + cost.verifies_follower, 0);
	assert_int_equal(plan_optimized(&h.plan), 10);
	check_truth();
}

static void test_audit(void **state)
{
	simple(4, 10);
	pass(true, NULL);
	*bit_of(2, 3) = 0;
	pass(false, NULL);
	assert_int_equal(plan_optimized(&h.plan), 10);
	audit();
	assert_int_equal(plan_optimized(&h.plan), 9);
	pass(false, NULL);
	check_truth();
}

/* Lost soon after it was regained, again and again: ever longer pauses. */
static void lose_and_look(u64 later_ms, bool asked)
{
	convert(3, false);
	h.now += later_ms * MS;
	plan_elect(&h.plan);
	plan_begin(&h.plan, false, asked);
	run_phases(plan_advance(&h.plan, h.now));
}

static void test_back_off(void **state)
{
	u64 pause = PLAN_HOLD_FIRST_MS;
	int n;

	simple(4, 10);
	pass(true, NULL);
	/* The first loss, and one long after it, are nothing special. */
	lose_and_look(1000, false);
	assert_true(test_bit(3, h.plan.optimized));
	lose_and_look(PLAN_SOON_MS, false);
	assert_true(test_bit(3, h.plan.optimized));

	for (n = 0; n < 20; n++) {
		lose_and_look(1000, false);
		assert_false(test_bit(3, h.plan.optimized));
		assert_true(plan_held(&h.plan, 3, h.now));
		assert_int_equal(h.plan.region[3].pause_ms, pause);
		lose_and_look(pause - 1, false);
		assert_true(plan_held(&h.plan, 3, h.now));
		lose_and_look(1, false);
		assert_false(plan_held(&h.plan, 3, h.now));
		assert_true(test_bit(3, h.plan.optimized));
		pause = pause * 2 < PLAN_HOLD_CAP_MS ? pause * 2 : PLAN_HOLD_CAP_MS;
	}
	/* Who asks gets it. */
	lose_and_look(1000, false);
	assert_true(plan_held(&h.plan, 3, h.now));
	lose_and_look(1, true);
	assert_true(test_bit(3, h.plan.optimized));
}

static void test_forget(void **state)
{
	struct plan_counts cost;

	simple(4, 10);
	pass(true, NULL);
	plan_forget(&h.plan);
	assert_int_equal(plan_optimized(&h.plan), 0);
	pass(false, &cost);
	assert_int_equal(cost.verifies_leader, 10);
	assert_int_equal(cost.verifies_follower, 30);
	check_truth();
}

static void test_leaders_share(void **state)
{
	u32 i, led[2] = {};

	coverage_add(&h.own[0], 0, 64);
	coverage_add(&h.own[1], 1024, 64);
	create(8, 2);
	plan_elect(&h.plan);
	assert_int_equal(h.plan.leaders, 2);
	for (i = 0; i < h.plan.regions; i++)
		led[h.cores[h.plan.region[i].leader].node]++;
	assert_int_equal(led[0], 64);
	assert_int_equal(led[1], 64);
	/* Where it is not known who is near they share evenly. */
	for (i = 0; i < h.plan.regions; i++)
		h.plan.region[i].home = PLAN_NONE;
	plan_elect(&h.plan);
	led[0] = 0;
	for (i = 0; i < h.plan.regions; i++)
		led[0] += !h.cores[h.plan.region[i].leader].node;
	assert_int_equal(led[0], 64);
	pass(true, NULL);
	check_truth();
}

static void test_isolated_never_lead(void **state)
{
	coverage_add(&h.own[0], 0, 8);
	coverage_add(&h.own[1], 8, 8);
	create(4, 2);
	/* All of node 1 is isolated, and the first core of node 0. */
	h.cores[0].housekeeper = false;
	h.cores[1].housekeeper = false;
	h.cores[3].housekeeper = false;
	plan_elect(&h.plan);
	assert_int_equal(h.plan.leaders, 1);
	assert_int_equal(h.plan.leader[0], 2);
	/* There is another only as long as that one is there. */
	plan_leave(&h.plan, &h.cores[2]);
	plan_elect(&h.plan);
	assert_int_equal(h.plan.leaders, 2);
}

static void test_leaders_stay(void **state)
{
	simple(4, 8);
	plan_elect(&h.plan);
	assert_int_equal(h.plan.leader[0], 0);
	plan_leave(&h.plan, &h.cores[0]);
	plan_elect(&h.plan);
	assert_int_equal(h.plan.leader[0], 1);
	plan_join(&h.plan, &h.cores[0]);
	plan_elect(&h.plan);
	assert_int_equal(h.plan.leader[0], 1);
}

static void test_window_small(void **state)
{
	struct coverage ram = {}, own = {};

	coverage_add(&h.cov, 2, 6);
	coverage_add(&h.cov, 1024, 2);
	assert_int_equal(plan_place_window(&h.cov, &ram, &own), 2);
}

static void test_windows(void **state)
{
	struct coverage cov = {}, ram = {}, own = {};

	/* 4 TiB in two nodes, and MMIO far above. */
	coverage_add(&cov, 0, 4096);
	coverage_add(&cov, 60000, 64);
	coverage_add(&ram, 0, 4096);
	coverage_add(&own, 0, 2048);
	assert_int_equal(plan_place_window(&cov, &ram, &own), 0);
	own.ranges = 0;
	own.regions = 0;
	coverage_add(&own, 2048, 2048);
	assert_int_equal(plan_place_window(&cov, &ram, &own), 2048);
	/* A small node takes as much of others as fits: not over the end. */
	own.ranges = 0;
	own.regions = 0;
	coverage_add(&own, 4000, 96);
	assert_int_equal(plan_place_window(&cov, &ram, &own), 2048);
	/* A node of 3 TiB gets what fits. */
	own.ranges = 0;
	own.regions = 0;
	coverage_add(&own, 1000, 3072);
	assert_in_range(plan_place_window(&cov, &ram, &own), 1000, 2024);
}

/* 8 TiB, four nodes, no window word-aligned; cores only know their own. */
static void test_beyond_two_tib(void **state)
{
	struct plan_counts cost;
	u32 n;

	for (n = 0; n < 4; n++)
		coverage_add(&h.own[n], 5 + n * 2100, 2048);
	create(8, 4);
	assert_int_equal(h.plan.windows, 4);
	assert_int_equal(h.plan.regions, 8192);
	pass(true, &cost);
	assert_int_equal(h.plan.leaders, 4);
	assert_int_equal(cost.verifies_leader, 8192);
	assert_int_equal(cost.verifies_follower, 8192);
	check_truth();
}

/* What the largest host needs. */
static void test_memory(void **state)
{
	u64 bytes;
	u32 n;

	for (n = 0; n < 4; n++)
		coverage_add(&h.own[n], n * 2048, 2048);
	create(1024, 4);
	bytes = plan_longs(&h.plan) * sizeof(long) +
		h.plan.regions * sizeof(*h.plan.region) +
		1024 * (plan_core_longs(&h.plan) * sizeof(long) + sizeof(*h.cores));
	printf("# planner, 1,024 cores, 8 TiB: %llu KiB\n", bytes >> 10);
	assert_true(bytes < 1536 << 10);
}

/* --- random histories ----------------------------------------------------- */

static void random_memory(u32 nodes)
{
	u32 n, k, at = rand() % 50;

	for (n = 0; n < nodes; n++) {
		for (k = 0; k < 1u + rand() % 3; k++) {
			u32 count = 1 + rand() % (rand() % 4 ? 50 : 900);

			coverage_add(&h.own[n], at, count);
			at += count + (rand() % 2 ? rand() % 1000 : 0);
		}
	}
}

static void random_hotplug(void)
{
	u32 c = rand() % h.core_count;
	struct plan_core *core = &h.cores[c];

	if (core->late)
		return;
	if (rand() % 2 || !core->present) {
		if (rand() % 2)
			memset(bit_of(c, 0), 0, h.plan.regions);
		plan_join(&h.plan, core);
	} else {
		plan_leave(&h.plan, core);
	}
}

static void random_history(u32 seed)
{
	u32 n, c, nodes;

	srand(seed);
	nodes = 1 + rand() % NODES_MAX;
	random_memory(nodes);
	create(1 + rand() % (rand() % 8 ? 24 : 200), nodes);
	h.lossy = true;
	for (n = 0; n < 12; n++) {
		h.now += (1 + rand() % 100000) * MS;
		random_hotplug();
		c = rand() % h.core_count;
		plan_back(&h.cores[c]);
		if (rand() % 4 == 0)
			audit();
		pass(rand() % 4 == 0, NULL);
	}
	/* Left alone. */
	h.lossy = false;
	for (c = 0; c < h.core_count; c++)
		plan_back(&h.cores[c]);
	for (n = 0; n < 6; n++) {
		audit();
		pass(false, NULL);
	}
	check_truth();
}

static void test_random(void **state)
{
	u32 seed;

	for (seed = 1; seed <= 60; seed++) {
		random_history(seed);
		teardown(NULL);
		setup(NULL);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_full),
		TEST(test_nothing_to_win),
		TEST(test_nothing_changed),
		TEST(test_delta),
		TEST(test_leader_alone),
		TEST(test_marked),
		TEST(test_catch_up),
		TEST(test_audit),
		TEST(test_back_off),
		TEST(test_forget),
		TEST(test_leaders_share),
		TEST(test_isolated_never_lead),
		TEST(test_leaders_stay),
		TEST(test_window_small),
		TEST(test_windows),
		TEST(test_beyond_two_tib),
		TEST(test_memory),
		TEST(test_random),
	};

	return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
