// SPDX-License-Identifier: GPL-2.0
/* Help, from the tables of commands, options and columns. */
#include <string.h>

#include "ctl.h"

/* Columns of an option or column before what it means, and of a command. */
#define HELP_COLUMN	28
#define COMMAND_COLUMN	14

static void print_option(const struct option_word *word)
{
	if (word->is_short)
		printf("  -%c, --%-*s", word->code, HELP_COLUMN - 8, option_written(word));
	else
		printf("      --%-*s", HELP_COLUMN - 8, option_written(word));
	fold(HELP_COLUMN, HELP_COLUMN, word->help);
}

static void print_options(const struct command *command)
{
	const struct option_word *word;

	puts("\nOptions:");
	for (word = option_words; word->name; word++)
		if (command_takes(command, word->code))
			print_option(word);
}

static void print_columns(const struct column *column)
{
	puts("\nColumns and names in JSON:");
	for (; column->name; column++) {
		printf("  %-*s", HELP_COLUMN - 2, column->name);
		fold(HELP_COLUMN, HELP_COLUMN, column->help);
	}
}

static void print_examples(const char *examples)
{
	char *text = arena_copy(examples), *line, *what;

	puts("\nExamples:");
	while ((line = next_line(&text))) {
		what = strchr(line, '#');
		*what++ = '\0';
		printf("  %s\n      %s\n", line, what);
	}
}

static int help_command(const struct command *command)
{
	printf("Usage: rmpoptctl %s [OPTION...]%s%s\n\n%c%s.\n", command->name,
	       command->arguments ? " " : "", command->arguments ?: "",
	       upper(command->summary[0]), command->summary + 1);
	printf("%s\n", command->details);
	print_options(command);
	if (command->columns)
		print_columns(command->columns);
	print_examples(command->examples);
	return CTL_OK;
}

static int help_all(void)
{
	const struct command *command;

	fold(0, 7, "Usage: rmpoptctl COMMAND [OPTION...] [ARGUMENT...]");
	putchar('\n');
	fold(0, 0, "Show and control rmpopt, which keeps the RMPOPT tables of SEV-SNP hosts full.");
	puts("\nCommands:");
	for (command = commands; command->name; command++) {
		printf("  %-11s ", command->name);
		fold(COMMAND_COLUMN, COMMAND_COLUMN, command->summary);
	}
	putchar('\n');
	fold(0, 0, "For options and examples: rmpoptctl COMMAND --help. For more: man rmpoptctl.");
	return CTL_OK;
}

int run_help(char **arguments)
{
	const struct command *command;

	if (!*arguments)
		return help_all();
	command = command_find(*arguments);
	if (!command)
		return misused("unknown command %s; see rmpoptctl --help",
			       *arguments);
	return help_command(command);
}
