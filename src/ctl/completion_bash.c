// SPDX-License-Identifier: GPL-2.0
/*
 * completion: bash. It splits words at "=", so a value may be a separate word; then
 * the word before the "=" is the name of the parameter or option.
 */
#include "completion.h"
#include "ctl.h"
#include "parameters.h"

static void print_command(const struct command *command)
{
	const struct option_word *word;
	const struct column *column;

	printf("\t%s)\n\t\toptions='", command->name);
	for (word = option_words; word->name; word++)
		if (command_takes(command, word->code))
			printf(" --%s", word->name);
	printf("' words='%s'\n", completion_arguments(command));
	if (completion_has_parameters(command))
		puts("\t\twords=$parameters");
	if (command->columns) {
		printf("\t\tcolumns='");
		for (column = command->columns; column->name; column++)
			printf(" %s", column->name);
		puts("'");
	}
	puts("\t\t;;");
}

/* -o | --output | ...: options that the next word belongs to. */
static void print_takers(void)
{
	const struct option_word *word;
	const char *between = "";

	for (word = option_words; word->name; word++) {
		if (!word->argument || word->otherwise)
			continue;
		if (word->is_short)
			printf("%s-%c | --%s", between, word->code, word->name);
		else
			printf("%s--%s", between, word->name);
		between = " | ";
	}
}

static void print_values(void)
{
	const struct option_word *word;
	const struct parameter *parameter;

	puts("\tcase $name in");
	for (word = option_words; word->name; word++)
		if (word->values)
			printf("\t--%s) values='%s' ;;\n", word->name, word->values);
	for (parameter = parameters; parameter->name; parameter++)
		printf("\t%s) values='%s' ;;\n", parameter->name, completion_values(parameter));
	puts("\tesac");
}

static void print_parameters(void)
{
	const struct parameter *parameter;

	printf("\tlocal parameters='");
	for (parameter = parameters; parameter->name; parameter++)
		printf(" %s=", parameter->name);
	puts("'");
}

static const char head[] =
"# bash completion for rmpoptctl; printed by rmpoptctl completion bash\n"
"_rmpoptctl()\n{\n"
"\tlocal word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
"\tlocal command='' options='' words='' columns='' values='' name='' front='' i\n";

static const char find_command[] =
"\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
"\t\tcase ${COMP_WORDS[i]} in\n"
"\t\t-u | --unset) parameters=${parameters//=/} ;;\n"
"\t\t";

static const char find_name[] =
") i=$((i + 1)) ;;\n"
"\t\t-*) ;;\n"
"\t\t*) command=${command:-${COMP_WORDS[i]}} ;;\n"
"\t\tesac\n\tdone\n"
"\tif [[ $word == = ]]; then\n"
"\t\tname=$before word=''\n"
"\telif [[ $before == = ]]; then\n"
"\t\tname=${COMP_WORDS[COMP_CWORD-2]}\n"
"\telif [[ $word == *=* ]]; then\n"
"\t\tname=${word%%=*} front=${word%%=*}= word=${word#*=}\n"
"\tfi\n";

static const char tail[] =
"\tesac\n"
"\tcase $before in\n"
"\t-s | --sysroot) mapfile -t COMPREPLY < <(compgen -d -- \"$word\") ;;\n"
"\t--save) mapfile -t COMPREPLY < <(compgen -f -- \"$word\") ;;\n"
"\t-o | --output)\n"
"\t\tif [[ $command == lab ]]; then\n"
"\t\t\tmapfile -t COMPREPLY < <(compgen -d -- \"$word\")\n"
"\t\t\treturn\n"
"\t\tfi\n"
"\t\tfront=${word%\"${word##*[,+]}\"}\n"
"\t\tmapfile -t COMPREPLY < <(compgen -P \"$front\" -W \"$columns\" -- \"${word##*[,+]}\") ;;\n"
"\t-t | --timeout | -c | --count | --steps) COMPREPLY=() ;;\n"
"\t*)\n"
"\t\tif [[ $command == lab && $word != -* ]]; then\n"
"\t\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n"
"\t\t\treturn\n"
"\t\tfi\n"
"\t\t[[ -n $words && $word != -* ]] || words=$options\n"
"\t\t[[ -z $name ]] || words=$values\n"
"\t\tmapfile -t COMPREPLY < <(compgen -P \"$front\" -W \"$words\" -- \"$word\") ;;\n"
"\tesac\n"
"\t[[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace 2>/dev/null || true\n"
"}\n"
"complete -F _rmpoptctl rmpoptctl\n";

void completion_bash(void)
{
	const struct command *command;

	fputs(head, stdout);
	print_parameters();
	fputs(find_command, stdout);
	print_takers();
	fputs(find_name, stdout);
	print_values();
	printf("\tcase $command in\n\t'')\n\t\toptions='--help --version' words='");
	for (command = commands; command->name; command++)
		printf(" %s", command->name);
	puts("'\n\t\t;;");
	for (command = commands; command->name; command++)
		print_command(command);
	fputs(tail, stdout);
}
