/* SPDX-License-Identifier: GPL-2.0 */
/*
 * DOC: how the module works inside
 *
 * Each folder may include and call only those below it in this list. A test
 * checks that.
 *
 *	main.c		load, unload, parameters
 *	files/		what users see: sysfs, debugfs, probes of tables
 *	worker/		decides: look, compare, act; clocks
 *	pass/		executes: passes, leaders, followers
 *	events/		what happens outside: hooks, conversions, hotplug
 *	cores/		which threads share a table, arming, dropped cores, windows
 *	state/		state, reason, requests, tunables, tracepoints, guard
 *	host/		instructions, MSRs, properties of the machine
 *	plan/		what is believed of the tables: plain C
 *
 * One worker, a kernel thread, owns all state: which cores take part, what is
 * armed, what is believed of the tables, the running pass. Files, hotplug
 * callbacks and notifiers only set a wish and kick it. It reads what the
 * hardware says, compares that with what should be, and acts; it never depends
 * on having seen an event.
 *
 * The planner (plan.h) keeps what is believed of the tables, and decides what
 * to do. Its orders for leaders, one core per node, are executed by threads on
 * those cores, each instruction in its own preempt-off section that checks the
 * core it is on. Its orders for all other cores are executed in slices of at
 * most slice_us, after a tick or by IPI. Answers are written to the maps of the
 * core that executes; the worker reads them when it is done.
 *
 * Probes (files/probe.c) are not in the plan: they are reports for readers of
 * debugfs. They change nothing, so they run in parallel with the worker.
 *
 * Locking: state.h says what engine.lock guards. Everything else is written by
 * the worker alone, and files read it as it is. Slices, errands and orders of
 * leaders are handed over by their busy flags. cpus_read_lock() is held to read
 * masks and to move threads, is not waited for, and is never held across a pass
 * or with migration or preemption disabled, because CPU offlining waits for
 * pinned threads while it holds the write side.
 * Hotplug callbacks take no lock that sleeps under PREEMPT_RT.
 *
 * Where the promises of the design are kept:
 *
 *	safe		host/hw.c (every access has an exception-table entry),
 *			pass/step.c (whose fault it was), cores/cores_drop.c,
 *			state/guard.c (the worker gets CPU time)
 *	complete	worker/due.c (watch, audit), plan/plan_phase.c
 *	minimal		plan/plan_phase.c, plan/plan_lead.c (what is ordered)
 *	quiet		pass/slice.c (after a tick), pass/slices.c (duty, parallel),
 *			pass/lead.c (yields the CPU)
 *	fresh		events/events.c (quiet period and its cap), state/requests.c
 *	open		files/
 */
#ifndef RMPOPT_WORKER_H
#define RMPOPT_WORKER_H

#include <linux/types.h>

int worker_start(void);
void worker_stop(void);
bool worker_leave(long patience);
bool worker_suspend(long patience);
void worker_resume(void);

/* look.c */
extern bool pass_was_run;
void look(void);
struct core *look_next(void);

/* viewing.c */
void viewing_look(void);
void viewing_forget(void);
u64 viewing_at(void);

#endif /* RMPOPT_WORKER_H */
