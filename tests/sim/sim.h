/* SPDX-License-Identifier: GPL-2.0 */
/*
 * DOC: the simulator of large hosts
 *
 * The module's own planner gives the orders; here they are executed on cores
 * that cost what was published, by events in the order of their times. Times
 * are in cycles of a 2.0 GHz clock unless a name says otherwise.
 */
#ifndef RMPOPT_SIM_H
#define RMPOPT_SIM_H

#include <linux/bitmap.h>
#include <linux/types.h>
#include <stdio.h>

#include "coverage.h"
#include "plan.h"

#define CYCLES_PER_US	2000ull
#define CYCLES_PER_MS	(1000 * CYCLES_PER_US)
#define NODES_MAX	16u
#define CORES_MAX	1024u
#define RECENT		128u

/* What one instruction finds, which decides about what it costs. */
enum kind {
	KIND_REPORT,
	KIND_EARLY,
	KIND_CACHED,
	KIND_PAID,
};

/* Where a region's first assigned page lies. */
enum content {
	CONTENT_FREE,
	CONTENT_FIRST,
	CONTENT_LAST,
};

/**
 * struct model - how verifies at the same time get into each other's way
 * @name: for tables
 * @service: cycles of each verify that only one core at a time can execute;
 *	0: none
 * @per_node: one core of each node
 * @share: each further core at once makes a verify dearer by 1 / share; 0: not
 * @crowd: for @share, as if always so many cores verified; 0: as many as do
 * @step: cycles around each instruction
 * @send: cycles per target of an IPI to many
 */
struct model {
	const char *name;
	u32 service;
	bool per_node;
	u32 share;
	u32 crowd;
	u32 step;
	u32 send;
};

/**
 * struct tuning - the module's tunables
 * @slice_us: see the module's parameters
 * @duty: the same
 * @parallel: the same
 * @tick_us: followers=tick: a slice begins with the next tick, which all CPUs
 *	have at the same time; 0: followers=ipi
 */
struct tuning {
	u32 slice_us;
	u32 duty;
	u32 parallel;
	u32 tick_us;
};

/**
 * struct spell - from when to when a core was taken
 * @from: begin
 * @to: end
 */
struct spell {
	u64 from;
	u64 to;
};

/**
 * struct sim_core - a core
 * @plan: the planner's
 * @table: its RMPOPT table, by place
 * @next: the place behind the last one done
 * @sent: its order is being executed
 * @busy: and has not come back yet
 * @began: when its slice began
 * @before: when its instruction began
 * @done: instructions of this slice
 * @place: the region of the instruction under way
 * @kind: and what that finds
 * @resume_ns: it is not interrupted before
 * @pace: as in the module
 * @handler: what its last slice took, as the handler measures it
 * @slices: times that it was interrupted
 * @recent: its latest interruptions
 */
struct sim_core {
	struct plan_core plan;
	unsigned long *table;
	u32 next;
	bool sent;
	bool busy;
	u64 began;
	u64 before;
	u32 done;
	u32 place;
	enum kind kind;
	u64 resume_ns;
	struct plan_pace pace;
	u64 handler;
	u32 slices;
	struct spell recent[RECENT];
};

/**
 * struct result - what a pass has cost
 * @wall: how long it took
 * @followers: time taken from all followers
 * @leaders: time that leaders spent, without waiting
 * @worker: time that the worker spent
 * @longest: the longest interruption of a follower
 * @disabled: the longest time in which interrupts were disabled there
 * @worst_ms: the most that a follower lost within a millisecond
 * @slices: interruptions of all followers
 * @most: interruptions of the follower that had the most
 * @overruns: slices longer than slice_us
 * @cycles: of all cores, in instructions
 * @counts: instructions
 */
struct result {
	u64 wall;
	u64 followers;
	u64 leaders;
	u64 worker;
	u64 longest;
	u64 disabled;
	u64 worst_ms;
	u64 slices;
	u32 most;
	u64 overruns;
	u64 cycles;
	struct plan_counts counts;
};

/**
 * struct host - a host and what is going on there
 * @plan: the planner
 * @core: cores
 * @cores: how many
 * @nodes: how many
 * @content: by place
 * @cached: by place: the last scan's result is still there
 * @now: the time
 * @cov: regions covered
 * @in: of them those in some window
 * @own: of them those of a node
 */
struct host {
	struct plan plan;
	struct sim_core *core;
	u32 cores;
	u32 nodes;
	u8 *content;
	u8 *cached;
	u64 now;
	struct coverage cov;
	struct coverage own[NODES_MAX];
};

/**
 * struct event - something of a core comes to its end
 * @at: when
 * @what: the caller's: a core, or more
 */
struct event {
	u64 at;
	u32 what;
};

/* events.c */
void event_push(u64 at, u32 what);
bool event_pop(struct event *event);
u64 event_next(void);

/* cost.c */
extern const struct model models[];
extern const u32 model_count;

#define COST_SINGLE	700u
#define COST_ENTRY	1000u
#define COST_STEP	100u
#define COST_WAKE	6000u
#define COST_VISIT	40u

void cost_reset(const struct model *model, u64 now);
u64 cost_begin(enum kind kind, u32 node, u64 now);
u64 cost_step(void);
void cost_end(enum kind kind);

/* host.c */
struct host *host_new(u32 cores, u32 nodes, u32 regions);
void host_free(struct host *host);
void host_convert(struct host *host, u32 place, enum content content);
void host_fill(struct host *host, u32 every, enum content content);
enum kind host_kind(const struct host *host, bool verify, u32 place);
bool host_execute(struct host *host, struct sim_core *core, bool verify,
		  u32 place);
u32 host_wrong(const struct host *host);
u32 host_nodes(u32 tib);

/* execute.c */
void execute_pass(struct host *host, const struct model *model,
		  const struct tuning *tuning, bool full,
		  struct result *result);

/* upstream.c */
void v10_pass(struct host *host, const struct model *model,
	      struct result *result);
void merged_pass(struct host *host, const struct model *model,
		 struct result *result);

/* tables.c */
struct scenario {
	const char *name;
	bool delta;
	bool hooks;
	u32 every;
	enum content content;
};

extern const struct scenario scenarios[];
extern const u32 scenario_count;
extern const struct tuning defaults;

#define DELTA_REGIONS	100u

void scenario_prepare(struct host *host, const struct scenario *scenario);
void tables_hosts(FILE *text, FILE *json);
void tables_sweep(FILE *text, FILE *json);

/* scale.c */
void tables_scale(FILE *text, FILE *json);

/* host_s.c */
int host_s(u32 regions);

/* check.c */
int check_all(void);

/* memory.c */
size_t memory_of(const struct host *host, FILE *out);
void memory_sizes(FILE *out);

#endif /* RMPOPT_SIM_H */
