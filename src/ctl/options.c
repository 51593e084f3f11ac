// SPDX-License-Identifier: GPL-2.0
/* Options: one table for all commands, and the words of the command line. */
#include <assert.h>
#include <getopt.h>
#include <string.h>

#include "ctl.h"

struct options options;

const struct option_word option_words[] = {
	{ 'w', true, "wait", NULL,
	  "wait until the scan has ended, for ever if need be",
	  .flag = &options.wait },
	{ 'f', true, "full", NULL,
	  "take nothing on trust: verify every region on every core",
	  .flag = &options.full },
	{ 'l', true, "later", NULL,
	  "after the quiet period (delay_ms), together with others",
	  .flag = &options.later },
	{ 't', true, "timeout", "SECONDS",
	  "wait no longer than this",
	  .count = &options.timeout },
	{ 'c', true, "count", "NUMBER",
	  "end after so many pictures or lines",
	  .count = &options.count },
	{ 'p', true, "persist", NULL,
	  "for later loads, too: write /etc/modprobe.d/rmpopt.conf",
	  .flag = &options.persist },
	{ 'S', false, "save", "FILE",
	  "save all that is read: a tar if FILE ends in .tar, .tar.gz, .tar.zst and so on, or is -; else a folder",
	  .text = &options.save },
	{ 'x', false, "textfile", NULL,
	  "in the older text format, for node_exporter's textfile collector",
	  .flag = &options.textfile },
	{ 'j', true, "json", NULL,
	  "print JSON",
	  .flag = &options.json },
	{ 'o', true, "output", "LIST",
	  "show these columns, like cpu,role",
	  .text = &options.output },
	{ 'n', true, "noheadings", NULL,
	  "print no line of column names",
	  .flag = &options.no_headings },
	{ 's', true, "sysroot", "DIR",
	  "read below DIR, a tree saved by status --save",
	  .text = &options.sysroot },
	{ 'C', false, "no-color", NULL,
	  "print no colours",
	  .flag = &options.no_color },
	{ 'h', true, "help", NULL,
	  "explain, with examples" },
	{ 'V', true, "version", NULL,
	  "print the version" },
	{ }
};

#define OPTIONS_MAX	32

static_assert(ARRAY_SIZE(option_words) <= OPTIONS_MAX, "their table has room for all, and an end");

bool command_takes(const struct command *command, char code)
{
	return strchr(OPTIONS_ALWAYS, code) || strchr(command->options, code);
}

/* The table as getopt_long() wants it; a long option's value is its place + 256. */
static void make_tables(struct option *longs, char *shorts)
{
	const struct option_word *word;
	int i;

	/* Errors are told here, in one way. */
	*shorts++ = ':';
	for (i = 0; option_words[i].name; i++) {
		word = &option_words[i];
		longs[i] = (struct option){
			.name = word->name,
			.has_arg = word->argument ? required_argument : no_argument,
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
		misused("--%s %s: give a number from 1 to 1000000", name, text);
		return false;
	}
	*count = value;
	return true;
}

static bool set_option(const struct option_word *word, const char *text)
{
	if (word->flag)
		*word->flag = true;
	if (word->text)
		*word->text = text;
	return !word->count || set_count(word->name, text, word->count);
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
		return misused("%s: a value is missing; see rmpoptctl --help", word);
	if (!optopt)
		return misused("%s: there is no such option; see rmpoptctl --help", word);
	if (is_named(word, word_of(optopt)))
		return misused("%s: it takes no value; see rmpoptctl --help", word);
	return misused("-%c: there is no such option; see rmpoptctl --help", optopt);
}

/*
 * Fills in options; @used gets the letters that were given. Returns the place
 * of the first argument, or -CTL_USAGE.
 */
int options_parse(int argc, char **argv, const char **used)
{
	struct option longs[OPTIONS_MAX] = { };
	char shorts[2 * OPTIONS_MAX + 1] = "";
	char *letters = arena_get(argc + 1);
	size_t n = 0;
	int code;

	make_tables(longs, shorts);
	*used = letters;
	while ((code = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		if (code == '?' || code == ':')
			return -bad_option(code, argv[optind - 1]);
		if (!set_option(word_of(code), optarg))
			return -CTL_USAGE;
		if (!strchr(letters, code))
			letters[n++] = code;
	}
	return optind;
}
