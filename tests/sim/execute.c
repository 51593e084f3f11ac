// SPDX-License-Identifier: GPL-2.0
/*
 * Executes the planner's orders as phase.c, lead.c and slices.c do: leaders by
 * threads, one instruction after the other; followers by slices, which the
 * worker sends on its tours. The decisions in a slice and the rest after it
 * are made by the module's own plan_fits(), plan_learn() and plan_rest().
 */
#include <string.h>

#include "sim.h"

#define NEVER	(~0ull)

/**
 * struct run - a pass under way
 * @host: where
 * @tuning: how
 * @result: what it has cost so far
 * @free_at: the worker is on tour until then
 * @tour_at: it will go on its next one
 * @verify: is the phase one of verifies?
 */
struct run {
	struct host *host;
	const struct tuning *tuning;
	struct result *result;
	u64 free_at;
	u64 tour_at;
	bool verify;
};

static struct run run;

static u64 later(u64 a, u64 b)
{
	return a > b ? a : b;
}

/* The worker is to look again, at that time or as soon as it can after it. */
static void wake_worker(u64 at)
{
	at = later(at, run.free_at);
	if (at < run.tour_at)
		run.tour_at = at;
}

static void start_instruction(struct sim_core *core, u64 now)
{
	core->before = now;
	core->kind = host_kind(run.host, run.verify, core->place);
	event_push(cost_begin(core->kind, core->plan.node, now) + cost_step(),
		   2 * core->plan.index + 1);
}

static void finish_instruction(struct sim_core *core, u64 now)
{
	bool bit = host_execute(run.host, core, run.verify, core->place);

	cost_end(core->kind);
	if (run.tuning->tick_us && !core->plan.leads)
		run.result->disabled = later(run.result->disabled,
					     now - core->before);
	run.result->cycles += now - core->before - cost_step();
	plan_learn(&core->pace, now - core->before);
	plan_note(&run.host->plan, &core->plan, core->place, bit);
	core->done++;
	core->next = core->place + 1;
}

/* Most that the core lost in the millisecond that ends now. */
static u64 lost_lately(const struct sim_core *core, u64 now)
{
	u64 since = later(now, CYCLES_PER_MS) - CYCLES_PER_MS, sum = 0;
	u32 i;

	for (i = 0; i < RECENT; i++)
		if (core->recent[i].to > since)
			sum += core->recent[i].to -
			       later(core->recent[i].from, since);
	return sum;
}

/* The interrupt itself is not in what the handler sees; a tick comes anyway. */
static u64 cost_entry(void)
{
	return run.tuning->tick_us ? 0 : COST_ENTRY / 2;
}

static void end_slice(struct sim_core *core, u64 now)
{
	struct result *result = run.result;
	u64 from = core->began - cost_entry(), to = now + cost_entry();

	core->handler = now - core->began;
	core->busy = false;
	core->recent[core->slices % RECENT] = (struct spell){ from, to };
	core->slices++;
	result->slices++;
	result->followers += to - from;
	result->longest = later(result->longest, to - from);
	if (!run.tuning->tick_us)
		result->disabled = later(result->disabled, to - from);
	result->worst_ms = later(result->worst_ms, lost_lately(core, to));
	result->overruns += core->handler > run.tuning->slice_us * CYCLES_PER_US;
	if (core->slices > result->most)
		result->most = core->slices;
	wake_worker(to + COST_WAKE);
}

/* The thread has done all of its order. */
static void end_lead(struct sim_core *core, u64 now)
{
	core->busy = false;
	wake_worker(now + COST_WAKE);
}

static bool may_go_on(const struct sim_core *core, u64 now)
{
	u64 budget = run.tuning->slice_us * CYCLES_PER_US;

	return core->plan.leads || !core->done ||
	       plan_fits(&core->pace, now - core->began, budget);
}

/* A core's next instruction, if it has one and may. */
static void go_on(struct sim_core *core, u64 now)
{
	core->place = plan_next(&run.host->plan, &core->plan, core->next);
	if (core->place < run.host->plan.regions && may_go_on(core, now))
		start_instruction(core, now);
	else if (core->plan.leads)
		end_lead(core, now);
	else
		end_slice(core, now);
}

static void instruction_ends(struct sim_core *core, u64 now)
{
	finish_instruction(core, now);
	if (core->plan.leads)
		run.result->leaders += now - core->before;
	go_on(core, now);
}

/* Two events per core: its order begins (even), an instruction ends (odd). */
static void happen(const struct event *event)
{
	struct sim_core *core = &run.host->core[event->what / 2];

	if (event->what % 2)
		instruction_ends(core, event->at);
	else
		go_on(core, event->at);
}

static void send_order(struct sim_core *core, u64 at)
{
	core->sent = true;
	core->busy = true;
	core->done = 0;
	core->began = at;
	event_push(at, 2 * core->plan.index);
}

static void harvest(struct sim_core *core, u64 now)
{
	struct plan *plan = &run.host->plan;

	core->sent = false;
	if (!core->plan.leads)
		core->resume_ns = now / 2 +
				  plan_rest(core->handler / 2, run.tuning->duty);
	if (plan_next(plan, &core->plan, core->next) >= plan->regions)
		plan_answered(plan, &core->plan, plan->regions);
}

/* Returns how many followers are busy; *any: is anybody? */
static u32 visit_all(u64 now, bool *any)
{
	struct sim_core *core;
	u32 c, busy = 0;

	for (c = 0; c < run.host->cores; c++) {
		core = &run.host->core[c];
		if (core->sent && !core->busy)
			harvest(core, now);
		if (!core->sent)
			continue;
		*any = true;
		busy += !core->plan.leads;
	}
	return busy;
}

static bool may_be_sent(const struct sim_core *core, u32 busy, u64 now)
{
	u32 parallel = run.tuning->parallel ?: ~0u;

	if (core->plan.leads)
		return true;
	if (busy >= parallel)
		return false;
	if (core->resume_ns <= now / 2)
		return true;
	wake_worker(core->resume_ns * 2 + COST_WAKE);
	return false;
}

/* When a slice begins that is sent now. */
static u64 slice_begins(u64 now)
{
	u64 tick = run.tuning->tick_us * CYCLES_PER_US;

	return tick ? (now / tick + 1) * tick : now + cost_entry();
}

/* Returns whether an order is left. */
static bool send_all(u64 *now, u32 busy)
{
	struct plan_core *turn = NULL;
	struct sim_core *core;
	bool left = false;
	u64 start = *now;

	while ((turn = plan_turn(&run.host->plan, turn))) {
		core = &run.host->core[turn->index];
		if (core->sent || core->plan.order != PLAN_ORDERED)
			continue;
		left = true;
		if (!may_be_sent(core, busy, start))
			continue;
		busy += !core->plan.leads;
		*now += COST_SINGLE;
		send_order(core, core->plan.leads ? *now + COST_WAKE :
						    slice_begins(*now));
	}
	return left;
}

/* One look at all cores. Returns false if the phase is over. */
static bool tour(u64 start)
{
	u64 now = start + COST_VISIT * run.host->cores;
	bool any = false, left;
	u32 busy;

	run.tour_at = NEVER;
	run.free_at = now;
	busy = visit_all(start, &any);
	left = send_all(&now, busy);
	run.result->worker += now - start;
	run.free_at = now;
	if (run.tour_at < now)
		run.tour_at = now;
	run.host->now = now;
	return any || left;
}

static void run_orders(void)
{
	struct event event;
	u32 c;

	for (c = 0; c < run.host->cores; c++)
		run.host->core[c].next = 0;
	run.verify = plan_verifies(&run.host->plan);
	run.tour_at = run.host->now;
	for (;;) {
		if (run.tour_at <= event_next()) {
			if (!tour(run.tour_at))
				return;
		} else if (event_pop(&event)) {
			happen(&event);
		}
	}
}

static void count(struct plan_counts *counts, const struct plan_counts *before)
{
	counts->verifies_leader -= before->verifies_leader;
	counts->verifies_follower -= before->verifies_follower;
	counts->verifies_catchup -= before->verifies_catchup;
	counts->reports -= before->reports;
}

/* A pass that somebody has asked for. */
void execute_pass(struct host *host, const struct model *model,
		  const struct tuning *tuning, bool full, struct result *result)
{
	struct plan_counts before = host->plan.counts;
	u64 start = host->now;
	u32 c;

	memset(result, 0, sizeof(*result));
	run = (struct run){ .host = host, .tuning = tuning, .result = result };
	cost_reset(model, host->now);
	for (c = 0; c < host->cores; c++)
		host->core[c].slices = 0;
	plan_elect(&host->plan);
	plan_begin(&host->plan, full, true);
	while (plan_advance(&host->plan, host->now / 2) != PLAN_REST)
		run_orders();
	result->wall = host->now - start;
	result->counts = host->plan.counts;
	count(&result->counts, &before);
}
