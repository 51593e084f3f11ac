/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Slices: what a follower executes in one go.
 */
#ifndef RMPOPT_SLICE_H
#define RMPOPT_SLICE_H

#include <linux/smp.h>
#include <linux/timer.h>
#include <linux/types.h>

#include "latency.h"
#include "plan.h"

/**
 * struct slice - what one follower does in one go
 * @csd: its IPI; may be unlocked before the handler has begun, so it says
 *	nothing about the handler
 * @timer: or the timer that runs it behind a tick
 * @busy: from sending until the handler's last access to this structure; who
 *	sees it clear owns the rest
 * @by_tick: it was sent by timer
 * @verify: whether its instructions are verifies
 * @number: number of the phase that it belongs to
 * @pass: and of the pass
 * @next: the place behind the last one done; where to begin
 * @done: instructions executed
 * @error: 0, or what the last instruction failed with
 * @budget: what it may take, in cycles
 * @cycles: how long its instructions took, with all that belongs to them
 * @pace: how long this core's instructions take
 * @times: the same of the slice's, counted
 */
struct slice {
	call_single_data_t csd;
	struct timer_list timer;
	bool busy;
	bool by_tick;
	bool verify;
	u64 number;
	u64 pass;
	u32 next;
	u32 done;
	int error;
	u32 budget;
	u64 cycles;
	struct plan_pace pace;
	struct latency times;
};

struct core;

void slice_prepare(struct core *core);
bool slice_is_busy(const struct core *core);
void slice_begin_phase(void);
bool slice_cpu_idles(unsigned int cpu);
int slice_send(struct core *core);
bool slice_take_back(struct core *core);

#endif /* RMPOPT_SLICE_H */
