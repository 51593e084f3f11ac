// SPDX-License-Identifier: GPL-2.0
/* sources: tests/unit/plan_host.c tests/unit/fault_host.c src/plan/plan.c src/plan/plan_pass.c src/plan/plan_phase.c src/plan/plan_lead.c src/plan/plan_fault.c src/plan/plan_view.c src/plan/plan_share.c src/plan/plan_window.c src/plan/plan_place.c src/plan/plan_pace.c src/plan/coverage.c */
/*
 * The planner where instructions fault in a region, on some cores only.
 */
#include "fault_host.h"

static void all_but(u32 broken_core)
{
	u32 c;

	assert_true(is_clean());
	assert_int_equal(plan_optimized(&h.plan), 9);
	for (c = 0; c < h.core_count; c++) {
		assert_int_equal(plan_owes(&h.plan, &h.cores[c]), c == broken_core);
		assert_false(plan_owes_more(&h.plan, &h.cores[c]));
		assert_int_equal(*bit_of(c, BAD), c != broken_core);
	}
	assert_int_equal(plan_faulty(&h.plan), 1);
	assert_ptr_equal(plan_fault_core(&h.plan, BAD), &h.cores[broken_core]);
}

/* A core alone has the fault: it alone owes, and is asked by each try. */
static void one_alone(u32 c)
{
	broken[c] = true;
	pass(true, NULL);
	assert_int_equal(h.faulted, 1);
	all_but(c);
	/* Nothing more before the try. */
	assert_int_equal(watch(), 0);
	audit();
	assert_int_equal(h.faulted, 1);
	wait_for_try();
	assert_int_equal(watch(), 1);
	all_but(c);
	assert_int_equal(h.plan.region[BAD].retry_ms, 2 * PLAN_FAULT_FIRST_MS);
	broken[c] = false;
	wait_for_try();
	watch();
	assert_int_equal(plan_optimized(&h.plan), 10);
	assert_int_equal(plan_faulty(&h.plan), 0);
	check_truth();
}

static void test_leader_alone(void **state)
{
	two_nodes(8);
	one_alone(0);
}

static void test_only_leader_alone(void **state)
{
	simple(8, 10);
	one_alone(0);
}

static void test_follower_alone(void **state)
{
	simple(8, 10);
	one_alone(5);
}

/* Until it works again, the leader is one on which it does. */
static void test_other_leads(void **state)
{
	simple(4, 10);
	broken[0] = true;
	pass(true, NULL);
	plan_elect(&h.plan);
	assert_int_equal(h.plan.leaders, 1);
	assert_int_equal(h.plan.leader[0], 0);
	assert_int_not_equal(h.plan.region[BAD].leader, 0);
	assert_false(h.cores[h.plan.region[BAD].leader].leads);
	convert(BAD, false);
	assert_int_equal(watch(), 0);
	all_but(0);
}

/* A guest's region: the follower that leads it is interrupted between tries only. */
static void test_leader_tries(void **state)
{
	simple(4, 10);
	broken[0] = true;
	pass(true, NULL);
	h.assigned[BAD] = 1;
	convert(BAD, true);
	watch();
	assert_false(is_clean());
	assert_int_equal(watch(), 0);
	assert_int_equal(h.slices, 1);
	broken[0] = false;
	wait_for_try();
	watch();
	assert_int_equal(h.slices, 0);
	assert_int_equal(plan_faulty(&h.plan), 0);
	watch();
	assert_int_equal(h.slices, 0);
	assert_int_equal(h.plan.region[BAD].leader, 0);
}

/* Who leads for another is as one of the leaders if it goes in the pass. */
static void test_stand_in_leaves(void **state)
{
	u16 leader;

	simple(4, 10);
	broken[0] = true;
	pass(true, NULL);
	convert(BAD, false);
	plan_mark(&h.plan, BAD);
	until_followers();
	leader = h.plan.region[BAD].leader;
	assert_true(test_bit(BAD, h.plan.won));
	plan_leave(&h.plan, &h.cores[leader]);
	assert_false(test_bit(BAD, h.plan.won));
	run_orders();
	run_phases(plan_advance(&h.plan, h.now));
	assert_false(is_clean());
	watch();
	assert_true(is_clean());
}

/* A report that faults proves nothing, and is not believed to. */
static void test_reports(void **state)
{
	simple(4, 10);
	pass(true, NULL);
	/* The look's witness is the leader, who can't lead then. */
	broken[0] = true;
	watch();
	assert_false(optimized(BAD));
	assert_false(plan_is_member(&h.plan, &h.cores[0], BAD));
	assert_true(is_clean());
	broken[0] = false;
	wait_for_try();
	watch();
	assert_true(optimized(BAD));
	check_truth();
}

static bool closing_faults(u32 c, u32 place)
{
	return place == BAD && h.plan.phase == PLAN_CLOSE;
}

static void test_close(void **state)
{
	simple(4, 10);
	h.faults = closing_faults;
	pass(true, NULL);
	assert_false(optimized(BAD));
	assert_false(is_clean());
	assert_int_equal(plan_optimized(&h.plan), 9);
	assert_int_equal(h.plan.surprises, 0);
	h.faults = NULL;
	wait_for_try();
	watch();
	check_truth();
}

/* Reports fault, verifies don't: followers are not sent to it at each watch. */
static void test_close_again(void **state)
{
	u64 before;
	u32 i;

	simple(4, 10);
	h.faults = closing_faults;
	pass(true, NULL);
	before = h.plan.counts.verifies_follower;
	for (i = 0; i < 60; i++) {
		h.now += 60000000000ull;
		watch();
		assert_false(is_clean());
	}
	assert_in_range(h.plan.counts.verifies_follower - before, 3, 3 * 12);
	h.faults = NULL;
	h.now += 600000000000ull;
	watch();
	check_truth();
}

/* A core that comes back begins anew. */
static void test_rejoin(void **state)
{
	simple(4, 10);
	broken[2] = true;
	pass(true, NULL);
	assert_int_equal(plan_faulty(&h.plan), 1);
	plan_leave(&h.plan, &h.cores[2]);
	assert_int_equal(plan_faulty(&h.plan), 0);
	assert_true(optimized(BAD));
	broken[2] = false;
	plan_join(&h.plan, &h.cores[2]);
	watch();
	assert_int_equal(plan_optimized(&h.plan), 10);
}

/* What a guest holds is not tried on the core, so nothing is learnt. */
static void test_guest(void **state)
{
	simple(4, 10);
	broken[2] = true;
	pass(true, NULL);
	broken[2] = false;
	h.assigned[BAD] = 1;
	convert(BAD, true);
	wait_for_try();
	watch();
	assert_int_equal(plan_faulty(&h.plan), 1);
	assert_int_equal(plan_fault_ends(&h.plan, h.now), 0);
	convert(BAD, false);
	watch();
	assert_int_equal(plan_faulty(&h.plan), 0);
	check_truth();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FAULTS(test_leader_alone),
		FAULTS(test_only_leader_alone),
		FAULTS(test_follower_alone),
		FAULTS(test_other_leads),
		FAULTS(test_leader_tries),
		FAULTS(test_stand_in_leaves),
		FAULTS(test_reports),
		FAULTS(test_close),
		FAULTS(test_close_again),
		FAULTS(test_rejoin),
		FAULTS(test_guest),
	};

	return cmocka_run_group_tests_name("fault cores", tests, NULL, NULL);
}
