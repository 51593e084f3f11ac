/* SPDX-License-Identifier: GPL-2.0 */
/*
 * State, reason and requests, and the wishes that others have for the worker.
 *
 * Locking: engine.lock (a raw spinlock, taken with interrupts disabled) guards
 * state, reason and requests. Wishes are single words that files, callbacks
 * and notifiers write; the worker reads them after a kick.
 */
#ifndef RMPOPT_STATE_H
#define RMPOPT_STATE_H

#include <linux/completion.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/types.h>

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

/*
 * Why a pass runs; the words of stats/last_trigger, in this order in state.c.
 */
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

/* What a write to scan requests. */
enum engine_request {
	REQUEST_NOW,
	REQUEST_FULL,
	REQUEST_LATER,
	REQUEST_CANCEL,
};

#define ENGINE_REASON_MAX	320

/**
 * struct engine - state and requests
 * @lock: guards all of it but @view_only
 * @state: the state
 * @reason: why, as a sentence
 * @requested: number of the last accepted request
 * @served: number of the last request whose pass ended
 * @want: a pass is requested, with this trigger; TRIGGER_NONE if not
 * @want_full: it is to be a full one
 * @want_number: the last request that it serves
 * @cancelled: a request was cancelled before its pass began
 * @own: the worker wants a pass itself, with this trigger; TRIGGER_NONE if not
 * @own_full: it is to be a full one
 * @later_first: ktime in ns of the first delayed request that waits; 0: none
 * @later_last: of the last one
 * @last_result: how the last pass ended
 * @view_only: why the module is in view-only mode, as a sentence; NULL if it is
 *	not. Set at load
 */
struct engine {
	raw_spinlock_t lock;	/* state, reason and requests */
	enum engine_state state;
	char reason[ENGINE_REASON_MAX];
	u64 requested;
	u64 served;
	enum engine_trigger want;
	bool want_full;
	u64 want_number;
	bool cancelled;
	enum engine_trigger own;
	bool own_full;
	u64 later_first;
	u64 later_last;
	enum engine_result last_result;
	const char *view_only;
};

/**
 * struct wishes - what others want from the worker
 * @enabled: the admin's wish
 * @cancel: the admin wants the running pass to end
 * @retry_now: the admin wants a retry without a pause
 * @suspended: the system is being suspended
 * @leaving: unload or reboot; never cleared
 * @snp_moved: SNP was or is being shut down or initialised: nothing may be
 *	executed or armed before the worker has looked
 * @asleep: the worker has seen @leaving, or @suspended and that nothing is
 *	under way any more
 * @left: the worker has seen @leaving, and notifies nobody any more
 * @kicked: the worker has something to look at
 * @worker: the worker
 */
struct wishes {
	bool enabled;
	bool cancel;
	bool retry_now;
	bool suspended;
	bool leaving;
	bool snp_moved;
	struct completion asleep;
	struct completion left;
	bool kicked;
	struct task_struct *worker;
};

extern struct engine engine;
extern struct wishes wishes;

struct kobject;
const char *state_word(enum engine_state state);
const char *state_result_word(enum engine_result result);
const char *state_trigger_word(enum engine_trigger trigger);
enum engine_state state_now(void);
__printf(2, 3) void state_set(enum engine_state state, const char *reason, ...);
void state_reason(char *buf);
void state_notify(struct kobject *files);
void state_tell(const char *file);
void state_kick(void);
void state_kick_from_probe(void);
void state_kick_drain(void);

/* requests.c */
int state_request(enum engine_request request);
void state_want(enum engine_trigger trigger);
bool state_take(u64 quiet_at, enum engine_trigger *trigger, bool *full,
		u64 *number);
void state_note_result(enum engine_result result, u64 number);
void state_serve(u64 number);
void state_drop_requests(enum engine_result result);
u64 state_later_at(u64 quiet_at);

/* True as soon as the running pass has to end. Any context. */
static inline bool state_pass_ends(void)
{
	return READ_ONCE(wishes.leaving) || READ_ONCE(wishes.cancel) ||
	       READ_ONCE(wishes.suspended) || !READ_ONCE(wishes.enabled) ||
	       READ_ONCE(wishes.snp_moved);
}

#endif /* RMPOPT_STATE_H */
