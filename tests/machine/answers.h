/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Questions about RMPOPT that no public text answers, and the answers that the
 * machine can give: one table. A profile is an answer to each of them.
 *
 * An answer is one of enum machine_answer; those with a number have it from
 * bit MACHINE_NUMBER_SHIFT on.
 */
#ifndef RMPOPT_TESTS_ANSWERS_H
#define RMPOPT_TESTS_ANSWERS_H

#define MACHINE_NUMBER_SHIFT	8

enum machine_question {
	Q_DISARMED = 0,		/* RMPOPT while RMPOPT_EN is clear */
	Q_REPORT_FIRST,		/* a report behind arming, before any verify */
	Q_RAX_UNALIGNED,
	Q_RAX_UPPER,		/* bits 63:52 of RAX */
	Q_RAX_BELOW,		/* RAX below the window, */
	Q_RAX_ABOVE,		/* and above it */
	Q_RAX_BEYOND_RMP,	/* a verify where the RMP has no entries, */
	Q_RAX_HOLE,		/* and where it has some, but there is no RAM */
	Q_RCX_2,		/* RCX even and not 0, */
	Q_RCX_3,		/* RCX odd and not 1, */
	Q_RCX_UPPER,		/* in bits 31:0; and bits 63:32 */
	Q_EN_CLEAR,		/* RMPOPT_BASE written while RMPOPT_EN is set: with RMPOPT_EN clear, */
	Q_OTHER_BASE,		/* with another base, */
	Q_SAME_BASE,		/* with the same value */
	Q_SIBLING,		/* whose is a table, the core's or the thread's? */
	Q_CACHE_SUCCESS,	/* for how long is the result of a verify that succeeded cached, */
	Q_CACHE_FAILURE,	/* and that of one that failed? */
	Q_FAILURE_COST,		/* does a verify stop at an assigned page? */
	Q_IDLE,			/* what becomes of a table in deep idle, */
	Q_OFFLINE_THREAD,	/* while a thread of the core is offline, */
	Q_OFFLINE_CORE,		/* while all of them are? */
	Q_RMPREAD_OWN,		/* RMPREAD of a page of the RMP, */
	Q_RMPREAD_MMIO,		/* where there is no RAM, */
	Q_RMPREAD_UNALIGNED,	/* and of an address within a page */
	Q_LOSS,			/* when do cores lose a bit, as seen from RMPUPDATE? */
	Q_QUESTIONS
};

enum machine_answer {
	A_UD = 0, A_GP, A_CF0, A_CF1, A_ROUNDED, A_IGNORED, A_WRAPS, A_VERIFY, A_REPORT,
	A_CLEARED, A_TAKEN_EMPTIED, A_TAKEN_KEPT, A_KEPT, A_EMPTIED, A_SHARED, A_OWN, A_NONE,
	A_UNTIL_CONVERSION, A_YES, A_EARLY, A_WHOLE, A_ASSIGNED, A_UNASSIGNED, A_AT_ONCE,
	A_BEFORE_RETURN, A_LATE,
	A_MS,			/* a number of ms */
	A_CODE,			/* what RMPREAD returns in RAX */
	A_ANSWERS
};

static const char *const answer_words[A_ANSWERS] = {
	[A_UD] = "ud", [A_GP] = "gp", [A_CF0] = "cf0", [A_CF1] = "cf1", [A_ROUNDED] = "rounded",
	[A_IGNORED] = "ignored", [A_WRAPS] = "wraps", [A_VERIFY] = "verify", [A_REPORT] = "report",
	[A_CLEARED] = "cleared", [A_TAKEN_EMPTIED] = "taken-emptied", [A_TAKEN_KEPT] = "taken-kept",
	[A_KEPT] = "kept", [A_EMPTIED] = "emptied", [A_SHARED] = "shared", [A_OWN] = "own",
	[A_NONE] = "none", [A_UNTIL_CONVERSION] = "until-conversion", [A_YES] = "yes",
	[A_EARLY] = "early", [A_WHOLE] = "whole", [A_ASSIGNED] = "assigned",
	[A_UNASSIGNED] = "unassigned", [A_AT_ONCE] = "at-once", [A_BEFORE_RETURN] = "before-return",
	[A_LATE] = "late", [A_MS] = "", [A_CODE] = "code-",
};

#define A_1(a)			(1ull << (a))
#define A_2(a, b)		(A_1(a) | A_1(b))
#define A_3(a, b, c)		(A_2(a, b) | A_1(c))
#define A_4(a, b, c, d)		(A_3(a, b, c) | A_1(d))

static const struct machine_question_entry {
	const char *name;
	unsigned long long allowed;	/* bits by enum machine_answer */
	enum machine_answer kind, harsh;
} questions[Q_QUESTIONS] = {
	[Q_DISARMED] = { "disarmed", A_3(A_UD, A_GP, A_CF0), A_UD, A_UD },
	[Q_REPORT_FIRST] = { "report-first", A_2(A_CF0, A_CF1), A_CF0, A_CF0 },
	[Q_RAX_UNALIGNED] = { "rax-unaligned", A_3(A_ROUNDED, A_GP, A_CF0), A_ROUNDED, A_GP },
	[Q_RAX_UPPER] = { "rax-upper", A_3(A_IGNORED, A_GP, A_CF0), A_CF0, A_GP },
	[Q_RAX_BELOW] = { "rax-below", A_3(A_CF0, A_GP, A_WRAPS), A_CF0, A_GP },
	[Q_RAX_ABOVE] = { "rax-above", A_3(A_CF0, A_GP, A_WRAPS), A_CF0, A_GP },
	[Q_RAX_BEYOND_RMP] = { "rax-beyond-rmp", A_3(A_CF0, A_CF1, A_GP), A_CF0, A_CF0 },
	[Q_RAX_HOLE] = { "rax-hole", A_3(A_CF0, A_CF1, A_GP), A_CF1, A_CF1 },
	[Q_RCX_2] = { "rcx-2", A_3(A_VERIFY, A_REPORT, A_GP), A_VERIFY, A_GP },
	[Q_RCX_3] = { "rcx-3", A_3(A_VERIFY, A_REPORT, A_GP), A_REPORT, A_GP },
	[Q_RCX_UPPER] = { "rcx-upper", A_2(A_IGNORED, A_GP), A_IGNORED, A_GP },
	[Q_EN_CLEAR] = { "en-clear", A_3(A_IGNORED, A_GP, A_CLEARED), A_IGNORED, A_GP },
	[Q_OTHER_BASE] = { "other-base", A_4(A_TAKEN_EMPTIED, A_TAKEN_KEPT, A_IGNORED, A_GP),
			   A_TAKEN_EMPTIED, A_GP },
	[Q_SAME_BASE] = { "same-base", A_3(A_KEPT, A_EMPTIED, A_GP), A_KEPT, A_EMPTIED },
	[Q_SIBLING] = { "sibling", A_2(A_SHARED, A_OWN), A_SHARED, A_SHARED },
	[Q_CACHE_SUCCESS] = { "cache-success", A_3(A_NONE, A_UNTIL_CONVERSION, A_MS),
			      A_UNTIL_CONVERSION, A_UNTIL_CONVERSION },
	[Q_CACHE_FAILURE] = { "cache-failure", A_2(A_NONE, A_YES), A_NONE, A_NONE },
	[Q_FAILURE_COST] = { "failure-cost", A_2(A_EARLY, A_WHOLE), A_EARLY, A_EARLY },
	[Q_IDLE] = { "idle", A_2(A_KEPT, A_EMPTIED), A_KEPT, A_KEPT },
	[Q_OFFLINE_THREAD] = { "offline-thread", A_2(A_KEPT, A_EMPTIED), A_KEPT, A_KEPT },
	[Q_OFFLINE_CORE] = { "offline-core", A_2(A_KEPT, A_EMPTIED), A_KEPT, A_EMPTIED },
	[Q_RMPREAD_OWN] = { "rmpread-own", A_4(A_ASSIGNED, A_GP, A_UD, A_CODE), A_ASSIGNED, A_ASSIGNED },
	[Q_RMPREAD_MMIO] = { "rmpread-mmio", A_3(A_UNASSIGNED, A_GP, A_CODE), A_UNASSIGNED, A_UNASSIGNED },
	[Q_RMPREAD_UNALIGNED] = { "rmpread-unaligned", A_3(A_ROUNDED, A_GP, A_CODE), A_ROUNDED, A_ROUNDED },
	[Q_LOSS] = { "loss", A_3(A_AT_ONCE, A_BEFORE_RETURN, A_LATE), A_AT_ONCE, A_BEFORE_RETURN },
};

#endif /* RMPOPT_TESTS_ANSWERS_H */
