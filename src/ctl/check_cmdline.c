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

/* As the kernel reads a bool: a name alone says yes. */
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
 */
static const struct forbidding {
	const char *name;
	const char *value;
	bool yes;
	bool last;
} forbids[] = {
	{ "sev", "nosnp" },
	{ "amd_iommu", "off" },
	/* SNP wants the IOMMU's tables of version 1. */
	{ "amd_iommu", "pgtbl_v2" },
	{ "iommu", "off" },
	{ "iommu", "pt" },
	{ "iommu.passthrough", NULL, true, true },
	{ "kvm_amd.sev_snp", NULL, false, true },
	{ "module_blacklist", "rmpopt" },
	{ "rmpopt.disable", NULL, true },
};

/* The word of a command line that forbids, NULL if there is none. */
static const char *forbidden(const char *text, const struct forbidding *what)
{
	char *line = arena_copy(text), *word;
	const char *found = NULL, *value;

	while ((word = next_word(&line))) {
		value = check_value_in(word, what->name);
		if (!value)
			continue;
		if (what->value ? check_lists(value, what->value) : says_yes(value) == what->yes)
			found = word;
		else if (what->last)
			found = NULL;
	}
	return found;
}

struct answer check_cmdline(void)
{
	const char *line = file_text("/proc/cmdline"), *word;
	size_t i;

	if (!line)
		return skip("no /proc/cmdline", NULL);
	for (i = 0; i < ARRAY_SIZE(forbids); i++) {
		word = forbidden(line, &forbids[i]);
		if (word)
			return fail(format("%s is there", word),
				    "remove it from the kernel command line and reboot");
	}
	return pass("nothing that forbids SNP or rmpopt");
}
