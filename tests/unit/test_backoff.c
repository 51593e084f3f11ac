// SPDX-License-Identifier: GPL-2.0
/* sources: src/plan/plan.c src/plan/plan_pass.c src/plan/plan_phase.c src/plan/plan_lead.c src/plan/plan_fault.c src/plan/plan_view.c src/plan/plan_share.c src/plan/plan_window.c src/plan/plan_pace.c src/plan/coverage.c */
/*
 * The planner: marks of hooks, and how long regions that come and go are held
 * back from followers. One node, one leader, few regions.
 */
#include <linux/bitmap.h>
#include <linux/types.h>
#include <stdlib.h>
#include <string.h>

#include "coverage.h"
#include "plan.h"
#include "unit.h"

#define MS	1000000ull
#define CORES	4
#define REGIONS	6
#define CHURN	3	/* the region that comes and goes */

/**
 * struct host - planner and hardware
 * @assigned: by place
 * @bit: by core and place
 * @sent: instructions that followers executed
 * @now: the time
 */
struct host {
	struct plan plan;
	struct plan_core core[CORES];
	struct coverage cov;
	bool assigned[REGIONS];
	bool bit[CORES][REGIONS];
	u32 sent;
	u64 now;
};

static struct host h;

static u32 distance(u32 from, u32 to)
{
	return 10;
}

static void run_core(u32 c)
{
	struct plan_core *core = &h.core[c];
	u32 place;

	if (core->order != PLAN_ORDERED)
		return;
	for (place = plan_next(&h.plan, core, 0); place < REGIONS;
	     place = plan_next(&h.plan, core, place + 1)) {
		if (plan_verifies(&h.plan))
			h.bit[c][place] = !h.assigned[place];
		plan_note(&h.plan, core, place, h.bit[c][place]);
		h.sent += !core->leads;
	}
	plan_answered(&h.plan, core, REGIONS);
}

/* Goes on with a pass; returns how many instructions followers executed. */
static u32 run(void)
{
	u32 c, before = h.sent;

	while (plan_advance(&h.plan, h.now) != PLAN_REST)
		for (c = 0; c < CORES; c++)
			run_core(c);
	return h.sent - before;
}

static u32 watch(void)
{
	plan_begin(&h.plan, false, false);
	return run();
}

static u32 ask(void)
{
	plan_begin(&h.plan, false, true);
	return run();
}

static u32 marked_pass(void)
{
	plan_begin_marked(&h.plan);
	return run();
}

/* A page goes and comes back, as for a status command: all lose the bit. */
static void convert(u32 place)
{
	u32 c;

	for (c = 0; c < CORES; c++)
		h.bit[c][place] = false;
}

/* As an agent does all the time, with a hook, and the pass that follows. */
static u32 churn(u64 later_ms)
{
	convert(CHURN);
	h.now += later_ms * MS;
	plan_mark(&h.plan, CHURN);
	return marked_pass();
}

static bool optimized(u32 place)
{
	return test_bit(place, h.plan.optimized);
}

static int setup(void **state)
{
	u32 c;

	memset(&h, 0, sizeof(h));
	h.now = 1000 * MS;
	coverage_add(&h.cov, 0, REGIONS);
	h.plan.region = calloc(REGIONS, sizeof(*h.plan.region));
	h.plan.core = calloc(CORES, sizeof(*h.plan.core));
	h.plan.distance = distance;
	plan_size(&h.plan, REGIONS);
	plan_init(&h.plan, calloc(plan_longs(&h.plan), sizeof(long)));
	plan_number(&h.plan, &h.cov);
	for (c = 0; c < CORES; c++) {
		h.core[c].housekeeper = true;
		plan_add_core(&h.plan, &h.core[c],
			      calloc(plan_core_longs(&h.plan), sizeof(long)));
		plan_set_window(&h.plan, &h.core[c], 0);
		plan_join(&h.plan, &h.core[c]);
	}
	plan_elect(&h.plan);
	plan_begin(&h.plan, true, true);
	run();
	assert_int_equal(plan_optimized(&h.plan), REGIONS);
	return 0;
}

static int teardown(void **state)
{
	u32 c;

	for (c = 0; c < CORES; c++)
		free(h.core[c].member);
	free(h.plan.clean);
	free(h.plan.region);
	free(h.plan.core);
	return 0;
}

/* A mark ends the first hold, and no other. */
static void test_mark_ends_first_hold(void **state)
{
	assert_int_equal(churn(10000), CORES - 1);
	assert_true(optimized(CHURN));
	/* Soon after it was regained: the first hold, which the mark ends. */
	assert_int_equal(churn(10000), CORES - 1);
	assert_true(optimized(CHURN));
	assert_false(plan_held_back(&h.plan, CHURN, h.now));
	/* The second one in a row stands. */
	assert_int_equal(churn(10000), 0);
	assert_false(optimized(CHURN));
	assert_true(plan_held_back(&h.plan, CHURN, h.now));
	plan_mark(&h.plan, CHURN);
	assert_true(plan_held_back(&h.plan, CHURN, h.now));
	assert_int_equal(marked_pass(), 0);
	assert_true(plan_hold_ends(&h.plan, h.now) ==
		    h.now + 2 * PLAN_HOLD_FIRST_MS * MS);
	/* Who asks gets it. */
	assert_int_equal(ask(), CORES - 1);
	assert_true(optimized(CHURN));
	assert_true(plan_hold_ends(&h.plan, h.now) == 0);
}

/* A mark that comes after the loss was noticed ends the first hold as well. */
static void test_late_mark(void **state)
{
	churn(10000);
	convert(CHURN);
	h.now += 1000 * MS;
	assert_int_equal(watch(), 1);	/* the second witness */
	assert_true(plan_held_back(&h.plan, CHURN, h.now));
	plan_mark(&h.plan, CHURN);
	assert_false(plan_held_back(&h.plan, CHURN, h.now));
	assert_int_equal(marked_pass(), CORES - 1);
	assert_true(optimized(CHURN));
}

/* An agent that asks every 10 s for a day: interruptions every 10 minutes. */
static void test_agent(void **state)
{
	u32 n, interruptions = 0;

	for (n = 0; n < 24 * 360; n++)
		interruptions += churn(10000) / (CORES - 1);
	assert_in_range(interruptions, 100, 160);
	assert_int_equal(h.plan.region[CHURN].pause_ms, PLAN_HOLD_CAP_MS);

	/* It ends: the watch regains the region when the hold is over. */
	convert(CHURN);
	for (n = 0; n < 11 && !optimized(CHURN); n++) {
		h.now += 60000 * MS;
		watch();
	}
	assert_true(optimized(CHURN));

	/* Clean for long enough: the next loss is the first one. */
	h.now += 2 * PLAN_HOLD_CAP_MS * MS;
	assert_int_equal(churn(1000), CORES - 1);
	assert_true(optimized(CHURN));
	assert_int_equal(h.plan.region[CHURN].pause_ms, 0);
	assert_int_equal(churn(1000), CORES - 1);
	assert_int_equal(h.plan.region[CHURN].pause_ms, PLAN_HOLD_FIRST_MS);
}

/* A full pass in between regains nothing: what was clean for long counts. */
static void test_full_pass(void **state)
{
	u32 n;

	for (n = 0; n < 24 * 360; n++)
		churn(10000);
	assert_int_equal(h.plan.region[CHURN].pause_ms, PLAN_HOLD_CAP_MS);
	convert(CHURN);
	h.now += PLAN_HOLD_CAP_MS * MS;
	watch();
	assert_true(optimized(CHURN));

	h.now += 4 * PLAN_HOLD_CAP_MS * MS;
	plan_begin(&h.plan, true, true);
	run();
	assert_true(optimized(CHURN));
	assert_int_equal(churn(10000), CORES - 1);
	assert_true(optimized(CHURN));
	assert_int_equal(h.plan.region[CHURN].pause_ms, 0);
	/* But if it is lost again now, that is soon. */
	assert_int_equal(churn(10000), CORES - 1);
	assert_int_equal(h.plan.region[CHURN].pause_ms, PLAN_HOLD_FIRST_MS);
}

/* Other regions have nothing to do with it. */
static void test_others(void **state)
{
	u32 n;

	for (n = 0; n < 5; n++)
		churn(1000);
	assert_true(plan_held_back(&h.plan, CHURN, h.now));
	convert(1);
	plan_mark(&h.plan, 1);
	assert_int_equal(churn(1000), CORES - 1);
	assert_true(optimized(1));
	assert_false(optimized(CHURN));
}

/* A pass for what is marked leaves the others alone that are not clean. */
static void test_narrow(void **state)
{
	struct plan_counts before;

	h.assigned[1] = true;
	h.assigned[2] = true;
	convert(1);
	convert(2);
	watch();
	assert_int_equal(plan_optimized(&h.plan), REGIONS - 2);

	h.assigned[1] = false;
	h.assigned[2] = false;
	plan_mark(&h.plan, 2);
	before = h.plan.counts;
	assert_int_equal(marked_pass(), CORES - 1);
	assert_int_equal(h.plan.counts.verifies_leader - before.verifies_leader, 1);
	assert_true(optimized(2));
	assert_false(optimized(1));

	/* A loss that no hook knows of is found and mended all the same. */
	convert(4);
	marked_pass();
	assert_true(optimized(4));
	assert_false(optimized(1));
	watch();
	assert_true(optimized(1));
}

/* A busy region is not sent to followers, unless somebody asks. */
static void test_busy(void **state)
{
	struct plan_counts before = h.plan.counts;

	convert(CHURN);
	plan_busy(&h.plan, CHURN);
	/* Its loss is explained: nobody else is asked. */
	assert_int_equal(watch(), 0);
	assert_int_equal(h.plan.counts.verifies_leader - before.verifies_leader, 1);
	assert_false(optimized(CHURN));
	assert_true(test_bit(CHURN, h.plan.waits));
	/* It was so for that pass only. */
	assert_int_equal(watch(), CORES - 1);
	assert_true(optimized(CHURN));
	assert_false(test_bit(CHURN, h.plan.waits));

	convert(CHURN);
	plan_busy(&h.plan, CHURN);
	assert_int_equal(ask(), CORES - 1);
	assert_true(optimized(CHURN));
	assert_false(test_bit(CHURN, h.plan.waits));

	/* A guest takes what waits. */
	convert(CHURN);
	plan_busy(&h.plan, CHURN);
	assert_int_equal(watch(), 0);
	assert_true(test_bit(CHURN, h.plan.waits));
	h.assigned[CHURN] = true;
	assert_int_equal(watch(), 0);
	assert_false(test_bit(CHURN, h.plan.waits));
}

/* What a pass has taken is not lost with it. */
static void test_cancelled(void **state)
{
	convert(CHURN);
	plan_mark(&h.plan, CHURN);
	plan_begin_marked(&h.plan);
	plan_advance(&h.plan, h.now);
	plan_cancel(&h.plan);
	assert_true(test_bit(CHURN, h.plan.marked));
	assert_int_equal(marked_pass(), CORES - 1);
	assert_true(optimized(CHURN));
	assert_false(test_bit(CHURN, h.plan.marked));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_mark_ends_first_hold, setup, teardown),
		cmocka_unit_test_setup_teardown(test_late_mark, setup, teardown),
		cmocka_unit_test_setup_teardown(test_agent, setup, teardown),
		cmocka_unit_test_setup_teardown(test_full_pass, setup, teardown),
		cmocka_unit_test_setup_teardown(test_others, setup, teardown),
		cmocka_unit_test_setup_teardown(test_narrow, setup, teardown),
		cmocka_unit_test_setup_teardown(test_busy, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cancelled, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
