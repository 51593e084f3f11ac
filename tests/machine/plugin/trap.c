// SPDX-License-Identifier: GPL-2.0
/*
 * The way back from the SNP opcodes: by #UD.
 *
 * QEMU computes flags late, and only its translator knows from what. If the guest
 * simply went on behind an instruction of which QEMU knows nothing, an interrupt
 * before the next one that sets flags would save whatever was left behind, TF or
 * NT even. But QEMU raises #UD for these opcodes, with all flags computed and
 * interrupts disabled. At the first instruction of the guest's handler the frame
 * is made what the instruction came to, and an IRET of the guest's returns.
 */
#include "machine.h"

#define EFLAGS_CF	1ull

/* What the CPU pushes, lowest first (APM vol. 2, 8.9). */
struct frame {
	u64 rip, cs, eflags, rsp, ss;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* Where the guest's #UD handler begins; written under lock. */
static u64 entry;

/* Is it there that this block begins? */
bool trap_begins(u64 block)
{
	return block == __atomic_load_n(&entry, __ATOMIC_ACQUIRE);
}

/* Another kernel has another one. Blocks that were translated before that was known are dropped if written to. */
static void find_entry(void)
{
	u64 now = fault_handler(UD_VECTOR);
	u8 byte;

	pthread_mutex_lock(&lock);
	if (now != entry) {
		__atomic_store_n(&entry, now, __ATOMIC_RELEASE);
		if (!memory_read(now, &byte, 1) || !memory_write(now, &byte, 1))
			machine_die("can't write to the guest's #UD handler at %#llx", (unsigned long long)now);
	}
	pthread_mutex_unlock(&lock);
}

/* The callback returns, and QEMU raises #UD. What is still expected was cut off by a reset. */
void trap_expect(const struct insn *insn, enum outcome outcome)
{
	struct trap *trap = &machine.vcpu[insn->cpu].trap;

	find_entry();
	trap->insn = *insn;
	trap->outcome = outcome;
}

static void enter_gp(u64 rsp)
{
	const u64 error = 0;

	rsp -= sizeof(error);
	if (!memory_write(rsp, &error, sizeof(error)))
		machine_die("can't push a #GP's error code at %#llx", (unsigned long long)rsp);
	reg_write(RSP, rsp);
	qemu_plugin_set_pc(fault_handler(GP_VECTOR));
}

/* This vCPU is at the first instruction of the handler. */
void trap_entered(unsigned int cpu, void *unused)
{
	struct trap *trap = &machine.vcpu[cpu].trap;
	enum outcome outcome = trap->outcome;
	u64 rsp = reg_read(RSP);
	struct frame frame;

	if (outcome == PASS)
		return;
	if (!memory_read(rsp, &frame, sizeof(frame)))
		machine_die("can't read the #UD frame at %#llx", (unsigned long long)rsp);
	if (frame.rip != trap->insn.pc)
		return;
	trap->outcome = PASS;
	if (outcome == GP)
		enter_gp(rsp);
	if (outcome != AGAIN && outcome != HELD)
		frame.rip = trap->insn.next;
	if (outcome == CARRY_SET)
		frame.eflags |= EFLAGS_CF;
	else if (outcome == CARRY_CLEAR)
		frame.eflags &= ~EFLAGS_CF;
	if (!memory_write(rsp, &frame, sizeof(frame)))
		machine_die("can't change the #UD frame at %#llx", (unsigned long long)rsp);
	stretch_goes_on(cpu);
	qemu_plugin_set_pc(gadget_find(GADGET_IRET));
}
