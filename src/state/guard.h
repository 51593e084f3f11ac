/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The guard makes sure that the worker gets CPU time.
 */
#ifndef RMPOPT_GUARD_H
#define RMPOPT_GUARD_H

#include <linux/sched.h>
#include <linux/types.h>

struct cpumask;

int guard_start(struct task_struct *task);
void guard_stop(void);
void guard_expect(void);
void guard_wake(void);
void guard_expect_on(unsigned int cpu, u64 until);
void guard_expect_end(void);
void guard_rest(u64 until);
bool guard_sleep_once(u64 until);
bool guard_is_stuck(struct task_struct *task);
bool guard_let_run(struct task_struct *task, const struct cpumask *cpus);
void guard_move_away(struct task_struct *task, struct cpumask *cpus);

/**
 * guard_sleep - sleep until a condition holds, or until a time
 * @condition: looked at first, and whenever the worker is woken up
 * @until: ktime in ns; 0: only until @condition holds
 *
 * By the worker. Whoever makes @condition true calls guard_wake() or
 * wake_up_process() after that, unless the worker may sleep on. No wait queue:
 * under PREEMPT_RT its lock may sleep, where interrupts are disabled, and
 * whoever has it can't be moved away from a CPU that it does not get.
 */
#define guard_sleep(condition, until)				\
do {								\
	u64 __until = (until);					\
								\
	for (;;) {						\
		set_current_state(TASK_IDLE);			\
		if ((condition) || !guard_sleep_once(__until))	\
			break;					\
	}							\
	__set_current_state(TASK_RUNNING);			\
} while (0)

#endif /* RMPOPT_GUARD_H */
