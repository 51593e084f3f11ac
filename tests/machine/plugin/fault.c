// SPDX-License-Identifier: GPL-2.0
/*
 * #GP(0) of an MSR in kernel mode. The plugin interface has no call for it, so
 * the machine builds the exception frame and enters the handler by way of the
 * guest's own CLI; RET, as an interrupt gate would (APM vol. 2, 8.9). The SNP
 * opcodes have a better way: see trap.c.
 */
#include "machine.h"

/* Where Linux maps the IDT read-only: the start of CPU_ENTRY_AREA (x86-64, all CPUs). */
#define IDT		0xfffffe0000000000ull

/* Where the guest's handler of that exception begins. */
u64 fault_handler(unsigned int vector)
{
	u8 gate[16];

	if (!memory_read(IDT + vector * 16, gate, sizeof(gate)))
		machine_die("can't read the guest's IDT at %#llx", IDT);
	return (u64)gate[0] | (u64)gate[1] << 8 | (u64)gate[6] << 16 | (u64)gate[7] << 24 |
	       (u64)gate[8] << 32 | (u64)gate[9] << 40 | (u64)gate[10] << 48 | (u64)gate[11] << 56;
}

void fault_gp(const struct insn *insn)
{
	u64 rsp = reg_read(RSP);
	/* Lowest first: the handler that the gadget returns to, error code, the CPU's frame. */
	u64 frame[7] = {
		fault_handler(GP_VECTOR), 0, insn->pc, reg_read(CS), reg_read(EFLAGS), rsp, reg_read(SS),
	};
	u64 gadget = gadget_find(GADGET_CLI);

	rsp = (rsp & ~0xfull) - sizeof(frame);
	if (!memory_write(rsp, frame, sizeof(frame)))
		machine_die("can't build a #GP frame at %#llx", (unsigned long long)rsp);
	reg_write(RSP, rsp);
	qemu_plugin_set_pc(gadget);
}
