// SPDX-License-Identifier: GPL-2.0
/* sources: src/plan.c src/plan_pass.c src/plan_phase.c src/plan_share.c src/plan_pace.c */
/*
 * Exhaustive search of small hosts: the real planner against a brute-force
 * model of tables and RMP, in every order in which things may happen.
 *
 * What is shown for each state that can be reached:
 *  - no bit is set over a region with an assigned page;
 *  - while losses are broadcast at once and no core loses a bit alone, either
 *    all members of a clean region have its bit or none has;
 *  - left alone, passes bring all tables to the truth, and the beliefs with
 *    them. If a core may have lost a bit alone or a broadcast took its time
 *    this may take an audit. So no core is ever believed for ever to have a
 *    bit that it has not.
 *  - a core whose slice is under way gets no order.
 *
 * tests/static/rules.t breaks the planner's rules one by one: the search has to
 * notice.
 */
#include <linux/bitmap.h>
#include <linux/types.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan.h"
#include "unit.h"

#define CORES_MAX	4
#define REGIONS_MAX	2
#define DEPTH_MAX	400

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

static const char * const names[] = {
	"pass", "full", "audit", "convert", "release", "leave", "leave+loss",
	"return", "bounce", "late", "lose", "refuse", "reset", "cancel", "",
	"step", "late step", "back", "advance", "notice", "forget", "reach",
};

/**
 * struct config - one search
 * @cores: how many
 * @regions: how many
 * @nodes: so many leaders
 * @steps: a broadcast reaches the cores one by one
 * @thrifty: nothing but one EVENT_LOSE takes bits away, so that nobody who has
 *	one may be sent a verify for it
 * @budget: how often what may happen
 */
struct config {
	u32 cores;
	u32 regions;
	u32 nodes;
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
	struct plan_window window;
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

static struct world w;
static const struct config *config;

static struct {
	u8 move, core, region;
} path[DEPTH_MAX];

static u32 depth;
static u64 states, rests;
static bool found;

#define SEEN_BITS	24
static u64 *seen;

static void __attribute__((format(printf, 1, 2))) wrong(const char *what, ...)
{
	va_list args;
	u32 i;

	va_start(args, what);
	vfprintf(stderr, what, args);
	va_end(args);
	fprintf(stderr, ", after:");
	for (i = 0; i < depth; i++)
		fprintf(stderr, " %s(core %u, region %u);", names[path[i].move],
			path[i].core, path[i].region);
	fprintf(stderr, "\n");
	found = true;
	fail();
}

/* --- the hardware --------------------------------------------------------- */

static bool verify(u32 c, u32 r)
{
	if (w.assigned >> r & 1)
		w.bit[c] &= ~(1 << r);
	else
		w.bit[c] |= 1 << r;
	return w.bit[c] >> r & 1;
}

static void execute(u32 c, u32 r)
{
	/* A late slice is one of the phase it was sent in: of verifies. */
	bool verifies = w.core[c].late || plan_verifies(&w.plan);

	plan_note(&w.plan, &w.core[c], r,
		  verifies ? verify(c, r) : w.bit[c] >> r & 1);
}

static void broadcast(u32 r)
{
	u32 c;

	for (c = 0; c < config->cores; c++) {
		if (config->steps)
			w.due[c] |= 1 << r;
		else
			w.bit[c] &= ~(1 << r);
	}
	w.alone |= config->steps;
}

static u8 broadcasts(void)
{
	u8 due = 0;
	u32 c;

	for (c = 0; c < config->cores; c++)
		due |= w.due[c];
	return due;
}

/* --- what is true --------------------------------------------------------- */

static void check_safe(void)
{
	u32 c;

	for (c = 0; c < config->cores; c++)
		if (w.bit[c] & w.assigned & ~w.due[c])
			wrong("unsafe bit on core %u", c);
}

static bool up_to_date(void)
{
	u32 c;

	for (c = 0; c < config->cores; c++)
		if (w.notice[c])
			return false;
	return !w.reset;
}

static void check_members(void)
{
	bool some, all;
	u32 c, r;

	if (w.alone || !up_to_date())
		return;
	for (r = 0; r < config->regions; r++) {
		if (!test_bit(r, w.plan.clean))
			continue;
		some = false;
		all = true;
		for (c = 0; c < config->cores; c++) {
			if (!plan_is_member(&w.plan, &w.core[c], r))
				continue;
			some |= w.bit[c] >> r & 1;
			all &= w.bit[c] >> r & 1;
		}
		if (some && !all)
			wrong("a witness of region %u would not notice", r);
	}
}

static void check_orders(void)
{
	u32 c, r;

	for (c = 0; c < config->cores; c++) {
		if (w.core[c].order != PLAN_ORDERED)
			continue;
		if (w.core[c].late || !w.core[c].present)
			wrong("an order for core %u, which is late or gone", c);
		r = plan_next(&w.plan, &w.core[c], 0);
		for (; r < config->regions;
		     r = plan_next(&w.plan, &w.core[c], r + 1))
			if (config->thrifty && w.plan.phase == PLAN_FOLLOW &&
			    (w.bit[c] >> r & 1))
				wrong("core %u is sent to region %u and has it", c, r);
	}
}

/* --- the kernel part's protocol ------------------------------------------- */

/* New orders; what a late slice has left to do stays as it is. */
static void take_orders(void)
{
	u32 c;

	for (c = 0; c < config->cores; c++)
		if (!w.core[c].late)
			w.pos[c] = 0;
	check_orders();
}

static void advance(void)
{
	plan_advance(&w.plan, 0);
	take_orders();
}

static void begin(bool full)
{
	plan_elect(&w.plan);
	plan_begin(&w.plan, full, true);
	advance();
}

static void step(u32 c, bool refuse)
{
	struct plan_core *core = &w.core[c];
	u32 r = plan_next(&w.plan, core, w.pos[c]);

	if (refuse) {
		w.bit[c] &= ~(1 << r);
		plan_note(&w.plan, core, r, false);
	} else {
		execute(c, r);
	}
	w.pos[c] = r + 1;
	if (plan_next(&w.plan, core, w.pos[c]) == w.plan.regions)
		plan_answered(&w.plan, core, w.plan.regions);
}

static void notice(u32 c)
{
	struct plan_core *core = &w.core[c];

	w.notice[c] = false;
	/* A slice may still be under way. */
	if (core->order == PLAN_ORDERED && !core->leads && w.online[c] &&
	    plan_verifies(&w.plan))
		plan_late(&w.plan, core, w.pos[c]);
	if (w.online[c])
		plan_join(&w.plan, core);
	else
		plan_leave(&w.plan, core);
}

static bool any_notice(void)
{
	u32 c;

	for (c = 0; c < config->cores; c++)
		if (w.notice[c])
			return true;
	return false;
}

/* A leader looks whether CPUs have changed, a slice's handler can't. */
static bool may_step(u32 c)
{
	if (w.core[c].order != PLAN_ORDERED || !w.online[c])
		return false;
	return !w.core[c].leads || !any_notice();
}

static bool any_ordered(void)
{
	u32 c;

	for (c = 0; c < config->cores; c++)
		if (w.core[c].order == PLAN_ORDERED)
			return true;
	return false;
}

/* --- left alone ----------------------------------------------------------- */

static void run_out(void)
{
	u32 c;

	while (w.plan.phase != PLAN_REST) {
		for (c = 0; c < config->cores; c++)
			while (w.core[c].order == PLAN_ORDERED)
				step(c, false);
		advance();
	}
}

static void check_truth(void)
{
	u32 c, r;

	for (r = 0; r < config->regions; r++) {
		bool want = !(w.assigned >> r & 1);
		bool any = false;

		for (c = 0; c < config->cores; c++) {
			if (!w.online[c])
				continue;
			any = true;
			if ((w.bit[c] >> r & 1) != want)
				wrong("core %u will never be right about region %u",
				      c, r);
		}
		if (any && test_bit(r, w.plan.optimized) != want)
			wrong("region %u will never be shown right", r);
	}
}

/* What the module does by itself: watch, and audit if one may be needed. */
static void check_convergence(void)
{
	static struct world saved;
	u32 c, n;

	saved = w;
	for (c = 0; c < config->cores; c++) {
		w.bit[c] &= ~w.due[c];
		w.due[c] = 0;
		if (w.core[c].late)
			plan_back(&w.core[c]);
		if (w.notice[c])
			notice(c);
	}
	if (w.reset)
		plan_forget(&w.plan);
	/* A witness that denies falsely costs another round each. */
	for (n = 0; n < config->cores; n++) {
		if (w.alone && plan_begin_audit(&w.plan, 0, config->cores) ==
			       PLAN_AUDIT) {
			take_orders();
			run_out();
		}
		begin(false);
		run_out();
	}
	check_truth();
	w = saved;
	rests++;
}

/* --- the search ----------------------------------------------------------- */

/* What nobody looks at any more must not make two states out of one. */
static void forget_the_dead(void)
{
	u32 c, i;

	memset(&w.plan.counts, 0, sizeof(w.plan.counts));
	w.plan.ordered = 0;
	w.plan.found = 0;
	w.plan.open = 0;
	w.plan.surprises = 0;
	if (w.plan.phase != PLAN_CLOSE)
		w.plan.work[0] = 0;
	if (w.plan.phase == PLAN_REST) {
		w.plan.full = false;
		w.plan.asked = false;
	}
	for (i = 0; i < config->regions; i++)
		w.region[i].was_lost = false;
	for (c = 0; c < config->cores; c++) {
		if (w.core[c].order == PLAN_IDLE && !w.core[c].late) {
			w.core[c].todo[0] = 0;
			w.pos[c] = 0;
		}
		if (w.core[c].order == PLAN_IDLE) {
			w.core[c].bit[0] = 0;
			w.core[c].next = 0;
		}
	}
}

static u64 hash(void)
{
	const u64 *word = (const u64 *)&w;
	u64 h = 0x9e3779b97f4a7c15ull;
	u32 i;

	_Static_assert(sizeof(w) % sizeof(u64) == 0, "a tail is not hashed");
	for (i = 0; i < sizeof(w) / sizeof(u64); i++) {
		h = (h ^ word[i]) * 0xff51afd7ed558ccdull;
		h ^= h >> 32;
	}
	return h ?: 1;
}

static bool is_new(u64 key)
{
	u64 i = key >> (64 - SEEN_BITS);

	while (seen[i]) {
		if (seen[i] == key)
			return false;
		i = (i + 1) & ((1ull << SEEN_BITS) - 1);
	}
	seen[i] = key;
	if (++states > (1ull << SEEN_BITS) / 4 * 3)
		wrong("too many states");
	return true;
}

static void explore(void);

/* Do a move on a copy of the state, look at what comes of it, come back. */
static struct world stack[DEPTH_MAX];

static void enter(u32 move, u32 c, u32 r)
{
	if (depth == DEPTH_MAX)
		wrong("too deep");
	stack[depth] = w;
	path[depth].move = move;
	path[depth].core = c;
	path[depth].region = r;
	depth++;
	if (move < EVENTS)
		w.left[move]--;
}

static void leave(void)
{
	check_safe();
	check_members();
	forget_the_dead();
	if (is_new(hash()))
		explore();
	depth--;
	w = stack[depth];
}

static void explore_core(u32 c)
{
	struct plan_core *core = &w.core[c];
	bool idle = core->order != PLAN_ORDERED;
	u32 r;

	if (may_step(c)) {
		enter(MOVE_STEP, c, 0);
		step(c, false);
		leave();
	}
	if (may_step(c) && w.left[EVENT_REFUSE] && plan_verifies(&w.plan)) {
		enter(EVENT_REFUSE, c, 0);
		step(c, true);
		leave();
	}
	if (core->late && w.online[c]) {
		r = plan_next(&w.plan, core, w.pos[c]);
		if (r < w.plan.regions) {
			enter(MOVE_LATE_STEP, c, r);
			execute(c, r);
			w.pos[c] = r + 1;
			leave();
		}
		enter(MOVE_BACK, c, 0);
		plan_back(core);
		leave();
	}
	if (w.notice[c]) {
		enter(MOVE_NOTICE, c, 0);
		notice(c);
		leave();
	}
	if (w.left[EVENT_LATE] && !idle && !core->leads && plan_verifies(&w.plan)) {
		enter(EVENT_LATE, c, 0);
		plan_late(&w.plan, core, w.pos[c]);
		leave();
	}
	/* A slice is over before its CPU goes. */
	if (w.online[c] && !core->late && !w.notice[c]) {
		if (w.left[EVENT_LEAVE]) {
			enter(EVENT_LEAVE, c, 0);
			w.online[c] = false;
			w.notice[c] = true;
			leave();
		}
		if (w.left[EVENT_LEAVE_LOSS]) {
			enter(EVENT_LEAVE_LOSS, c, 0);
			w.online[c] = false;
			w.notice[c] = true;
			w.bit[c] = 0;
			leave();
		}
		if (w.left[EVENT_BOUNCE]) {
			enter(EVENT_BOUNCE, c, 0);
			w.notice[c] = true;
			w.bit[c] = 0;
			leave();
		}
	}
	if (!w.online[c] && w.left[EVENT_RETURN]) {
		enter(EVENT_RETURN, c, 0);
		w.online[c] = true;
		w.notice[c] = true;
		leave();
	}
}

static void explore_core_region(u32 c, u32 r)
{
	if (w.due[c] >> r & 1) {
		enter(MOVE_REACH, c, r);
		w.due[c] &= ~(1 << r);
		w.bit[c] &= ~(1 << r);
		leave();
	}
	if (w.left[EVENT_LOSE] && (w.bit[c] >> r & 1)) {
		enter(EVENT_LOSE, c, r);
		w.bit[c] &= ~(1 << r);
		w.alone = true;
		leave();
	}
}

static void explore_region(u32 r)
{
	/* RMPUPDATEs of one region's pages don't overlap here. */
	if (broadcasts() >> r & 1)
		return;
	if (w.left[EVENT_CONVERT] && !(w.assigned >> r & 1)) {
		enter(EVENT_CONVERT, 0, r);
		w.assigned |= 1 << r;
		broadcast(r);
		leave();
	}
	if (w.left[EVENT_RELEASE] && (w.assigned >> r & 1)) {
		enter(EVENT_RELEASE, 0, r);
		w.assigned &= ~(1 << r);
		broadcast(r);
		leave();
	}
}

static void explore_rest(void)
{
	check_convergence();
	if (w.reset) {
		enter(MOVE_FORGET, 0, 0);
		w.reset = false;
		plan_forget(&w.plan);
		if (!bitmap_empty(w.plan.clean, config->regions))
			wrong("something is still believed");
		leave();
		return;
	}
	if (w.left[EVENT_PASS]) {
		enter(EVENT_PASS, 0, 0);
		begin(false);
		leave();
	}
	if (w.left[EVENT_FULL]) {
		enter(EVENT_FULL, 0, 0);
		begin(true);
		leave();
	}
	if (w.left[EVENT_AUDIT]) {
		enter(EVENT_AUDIT, 0, 0);
		plan_begin_audit(&w.plan, 0, config->cores);
		take_orders();
		leave();
	}
}

static void explore_pass(void)
{
	if (!any_ordered()) {
		enter(MOVE_ADVANCE, 0, 0);
		advance();
		leave();
	}
	if (w.left[EVENT_CANCEL]) {
		enter(EVENT_CANCEL, 0, 0);
		plan_cancel(&w.plan);
		leave();
	}
}

static void explore(void)
{
	u32 c, r;

	if (w.plan.phase == PLAN_REST)
		explore_rest();
	else
		explore_pass();
	for (r = 0; r < config->regions; r++)
		explore_region(r);
	for (c = 0; c < config->cores; c++) {
		explore_core(c);
		for (r = 0; r < config->regions; r++)
			explore_core_region(c, r);
	}
	if (w.left[EVENT_RESET] && !w.reset) {
		enter(EVENT_RESET, 0, 0);
		memset(w.bit, 0, sizeof(w.bit));
		w.reset = true;
		leave();
	}
}

static u32 distance(u32 from, u32 to)
{
	return from != to;
}

static void create(void)
{
	u32 i;

	memset(&w, 0, sizeof(w));
	w.plan.regions = config->regions;
	w.plan.region = w.region;
	w.plan.windows = 1;
	w.plan.window = &w.window;
	w.plan.core = w.list;
	w.plan.distance = distance;
	w.window.count = config->regions;
	w.window.words = 1;
	plan_size(&w.plan);
	plan_init(&w.plan, w.maps);
	for (i = 0; i < config->regions; i++)
		w.region[i].home = i;
	for (i = 0; i < config->cores; i++) {
		w.core[i].node = i % config->nodes;
		w.core[i].housekeeper = true;
		plan_add_core(&w.plan, &w.core[i], w.core_maps[i]);
		plan_join(&w.plan, &w.core[i]);
		w.online[i] = true;
	}
	memcpy(w.left, config->budget, sizeof(w.left));
}

static void search(void **state)
{
	/* One is enough. */
	if (found)
		skip();
	config = *state;
	create();
	memset(seen, 0, sizeof(*seen) << SEEN_BITS);
	states = 0;
	rests = 0;
	depth = 0;
	/* Every search begins behind a first pass, with all tables full. */
	begin(true);
	run_out();
	check_truth();
	explore();
	printf("# %llu states, %llu of them at rest\n",
	       (unsigned long long)states, (unsigned long long)rests);
}

static int setup(void **state)
{
	seen = malloc(sizeof(*seen) << SEEN_BITS);
	return !seen;
}

static int teardown(void **state)
{
	free(seen);
	return 0;
}

static const struct config conversions = {
	.cores = 3, .regions = 2, .nodes = 1,
	.budget = {
		[EVENT_PASS] = 2, [EVENT_CONVERT] = 2, [EVENT_RELEASE] = 2,
	},
};

static const struct config asking = {
	.cores = 3, .regions = 2, .nodes = 1,
	.budget = {
		[EVENT_PASS] = 2, [EVENT_CONVERT] = 3, [EVENT_RELEASE] = 3,
		[EVENT_BOUNCE] = 1,
	},
};

static const struct config refusals = {
	.cores = 3, .regions = 2, .nodes = 1,
	.budget = {
		[EVENT_PASS] = 2, [EVENT_FULL] = 1, [EVENT_CONVERT] = 1,
		[EVENT_RELEASE] = 1, [EVENT_REFUSE] = 2,
	},
};

static const struct config two_leaders = {
	.cores = 4, .regions = 2, .nodes = 2,
	.budget = {
		[EVENT_PASS] = 2, [EVENT_CONVERT] = 1, [EVENT_RELEASE] = 1,
		[EVENT_LEAVE] = 1, [EVENT_RETURN] = 1,
	},
};

static const struct config hotplug = {
	.cores = 3, .regions = 1, .nodes = 1,
	.budget = {
		[EVENT_PASS] = 2, [EVENT_FULL] = 1, [EVENT_CONVERT] = 1,
		[EVENT_RELEASE] = 1, [EVENT_LEAVE] = 1, [EVENT_LEAVE_LOSS] = 1,
		[EVENT_RETURN] = 2, [EVENT_BOUNCE] = 1, [EVENT_CANCEL] = 1,
	},
};

static const struct config late = {
	.cores = 3, .regions = 2, .nodes = 1,
	.budget = {
		[EVENT_PASS] = 2, [EVENT_FULL] = 1, [EVENT_CONVERT] = 1,
		[EVENT_RELEASE] = 1, [EVENT_LATE] = 1, [EVENT_BOUNCE] = 1,
	},
};

static const struct config late_four = {
	.cores = 4, .regions = 1, .nodes = 2,
	.budget = {
		[EVENT_PASS] = 2, [EVENT_FULL] = 1, [EVENT_CONVERT] = 2,
		[EVENT_RELEASE] = 2, [EVENT_LATE] = 2, [EVENT_CANCEL] = 1,
	},
};

static const struct config private_loss = {
	.cores = 3, .regions = 2, .nodes = 1,
	.budget = {
		[EVENT_PASS] = 2, [EVENT_CONVERT] = 1, [EVENT_RELEASE] = 1,
		[EVENT_AUDIT] = 1, [EVENT_LOSE] = 2,
	},
};

static const struct config alone = {
	.cores = 4, .regions = 2, .nodes = 2, .thrifty = true,
	.budget = {
		[EVENT_PASS] = 3, [EVENT_AUDIT] = 1, [EVENT_LOSE] = 1,
	},
};

static const struct config steps = {
	.cores = 3, .regions = 1, .nodes = 1, .steps = true,
	.budget = {
		[EVENT_PASS] = 2, [EVENT_FULL] = 1, [EVENT_AUDIT] = 1,
		[EVENT_CONVERT] = 1, [EVENT_RELEASE] = 1, [EVENT_BOUNCE] = 1,
		[EVENT_LATE] = 1,
	},
};

static const struct config reset = {
	.cores = 3, .regions = 1, .nodes = 1,
	.budget = {
		[EVENT_PASS] = 2, [EVENT_CONVERT] = 1, [EVENT_RELEASE] = 1,
		[EVENT_RESET] = 1, [EVENT_LATE] = 1, [EVENT_BOUNCE] = 1,
	},
};

#define SEARCH(config) { #config, search, NULL, NULL, (void *)&(config) }

int main(void)
{
	const struct CMUnitTest tests[] = {
		SEARCH(conversions),
		SEARCH(asking),
		SEARCH(refusals),
		SEARCH(two_leaders),
		SEARCH(hotplug),
		SEARCH(late),
		SEARCH(late_four),
		SEARCH(private_loss),
		SEARCH(alone),
		SEARCH(steps),
		SEARCH(reset),
	};

	return cmocka_run_group_tests_name("truth", tests, setup, teardown);
}
