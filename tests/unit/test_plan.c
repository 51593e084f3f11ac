// SPDX-License-Identifier: GPL-2.0
/* sources: tests/unit/plan_host.c src/plan/plan.c src/plan/plan_pass.c src/plan/plan_phase.c src/plan/plan_lead.c src/plan/plan_fault.c src/plan/plan_view.c src/plan/plan_share.c src/plan/plan_window.c src/plan/plan_place.c src/plan/plan_pace.c src/plan/coverage.c */
/*
 * The planner on hosts of any size against a brute-force model: what passes
 * cost, and what is remembered between them. tests/unit/test_truth.c looks at
 * every history of small hosts, test_plan_hosts.c at random ones of large.
 */
#include <string.h>

#include "plan_host.h"

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

static void audit_one(u32 core)
{
	run_phases(plan_begin_audit(&h.plan, core, 1));
}

/* Core 2 misses its turn, before it begins or in the middle of it. */
static void miss_turn(bool begun)
{
	simple(4, 10);
	pass(true, NULL);
	*bit_of(2, 3) = 0;
	if (begun) {
		assert_int_equal(plan_begin_audit(&h.plan, 2, 1), PLAN_AUDIT);
		plan_late(&h.plan, &h.cores[2], 0);
		assert_int_equal(plan_advance(&h.plan, h.now), PLAN_REST);
	} else {
		plan_late(&h.plan, &h.cores[2], 0);
		audit_one(2);
	}
	audit_one(3);
	assert_int_equal(plan_optimized(&h.plan), 10);
	plan_back(&h.cores[2]);
}

/* It has it when it is back, in the same round, and once. */
static void check_late_turn(void)
{
	struct plan_counts before;

	audit_one(0);
	assert_int_equal(plan_optimized(&h.plan), 9);
	pass(false, NULL);
	check_truth();
	before = h.plan.counts;
	audit_one(1);
	assert_int_equal(h.plan.counts.reports - before.reports, 10);
}

static void test_audit_late(void **state)
{
	miss_turn(false);
	check_late_turn();
}

static void test_audit_cut(void **state)
{
	miss_turn(true);
	check_late_turn();
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
		assert_true(plan_held_back(&h.plan, 3, h.now));
		assert_int_equal(h.plan.region[3].pause_ms, pause);
		lose_and_look(pause - 1, false);
		assert_true(plan_held_back(&h.plan, 3, h.now));
		lose_and_look(1, false);
		assert_false(plan_held_back(&h.plan, 3, h.now));
		assert_true(test_bit(3, h.plan.optimized));
		pause = pause * 2 < PLAN_HOLD_CAP_MS ? pause * 2 : PLAN_HOLD_CAP_MS;
	}
	/* Who asks gets it. */
	lose_and_look(1000, false);
	assert_true(plan_held_back(&h.plan, 3, h.now));
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

/* Whatever their numbers are. */
static void test_turns(void **state)
{
	static const u16 nodes[] = { 1, 0, 0, 0, 1, 2, 0, 0 };
	static const u16 turns[] = { 0, 1, 5, 2, 4, 3, 6, 7 };
	const struct plan_core *core = NULL;
	u32 i;

	simple(8, 10);
	h.plan.cores = 0;
	h.plan.first = PLAN_NONE;
	for (i = 0; i < 8; i++) {
		h.cores[i].node = nodes[i];
		plan_add_core(&h.plan, &h.cores[i], h.cores[i].member);
	}
	for (i = 0; i < 8; i++) {
		core = plan_turn(&h.plan, core);
		assert_non_null(core);
		assert_int_equal(core->index, turns[i]);
	}
	assert_null(plan_turn(&h.plan, core));
}

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
		TEST(test_audit_late),
		TEST(test_audit_cut),
		TEST(test_back_off),
		TEST(test_forget),
		TEST(test_turns),
	};

	return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
