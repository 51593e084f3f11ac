/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Slices: what a follower executes without a break.
 */
#ifndef RMPOPT_SLICE_H
#define RMPOPT_SLICE_H

#include <linux/types.h>

struct core;

void slice_begin_phase(void);
bool slice_cpu_idles(unsigned int cpu);
int slice_send(struct core *core);
bool slice_take_back(struct core *core);

#endif /* RMPOPT_SLICE_H */
