/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Completion: what it offers, and how each shell wants it written.
 */
#ifndef RMPOPTCTL_COMPLETION_H
#define RMPOPTCTL_COMPLETION_H

#include <stdbool.h>

struct command;
struct parameter;

const char *completion_arguments(const struct command *command);
bool completion_has_parameters(const struct command *command);
const char *completion_values(const struct parameter *parameter);
const char *completion_quoted(const char *text, const char *special);

void completion_bash(void);
void completion_zsh(void);
void completion_fish(void);

#endif /* RMPOPTCTL_COMPLETION_H */
