// SPDX-License-Identifier: GPL-2.0
/*
 * The module's parameters and their limits, as tune.c and main.c of the module
 * have them.
 */
#include <string.h>

#include "parameters.h"

#define DAY_MS	(24 * 60 * 60 * 1000)

const struct parameter parameters[] = {
	{ "slice_us", PARAMETER_NUMBER, true, false, 10, 1000, "50",
	  "longest slice of a core, in microseconds" },
	{ "duty", PARAMETER_NUMBER, true, false, 1, 100, "5",
	  "share of a core's time that slices may take, in percent" },
	{ "parallel", PARAMETER_NUMBER, true, false, 0, 8192, "4",
	  "cores that execute slices at the same time; 0: all" },
	{ "followers", PARAMETER_WORD, true, false, 0, 0, "tick",
	  "how busy cores are reached: tick, after their next tick; ipi, by an interrupt", "ipi" },
	{ "isolated", PARAMETER_WORD, true, false, 0, 0, "ipi",
	  "isolated and nohz_full cores: ipi, use them; skip, leave them alone", "skip" },
	{ "auto", PARAMETER_BOOL, true, false, 0, 0, "Y",
	  "start passes automatically; N: only on request, except for the first one" },
	{ "delay_ms", PARAMETER_NUMBER, true, false, 0, DAY_MS, "10000",
	  "quiet period before a delayed pass" },
	{ "max_delay_ms", PARAMETER_NUMBER, true, false, 0, DAY_MS, "60000",
	  "longest delay of a delayed pass" },
	{ "watch_ms", PARAMETER_NUMBER, true, true, 10, DAY_MS, "60000",
	  "how often leaders check their tables; 0: never" },
	{ "audit_ms", PARAMETER_NUMBER, true, true, 10, 7ull * DAY_MS, "3600000",
	  "how long it takes to check the tables of all cores once; 0: never" },
	{ "scan_on_load", PARAMETER_BOOL, false, false, 0, 0, "Y",
	  "start the first pass as soon as SNP is initialised" },
	{ "init_check", PARAMETER_BOOL, false, false, 0, 0, "Y",
	  "check in the RMP that SNP_INIT is done; N: rely on SnpEn alone" },
	{ "hooks", PARAMETER_BOOL, false, false, 0, 0, "Y",
	  "use kprobes to notice pages that guests give back; N: only the watch finds them" },
	{ "disable", PARAMETER_BOOL, false, false, 0, 0, "N",
	  "refuse to load" },
	{ "cpus", PARAMETER_LIST, false, false, 0, 0, "all",
	  "use only cores with a thread in this list" },
	{ "coverage", PARAMETER_LIST, false, false, 0, 0, "all",
	  "regions to cover, like 0-3,1024-1535" },
	{ }
};

/* As the kernel compares names: - is the same as _. */
static bool is_name(const char *name, const char *word, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++)
		if (word[i] != name[i] && !(word[i] == '-' && name[i] == '_'))
			return false;
	return !name[i];
}

const struct parameter *parameter_find(const char *word, size_t length)
{
	const struct parameter *parameter;

	for (parameter = parameters; parameter->name; parameter++)
		if (is_name(parameter->name, word, length))
			return parameter;
	return NULL;
}

/*
 * The next NAME=VALUE, NULL after the last; blanks in double quotes belong to
 * it.
 */
char *option_next(char **line)
{
	char *word = *line + strspn(*line, " \t"), *c = word;
	bool quoted = false;

	for (; *c && (quoted || (*c != ' ' && *c != '\t')); c++)
		quoted ^= *c == '"';
	*line = c;
	if (*c)
		*(*line)++ = '\0';
	return *word ? word : NULL;
}

/*
 * Without the quotes that the kernel drops: around the value, or around it all.
 */
char *option_plain(const char *word)
{
	char *plain = arena_copy(*word == '"' ? word + 1 : word);
	char *value = strchr(plain, '='), *end = plain + strlen(plain);
	bool quoted = *word == '"';

	if (value && value[1] == '"') {
		memmove(value + 1, value + 2, end - value - 1);
		end--;
		quoted = true;
	}
	if (quoted && end > plain && end[-1] == '"')
		end[-1] = '\0';
	return plain;
}

const char *parameter_limits(const struct parameter *parameter)
{
	switch (parameter->kind) {
	case PARAMETER_BOOL:
		return "Y or N";
	case PARAMETER_WORD:
		return format("%s or %s", parameter->standard, parameter->other);
	case PARAMETER_LIST:
		return "all or a list like 0-3,8";
	default:
		return format("%s%llu-%llu", parameter->or_zero ? "0 or " : "",
			      parameter->min, parameter->max);
	}
}

static bool fits_number(const struct parameter *parameter, const char *text)
{
	u64 value;

	if (!parse_number(text, &value))
		return false;
	return (value >= parameter->min && value <= parameter->max) ||
	       (parameter->or_zero && !value);
}

static bool fits(const struct parameter *parameter, const char *text)
{
	switch (parameter->kind) {
	case PARAMETER_NUMBER:
		return fits_number(parameter, text);
	case PARAMETER_BOOL:
		return strlen(text) == 1 && strchr("yYnN01", *text);
	case PARAMETER_WORD:
		return !strcmp(text, parameter->standard) ||
		       !strcmp(text, parameter->other);
	default:
		return !strcmp(text, "all") || (*text && list_written(text));
	}
}

/* As kstrtobool() reads it. */
static bool is_bool(const char *text)
{
	if (*text == 'o' || *text == 'O')
		return text[1] && strchr("nNfF", text[1]);
	return *text && strchr("yYtT1nNfF0", *text);
}

/* Parameters of type bool, which the kernel itself reads; of auto the module does. */
static bool is_kernels_bool(const struct parameter *parameter)
{
	return parameter->kind == PARAMETER_BOOL && !parameter->tunable;
}

static bool is_cpus(const struct parameter *parameter)
{
	return !strcmp(parameter->name, "cpus");
}

/* Does the module take it? That is more than what is written here. */
static bool is_taken(const struct parameter *parameter, const char *text)
{
	u64 highest;

	if (is_kernels_bool(parameter))
		return is_bool(text);
	return fits(parameter, text) || (is_cpus(parameter) && list_of_cpus(text, &highest));
}

/* The module refuses a list with a CPU that the host can't have. NULL: there is none, or nobody can tell. */
static const char *no_such_cpu(const char *word, const char *text)
{
	struct list possible;
	u64 highest;

	if (!list_of_cpus(text, &highest) || !list_read(&possible, CPUS "possible") || !possible.ranges ||
	    highest <= possible.range[possible.ranges - 1].last)
		return NULL;
	return format("%s: this host has CPUs %s", word, list_text(&possible));
}

static const char *unknown_name(const char *word)
{
	return format("unknown parameter %.*s", (int)strcspn(word, "="), word);
}

static const char *wrong_value(const char *word, bool (*is_good)(const struct parameter *, const char *))
{
	size_t length = strcspn(word, "=");
	const struct parameter *parameter = parameter_find(word, length);

	if (!parameter)
		return unknown_name(word);
	if (!word[length])
		return format("%s requires a value, like %s=%s", word, word,
			      parameter->standard);
	if (!is_good(parameter, word + length + 1))
		return format("%s: allowed values are %s", word, parameter_limits(parameter));
	return is_cpus(parameter) ? no_such_cpu(word, word + length + 1) : NULL;
}

/* What is wrong with NAME=VALUE that is to be written; NULL if nothing. */
const char *parameter_wrong(const char *word)
{
	return wrong_value(word, fits);
}

/* The same of what is configured: what the module takes is not wrong. */
const char *parameter_refused(const char *word)
{
	const struct parameter *parameter = parameter_of(word);

	if (parameter && is_kernels_bool(parameter) && !strchr(word, '='))
		return NULL;
	return wrong_value(word, is_taken);
}

/* The parameter that NAME=VALUE or NAME is about, NULL if it is unknown. */
const struct parameter *parameter_of(const char *word)
{
	return parameter_find(word, strcspn(word, "="));
}

/* Is it given before? It would not be clear which one counts. */
static bool is_again(char **words, size_t place)
{
	size_t i;

	for (i = 0; i < place; i++)
		if (parameter_of(words[i]) == parameter_of(words[place]))
			return true;
	return false;
}

static int given_twice(const char *word)
{
	return misused("%s: %s is given twice", word, parameter_of(word)->name);
}

/* Complains about the first of NAME=VALUE... that @judge finds wrong. */
int parameters_check(char **words, const char *(*judge)(const char *word))
{
	const char *wrong;
	size_t i;

	for (i = 0; words[i]; i++) {
		wrong = judge(words[i]);
		if (wrong)
			return misused("%s; see rmpoptctl set", wrong);
		if (is_again(words, i))
			return given_twice(words[i]);
	}
	return CTL_OK;
}

/* The same for NAME... */
int parameters_check_names(char **words)
{
	size_t i;

	for (i = 0; words[i]; i++) {
		if (strchr(words[i], '='))
			return misused("%s: with --unset, use a name without a value", words[i]);
		if (!parameter_of(words[i]))
			return misused("%s; see rmpoptctl set", unknown_name(words[i]));
		if (is_again(words, i))
			return given_twice(words[i]);
	}
	return CTL_OK;
}
