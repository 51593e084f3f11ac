// SPDX-License-Identifier: GPL-2.0
/*
 * The exhaustive search: every order in which things may happen, depth first,
 * each state once.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "truth.h"

#define DEPTH_MAX	400

static const char * const names[] = {
	"pass", "full", "audit", "convert", "release", "leave", "leave+loss",
	"return", "bounce", "late", "lose", "refuse", "fault", "reset", "cancel", "",
	"step", "late step", "back", "advance", "notice", "forget", "reach",
};

static struct {
	u8 move, core, region;
} path[DEPTH_MAX];

static u32 depth;
static u64 states, rests;
static bool found;

#define SEEN_BITS	24
static u64 *seen;

void wrong(const char *what, ...)
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
	w.plan.sum[0] = 0;
	if (w.plan.phase == PLAN_REST) {
		w.plan.full = false;
		w.plan.asked = false;
		w.plan.trying[0] = 0;
		w.plan.faulted[0] = 0;
		w.plan.enough[0] = 0;
	}
	for (i = 0; i < config->regions; i++) {
		w.region[i].was_lost = false;
		/* All passes are asked for. */
		w.region[i].retry_at = 0;
		w.region[i].retry_ms = 0;
	}
	for (c = 0; c < config->cores; c++) {
		if (w.core[c].order == PLAN_IDLE && !w.core[c].late) {
			w.core[c].todo[0] = 0;
			w.pos[c] = 0;
		}
		if (w.plan.phase == PLAN_REST)
			w.core[c].fault[0] = 0;
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

static void explore_step(u32 c)
{
	if (!may_step(c))
		return;
	enter(MOVE_STEP, c, 0);
	step(c, MOVE_STEP);
	leave();
	if (w.left[EVENT_REFUSE] && plan_verifies(&w.plan)) {
		enter(EVENT_REFUSE, c, 0);
		step(c, EVENT_REFUSE);
		leave();
	}
	if (w.left[EVENT_FAULT]) {
		enter(EVENT_FAULT, c, 0);
		step(c, EVENT_FAULT);
		leave();
	}
}

/* A slice that nobody waits for any more. */
static void explore_late(u32 c)
{
	struct plan_core *core = &w.core[c];
	u32 r;

	if (!core->late || !w.online[c])
		return;
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

static void explore_notice(u32 c)
{
	struct plan_core *core = &w.core[c];

	if (w.notice[c]) {
		enter(MOVE_NOTICE, c, 0);
		notice(c);
		leave();
	}
	if (w.left[EVENT_LATE] && core->order == PLAN_ORDERED && !core->leads &&
	    plan_verifies(&w.plan)) {
		enter(EVENT_LATE, c, 0);
		plan_late(&w.plan, core, w.pos[c]);
		leave();
	}
}

static void explore_leave(u32 c, enum event event)
{
	if (!w.left[event])
		return;
	enter(event, c, 0);
	w.online[c] = event == EVENT_BOUNCE;
	w.notice[c] = true;
	if (event != EVENT_LEAVE)
		w.bit[c] = 0;
	leave();
}

static void explore_hotplug(u32 c)
{
	/* A slice is over before its CPU goes. */
	if (w.online[c] && !w.core[c].late && !w.notice[c]) {
		explore_leave(c, EVENT_LEAVE);
		explore_leave(c, EVENT_LEAVE_LOSS);
		explore_leave(c, EVENT_BOUNCE);
	}
	if (!w.online[c] && w.left[EVENT_RETURN]) {
		enter(EVENT_RETURN, c, 0);
		w.online[c] = true;
		w.notice[c] = true;
		leave();
	}
}

static void explore_core(u32 c)
{
	explore_step(c);
	explore_late(c);
	explore_notice(c);
	explore_hotplug(c);
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
	rests++;
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
void search(void **state)
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

int search_setup(void **state)
{
	seen = malloc(sizeof(*seen) << SEEN_BITS);
	return !seen;
}

int search_teardown(void **state)
{
	free(seen);
	return 0;
}
