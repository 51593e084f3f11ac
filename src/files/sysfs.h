/* SPDX-License-Identifier: GPL-2.0 */
/*
 * /sys/kernel/rmpopt.
 */
#ifndef RMPOPT_SYSFS_H
#define RMPOPT_SYSFS_H

#include <linux/sysfs.h>

int sysfs_start(void);
void sysfs_stop(void);

/* lists.c */
struct kobject;
int lists_start(struct kobject *root);
void lists_stop(void);

/* tunables.c */
extern const struct attribute_group tune_group;
void tunables_start(void);

#endif /* RMPOPT_SYSFS_H */
