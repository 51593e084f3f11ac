/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The guard makes sure that the worker gets CPU time.
 */
#ifndef RMPOPT_GUARD_H
#define RMPOPT_GUARD_H

#include <linux/types.h>

struct cpumask;
struct task_struct;

int guard_start(struct task_struct *task);
void guard_stop(void);
void guard_expect(void);
void guard_wake(void);
void guard_rest(u64 until);
void guard_move_away(struct task_struct *task, struct cpumask *cpus);

#endif /* RMPOPT_GUARD_H */
