// SPDX-License-Identifier: GPL-2.0
/* sources: src/plan/plan_pace.c */
/* The planner: the arithmetic of slices and pauses. */
#include <linux/types.h>
#include <stdlib.h>

#include "plan.h"
#include "unit.h"

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
		cmocka_unit_test(test_fits),
		cmocka_unit_test(test_learn),
		cmocka_unit_test(test_slices_are_bounded),
		cmocka_unit_test(test_rest),
		cmocka_unit_test(test_pause),
	};

	return cmocka_run_group_tests_name("pace", tests, NULL, NULL);
}
