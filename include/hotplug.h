/* SPDX-License-Identifier: GPL-2.0 */
/*
 * CPU hotplug, as the registry of cores and the worker see it.
 */
#ifndef RMPOPT_HOTPLUG_H
#define RMPOPT_HOTPLUG_H

#include <linux/types.h>

int hotplug_start(void);
void hotplug_stop(void);
u32 hotplug_epoch(unsigned int cpu);

#endif /* RMPOPT_HOTPLUG_H */
