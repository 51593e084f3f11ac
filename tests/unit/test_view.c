// SPDX-License-Identifier: GPL-2.0
/* sources: tests/unit/plan_host.c src/plan/plan.c src/plan/plan_pass.c src/plan/plan_phase.c src/plan/plan_lead.c src/plan/plan_fault.c src/plan/plan_view.c src/plan/plan_share.c src/plan/plan_window.c src/plan/plan_place.c src/plan/plan_pace.c src/plan/coverage.c */
/*
 * The planner where somebody else does the verifies: what reports tell.
 */
#include <stdlib.h>
#include <string.h>

#include "plan_host.h"

/* Somebody's pass, over some cores. */
static void fill(u32 first, u32 end)
{
	u32 c, place;

	for (c = first; c < end; c++)
		for (place = 0; place < h.plan.regions; place++)
			*bit_of(c, place) = !h.assigned[place];
}

static void no_verify(void)
{
	assert_int_equal(h.plan.counts.verifies_leader +
			 h.plan.counts.verifies_follower +
			 h.plan.counts.verifies_catchup, 0);
}

static void test_all(void **state)
{
	simple(4, 10);
	h.assigned[3] = 1;
	view(true);
	assert_int_equal(plan_optimized(&h.plan), 0);
	fill(0, 4);
	view(true);
	assert_int_equal(plan_optimized(&h.plan), 9);
	assert_int_equal(h.plan.counts.reports, 2 * 4 * 10);
	check_truth();
	no_verify();
}

/* Who lacks what others have is behind. */
static void test_behind(void **state)
{
	u32 c;

	simple(4, 10);
	fill(0, 4);
	*bit_of(2, 5) = 0;
	view(true);
	assert_int_equal(plan_optimized(&h.plan), 9);
	for (c = 0; c < 4; c++)
		assert_int_equal(plan_owes(&h.plan, &h.cores[c]), c == 2);
	/* The leader lacks it: its next views say nothing new. */
	*bit_of(2, 5) = 1;
	*bit_of(0, 5) = 0;
	view(true);
	assert_true(plan_owes(&h.plan, &h.cores[0]));
	assert_int_equal(view(false), 0);
	assert_true(plan_owes(&h.plan, &h.cores[0]));
}

/* What one leader has lost all have; what it has gained is to be asked about. */
static void test_leaders(void **state)
{
	coverage_add(&h.own[0], 0, 5);
	coverage_add(&h.own[1], 5, 5);
	create(8, 2);
	fill(0, 8);
	view(true);
	assert_int_equal(plan_optimized(&h.plan), 10);
	h.plan.counts.reports = 0;
	assert_int_equal(view(false), 0);
	assert_int_equal(h.plan.counts.reports, 2 * 10);
	convert(4, true);
	assert_int_equal(view(false), 0);
	assert_int_equal(plan_optimized(&h.plan), 9);
	assert_false(plan_owes(&h.plan, &h.cores[0]));
	assert_int_equal(view(false), 0);
	/* Somebody's pass has begun: shown when all were asked. */
	convert(4, false);
	fill(0, 2);
	assert_int_equal(view(false), 2);
	assert_int_equal(plan_optimized(&h.plan), 9);
	fill(0, 8);
	assert_int_equal(view(true), 0);
	assert_int_equal(plan_optimized(&h.plan), 10);
	assert_int_equal(view(false), 0);
	check_truth();
	no_verify();
}

/* Whoever does not answer has nothing, as far as is known. */
static void test_late(void **state)
{
	simple(4, 10);
	fill(0, 4);
	view(true);
	plan_elect(&h.plan);
	plan_begin_view(&h.plan, true, h.now);
	plan_note(&h.plan, &h.cores[2], 0, true);
	plan_late(&h.plan, &h.cores[2], 1);
	run_phases(PLAN_VIEW);
	assert_int_equal(plan_optimized(&h.plan), 1);
	view(true);
	assert_int_equal(plan_optimized(&h.plan), 0);
	plan_back(&h.cores[2]);
	view(true);
	assert_int_equal(plan_optimized(&h.plan), 10);
}

/* Nobody can be asked at all. */
static void test_nobody(void **state)
{
	simple(1, 10);
	fill(0, 1);
	view(true);
	assert_int_equal(plan_optimized(&h.plan), 10);
	h.cores[0].late = true;
	view(true);
	assert_int_equal(plan_optimized(&h.plan), 0);
}

static void test_cancelled(void **state)
{
	simple(4, 10);
	fill(0, 4);
	view(true);
	plan_begin_view(&h.plan, true, h.now);
	plan_cancel(&h.plan);
	assert_int_equal(plan_optimized(&h.plan), 10);
}

static void test_windows(void **state)
{
	coverage_add(&h.own[0], 0, 2048);
	coverage_add(&h.own[1], 2048, 2048);
	create(4, 2);
	fill(0, 4);
	view(true);
	assert_int_equal(plan_optimized(&h.plan), 4096);
	*bit_of(1, 4095) = 0;
	*bit_of(1, 0) = 0;	/* not in its window */
	view(true);
	assert_int_equal(plan_optimized(&h.plan), 4095);
}

static bool faults(u32 c, u32 place)
{
	return place == 3;
}

/* Two cores are enough, and then none until the pause is over. */
static void test_faults(void **state)
{
	simple(8, 10);
	fill(0, 8);
	view(true);
	h.faults = faults;
	assert_int_equal(view(false), 0);
	assert_int_equal(h.faulted, 1);
	assert_int_equal(plan_optimized(&h.plan), 9);
	view(true);
	assert_int_equal(h.faulted, 3);
	assert_int_equal(plan_optimized(&h.plan), 9);
	assert_int_equal(plan_faulty(&h.plan), 1);
	view(true);
	assert_int_equal(h.faulted, 3);
	h.faults = NULL;
	h.now = plan_fault_ends(&h.plan, h.now);
	view(true);
	assert_int_equal(plan_optimized(&h.plan), 10);
	assert_int_equal(plan_faulty(&h.plan), 0);
	no_verify();
}

static bool faults_on_five(u32 c, u32 place)
{
	return c == 5 && place == 3;
}

/* One core alone is not asked again before its pause is over. */
static void test_fault_alone(void **state)
{
	simple(8, 10);
	fill(0, 8);
	h.faults = faults_on_five;
	view(true);
	view(true);
	assert_int_equal(h.faulted, 1);
	assert_int_equal(plan_optimized(&h.plan), 9);
	assert_true(plan_owes(&h.plan, &h.cores[5]));
	assert_false(plan_owes(&h.plan, &h.cores[4]));
	h.now = plan_fault_ends(&h.plan, h.now);
	view(true);
	assert_int_equal(h.faulted, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_all),
		TEST(test_behind),
		TEST(test_leaders),
		TEST(test_late),
		TEST(test_nobody),
		TEST(test_cancelled),
		TEST(test_windows),
		TEST(test_faults),
		TEST(test_fault_alone),
	};

	return cmocka_run_group_tests_name("view", tests, NULL, NULL);
}
