/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A table of libsmartcols as JSON.
 */
#ifndef RMPOPTCTL_JSON_H
#define RMPOPTCTL_JSON_H

#include <libsmartcols.h>
#include <stdbool.h>

int json_print(struct libscols_table *smart, bool in_one_line);

#endif /* RMPOPTCTL_JSON_H */
