// SPDX-License-Identifier: GPL-2.0
/* check: the kernel, its configuration and its command line. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

/* What the upstream series calls its own set-up; host.c of the module looks for it, too. */
#define IN_KERNEL_SYMBOL	"snp_setup_rmpopt"

/* uname -r; "" if it was not saved. */
const char *check_release(void)
{
	return file_text("/proc/sys/kernel/osrelease") ?: "";
}

static bool cpu_flag(const char *flag)
{
	char *text = file_text("/proc/cpuinfo"), *line;

	while ((line = next_line(&text)))
		if (!strncmp(line, "flags", 5))
			return has_word(line, flag);
	return false;
}

/* Major × 1000 + minor of a release like 6.14.0-1-amd64, 0 if it is none. */
static u32 version_of(const char *release)
{
	unsigned int major, minor;

	if (sscanf(release, "%3u.%3u", &major, &minor) != 2)
		return 0;
	return major * 1000 + minor;
}

struct answer check_kernel(void)
{
	const char *release = check_release();
	u32 version = version_of(release);

	if (!version)
		return skip("no /proc/sys/kernel/osrelease", NULL);
	if (version < 6009)
		return fail(format("Linux %s", release), "run Linux 6.14 or later: this one can't be an SNP host");
	if (version < 6014)
		return fail(format("Linux %s", release),
			    "run Linux 6.14 or later: before, only a contiguous RMP is known, and RMPOPT needs a segmented one");
	return pass(format("Linux %s", release));
}

static char *kernel_config(const char **path)
{
	static const char * const places[] = {
		"/boot/config-%s", "/lib/modules/%s/config",
		"/lib/modules/%s/build/.config",
	};
	const char *release = check_release();
	char *text;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		*path = format("%.*s%s%s", (int)strcspn(places[i], "%"), places[i],
			       release, strchr(places[i], '%') + 2);
		text = file_text("%s", *path);
		if (text)
			return text;
	}
	return NULL;
}

/* True if it is set; false with an answer why not. */
static bool config_or_answer(const char *name, struct answer *answer,
			     const char *fix)
{
	const char *path;
	char *text = kernel_config(&path);

	if (!text) {
		*answer = skip(format("no /boot/config-%s", check_release()), NULL);
		return false;
	}
	*answer = fail(format("%s=y is not in %s", name, path), fix);
	return has_word(text, format("%s=y", name));
}

struct answer check_config_sev(void)
{
	struct answer answer;

	if (!config_or_answer("CONFIG_KVM_AMD_SEV", &answer,
			      "run a kernel with CONFIG_KVM_AMD_SEV (Debian: not a cloud kernel)"))
		return answer;
	return pass("CONFIG_KVM_AMD_SEV=y");
}

/* Only the hooks want them: no reason to fail. */
struct answer check_config_kprobes(void)
{
	struct answer answer;

	if (config_or_answer("CONFIG_KPROBES", &answer, NULL))
		return pass("CONFIG_KPROBES=y");
	answer.verdict = VERDICT_SKIP;
	answer.fix = "works without: changes are found by the watch instead of at once";
	return answer;
}

static bool is_symbol(char *line, const char *symbol)
{
	char *address = next_word(&line), *type = next_word(&line);
	char *name = next_word(&line);

	return address && type && name && !strcmp(name, symbol);
}

struct answer check_in_kernel(void)
{
	char *text = file_text("/proc/kallsyms"), *line;

	if (!text)
		return skip(format("can't read /proc/kallsyms: %s", strerror(errno)), NULL);
	while ((line = next_line(&text)))
		if (is_symbol(line, IN_KERNEL_SYMBOL))
			return fail("the kernel has " IN_KERNEL_SYMBOL "()",
				    "remove rmpopt: this kernel looks after RMPOPT itself");
	return pass("no " IN_KERNEL_SYMBOL "() in /proc/kallsyms");
}

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

/* As the kernel reads a bool: a name alone says yes. */
static bool says_yes(const char *value)
{
	return value && (!*value || strchr("yY1tT", *value) ||
			 !strcasecmp(value, "on"));
}

/* A word in a list of words with commas between. */
static bool lists(const char *value, const char *word)
{
	size_t length;

	for (; value && *value; value += length + !!value[length]) {
		length = strcspn(value, ",");
		if (length == strlen(word) && !strncmp(value, word, length))
			return true;
	}
	return false;
}

/* What forbids SNP or rmpopt; without a value: whatever says yes. */
static const struct {
	const char *name;
	const char *value;
} forbids[] = {
	{ "sev", "nosnp" }, { "amd_iommu", "off" }, { "iommu", "off" },
	{ "iommu", "pt" }, { "iommu.passthrough", NULL },
	{ "kvm_amd.sev_snp", "0" }, { "kvm_amd.sev_snp", "N" },
	{ "rmpopt.disable", NULL },
};

struct answer check_cmdline(void)
{
	char *line = file_text("/proc/cmdline");
	const char *value;
	size_t i;

	if (!line)
		return skip("no /proc/cmdline", NULL);
	for (i = 0; i < ARRAY_SIZE(forbids); i++) {
		value = value_of(line, forbids[i].name);
		if (forbids[i].value ? lists(value, forbids[i].value) : says_yes(value))
			return fail(format("%s%s%s is there", forbids[i].name,
					   forbids[i].value ? "=" : "",
					   forbids[i].value ?: ""),
				    "remove it from the kernel command line and reboot");
	}
	return pass("nothing that forbids SNP or rmpopt");
}

struct answer check_snp_host(void)
{
	if (!file_exists("/proc/cpuinfo"))
		return skip("no /proc/cpuinfo", NULL);
	if (!cpu_flag("sev_snp"))
		return fail("/proc/cpuinfo has no flag sev_snp",
			    "mend what failed above; dmesg | grep -i -e SNP -e RMP says what the kernel lacks");
	return pass("/proc/cpuinfo has the flag sev_snp");
}
