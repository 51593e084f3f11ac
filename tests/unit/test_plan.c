// SPDX-License-Identifier: GPL-2.0
/* sources: src/plan.c */
/* The planner: beliefs of a pass, the arithmetic of slices. */
#include <linux/types.h>
#include <stdlib.h>
#include <string.h>

#include "plan.h"
#include "unit.h"

static struct plan plan;

static int setup(void **state)
{
	memset(&plan, 0, sizeof(plan));
	plan.regions = 8;
	return 0;
}

static void test_pass(void **state)
{
	DECLARE_BITMAP(missed, PLAN_REGIONS_MAX) = {};
	u32 i;

	plan_begin(&plan);
	for (i = 0; i < 8; i++)
		plan_lead(&plan, i, i != 3);
	assert_int_equal(plan_won(&plan), 7);
	assert_int_equal(plan_optimized(&plan), 0);

	/* Region 5 failed on a follower; 6 was converted before the closing. */
	__set_bit(5, missed);
	plan_follow(&plan, missed);
	assert_true(plan_close(&plan, 0, true));
	assert_false(plan_close(&plan, 5, true));
	assert_false(plan_close(&plan, 6, false));
	assert_int_equal(plan_optimized(&plan), 1);
	assert_true(test_bit(0, plan.optimized));
}

/* A verify may hide that all cores had lost the bit. */
static void test_verify_ends_belief(void **state)
{
	plan_begin(&plan);
	plan_lead(&plan, 2, true);
	assert_true(plan_close(&plan, 2, true));

	plan_begin(&plan);
	plan_lead(&plan, 2, true);
	assert_false(test_bit(2, plan.optimized));
}

static void test_incomplete_follower(void **state)
{
	u32 i;

	plan_begin(&plan);
	for (i = 0; i < 8; i++)
		plan_lead(&plan, i, true);
	plan_follow(&plan, NULL);
	for (i = 0; i < 8; i++)
		assert_false(plan_close(&plan, i, true));
	assert_int_equal(plan_optimized(&plan), 0);
}

static void test_forget(void **state)
{
	plan_begin(&plan);
	plan_lead(&plan, 1, true);
	plan_close(&plan, 1, true);
	plan_forget(&plan);
	assert_int_equal(plan_optimized(&plan), 0);
}

static void test_a_pass_begins_clean(void **state)
{
	plan_begin(&plan);
	plan_lead(&plan, 1, true);
	plan_follow(&plan, NULL);
	plan_begin(&plan);
	assert_int_equal(plan_won(&plan), 0);
	plan_lead(&plan, 1, true);
	assert_true(plan_close(&plan, 1, true));
}

static void test_fits(void **state)
{
	struct plan_pace pace = { .slowest = 100 };

	assert_true(plan_fits(&pace, 0, 100));
	assert_true(plan_fits(&pace, 50, 150));
	assert_false(plan_fits(&pace, 51, 150));
}

static void test_learn(void **state)
{
	struct plan_pace pace = {};
	int n;

	plan_learn(&pace, 1000);
	assert_int_equal(pace.slowest, 1000);
	plan_learn(&pace, 10);
	assert_int_equal(pace.slowest, 875);
	/* An outlier is forgotten, down to what is usual. */
	for (n = 0; n < 100; n++)
		plan_learn(&pace, 10);
	assert_int_equal(pace.slowest, 10);
}

/* No slice begins an instruction that would overrun at the recent pace. */
static void test_slices_are_bounded(void **state)
{
	struct plan_pace pace = {};
	u64 spent, cost, budget = 100000;
	int slice;

	srand(3);
	for (slice = 0; slice < 1000; slice++) {
		spent = 0;
		do {
			cost = 2000 + rand() % 3000;
			spent += cost;
			plan_learn(&pace, cost);
		} while (plan_fits(&pace, spent, budget));
		/* The pace forgets an eighth at a time: that much it may be off. */
		assert_true(spent <= budget + 3000);
		assert_true(spent >= budget - 5000 - 3000);
	}
}

static void test_rest(void **state)
{
	assert_int_equal(plan_rest(50000, 5), 950000);
	assert_int_equal(plan_rest(50000, 100), 0);
	assert_int_equal(plan_rest(50000, 1), 4950000);
	assert_int_equal(plan_rest(0, 5), 0);
}

static void test_pause(void **state)
{
	assert_int_equal(plan_pause(0, 100, 1000), 100);
	assert_int_equal(plan_pause(100, 100, 1000), 200);
	assert_int_equal(plan_pause(800, 100, 1000), 1000);
	assert_int_equal(plan_pause(1000, 100, 1000), 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_pass, setup),
		cmocka_unit_test_setup(test_verify_ends_belief, setup),
		cmocka_unit_test_setup(test_incomplete_follower, setup),
		cmocka_unit_test_setup(test_forget, setup),
		cmocka_unit_test_setup(test_a_pass_begins_clean, setup),
		cmocka_unit_test(test_fits),
		cmocka_unit_test(test_learn),
		cmocka_unit_test(test_slices_are_bounded),
		cmocka_unit_test(test_rest),
		cmocka_unit_test(test_pause),
	};

	return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
