// SPDX-License-Identifier: GPL-2.0
/* rmpoptctl: shows and controls rmpopt. */
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "ctl.h"

/* Below --sysroot: far more than any host that was saved needs. */
#define MEMORY_MAX	BIT(29)

/* The last error message. */
static char said[1024];

static void complain(const char *fmt, va_list args)
{
	va_list again;

	va_copy(again, args);
	vsnprintf(said, sizeof(said), fmt, again);
	va_end(again);
	fflush(stdout);
	fputs("rmpoptctl: ", stderr);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
}

/* What, where, what to do: one line. Returns the exit code. */
int failed(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	complain(fmt, args);
	va_end(args);
	return CTL_FAILED;
}

/* The same for an invalid command line. */
int misused(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	complain(fmt, args);
	va_end(args);
	return CTL_USAGE;
}

/*
 * libkmod may unpack a module to any size, so memory is limited. Sanitizers need
 * more than that.
 */
static void limit_memory(void)
{
#ifndef __SANITIZE_ADDRESS__
	const struct rlimit most = { MEMORY_MAX, MEMORY_MAX };

	setrlimit(RLIMIT_DATA, &most);
#endif
}

static int check_sysroot(void)
{
	int error = 0;

	if (options.sysroot) {
		limit_memory();
		error = file_root(options.sysroot);
	}
	switch (error) {
	case 0:
		return CTL_OK;
	case ENOTDIR:
		return failed("--sysroot %s: not a directory; unpack the tar first", options.sysroot);
	case EACCES:
		return failed("--sysroot %s: permission denied; run this as the owner of its files, or as root",
			      options.sysroot);
	case EOPNOTSUPP:
		return failed("--sysroot %s: requires Linux 5.6 or later", options.sysroot);
	default:
		return failed("--sysroot %s: %s; use a directory saved by status --save",
			      options.sysroot, strerror(error));
	}
}

static int check_options(const struct command *command, const char *used)
{
	const struct option_word *word;

	for (word = option_words; word->name; word++)
		if (strchr(used, word->code) &&
		    !command_takes_name(command, word->name))
			return misused("--%s is not valid for %s; see rmpoptctl %s --help",
				       word->name, command->name, command->name);
	if (options.json + options.raw + options.pairs > 1)
		return misused("--json, --raw and --pairs exclude each other");
	if (options.output && options.output_all)
		return misused("--output and --output-all exclude each other");
	if (options.output && command->columns && !table_knows(command->columns, options.output))
		return misused("--output %s: %s has other columns; see rmpoptctl %s --help",
			       options.output, command->name, command->name);
	return CTL_OK;
}

static int check_arguments(const struct command *command, int count)
{
	if (count < command->min)
		return misused("%s requires %s; see rmpoptctl %s --help",
			       command->name, command->arguments, command->name);
	if (count > command->max)
		return misused("%s takes %s; see rmpoptctl %s --help", command->name,
			       command->max ? format("no more than %d argument%s", command->max, plural(command->max)) :
			       "no arguments", command->name);
	return CTL_OK;
}

/* Without rows. Only lab has no columns. */
static void print_no_document(const struct command *command)
{
	struct table *none;

	if (!command->columns) {
		lab_print_refused(said);
		return;
	}
	none = table_new(command->name, command->columns, NULL);
	if (command->run == run_watch)
		table_print_line(none);
	else
		table_print(none);
}

/* With --json there is always a document, also after a failure; not after a signal. */
static int run_command(const struct command *command, char **arguments)
{
	int ret = check_sysroot() ?: command->run(arguments);

	if (options.json && ret != CTL_USAGE && !document_printed())
		print_no_document(command);
	return ret;
}

static int run(int argc, char **argv, const char *used)
{
	const struct command *command;
	int ret;

	if (strchr(used, 'V'))
		return printf("rmpoptctl %s\n", RMPOPT_VERSION) < 0;
	if (!argc)
		return strchr(used, 'h') ? run_help(argv) :
		       misused("no command; see rmpoptctl --help");
	command = command_find(argv[0]);
	if (!command)
		return misused("unknown command %s; see rmpoptctl --help", argv[0]);
	if (strchr(used, 'h'))
		return run_help(argv);
	ret = check_options(command, used) ?: check_arguments(command, argc - 1);
	return ret ?: run_command(command, argv + 1);
}

/* Only the character set of the locale: capitals of i differ between languages. */
static void set_locale(void)
{
	setlocale(LC_CTYPE, "");
	setlocale(LC_CTYPE, strcmp(nl_langinfo(CODESET), "UTF-8") ? "C" : "C.UTF-8");
}

int main(int argc, char **argv)
{
	const char *used = "";
	int first, ret;

	set_locale();
	atexit(arena_clear);
	first = options_parse(argc, argv, &used);
	if (first < 0)
		return -first;
	ret = run(argc - first, argv + first, used);
	if (fflush(stdout) || ferror(stdout))
		return failed("can't write the output: %s", strerror(errno));
	return ret;
}
