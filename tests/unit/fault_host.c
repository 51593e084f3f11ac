// SPDX-License-Identifier: GPL-2.0
/*
 * A host where instructions fault; see fault_host.h.
 */
#include "fault_host.h"

bool broken[32];

bool is_broken(u32 c, u32 place)
{
	return place == BAD && broken[c];
}

void break_all(bool how)
{
	u32 c;

	for (c = 0; c < 32; c++)
		broken[c] = how;
}

int fault_setup(void **state)
{
	break_all(false);
	host_setup(state);
	h.faults = is_broken;
	return 0;
}

void two_nodes(u32 cores)
{
	coverage_add(&h.own[0], 0, 5);
	coverage_add(&h.own[1], 5, 5);
	create(cores, 2);
}

bool optimized(u32 place)
{
	return test_bit(place, h.plan.optimized);
}

bool is_clean(void)
{
	return test_bit(BAD, h.plan.clean);
}

/* Until the next try is due. */
void wait_for_try(void)
{
	u64 at = plan_fault_ends(&h.plan, h.now);

	assert_true(at > h.now);
	h.now = at;
}

/* A pass that nobody asked for, up to where followers have their orders. */
void until_followers(void)
{
	enum plan_phase phase;

	plan_elect(&h.plan);
	plan_begin(&h.plan, false, false);
	for (phase = plan_advance(&h.plan, h.now); phase != PLAN_FOLLOW;
	     phase = plan_advance(&h.plan, h.now))
		run_orders();
}
