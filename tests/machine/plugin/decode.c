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

struct opcode {
	u8 len;
	u8 bytes[4];
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
	{ 1, { INT3 },				int3_execute },
	{ 2, { 0x0f, 0xa2 },			cpuid_execute },
	{ 2, { 0x0f, 0x32 },			rdmsr_execute },
	{ 2, { 0x0f, 0x30 },			wrmsr_execute },
	{ 2, { 0x0f, 0x31 },			rdtsc_execute },
	{ 3, { 0x0f, 0x01, 0xf9 },		rdtscp_execute },
	{ 4, { 0xf2, 0x0f, 0x01, 0xfc },	rmpopt_execute },
	{ 4, { 0xf2, 0x0f, 0x01, 0xfd },	rmpread_execute },
	{ 4, { 0xf2, 0x0f, 0x01, 0xfe },	rmpupdate_execute },
	{ 4, { 0xf3, 0x0f, 0x01, 0xff },	psmash_execute },
};

#define NR_OPCODES	(sizeof(opcodes) / sizeof(opcodes[0]))

/* Userdata: bits 11:0 page offset of the block, 31:12 offset in the block, 39:32 opcode. */
static void *pack(u64 block, u64 vaddr, unsigned int opcode)
{
	return (void *)(uintptr_t)((block & 0xfff) | ((vaddr - block) & 0xfffff) << 12 |
				   (u64)opcode << 32);
}

static const struct opcode *unpack(unsigned int cpu, void *userdata, struct insn *insn)
{
	u64 packed = (uintptr_t)userdata;
	const struct opcode *op = &opcodes[packed >> 32];
	u64 rip = reg_read(RIP);

	/* rip is that of some instruction of the block, at its run-time address. */
	insn->cpu = cpu;
	insn->pc = rip - ((rip - packed) & 0xfff) + (packed >> 12 & 0xfffff);
	insn->next = insn->pc + op->len;
	return op;
}

static void finish(const struct insn *insn, enum outcome outcome)
{
	switch (outcome) {
	case PASS:
		return;
	case NEXT:
		qemu_plugin_set_pc(insn->next);
		return;
	case HELD:
		usleep(200);	/* the other vCPUs need the host's CPU */
		qemu_plugin_set_pc(insn->pc);
		return;
	case AGAIN:
		sched_yield();
		qemu_plugin_set_pc(insn->pc);
		return;
	case CARRY_CLEAR:
	case CARRY_SET:
		gadget_return(insn->next, outcome == CARRY_SET);
		return;
	case GP:
		fault_gp(insn);
		return;
	}
}

static void taken(unsigned int cpu, void *userdata)
{
	const struct opcode *op;
	struct insn insn;

	/* Real mode: pc is not linear, and nothing there needs the machine. */
	cpu_seen(cpu);
	if (!(reg_read(CR0) & CR0_PE))
		return;
	op = unpack(cpu, userdata, &insn);
	finish(&insn, op->execute(&insn));
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

/* Where no clock is modelled, QEMU's own TSC does. */
static bool decode_clock(const struct opcode *op, struct qemu_plugin_insn *next)
{
	if (op->execute != rdtsc_execute && op->execute != rdtscp_execute)
		return false;
	if (!machine.costs_allowed)
		return true;
	if (next)
		qemu_plugin_register_vcpu_insn_exec_cb(next, rdtsc_executed, PLUGIN_WRITE_REGS, NULL);
	return next;
}

/* @next: behind it in the block; NULL if it is the last one */
static void decode_one(u64 block, struct qemu_plugin_insn *insn, struct qemu_plugin_insn *next)
{
	u8 bytes[16];
	size_t len = qemu_plugin_insn_data(insn, bytes, sizeof(bytes));

	for (unsigned int i = 0; i < NR_OPCODES; i++) {
		if (!is_opcode(&opcodes[i], bytes, len))
			continue;
		if (decode_clock(&opcodes[i], next))
			return;
		qemu_plugin_register_vcpu_insn_exec_cb(insn, taken, PLUGIN_WRITE_REGS_PC,
						       pack(block, qemu_plugin_insn_vaddr(insn), i));
		return;
	}
	if (ends_stretch(bytes, len))
		qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(insn, PLUGIN_INLINE_STORE,
								    stretch_entry(), 0);
	else if (len == 1 && bytes[0] == 0xf4)
		qemu_plugin_register_vcpu_insn_exec_cb(insn, halted, PLUGIN_READ_REGS, NULL);
	else if (len == 2 && bytes[0] == 0xf3 && bytes[1] == 0x90)
		qemu_plugin_register_vcpu_insn_exec_cb(insn, paused, PLUGIN_NO_REGS, NULL);
}

void decode_block(struct qemu_plugin_tb *tb, void *unused)
{
	u64 block = qemu_plugin_tb_vaddr(tb);
	size_t n = qemu_plugin_tb_n_insns(tb);

	for (size_t i = 0; i < n; i++)
		decode_one(block, qemu_plugin_tb_get_insn(tb, i),
			   i + 1 < n ? qemu_plugin_tb_get_insn(tb, i + 1) : NULL);
}
