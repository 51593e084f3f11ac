// SPDX-License-Identifier: GPL-2.0
/* Options: one table for all commands, and the words of the command line. */
#include <assert.h>
#include <getopt.h>
#include <string.h>

#include "ctl.h"

struct options options;

const struct option_word option_words[] = {
	{ 'w', true, "wait",
	  .help = "wait until the pass has ended, however long it takes",
	  .flag = &options.wait },
	{ 'f', true, "full",
	  .help = "verify every region on every core",
	  .flag = &options.full },
	{ 'l', true, "later",
	  .help = "after the quiet period (delay_ms), together with other requests",
	  .flag = &options.later },
	{ 'k', false, "cancel",
	  .help = "cancel the running pass and all waiting requests",
	  .flag = &options.cancel },
	{ 't', true, "timeout", "SECONDS",
	  .help = "stop waiting after SECONDS",
	  .count = &options.timeout },
	{ 'c', true, "count", "NUMBER",
	  .help = "end after NUMBER screens or lines",
	  .count = &options.count },
	{ 'p', true, "persist",
	  .help = "for later loads as well: write /etc/modprobe.d/rmpopt.conf",
	  .flag = &options.persist },
	{ 'u', true, "unset",
	  .help = "arguments are names: set these parameters to their defaults",
	  .flag = &options.unset },
	{ 'S', false, "save", "FILE",
	  .help = "save everything that any command reads: as a tar if FILE ends in .tar, .tar.gz, .tar.zst and so on, or is -; else as a directory",
	  .text = &options.save },
	{ 'd', false, "dry-run",
	  .help = "say what would be done, what it costs and what could happen; do nothing",
	  .flag = &options.dry_run },
	{ 'T', false, "steps", "LIST",
	  .help = "only these steps, like host,arm,report; --dry-run shows all of them",
	  .text = &options.steps },
	{ 'y', true, "yes",
	  .help = "don't ask before each step",
	  .flag = &options.yes },
	{ 'v', false, "convert",
	  .help = "also turn pages of the lab's own over to a guest that does not exist, and back",
	  .flag = &options.convert },
	{ 'm', false, "compare",
	  .help = "show what differs between two reports",
	  .flag = &options.compare },
	{ 'x', false, "textfile",
	  .help = "use the older text format of node_exporter's textfile collector",
	  .flag = &options.textfile },
	{ 'q', true, "quiet",
	  .help = "print nothing; only set the exit status",
	  .flag = &options.quiet },
	{ 'j', true, "json",
	  .help = "use JSON output format",
	  .flag = &options.json },
	{ 'r', true, "raw",
	  .help = "use raw output format: columns separated by one blank, - for none",
	  .flag = &options.raw },
	{ 'P', true, "pairs",
	  .help = "use NAME=\"VALUE\" output format",
	  .flag = &options.pairs },
	{ 'o', true, "output", "LIST",
	  .help = "columns to show, separated by commas; +LIST adds to the default ones",
	  .text = &options.output },
	/* The same name: getopt knows the one above, and whoever takes this one gets its value. */
	{ 'D', false, "output", "DIR",
	  .help = "write the report to DIR, which must not exist (rmpopt-lab-DATE)",
	  .text = &options.output },
	{ 'O', true, "output-all",
	  .help = "show all columns",
	  .flag = &options.output_all },
	{ 'n', true, "noheadings",
	  .help = "don't print column names",
	  .flag = &options.no_headings },
	{ 's', true, "sysroot", "DIR",
	  .help = "read from DIR, a tree saved by status --save, instead of /",
	  .text = &options.sysroot },
	{ 'C', false, "color", "WHEN", "auto always never", "always",
	  .help = "use colors: auto, always or never",
	  .text = &options.color },
	{ 'h', true, "help",
	  .help = "display this help" },
	{ 'V', true, "version",
	  .help = "display the version" },
	{ }
};

#define OPTIONS_MAX	32

/* What getopt_long() returns for what is no option. */
#define ARGUMENT	1

static_assert(ARRAY_SIZE(option_words) <= OPTIONS_MAX, "their table has room for all, and an end");

bool command_takes(const struct command *command, char code)
{
	return strchr(OPTIONS_ALWAYS, code) || strchr(command->options, code);
}

/* Two options may have one name, for different commands. */
bool command_takes_name(const struct command *command, const char *name)
{
	const struct option_word *word;

	for (word = option_words; word->name; word++)
		if (!strcmp(word->name, name) && command_takes(command, word->code))
			return true;
	return false;
}

/* The table as getopt_long() wants it; a long option's value is its place + 256. */
static void make_tables(struct option *longs, char *shorts)
{
	const struct option_word *word;
	int i;

	/* Arguments are given in their order, whatever POSIXLY_CORRECT says. */
	*shorts++ = '-';
	/* Errors are reported here. */
	*shorts++ = ':';
	for (i = 0; option_words[i].name; i++) {
		word = &option_words[i];
		longs[i] = (struct option){
			.name = word->name,
			.has_arg = !word->argument ? no_argument :
				   word->otherwise ? optional_argument : required_argument,
			.val = word->code,
		};
		if (!word->is_short)
			continue;
		*shorts++ = word->code;
		if (word->argument)
			*shorts++ = ':';
	}
}

static const struct option_word *word_of(char code)
{
	const struct option_word *word = option_words;

	while (word->name && word->code != code)
		word++;
	return word;
}

static bool set_count(const char *name, const char *text, u32 *count)
{
	u64 value;

	if (!parse_number(text, &value) || !value || value > 1000 * 1000) {
		misused("--%s %s: use a number from 1 to 1000000", name, text);
		return false;
	}
	*count = value;
	return true;
}

static bool set_option(const struct option_word *word, const char *text)
{
	text = text ?: word->otherwise;
	if (word->values && !has_word(word->values, text)) {
		misused("--%s=%s: use one of: %s", word->name, text, word->values);
		return false;
	}
	if (word->flag)
		*word->flag = true;
	if (word->text)
		*word->text = text;
	return !word->count || set_count(word->name, text, word->count);
}

/* As it is written on a command line, without its dashes. */
const char *option_written(const struct option_word *word)
{
	if (word->otherwise)
		return format("%s[=%s]", word->name, word->argument);
	return word->argument ? format("%s %s", word->name, word->argument) : word->name;
}

/* Is it this option's long name, perhaps in short, perhaps with a value? */
static bool is_named(const char *word, const struct option_word *option)
{
	return option->name && !strncmp(word, "--", 2) &&
	       !strncmp(word + 2, option->name, strcspn(word + 2, "="));
}

/* What getopt_long() found wrong; @word is the one that it was looking at. */
static int bad_option(int code, const char *word)
{
	if (code == ':')
		return misused("option %s requires a value; see rmpoptctl --help", word);
	if (!optopt)
		return misused("unknown option %s; see rmpoptctl --help", word);
	if (is_named(word, word_of(optopt)))
		return misused("option %s takes no value; see rmpoptctl --help", word);
	return misused("unknown option -%c; see rmpoptctl --help", optopt);
}

/*
 * Fills in options; @used gets the letters that were given. Returns the place
 * of the first argument, or -CTL_USAGE.
 */
int options_parse(int argc, char **argv, const char **used)
{
	struct option longs[OPTIONS_MAX] = { };
	char shorts[2 * OPTIONS_MAX + 2] = "";
	char *letters = arena_get(argc + 1);
	char **arguments = arena_get(argc * sizeof(*arguments));
	int code, count = 0;
	size_t n = 0;

	make_tables(longs, shorts);
	*used = letters;
	while ((code = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		if (code == ARGUMENT) {
			arguments[count++] = optarg;
			continue;
		}
		if (code == '?' || code == ':')
			return -bad_option(code, argv[optind - 1]);
		if (!set_option(word_of(code), optarg))
			return -CTL_USAGE;
		if (!strchr(letters, code))
			letters[n++] = code;
	}
	/* In front of those after "--". */
	memcpy(&argv[optind - count], arguments, count * sizeof(*arguments));
	return optind - count;
}
