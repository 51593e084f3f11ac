// SPDX-License-Identifier: GPL-2.0
/*
 * The planner: the arithmetic of slices and pauses.
 *
 * Plain C without kernel calls. plan_fits() and plan_learn() are called by a
 * slice's handler for its core.
 */
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/types.h>

#include "plan.h"

/**
 * plan_fits - may a slice start another instruction?
 * @pace: its core's pace
 * @spent: cycles since the slice began
 * @budget: cycles that the slice may take
 *
 * Only if the slowest recent one would still fit. One instruction can't be
 * cut short, so a slice may overrun all the same.
 */
bool plan_fits(const struct plan_pace *pace, u64 spent, u64 budget)
{
	return spent + pace->slowest <= budget;
}

/**
 * plan_learn - note how long an instruction took
 * @pace: its core's pace
 * @cycles: how long
 *
 * An outlier is forgotten by an eighth with each instruction after it.
 */
void plan_learn(struct plan_pace *pace, u64 cycles)
{
	pace->slowest = max(cycles, pace->slowest - (pace->slowest + 7) / 8);
}

/**
 * plan_rest - how long a core is left alone after a slice
 * @spent: what the slice took, in any unit
 * @duty: percent of the core's time that may be taken, 1 ... 100
 *
 * Return: the rest, in the same unit.
 */
u64 plan_rest(u64 spent, u32 duty)
{
	return div_u64(spent * (100 - duty), duty);
}

/**
 * plan_pause - how long to wait before the next try
 * @pause: how long it was before this one, 0 at first
 * @first: how long it is at first
 * @cap: how long it becomes at most
 */
u64 plan_pause(u64 pause, u64 first, u64 cap)
{
	return pause ? min(pause * 2, cap) : first;
}
