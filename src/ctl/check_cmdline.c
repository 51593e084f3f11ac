// SPDX-License-Identifier: GPL-2.0
/* check: the kernel command line. */
#include <string.h>

#include "check.h"

struct answer check_kdump(void)
{
	char *line = file_text("/proc/cmdline");

	if (file_exists("/proc/vmcore"))
		return fail("/proc/vmcore exists", "boot the normal kernel: this one is for crash dumps");
	if (!line)
		return skip("no /proc/cmdline", NULL);
	if (value_of(line, "elfcorehdr"))
		return fail("elfcorehdr= is on the kernel command line",
			    "boot the normal kernel: this one is for crash dumps");
	return pass("no /proc/vmcore, no elfcorehdr=");
}

/* VALUE of NAME=VALUE, "" of NAME alone, else NULL; - in a name is the same as _. */
const char *check_value_in(const char *word, const char *name)
{
	for (; *name; name++, word++)
		if (*word != *name && !(*word == '-' && *name == '_'))
			return NULL;
	return *word == '=' ? word + 1 : *word ? NULL : "";
}

/* As the kernel reads a bool; a name alone says yes. */
bool check_says_yes(const char *value)
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
 * struct forbidding - a word that prevents SNP or rmpopt
 * @name: its name
 * @value: prevents as one of its values; NULL: its value is a bool
 * @yes: the bool that prevents
 * @last: of several words of that name only the last counts
 * @valued: modprobe passes it on, and only with a value
 * @breaks: what fails because of it
 */
static const struct forbidding {
	const char *name;
	const char *value;
	bool yes;
	bool last;
	bool valued;
	unsigned int breaks;
} forbids[] = {
	{ "sev", "nosnp", .breaks = LINK_SNP_ALL },
	{ "amd_iommu", "off", .breaks = LINK_IOMMU | LINK_SNP_ALL },
	/* SNP requires version 1 of the IOMMU's page tables. */
	{ "amd_iommu", "pgtbl_v2", .breaks = LINK_SNP_ALL },
	{ "iommu", "off", .breaks = LINK_IOMMU | LINK_SNP_ALL },
	{ "iommu", "pt", .breaks = LINK_SNP_ALL },
	{ "iommu.passthrough", NULL, true, true, .breaks = LINK_SNP_ALL },
	{ "kvm_amd.npt", NULL, false, true, true, LINK_KVM | LINK_SNP },
	{ "kvm_amd.nrips", NULL, false, true, true, LINK_KVM | LINK_SNP },
	{ "kvm_amd.sev", NULL, false, true, true, LINK_KVM | LINK_SNP },
	{ "kvm_amd.sev_es", NULL, false, true, true, LINK_KVM | LINK_SNP },
	{ "kvm_amd.sev_snp", NULL, false, true, true, LINK_KVM | LINK_SNP },
	{ "module_blacklist", "ccp", .breaks = LINK_KVM | LINK_SNP },
	{ "module_blacklist", "kvm", .breaks = LINK_KVM | LINK_SNP },
	{ "module_blacklist", "kvm_amd", .breaks = LINK_KVM | LINK_SNP },
	{ "module_blacklist", "rmpopt" },
	{ "rmpopt.disable", NULL, true, true, true },
};

/* The word of the command line that prevents SNP or rmpopt, NULL if there is none. */
static const char *forbidden(const char *text, const struct forbidding *what)
{
	char *line = arena_copy(text), *word;
	const char *found = NULL, *value;

	while ((word = next_word(&line))) {
		value = check_value_in(word, what->name);
		if (!value || (what->valued && !strchr(word, '=')))
			continue;
		if (what->value ? check_lists(value, what->value) : check_says_yes(value) == what->yes)
			found = word;
		else if (what->last)
			found = NULL;
	}
	return found;
}

/* It does nothing, but looks as if it did something. */
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

/* Shows all of them, as each one costs a reboot; @breaks gets what they break. */
static const char *all_forbidden(const char *line, unsigned int *breaks)
{
	const char *word, *all = NULL;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(forbids); i++) {
		word = forbidden(line, &forbids[i]);
		if (!word)
			continue;
		*breaks |= forbids[i].breaks;
		if (!all || !has_word(all, word))
			all = format("%s%s%s", all ?: "", all ? " " : "", word);
	}
	return all;
}

struct answer check_cmdline(void)
{
	static const char bare[] =
		"rmpopt.disable without a value does nothing: remove it, or use rmpopt.disable=1";
	const char *line = file_text("/proc/cmdline"), *words;
	struct answer answer = { };

	if (!line)
		return skip("no /proc/cmdline", NULL);
	words = all_forbidden(line, &answer.breaks);
	if (words)
		check_add(&answer, words, strchr(words, ' ') ?
			  "remove these from the kernel command line, and reboot" :
			  "remove this from the kernel command line, and reboot");
	if (words && has_bare_disable(line))
		check_add(&answer, "rmpopt.disable", bare);
	if (words)
		return answer;
	if (has_bare_disable(line))
		return skip("rmpopt.disable", bare);
	return pass("nothing that prevents SNP or rmpopt");
}
