/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Windows of the cores of each node.
 */
#ifndef RMPOPT_WINDOWS_H
#define RMPOPT_WINDOWS_H

#include <linux/types.h>

int windows_start(void);
void windows_stop(void);
u64 windows_own_base(void);
u64 windows_base(int node);

#endif /* RMPOPT_WINDOWS_H */
