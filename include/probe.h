/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Probes: instructions that are in no plan, for somebody who wants to see.
 */
#ifndef RMPOPT_PROBE_H
#define RMPOPT_PROBE_H

#include <linux/completion.h>
#include <linux/smp.h>
#include <linux/types.h>

#include "plan.h"

struct core;

/**
 * struct probe - reports that one core executes in one interruption
 * @csd: its IPI
 * @busy: from sending until the handler's last access to this structure; whoever
 *	holds the mutex of probes and sees it clear owns the rest
 * @done: completed just before that
 * @next: the place behind the last one done; where to begin
 * @error: 0, or what the last instruction failed with
 * @cycles: how long the handler took
 * @pace: how long this core's reports take
 * @rest_until: ktime in ns before which the core is not interrupted again
 * @bit: the answers, by place in the core's window
 */
struct probe {
	call_single_data_t csd;
	bool busy;
	struct completion done;
	u32 next;
	int error;
	u64 cycles;
	struct plan_pace pace;
	u64 rest_until;
	unsigned long bit[BITS_TO_LONGS(PLAN_WINDOW_REGIONS)];
};

void probe_free(struct core *core);
u64 probe_rest_until(const struct core *core);
int probe_table(struct core *core, unsigned long *bits);
int probe_sleep(u64 us);
void probe_drain(void);

#endif /* RMPOPT_PROBE_H */
