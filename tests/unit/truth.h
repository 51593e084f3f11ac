/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The exhaustive search (test_truth.c): small hosts, and what may happen to them.
 */
#ifndef RMPOPT_TRUTH_H
#define RMPOPT_TRUTH_H

#include <linux/bitmap.h>
#include <linux/types.h>

#include "plan.h"
#include "unit.h"

#define CORES_MAX	4
#define REGIONS_MAX	2

/* What may happen; each a limited number of times. */
enum event {
	EVENT_PASS,		/* a delta pass begins */
	EVENT_FULL,		/* a full pass begins */
	EVENT_AUDIT,		/* an audit of all cores begins */
	EVENT_CONVERT,		/* a page of a region goes to a guest */
	EVENT_RELEASE,		/* and comes back */
	EVENT_LEAVE,		/* a core goes offline, its table stays */
	EVENT_LEAVE_LOSS,	/* ... and its table is lost */
	EVENT_RETURN,		/* it comes online */
	EVENT_BOUNCE,		/* offline and online before anybody looks */
	EVENT_LATE,		/* nobody waits for a slice any more */
	EVENT_LOSE,		/* a core loses a bit all by itself */
	EVENT_REFUSE,		/* a verify does not set the bit, for no reason */
	EVENT_FAULT,		/* an instruction faults, of whatever kind */
	EVENT_RESET,		/* all tables are emptied, which is noticed */
	EVENT_CANCEL,		/* the pass is ended in the middle */
	EVENTS,
	/* Not limited: */
	MOVE_STEP,		/* a core executes an instruction */
	MOVE_LATE_STEP,		/* one of a slice that nobody waits for */
	MOVE_BACK,		/* such a slice comes back */
	MOVE_ADVANCE,		/* all orders are answered */
	MOVE_NOTICE,		/* the worker learns of a CPU */
	MOVE_FORGET,		/* the worker learns of EVENT_RESET */
	MOVE_REACH,		/* a broadcast reaches a core */
};

/**
 * struct config - one search
 * @cores: how many
 * @regions: how many
 * @nodes: so many leaders
 * @base: by core: where its window begins
 * @steps: a broadcast reaches the cores one by one
 * @thrifty: nothing but one EVENT_LOSE takes bits away, so that nobody who has
 *	one may be sent a verify for it
 * @budget: how often what may happen
 */
struct config {
	u32 cores;
	u32 regions;
	u32 nodes;
	u32 base[CORES_MAX];
	bool steps;
	bool thrifty;
	u8 budget[EVENTS];
};

/**
 * struct world - planner and hardware; a state is saved by copying it
 * @assigned: regions of which a guest has a page
 * @bit: by core: its table
 * @due: by core: broadcasts that have not reached it
 * @online: by core
 * @notice: by core: it came or went and the planner does not know
 * @pos: by core: where in its order it is
 * @reset: all tables were emptied and the planner does not know
 * @alone: a core may lack a bit that it is believed to have until an audit
 * @left: what of the budget is left
 */
struct world {
	struct plan plan;
	struct plan_region region[REGIONS_MAX];
	struct plan_core core[CORES_MAX];
	struct plan_core *list[CORES_MAX];
	unsigned long maps[PLAN_MAPS];
	unsigned long core_maps[CORES_MAX][PLAN_CORE_MAPS];
	u8 assigned;
	u8 bit[CORES_MAX];
	u8 due[CORES_MAX];
	bool online[CORES_MAX];
	bool notice[CORES_MAX];
	u8 pos[CORES_MAX];
	bool reset;
	bool alone;
	u8 left[EVENTS];
};

extern struct world w;
extern const struct config *config;

/* truth_host.c: hardware, what is true of it, the kernel part's protocol */
void create(void);
void execute(u32 c, u32 r);
void broadcast(u32 r);
u8 broadcasts(void);
void check_safe(void);
void check_members(void);
void check_truth(void);
void check_convergence(void);
void take_orders(void);
void advance(void);
void begin(bool full);
void step(u32 c, enum event what);
void notice(u32 c);
bool may_step(u32 c);
bool any_ordered(void);
void run_out(void);

/* truth_search.c */
void __attribute__((format(printf, 1, 2))) wrong(const char *what, ...);
void search(void **state);
int search_setup(void **state);
int search_teardown(void **state);

#endif /* RMPOPT_TRUTH_H */
