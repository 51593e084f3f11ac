// SPDX-License-Identifier: GPL-2.0
/*
 * State and reason, which change in state_set() only, and kicks. Requests are
 * in requests.c.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/completion.h>
#include <linux/irq_work.h>
#include <linux/kernel.h>
#include <linux/kobject.h>
#include <linux/kprobes.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "guard.h"
#include "state.h"
#include "trace.h"

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

/**
 * state_tell - wake up those who poll a file
 * @file: its name
 *
 * By the worker, or before it starts; may sleep.
 */
void state_tell(const char *file)
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
		state_tell("state");
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
