/* SPDX-License-Identifier: GPL-2.0 */
#ifndef RMPOPTCTL_STATUS_H
#define RMPOPTCTL_STATUS_H

#include "ctl.h"

struct host;

const char *status_share(const struct host *host);
const char *status_cost(const struct host *host);
void status_show(const struct host *host);
void status_row(struct table *table, const struct host *host, bool loaded);
int status_save(const char *to);

#endif /* RMPOPTCTL_STATUS_H */
