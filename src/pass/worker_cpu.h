/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where the worker runs.
 */
#ifndef RMPOPT_WORKER_CPU_H
#define RMPOPT_WORKER_CPU_H

#include <linux/types.h>

struct core;

bool worker_cpu_settle(const struct core *leader);
bool worker_cpu_free(void);
void worker_cpu_return(void);
void worker_cpu_avoid(const struct core *core);
void worker_cpu_leave(const struct core *core);
void worker_cpu_expect(u64 until);
void worker_cpu_stop(void);

#endif /* RMPOPT_WORKER_CPU_H */
