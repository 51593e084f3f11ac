/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Conversions: what hooks note, and when a pass is due for it.
 */
#ifndef RMPOPT_EVENTS_H
#define RMPOPT_EVENTS_H

#include <linux/types.h>

int events_start(void);
void events_stop(void);

void events_converted(u64 pfn);
u64 events_conversions(void);

u64 events_due_at(void);
u64 events_quiet_at(void);
bool events_due(void);
void events_take(bool served);
void events_give_back(void);

#endif /* RMPOPT_EVENTS_H */
