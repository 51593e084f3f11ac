// SPDX-License-Identifier: GPL-2.0
/* lab: what is said while it runs, and what is asked. With --json it goes to standard error. */
#include <string.h>
#include <unistd.h>

#include "lab.h"

/* Columns before what is said of a step. */
#define INDENT	10

static FILE *talk(void)
{
	return options.json ? stderr : stdout;
}

/* A line. */
void lab_say(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vfprintf(talk(), fmt, args);
	va_end(args);
	fputc('\n', talk());
	fflush(talk());
}

static void say_part(const char *name, const char *text)
{
	if (options.json) {
		fprintf(stderr, "  %-*s%s\n", INDENT - 2, name, text);
		return;
	}
	printf("  %-*s", INDENT - 2, name);
	fold(INDENT, INDENT, text);
}

void lab_describe(const struct lab *lab, const struct lab_step *step)
{
	lab_say("step %s", step->name);
	say_part("does", step->what);
	say_part("costs", format("%s, %s", step_cost(lab, step), step_stop(lab, step)));
	say_part("worst", step->worst);
}

/* Nobody who could be asked is as good as "no more". */
enum lab_reply lab_ask(struct lab *lab, const struct lab_step *step)
{
	char line[64];

	lab_describe(lab, step);
	if (options.yes)
		return REPLY_YES;
	for (;;) {
		fprintf(talk(), "Run it? [y]es, [n]o, [q]uit: ");
		fflush(talk());
		if (!fgets(line, sizeof(line), stdin)) {
			fputc('\n', talk());
			return REPLY_QUIT;
		}
		switch (*line) {
		case 'y':
		case 'Y':
			return REPLY_YES;
		case 'n':
		case 'N':
			return REPLY_NO;
		case 'q':
		case 'Q':
			return REPLY_QUIT;
		}
	}
}
