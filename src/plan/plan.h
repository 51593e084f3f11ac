/* SPDX-License-Identifier: GPL-2.0 */
/*
 * DOC: the planner
 *
 * The planner keeps what is believed of the tables, and decides what to do.
 * Plain C without kernel calls: module, unit tests, exhaustive search and
 * simulator compile the same files. The kernel part executes its orders and
 * returns the answers.
 *
 * Losses are broadcast by hardware, gains are per core. A region is *clean* for
 * its *members*: cores whose verify came between the leader's verify and the
 * leader's closing report that still found the bit set. A conversion in between
 * would have cleared the leader's bit for good, so at the closing every member
 * has the bit. A member that is sent a verify stops being one until a closing:
 * so every member is a *witness*, and while one of them reports the bit set,
 * all of them have it. A core that is not a member of a clean region of its
 * window *owes* it.
 *
 * A pass is a sequence of phases, each of which ends before the next one
 * begins:
 *
 *	look	one witness per clean region reports
 *	lead	leaders verify regions that are lost or not clean; in a full
 *		pass all regions
 *	elsewhere	where the leader's verify faulted, one other core verifies
 *		and leads the region in this pass
 *	ask	if only one witness reports a loss, a second one reports: if it
 *		has the bit, only the first one's core has lost it
 *	follow	the other cores verify the regions that a leader has won; a core
 *		that owes a clean region verifies that (a *catch-up*)
 *	close	leaders report what they have won, witnesses what was caught up
 *
 * Hooks, if there are any, tell which regions were converted. A *mark* says
 * that a region is worth a leader's verify now, and explains a loss. A region
 * that is *busy*, because it was converted not long ago, is not sent to
 * followers: it waits. A pass for marked regions does not try other regions that are not
 * clean. Correctness does not depend on marks.
 *
 * Back-off: a region that was lost soon after it was regained is held back from
 * followers, each time in a row for twice as long, except in a pass that was
 * requested. A mark ends the first hold only: ccp converts pages for each
 * status command that an agent sends, which is marked each time, and the region
 * would be regained on all cores each time. If the region then stays clean for
 * long enough, the next hold is a first one again.
 *
 * Faults: an instruction that faults although RMPOPT_BASE is right counts as
 * "no bit". The region is *bad* on that core: the core is no witness of it, and
 * is sent no verify until the next *try*. A try is due when the region's pause
 * is over, which grows from one try to the next, and in a pass that was
 * requested. After two cores have faulted in one pass the region is *left out*:
 * nothing is sent there until the next try, except to the leader and the
 * witnesses of a region that is clean nevertheless. A core that faults at
 * several regions which fault on no other core, and answers nothing else, is
 * *broken*: the kernel part drops it.
 *
 * An audit has one phase: a core reports everything that it is believed to
 * have. So has a *view*, which replaces passes where the kernel verifies: cores
 * report all regions of their windows, and their reports are believed.
 *
 * Regions are numbered by their *place*: their rank among the covered regions.
 * A core's *window* holds some of them, or none. All maps are by place; a
 * core's maps begin at its window's word. Times are in ns of any monotonic
 * clock.
 */
#ifndef RMPOPT_PLAN_H
#define RMPOPT_PLAN_H

#include <linux/bitmap.h>
#include <linux/types.h>

/* A core's table has 2048 bits. [S] */
#define PLAN_WINDOW_REGIONS	2048u

/* One leader per node and base, but not more than these. */
#define PLAN_LEADERS_MAX	64u

/* No node, no leader. */
#define PLAN_NONE		0xffffu

/* Back-off: pauses, and how soon is "soon again". */
#define PLAN_HOLD_FIRST_MS	10000u
#define PLAN_HOLD_CAP_MS	600000u
#define PLAN_SOON_MS		60000u

/* Pauses of a region that faults. */
#define PLAN_FAULT_FIRST_MS	5000u
#define PLAN_FAULT_CAP_MS	600000u

/* In this order; plan_advance() goes through them. */
enum plan_phase {
	PLAN_REST,
	PLAN_LOOK,
	PLAN_LEAD,
	PLAN_ELSEWHERE,
	PLAN_ASK,
	PLAN_FOLLOW,
	PLAN_CLOSE,
	PLAN_AUDIT,
	PLAN_VIEW,
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
 * struct plan_window - the places that a core's table holds
 * @base: number of its first region
 * @first: its first place
 * @count: how many places; 0 if it holds no covered region
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
 * @late: a slice of it, or an order that it led, is still under way, for which
 *	the worker does not wait: it gets no other one, and its @todo, @bit and
 *	@fault belong to that
 * @unaudited: its audit was due while it was late, or has not come to its end
 * @housekeeper: it is not isolated, so it may lead
 * @leads: it is one of the leaders
 * @order: what it has to do in the running phase
 * @index: its place in the plan's list
 * @node: its NUMA node
 * @turn: how many cores of its node come before it; see plan_turn()
 * @after: index of the core whose turn is next, or PLAN_NONE
 * @next: place after the last one that it has answered
 * @works: an instruction of it has not faulted in the running pass
 * @window: what its table holds; see plan_set_window()
 * @member: regions of which it is a member (meaningless where not clean)
 * @gained: what its verifies of the running pass have won, until the closing;
 *	in a view what it has reported
 * @bad: regions where its last instruction faulted
 * @todo: its order
 * @bit: its answers, for the places of @todo below @next
 * @fault: places where an instruction has faulted in the running pass
 */
struct plan_core {
	bool present;
	bool late;
	bool unaudited;
	bool housekeeper;
	bool leads;
	u8 order;
	u16 index;
	u16 node;
	u16 turn;
	u16 after;
	u32 next;
	bool works;
	struct plan_window window;
	unsigned long *member;
	unsigned long *gained;
	unsigned long *bad;
	unsigned long *todo;
	unsigned long *bit;
	unsigned long *fault;
};

/**
 * struct plan_region - what is remembered of one region
 * @regained_at: when it last became clean again after a loss; 0: never
 * @held_until: followers are not sent to it before that, unless a pass was
 *	requested or, in the first hold in a row, a mark reports a conversion
 * @retry_at: if it is faulty, when the next try is due; else when it was seen
 *	to fault no more
 * @pause_ms: how long it is held back
 * @retry_ms: how long the pause between two tries is
 * @number: which one it is, in GiB of system physical address space
 * @was_lost: it was lost, and has not been clean since
 * @home: the node where its part of the RMP lies, or PLAN_NONE
 * @leader: index of the core that leads it, or PLAN_NONE
 * @elsewhere: index of the core that was last tried instead of its leader
 */
struct plan_region {
	u64 regained_at;
	u64 held_until;
	u64 retry_at;
	u32 pause_ms;
	u32 retry_ms;
	u32 number;
	u16 home;
	u16 leader;
	u16 elsewhere;
	bool was_lost;
};

/**
 * struct plan_counts - instructions that were ordered and answered
 * @verifies_leader: by leaders, of regions that they lead
 * @verifies_follower: by others, of regions that a leader has won
 * @verifies_catchup: of clean regions that a core owed
 * @reports: by any core
 * @faults: those of the above that faulted although RMPOPT_BASE was right
 */
struct plan_counts {
	u64 verifies_leader;
	u64 verifies_follower;
	u64 verifies_catchup;
	u64 reports;
	u64 faults;
};

/**
 * struct plan - all beliefs
 * @regions: how many places
 * @words: words of a region map
 * @region: by place
 * @core_words: words of a core's map: the most that any window touches
 * @cores: how many entries of @core are in use
 * @core: cores; they come and go, their index stays
 * @first: index of the core whose turn is first, or PLAN_NONE
 * @distance: between two nodes, the kernel's or a test's
 * @leaders_max: how many there may be, PLAN_LEADERS_MAX at most
 * @leaders: how many
 * @leader: indices of the leading cores
 * @clean: regions that are clean
 * @won: regions that a leader has won and not closed yet
 * @lost: clean regions whose bit a witness has just not found
 * @doubt: those of them that the leader has won, until a second witness reports
 * @marked: regions that were converted, as far as hooks have seen
 * @busy: regions that are being converted, as far as hooks have seen
 * @waits: regions that were busy when a leader had success: no other core is
 *	sent there before they are not
 * @optimized: clean, and every core whose window holds them is a member
 * @reached: regions in the window of some core that takes part; as long as none
 *	does, of any core
 * @faulty: regions that are bad on some core
 * @left_out: faulty regions that no core is sent until the next try
 * @trying: faulty regions that the running pass tries again
 * @again: regions to be led elsewhere, because the leader's verify faulted
 * @faulted: regions where some core has faulted in the running pass
 * @enough: regions where a second core has faulted in the running phase
 * @work: scratch
 * @sum: scratch of plan_settle()
 * @uncovered: how many regions are not in @reached
 * @phase: the phase under way
 * @full: the running pass takes nothing on trust
 * @narrow: of the regions that were not clean before, it tries only marked ones
 * @asked: it was requested, so nothing is held back
 * @all: the running view asks all cores, not only leaders
 * @now: when its phase began
 * @opened: when the last pass saw which faulty regions it tries
 * @ordered: instructions of the running phase
 * @found: regions that were lost, won or owed in this pass
 * @open: orders of this pass that were not completely answered, and regions
 *	whose leader left before it had closed them
 * @surprises: closings of this pass with an unexpected result
 * @counts: instructions since load
 */
struct plan {
	u32 regions;
	u32 words;
	struct plan_region *region;
	u32 core_words;
	u32 cores;
	struct plan_core **core;
	u16 first;
	u32 (*distance)(u32 from, u32 to);
	u32 leaders_max;
	u32 leaders;
	u16 leader[PLAN_LEADERS_MAX];

	unsigned long *clean;
	unsigned long *won;
	unsigned long *lost;
	unsigned long *doubt;
	unsigned long *marked;
	unsigned long *busy;
	unsigned long *waits;
	unsigned long *optimized;
	unsigned long *reached;
	unsigned long *faulty;
	unsigned long *left_out;
	unsigned long *trying;
	unsigned long *again;
	unsigned long *faulted;
	unsigned long *enough;
	unsigned long *work;
	unsigned long *sum;
	u32 uncovered;

	enum plan_phase phase;
	bool full;
	bool narrow;
	bool asked;
	bool all;
	u64 now;
	u64 opened;
	u32 ordered;
	u32 found;
	u32 open;
	u32 surprises;
	struct plan_counts counts;
};

/*
 * How many longs plan_init() needs for maps, and plan_add_core() for a core's.
 */
#define PLAN_MAPS	17u
#define PLAN_CORE_MAPS	6u

static inline u32 plan_longs(const struct plan *plan)
{
	return PLAN_MAPS * plan->words;
}

static inline u32 plan_core_longs(const struct plan *plan)
{
	return PLAN_CORE_MAPS * plan->core_words;
}

/* plan.c: beliefs */
void plan_size(struct plan *plan, u32 regions);
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
bool plan_owes_more(const struct plan *plan, const struct plan_core *core);
u32 plan_optimized(const struct plan *plan);
u32 plan_uncovered(const struct plan *plan);
bool plan_held_back(const struct plan *plan, u32 place, u64 now);
u64 plan_hold_ends(const struct plan *plan, u64 now);
struct plan_core *plan_witness(const struct plan *plan, u32 place);

/* plan_fault.c: regions where instructions fault */
void plan_open_tries(struct plan *plan, u64 now);
void plan_learn_fault(struct plan *plan, struct plan_core *core, u32 place);
void plan_learn_cure(struct plan *plan, struct plan_core *core, u32 place);
void plan_leave_out(struct plan *plan);
bool plan_is_broken(const struct plan *plan, const struct plan_core *core);
void plan_forget_faults(struct plan *plan, struct plan_core *core);
struct plan_core *plan_elsewhere(struct plan *plan, u32 place);
u32 plan_faulty(const struct plan *plan);
u64 plan_fault_ends(const struct plan *plan, u64 now);
const struct plan_core *plan_fault_core(const struct plan *plan, u32 place);

/*
 * plan_phase.c, plan_lead.c, plan_view.c: orders of phases, and their answers
 */

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

struct plan_core *plan_leader_of(const struct plan *plan, u32 place);
void plan_note_loss(struct plan *plan, u32 place);
void plan_not_clean(struct plan *plan, u32 place);
void plan_lose(struct plan *plan, u32 place);
void plan_order_lead(struct plan *plan);
void plan_tally_lead(struct plan *plan, struct plan_core *core, u32 place,
		     bool bit);
void plan_order_elsewhere(struct plan *plan);
void plan_order_ask(struct plan *plan);
void plan_tally_ask(struct plan *plan, struct plan_core *core, u32 place,
		    bool bit);
void plan_end_ask(struct plan *plan);
void plan_order_view(struct plan *plan);
void plan_tally_view(struct plan *plan, struct plan_core *core, u32 place,
		     bool bit);
void plan_end_view(struct plan *plan);

/* plan_pass.c: passes */
void plan_begin(struct plan *plan, bool full, bool asked);
void plan_begin_marked(struct plan *plan);
enum plan_phase plan_begin_audit(struct plan *plan, u32 first, u32 count);
enum plan_phase plan_begin_view(struct plan *plan, bool all, u64 now);
enum plan_phase plan_advance(struct plan *plan, u64 now);
void plan_answered(struct plan *plan, struct plan_core *core, u32 next);
void plan_late(struct plan *plan, struct plan_core *core, u32 next);
void plan_cancel(struct plan *plan);

/* plan_share.c: leaders and what they lead */
void plan_elect(struct plan *plan);

/* plan_place.c: where a window is placed */
struct coverage;
u32 plan_place_window(const struct coverage *cov, const struct coverage *ram,
		      const struct coverage *own);

/* plan_window.c: windows */
void plan_number(struct plan *plan, const struct coverage *cov);
bool plan_set_window(struct plan *plan, struct plan_core *core, u32 base);

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

#include "plan_maps.h"

#endif /* RMPOPT_PLAN_H */
