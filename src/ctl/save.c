// SPDX-License-Identifier: GPL-2.0
/*
 * status --save: everything that rmpoptctl reads, as a tree for --sysroot. Of
 * files that hold more than concerns rmpopt only the lines that do are kept.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "hw.h"
#include "kmod.h"
#include "status.h"

extern char **environ;

/* Of the kernel command line. */
#define WORDS "sev= iommu amd_iommu kvm_amd. kvm-amd. modprobe. module_blacklist= rmpopt. elfcorehdr= isolcpus= nohz_full= nosmt maxcpus= nr_cpus= possible_cpus= mitigations= module.sig lockdown="

/**
 * struct saved - files that are saved
 * @pattern: where they are; %s: the kernel's release
 * @words: keep only words that begin like one of these, blank-separated
 * @lines: keep only lines that hold one of these, "|"-separated
 */
struct saved {
	const char *pattern;
	const char *words;
	const char *lines;
};

static const struct saved saved[] = {
	{ SYSFS "*", NULL, NULL },
	{ SYSFS "*/*", NULL, NULL },
	{ DEBUGFS "[!r]*", NULL, NULL },
	{ DEBUGFS "rmp", NULL, NULL },
	{ MODULE "/*", NULL, NULL },
	{ MODULE "/parameters/*", NULL, NULL },
	{ "/sys/module/kvm_amd/parameters/sev*", NULL, NULL },
	{ "/sys/module/module/parameters/sig_enforce", NULL, NULL },
	{ "/sys/kernel/security/lockdown", NULL, NULL },
	{ "/sys/firmware/efi/efivars/SecureBoot-*", NULL, NULL },
	{ "/sys/class/iommu/*/amd-iommu/features", NULL, NULL },
	{ "/sys/devices/system/cpu/online", NULL, NULL },
	{ "/sys/devices/system/cpu/present", NULL, NULL },
	{ "/sys/devices/system/cpu/possible", NULL, NULL },
	{ "/sys/devices/system/cpu/smt/control", NULL, NULL },
	{ "/sys/devices/system/cpu/cpu*/topology/thread_siblings_list", NULL, NULL },
	{ "/proc/sys/kernel/osrelease", NULL, NULL },
	{ "/proc/sys/kernel/modules_disabled", NULL, NULL },
	{ "/proc/zoneinfo", NULL, "Node |spanned|start_pfn" },
	{ "/proc/cpuinfo", NULL, "flags|vendor_id|cpu family|model|stepping" },
	{ "/proc/cmdline", WORDS, NULL },
	{ "/proc/kallsyms", NULL,
	  "snp_enable_rmpopt|do_rmpopt_work|rmpopt_scan_range|rmpopt_init|snp_setup_rmpopt|rmp_make_shared" },
	{ "/proc/keys", NULL, "asymmetri" },
	{ "/etc/modprobe.d/*.conf", NULL, "rmpopt|kvm_amd|ccp" },
	{ "/usr/lib/modprobe.d/*.conf", NULL, "rmpopt|kvm_amd|ccp" },
	{ "/boot/config-%s", NULL, "CONFIG_KVM_AMD|CONFIG_KPROBES|CONFIG_MODULE_SIG" },
	{ "/lib/modules/%s/modules.dep.bin", NULL, NULL },
	{ "/lib/modules/%s/source/arch/x86/include/asm/cpufeatures.h", NULL, "X86_FEATURE_RMPOPT" },
	{ "/lib/modules/%s/build/arch/x86/include/asm/cpufeatures.h", NULL, "X86_FEATURE_RMPOPT" },
};

/* What it says about itself. */
static const char contents[] =
"  rmpopt's files in sysfs and debugfs, its parameters, the module itself; each core was\n"
"  asked once for its table, by a report for each region\n"
"  CPUID, and of each CPU SYSCFG, RMP_BASE, RMP_CFG and RMPOPT_BASE\n"
"  kernel release; of its command line, configuration, symbols, keys and of modprobe.d\n"
"  only what concerns SNP and rmpopt\n"
"No memory, no keys that are secret, no addresses of the network. But which regions are\n"
"optimized, and for root the ASIDs per region, show where guests live on this host.\n";

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

static int make_folders(char *path)
{
	char *slash = path;

	while ((slash = strchr(slash + 1, '/'))) {
		*slash = '\0';
		if (mkdir(path, 0700) && errno != EEXIST)
			return errno;
		*slash = '/';
	}
	return 0;
}

/* A file of the tree, for its owner alone; NULL and errno if it can't be made. */
static FILE *create(const char *tree, const char *path)
{
	char *to = format("%s%s", tree, path);
	int fd, error = make_folders(to);

	errno = error;
	if (error)
		return NULL;
	fd = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	return fd < 0 ? NULL : fdopen(fd, "w");
}

static int finish(FILE *file)
{
	bool bad = ferror(file);

	return fclose(file) || bad ? EIO : 0;
}

static void write_lines(FILE *file, char *text, const char *lines)
{
	char *line;

	while ((line = next_line(&text)))
		if (holds_one(line, lines))
			fprintf(file, "%s\n", line);
}

/* What can't be read is left out: the tree then says what the host says. */
static int save_file(const char *tree, const char *path, const struct saved *how)
{
	size_t size;
	char *bytes = file_bytes(path, &size);
	FILE *file;

	if (!bytes)
		return 0;
	file = create(tree, path);
	if (!file)
		return errno;
	if (how && how->words)
		fputs(keep_words(bytes, how->words), file);
	else if (how && how->lines)
		write_lines(file, bytes, how->lines);
	else
		fwrite(bytes, 1, size, file);
	return finish(file);
}

static int save_pattern(const char *tree, const struct saved *how)
{
	const char *release = strstr(how->pattern, "%s"), *pattern = how->pattern;
	glob_t found = { };
	int error = 0;
	size_t i;

	if (release)
		pattern = format("%.*s%s%s", (int)(release - pattern), pattern,
				 check_release(), release + 2);
	if (!glob(pattern, 0, NULL, &found))
		for (i = 0; i < found.gl_pathc && !error; i++)
			error = save_file(tree, found.gl_pathv[i], how);
	globfree(&found);
	return error;
}

static int save_module(const char *tree)
{
	struct kmod_module *module;
	struct kmod_ctx *ctx;
	const char *path;
	int error = 0;

	module = kmod_open(&ctx);
	path = module ? kmod_module_get_path(module) : NULL;
	if (path)
		error = save_file(tree, path, NULL);
	kmod_close(ctx, module);
	return error;
}

static int save_cpuid(const char *tree)
{
	static const u32 leaves[] = {
		CPUID_BASIC, CPUID_FEATURES, CPUID_EXTENDED, CPUID_SEV, CPUID_RMP
	};
	FILE *file = create(tree, SAVED_CPUID);
	struct cpuid regs;
	size_t i;

	if (!file)
		return errno;
	fputs("# leaf subleaf eax ebx ecx edx\n", file);
	for (i = 0; i < ARRAY_SIZE(leaves); i++)
		if (hw_cpuid(leaves[i], 0, &regs))
			fprintf(file, "0x%x 0x0 0x%x 0x%x 0x%x 0x%x\n", leaves[i],
				regs.eax, regs.ebx, regs.ecx, regs.edx);
	return finish(file);
}

static void save_cpu_msrs(FILE *file, u32 cpu)
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

static int save_msrs(const char *tree)
{
	struct list online;
	FILE *file;
	size_t i;
	u64 value;
	u32 cpu;

	if (hw_msr(0, MSR_SYSCFG, &value) || !list_read(&online, "/sys/devices/system/cpu/online"))
		return 0;
	file = create(tree, SAVED_MSR);
	if (!file)
		return errno;
	fputs("# cpu msr value\n", file);
	for (i = 0; i < online.ranges; i++)
		for (cpu = online.range[i].first; cpu <= online.range[i].last; cpu++)
			save_cpu_msrs(file, cpu);
	return finish(file);
}

static int save_tree(const char *tree)
{
	int error = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(saved) && !error; i++)
		error = save_pattern(tree, &saved[i]);
	return error ?: save_module(tree) ?: save_cpuid(tree) ?: save_msrs(tree);
}

/* Runs a program and waits; 0, an errno, or EIO if it fails. */
static int run(char * const *argv)
{
	int status, error;
	pid_t pid;

	error = posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ);
	if (error)
		return error;
	if (waitpid(pid, &status, 0) < 0)
		return errno;
	return status ? EIO : 0;
}

/* An old file would keep its mode, and whoever has it open would read along. */
static int make_private(const char *to)
{
	int fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

static int pack(const char *to)
{
	char *tree = format("%s/rmpoptctl.XXXXXX", getenv("TMPDIR") ?: "/tmp");
	char * const tar[] = { "tar", "-caf", (char *)to, "-C", tree, ".", NULL };
	char * const rm[] = { "rm", "-rf", tree, NULL };
	int error;

	if (!mkdtemp(tree))
		return errno;
	error = save_tree(tree) ?: run(tar);
	return run(rm) ?: error;
}

static int save_tar(const char *to)
{
	int error = make_private(to);

	if (error)
		return error;
	error = pack(to);
	if (error)
		unlink(to);
	return error;
}

static bool is_tar(const char *to)
{
	static const char * const ends[] = { ".tar", ".tar.gz", ".tar.xz", ".tar.zst" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ends); i++)
		if (strlen(to) > strlen(ends[i]) &&
		    !strcmp(to + strlen(to) - strlen(ends[i]), ends[i]))
			return true;
	return false;
}

static int save_folder(const char *to)
{
	return mkdir(to, 0700) ? errno : save_tree(to);
}

int status_save(const char *to)
{
	int error;

	if (options.sysroot)
		return misused("--save and --sysroot exclude each other: that tree is saved already");
	error = is_tar(to) ? save_tar(to) : save_folder(to);
	if (error)
		return failed("--save %s: %s; give a new name in a folder that you may write to",
			      to, strerror(error));
	printf("%s holds, for you alone to read:\n%s", to, contents);
	if (geteuid())
		puts("You are not root: files that only root may read are missing.");
	printf("Read it by rmpoptctl COMMAND --sysroot DIR%s.\n",
	       is_tar(to) ? ", unpacked" : "");
	return CTL_OK;
}
