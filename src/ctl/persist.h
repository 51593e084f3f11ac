/* SPDX-License-Identifier: GPL-2.0 */
#ifndef RMPOPTCTL_PERSIST_H
#define RMPOPTCTL_PERSIST_H

int persist(char **words);

#endif /* RMPOPTCTL_PERSIST_H */
