// SPDX-License-Identifier: GPL-2.0
/*
 * Requests, and the passes that the worker wants itself.
 *
 * Requests are numbered; a request is served when a pass that began after it
 * has ended, or when it is certain that there will be none. Numbers are served
 * in order, so a request that waits for its quiet period is served by the pass
 * of a later one. Its own pass runs all the same, as more pages may come back.
 */
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/spinlock.h>

#include "rmpopt.h"
#include "state.h"
#include "trace.h"
#include "tune.h"

static bool takes_requests(void)
{
	return engine.state == STATE_READY || engine.state == STATE_SCANNING;
}

static void note_later(void)
{
	engine.later_last = ktime_get_ns();
	if (!engine.later_first)
		engine.later_first = engine.later_last;
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
		engine.cancelled |= engine.want != TRIGGER_NONE || engine.later_first;
		/* Passes that the module wants itself are not cancelled. */
		engine.want = TRIGGER_NONE;
		engine.want_full = false;
		engine.later_first = 0;
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

/*
 * Each request for later restarts the quiet period, up to a limit, and so do
 * conversions. Both times may have been set since it was made.
 */
static u64 later_due(u64 quiet_at)
{
	u64 delay = tune_read(TUNE_DELAY_MS) * NSEC_PER_MSEC;
	u64 limit = tune_read(TUNE_MAX_DELAY_MS) * NSEC_PER_MSEC;

	if (!engine.later_first)
		return 0;
	return min(max(engine.later_last + delay, quiet_at),
		   engine.later_first + limit);
}

/* A delayed request that has become due is treated like any other. */
static void take_later(u64 quiet_at)
{
	u64 at = later_due(quiet_at);

	if (!at || ktime_get_ns() < at)
		return;
	engine.later_first = 0;
	if (engine.want == TRIGGER_NONE)
		engine.want = TRIGGER_LATER;
	engine.want_number = engine.requested;
}

static void forget_wishes(void)
{
	engine.want = TRIGGER_NONE;
	engine.want_full = false;
	engine.cancelled = false;
	engine.own = TRIGGER_NONE;
	engine.own_full = false;
}

/**
 * state_take - take the wanted pass, if there is one
 * @quiet_at: as for state_later_at()
 * @trigger: why it is wanted
 * @full: whether it is to be a full one
 * @number: the last request that it serves
 *
 * A request to cancel ends here: the pass that it was meant for has ended, and
 * later requests must not be cancelled. If no pass is wanted, all requests are
 * served.
 */
bool state_take(u64 quiet_at, enum engine_trigger *trigger, bool *full,
		u64 *number)
{
	bool asked, taken, settled;

	raw_spin_lock_irq(&engine.lock);
	take_later(quiet_at);
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
	if (!engine.later_first)
		*number = engine.requested;
	settled = !taken && !engine.later_first && engine.served != engine.requested;
	if (settled) {
		engine.served = engine.requested;
		if (engine.cancelled)
			WRITE_ONCE(engine.last_result, RESULT_CANCELLED);
	}
	forget_wishes();
	raw_spin_unlock_irq(&engine.lock);

	if (settled)
		state_tell("served");
	return taken;
}

/**
 * state_note_result - how the last pass ended
 * @result: its result
 * @number: the last request that it served; if later ones were dropped
 *	meanwhile, their result stands
 */
void state_note_result(enum engine_result result, u64 number)
{
	raw_spin_lock_irq(&engine.lock);
	if (engine.served <= number)
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
		state_tell("served");
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
	engine.later_first = 0;
	WRITE_ONCE(wishes.cancel, false);
	raw_spin_unlock_irq(&engine.lock);
	if (dropped)
		state_tell("served");
}

/**
 * state_later_at - when a delayed request becomes due
 * @quiet_at: ktime in ns at which there will have been no conversion for
 *	delay_ms, if no more come; 0: that is so
 *
 * Return: ktime in ns, 0 if there is none.
 */
u64 state_later_at(u64 quiet_at)
{
	u64 at;

	raw_spin_lock_irq(&engine.lock);
	at = later_due(quiet_at);
	raw_spin_unlock_irq(&engine.lock);
	return at;
}
