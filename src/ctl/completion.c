// SPDX-License-Identifier: GPL-2.0
/*
 * completion: for bash, zsh and fish, from the tables of commands, options,
 * columns and parameters.
 */
#include <string.h>

#include "completion.h"
#include "ctl.h"
#include "parameters.h"

static const struct {
	const char *name;
	void (*print)(void);
} shells[] = {
	{ "bash", completion_bash },
	{ "zsh", completion_zsh },
	{ "fish", completion_fish },
};

/* Names of shells, commands or parameters as arguments; "" for none that are known. */
const char *completion_arguments(const struct command *command)
{
	const struct command *about = commands;
	const char *words = "";
	size_t i;

	if (command->run == run_help)
		for (; about->name; about++)
			words = format("%s %s", words, about->name);
	if (command->run == run_completion)
		for (i = 0; i < ARRAY_SIZE(shells); i++)
			words = format("%s %s", words, shells[i].name);
	return words;
}

bool completion_has_parameters(const struct command *command)
{
	return command->run == run_load || command->run == run_set;
}

/* What a parameter may be, as far as it can be listed. */
const char *completion_values(const struct parameter *parameter)
{
	switch (parameter->kind) {
	case PARAMETER_BOOL:
		return "Y N";
	case PARAMETER_WORD:
		return format("%s %s", parameter->standard, parameter->other);
	default:
		return parameter->standard;
	}
}

/* Text in single quotes; @special are characters that get a backslash. */
const char *completion_quoted(const char *text, const char *special)
{
	char *quoted = arena_get(4 * strlen(text) + 1), *to = quoted;

	for (; *text; text++) {
		if (*text == '\'') {
			to = stpcpy(to, "'\\''");
			continue;
		}
		if (strchr(special, *text))
			*to++ = '\\';
		*to++ = *text;
	}
	return quoted;
}

int run_completion(char **arguments)
{
	const char *shell = *arguments ?: "bash";
	size_t i;

	for (i = 0; i < ARRAY_SIZE(shells); i++) {
		if (strcmp(shell, shells[i].name))
			continue;
		shells[i].print();
		return CTL_OK;
	}
	return misused("completion %s: use bash, zsh or fish", shell);
}
