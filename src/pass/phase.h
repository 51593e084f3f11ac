/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Phases: executes the orders of one phase of a pass.
 */
#ifndef RMPOPT_PHASE_H
#define RMPOPT_PHASE_H

#include <linux/types.h>

bool phase_run(void);

#endif /* RMPOPT_PHASE_H */
