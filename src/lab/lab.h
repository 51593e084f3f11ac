/* SPDX-License-Identifier: GPL-2.0 */
/*
 * DOC: the laboratory
 *
 * A separate module that executes single instructions on request, so that the
 * module which runs beside VMs has no code for experiments. rmpopt_lab.h is its
 * interface.
 *
 * main.c: load, unload, the device. run.c: lists of operations on CPUs.
 * execute.c: one operation. pages.c: pages that are converted.
 *
 * Safety: every instruction has an exception-table entry. Of MSRs only
 * RMPOPT_BASE is written, and of it only the window and RMPOPT_EN. A verify
 * can't make a table wrong, whoever executes it. [S] Only pages that were
 * allocated here are converted, to the ASID that is the last to be used by a
 * guest. Each wait has a bound, and so has each handler.
 *
 * Locking: one process has the device open, and a mutex is held for the whole
 * of each ioctl. A handler accesses only its own seat of the run and its
 * counters.
 */
#ifndef RMPOPT_LAB_PRIVATE_H
#define RMPOPT_LAB_PRIVATE_H

#include <linux/types.h>

#include "rmpopt_lab.h"

/* main.c */
bool lab_beside(void);

/* execute.c */
bool operation_is_known(const struct lab_op *op);
bool operation_only_reads(const struct lab_op *op);
u64 operation_execute(const struct lab_op *op, struct lab_result *result);

/* run.c */
long run_ioctl(struct lab_run __user *user);
void run_end(void);

/* pages.c */
long take_ioctl(struct lab_take __user *user);
long convert_ioctl(struct lab_convert __user *user);
bool page_can_be_raced(u64 page);
int page_convert(u64 page, bool private);
void pages_give_all(void);

#endif /* RMPOPT_LAB_PRIVATE_H */
