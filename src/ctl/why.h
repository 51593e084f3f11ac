/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the module's files about the RMP say when they can't be read.
 */
#ifndef RMPOPTCTL_WHY_H
#define RMPOPTCTL_WHY_H

#include "ctl.h"

u32 *why_rows(const struct records *records, const struct list *covered);
int why_no_debugfs(const char *file);
const char *why_error(const struct records *records, size_t row);
int why_no_rmp(u64 region, const char *error);

#endif /* RMPOPTCTL_WHY_H */
