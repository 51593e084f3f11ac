/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The threads of leaders.
 */
#ifndef RMPOPT_LEAD_WORK_H
#define RMPOPT_LEAD_WORK_H

#include <linux/types.h>

#include "cores/latency.h"

struct core;
struct task_struct;

/**
 * struct lead - one thread
 * @task: the thread
 * @core: whose order it executes
 * @cpu: on which CPU
 * @busy: from sending until its last access to the order; whoever sees it clear
 *	owns the rest
 * @next: the place after the last one done; where to begin
 * @result: 0 done, -ESTALE not on its core any more, -EINTR the pass has to
 *	end, or what the last instruction failed with
 * @verify: whether it is an order of verifies
 * @times: how long they took, interrupts included
 * @seen: @next when the worker last saw it move
 * @seen_at: ktime in ns of that
 * @urged: it has normal priority, as it got no time with low priority
 * @called_back: it was moved off its CPU, where it got no time, and has done
 *	nothing since
 * @lost: its CPU hangs, and another thread has taken its place
 * @moved_at: ktime in ns at which it was last seen to move
 * @older: the one that was lost before it
 */
struct lead {
	struct task_struct *task;
	struct core *core;
	unsigned int cpu;
	u32 next;
	int result;
	bool busy;
	bool verify;
	bool urged;
	bool called_back;
	bool lost;
	u32 seen;
	u64 seen_at;
	u64 moved_at;
	struct lead *older;
	struct latency times;
};

int lead_work(void *data);

#endif /* RMPOPT_LEAD_WORK_H */
