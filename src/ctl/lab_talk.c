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
static enum lab_reply ask(const char *question)
{
	char line[64];

	for (;;) {
		fprintf(talk(), "%s [y]es, [n]o, [q]uit: ", question);
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

enum lab_reply lab_ask(struct lab *lab, const struct lab_step *step)
{
	lab_describe(lab, step);
	return options.yes ? REPLY_YES : ask("Run it?");
}

/* In front of the first step: nothing has been done yet. */
enum lab_reply lab_begin(void)
{
	lab_say("If rmpopt is loaded it is unloaded: regions that guests take meanwhile are lost until it is back.\n"
		"The module rmpopt_lab is loaded in its place. At the end, even after Ctrl-C, rmpopt and all CPUs are\n"
		"restored. What remains: RMPOPT_EN, which step arm sets, until SNP shutdown or a reset; with --convert, smaller\n"
		"pages in the kernel's direct map, until reboot.");
	return options.yes ? REPLY_YES : ask("Begin?");
}
