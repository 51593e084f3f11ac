/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Files in /sys/kernel/rmpopt that are lists of regions or CPUs.
 */
#ifndef RMPOPT_LISTS_H
#define RMPOPT_LISTS_H

struct kobject;

int lists_start(struct kobject *root);
void lists_stop(void);

#endif /* RMPOPT_LISTS_H */
