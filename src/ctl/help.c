// SPDX-License-Identifier: GPL-2.0
/* Help and bash completion, from the tables of commands, options and columns. */
#include <string.h>

#include "ctl.h"
#include "parameters.h"

static void print_option(const struct option_word *word)
{
	const char *name = word->argument ?
		format("%s %s", word->name, word->argument) : word->name;

	if (word->is_short)
		printf("  -%c, --%-20s %s\n", word->code, name, word->help);
	else
		printf("      --%-20s %s\n", name, word->help);
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
	for (; column->name; column++)
		printf("  %-20s %s\n", column->name, column->help);
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
	char *examples;

	puts("Usage: rmpoptctl COMMAND [OPTION...] [ARGUMENT...]\n\n"
	     "Show and control rmpopt, which keeps the RMPOPT tables of AMD SEV-SNP hosts up to date.\n\nCommands:");
	for (command = commands; command->name; command++)
		printf("  %-12s %s\n", command->name, command->summary);
	puts("\nExamples:");
	for (command = commands; command->name; command++) {
		examples = arena_copy(command->examples);
		printf("  %.*s\n", (int)strcspn(examples, "#"), examples);
	}
	puts("\nFor more see rmpoptctl COMMAND --help. Exit codes: 0 success, 1 failure, 2 invalid command\n"
	     "line, 64 partly done.");
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

static void complete_options(const struct command *command)
{
	const struct option_word *word;

	for (word = option_words; word->name; word++)
		if (command_takes(command, word->code))
			printf(" --%s", word->name);
}

/* What may stand where arguments do, as far as it can be known. */
static void complete_arguments(const struct command *command)
{
	const struct command *about = commands;
	const struct parameter *parameter = parameters;

	if (command->run == run_help)
		for (; about->name; about++)
			printf(" %s", about->name);
	if (command->run == run_load || command->run == run_set)
		for (; parameter->name; parameter++)
			printf(" %s=", parameter->name);
}

static void complete_command(const struct command *command)
{
	const struct column *column;

	printf("\t%s)\n\t\twords='", command->name);
	complete_options(command);
	complete_arguments(command);
	puts("'");
	if (command->columns) {
		printf("\t\tcolumns='");
		for (column = command->columns; column->name; column++)
			printf(" %s", column->name);
		puts("'");
	}
	puts("\t\t;;");
}

static const char completion_head[] =
"# bash completion for rmpoptctl; printed by rmpoptctl completion\n"
"_rmpoptctl()\n{\n"
"\tlocal word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
"\tlocal command='' words='' columns='' i\n"
"\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
"\t\tcase ${COMP_WORDS[i]} in\n"
"\t\t-s | --sysroot | -o | --output | -t | --timeout | -c | --count | --save) i=$((i + 1)) ;;\n"
"\t\t-*) ;;\n"
"\t\t*)\n\t\t\tcommand=${COMP_WORDS[i]}\n\t\t\tbreak\n\t\t\t;;\n"
"\t\tesac\n\tdone\n"
"\tcase $command in\n";

static const char completion_tail[] =
"\tesac\n"
"\tcase $before in\n"
"\t-s | --sysroot) mapfile -t COMPREPLY < <(compgen -d -- \"$word\") ;;\n"
"\t--save) mapfile -t COMPREPLY < <(compgen -f -- \"$word\") ;;\n"
"\t-o | --output) mapfile -t COMPREPLY < <(compgen -P \"${word%\"${word##*,}\"}\" -W \"$columns\" -- \"${word##*,}\") ;;\n"
"\t-t | --timeout | -c | --count) COMPREPLY=() ;;\n"
"\t*) mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\") ;;\n"
"\tesac\n"
"\t[[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace 2>/dev/null || true\n"
"}\n"
"complete -F _rmpoptctl rmpoptctl\n";

int run_completion(char **arguments)
{
	const struct command *command;

	(void)arguments;
	fputs(completion_head, stdout);
	printf("\t'')\n\t\twords='");
	for (command = commands; command->name; command++)
		printf(" %s", command->name);
	puts(" --help --version'\n\t\t;;");
	for (command = commands; command->name; command++)
		complete_command(command);
	fputs(completion_tail, stdout);
	return CTL_OK;
}
