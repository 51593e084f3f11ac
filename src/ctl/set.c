// SPDX-License-Identifier: GPL-2.0
/* set: shows and changes what can be tuned; all or nothing. */
#include <errno.h>
#include <string.h>

#include "parameters.h"
#include "persist.h"

const struct column set_columns[] = {
	{ "name", COLUMN_TEXT, "of the parameter" },
	{ "value", COLUMN_TEXT, "in force; null if the module is not loaded" },
	{ "default", COLUMN_TEXT, "without modprobe.d and set" },
	{ "limits", COLUMN_TEXT, "what it takes" },
	{ "tunable", COLUMN_BOOL, "it may change while the module is loaded" },
	{ "meaning", COLUMN_TEXT, "what it means" },
	{ }
};

static const char *tune_path(const struct parameter *parameter)
{
	return format(SYSFS "tune/%s", parameter->name);
}

static const char *value_now(const struct parameter *parameter)
{
	return parameter->tunable ? file_text("%s", tune_path(parameter)) :
	       file_text(MODULE "/parameters/%s", parameter->name);
}

static int show_all(void)
{
	struct table *table = table_new("set", set_columns);
	const struct parameter *parameter;
	const char *value;

	for (parameter = parameters; parameter->name; parameter++) {
		table_row(table);
		value = value_now(parameter);
		table_set(table, "name", "%s", parameter->name);
		if (value)
			table_set(table, "value", "%s", value);
		table_set(table, "default", "%s", parameter->standard);
		table_set(table, "limits", "%s", parameter_limits(parameter));
		table_bool(table, "tunable", parameter->tunable);
		table_set(table, "meaning", "%s", parameter->help);
	}
	return table_print(table);
}

/* Everything is looked at before anything is written. */
static int check_words(char **words)
{
	int ret = parameters_check(words);

	for (; !ret && *words; words++)
		if (!options.persist && !parameter_of(*words)->tunable)
			ret = misused("%s: only at load time; set --persist keeps it for the next one", *words);
	return ret;
}

static int write_word(const char *word, const char *value)
{
	int error = file_write(tune_path(parameter_of(word)), value);

	if (!error)
		return CTL_OK;
	return failed("%s: the module refuses it: %s%s", word, strerror(error),
		      error == EACCES ? "; run this as root" : "");
}

/* Notes in @before what each value was that is written. */
static int write_words(char **words, const char **before)
{
	const char *value;
	int i, ret = CTL_OK;

	for (i = 0; words[i] && ret == CTL_OK; i++) {
		if (!parameter_of(words[i])->tunable)
			continue;
		value = value_now(parameter_of(words[i]));
		ret = write_word(words[i], strchr(words[i], '=') + 1);
		if (!ret)
			before[i] = value;
	}
	return ret;
}

static void take_back(char **words, const char **before)
{
	int i;

	for (i = 0; words[i]; i++)
		;
	while (i--)
		if (before[i])
			write_word(words[i], before[i]);
}

static int change(char **words)
{
	bool loaded = file_exists(SYSFS "state");
	int ret = check_words(words);
	const char **before;
	size_t count = 0;

	if (ret)
		return ret;
	if (!loaded && !options.persist)
		return failed("rmpopt is not loaded; load it, or set --persist for later loads");
	while (words[count])
		count++;
	before = arena_get((count + 1) * sizeof(*before));
	if (loaded)
		ret = write_words(words, before);
	if (!ret && options.persist)
		ret = persist(words);
	/* What the kernel or the disk alone could refuse. */
	if (ret == CTL_FAILED)
		take_back(words, before);
	return ret;
}

int run_set(char **arguments)
{
	if (*arguments && options.sysroot)
		return misused("set changes nothing below --sysroot; without NAME=VALUE it shows what is there");
	if (!*arguments && options.persist)
		return misused("--persist requires NAME=VALUE");
	return *arguments ? change(arguments) : show_all();
}
