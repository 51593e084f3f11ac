// SPDX-License-Identifier: GPL-2.0
/* completion: zsh, by its function _arguments. */
#include <string.h>

#include "completion.h"
#include "ctl.h"
#include "parameters.h"

/* What has a meaning in the words of _arguments. */
#define SPECIAL	"\\[]:"

static const char *action(const struct option_word *word, const struct command *command)
{
	const struct column *column = command->columns;
	const char *list = "";

	if (word->text == &options.sysroot)
		return "_files -/";
	if (word->text == &options.save)
		return "_files";
	if (word->values)
		return format("(%s)", word->values);
	if (word->text != &options.output)
		return " ";
	if (!column)
		return "_files -/";
	for (; column->name; column++)
		list = format("%s %s", list, column->name);
	return format("_sequence compadd -%s", list);
}

/* '(-o --output)'{-o,--output}'[help]:LIST:action' */
static void print_option(const struct option_word *word, const struct command *command)
{
	const char *behind = !word->argument ? "" :
		format(":%s%s:%s", word->otherwise ? ":" : "", word->argument, action(word, command));
	const char *help = completion_quoted(word->help, SPECIAL);

	if (word->is_short)
		printf(" \\\n\t\t\t'(-%c --%s)'{-%c,--%s}", word->code, word->name, word->code, word->name);
	else
		printf(" \\\n\t\t\t--%s%s", word->name, word->otherwise ? "=-" : "");
	printf("'[%s]%s'", help, behind);
}

static void print_command(const struct command *command)
{
	const char *words = completion_arguments(command);
	const struct option_word *word;

	printf("\t\t%s)\n\t\t\t_arguments -s", command->name);
	for (word = option_words; word->name; word++)
		if (command_takes(command, word->code))
			print_option(word, command);
	if (completion_has_parameters(command))
		fputs(" \\\n\t\t\t'*:parameter:_rmpoptctl_parameters'", stdout);
	else if (*words)
		printf(" \\\n\t\t\t'1:%s:(%s)'", command->arguments, words);
	puts(" ;;");
}

static void print_parameters(void)
{
	const struct parameter *parameter;

	puts("_rmpoptctl_parameters() {");
	for (parameter = parameters; parameter->name; parameter++)
		printf("\tif compset -P '%s='; then compadd -- %s; return; fi\n", parameter->name,
		       completion_values(parameter));
	fputs("\tlocal -a names=(", stdout);
	for (parameter = parameters; parameter->name; parameter++)
		printf(" %s", parameter->name);
	puts(" )\n"
	     "\tif (( ${words[(I)-u]} || ${words[(I)--unset]} )); then compadd -a names\n"
	     "\telse compadd -q -S = -a names; fi\n}\n");
}

void completion_zsh(void)
{
	const struct command *command;

	puts("#compdef rmpoptctl\n# zsh completion for rmpoptctl; printed by rmpoptctl completion zsh\n");
	print_parameters();
	puts("_rmpoptctl() {\n"
	     "\tlocal state line ret=1\n"
	     "\tlocal -a commands=(");
	for (command = commands; command->name; command++)
		printf("\t\t'%s:%s'\n", command->name, completion_quoted(command->summary, ":"));
	puts("\t)\n"
	     "\t_arguments -C '(- *)'{-h,--help}'[display help]' '(- *)'{-V,--version}'[display the version]' \\\n"
	     "\t\t'1:command:->command' '*::argument:->argument' && ret=0\n"
	     "\tcase $state in\n"
	     "\tcommand) _describe command commands && ret=0 ;;\n"
	     "\targument)\n\t\tcase $words[1] in");
	for (command = commands; command->name; command++)
		print_command(command);
	puts("\t\tesac && ret=0 ;;\n\tesac\n\treturn ret\n}\n\n"
	     "if [[ $funcstack[1] == _rmpoptctl ]]; then _rmpoptctl \"$@\"; else compdef _rmpoptctl rmpoptctl; fi");
}
