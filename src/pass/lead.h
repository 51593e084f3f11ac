/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Leaders: threads, each on the core whose orders it executes.
 */
#ifndef RMPOPT_LEAD_H
#define RMPOPT_LEAD_H

#include <linux/types.h>

struct core;

int lead_provide(u32 wanted);
void lead_stop(void);
bool lead_send(u32 i, struct core *core);
bool lead_is_busy(u32 i);
u64 lead_watch(u32 i, u64 now, bool ending);
bool lead_lose(u32 i);
bool lead_is_lost(void);
int lead_result(u32 i, u32 *next);

#endif /* RMPOPT_LEAD_H */
