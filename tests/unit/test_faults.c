// SPDX-License-Identifier: GPL-2.0
/* sources: tests/unit/plan_host.c src/plan/plan.c src/plan/plan_pass.c src/plan/plan_phase.c src/plan/plan_lead.c src/plan/plan_fault.c src/plan/plan_view.c src/plan/plan_share.c src/plan/plan_window.c src/plan/plan_pace.c src/plan/coverage.c */
/*
 * The planner where instructions fault: for a region everywhere, for a region on
 * some cores, and for a while.
 */
#include <stdlib.h>
#include <string.h>

#include "plan_host.h"

#define BAD	3	/* the region that faults */

/* By core: whether BAD faults there. */
static bool broken[32];

static bool is_broken(u32 c, u32 place)
{
	return place == BAD && broken[c];
}

static void break_all(bool how)
{
	u32 c;

	for (c = 0; c < 32; c++)
		broken[c] = how;
}

static int setup(void **state)
{
	break_all(false);
	host_setup(state);
	h.faults = is_broken;
	return 0;
}

static void two_nodes(u32 cores)
{
	coverage_add(&h.own[0], 0, 5);
	coverage_add(&h.own[1], 5, 5);
	create(cores, 2);
}

static bool optimized(u32 place)
{
	return test_bit(place, h.plan.optimized);
}

static bool is_clean(void)
{
	return test_bit(BAD, h.plan.clean);
}

/* Until the next try is due. */
static void wait(void)
{
	u64 at = plan_fault_ends(&h.plan, h.now);

	assert_true(at > h.now);
	h.now = at;
}

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
	wait();
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
	wait();
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
		setup(NULL);
		two_nodes(8);
		break_all(true);
		broken[c] = false;
		pass(true, NULL);
		for (n = 0; n < 12 && !plan_is_member(&h.plan, &h.cores[c], BAD); n++) {
			wait();
			watch();
		}
		assert_true(plan_is_member(&h.plan, &h.cores[c], BAD));
		assert_true(is_clean());
		host_teardown(NULL);
	}
	setup(NULL);
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
		wait();
		watch();
	}
	for (n = 0; n < 8; n++)
		assert_true(plan_is_bad(&h.plan, &h.cores[n], BAD));
	broken[6] = false;
	for (n = 0; n < 8 && !is_clean(); n++) {
		wait();
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
	wait();
	watch();
	assert_int_equal(h.faulted, 3);
	assert_true(plan_is_bad(&h.plan, &h.cores[9], BAD));
}

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
	wait();
	assert_int_equal(watch(), 1);
	all_but(c);
	assert_int_equal(h.plan.region[BAD].retry_ms, 2 * PLAN_FAULT_FIRST_MS);
	broken[c] = false;
	wait();
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
	wait();
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
	enum plan_phase phase;
	u16 leader;

	simple(4, 10);
	broken[0] = true;
	pass(true, NULL);
	convert(BAD, false);
	plan_mark(&h.plan, BAD);
	plan_elect(&h.plan);
	plan_begin(&h.plan, false, false);
	for (phase = plan_advance(&h.plan, h.now); phase != PLAN_FOLLOW;
	     phase = plan_advance(&h.plan, h.now))
		run_orders();
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
	wait();
	assert_int_equal(watch(), 2);
	break_all(false);
	wait();
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
		wait();
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
	wait();
	watch();
	assert_true(optimized(BAD));
	check_truth();
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
	wait();
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
	wait();
	watch();
	assert_int_equal(plan_faulty(&h.plan), 1);
	assert_int_equal(plan_fault_ends(&h.plan, h.now), 0);
	convert(BAD, false);
	watch();
	assert_int_equal(plan_faulty(&h.plan), 0);
	check_truth();
}

#define FAULTS(name) cmocka_unit_test_setup_teardown(name, setup, host_teardown)

static bool is_dead(u32 c, u32 place)
{
	return broken[c];
}

/* A core that faults everywhere is told from regions that do. */
static void test_broken(void **state)
{
	u32 c;

	h.faults = is_dead;
	broken[2] = true;
	two_nodes(4);
	pass(true, NULL);
	for (c = 0; c < 4; c++)
		assert_int_equal(plan_is_broken(&h.plan, h.plan.core[c]), c == 2);
	/* One region that faults is no reason, whatever else there is to do. */
	h.faults = is_broken;
	break_all(true);
	pass(true, NULL);
	for (c = 0; c < 4; c++)
		assert_false(plan_is_broken(&h.plan, h.plan.core[c]));
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
		FAULTS(test_leader_alone),
		FAULTS(test_only_leader_alone),
		FAULTS(test_follower_alone),
		FAULTS(test_other_leads),
		FAULTS(test_leader_tries),
		FAULTS(test_stand_in_leaves),
		FAULTS(test_followers),
		FAULTS(test_alternates),
		FAULTS(test_reports),
		FAULTS(test_report_and_verify),
		FAULTS(test_audit),
		FAULTS(test_close),
		FAULTS(test_rejoin),
		FAULTS(test_guest),
		FAULTS(test_broken),
	};

	return cmocka_run_group_tests_name("faults", tests, NULL, NULL);
}
