// SPDX-License-Identifier: GPL-2.0
/* sources: tests/unit/plan_host.c src/plan/plan.c src/plan/plan_pass.c src/plan/plan_phase.c src/plan/plan_lead.c src/plan/plan_fault.c src/plan/plan_view.c src/plan/plan_share.c src/plan/plan_window.c src/plan/plan_place.c src/plan/plan_pace.c src/plan/coverage.c */
/*
 * The planner on hosts of all shapes: leaders, windows, memory, and that random
 * histories end in the truth.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan_host.h"

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

/* Between its order and the closing: what it led is not done, and the pass says so. */
static void test_leader_leaves_unclosed(void **state)
{
	enum plan_phase phase;

	simple(4, 8);
	pass(true, NULL);
	plan_elect(&h.plan);
	plan_begin(&h.plan, true, true);
	for (phase = plan_advance(&h.plan, h.now); phase != PLAN_FOLLOW;
	     phase = plan_advance(&h.plan, h.now))
		run_orders();
	plan_leave(&h.plan, &h.cores[h.plan.leader[0]]);
	run_phases(phase);
	assert_int_equal(h.plan.open, 8);
	assert_int_equal(plan_optimized(&h.plan), 0);
	watch();
	assert_int_equal(h.plan.open, 0);
	assert_int_equal(plan_optimized(&h.plan), 8);
	check_truth();
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
	assert_int_equal(h.plan.regions, 8192);
	pass(true, &cost);
	assert_int_equal(h.plan.leaders, 4);
	assert_int_equal(cost.verifies_leader, 8192);
	assert_int_equal(cost.verifies_follower, 8192);
	check_truth();

	/* Cores 1 and 5 alone look at what node 1 has. */
	plan_leave(&h.plan, &h.cores[5]);
	assert_int_equal(plan_optimized(&h.plan), 8192);
	plan_leave(&h.plan, &h.cores[1]);
	assert_int_equal(plan_optimized(&h.plan), 6144);
	plan_join(&h.plan, &h.cores[1]);
	pass(false, &cost);
	assert_int_equal(cost.verifies_leader, 2048);
	assert_int_equal(plan_optimized(&h.plan), 8192);
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
	assert_true(bytes < 2304 << 10);
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
		host_teardown(NULL);
		host_setup(NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_leaders_share),
		TEST(test_isolated_never_lead),
		TEST(test_leaders_stay),
		TEST(test_leader_leaves_unclosed),
		TEST(test_window_small),
		TEST(test_windows),
		TEST(test_beyond_two_tib),
		TEST(test_memory),
		TEST(test_random),
	};

	return cmocka_run_group_tests_name("plan_hosts", tests, NULL, NULL);
}
