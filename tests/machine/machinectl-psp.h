/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The part of machinectl that is about the PSP and the states of pages.
 */
#ifndef RMPOPT_TESTS_MACHINECTL_PSP_H
#define RMPOPT_TESTS_MACHINECTL_PSP_H

/* Commands, with the words behind them. */
void psp(char **arg);
void states(char **arg);
void guest(char **arg);

#endif /* RMPOPT_TESTS_MACHINECTL_PSP_H */
