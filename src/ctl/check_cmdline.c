// SPDX-License-Identifier: GPL-2.0
/* check: the kernel command line. */
#include <string.h>

#include "check.h"

struct answer check_kdump(void)
{
	char *line = file_text("/proc/cmdline");

	if (file_exists("/proc/vmcore"))
		return fail("there is a /proc/vmcore", "use the normal kernel: this is one for crash dumps");
	if (!line)
		return skip("no /proc/cmdline", NULL);
	if (value_of(line, "elfcorehdr"))
		return fail("elfcorehdr= is on the kernel command line",
			    "use the normal kernel: this is one for crash dumps");
	return pass("no /proc/vmcore, no elfcorehdr=");
}

/* Of a word NAME=VALUE the value, of NAME alone "", else NULL; - in a name is _. */
const char *check_value_in(const char *word, const char *name)
{
	for (; *name; name++, word++)
		if (*word != *name && !(*word == '-' && *name == '_'))
			return NULL;
	return *word == '=' ? word + 1 : *word ? NULL : "";
}

/* As the kernel reads a bool; a name alone says yes. */
static bool says_yes(const char *value)
{
	return !*value || strchr("yY1tT", *value) || !strcasecmp(value, "on");
}

/* A word in a list of words with commas between. */
bool check_lists(const char *value, const char *word)
{
	size_t length;

	for (; value && *value; value += length + !!value[length]) {
		length = strcspn(value, ",");
		if (length == strlen(word) && !strncmp(value, word, length))
			return true;
	}
	return false;
}

/**
 * struct forbidding - what forbids SNP or rmpopt
 * @name: the name
 * @value: forbids as one of its values; NULL: its value is a bool
 * @yes: the bool that forbids
 * @last: of several words of that name only the last counts
 * @valued: modprobe passes it on, and only with a value
 */
static const struct forbidding {
	const char *name;
	const char *value;
	bool yes;
	bool last;
	bool valued;
} forbids[] = {
	{ "sev", "nosnp" },
	{ "amd_iommu", "off" },
	/* SNP wants the IOMMU's tables of version 1. */
	{ "amd_iommu", "pgtbl_v2" },
	{ "iommu", "off" },
	{ "iommu", "pt" },
	{ "iommu.passthrough", NULL, true, true },
	{ "kvm_amd.sev_snp", NULL, false, true, true },
	{ "module_blacklist", "rmpopt" },
	{ "rmpopt.disable", NULL, true, true, true },
};

/* The word of a command line that forbids, NULL if there is none. */
static const char *forbidden(const char *text, const struct forbidding *what)
{
	char *line = arena_copy(text), *word;
	const char *found = NULL, *value;

	while ((word = next_word(&line))) {
		value = check_value_in(word, what->name);
		if (!value || (what->valued && !strchr(word, '=')))
			continue;
		if (what->value ? check_lists(value, what->value) : says_yes(value) == what->yes)
			found = word;
		else if (what->last)
			found = NULL;
	}
	return found;
}

/* It does nothing, and whoever wrote it expects something else. */
static bool has_bare_disable(const char *text)
{
	char *line = arena_copy(text), *word;
	const char *value;

	while ((word = next_word(&line))) {
		value = check_value_in(word, "rmpopt.disable");
		if (value && !*value && !strchr(word, '='))
			return true;
	}
	return false;
}

/* All of them: each reboot that is saved counts. */
static const char *all_forbidden(const char *line)
{
	const char *word, *all = NULL;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(forbids); i++) {
		word = forbidden(line, &forbids[i]);
		if (word && !(all && has_word(all, word)))
			all = format("%s%s%s", all ?: "", all ? " " : "", word);
	}
	return all;
}

struct answer check_cmdline(void)
{
	const char *line = file_text("/proc/cmdline"), *words;

	if (!line)
		return skip("no /proc/cmdline", NULL);
	words = all_forbidden(line);
	if (words)
		return fail(format("found: %s", words),
			    "remove it from the kernel command line and reboot");
	if (has_bare_disable(line))
		return skip("rmpopt.disable has no value: modprobe does not pass it on, it does nothing",
			    "to keep the module from loading: rmpopt.disable=1, or module_blacklist=rmpopt; else remove it");
	return pass("nothing that prevents SNP or rmpopt");
}
