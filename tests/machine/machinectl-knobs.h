/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The part of machinectl that changes how the machine behaves.
 */
#ifndef RMPOPT_TESTS_MACHINECTL_KNOBS_H
#define RMPOPT_TESTS_MACHINECTL_KNOBS_H

/* Commands, with the words behind them. */
void costs(char **arg);
void crowd(char **arg);
void patience(char **arg);
void slow(char **arg);
void faulty(char **arg);
void lose(char **arg);
void profile(char **arg);
void answer(char **arg);
void answers(char **arg);
void clearable(char **arg);
void deaf(char **arg);
void en_stays(char **arg);
void base_bits(char **arg);
void rmpread_busy(char **arg);
void fault_region(char **arg);
void region_faults(char **arg);
void fault_nth(char **arg);

#endif /* RMPOPT_TESTS_MACHINECTL_KNOBS_H */
