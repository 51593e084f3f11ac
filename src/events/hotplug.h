/* SPDX-License-Identifier: GPL-2.0 */
/*
 * CPU hotplug, as the registry of cores and the worker see it.
 */
#ifndef RMPOPT_HOTPLUG_H
#define RMPOPT_HOTPLUG_H

int hotplug_start(void);
void hotplug_stop(void);

#endif /* RMPOPT_HOTPLUG_H */
