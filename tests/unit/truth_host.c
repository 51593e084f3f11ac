// SPDX-License-Identifier: GPL-2.0
/*
 * The exhaustive search: small hosts by brute force, and the planner's use of
 * them as the kernel part would.
 */
#include <string.h>

#include "truth.h"

struct world w;
const struct config *config;

/* --- a host --------------------------------------------------------------- */

static u32 distance(u32 from, u32 to)
{
	return from != to;
}

void create(void)
{
	u32 i;

	memset(&w, 0, sizeof(w));
	w.plan.region = w.region;
	w.plan.core = w.list;
	w.plan.distance = distance;
	plan_size(&w.plan, config->regions);
	plan_init(&w.plan, w.maps);
	for (i = 0; i < config->regions; i++) {
		w.region[i].number = i;
		w.region[i].home = i;
	}
	for (i = 0; i < config->cores; i++) {
		w.core[i].node = i % config->nodes;
		w.core[i].housekeeper = true;
		plan_add_core(&w.plan, &w.core[i], w.core_maps[i]);
		plan_set_window(&w.plan, &w.core[i], config->base[i]);
		plan_join(&w.plan, &w.core[i]);
		w.online[i] = true;
	}
	memcpy(w.left, config->budget, sizeof(w.left));
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

void execute(u32 c, u32 r)
{
	/* A late slice is one of the phase it was sent in: of verifies. */
	bool verifies = w.core[c].late || plan_verifies(&w.plan);

	plan_note(&w.plan, &w.core[c], r,
		  verifies ? verify(c, r) : w.bit[c] >> r & 1);
}

void broadcast(u32 r)
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

u8 broadcasts(void)
{
	u8 due = 0;
	u32 c;

	for (c = 0; c < config->cores; c++)
		due |= w.due[c];
	return due;
}

/* --- what is true --------------------------------------------------------- */

void check_safe(void)
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

void check_members(void)
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

static void check_order(u32 c, u32 r)
{
	const struct plan_core *core = &w.core[c];

	if (config->thrifty && w.plan.phase == PLAN_FOLLOW && (w.bit[c] >> r & 1))
		wrong("core %u is sent to region %u and has it", c, r);
	if (!plan_holds(&w.plan, core, r))
		wrong("core %u is sent to region %u outside its window", c, r);
	/* No window here begins behind the first word. */
	if (test_bit(r, core->fault) ||
	    (test_bit(r, core->bad) && !test_bit(r, w.plan.trying)))
		wrong("core %u is sent to region %u, which is bad there", c, r);
	if (plan_verifies(&w.plan) && test_bit(r, w.plan.left_out) &&
	    !test_bit(r, w.plan.clean))
		wrong("core %u is sent to region %u, which is left out", c, r);
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
			check_order(c, r);
	}
}

/* --- the kernel part's protocol ------------------------------------------- */

/* New orders; what a late slice has left to do stays as it is. */
void take_orders(void)
{
	u32 c;

	for (c = 0; c < config->cores; c++)
		if (!w.core[c].late)
			w.pos[c] = 0;
	check_orders();
}

/* Ends each hold and each pause of a region that faults. */
#define HOUR_NS	3600000000000ull

/* It stands still but in check_convergence(). */
static u64 now;

void advance(void)
{
	plan_advance(&w.plan, now);
	take_orders();
}

void begin(bool full)
{
	plan_elect(&w.plan);
	plan_begin(&w.plan, full, true);
	advance();
}

/* MOVE_STEP, EVENT_REFUSE or EVENT_FAULT. */
void step(u32 c, enum event what)
{
	struct plan_core *core = &w.core[c];
	u32 r = plan_next(&w.plan, core, w.pos[c]);

	if (plan_is_left_out(&w.plan, r)) {
		/* Skipped, whatever it would have done. */
	} else if (what == EVENT_REFUSE) {
		w.bit[c] &= ~(1 << r);
		plan_note(&w.plan, core, r, false);
	} else if (what == EVENT_FAULT) {
		plan_note_fault(&w.plan, core, r);
	} else {
		execute(c, r);
	}
	w.pos[c] = r + 1;
	if (plan_next(&w.plan, core, w.pos[c]) == w.plan.regions)
		plan_answered(&w.plan, core, w.plan.regions);
}

void notice(u32 c)
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
bool may_step(u32 c)
{
	if (w.core[c].order != PLAN_ORDERED || !w.online[c])
		return false;
	return !w.core[c].leads || !any_notice();
}

bool any_ordered(void)
{
	u32 c;

	for (c = 0; c < config->cores; c++)
		if (w.core[c].order == PLAN_ORDERED)
			return true;
	return false;
}

/* --- left alone ----------------------------------------------------------- */

void run_out(void)
{
	u32 c;

	while (w.plan.phase != PLAN_REST) {
		for (c = 0; c < config->cores; c++)
			while (w.core[c].order == PLAN_ORDERED)
				step(c, MOVE_STEP);
		advance();
	}
}

void check_truth(void)
{
	u32 c, r;

	for (r = 0; r < config->regions; r++) {
		bool want = !(w.assigned >> r & 1);
		bool any = false;

		for (c = 0; c < config->cores; c++) {
			if (!w.online[c] || !plan_holds(&w.plan, &w.core[c], r))
				continue;
			any = true;
			if ((w.bit[c] >> r & 1) != want)
				wrong("core %u will never be right about region %u",
				      c, r);
		}
		/* What a guest holds nobody but leaders is sent to. */
		if (want && test_bit(r, w.plan.faulty))
			wrong("region %u will always be called faulty", r);
		if (any && test_bit(r, w.plan.optimized) != want)
			wrong("region %u will never be shown right", r);
	}
}

static void watch(void)
{
	now += HOUR_NS;
	plan_elect(&w.plan);
	plan_begin(&w.plan, false, false);
	advance();
	run_out();
}

/* What the module does by itself: watch, and audit if one may be needed. */
void check_convergence(void)
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
		watch();
	}
	check_truth();
	w = saved;
	now = 0;
}
