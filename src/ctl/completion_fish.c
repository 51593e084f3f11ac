// SPDX-License-Identifier: GPL-2.0
/* completion: fish, a line for each word and command. */
#include "completion.h"
#include "ctl.h"
#include "parameters.h"

/* What may follow an option. */
static void print_action(const struct option_word *word, const struct command *command)
{
	const struct column *column = command->columns;

	if (word->text == &options.sysroot || (word->text == &options.output && !column)) {
		fputs(" -x -a '(__fish_complete_directories)'", stdout);
	} else if (word->text == &options.save) {
		fputs(" -r -F", stdout);
	} else if (word->values) {
		printf(" -f -a '%s'", word->values);
	} else if (word->text != &options.output) {
		fputs(" -x", stdout);
	} else {
		fputs(" -x -a '(__fish_complete_list , \"printf %s\\n", stdout);
		for (; column->name; column++)
			printf(" %s", column->name);
		fputs("\")'", stdout);
	}
}

static void print_options(const struct command *command, const char *start)
{
	const struct option_word *word;

	for (word = option_words; word->name; word++) {
		if (!command_takes(command, word->code))
			continue;
		printf("%s -l %s", start, word->name);
		if (word->is_short)
			printf(" -s %c", word->code);
		if (word->argument)
			print_action(word, command);
		printf(" -d '%s'\n", completion_quoted(word->help, "\\"));
	}
}

static void print_parameter(const char *start, const struct parameter *parameter)
{
	const char *help = completion_quoted(parameter->help, "\\");
	const char *unset = "__fish_contains_opt -s u unset";
	char *values = arena_copy(completion_values(parameter)), *value;

	printf("%s; and not %s' -a '%s=' -d '%s'\n", start, unset, parameter->name, help);
	printf("%s; and %s' -a '%s' -d '%s'\n", start, unset, parameter->name, help);
	while ((value = next_word(&values)))
		printf("%s; and not %s' -a '%s=%s'\n", start, unset, parameter->name, value);
}

static void print_command(const struct command *command)
{
	const char *seen = format("complete -c rmpoptctl -n '__fish_seen_subcommand_from %s", command->name);
	const struct parameter *parameter = parameters;

	print_options(command, format("%s'", seen));
	for (; completion_has_parameters(command) && parameter->name; parameter++)
		print_parameter(seen, parameter);
	if (*completion_arguments(command))
		printf("%s' -a '%s'\n", seen, completion_arguments(command));
}

void completion_fish(void)
{
	const struct command *command;

	puts("# fish completion for rmpoptctl; printed by rmpoptctl completion fish\n"
	     "complete -c rmpoptctl -f\n"
	     "complete -c rmpoptctl -n __fish_use_subcommand -s h -l help -d 'display help'\n"
	     "complete -c rmpoptctl -n __fish_use_subcommand -s V -l version -d 'display the version'");
	for (command = commands; command->name; command++)
		printf("complete -c rmpoptctl -n __fish_use_subcommand -a %s -d '%s'\n", command->name,
		       completion_quoted(command->summary, "\\"));
	for (command = commands; command->name; command++)
		print_command(command);
}
