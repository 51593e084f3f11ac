/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Arming: RMPOPT_BASE on the cores that take part.
 */
#ifndef RMPOPT_ARM_H
#define RMPOPT_ARM_H

#include <linux/types.h>

struct core;

int arm_start(void);
void arm_stop(void);
bool arm_wanted(void);
int arm_here(void);
void arm_clear_here(void);
void arm_settle_here(bool late);
int arm_cores(void);
bool arm_possible(void);
bool arm_is_void(void);
int arm_again(struct core *core);
bool arm_holds(void);
void arm_clear(void);
int arm_switch(bool on);

#endif /* RMPOPT_ARM_H */
