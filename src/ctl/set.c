// SPDX-License-Identifier: GPL-2.0
/* set: shows and changes what can be tuned; all or nothing. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "parameters.h"
#include "persist.h"
#include "rmpopt.h"

const struct column set_columns[] = {
	{ "name", COLUMN_TEXT, "name of the parameter" },
	{ "value", COLUMN_TEXT, "current value; null if the module is not loaded" },
	{ "default", COLUMN_TEXT, "built-in default" },
	{ "limits", COLUMN_TEXT, "allowed values" },
	{ "tunable", COLUMN_BOOL, "can be changed while the module is loaded" },
	{ "meaning", COLUMN_WORDS, "what it means" },
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

static void add_row(struct table *table, const struct parameter *parameter)
{
	const char *value = value_now(parameter);

	table_row(table);
	table_set(table, "name", "%s", parameter->name);
	if (value)
		table_set(table, "value", "%s", value);
	table_set(table, "default", "%s", parameter->standard);
	table_set(table, "limits", "%s", parameter_limits(parameter));
	table_bool(table, "tunable", parameter->tunable);
	table_set(table, "meaning", "%s", parameter->help);
}

/* Those that are named in @words; all if there are none. */
static int show(char **words)
{
	const char *defaults = table_wanted() ? NULL : "name,value,limits,meaning";
	struct table *table = table_new("set", set_columns, defaults);
	const struct parameter *parameter;

	if (*words)
		for (; *words; words++)
			add_row(table, parameter_of(*words));
	else
		for (parameter = parameters; parameter->name; parameter++)
			add_row(table, parameter);
	return table_print(table);
}

/* Everything is checked before anything is written. */
static int check_words(char **words)
{
	int ret = options.unset ? parameters_check_names(words) : parameters_check(words, parameter_wrong);

	for (; !ret && *words; words++)
		if (!options.persist && !parameter_of(*words)->tunable)
			ret = misused("%s: this can only be set at load time; use set --persist, then unload and load",
				      *words);
	return ret;
}

/* What is written for NAME=VALUE, or for a NAME that is unset. */
static const char *new_value(const char *word)
{
	const char *value = strchr(word, '=');

	return value ? value + 1 : parameter_of(word)->standard;
}

static int write_word(const char *word, const char *value)
{
	int error = file_write(tune_path(parameter_of(word)), value);

	if (!error)
		return CTL_OK;
	return failed("can't set %s: %s%s", word, strerror(error),
		      error == EACCES ? "; run this as root" : "");
}

/* Saves the previous values in @before. */
static int write_words(char **words, const char **before)
{
	const char *value;
	int i, ret = CTL_OK;

	for (i = 0; words[i] && ret == CTL_OK; i++) {
		if (!parameter_of(words[i])->tunable)
			continue;
		value = value_now(parameter_of(words[i]));
		ret = write_word(words[i], new_value(words[i]));
		if (!ret)
			before[i] = value;
	}
	return ret;
}

static bool take_back(char **words, const char **before)
{
	bool restored = true;
	int i;

	for (i = 0; words[i]; i++)
		;
	while (i--)
		if (before[i] && write_word(words[i], before[i]))
			restored = false;
	return restored;
}

/* All or nothing, also if a signal comes between. */
static int change_all(char **words, bool loaded)
{
	int ret = CTL_OK, error = 0;
	const char **before;
	size_t count = 0;
	bool restored = true;

	while (words[count])
		count++;
	before = arena_get((count + 1) * sizeof(*before));
	signals_hold();
	if (loaded)
		ret = write_words(words, before);
	if (!ret && options.persist)
		error = persist_write(words);
	/* Fails only if the kernel or the disk refuses. */
	if (ret || error)
		restored = take_back(words, before);
	if (error)
		ret = persist_failed(error, restored);
	signals_release();
	return ret;
}

static int change(char **words)
{
	bool loaded = host_loaded();
	int ret = check_words(words), lock;

	if (ret)
		return ret;
	if (!loaded && !options.persist)
		return host_hidden() ? host_missing() :
		       failed("rmpopt is not loaded; load it with rmpoptctl load, or use set --persist for later loads");
	if (!options.persist)
		return change_all(words, loaded);
	lock = persist_lock();
	if (lock < 0)
		return CTL_FAILED;
	ret = change_all(words, loaded) ?: persist_overridden(words);
	close(lock);
	return ret;
}

int run_set(char **arguments)
{
	int ret;

	if (*arguments && options.sysroot)
		return misused("set can't change anything below --sysroot; without NAME=VALUE it shows the parameters");
	if (!*arguments)
		return options.persist || options.unset ?
		       misused("--%s requires %s", options.unset ? "unset" : "persist",
			       options.unset ? "NAME" : "NAME=VALUE") : show(arguments);
	ret = change(arguments);
	if (table_wanted() && (ret == CTL_OK || ret == CTL_PARTLY))
		ret = show(arguments) ?: ret;
	return ret;
}
