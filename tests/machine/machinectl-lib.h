/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the parts of machinectl share.
 */
#ifndef RMPOPT_TESTS_MACHINECTL_LIB_H
#define RMPOPT_TESTS_MACHINECTL_LIB_H

#include <stdint.h>

#include "control.h"

typedef uint64_t u64;

/* Tables of them end with a NULL name. */
struct word {
	const char *name;
	u64 value;
};

/* Any error of the machine, and any bad word or number, ends the program. */
void fail(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
void ask(enum machine_op op, u64 abc[3]);
void simple(enum machine_op op, u64 a, u64 b, u64 c);
u64 number(const char *text);
u64 cpu_number(const char *text);
u64 lookup(const struct word *words, const char *text);

#endif /* RMPOPT_TESTS_MACHINECTL_LIB_H */
