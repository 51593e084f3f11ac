// SPDX-License-Identifier: GPL-2.0
/* sources: tests/unit/plan_host.c tests/unit/fault_host.c src/plan/plan.c src/plan/plan_pass.c src/plan/plan_phase.c src/plan/plan_lead.c src/plan/plan_fault.c src/plan/plan_view.c src/plan/plan_share.c src/plan/plan_window.c src/plan/plan_place.c src/plan/plan_pace.c src/plan/coverage.c */
/*
 * The planner where cores fault wherever they try, and how it tells these from
 * regions that do.
 */
#include <string.h>

#include "fault_host.h"

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

static u32 phases_that_drop(void)
{
	enum plan_phase phase;
	u32 dropped = 0;

	do {
		phase = plan_advance(&h.plan, h.now);
		dropped |= drop_broken();
		run_orders();
	} while (phase != PLAN_REST);
	return dropped;
}

static u32 any_pass_that_drops(bool full, bool asked)
{
	plan_elect(&h.plan);
	plan_begin(&h.plan, full, asked);
	return phases_that_drop();
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

/* A pass for what was converted looks at two regions, which fault on all cores; all others are guests'. */
static void test_narrow(void **state)
{
	h.faults = NULL;
	simple(4, 10);
	memset(h.assigned, 1, 10);
	h.assigned[BAD] = 0;
	h.assigned[BAD + 1] = 0;
	pass(true, NULL);
	h.faults = two_regions;
	break_all(true);
	plan_elect(&h.plan);
	plan_begin_marked(&h.plan);
	assert_int_equal(phases_that_drop(), 0);
	wait_for_try();
	assert_int_equal(any_pass_that_drops(false, false), 0);
	assert_int_equal(plan_faulty(&h.plan), 2);
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
		FAULTS(test_holes),
		FAULTS(test_only_holes),
		FAULTS(test_broken),
		FAULTS(test_one_region),
		FAULTS(test_elsewhere_first),
		FAULTS(test_narrow),
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

	return cmocka_run_group_tests_name("fault broken", tests, NULL, NULL);
}
