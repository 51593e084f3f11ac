// SPDX-License-Identifier: GPL-2.0
/*
 * What the worker does by the clock: watch, audit, passes for conversions,
 * delayed requests, retries. By the worker only. Times are ktime in ns, 0:
 * never.
 */
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/minmax.h>

#include "cores/cores.h"
#include "events/events.h"
#include "pass/pass.h"
#include "state/state.h"
#include "state/tune.h"
#include "due.h"
#include "worker.h"

/* Pauses before the worker repeats a pass that was not complete. */
#define RETRY_FIRST_MS	100u
#define RETRY_CAP_MS	(60 * 1000u)

/* Pauses while every core fails. */
#define FAIL_FIRST_MS	1000u
#define FAIL_CAP_MS	(10 * 60 * 1000u)

/*
 * Pauses between looks while SNP is not initialised, as nothing reports that it
 * is.
 */
#define WAIT_FIRST_MS	1000u
#define WAIT_CAP_MS	10000u

/*
 * Looks after SNP has moved: after 1 s, and 2 and 4 s more. SNP_INIT takes
 * seconds.
 */
#define SNP_LOOKS	3u

/* How often to look whether a CPU has come or gone that was on its way. */
#define HOTPLUG_MS	20u

/* A point in time that moves away with each failure. */
struct retry {
	u64 pause_ms;
	u64 at;
};

static struct retry pass_retry, fail_retry;

/* The next look while SNP is not initialised. */
static struct retry wait_retry;

/*
 * Looks after a hook has reported a change of SNP: it runs before SNP_INIT
 * empties the tables, and nothing reports when that is done.
 */
static struct retry snp_retry;
static u32 snp_looks;

/* When a region that is held back or has faulted may be tried again. */
static u64 try_at;

/* When the hardware was last looked at, by whatever pass. */
static u64 watched_at;

/* When the last cores were audited, and which are next. */
static u64 audited_at;
static u32 audit_next;

static void retry_later(struct retry *retry, u64 first_ms, u64 cap_ms)
{
	retry->pause_ms = plan_pause(retry->pause_ms, first_ms, cap_ms);
	retry->at = ktime_get_ns() + retry->pause_ms * NSEC_PER_MSEC;
}

static u64 ms_after(u64 at, u64 ms)
{
	return ms ? at + ms * NSEC_PER_MSEC : 0;
}

static bool is_due(u64 at)
{
	return at && ktime_get_ns() >= at;
}

/**
 * due_start - all periods begin now
 */
void due_start(void)
{
	watched_at = ktime_get_ns();
	audited_at = watched_at;
}

/**
 * due_want - the worker wants a pass itself, if the admin lets it
 * @trigger: why
 */
void due_want(enum engine_trigger trigger)
{
	if (tune_read(TUNE_AUTO))
		state_want(trigger);
}

/**
 * due_watch_at - when the next watch is due
 * @watched: when the hardware was last looked at, ktime in ns
 *
 * Return: ktime in ns, 0 if there is to be none.
 */
u64 due_watch_at(u64 watched)
{
	return ms_after(watched, tune_read(TUNE_WATCH_MS));
}

/**
 * due_round_at - when all cores are to be asked
 * @asked: ktime in ns at which they were asked last
 *
 * Return: ktime in ns, 0 if never.
 */
u64 due_round_at(u64 asked)
{
	return ms_after(asked, tune_read(TUNE_AUDIT_MS));
}

static u64 watch_at(void)
{
	return due_watch_at(watched_at);
}

/* One core at a time, or several if there are very many. */
static u64 audit_pause_ms(void)
{
	u64 round = tune_read(TUNE_AUDIT_MS);
	u32 cores = the_plan.cores ?: 1;

	return round ? clamp(div_u64(round, cores), min(round, 1000ull), round) : 0;
}

static u64 audit_at(void)
{
	return ms_after(audited_at, audit_pause_ms());
}

static void audit(void)
{
	u32 cores = the_plan.cores;
	u32 some = DIV_ROUND_UP_ULL(cores * audit_pause_ms(),
				    tune_read(TUNE_AUDIT_MS) ?: 1);

	audited_at = ktime_get_ns();
	if (!pass_audit(audit_next, some))
		return;
	/* A core that had to be armed again has found nothing, and owes all. */
	if (the_plan.found || the_plan.open)
		due_want(TRIGGER_AUDIT);
	audit_next = audit_next + some < cores ? audit_next + some : 0;
}

/**
 * due_audit - audit the next cores, if it is time to, while the state is ready
 */
void due_audit(void)
{
	if (state_now() == STATE_READY && tune_read(TUNE_AUTO) &&
	    is_due(audit_at()))
		audit();
}

/**
 * due_watched - drop a watch that is due but not wanted
 */
void due_watched(void)
{
	if (is_due(watch_at()))
		watched_at = ktime_get_ns();
}

static void look_again_later(void)
{
	if (snp_looks--)
		retry_later(&snp_retry, WAIT_FIRST_MS, WAIT_CAP_MS);
	else
		snp_retry.at = 0;
}

/**
 * due_snp_moved - SNP was shut down or initialised: look soon, and again later
 */
void due_snp_moved(void)
{
	wait_retry = (struct retry){};
	snp_retry = (struct retry){};
	snp_looks = SNP_LOOKS;
	look_again_later();
}

/**
 * due_wait - the module waits for SNP: set when to look again
 */
void due_wait(void)
{
	if (state_now() != STATE_WAITING)
		wait_retry = (struct retry){};
	if (!wait_retry.at || is_due(wait_retry.at))
		retry_later(&wait_retry, WAIT_FIRST_MS, WAIT_CAP_MS);
}

/*
 * Passes for conversions would fail as long as no core can lead, and mark the
 * same regions again: they wait for the repetition, which has growing pauses.
 */
static bool lacks_leader(void)
{
	return running.leaderless && pass_retry.at;
}

/**
 * due_look - start what has become due, while the state is ready
 */
void due_look(void)
{
	if (is_due(pass_retry.at)) {
		pass_retry.at = 0;
		due_want(TRIGGER_RETRY);
	}
	if (is_due(try_at)) {
		try_at = 0;
		due_want(TRIGGER_RETRY);
	}
	if (is_due(snp_retry.at)) {
		look_again_later();
		due_want(TRIGGER_WATCH);
	}
	if (!tune_read(TUNE_AUTO)) {
		due_watched();
		return;
	}
	due_audit();
	/* It may have found that SNP is gone. */
	if (state_pass_ends())
		return;
	if (is_due(watch_at())) {
		watched_at = ktime_get_ns();
		due_want(TRIGGER_WATCH);
	}
	/* Any pass serves conversions, too. */
	if (!lacks_leader() && events_due())
		due_want(TRIGGER_CONVERSION);
}

/**
 * due_looked - a pass has ended
 * @began: ktime in ns; what has become due since then was not tried
 * @all: it has looked at everything, not only at what was converted
 * @again: it was not complete and is to be repeated
 */
void due_looked(u64 began, bool all, bool again)
{
	/* When all that was due was last tried. */
	static u64 tried_at;

	if (all) {
		tried_at = began;
		watched_at = ktime_get_ns();
	}
	try_at = plan_hold_ends(&the_plan, tried_at);
	sooner(&try_at, plan_fault_ends(&the_plan, tried_at));
	if (again)
		retry_later(&pass_retry, RETRY_FIRST_MS, RETRY_CAP_MS);
	else if (all)
		due_forget_pass();
}

/**
 * due_forget_pass - no pass is to be repeated
 */
void due_forget_pass(void)
{
	pass_retry = (struct retry){};
}

/**
 * due_after_failure - every core has failed: pause before the next try
 *
 * A retry before the pause is over does not make the pause longer.
 *
 * Return: how long, in ms.
 */
u64 due_after_failure(void)
{
	u64 now = ktime_get_ns();

	if (now < fail_retry.at)
		return div_u64(fail_retry.at - now, NSEC_PER_MSEC);
	retry_later(&fail_retry, FAIL_FIRST_MS, FAIL_CAP_MS);
	return fail_retry.pause_ms;
}

/**
 * due_forget_failure - the next failure is the first one
 */
void due_forget_failure(void)
{
	fail_retry = (struct retry){};
}

/**
 * due_try - is the pause over?
 */
bool due_try(void)
{
	return ktime_get_ns() >= fail_retry.at;
}

/* Does each look bring the registry up to date? */
static bool sees_hotplug(enum engine_state state)
{
	return state == STATE_READY || state == STATE_FAILED ||
	       state == STATE_VIEWING;
}

/**
 * due_at - when to wake up without a kick
 *
 * Return: ktime in ns, 0 if there is nothing.
 */
u64 due_at(void)
{
	enum engine_state state = state_now();
	u64 at = 0;

	if (state == STATE_WAITING)
		sooner(&at, wait_retry.at);
	if (state == STATE_VIEWING)
		sooner(&at, viewing_at());
	if (state == STATE_READY) {
		sooner(&at, watch_at());
		sooner(&at, state_later_at(events_quiet_at()));
		sooner(&at, pass_retry.at);
		sooner(&at, try_at);
		sooner(&at, snp_retry.at);
		sooner(&at, cores_retry_at());
		sooner(&at, lacks_leader() ? 0 : events_due_at());
		sooner(&at, tune_read(TUNE_AUTO) ? audit_at() : 0);
	}
	if (state == STATE_FAILED)
		sooner(&at, fail_retry.at);
	/* A CPU was on its way at the last look. */
	if (sees_hotplug(state) && cores_changed())
		sooner(&at, ktime_get_ns() + HOTPLUG_MS * NSEC_PER_MSEC);
	return at;
}
