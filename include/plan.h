/* SPDX-License-Identifier: GPL-2.0 */
/*
 * DOC: the planner
 *
 * What is believed of the tables, and what is to be done about it. Plain C
 * without kernel calls: module, unit tests, exhaustive search and simulator
 * compile the same files. It decides; the kernel part executes its orders and
 * feeds the answers back.
 *
 * Losses are broadcast by hardware, gains are per core. A region is *clean*
 * for its *members*: cores whose verify fell between the leader's verify and
 * the leader's closing report that still found the bit set. A conversion in
 * between would have cleared the leader's bit for good, so at the closing
 * every member has the bit. A member that is sent a verify stops being one
 * until a closing: so every member is a *witness*, and while one of them
 * reports the bit set all of them have it. Who is not a member of a clean
 * region of its window *owes* it.
 *
 * A pass is a row of phases, each of which ends before the next one begins:
 *
 *	look	one witness per clean region reports
 *	lead	leaders verify regions that are lost or not clean; in a full
 *		pass all regions
 *	ask	where only one witness knows of a loss, a second one reports: if
 *		it has the bit, the first one's core lost it alone
 *	follow	everybody else verifies the regions that a leader has won, and
 *		who owes a clean region verifies that (a *catch-up*)
 *	close	leaders report what they have won, witnesses what was caught up
 *
 * Hooks, where there are any, tell which regions were converted. A *mark* says
 * that a region is worth a leader's verify now, and explains a loss. A region
 * that is *busy*, because its last conversion is not long ago, is not sent to
 * followers. A pass for marked regions leaves all others alone that are not
 * clean. Nothing depends on marks.
 *
 * Back-off: a region that was lost soon after it was regained is held back from
 * followers, and each time in a row that it is, twice as long. Somebody who asks
 * for a pass gets it all the same. A mark ends the first hold only: what ccp
 * converts for each status command that an agent sends is marked each time, and
 * would be regained on all cores each time. From the second one in a row a hold
 * lasts. A region that then stays clean for long enough begins anew.
 *
 * An audit is one phase of its own: a core reports all that it is believed to
 * have.
 *
 * Regions are numbered by their *place*: their rank among the regions that are
 * in some window. All maps are by place; a core's begin at its window's word.
 * Times are in ns of any clock that does not go back.
 */
#ifndef RMPOPT_PLAN_H
#define RMPOPT_PLAN_H

#include <linux/bitmap.h>
#include <linux/types.h>

/* A core's table has 2048 bits. [S] */
#define PLAN_WINDOW_REGIONS	2048u

/* One leader per node, but not more than these. */
#define PLAN_LEADERS_MAX	64u

/* No node, no leader. */
#define PLAN_NONE		0xffffu

/* Back-off: pauses, and how soon is "soon again". */
#define PLAN_HOLD_FIRST_MS	10000u
#define PLAN_HOLD_CAP_MS	600000u
#define PLAN_SOON_MS		60000u

/* In this order; plan_advance() goes through them. */
enum plan_phase {
	PLAN_REST,
	PLAN_LOOK,
	PLAN_LEAD,
	PLAN_ASK,
	PLAN_FOLLOW,
	PLAN_CLOSE,
	PLAN_AUDIT,
};

/**
 * enum plan_order - what a core has to do in the running phase
 * @PLAN_IDLE: nothing
 * @PLAN_ORDERED: the regions in its todo
 * @PLAN_ANSWERED: nothing more; its answers are to be tallied
 */
enum plan_order {
	PLAN_IDLE,
	PLAN_ORDERED,
	PLAN_ANSWERED,
};

/**
 * struct plan_window - the places that cores with the same RMPOPT_BASE hold
 * @base: number of its first region
 * @first: its first place
 * @count: how many places
 * @word: the word of region maps in which it begins
 * @words: how many words it touches
 */
struct plan_window {
	u32 base;
	u32 first;
	u32 count;
	u32 word;
	u32 words;
};

/**
 * struct plan_core - what is believed of one core
 * @present: it takes part
 * @late: a slice of it is still under way that nobody waits for any more: it
 *	gets no order, and its @todo and @bit belong to that slice
 * @housekeeper: nobody minds if it leads
 * @leads: it is one of the leaders
 * @order: what it has to do in the running phase
 * @index: its place in the plan's list
 * @window: index of its window
 * @node: its NUMA node
 * @turn: how many cores of its node come before it; see plan_turn()
 * @after: index of the core whose turn is next, or PLAN_NONE
 * @next: place behind the last one that it has answered
 * @member: regions of which it is a member (meaningless where not clean)
 * @gained: what its verifies of the running pass have won, until the closing
 * @todo: its order
 * @bit: its answers, for the places of @todo below @next
 */
struct plan_core {
	bool present;
	bool late;
	bool housekeeper;
	bool leads;
	u8 order;
	u16 index;
	u16 window;
	u16 node;
	u16 turn;
	u16 after;
	u32 next;
	unsigned long *member;
	unsigned long *gained;
	unsigned long *todo;
	unsigned long *bit;
};

/**
 * struct plan_region - what is remembered of one region
 * @regained_at: when it last became clean again after a loss; 0: never
 * @held_until: followers are not sent to it before, unless somebody asks
 *	or, if this is the first hold in a row, a mark tells of a conversion
 * @pause_ms: how long it is held back
 * @number: which one it is, in GiB of system physical address space
 * @was_lost: it was clean once and lost
 * @home: the node where its part of the RMP lies, or PLAN_NONE
 * @leader: index of the core that leads it, or PLAN_NONE
 */
struct plan_region {
	u64 regained_at;
	u64 held_until;
	u32 pause_ms;
	u32 number;
	u16 home;
	u16 leader;
	bool was_lost;
};

/**
 * struct plan_counts - instructions that were ordered and answered
 * @verifies_leader: by leaders, of regions that they lead
 * @verifies_follower: by others, of regions that a leader has won
 * @verifies_catchup: of clean regions that a core owed
 * @reports: by whomever
 */
struct plan_counts {
	u64 verifies_leader;
	u64 verifies_follower;
	u64 verifies_catchup;
	u64 reports;
};

/**
 * struct plan - all beliefs
 * @regions: how many places
 * @words: words of a region map
 * @region: by place
 * @windows: how many
 * @window: them
 * @core_words: words of a core's map: the most that a window touches
 * @cores: how many entries of @core are in use
 * @core: cores; they come and go, their index stays
 * @first: index of the core whose turn is first, or PLAN_NONE
 * @distance: between two nodes, the kernel's or a test's
 * @leaders: how many
 * @leader: indices of the leading cores
 * @clean: regions that are clean
 * @won: regions that a leader has won and not closed yet
 * @lost: clean regions whose bit a witness has just not found
 * @doubt: of them those that the leader has won, until a second witness spoke
 * @marked: regions that were converted, as far as hooks have told
 * @busy: regions that are being converted, as far as hooks have told
 * @optimized: clean, and every core whose window holds them is a member
 * @work: scratch
 * @phase: the phase under way
 * @full: the running pass takes nothing on trust
 * @narrow: of regions that were not clean before it tries the marked ones only
 * @asked: somebody asked for it, so that nothing is held back
 * @now: when its phase began
 * @ordered: instructions of the running phase
 * @found: regions that were lost, won or owed in this pass
 * @open: orders of this pass that were not answered whole
 * @surprises: closings of this pass that came out other than expected
 * @counts: instructions since the beginning of time
 */
struct plan {
	u32 regions;
	u32 words;
	struct plan_region *region;
	u32 windows;
	struct plan_window *window;
	u32 core_words;
	u32 cores;
	struct plan_core **core;
	u16 first;
	u32 (*distance)(u32 from, u32 to);
	u32 leaders;
	u16 leader[PLAN_LEADERS_MAX];

	unsigned long *clean;
	unsigned long *won;
	unsigned long *lost;
	unsigned long *doubt;
	unsigned long *marked;
	unsigned long *busy;
	unsigned long *optimized;
	unsigned long *work;

	enum plan_phase phase;
	bool full;
	bool narrow;
	bool asked;
	u64 now;
	u32 ordered;
	u32 found;
	u32 open;
	u32 surprises;
	struct plan_counts counts;
};

/* How many longs plan_init() needs for maps, and plan_add_core() for a core's. */
#define PLAN_MAPS	8u
#define PLAN_CORE_MAPS	4u

static inline u32 plan_longs(const struct plan *plan)
{
	return PLAN_MAPS * plan->words;
}

static inline u32 plan_core_longs(const struct plan *plan)
{
	return PLAN_CORE_MAPS * plan->core_words;
}

/* plan.c: beliefs */
void plan_size(struct plan *plan);
void plan_init(struct plan *plan, unsigned long *maps);
void plan_add_core(struct plan *plan, struct plan_core *core,
		   unsigned long *maps);
void plan_join(struct plan *plan, struct plan_core *core);
void plan_leave(struct plan *plan, struct plan_core *core);
void plan_back(struct plan_core *core);
void plan_forget(struct plan *plan);
void plan_mark(struct plan *plan, u32 place);
void plan_busy(struct plan *plan, u32 place);
void plan_settle(struct plan *plan);
bool plan_owes(const struct plan *plan, const struct plan_core *core);
u32 plan_optimized(const struct plan *plan);
bool plan_held(const struct plan *plan, u32 place, u64 now);
u64 plan_hold_ends(const struct plan *plan, u64 now);
struct plan_core *plan_witness(const struct plan *plan, u32 place);

/* plan_phase.c: what the phases order and make of the answers */

/**
 * struct plan_step - one phase
 * @order: gives its orders
 * @tally: takes in one answer
 * @end: after all answers
 */
struct plan_step {
	void (*order)(struct plan *plan);
	void (*tally)(struct plan *plan, struct plan_core *core, u32 place,
		      bool bit);
	void (*end)(struct plan *plan);
};

extern const struct plan_step plan_steps[];
void plan_order(struct plan *plan, struct plan_core *core, u32 place);

static inline void plan_map_zero(const struct plan *plan, unsigned long *map)
{
	bitmap_zero(map, plan->words * BITS_PER_LONG);
}

static inline void plan_core_zero(const struct plan *plan, unsigned long *map)
{
	bitmap_zero(map, plan->core_words * BITS_PER_LONG);
}

/* plan_pass.c: passes */
void plan_begin(struct plan *plan, bool full, bool asked);
void plan_begin_marked(struct plan *plan);
enum plan_phase plan_begin_audit(struct plan *plan, u32 first, u32 count);
enum plan_phase plan_advance(struct plan *plan, u64 now);
void plan_answered(struct plan *plan, struct plan_core *core, u32 next);
void plan_late(struct plan *plan, struct plan_core *core, u32 next);
void plan_cancel(struct plan *plan);

/* plan_share.c: leaders and what they lead */
void plan_elect(struct plan *plan);

/* plan_window.c: where tables look */
struct coverage;
u32 plan_place_window(const struct coverage *cov, const struct coverage *ram,
		      const struct coverage *own);
u32 plan_add_window(struct plan *plan, u32 base);
int plan_fit_windows(struct plan *plan, const struct coverage *cov,
		     struct coverage *in, struct coverage *scratch);
void plan_number(struct plan *plan, const struct coverage *in);

static inline const struct plan_window *
plan_window_of(const struct plan *plan, const struct plan_core *core)
{
	return &plan->window[core->window];
}

/* Which bits of the k-th word that a window touches belong to it. */
static inline unsigned long plan_window_mask(const struct plan_window *window,
					     u32 k)
{
	u32 skip = window->first % BITS_PER_LONG;
	unsigned long mask = ~0ul;

	if (!k)
		mask = ~0ul << skip;
	if (k == window->words - 1)
		mask &= ~0ul >> (-(skip + window->count) % BITS_PER_LONG);
	return mask;
}

/* Does the core's window hold the place? */
static inline bool plan_holds(const struct plan *plan,
			      const struct plan_core *core, u32 place)
{
	const struct plan_window *window = plan_window_of(plan, core);

	return place - window->first < window->count;
}

/* The bit of a place in the core's maps. */
static inline u32 plan_bit(const struct plan *plan,
			   const struct plan_core *core, u32 place)
{
	return place - plan_window_of(plan, core)->word * BITS_PER_LONG;
}

static inline bool plan_is_member(const struct plan *plan,
				  const struct plan_core *core, u32 place)
{
	return core->present && plan_holds(plan, core, place) &&
	       test_bit(plan_bit(plan, core, place), core->member);
}

/*
 * One core after the other, by turns over the nodes, so that those at work at
 * the same time share no node's memory if it can be helped. NULL begins and
 * ends it.
 */
static inline struct plan_core *plan_turn(const struct plan *plan,
					  const struct plan_core *core)
{
	u16 next = core ? core->after : plan->first;

	return next == PLAN_NONE ? NULL : plan->core[next];
}

/* Is the running phase one of verifies? If not, it is one of reports. */
static inline bool plan_verifies(const struct plan *plan)
{
	return plan->phase == PLAN_LEAD || plan->phase == PLAN_FOLLOW;
}

/*
 * For whoever executes a core's order, in any context: the first place from
 * @from on that is to be done, plan->regions if there is none.
 */
static inline u32 plan_next(const struct plan *plan,
			    const struct plan_core *core, u32 from)
{
	const struct plan_window *window = plan_window_of(plan, core);
	u32 start = window->word * BITS_PER_LONG;
	u32 size = window->words * BITS_PER_LONG;
	u32 i = find_next_bit(core->todo, size, from > start ? from - start : 0);

	return i < size ? start + i : plan->regions;
}

/* The same: what the core answered; until plan_answered() or plan_late(). */
static inline void plan_note(const struct plan *plan, struct plan_core *core,
			     u32 place, bool bit)
{
	__assign_bit(plan_bit(plan, core, place), core->bit, bit);
}

/* plan_pace.c: the arithmetic of slices and pauses */

/**
 * struct plan_pace - how long one core's instructions take
 * @slowest: the slowest recent one, in cycles
 */
struct plan_pace {
	u64 slowest;
};

bool plan_fits(const struct plan_pace *pace, u64 spent, u64 budget);
void plan_learn(struct plan_pace *pace, u64 cycles);
u64 plan_rest(u64 spent, u32 duty);
u64 plan_pause(u64 pause, u64 first, u64 cap);

#endif /* RMPOPT_PLAN_H */
