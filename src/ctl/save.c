// SPDX-License-Identifier: GPL-2.0
/*
 * status --save: everything that rmpoptctl reads, as a tree for --sysroot. If a text
 * file has more than that, only the lines that concern rmpopt are kept.
 */
#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive.h"
#include "check.h"
#include "hw.h"
#include "kmod.h"
#include "owner.h"
#include "status.h"

/* Of the kernel command line. */
#define WORDS \
	"sev= iommu amd_iommu mem_encrypt= kvm_amd. kvm-amd. modprobe. module_blacklist= rmpopt. " \
	"elfcorehdr= isolcpus= nohz_full= module.sig lockdown= nosmt nosmp maxcpus= nr_cpus= possible_cpus= mitigations="

/* Of modprobe.d. */
static const char modules[] = MODULE_NAME "|kvm|ccp";

/* Of the kernel's configuration. */
static const char config[] = "CONFIG_KVM_AMD|CONFIG_KPROBES|CONFIG_MODULE_SIG";

/* What is listed as its contents, in this order. */
enum part {
	PART_RMPOPT,
	PART_TABLES,
	PART_MODULE,
	PART_CPUID,
	PART_MSRS,
	PART_HOST,
	PART_CONFIG,
	PART_OWNER,
	PARTS,
};

static const char * const part_texts[PARTS] = {
	[PART_RMPOPT]	= "rmpopt's files in sysfs and debugfs, and its parameters",
	[PART_TABLES]	= "the table of each core, read by a report for each region",
	[PART_MODULE]	= "the module itself",
	[PART_CPUID]	= "CPUID",
	[PART_MSRS]	= "SYSCFG, RMP_BASE, RMP_END, RMP_CFG and RMPOPT_BASE of each CPU",
	[PART_HOST]	= "the kernel's release, CPUs, IOMMUs and nodes; of its command line, configuration,\n"
			  "  symbols and keys, and of modprobe.d, only what concerns SNP and rmpopt",
	[PART_CONFIG]	= "/proc/config.gz, the whole configuration of the kernel",
	[PART_OWNER]	= "certificates that the machine's owner has enrolled (MOK)",
};

/**
 * struct saved - files that are saved
 * @pattern: where they are; %s: the kernel's release
 * @part: what that is
 * @words: keep only words that begin like one of these, blank-separated; "": that
 *	the file exists, and nothing of it
 * @lines: keep only lines that hold one of these, "|"-separated
 */
struct saved {
	const char *pattern;
	enum part part;
	const char *words;
	const char *lines;
};

static const struct saved saved[] = {
	{ SYSFS "*", PART_RMPOPT },
	{ SYSFS "*/*", PART_RMPOPT },
	{ DEBUGFS "[!rt]*", PART_RMPOPT },
	{ DEBUGFS "rmp", PART_RMPOPT },
	{ DEBUGFS "table", PART_TABLES },
	{ MODULE "/*", PART_RMPOPT },
	{ MODULE "/parameters/*", PART_RMPOPT },
	{ "/sys/module/kvm_amd/parameters/sev*", PART_HOST },
	{ "/sys/module/module/parameters/sig_enforce", PART_HOST },
	{ "/sys/kernel/security/lockdown", PART_HOST },
	{ "/sys/firmware/efi/efivars/SecureBoot-*", PART_HOST },
	{ OWNER_KEYS_EFI "/" OWNER_KEYS_LIST "*", PART_OWNER },
	{ OWNER_KEYS_SHIM "/" OWNER_KEYS_LIST "*", PART_OWNER },
	{ OWNER_KEY_UBUNTU, PART_HOST, "" },
	{ "/sys/class/iommu/*/amd-iommu/features", PART_HOST },
	{ CPUS "online", PART_HOST },
	{ CPUS "present", PART_HOST },
	{ CPUS "possible", PART_HOST },
	{ CPUS "smt/control", PART_HOST },
	{ CPUS "cpu*/topology/thread_siblings_list", PART_HOST },
	{ "/proc/sys/kernel/osrelease", PART_HOST },
	{ "/proc/sys/kernel/modules_disabled", PART_HOST },
	{ "/proc/zoneinfo", PART_HOST, NULL, "Node |spanned|start_pfn" },
	{ "/proc/cpuinfo", PART_HOST, NULL, "flags|vendor_id|cpu family|model|stepping" },
	{ "/proc/cmdline", PART_HOST, WORDS },
	{ "/proc/kallsyms", PART_HOST, NULL,
	  "snp_enable_rmpopt|do_rmpopt_work|rmpopt_scan_range|rmpopt_init|snp_setup_rmpopt|rmp_make_shared" },
	{ "/proc/keys", PART_HOST, NULL, "asymmetri" },
	{ "/etc/modprobe.d/*.conf", PART_HOST, NULL, modules },
	{ "/run/modprobe.d/*.conf", PART_HOST, NULL, modules },
	{ "/usr/local/lib/modprobe.d/*.conf", PART_HOST, NULL, modules },
	{ "/usr/lib/modprobe.d/*.conf", PART_HOST, NULL, modules },
	{ "/lib/modprobe.d/*.conf", PART_HOST, NULL, modules },
	{ "/boot/config-%s", PART_HOST, NULL, config },
	{ "/lib/modules/%s/config", PART_HOST, NULL, config },
	{ "/lib/modules/%s/build/.config", PART_HOST, NULL, config },
	{ "/proc/config.gz", PART_CONFIG },
	{ "/lib/modules/%s/modules.dep", PART_HOST, NULL, MODULE_NAME ".ko" },
	{ "/lib/modules/%s/source/arch/x86/include/asm/cpufeatures.h", PART_HOST, NULL, "X86_FEATURE_RMPOPT" },
	{ "/lib/modules/%s/build/arch/x86/include/asm/cpufeatures.h", PART_HOST, NULL, "X86_FEATURE_RMPOPT" },
};

/**
 * struct collection - what is to be saved
 * @first: the first file
 * @last: where the next one goes
 * @has: whether there is something of a part
 * @left_out: files that could not be read, a line for each
 */
struct collection {
	struct kept *first;
	struct kept **last;
	bool has[PARTS];
	const char *left_out;
};

static void keep(struct collection *all, enum part part, const char *path, const char *bytes, size_t size)
{
	struct kept *file = arena_get(sizeof(*file));

	*file = (struct kept){ NULL, path, bytes, size };
	*all->last = file;
	all->last = &file->next;
	all->has[part] = true;
}

static void keep_text(struct collection *all, enum part part, const char *path, const char *text)
{
	keep(all, part, path, text, strlen(text));
}

static bool begins_like(const char *word, const char *beginnings)
{
	char *list = arena_copy(beginnings), *one;

	while ((one = next_word(&list)))
		if (!strncmp(word, one, strlen(one)))
			return true;
	return false;
}

static const char *keep_words(char *text, const char *beginnings)
{
	const char *kept = "";
	char *word;

	while ((word = next_word(&text)))
		if (begins_like(word, beginnings))
			kept = format("%s%s%s", kept, *kept ? " " : "", word);
	return format("%s\n", kept);
}

static bool holds_one(const char *line, const char *alternatives)
{
	size_t length;

	for (;; alternatives += length + 1) {
		length = strcspn(alternatives, "|");
		if (strstr(line, format("%.*s", (int)length, alternatives)))
			return true;
		if (!alternatives[length])
			return false;
	}
}

/* Kernel addresses are not saved. */
static const char *without_address(const char *path, char *line)
{
	size_t length = strcspn(line, " ");

	if (!strcmp(path, "/proc/kallsyms"))
		memset(line, '0', length);
	return line;
}

/**
 * struct stream - a text that grows
 * @file: write to it
 * @text: what was written, once it is closed
 * @size: how much
 */
struct stream {
	FILE *file;
	char *text;
	size_t size;
};

static void stream_open(struct stream *stream)
{
	stream->file = open_memstream(&stream->text, &stream->size);
	if (!stream->file)
		exit(failed("not enough memory"));
}

static const char *stream_take(struct stream *stream)
{
	const char *text;

	if (fclose(stream->file))
		exit(failed("not enough memory"));
	text = arena_copy(stream->text);
	free(stream->text);
	return text;
}

static const char *keep_lines(const char *path, char *text, const char *lines)
{
	struct stream kept;
	char *line;

	stream_open(&kept);
	while ((line = next_line(&text)))
		if (holds_one(line, lines))
			fprintf(kept.file, "%s\n", without_address(path, line));
	return stream_take(&kept);
}

/* Files that this user may not read are not listed. */
static void leave_out(struct collection *all, const char *path)
{
	if (errno != ENOENT && errno != EACCES && errno != EPERM && errno != EINVAL)
		all->left_out = format("%s  %s: %s\n", all->left_out, path, strerror(errno));
}

static void save_file(struct collection *all, const char *path, const struct saved *how)
{
	size_t size;
	char *bytes = file_bytes(path, &size);

	if (!bytes) {
		leave_out(all, path);
		return;
	}
	path = arena_copy(path);
	if (how->words) {
		keep_text(all, how->part, path, keep_words(bytes, how->words));
	} else if (how->lines) {
		if (how->lines == modules)
			bytes = join_lines(bytes);
		keep_text(all, how->part, path, keep_lines(path, bytes, how->lines));
	} else {
		keep(all, how->part, path, bytes, size);
	}
}

static void save_pattern(struct collection *all, const struct saved *how)
{
	const char *release = strstr(how->pattern, "%s"), *pattern = how->pattern;
	glob_t found = { };
	size_t i;

	if (release)
		pattern = format("%.*s%s%s", (int)(release - pattern), pattern,
				 check_release(), release + 2);
	if (!glob(pattern, 0, NULL, &found))
		for (i = 0; i < found.gl_pathc; i++)
			save_file(all, found.gl_pathv[i], how);
	globfree(&found);
}

/* Some distributions say /usr/lib/modules to it, all have it in /lib/modules. */
static void save_module(struct collection *all)
{
	static const struct saved how = { .part = PART_MODULE };
	struct kmod_module *module;
	struct kmod_ctx *ctx;
	const char *path;

	module = kmod_open(&ctx);
	path = module ? kmod_path(module) : NULL;
	if (path)
		save_file(all, path + (strncmp(path, "/usr/lib/", 9) ? 0 : 4), &how);
	kmod_close(ctx, module);
}

static void save_cpuid(struct collection *all)
{
	static const u32 leaves[] = {
		CPUID_BASIC, CPUID_FEATURES, CPUID_EXTENDED, CPUID_SEV, CPUID_RMP
	};
	const char *text = "# leaf subleaf eax ebx ecx edx\n";
	struct cpuid regs;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(leaves); i++)
		if (hw_cpuid(leaves[i], 0, &regs))
			text = format("%s0x%x 0x0 0x%x 0x%x 0x%x 0x%x\n", text, leaves[i],
				      regs.eax, regs.ebx, regs.ecx, regs.edx);
	keep_text(all, PART_CPUID, SAVED_CPUID, text);
}

static void write_msrs(FILE *file, u32 cpu)
{
	static const u32 msrs[] = {
		MSR_SYSCFG, MSR_RMP_BASE, MSR_RMP_END, MSR_RMP_CFG, MSR_RMPOPT_BASE
	};
	u64 value;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(msrs); i++)
		if (!hw_msr(cpu, msrs[i], &value))
			fprintf(file, "%u 0x%x 0x%llx\n", cpu, msrs[i], value);
}

static void save_msrs(struct collection *all)
{
	struct stream text;
	struct list online;
	size_t i;
	u64 value;
	u32 cpu;

	if (hw_msr(0, MSR_SYSCFG, &value) || !list_read(&online, CPUS "online"))
		return;
	stream_open(&text);
	fputs("# cpu msr value\n", text.file);
	for (i = 0; i < online.ranges; i++)
		for (cpu = online.range[i].first; cpu <= online.range[i].last; cpu++)
			write_msrs(text.file, cpu);
	keep_text(all, PART_MSRS, SAVED_MSR, stream_take(&text));
}

static void collect(struct collection *all)
{
	size_t i;

	*all = (struct collection){ .last = &all->first, .left_out = "" };
	for (i = 0; i < ARRAY_SIZE(saved); i++)
		save_pattern(all, &saved[i]);
	save_module(all);
	save_cpuid(all);
	save_msrs(all);
}

static void say_contents(FILE *to, const struct collection *all)
{
	size_t i;

	for (i = 0; i < PARTS; i++)
		if (all->has[i])
			fprintf(to, "  %s\n", part_texts[i]);
	fputs("It contains no memory, no secret keys and no network addresses.\n", to);
	if (all->has[PART_RMPOPT] && !geteuid())
		fputs("But optimized regions, and the ASIDs per region, show where guests live on this host.\n", to);
	if (geteuid())
		fputs("You are not root: files that only root may read are missing.\n", to);
	else if (!all->has[PART_MSRS])
		fputs("MSRs are missing: modprobe msr, and save again.\n", to);
	if (*all->left_out)
		fprintf(to, "Missing, as they can't be read:\n%s", all->left_out);
}

int status_save(const char *to)
{
	struct collection all;
	const char *error;
	FILE *report = archive_is_stdout(to) ? stderr : stdout;

	if (options.sysroot)
		return misused("--save and --sysroot exclude each other: that tree is saved already");
	error = archive_refused(to);
	if (!error) {
		collect(&all);
		error = archive_write_all(to, all.first);
	}
	if (error)
		return failed("--save %s: %s", to, error);
	/* Who can read standard output, the shell has decided. */
	if (archive_is_stdout(to))
		fputs("The tar contains:\n", report);
	else
		fprintf(report, "%s, which only you can read, contains:\n", to);
	say_contents(report, &all);
	fprintf(report, "To read it%s: rmpoptctl COMMAND --sysroot DIR\n",
		archive_is_folder(to) ? "" : ", unpack it, then");
	return CTL_OK;
}
