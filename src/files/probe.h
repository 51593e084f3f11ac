/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Probes: reports that are not in the plan, for readers of debugfs.
 */
#ifndef RMPOPT_PROBE_H
#define RMPOPT_PROBE_H

#include <linux/types.h>

struct core;
struct plan_window;

int probe_table(struct core *core, struct plan_window *window,
		unsigned long *bits);
int probe_sleep(u64 us);
void probe_stop(void);

#endif /* RMPOPT_PROBE_H */
