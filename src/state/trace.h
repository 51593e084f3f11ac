/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints rmpopt:*. Numbers only; times of instructions are TSC cycles.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM rmpopt

#if !defined(RMPOPT_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define RMPOPT_TRACE_H

#include <linux/trace_events.h>
#include <linux/tracepoint.h>

#include "state.h"

/*
 * The kernel has functions of these names, declared in the header above; those
 * that are made for the tracepoint event get other names.
 */
#define register_trace_event	register_trace_rmpopt_event
#define unregister_trace_event	unregister_trace_rmpopt_event

#ifndef RMPOPT_TRACE_ONCE
#define RMPOPT_TRACE_ONCE

/**
 * enum trace_kind - what has happened to the host or to a core
 * @TRACE_ONLINE: a CPU has come online
 * @TRACE_OFFLINE: a CPU goes offline
 * @TRACE_JOINED: a core is armed and takes part, or has to start over
 * @TRACE_LEFT: a core does not take part any more
 * @TRACE_DROPPED: a core is dropped because it fails
 * @TRACE_LATE: a core did not respond in time
 * @TRACE_REQUEST: a pass is requested
 * @TRACE_CONVERTED: pages of a region have come back; traced when a pass takes
 *	note of it, as the hook itself must be fast
 */
enum trace_kind {
	TRACE_ONLINE,
	TRACE_OFFLINE,
	TRACE_JOINED,
	TRACE_LEFT,
	TRACE_DROPPED,
	TRACE_LATE,
	TRACE_REQUEST,
	TRACE_CONVERTED,
};

#endif /* RMPOPT_TRACE_ONCE */

/* Tools that read the format file need the values of the names in it. */
TRACE_DEFINE_ENUM(STATE_WAITING);
TRACE_DEFINE_ENUM(STATE_READY);
TRACE_DEFINE_ENUM(STATE_SCANNING);
TRACE_DEFINE_ENUM(STATE_STOPPED);
TRACE_DEFINE_ENUM(STATE_FAILED);
TRACE_DEFINE_ENUM(STATE_SUSPENDED);
TRACE_DEFINE_ENUM(STATE_LEAVING);
TRACE_DEFINE_ENUM(STATE_VIEWING);
TRACE_DEFINE_ENUM(RESULT_NONE);
TRACE_DEFINE_ENUM(RESULT_OK);
TRACE_DEFINE_ENUM(RESULT_PARTIAL);
TRACE_DEFINE_ENUM(RESULT_CANCELLED);
TRACE_DEFINE_ENUM(RESULT_FAILED);
TRACE_DEFINE_ENUM(TRIGGER_NONE);
TRACE_DEFINE_ENUM(TRIGGER_LOAD);
TRACE_DEFINE_ENUM(TRIGGER_REQUEST);
TRACE_DEFINE_ENUM(TRIGGER_LATER);
TRACE_DEFINE_ENUM(TRIGGER_ARMED);
TRACE_DEFINE_ENUM(TRIGGER_HOTPLUG);
TRACE_DEFINE_ENUM(TRIGGER_RETRY);
TRACE_DEFINE_ENUM(TRIGGER_WATCH);
TRACE_DEFINE_ENUM(TRIGGER_AUDIT);
TRACE_DEFINE_ENUM(TRIGGER_CONVERSION);
TRACE_DEFINE_ENUM(TRACE_ONLINE);
TRACE_DEFINE_ENUM(TRACE_OFFLINE);
TRACE_DEFINE_ENUM(TRACE_JOINED);
TRACE_DEFINE_ENUM(TRACE_LEFT);
TRACE_DEFINE_ENUM(TRACE_DROPPED);
TRACE_DEFINE_ENUM(TRACE_LATE);
TRACE_DEFINE_ENUM(TRACE_REQUEST);
TRACE_DEFINE_ENUM(TRACE_CONVERTED);

/* The words are those of the files; a test compares them with state.c. */
#define TRACE_STATE_WORD(value) __print_symbolic(value, \
	{ STATE_WAITING,	"waiting" }, \
	{ STATE_READY,		"ready" }, \
	{ STATE_SCANNING,	"scanning" }, \
	{ STATE_STOPPED,	"stopped" }, \
	{ STATE_FAILED,		"failed" }, \
	{ STATE_SUSPENDED,	"suspended" }, \
	{ STATE_LEAVING,	"leaving" }, \
	{ STATE_VIEWING,	"viewing" })
#define TRACE_RESULT_WORD(value) __print_symbolic(value, \
	{ RESULT_NONE,		"none" }, \
	{ RESULT_OK,		"ok" }, \
	{ RESULT_PARTIAL,	"partial" }, \
	{ RESULT_CANCELLED,	"cancelled" }, \
	{ RESULT_FAILED,	"failed" })
#define TRACE_TRIGGER_WORD(value) __print_symbolic(value, \
	{ TRIGGER_NONE,		"none" }, \
	{ TRIGGER_LOAD,		"load" }, \
	{ TRIGGER_REQUEST,	"request" }, \
	{ TRIGGER_LATER,	"later" }, \
	{ TRIGGER_ARMED,	"armed" }, \
	{ TRIGGER_HOTPLUG,	"hotplug" }, \
	{ TRIGGER_RETRY,	"retry" }, \
	{ TRIGGER_WATCH,	"watch" }, \
	{ TRIGGER_AUDIT,	"audit" }, \
	{ TRIGGER_CONVERSION,	"conversion" })
#define TRACE_KIND_WORD(value) __print_symbolic(value, \
	{ TRACE_ONLINE,		"online" }, \
	{ TRACE_OFFLINE,	"offline" }, \
	{ TRACE_JOINED,		"joined" }, \
	{ TRACE_LEFT,		"left" }, \
	{ TRACE_DROPPED,	"dropped" }, \
	{ TRACE_LATE,		"late" }, \
	{ TRACE_REQUEST,	"request" }, \
	{ TRACE_CONVERTED,	"converted" })

TRACE_EVENT(pass_begin,
	    TP_PROTO(u64 pass, unsigned int trigger, bool full),
	    TP_ARGS(pass, trigger, full),
	    TP_STRUCT__entry(__field(u64, pass)
			     __field(unsigned int, trigger)
			     __field(bool, full)),
	    TP_fast_assign(__entry->pass = pass;
			   __entry->trigger = trigger;
			   __entry->full = full;),
	    TP_printk("pass=%llu trigger=%s full=%d", __entry->pass,
		      TRACE_TRIGGER_WORD(__entry->trigger), __entry->full)
);

TRACE_EVENT(pass_end,
	    TP_PROTO(u64 pass, unsigned int trigger, unsigned int result,
		     u64 duration_us, u64 stolen_us),
	    TP_ARGS(pass, trigger, result, duration_us, stolen_us),
	    TP_STRUCT__entry(__field(u64, pass)
			     __field(unsigned int, trigger)
			     __field(unsigned int, result)
			     __field(u64, duration_us)
			     __field(u64, stolen_us)),
	    TP_fast_assign(__entry->pass = pass;
			   __entry->trigger = trigger;
			   __entry->result = result;
			   __entry->duration_us = duration_us;
			   __entry->stolen_us = stolen_us;),
	    TP_printk("pass=%llu trigger=%s result=%s duration_us=%llu stolen_us=%llu",
		      __entry->pass, TRACE_TRIGGER_WORD(__entry->trigger),
		      TRACE_RESULT_WORD(__entry->result), __entry->duration_us,
		      __entry->stolen_us)
);

/* @cf: 1 the bit is set, 0 it is not, or the negative errno of a fault. */
TRACE_EVENT(leader_region,
	    TP_PROTO(u64 pass, unsigned int cpu, u32 region, bool verify, int cf,
		     u64 cycles),
	    TP_ARGS(pass, cpu, region, verify, cf, cycles),
	    TP_STRUCT__entry(__field(u64, pass)
			     __field(u64, cycles)
			     __field(unsigned int, cpu)
			     __field(u32, region)
			     __field(int, cf)
			     __field(bool, verify)),
	    TP_fast_assign(__entry->pass = pass;
			   __entry->cycles = cycles;
			   __entry->cpu = cpu;
			   __entry->region = region;
			   __entry->cf = cf;
			   __entry->verify = verify;),
	    TP_printk("pass=%llu cpu=%u region=%u verify=%d cf=%d cycles=%llu",
		      __entry->pass, __entry->cpu, __entry->region, __entry->verify,
		      __entry->cf, __entry->cycles)
);

TRACE_EVENT(follower_slice,
	    TP_PROTO(u64 pass, unsigned int cpu, bool verify, u32 done, u64 cycles,
		     bool overrun),
	    TP_ARGS(pass, cpu, verify, done, cycles, overrun),
	    TP_STRUCT__entry(__field(u64, pass)
			     __field(u64, cycles)
			     __field(unsigned int, cpu)
			     __field(u32, done)
			     __field(bool, verify)
			     __field(bool, overrun)),
	    TP_fast_assign(__entry->pass = pass;
			   __entry->cycles = cycles;
			   __entry->cpu = cpu;
			   __entry->done = done;
			   __entry->verify = verify;
			   __entry->overrun = overrun;),
	    TP_printk("pass=%llu cpu=%u verify=%d done=%u cycles=%llu overrun=%d",
		      __entry->pass, __entry->cpu, __entry->verify, __entry->done,
		      __entry->cycles, __entry->overrun)
);

/* @cpu, @region: -1 for none. */
TRACE_EVENT(event,
	    TP_PROTO(unsigned int kind, int cpu, s64 region),
	    TP_ARGS(kind, cpu, region),
	    TP_STRUCT__entry(__field(s64, region)
			     __field(unsigned int, kind)
			     __field(int, cpu)),
	    TP_fast_assign(__entry->region = region;
			   __entry->kind = kind;
			   __entry->cpu = cpu;),
	    TP_printk("kind=%s cpu=%d region=%lld",
		      TRACE_KIND_WORD(__entry->kind), __entry->cpu, __entry->region)
);

TRACE_EVENT(state,
	    TP_PROTO(unsigned int from, unsigned int to),
	    TP_ARGS(from, to),
	    TP_STRUCT__entry(__field(unsigned int, from)
			     __field(unsigned int, to)),
	    TP_fast_assign(__entry->from = from;
			   __entry->to = to;),
	    TP_printk("from=%s to=%s", TRACE_STATE_WORD(__entry->from),
		      TRACE_STATE_WORD(__entry->to))
);

#endif /* RMPOPT_TRACE_H */

/* Found by -I, which Kbuild gives. */
#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH state
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
