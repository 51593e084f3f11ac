// SPDX-License-Identifier: GPL-2.0
/* sources: tests/unit/plan_host.c src/plan/plan.c src/plan/plan_pass.c src/plan/plan_phase.c src/plan/plan_lead.c src/plan/plan_fault.c src/plan/plan_view.c src/plan/plan_share.c src/plan/plan_window.c src/plan/plan_place.c src/plan/plan_pace.c src/plan/coverage.c */
/*
 * The planner where cores have windows of their own: any base, mixed within a
 * node, covered regions that nobody holds.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "plan_host.h"

/* By core. */
static u32 bases[256];

static u32 base_of(u32 c)
{
	return bases[c];
}

static int setup(void **state)
{
	memset(bases, 0, sizeof(bases));
	host_setup(state);
	h.base_of = base_of;
	return 0;
}

/* By counting. */
static void check_window(const struct plan_core *core, u32 base)
{
	u32 place, number, held;

	for (place = 0; place < h.plan.regions; place++) {
		number = h.plan.region[place].number;
		held = number >= base && (u64)number < (u64)base + PLAN_WINDOW_REGIONS;
		assert_int_equal(plan_holds(&h.plan, core, place), held);
		if (!held)
			continue;
		assert_in_range(plan_bit(&h.plan, core, place), 0,
				h.plan.core_words * BITS_PER_LONG - 1);
	}
	assert_true(core->window.words <= h.plan.core_words);
}

static void test_any_base(void **state)
{
	static const u32 some[] = {
		0, 1, 63, 64, 65, 1000, 4095, 4096, 5000, 5001, 29999, 30000,
		31000, COVERAGE_REGIONS_MAX - 1, COVERAGE_REGIONS_MAX, ~0u,
	};
	struct plan_core *core;
	u32 i;

	coverage_add(&h.own[0], 3, 4093);
	coverage_add(&h.own[0], 5000, 100);
	coverage_add(&h.own[0], 30000, 900);
	create(2, 1);
	core = &h.cores[1];
	assert_false(plan_set_window(&h.plan, core, 1));
	assert_true(plan_set_window(&h.plan, core, 0));
	plan_leave(&h.plan, core);
	for (i = 0; i < sizeof(some) / sizeof(some[0]); i++) {
		assert_true(plan_set_window(&h.plan, core, some[i]));
		check_window(core, some[i]);
		plan_join(&h.plan, core);
		pass(true, NULL);
		check_truth();
		assert_false(plan_owes(&h.plan, core));
		plan_leave(&h.plan, core);
	}
}

/* Whoever executes a slice reads the window. */
static void test_late(void **state)
{
	simple(2, 10);
	plan_leave(&h.plan, &h.cores[1]);
	h.cores[1].late = true;
	assert_false(plan_set_window(&h.plan, &h.cores[1], 5));
	assert_int_equal(h.cores[1].window.base, 0);
	plan_back(&h.cores[1]);
	assert_true(plan_set_window(&h.plan, &h.cores[1], 5));
	assert_int_equal(h.cores[1].window.count, 5);
}

/* The same base again: what is believed stays; another one: it is void. */
static void test_void(void **state)
{
	simple(2, 10);
	pass(true, NULL);
	assert_true(plan_set_window(&h.plan, &h.cores[1], 0));
	assert_int_equal(plan_optimized(&h.plan), 10);
	plan_leave(&h.plan, &h.cores[1]);
	assert_true(plan_set_window(&h.plan, &h.cores[1], 2));
	plan_join(&h.plan, &h.cores[1]);
	assert_int_equal(plan_optimized(&h.plan), 2);
	pass(false, NULL);
	check_truth();
}

static void test_uncovered(void **state)
{
	bases[0] = 10;
	bases[1] = 12;
	simple(2, 20);
	assert_int_equal(plan_uncovered(&h.plan), 10);
	plan_leave(&h.plan, &h.cores[0]);
	assert_int_equal(plan_uncovered(&h.plan), 12);
	/* Nobody takes part: what all of them would hold. */
	plan_leave(&h.plan, &h.cores[1]);
	assert_int_equal(plan_uncovered(&h.plan), 10);
	plan_set_window(&h.plan, &h.cores[1], 0);
	assert_int_equal(plan_uncovered(&h.plan), 0);
}

/* A window goes, and with it what only it held. */
static void test_last_holder(void **state)
{
	bases[1] = 5;
	simple(3, 10);
	plan_leave(&h.plan, &h.cores[0]);
	plan_leave(&h.plan, &h.cores[2]);
	pass(true, NULL);
	assert_int_equal(plan_optimized(&h.plan), 5);
	plan_join(&h.plan, &h.cores[0]);
	pass(false, NULL);
	assert_int_equal(plan_optimized(&h.plan), 10);
	plan_leave(&h.plan, &h.cores[0]);
	assert_int_equal(plan_optimized(&h.plan), 5);
	assert_int_equal(bitmap_weight(h.plan.clean, 10), 5);
}

/* One leader for each node and base, the nodes' most common bases first. */
static void test_leaders(void **state)
{
	u32 place;

	bases[0] = 4;		/* node 0: 4 0 0 0, node 1: 0 0 2 0 */
	bases[5] = 2;
	coverage_add(&h.own[0], 0, 8);
	coverage_add(&h.own[1], 8, 8);
	create(8, 2);
	plan_elect(&h.plan);
	/* Whoever leads 4 or 2 is the nearest to something, as far as load goes. */
	assert_int_equal(h.plan.leaders, 4);
	assert_int_equal(h.plan.core[h.plan.leader[0]]->window.base, 0);
	assert_int_equal(h.plan.core[h.plan.leader[1]]->window.base, 0);
	for (place = 0; place < 16; place++)
		assert_true(plan_holds(&h.plan,
				       h.plan.core[h.plan.region[place].leader],
				       place));
	pass(true, NULL);
	check_truth();
	h.plan.leaders_max = 1;
	plan_elect(&h.plan);
	assert_int_equal(h.plan.leaders, 1);
	pass(true, NULL);
	check_truth();
}

/* What no leader's window holds some other core leads, in slices. */
static void test_stand_in(void **state)
{
	struct plan_counts cost;
	u32 place;

	bases[2] = 0;
	bases[0] = 5;
	bases[1] = 5;
	bases[3] = 5;
	simple(4, 10);
	h.plan.leaders_max = 1;
	pass(true, &cost);
	assert_int_equal(h.plan.leaders, 1);
	assert_int_equal(h.plan.core[h.plan.leader[0]]->window.base, 5);
	for (place = 0; place < 5; place++)
		assert_int_equal(h.plan.region[place].leader, 2);
	assert_false(h.cores[2].leads);
	assert_int_equal(cost.verifies_leader, 10);
	assert_int_equal(cost.verifies_follower, 3 * 5);
	check_truth();
}

/* No covered region in its window: no leader, no order, no debt. */
static void test_empty(void **state)
{
	bases[0] = 5000;
	simple(3, 10);
	pass(true, NULL);
	assert_int_equal(h.plan.leaders, 1);
	assert_int_not_equal(h.plan.leader[0], 0);
	assert_false(plan_owes(&h.plan, &h.cores[0]));
	assert_int_equal(h.cores[0].window.words, 0);
	assert_int_equal(plan_optimized(&h.plan), 10);
	assert_int_equal(plan_begin_audit(&h.plan, 0, 1), PLAN_REST);
	assert_int_equal(view(true), 0);
	assert_int_equal(plan_optimized(&h.plan), 10);
}

/* Regions that nobody holds, as MMIO above memory, cost nothing. */
static void test_mmio(void **state)
{
	struct plan_counts cost;

	coverage_add(&h.own[0], 0, 100);
	coverage_add(&h.own[0], 40000, 30000);
	create(8, 1);
	assert_int_equal(h.plan.regions, 30100);
	assert_int_equal(h.plan.core_words, 33);
	assert_int_equal(plan_uncovered(&h.plan), 30000);
	pass(true, &cost);
	assert_int_equal(cost.verifies_leader, 100);
	assert_int_equal(plan_optimized(&h.plan), 100);
	check_truth();
}

/*
 * What a reader may see of a map while it is written: its page is read-only, and
 * each instruction that writes to it is executed alone.
 */
static unsigned long *page;
static unsigned long shown[4];

static void on_write(int signal, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	mprotect(page, 4096, PROT_READ | PROT_WRITE);
	uc->uc_mcontext.gregs[REG_EFL] |= 0x100;	/* TF */
}

static void on_step(int signal, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	u32 k;

	for (k = 0; k < 4; k++)
		shown[k] |= page[k];
	mprotect(page, 4096, PROT_READ);
	uc->uc_mcontext.gregs[REG_EFL] &= ~0x100ll;
}

static void settle_watched(void)
{
	struct sigaction write = { .sa_sigaction = on_write, .sa_flags = SA_SIGINFO };
	struct sigaction step = { .sa_sigaction = on_step, .sa_flags = SA_SIGINFO };
	struct sigaction old_write, old_step;

	memset(shown, 0, sizeof(shown));
	sigaction(SIGSEGV, &write, &old_write);
	sigaction(SIGTRAP, &step, &old_step);
	mprotect(page, 4096, PROT_READ);
	plan_settle(&h.plan);
	mprotect(page, 4096, PROT_READ | PROT_WRITE);
	sigaction(SIGSEGV, &old_write, NULL);
	sigaction(SIGTRAP, &old_step, NULL);
}

/* Not for a moment is a region shown that is not optimized. */
static void test_settle(void **state)
{
	unsigned long *map;

	simple(3, 200);
	pass(true, NULL);
	map = h.plan.optimized;
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	h.plan.optimized = page;
	__clear_bit(70, h.cores[1].member);
	settle_watched();
	assert_int_equal(shown[0], ~0ul);
	assert_int_equal(shown[1], ~0ul & ~(1ul << 6));
	assert_int_equal(plan_optimized(&h.plan), 199);
	h.plan.optimized = map;
	munmap(page, 4096);
}

#define WINDOWS(name) cmocka_unit_test_setup_teardown(name, setup, host_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WINDOWS(test_any_base),
		WINDOWS(test_late),
		WINDOWS(test_void),
		WINDOWS(test_uncovered),
		WINDOWS(test_last_holder),
		WINDOWS(test_leaders),
		WINDOWS(test_stand_in),
		WINDOWS(test_empty),
		WINDOWS(test_mmio),
		WINDOWS(test_settle),
	};

	return cmocka_run_group_tests_name("windows", tests, NULL, NULL);
}
