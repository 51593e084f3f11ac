// SPDX-License-Identifier: GPL-2.0
/*
 * snpvm: a VMM for tests. Makes SNP VMs and ordinary ones by plain KVM ioctls,
 * gives them memory in chosen nodes and holds it; no vCPU ever runs. Commands on
 * stdin, one answer for each on stdout; see README.md.
 *
 * Every VM has guest addresses that no other has, so the machine can tell in
 * which regions its pages lie: user space doesn't see that of private memory.
 */
#define _GNU_SOURCE
#include <asm/kvm.h>
#include <cpuid.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <linux/mempolicy.h>
#include <linux/psp-sev.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "call.h"

typedef uint64_t u64;

#define PAGE		4096ull
#define REGION_SHIFT	30
#define MAX_REGIONS	65536u
#define MAX_VMS		64
#define MAX_PARTS	64
#define ANY_NODE	(-1)
/* SMT allowed; bit 17 must be set (SNP firmware ABI, guest policy). */
#define POLICY		0x30000ull

struct part {
	u64 size;
	int node;
};

struct vm {
	char name[32];			/* empty: free */
	bool snp;
	int vm, memory;			/* fds, -1: closed or none */
	pid_t keeper;			/* a child that has the memory's fd, too */
	u64 gpa, size;
	char *ordinary;			/* an ordinary VM's memory; else address space only */
};

static struct vm vms[MAX_VMS];
static int kvm = -1, sev = -1;

static bool say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static char complaint[256];

/* The answer to a command that fails, given once everything is undone; returns false. */
static bool say(const char *fmt, ...)
{
	int error = errno, length;
	va_list args;

	va_start(args, fmt);
	length = vsnprintf(complaint, sizeof(complaint), fmt, args);
	va_end(args);
	if (length >= 0 && (size_t)length < sizeof(complaint))
		snprintf(complaint + length, sizeof(complaint) - length, ": %s", strerror(error));
	return false;
}

static u64 parse_size(const char *text, char **end)
{
	u64 size = strtoull(text, end, 0);

	switch (**end) {
	case 'G':
		size <<= 10;
		/* fall through */
	case 'M':
		size <<= 10;
		/* fall through */
	case 'K':
		size <<= 10;
		(*end)++;
	}
	return size;
}

/* SIZE[@NODE] */
static bool parse_part(const char *text, struct part *part)
{
	char *end;

	part->size = parse_size(text, &end);
	part->node = ANY_NODE;
	if (*end == '@')
		part->node = strtol(end + 1, &end, 10);
	return !*end && part->size && !(part->size % PAGE) && part->node >= ANY_NODE && part->node < 1024;
}

/* Where this task's next pages come from; there is nowhere else for them. */
static bool choose_node(int node)
{
	unsigned long mask[1024 / (8 * sizeof(long)) + 1] = { 0 };
	const unsigned int bits = 8 * sizeof(long);

	if (node == ANY_NODE)
		return !syscall(SYS_set_mempolicy, MPOL_DEFAULT, NULL, 0);
	mask[node / bits] = 1ul << node % bits;
	return !syscall(SYS_set_mempolicy, MPOL_BIND, mask, 1025);
}

static struct vm *find(const char *name)
{
	for (int i = 0; i < MAX_VMS; i++)
		if (!strcmp(vms[i].name, name))
			return &vms[i];
	return NULL;
}

static bool sev_command(struct vm *vm, unsigned int id, void *data, const char *what)
{
	struct kvm_sev_cmd cmd = { .id = id, .data = (uintptr_t)data, .sev_fd = sev };

	if (!ioctl(vm->vm, KVM_MEMORY_ENCRYPT_OP, &cmd))
		return true;
	return say("%s %s: firmware's status %#x", vm->name, what, cmd.error);
}

static bool add_slot(struct vm *vm)
{
	struct kvm_userspace_memory_region2 slot = {
		.flags = vm->snp ? KVM_MEM_GUEST_MEMFD : 0,
		.guest_phys_addr = vm->gpa, .memory_size = vm->size,
		.userspace_addr = (uintptr_t)vm->ordinary,
		.guest_memfd = vm->snp ? vm->memory : 0,
	};

	return !ioctl(vm->vm, KVM_SET_USER_MEMORY_REGION2, &slot) ||
	       say("%s: KVM_SET_USER_MEMORY_REGION2", vm->name);
}

static bool make_private(struct vm *vm)
{
	struct kvm_memory_attributes attributes = {
		.address = vm->gpa, .size = vm->size, .attributes = KVM_MEMORY_ATTRIBUTE_PRIVATE,
	};

	return !ioctl(vm->vm, KVM_SET_MEMORY_ATTRIBUTES, &attributes) ||
	       say("%s: KVM_SET_MEMORY_ATTRIBUTES", vm->name);
}

static bool begin(struct vm *vm, bool snp)
{
	struct kvm_create_guest_memfd memory = { .size = vm->size };
	struct kvm_sev_init init = { 0 };

	vm->vm = ioctl(kvm, KVM_CREATE_VM, snp ? KVM_X86_SNP_VM : KVM_X86_DEFAULT_VM);
	if (vm->vm < 0)
		return say("%s: KVM_CREATE_VM", vm->name);
	if (!snp)
		return true;
	if (!sev_command(vm, KVM_SEV_INIT2, &init, "SEV_INIT2"))
		return false;
	vm->memory = ioctl(vm->vm, KVM_CREATE_GUEST_MEMFD, &memory);
	return vm->memory >= 0 || say("%s: KVM_CREATE_GUEST_MEMFD", vm->name);
}

static bool launch_part(struct vm *vm, u64 gpa, const struct part *part)
{
	struct kvm_sev_snp_launch_update update = {
		.gfn_start = gpa / PAGE, .len = part->size, .type = KVM_SEV_SNP_PAGE_TYPE_ZERO,
	};
	bool ok = choose_node(part->node) || say("%s: node %d", vm->name, part->node);

	while (ok && update.len)
		ok = sev_command(vm, KVM_SEV_SNP_LAUNCH_UPDATE, &update, "LAUNCH_UPDATE");
	choose_node(ANY_NODE);
	return ok;
}

static bool launch(struct vm *vm, const struct part *parts, int nr)
{
	struct kvm_sev_snp_launch_start start = { .policy = POLICY };
	struct kvm_sev_snp_launch_finish finish = { 0 };
	u64 gpa = vm->gpa;

	if (!make_private(vm) || !sev_command(vm, KVM_SEV_SNP_LAUNCH_START, &start, "LAUNCH_START"))
		return false;
	for (int i = 0; i < nr; gpa += parts[i++].size)
		if (!launch_part(vm, gpa, &parts[i]))
			return false;
	return sev_command(vm, KVM_SEV_SNP_LAUNCH_FINISH, &finish, "LAUNCH_FINISH");
}

static bool touch(struct vm *vm, const struct part *parts, int nr)
{
	char *at = vm->ordinary;

	for (int i = 0; i < nr; at += parts[i++].size) {
		if (!choose_node(parts[i].node))
			return say("%s: node %d", vm->name, parts[i].node);
		memset(at, 1, parts[i].size);
		choose_node(ANY_NODE);
	}
	return true;
}

static void drop_memory(struct vm *vm)
{
	if (vm->memory >= 0)
		close(vm->memory);
	vm->memory = -1;
	if (vm->ordinary)
		munmap(vm->ordinary, vm->size);
	vm->ordinary = NULL;
}

static void drop_vm(struct vm *vm)
{
	if (vm->vm >= 0)
		close(vm->vm);
	vm->vm = -1;
}

static void drop_keeper(struct vm *vm)
{
	if (!vm->keeper)
		return;
	kill(vm->keeper, SIGKILL);
	waitpid(vm->keeper, NULL, 0);
	vm->keeper = 0;
}

static void drop(struct vm *vm)
{
	drop_vm(vm);
	drop_memory(vm);
	drop_keeper(vm);
	vm->name[0] = '\0';
}

static void tell_region(u64 region, u64 pages)
{
	if (pages)
		printf(" %ju:%ju", region, pages);
}

static u64 machine_pages(u64 region, const struct vm *vm)
{
	u64 abc[3] = { region, vm->gpa, vm->size };

	return machine_call(MACHINE_GUEST_PAGES, abc) ? 0 : abc[0];
}

static void tell_private(const struct vm *vm)
{
	for (u64 region = 0; region < MAX_REGIONS; region++)
		tell_region(region, machine_pages(region, vm));
}

/* Bits 54:0 of an entry are the pfn, 63 says that there is one (Documentation/admin-guide/mm/pagemap.rst). */
static void tell_ordinary(const struct vm *vm)
{
	static u64 pages[MAX_REGIONS];
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);

	memset(pages, 0, sizeof(pages));
	for (u64 at = 0; fd >= 0 && at < vm->size; at += PAGE) {
		u64 entry = 0;

		if (pread(fd, &entry, 8, ((uintptr_t)vm->ordinary + at) / PAGE * 8) == 8 && entry >> 63)
			pages[(entry & ((1ull << 55) - 1)) * PAGE >> REGION_SHIFT & (MAX_REGIONS - 1)]++;
	}
	for (u64 region = 0; region < MAX_REGIONS; region++)
		tell_region(region, pages[region]);
	if (fd >= 0)
		close(fd);
}

static bool tell(const struct vm *vm)
{
	printf("ok %s", vm->name);
	if (vm->snp)
		tell_private(vm);
	else if (vm->ordinary)
		tell_ordinary(vm);
	putchar('\n');
	return true;
}

/* Room in the guest-physical address space that is nobody else's: 46 bits can be had. */
static u64 own_gpa(const struct vm *vm)
{
	return (u64)(getpid() % 511 + 1) << 37 | (u64)(vm - vms) << 31;
}

static bool create(bool snp, char **words, int nr)
{
	struct part parts[MAX_PARTS];
	struct vm *vm = find("");
	bool ok;

	errno = EINVAL;
	if (nr < 2 || nr > MAX_PARTS || !vm || find(words[0]) || strlen(words[0]) >= sizeof(vm->name))
		return say("want a new name and parts SIZE[@NODE]");
	*vm = (struct vm){ .snp = snp, .vm = -1, .memory = -1, .gpa = own_gpa(vm) };
	for (int i = 1; i < nr; i++) {
		if (!parse_part(words[i], &parts[i - 1]))
			return say("%s is no SIZE[@NODE]", words[i]);
		vm->size += parts[i - 1].size;
	}
	strcpy(vm->name, words[0]);
	vm->ordinary = mmap(NULL, vm->size, snp ? PROT_NONE : PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	ok = begin(vm, snp) && add_slot(vm);
	ok = ok && (snp ? launch(vm, parts, nr - 1) : touch(vm, parts, nr - 1));
	if (ok)
		return tell(vm);
	drop(vm);
	return false;
}

/* A process of its own that has nothing of the VM but its memory. */
static bool keep(struct vm *vm)
{
	errno = EINVAL;
	if (vm->memory < 0 || vm->keeper)
		return say("%s has no memory to keep", vm->name);
	fflush(stdout);
	vm->keeper = fork();
	if (vm->keeper < 0)
		return say("fork");
	if (!vm->keeper) {
		dup2(vm->memory, 3);
		close_range(4, ~0u, 0);
		close_range(0, 2, 0);
		for (;;)
			pause();
	}
	printf("ok %s kept by %d\n", vm->name, vm->keeper);
	return true;
}

static bool command(struct vm *vm, const char *what)
{
	if (!strcmp(what, "regions"))
		return tell(vm);
	if (!strcmp(what, "keep"))
		return keep(vm);
	if (!strcmp(what, "close-vm"))
		drop_vm(vm);
	else if (!strcmp(what, "close-memory"))
		drop_memory(vm);
	else if (!strcmp(what, "drop"))
		drop_keeper(vm);
	else if (!strcmp(what, "end"))
		drop(vm);
	else {
		errno = EINVAL;
		return say("no command %s", what);
	}
	printf("ok %s\n", what);
	return true;
}

/* What administrators' tools do: each turns a page over to the firmware and back, or more. */
static bool platform(const char *what)
{
	static const struct {
		const char *name;
		unsigned int number;
	} names[] = {
		{ "factory-reset", SEV_FACTORY_RESET }, { "platform-status", SEV_PLATFORM_STATUS },
		{ "pek-gen", SEV_PEK_GEN }, { "pdh-gen", SEV_PDH_GEN },
		{ "snp-platform-status", SNP_PLATFORM_STATUS }, { "snp-commit", SNP_COMMIT },
		{ "snp-config", SNP_SET_CONFIG },
	};
	char data[4096] = { 0 };
	struct sev_issue_cmd cmd = { .data = (uintptr_t)data };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i].name, what))
			continue;
		cmd.cmd = names[i].number;
		if (ioctl(sev, SEV_ISSUE_CMD, &cmd))
			return say("%s: firmware's status %#x", what, cmd.error);
		printf("ok %s\n", what);
		return true;
	}
	errno = EINVAL;
	return say("/dev/sev has no %s here", what);
}

static bool execute(char *line)
{
	char *words[MAX_PARTS + 2];
	struct vm *vm;
	int nr = 0;

	for (char *word = strtok(line, " \n"); word && nr < MAX_PARTS + 2; word = strtok(NULL, " \n"))
		words[nr++] = word;
	if (!nr)
		return true;
	if (!strcmp(words[0], "launch") || !strcmp(words[0], "plain"))
		return create(*words[0] == 'l', words + 1, nr - 1);
	if (!strcmp(words[0], "sev") && nr == 2)
		return platform(words[1]);
	vm = nr == 2 ? find(words[1]) : NULL;
	errno = ENOENT;
	return vm ? command(vm, words[0]) : say("%s: no such VM", nr == 2 ? words[1] : words[0]);
}

int main(int argc, char **argv)
{
	static char line[4096];
	bool ok = true;

	kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	sev = open("/dev/sev", O_RDWR | O_CLOEXEC);
	if (kvm < 0) {
		perror("snpvm: /dev/kvm");
		return 1;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("ready");
	while (fgets(line, sizeof(line), stdin)) {
		if (execute(line))
			continue;
		printf("error %s\n", complaint);
		ok = false;
	}
	for (int i = 0; i < MAX_VMS; i++)
		if (vms[i].name[0])
			drop(&vms[i]);
	return !ok;
}
