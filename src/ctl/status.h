/* SPDX-License-Identifier: GPL-2.0 */
#ifndef RMPOPTCTL_STATUS_H
#define RMPOPTCTL_STATUS_H

struct host;

void status_show(const struct host *host);
int status_save(const char *to);

#endif /* RMPOPTCTL_STATUS_H */
