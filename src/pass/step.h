/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Steps: single instructions of a core's order.
 */
#ifndef RMPOPT_STEP_H
#define RMPOPT_STEP_H

#include <linux/types.h>

/* It faulted, which concerns the region. */
#define STEP_FAULT	2

/* It was not executed, as it has faulted elsewhere twice. */
#define STEP_SKIPPED	3

struct core;

int step_execute(struct core *core, u32 place, bool verify, u64 *cycles);

#endif /* RMPOPT_STEP_H */
