/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The part of machinectl that is about the PSP and the states of pages.
 */
#ifndef RMPOPT_TESTS_MACHINECTL_PSP_H
#define RMPOPT_TESTS_MACHINECTL_PSP_H

#include <stdint.h>

#include "control.h"

/* machinectl.c: any error of the machine ends the program. */
void ask(enum machine_op op, uint64_t abc[3]);
void fail(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
uint64_t number(const char *text);

/* machinectl-psp.c: commands, with the words behind them. */
void psp(char **arg);
void states(char **arg);
void guest(char **arg);

#endif /* RMPOPT_TESTS_MACHINECTL_PSP_H */
