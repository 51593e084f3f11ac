/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The module's parameters and their limits.
 */
#ifndef RMPOPTCTL_PARAMETERS_H
#define RMPOPTCTL_PARAMETERS_H

#include "ctl.h"

enum parameter_kind {
	PARAMETER_NUMBER,
	PARAMETER_BOOL,
	PARAMETER_WORD,
	PARAMETER_LIST,
};

/**
 * struct parameter - of the module
 * @name: its name
 * @kind: what a value looks like
 * @tunable: it may change while the module is loaded
 * @or_zero: 0 is allowed beside @min ... @max
 * @min: smallest number
 * @max: largest number
 * @standard: its default
 * @help: what it means
 * @other: of a word: the one that is not the default
 */
struct parameter {
	const char *name;
	enum parameter_kind kind;
	bool tunable;
	bool or_zero;
	u64 min;
	u64 max;
	const char *standard;
	const char *help;
	const char *other;
};

extern const struct parameter parameters[];
const struct parameter *parameter_find(const char *word, size_t length);
const struct parameter *parameter_of(const char *word);
char *option_next(char **line);
char *option_plain(const char *word);
const char *parameter_limits(const struct parameter *parameter);
const char *parameter_wrong(const char *word);
const char *parameter_refused(const char *word);
int parameters_check(char **words, const char *(*judge)(const char *word));
int parameters_check_names(char **words);

/* check_modprobe.c */
const char *configured_value(const struct parameter *parameter);

#endif /* RMPOPTCTL_PARAMETERS_H */
