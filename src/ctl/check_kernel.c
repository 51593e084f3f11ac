// SPDX-License-Identifier: GPL-2.0
/* check: the kernel, its configuration, and its own support of RMPOPT. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "check.h"

/*
 * Functions of kernels that drive RMPOPT themselves; the module looks for them, too
 * (host.c).
 */
static const char * const in_kernel[] = {
	"snp_enable_rmpopt", "do_rmpopt_work", "rmpopt_scan_range", "rmpopt_init",
	"snp_setup_rmpopt", "snp_perform_rmp_optimization", "configure_and_enable_rmpopt",
};

/* uname -r; "" if it was not saved. */
const char *check_release(void)
{
	return file_text("/proc/sys/kernel/osrelease") ?: "";
}

/* Is it among the flags of /proc/cpuinfo? */
bool check_cpu_flag(const char *flag)
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

/*
 * Vendors backport: between 6.9 and 6.14 the kernel's own flags count. Linux 6.9
 * and later support the contiguous RMP of CPUs that have no other.
 */
struct answer check_kernel(void)
{
	const char *release = check_release();
	u32 version = version_of(release);

	if (!version)
		return skip("no /proc/sys/kernel/osrelease", NULL);
	if (version < 6009)
		return fail(format("Linux %s", release),
			    format("run Linux %s or later; the module can't be built for kernels before 6.9",
				   check_has_segments() ? "6.14" : "6.11"));
	if (version >= 6014 || !check_has_segments())
		return pass(format("Linux %s", release));
	if (check_cpu_flag("sev_snp"))
		return skip(format("Linux %s, which supports a segmented RMP only if its vendor has added that",
				   release),
			    check_is_segmented() ? NULL : "run Linux 6.14 or later before you enable the segmented RMP in the BIOS");
	return fail(format("Linux %s", release),
		    "run Linux 6.14 or later: RMPOPT requires a segmented RMP, which earlier kernels don't support");
}

/* Larger than any kernel's. */
#define CONFIG_SIZE	(4u << 20)

/* zlib's own words for "gzip, and nothing else". */
#define GZIP_ONLY	(16 + MAX_WBITS)

/*
 * /proc/config.gz, which a kernel with CONFIG_IKCONFIG_PROC has; NULL if it can't be
 * read.
 */
static char *packed_config(void)
{
	char *text = arena_get(CONFIG_SIZE + 1);
	z_stream stream = { .next_out = (Bytef *)text, .avail_out = CONFIG_SIZE };
	size_t size;
	int ret;

	stream.next_in = (Bytef *)file_bytes("/proc/config.gz", &size);
	if (!stream.next_in)
		return NULL;
	stream.avail_in = size;
	if (inflateInit2(&stream, GZIP_ONLY) != Z_OK)
		return NULL;
	ret = inflate(&stream, Z_FINISH);
	inflateEnd(&stream);
	return ret == Z_STREAM_END ? text : NULL;
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
	*path = "/proc/config.gz";
	return packed_config();
}

/* False also if it is not known. */
bool check_config(const char *word)
{
	const char *path;
	char *text = kernel_config(&path);

	return text && has_word(text, word);
}

/* True if it is set; false with an answer why not. */
static bool config_or_answer(const char *name, struct answer *answer,
			     const char *fix)
{
	const char *path;
	char *text = kernel_config(&path);

	if (!text) {
		*answer = skip(format("no /boot/config-%s or /proc/config.gz", check_release()), NULL);
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

/* Only hooks need them: not a failure. */
struct answer check_config_kprobes(void)
{
	struct answer answer;

	if (config_or_answer("CONFIG_KPROBES", &answer, NULL))
		return pass("CONFIG_KPROBES=y");
	answer.verdict = VERDICT_SKIP;
	answer.fix = "not required: without kprobes, changes are found by the watch, not at once";
	return answer;
}

/*
 * The one of in_kernel[] that a line of /proc/kallsyms is about, NULL if none.
 * A dot and what follows comes from the compiler; ours are no sign.
 */
static const char *in_kernel_name(char *line)
{
	char *address = next_word(&line), *type = next_word(&line);
	char *name = next_word(&line), *module = next_word(&line);
	size_t i;

	if (!address || !type || !name || (module && !strcmp(module, "[rmpopt]")))
		return NULL;
	name[strcspn(name, ".")] = '\0';
	for (i = 0; i < ARRAY_SIZE(in_kernel); i++)
		if (!strcmp(name, in_kernel[i]))
			return in_kernel[i];
	return NULL;
}

/* Built with headers that have the feature, the module is in view-only mode. */
static bool headers_know_rmpopt(void)
{
	static const char * const links[] = { "source", "build" };
	const char *text;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(links); i++) {
		text = file_text("/lib/modules/%s/%s/arch/x86/include/asm/cpufeatures.h",
				 check_release(), links[i]);
		if (text && has_word(text, "X86_FEATURE_RMPOPT"))
			return true;
	}
	return false;
}

struct answer check_in_kernel(void)
{
	static const char why[] = "view only: this kernel drives RMPOPT itself";
	char *text = file_text("/proc/kallsyms"), *line;
	const char *name;
	int error = errno;

	if (check_cpu_flag("rmpopt"))
		return view("/proc/cpuinfo has the flag rmpopt", why);
	if (headers_know_rmpopt())
		return view("the kernel's headers have X86_FEATURE_RMPOPT", why);
	if (!text)
		return skip(format("can't read /proc/kallsyms: %s", strerror(error)), NULL);
	while ((line = next_line(&text))) {
		name = in_kernel_name(line);
		if (name)
			return view(format("the kernel has %s()", name), why);
	}
	return pass("/proc/kallsyms has no such function");
}
