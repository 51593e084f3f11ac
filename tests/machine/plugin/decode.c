// SPDX-License-Identifier: GPL-2.0
/*
 * Find the instructions that the machine answers, and run their handlers.
 *
 * Translated blocks are position-independent and shared between mappings, so
 * the addresses seen at translation are good for offsets only. The callback
 * gets those offsets packed into its one pointer; rip gives the rest.
 */
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "machine.h"

#define INT3	0xcc
#define KERNEL	(1ull << 63)	/* the lowest of its addresses */

struct opcode {
	u8 len;
	u8 bytes[4];
	bool trapped;		/* QEMU raises #UD */
	enum outcome (*execute)(const struct insn *insn);
};

/*
 * An int3 that kernels put where they patch code, and that is not there any
 * more. QEMU drops the translations of a byte first and stores the new one then:
 * a vCPU that comes in between translates the old one and keeps it; seen on busy
 * hosts, as "Oops: int3". What is there now, written anew, drops it.
 */
static enum outcome int3_execute(const struct insn *insn)
{
	u8 byte;

	if (!memory_read(insn->pc, &byte, 1) || byte == INT3)
		return PASS;
	memory_write(insn->pc, &byte, 1);
	return AGAIN;
}

/* RMPOPT, RMPREAD, RMPUPDATE, PSMASH: see rmpopt.h of the module. */
static const struct opcode opcodes[] = {
	{ 1, { INT3 },				false, int3_execute },
	{ 2, { 0x0f, 0xa2 },			false, cpuid_execute },
	{ 2, { 0x0f, 0x32 },			false, rdmsr_execute },
	{ 2, { 0x0f, 0x30 },			false, wrmsr_execute },
	{ 4, { 0xf2, 0x0f, 0x01, 0xfc },	true, rmpopt_execute },
	{ 4, { 0xf2, 0x0f, 0x01, 0xfd },	true, rmpread_execute },
	{ 4, { 0xf2, 0x0f, 0x01, 0xfe },	true, rmpupdate_execute },
	{ 4, { 0xf3, 0x0f, 0x01, 0xff },	true, psmash_execute },
};

static const u8 rdtsc[] = { 0x0f, 0x31 }, rdtscp[] = { 0x0f, 0x01, 0xf9 };

#define NR_OPCODES	(sizeof(opcodes) / sizeof(opcodes[0]))

/* Userdata: bits 11:0 page offset of the block, 31:12 offset in the block, 39:32 opcode. */
static void *pack(u64 block, u64 vaddr, unsigned int opcode)
{
	return (void *)(uintptr_t)((block & 0xfff) | ((vaddr - block) & 0xfffff) << 12 |
				   (u64)opcode << 32);
}

/* rip is that of some instruction of the block, at its run-time address. */
static u64 address_of(u64 packed)
{
	u64 rip = reg_read(RIP);

	return rip - ((rip - packed) & 0xfff) + (packed >> 12 & 0xfffff);
}

static const struct opcode *unpack(unsigned int cpu, void *userdata, struct insn *insn)
{
	u64 packed = (uintptr_t)userdata;
	const struct opcode *op = &opcodes[packed >> 32];

	insn->cpu = cpu;
	insn->pc = address_of(packed);
	insn->next = insn->pc + op->len;
	return op;
}

/*
 * From a callback in the middle of a block. Flags may be what they should not (see
 * trap.c): these instructions are rare where interrupts are enabled.
 */
static void leave(const struct insn *insn, enum outcome outcome)
{
	if (outcome == GP)
		fault_gp(insn);
	else
		qemu_plugin_set_pc(outcome == NEXT ? insn->next : insn->pc);
}

static void taken(unsigned int cpu, void *userdata)
{
	const struct opcode *op;
	enum outcome outcome;
	struct insn insn;

	/* Real mode: pc is not linear, and nothing there needs the machine. */
	cpu_seen(cpu);
	if (!(reg_read(CR0) & CR0_PE))
		return;
	op = unpack(cpu, userdata, &insn);
	outcome = op->execute(&insn);
	if (outcome == HELD)
		usleep(200);	/* the other vCPUs need the host's CPU */
	else if (outcome == AGAIN)
		sched_yield();
	if (outcome == PASS)
		return;
	if (op->trapped)
		trap_expect(&insn, outcome);
	else
		leave(&insn, outcome);
}

/* HLT with interrupts off is how a kernel parks an offline CPU; the idle loop's is STI; HLT. */
static void halted(unsigned int cpu, void *unused)
{
	if (!(reg_read(EFLAGS) & EFLAGS_IF))
		cpu_parked(cpu);
}

/*
 * A vCPU that spins takes the host's CPU from the one that it waits for: QEMU's
 * PAUSE does not give it away.
 */
static void paused(unsigned int cpu, void *unused)
{
	sched_yield();
}

/* STI, POPF and IRET end a stretch with interrupts disabled. */
static bool ends_stretch(const u8 *bytes, size_t len)
{
	if (len == 1)
		return bytes[0] == 0xfb || bytes[0] == 0x9d || bytes[0] == 0xcf;
	return len == 2 && bytes[0] == 0x48 && bytes[1] == 0xcf;
}

/*
 * An int3 that was replaced while its block was translated? Plugins get the length
 * that the translator saw, but bytes that are read from memory again when the whole
 * block is done (translator_st() of QEMU): a single byte with which only longer
 * instructions begin.
 */
static bool was_int3(const u8 *bytes, size_t len)
{
	static const u8 longer[] = {
		0x0f,		/* NOP, Jcc */
		0x66, 0xf3,	/* prefixes: NOP, ENDBR64 */
		0xe8,		/* CALL */
		0xe9, 0xeb,	/* JMP */
	};

	return len == 1 && memchr(longer, bytes[0], sizeof(longer));
}

static bool is_opcode(const struct opcode *op, const u8 *bytes, size_t len)
{
	if (op->execute == int3_execute && was_int3(bytes, len))
		return true;
	return len == op->len && !memcmp(bytes, op->bytes, len);
}

static void decode_one(u64 block, struct qemu_plugin_insn *insn)
{
	u8 bytes[16];
	size_t len = qemu_plugin_insn_data(insn, bytes, sizeof(bytes));

	for (unsigned int i = 0; i < NR_OPCODES; i++) {
		if (!is_opcode(&opcodes[i], bytes, len))
			continue;
		qemu_plugin_register_vcpu_insn_exec_cb(insn, taken, PLUGIN_WRITE_REGS_PC,
						       pack(block, qemu_plugin_insn_vaddr(insn), i));
		return;
	}
	if (ends_stretch(bytes, len))
		qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(insn, PLUGIN_INLINE_ADD,
								    stretch_entry(), 1);
	else if (len == 1 && bytes[0] == 0xf4)
		qemu_plugin_register_vcpu_insn_exec_cb(insn, halted, PLUGIN_READ_REGS, NULL);
	else if (len == 2 && bytes[0] == 0xf3 && bytes[1] == 0x90)
		qemu_plugin_register_vcpu_insn_exec_cb(insn, paused, PLUGIN_NO_REGS, NULL);
}

static bool is_clock(const u8 *bytes, size_t len)
{
	return (len == 2 && !memcmp(bytes, rdtsc, 2)) || (len == 3 && !memcmp(bytes, rdtscp, 3));
}

/* Is RDTSC or RDTSCP what came before this instruction? */
static void may_be_behind_clock(unsigned int cpu, void *userdata)
{
	u8 bytes[3];

	if (memory_read(address_of((uintptr_t)userdata) - 3, bytes, 3) &&
	    (is_clock(bytes + 1, 2) || is_clock(bytes, 3)))
		clock_show(cpu);
}

static void look_behind_clock(u64 block, struct qemu_plugin_insn *insn)
{
	qemu_plugin_register_vcpu_insn_exec_cb(insn, may_be_behind_clock, PLUGIN_WRITE_REGS,
					       pack(block, qemu_plugin_insn_vaddr(insn), 0));
}

/* What is behind an RDTSC or RDTSCP that ended a block, or did once. */
static pthread_mutex_t behind_lock = PTHREAD_MUTEX_INITIALIZER;
static GHashTable *behind;

static void note_behind(u64 address)
{
	pthread_mutex_lock(&behind_lock);
	if (!behind)
		behind = g_hash_table_new(NULL, NULL);
	g_hash_table_add(behind, (void *)address);
	pthread_mutex_unlock(&behind_lock);
}

static bool may_be_behind(u64 address)
{
	bool is;

	pthread_mutex_lock(&behind_lock);
	is = behind && g_hash_table_contains(behind, (void *)address);
	pthread_mutex_unlock(&behind_lock);
	return is;
}

/*
 * Where a clock is modelled, the kernel's RDTSC and RDTSCP show it. QEMU executes
 * them, and their results are replaced at the next instruction: if QEMU ends blocks
 * with them, it is the first one of a block. An interrupt may come in between, and
 * the block begins again: then they show what it is after that.
 */
static void decode_clock(u64 block, struct qemu_plugin_insn *insn, struct qemu_plugin_insn *next)
{
	u8 bytes[16];
	size_t len = qemu_plugin_insn_data(insn, bytes, sizeof(bytes));

	if (!machine.costs_allowed || block < KERNEL || !is_clock(bytes, len))
		return;
	if (next)
		look_behind_clock(block, next);
	else
		note_behind(qemu_plugin_insn_vaddr(insn) + len);
}

static void decode_first(u64 block, struct qemu_plugin_insn *first)
{
	if (machine.costs_allowed && may_be_behind(block))
		look_behind_clock(block, first);
	if (trap_begins(block))
		qemu_plugin_register_vcpu_insn_exec_cb(first, trap_entered, PLUGIN_WRITE_REGS_PC, NULL);
}

void decode_block(struct qemu_plugin_tb *tb, void *unused)
{
	u64 block = qemu_plugin_tb_vaddr(tb);
	size_t n = qemu_plugin_tb_n_insns(tb);

	decode_first(block, qemu_plugin_tb_get_insn(tb, 0));
	for (size_t i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);

		decode_one(block, insn);
		decode_clock(block, insn, i + 1 < n ? qemu_plugin_tb_get_insn(tb, i + 1) : NULL);
	}
}
