/* SPDX-License-Identifier: GPL-2.0 */
/*
 * DOC: how the module works inside
 *
 * One worker, a kernel thread, owns all state: which cores take part, what is
 * armed, what is believed of the tables, the running pass.
 * Files, hotplug callbacks and notifiers only set a wish and kick it. It looks
 * at what the hardware says, compares that with what should be, and acts;
 * nothing depends on having seen an event.
 *
 * What is believed of the tables and what is to be done about it is the
 * planner's (plan.h). Its orders for leaders, one core per node, are executed
 * by threads on those cores, each instruction in a preempt-off section of its
 * own that checks the core it is on. Its orders for all other cores are
 * executed in slices: asynchronous IPIs whose handler executes as many
 * instructions as fit in slice_us. Who executes writes answers into its own
 * core's maps; the worker looks at them when it is done.
 *
 * Probes (probe.c) go past the plan: reports for whoever reads debugfs. They
 * change nothing, so they run beside the worker.
 *
 * Locking: engine.lock (a spinlock, taken with interrupts disabled) guards
 * state, reason and requests. Wishes are single words that files, callbacks
 * and notifiers write; everything else is written by the worker alone, and
 * files read it as it is. Slices and orders of leaders are handed over by
 * their busy flags. cpus_read_lock() is held to read masks and for one IPI
 * round, never across a pass and never with migration or preemption disabled,
 * because CPU offlining waits for pinned threads while it holds the write
 * side. Hotplug callbacks take no lock but that of the wait queue.
 */
#ifndef RMPOPT_ENGINE_H
#define RMPOPT_ENGINE_H

#include <linux/atomic.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>

#include "coverage.h"
#include "plan.h"

/* The words of the state file, in this order in state.c. */
enum engine_state {
	STATE_WAITING,
	STATE_READY,
	STATE_SCANNING,
	STATE_STOPPED,
	STATE_FAILED,
	STATE_SUSPENDED,
	STATE_LEAVING,
	STATE_VIEWING,
};

/* The words of last_result, in this order in state.c. */
enum engine_result {
	RESULT_NONE,
	RESULT_OK,
	RESULT_PARTIAL,
	RESULT_CANCELLED,
	RESULT_FAILED,
};

/* Why a pass runs; the words of stats/last_trigger, in this order in state.c. */
enum engine_trigger {
	TRIGGER_NONE,
	TRIGGER_LOAD,
	TRIGGER_REQUEST,
	TRIGGER_LATER,
	TRIGGER_ARMED,
	TRIGGER_HOTPLUG,
	TRIGGER_RETRY,
	TRIGGER_WATCH,
	TRIGGER_AUDIT,
	TRIGGER_CONVERSION,
};

/* What a write to scan asks for. */
enum engine_request {
	REQUEST_NOW,
	REQUEST_FULL,
	REQUEST_LATER,
	REQUEST_CANCEL,
};

#define ENGINE_REASON_MAX	200

/**
 * struct engine_stats - counts since load, written by the worker only; those of
 *	instructions are in the plan. Probes are in none of them
 * @passes: passes ended
 * @passes_full: of them full ones
 * @passes_delta: of them the others
 * @slices: of followers
 * @interruptions: of them those that were sent by IPI
 * @overruns: slices that took longer than slice_us
 * @faults: instructions that faulted as their core's RMPOPT_BASE was not right;
 *	all others are counted in the plan
 * @last_pass_us: how long the last pass took
 * @last_stolen_us: how much of the followers' time its slices took, added up
 * @last_trigger: why it ran
 * @pass_stolen_ns: what slices took in the running pass
 * @worst_slice_ns: the longest slice so far
 * @worst_slice_cpu: where that was
 */
struct engine_stats {
	u64 passes;
	u64 passes_full;
	u64 passes_delta;
	u64 slices;
	u64 interruptions;
	u64 overruns;
	u64 faults;
	u64 last_pass_us;
	u64 last_stolen_us;
	enum engine_trigger last_trigger;
	u64 pass_stolen_ns;
	u64 worst_slice_ns;
	int worst_slice_cpu;
};

/**
 * struct engine - the one instance
 * @lock: guards @state, @reason, @last_result and the requests, from
 *	@requested to @later_cap
 * @state: where the module is
 * @reason: why, as a sentence
 * @requested: number of the last accepted request
 * @served: number of the last request whose pass ended
 * @want: somebody asks for a pass, by this trigger; TRIGGER_NONE if not
 * @want_full: it is to be a full one
 * @want_number: the last request that it serves
 * @own: the worker wants a pass itself, by this trigger; TRIGGER_NONE if not
 * @own_full: it is to be a full one
 * @later_at: ktime in ns at which a delayed request becomes due; 0: none
 * @later_cap: and the latest that others after it may put it off to
 * @view_only: why the module only looks, as a sentence; NULL if it does not. Set
 *	at load
 * @enabled: the admin's wish
 * @cancel: the admin wants the running pass to end
 * @retry_now: the admin wants a new try without a pause
 * @suspended: the system is going to sleep
 * @leaving: unload or reboot; never taken back
 * @snp_moved: SNP was or is being shut down or initialised: nothing is to be
 *	executed or armed before the worker has looked
 * @asleep: it has taken note of @suspended
 * @left: it has taken note of @leaving and has nothing to tell any more
 * @kicked: the worker has something to look at
 * @wait: the worker sleeps here
 * @worker: the worker
 * @last_result: how the last pass ended
 * @covered: the regions looked after
 * @plan: beliefs about those that some core's window holds
 * @pass: number of the running pass, one that finds nothing counts; 0 in none
 * @returned: how many slices and orders of leaders have come back
 * @progress_done: instructions of the running pass that are done
 * @progress_total: all of them, as far as known
 * @stats: counts
 */
struct engine {
	spinlock_t lock;	/* state, reason and requests; see above */
	enum engine_state state;
	char reason[ENGINE_REASON_MAX];
	u64 requested;
	u64 served;
	enum engine_trigger want;
	bool want_full;
	u64 want_number;
	enum engine_trigger own;
	bool own_full;
	u64 later_at;
	u64 later_cap;

	const char *view_only;
	bool enabled;
	bool cancel;
	bool retry_now;
	bool suspended;
	bool leaving;
	bool snp_moved;
	bool asleep;
	bool left;
	bool kicked;
	wait_queue_head_t wait;
	struct task_struct *worker;

	enum engine_result last_result;
	struct coverage covered;
	struct plan plan;
	u64 pass;
	atomic_t returned;
	atomic_t progress_done;
	u32 progress_total;
	struct engine_stats stats;
};

extern struct engine engine;

/* state.c */
const char *state_word(enum engine_state state);
const char *state_result_word(enum engine_result result);
const char *state_trigger_word(enum engine_trigger trigger);
enum engine_state state_now(void);
__printf(2, 3) void state_set(enum engine_state state, const char *reason, ...);
void state_reason(char *buf);
void state_kick(void);
int state_request(enum engine_request request);
void state_want(enum engine_trigger trigger);
bool state_take(enum engine_trigger *trigger, bool *full, u64 *number);
void state_serve(u64 number, enum engine_result result);
void state_drop_requests(enum engine_result result);
u64 state_later_at(void);

/* worker.c */
int worker_start(void);
void worker_stop(void);
void worker_leave(void);
void worker_suspend(void);
void worker_resume(void);

/* viewing.c */
void viewing_look(void);
void viewing_forget(void);
u64 viewing_at(void);

/* pass.c */
struct core;
void pass_answered(struct core *core);
void pass_fault(struct core *core, int error);
bool pass_welcome_late(void);
bool pass_elect(void);
enum engine_result pass_run(enum engine_trigger trigger, bool full,
			    bool *again);
bool pass_audit(u32 first, u32 count);
bool pass_view(bool all);

/* True as soon as the running pass has to end. Any context. */
static inline bool engine_pass_ends(void)
{
	return READ_ONCE(engine.leaving) || READ_ONCE(engine.cancel) ||
	       READ_ONCE(engine.suspended) || !READ_ONCE(engine.enabled) ||
	       READ_ONCE(engine.snp_moved);
}

/* sysfs.c */
int sysfs_start(void);
void sysfs_stop(void);
void sysfs_state_changed(void);
void sysfs_served_changed(void);

#endif /* RMPOPT_ENGINE_H */
