/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A host of any size for tests of the planner: brute force, no kernel.
 */
#ifndef RMPOPT_PLAN_HOST_H
#define RMPOPT_PLAN_HOST_H

#include <linux/bitmap.h>
#include <linux/types.h>

#include "coverage.h"
#include "plan.h"
#include "unit.h"

#define NODES_MAX	8
#define MS		1000000ull

/**
 * struct host - planner and hardware
 * @assigned: by place
 * @bit: by core and place
 * @slices: orders that followers were interrupted for
 * @now: the time
 * @base_of: a core's base, if it is not its node's own
 * @faults: whether an instruction faults on a core
 * @faulted: how many have
 * @lossy: seldom does a broadcast or a core as it should
 */
struct host {
	struct plan plan;
	struct plan_core *cores;
	u32 core_count;
	u8 *assigned;
	u8 *bit;
	u32 slices;
	u64 now;
	u32 (*base_of)(u32 c);
	bool (*faults)(u32 c, u32 place);
	u32 faulted;
	bool lossy;
	struct coverage cov;
	struct coverage own[NODES_MAX];
};

extern struct host h;

void create(u32 cores, u32 nodes);
void simple(u32 cores, u32 regions);
int host_setup(void **state);
int host_teardown(void **state);
u8 *bit_of(u32 c, u32 place);
void convert(u32 place, bool assigned);
void run_orders(void);
void run_phases(enum plan_phase phase);
void pass(bool full, struct plan_counts *cost);
u32 watch(void);
u32 view(bool all);
void audit(void);
void check_truth(void);

#define TEST(name) cmocka_unit_test_setup_teardown(name, host_setup, host_teardown)

#endif /* RMPOPT_PLAN_HOST_H */
