// SPDX-License-Identifier: GPL-2.0
/*
 * State, reason and requests.
 *
 * The state changes in state_set() only. Requests are numbered; a request is
 * served when a pass that began after it has ended, or when it is certain that
 * there will be none. Numbers are served in order, so a request that waits for
 * its quiet period is served by the pass of a later one. Its own pass runs all
 * the same, as more pages may come back.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/completion.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/irq_work.h>
#include <linux/kernel.h>
#include <linux/kobject.h>
#include <linux/kprobes.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "rmpopt.h"
#include "guard.h"
#include "state.h"
#include "trace.h"
#include "tune.h"

struct engine engine = {
	.lock = __RAW_SPIN_LOCK_UNLOCKED(engine.lock),
	.state = STATE_WAITING,
	.reason = "the module is being loaded",
};

struct wishes wishes = {
	.left = COMPLETION_INITIALIZER(wishes.left),
	.asleep = COMPLETION_INITIALIZER(wishes.asleep),
	.enabled = true,
};

/* The folder with the files state and served; NULL if there is none. */
static struct kobject *notified;

static const char * const state_words[] = {
	[STATE_WAITING]		= "waiting",
	[STATE_READY]		= "ready",
	[STATE_SCANNING]	= "scanning",
	[STATE_STOPPED]		= "stopped",
	[STATE_FAILED]		= "failed",
	[STATE_SUSPENDED]	= "suspended",
	[STATE_LEAVING]		= "leaving",
	[STATE_VIEWING]		= "viewing",
};

static const char * const result_words[] = {
	[RESULT_NONE]		= "none",
	[RESULT_OK]		= "ok",
	[RESULT_PARTIAL]	= "partial",
	[RESULT_CANCELLED]	= "cancelled",
	[RESULT_FAILED]		= "failed",
};

static const char * const trigger_words[] = {
	[TRIGGER_NONE]		= "none",
	[TRIGGER_LOAD]		= "load",
	[TRIGGER_REQUEST]	= "request",
	[TRIGGER_LATER]		= "later",
	[TRIGGER_ARMED]		= "armed",
	[TRIGGER_HOTPLUG]	= "hotplug",
	[TRIGGER_RETRY]		= "retry",
	[TRIGGER_WATCH]		= "watch",
	[TRIGGER_AUDIT]		= "audit",
	[TRIGGER_CONVERSION]	= "conversion",
};

const char *state_word(enum engine_state state)
{
	return state_words[state];
}

const char *state_result_word(enum engine_result result)
{
	return result_words[result];
}

const char *state_trigger_word(enum engine_trigger trigger)
{
	return trigger_words[trigger];
}

/**
 * state_now - the state, without the lock
 */
enum engine_state state_now(void)
{
	return READ_ONCE(engine.state);
}

/**
 * state_kick - make the worker look
 *
 * Process, softirq or irq_work context; raw locks only.
 */
void state_kick(void)
{
	/* If the kick is seen, so is the wish; pairs with work(). */
	smp_store_release(&wishes.kicked, true);
	guard_expect();
	/*
	 * The worker may have served the wish, and gone to rest, before the guard
	 * expected it: it does so once more, and the guard rests with it.
	 */
	smp_store_release(&wishes.kicked, true);
	guard_wake();
}

static void kick_handler(struct irq_work *work)
{
	state_kick();
}

/* Probes run where nothing may be woken up. */
static struct irq_work kick = IRQ_WORK_INIT(kick_handler);

/**
 * state_kick_from_probe - make the worker look, from where state_kick() is not
 *	allowed
 *
 * Any context.
 */
void state_kick_from_probe(void)
{
	irq_work_queue(&kick);
}
NOKPROBE_SYMBOL(state_kick_from_probe);

/**
 * state_kick_drain - wait until no kick from a probe is under way
 *
 * At unload, when there is no probe any more; sleeps.
 */
void state_kick_drain(void)
{
	irq_work_sync(&kick);
}

/**
 * state_notify - set whose pollers to wake up
 * @files: folder with the files state and served; NULL: none
 *
 * Before the worker has started, or after it has left.
 */
void state_notify(struct kobject *files)
{
	notified = files;
}

/* Wake up those who poll a file; may sleep. */
static void notify(const char *file)
{
	if (notified)
		sysfs_notify(notified, NULL, file);
}

/* Returns whether the reason has changed. */
static bool set_reason(const char *text)
{
	if (!strcmp(engine.reason, text))
		return false;
	strscpy(engine.reason, text);
	return true;
}

/**
 * state_set - move to a state
 * @state: which
 * @reason: why, as a sentence that names the fix; "ok" if there is nothing to
 *	fix; NULL: as before
 *
 * By the worker, or before it starts; may sleep. Logs each change of state or
 * reason, except that a pass begins or ends.
 */
void state_set(enum engine_state state, const char *reason, ...)
{
	char text[ENGINE_REASON_MAX];
	enum engine_state before;
	bool told = false;
	va_list args;

	va_start(args, reason);
	if (reason)
		vscnprintf(text, sizeof(text), reason, args);
	va_end(args);

	raw_spin_lock_irq(&engine.lock);
	before = engine.state;
	WRITE_ONCE(engine.state, state);
	if (reason)
		told = set_reason(text);
	raw_spin_unlock_irq(&engine.lock);

	if (before != state)
		trace_state(before, state);
	if (told || (before != state && before != STATE_SCANNING &&
		     state != STATE_SCANNING))
		pr_info("%s: %s\n", state_word(state), engine.reason);
	if (told || before != state)
		notify("state");
}

/**
 * state_reason - copy the reason
 * @buf: ENGINE_REASON_MAX bytes
 */
void state_reason(char *buf)
{
	raw_spin_lock_irq(&engine.lock);
	strscpy(buf, engine.reason, ENGINE_REASON_MAX);
	raw_spin_unlock_irq(&engine.lock);
}

static bool takes_requests(void)
{
	return engine.state == STATE_READY || engine.state == STATE_SCANNING;
}

/* Each request restarts the quiet period, up to a limit. */
static void note_later(void)
{
	u64 now = ktime_get_ns();

	if (!engine.later_at)
		engine.later_cap = now + tune_read(TUNE_MAX_DELAY_MS) * NSEC_PER_MSEC;
	engine.later_at = min(now + tune_read(TUNE_DELAY_MS) * NSEC_PER_MSEC,
			      engine.later_cap);
}

static void note_request(enum engine_request request)
{
	engine.requested++;
	switch (request) {
	case REQUEST_FULL:
		engine.want_full = true;
		fallthrough;
	case REQUEST_NOW:
		engine.want = TRIGGER_REQUEST;
		engine.want_number = engine.requested;
		break;
	case REQUEST_LATER:
		note_later();
		break;
	case REQUEST_CANCEL:
		if (engine.want != TRIGGER_NONE || engine.later_at)
			WRITE_ONCE(engine.last_result, RESULT_CANCELLED);
		/* Passes that the module wants itself are not cancelled. */
		engine.want = TRIGGER_NONE;
		engine.want_full = false;
		engine.later_at = 0;
		WRITE_ONCE(wishes.cancel, true);
		break;
	}
}

/**
 * state_request - accept a request of a user or another module
 * @request: what is requested
 *
 * Process or softirq context. Merges with earlier requests. The running pass
 * does not serve it; the next one does.
 *
 * Return: 0, -EOPNOTSUPP in view-only mode, -ENODEV unless the state is ready
 * or scanning.
 */
int state_request(enum engine_request request)
{
	unsigned long flags;
	int ret = -ENODEV;

	if (engine.view_only)
		return -EOPNOTSUPP;
	raw_spin_lock_irqsave(&engine.lock, flags);
	if (takes_requests()) {
		note_request(request);
		ret = 0;
	}
	raw_spin_unlock_irqrestore(&engine.lock, flags);

	if (!ret) {
		trace_event(TRACE_REQUEST, -1, -1);
		state_kick();
	}
	return ret;
}

/**
 * rmpopt_scan - request a pass
 * @when: now, or after the quiet period
 *
 * For modules that give back memory of guests. Process or softirq context.
 *
 * Return: 0, -EOPNOTSUPP in view-only mode, -ENODEV unless the state is ready
 * or scanning, -EINVAL for an unknown @when.
 */
int rmpopt_scan(enum rmpopt_when when)
{
	switch (when) {
	case RMPOPT_SCAN_NOW:
		return state_request(REQUEST_NOW);
	case RMPOPT_SCAN_LATER:
		return state_request(REQUEST_LATER);
	}
	return -EINVAL;
}
EXPORT_SYMBOL_GPL(rmpopt_scan);

/**
 * state_want - the worker wants a pass itself
 * @trigger: why
 *
 * Requests of users neither change this nor are changed by it.
 */
void state_want(enum engine_trigger trigger)
{
	raw_spin_lock_irq(&engine.lock);
	if (engine.own == TRIGGER_NONE)
		engine.own = trigger;
	/* Nothing is believed at this point. */
	if (trigger == TRIGGER_LOAD || trigger == TRIGGER_ARMED)
		engine.own_full = true;
	raw_spin_unlock_irq(&engine.lock);
}

/* A delayed request that has become due is treated like any other. */
static void take_later(u64 now)
{
	if (!engine.later_at || now < engine.later_at)
		return;
	engine.later_at = 0;
	if (engine.want == TRIGGER_NONE)
		engine.want = TRIGGER_LATER;
	engine.want_number = engine.requested;
}

static void forget_wishes(void)
{
	engine.want = TRIGGER_NONE;
	engine.want_full = false;
	engine.own = TRIGGER_NONE;
	engine.own_full = false;
}

/**
 * state_take - take the wanted pass, if there is one
 * @trigger: why it is wanted
 * @full: whether it is to be a full one
 * @number: the last request that it serves
 *
 * A request to cancel ends here: the pass that it was meant for has ended, and
 * later requests must not be cancelled. If no pass is wanted, all requests are
 * served.
 */
bool state_take(enum engine_trigger *trigger, bool *full, u64 *number)
{
	u64 now = ktime_get_ns();
	bool asked, taken, settled;

	raw_spin_lock_irq(&engine.lock);
	take_later(now);
	WRITE_ONCE(wishes.cancel, false);
	asked = engine.want != TRIGGER_NONE;
	taken = asked || engine.own != TRIGGER_NONE;
	*trigger = asked ? engine.want : engine.own;
	*full = engine.want_full || engine.own_full;
	/*
	 * A pass of the module's own serves no request that waits for its quiet
	 * period.
	 */
	*number = asked ? engine.want_number : engine.served;
	if (!engine.later_at)
		*number = engine.requested;
	forget_wishes();
	settled = !taken && !engine.later_at && engine.served != engine.requested;
	if (settled)
		engine.served = engine.requested;
	raw_spin_unlock_irq(&engine.lock);

	if (settled)
		notify("served");
	return taken;
}

/**
 * state_note_result - how the last pass ended
 * @result: its result
 */
void state_note_result(enum engine_result result)
{
	raw_spin_lock_irq(&engine.lock);
	WRITE_ONCE(engine.last_result, result);
	raw_spin_unlock_irq(&engine.lock);
}

/**
 * state_serve - a pass has ended, and its requests with it
 * @number: the last request that it served
 *
 * After state_note_result(): whoever waits for it may read that at once.
 */
void state_serve(u64 number)
{
	bool news;

	raw_spin_lock_irq(&engine.lock);
	news = number > engine.served;
	engine.served = max(engine.served, number);
	raw_spin_unlock_irq(&engine.lock);
	if (news)
		notify("served");
}

/**
 * state_drop_requests - there will be no pass for the requests
 * @result: the result to report
 *
 * All of them count as served, so that nobody waits for them.
 */
void state_drop_requests(enum engine_result result)
{
	bool dropped;

	raw_spin_lock_irq(&engine.lock);
	dropped = engine.served != engine.requested;
	if (dropped)
		WRITE_ONCE(engine.last_result, result);
	engine.served = engine.requested;
	forget_wishes();
	engine.later_at = 0;
	WRITE_ONCE(wishes.cancel, false);
	raw_spin_unlock_irq(&engine.lock);
	if (dropped)
		notify("served");
}

/**
 * state_later_at - when a delayed request becomes due
 *
 * Return: ktime in ns, 0 if there is none.
 */
u64 state_later_at(void)
{
	u64 at;

	raw_spin_lock_irq(&engine.lock);
	at = engine.later_at;
	raw_spin_unlock_irq(&engine.lock);
	return at;
}
