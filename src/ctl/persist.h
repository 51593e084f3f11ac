/* SPDX-License-Identifier: GPL-2.0 */
#ifndef RMPOPTCTL_PERSIST_H
#define RMPOPTCTL_PERSIST_H

#include <stdbool.h>

int persist_lock(void);
int persist_write(char **words);
int persist_failed(int error, bool restored);
int persist_overridden(char **words);

#endif /* RMPOPTCTL_PERSIST_H */
