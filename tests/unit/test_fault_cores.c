// SPDX-License-Identifier: GPL-2.0
/* sources: tests/unit/plan_host.c tests/unit/fault_host.c src/plan/plan.c src/plan/plan_pass.c src/plan/plan_phase.c src/plan/plan_lead.c src/plan/plan_fault.c src/plan/plan_view.c src/plan/plan_share.c src/plan/plan_window.c src/plan/plan_pace.c src/plan/coverage.c */
/*
 * The planner where instructions fault on some cores: in a region, or wherever
 * they try.
 */
#include <string.h>

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

/* A pass that nobody asked for, up to where followers have their orders. */
static void until_followers(void)
{
	enum plan_phase phase;

	plan_elect(&h.plan);
	plan_begin(&h.plan, false, false);
	for (phase = plan_advance(&h.plan, h.now); phase != PLAN_FOLLOW;
	     phase = plan_advance(&h.plan, h.now))
		run_orders();
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

/* Faults everywhere on cores that are broken, in regions 3 and 4 on all. */
static bool is_dead(u32 c, u32 place)
{
	return broken[c] || place == BAD || place == BAD + 1;
}

/* As the kernel part does it. Returns the cores that were dropped, as bits. */
static u32 drop_broken(void)
{
	u32 c, dropped = 0;

	for (c = 0; c < h.core_count; c++)
		if (plan_is_broken(&h.plan, &h.cores[c])) {
			plan_leave(&h.plan, &h.cores[c]);
			dropped |= 1u << c;
		}
	return dropped;
}

static u32 any_pass_that_drops(bool full, bool asked)
{
	enum plan_phase phase;
	u32 dropped = 0;

	plan_elect(&h.plan);
	plan_begin(&h.plan, full, asked);
	do {
		phase = plan_advance(&h.plan, h.now);
		dropped |= drop_broken();
		run_orders();
	} while (phase != PLAN_REST);
	return dropped;
}

static u32 pass_that_drops(bool full)
{
	return any_pass_that_drops(full, true);
}

/* Who tries them instead of the leader has done nothing else yet. */
static void test_holes(void **state)
{
	h.faults = is_dead;
	simple(4, 10);
	assert_int_equal(pass_that_drops(true), 0);
	assert_int_equal(h.faulted, 4);
	assert_true(plan_is_bad(&h.plan, &h.cores[1], BAD));
	assert_true(plan_is_bad(&h.plan, &h.cores[1], BAD + 1));
	assert_int_equal(plan_optimized(&h.plan), 8);
}

/* A leader that has tried nothing else, either. */
static void test_only_holes(void **state)
{
	h.faults = is_dead;
	coverage_add(&h.own[0], 0, 3);
	coverage_add(&h.own[1], BAD, 2);
	create(4, 2);
	assert_int_equal(pass_that_drops(true), 0);
	assert_int_equal(h.faulted, 4);
	assert_true(plan_is_bad(&h.plan, &h.cores[1], BAD));
	assert_true(plan_is_bad(&h.plan, &h.cores[0], BAD));
	assert_int_equal(plan_optimized(&h.plan), 3);
}

/* A core that faults everywhere is told from regions that do. */
static void test_broken(void **state)
{
	u32 c;

	for (c = 0; c < 4; c++) {
		fault_setup(NULL);
		h.faults = is_dead;
		broken[c] = true;
		two_nodes(4);
		assert_int_equal(pass_that_drops(true), 1u << c);
		pass(true, NULL);
		assert_int_equal(plan_optimized(&h.plan), 8);
		host_teardown(NULL);
	}
	fault_setup(NULL);
	simple(1, 1);
}

/* One region is no reason, even if there is no other to try. */
static void test_one_region(void **state)
{
	simple(4, 10);
	memset(h.assigned, 1, 10);
	h.assigned[BAD] = 0;
	broken[2] = true;
	assert_int_equal(pass_that_drops(true), 0);
	assert_int_equal(h.faulted, 1);
	assert_true(is_clean());
}

static bool two_regions(u32 c, u32 place)
{
	return broken[c] && (place == BAD || place == BAD + 1);
}

static bool two_on_core_2(u32 c, u32 place)
{
	return place == BAD + 2 || (c == 2 && (place == BAD || place == BAD + 1));
}

/*
 * In a full pass nobody is a member. Before core 2 is sent what the leader has
 * won, it is the one that tries a region where all fault.
 */
static void test_elsewhere_first(void **state)
{
	h.faults = two_on_core_2;
	simple(4, 10);
	assert_int_equal(pass_that_drops(true), 0);
	assert_false(plan_is_bad(&h.plan, &h.cores[2], BAD + 2));
	assert_int_equal(pass_that_drops(true), 0);
	assert_true(plan_is_bad(&h.plan, &h.cores[2], BAD + 2));
	assert_int_equal(plan_optimized(&h.plan), 7);
}

/* What it has elsewhere shows that it works. */
static void test_member(void **state)
{
	simple(4, 10);
	pass(true, NULL);
	h.faults = two_regions;
	broken[2] = true;
	convert(BAD, false);
	convert(BAD + 1, false);
	assert_int_equal(pass_that_drops(false), 0);
	assert_int_equal(h.faulted, 2);
	assert_int_equal(plan_optimized(&h.plan), 8);
}

/* Faults of a slice that nobody waits for are not counted. */
static void test_late(void **state)
{
	simple(4, 10);
	until_followers();
	plan_late(&h.plan, &h.cores[2], 0);
	plan_note_fault(&h.plan, &h.cores[2], 0);
	plan_note_fault(&h.plan, &h.cores[2], 1);
	run_orders();
	run_phases(plan_advance(&h.plan, h.now));
	assert_int_equal(drop_broken(), 0);
}

/* Two at a time, until there is none. */
static void test_all_broken(void **state)
{
	h.faults = is_dead;
	break_all(true);
	simple(4, 10);
	assert_int_equal(pass_that_drops(true), 0x3);
	assert_int_equal(pass_that_drops(true), 0xc);
	assert_int_equal(plan_faulty(&h.plan), 0);
}

static bool all_but_one_report(u32 c, u32 place)
{
	return c || place || h.plan.phase != PLAN_LOOK;
}

/* All break while the leader reports: it has worked in that pass, so regions are left out at first. */
static void test_all_break(void **state)
{
	simple(4, 10);
	pass(true, NULL);
	h.faults = all_but_one_report;
	assert_int_equal(any_pass_that_drops(false, false), 0);
	assert_int_equal(pass_that_drops(true), 0x7);
	assert_int_equal(any_pass_that_drops(false, false), 0x8);
	assert_int_equal(plan_faulty(&h.plan), 0);
}

static bool first_and_one_region(u32 c, u32 place)
{
	return !c || (c == 1 && place == BAD);
}

/* A region is left out for the faults of two cores; one is broken, so a third one tries it at once. */
static void test_reopened(void **state)
{
	simple(4, 10);
	h.faults = first_and_one_region;
	assert_int_equal(pass_that_drops(true), 0x1);
	assert_int_not_equal(h.plan.open, 0);
	assert_false(is_clean());
	assert_int_equal(any_pass_that_drops(false, false), 0);
	assert_true(is_clean());
	assert_true(plan_is_bad(&h.plan, &h.cores[1], BAD));
}

/* All are broken, and pauses have become so different that a pass tries one region only. */
static void test_one_at_a_time(void **state)
{
	u32 dropped = 0, passes;

	simple(4, 10);
	pass(true, NULL);
	h.faults = all_but_one_report;
	assert_int_equal(any_pass_that_drops(false, false), 0);
	h.plan.region[BAD].retry_at = h.now;
	h.faults = is_dead;
	break_all(true);
	for (passes = 0; passes < 3; passes++)
		dropped |= any_pass_that_drops(false, false);
	assert_int_equal(dropped, 0xf);
}

/* A core that is broken each time it is tried again does not make pauses of regions grow. */
static void test_pauses_of_broken(void **state)
{
	u32 n, c, place, dropped;

	h.faults = is_dead;
	simple(4, 3);
	for (n = 0; n < 5; n++) {
		break_all(true);
		dropped = pass_that_drops(true);
		dropped |= pass_that_drops(true);
		assert_int_equal(dropped, 0xf);
		break_all(false);
		for (c = 0; c < 4; c++)
			plan_join(&h.plan, &h.cores[c]);
	}
	for (place = 0; place < 3; place++)
		assert_int_equal(h.plan.region[place].retry_ms, 0);
}

/* Two cores fault where all others work; one leaves. The other has not been asked since. */
static void test_not_asked_yet(void **state)
{
	simple(4, 10);
	memset(h.assigned, 1, 10);
	h.assigned[BAD] = 0;
	h.assigned[BAD + 1] = 0;
	h.plan.region[BAD].elsewhere = 2;
	h.plan.region[BAD + 1].elsewhere = 2;
	h.faults = two_regions;
	broken[0] = true;
	broken[3] = true;
	assert_int_equal(pass_that_drops(true), 0);
	plan_leave(&h.plan, &h.cores[0]);
	assert_true(plan_is_bad(&h.plan, &h.cores[3], BAD));
	broken[3] = false;
	assert_int_equal(pass_that_drops(true), 0);
	assert_false(plan_is_bad(&h.plan, &h.cores[3], BAD));
	assert_int_equal(plan_faulty(&h.plan), 0);
}

static u32 far_base(u32 c)
{
	return c % 2 * 2 * PLAN_WINDOW_REGIONS;
}

/* Two hide each other until a third one has tried their regions. */
static void test_two_broken(void **state)
{
	h.faults = is_dead;
	h.base_of = far_base;
	broken[0] = true;
	broken[2] = true;
	coverage_add(&h.own[0], 0, 8);
	coverage_add(&h.own[1], far_base(1), 8);
	create(8, 2);
	assert_int_equal(pass_that_drops(true), 0);
	assert_int_equal(plan_faulty(&h.plan), 8);
	assert_int_equal(pass_that_drops(true), 0x5);
	assert_int_equal(plan_faulty(&h.plan), 2);
	watch();
	assert_int_equal(plan_optimized(&h.plan), 14);
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
		FAULTS(test_rejoin),
		FAULTS(test_guest),
		FAULTS(test_holes),
		FAULTS(test_only_holes),
		FAULTS(test_broken),
		FAULTS(test_one_region),
		FAULTS(test_elsewhere_first),
		FAULTS(test_member),
		FAULTS(test_late),
		FAULTS(test_all_broken),
		FAULTS(test_all_break),
		FAULTS(test_reopened),
		FAULTS(test_one_at_a_time),
		FAULTS(test_pauses_of_broken),
		FAULTS(test_not_asked_yet),
		FAULTS(test_two_broken),
	};

	return cmocka_run_group_tests_name("fault cores", tests, NULL, NULL);
}
