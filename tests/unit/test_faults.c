// SPDX-License-Identifier: GPL-2.0
/* sources: tests/unit/plan_host.c tests/unit/fault_host.c src/plan/plan.c src/plan/plan_pass.c src/plan/plan_phase.c src/plan/plan_lead.c src/plan/plan_fault.c src/plan/plan_view.c src/plan/plan_share.c src/plan/plan_window.c src/plan/plan_place.c src/plan/plan_pace.c src/plan/coverage.c */
/*
 * The planner where a region faults everywhere, or nearly so: how often it is
 * tried.
 */
#include "fault_host.h"

static void is_given_up(void)
{
	assert_int_equal(plan_optimized(&h.plan), 9);
	assert_int_equal(plan_faulty(&h.plan), 1);
	assert_true(test_bit(BAD, h.plan.faulty));
	assert_true(test_bit(BAD, h.plan.left_out));
	assert_non_null(plan_fault_core(&h.plan, BAD));
	assert_null(plan_fault_core(&h.plan, BAD + 1));
	assert_int_equal(plan_fault_ends(&h.plan, h.now),
			 h.now + PLAN_FAULT_FIRST_MS * MS);
	assert_int_equal(h.plan.open, 0);
	assert_int_equal(h.plan.surprises, 0);
}

/* One region on all cores: one pass and one try elsewhere, all others done. */
static void test_everywhere(void **state)
{
	u32 c;

	simple(8, 10);
	break_all(true);
	pass(true, NULL);
	assert_int_equal(h.faulted, 2);
	assert_int_equal(h.plan.counts.faults, 2);
	is_given_up();
	for (c = 0; c < 8; c++)
		assert_false(plan_owes(&h.plan, &h.cores[c]));
}

static void test_everywhere_two_leaders(void **state)
{
	two_nodes(8);
	h.cores[1].housekeeper = false;
	break_all(true);
	pass(true, NULL);
	assert_int_equal(h.plan.leaders, 2);
	assert_int_equal(h.faulted, 2);
	is_given_up();
	/* The other leader was asked, and no follower sent there. */
	assert_true(plan_is_bad(&h.plan, &h.cores[0], BAD));
	assert_true(plan_is_bad(&h.plan, &h.cores[3], BAD));
}

static void test_one_core(void **state)
{
	simple(1, 10);
	break_all(true);
	pass(true, NULL);
	assert_int_equal(h.faulted, 1);
	is_given_up();
	wait_for_try();
	assert_int_equal(watch(), 1);
}

/* Left alone: four faults in 10 s at first, then ever fewer; never none. */
static void test_pauses(void **state)
{
	u32 n, k, early = 0, late = 0;
	u32 last[10] = {};

	two_nodes(8);
	break_all(true);
	pass(true, NULL);
	early = h.faulted;
	for (n = 1; n < 3600; n++) {
		u32 faulted, sum = 0;

		h.now += 1000 * MS;
		faulted = watch();
		last[n % 10] = faulted;
		for (k = 0; k < 10; k++)
			sum += last[k];
		if (n < 10)
			sum += early;
		assert_in_range(sum, 0, 4);
		if (n > 1800)
			late += faulted;
	}
	assert_in_range(late, 4, 8);
	assert_int_equal(h.plan.region[BAD].retry_ms, PLAN_FAULT_CAP_MS);
}

/* The pause is kept, and somebody who asks does not wait for it. */
static void test_asked(void **state)
{
	simple(8, 10);
	break_all(true);
	pass(true, NULL);
	break_all(false);
	assert_int_equal(watch(), 0);
	assert_false(optimized(BAD));
	pass(false, NULL);
	assert_int_equal(plan_optimized(&h.plan), 10);
	assert_int_equal(plan_faulty(&h.plan), 0);
	assert_null(plan_fault_core(&h.plan, BAD));
	assert_false(test_bit(BAD, h.plan.left_out));
	assert_int_equal(plan_fault_ends(&h.plan, h.now), 0);
	check_truth();
}

/* What works again is found by itself. */
static void test_ends(void **state)
{
	two_nodes(8);
	break_all(true);
	pass(true, NULL);
	break_all(false);
	wait_for_try();
	assert_int_equal(watch(), 0);
	assert_int_equal(plan_optimized(&h.plan), 10);
	assert_int_equal(plan_faulty(&h.plan), 0);
	check_truth();
}

/* On some core only, wherever it is, in the end it is found. */
static void test_one_core_works(void **state)
{
	u32 c, n;

	for (c = 0; c < 8; c++) {
		fault_setup(NULL);
		two_nodes(8);
		break_all(true);
		broken[c] = false;
		pass(true, NULL);
		for (n = 0; n < 12 && !plan_is_member(&h.plan, &h.cores[c], BAD); n++) {
			wait_for_try();
			watch();
		}
		assert_true(plan_is_member(&h.plan, &h.cores[c], BAD));
		assert_true(is_clean());
		host_teardown(NULL);
	}
	fault_setup(NULL);
	simple(1, 1);
}

/* Even if it has faulted there on all of them before. */
static void test_rotation(void **state)
{
	u32 n;

	simple(8, 10);
	break_all(true);
	pass(true, NULL);
	for (n = 0; n < 12; n++) {
		wait_for_try();
		watch();
	}
	for (n = 0; n < 8; n++)
		assert_true(plan_is_bad(&h.plan, &h.cores[n], BAD));
	broken[6] = false;
	for (n = 0; n < 8 && !is_clean(); n++) {
		wait_for_try();
		watch();
	}
	assert_true(is_clean());
}

/* Who is skipped, because two others have faulted, has shown nothing. */
static void test_skipped(void **state)
{
	simple(16, 10);
	broken[9] = true;
	pass(true, NULL);
	break_all(true);
	broken[0] = false;
	convert(BAD, false);
	wait_for_try();
	watch();
	assert_int_equal(h.faulted, 3);
	assert_true(plan_is_bad(&h.plan, &h.cores[9], BAD));
}

/* All followers: two are sent there, and no more until the next try. */
static void test_followers(void **state)
{
	simple(16, 10);
	break_all(true);
	broken[0] = false;
	pass(true, NULL);
	assert_int_equal(h.faulted, 2);
	assert_true(is_clean());
	assert_true(plan_is_member(&h.plan, &h.cores[0], BAD));
	assert_true(plan_owes(&h.plan, &h.cores[9]));
	assert_false(plan_owes_more(&h.plan, &h.cores[9]));
	assert_int_equal(watch(), 0);
	wait_for_try();
	assert_int_equal(watch(), 2);
	break_all(false);
	wait_for_try();
	watch();
	assert_int_equal(plan_optimized(&h.plan), 10);
	check_truth();
}

/* The pause goes on where it was if the region faults again soon. */
static void test_alternates(void **state)
{
	u32 n, pause = PLAN_FAULT_FIRST_MS;

	simple(4, 10);
	for (n = 0; n < 5; n++) {
		break_all(true);
		convert(BAD, false);
		pass(false, NULL);
		assert_int_equal(h.plan.region[BAD].retry_ms, pause);
		break_all(false);
		wait_for_try();
		watch();
		assert_true(optimized(BAD));
		pause *= 2;
	}
	h.now += (u64)PLAN_FAULT_CAP_MS * 2 * MS;
	break_all(true);
	convert(BAD, false);
	watch();
	assert_int_equal(h.plan.region[BAD].retry_ms, PLAN_FAULT_FIRST_MS);
}

/* The witness and the leader: nobody else is sent there. */
static void test_report_and_verify(void **state)
{
	simple(8, 10);
	pass(true, NULL);
	break_all(true);
	watch();
	assert_int_equal(h.faulted, 2);
	assert_false(is_clean());
	is_given_up();
}

static void test_audit(void **state)
{
	simple(8, 10);
	pass(true, NULL);
	break_all(true);
	audit();
	assert_int_equal(h.faulted, 2);
	assert_false(optimized(BAD));
	assert_int_equal(plan_optimized(&h.plan), 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FAULTS(test_everywhere),
		FAULTS(test_everywhere_two_leaders),
		FAULTS(test_one_core),
		FAULTS(test_pauses),
		FAULTS(test_asked),
		FAULTS(test_ends),
		FAULTS(test_one_core_works),
		FAULTS(test_rotation),
		FAULTS(test_skipped),
		FAULTS(test_followers),
		FAULTS(test_alternates),
		FAULTS(test_report_and_verify),
		FAULTS(test_audit),
	};

	return cmocka_run_group_tests_name("faults", tests, NULL, NULL);
}
