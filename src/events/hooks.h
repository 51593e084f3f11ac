/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Hooks: how the module learns what happens on the host.
 */
#ifndef RMPOPT_HOOKS_H
#define RMPOPT_HOOKS_H

#include <linux/types.h>

void hooks_start(void);
void hooks_stop(void);
ssize_t hooks_describe(char *buf);

#endif /* RMPOPT_HOOKS_H */
