// SPDX-License-Identifier: GPL-2.0
/*
 * RMPREAD.
 */
#include "machine.h"

/* The result. */
struct rmp_read {
	u64 gpa;
	u8 assigned;
	u8 pagesize;		/* bit 0: 2 MiB, bit 1: another page of the 2 MiB is assigned */
	u8 immutable;
	u8 reserved;
	u32 asid;
};

_Static_assert(sizeof(struct rmp_read) == 16, "operand");

/* One answer, for what is odd about an address. */
struct reply {
	enum outcome outcome;
	u64 code;
};

static bool read_entry(u64 pfn, struct rmp_read *out)
{
	struct rmp_page page;
	bool huge;

	if (!rmp_get(pfn, &page, &huge))
		return false;
	*out = (struct rmp_read){
		.gpa = page.gpa, .assigned = page.assigned, .pagesize = huge,
		.immutable = page.immutable, .asid = page.asid,
	};
	if (!(pfn % PAGES_PER_BLOCK) && !page.assigned && rmp_block_assigned(pfn))
		out->pagesize |= 2;
	return true;
}

/* Does the answer to @question end it? */
static bool ends(enum machine_question question, struct reply *reply)
{
	switch (answer_to(question)) {
	case A_GP:
		reply->outcome = GP;
		return true;
	case A_UD:
		reply->outcome = PASS;
		return true;
	case A_CODE:
		reply->code = answer_number(question);
		return true;
	default:
		return false;
	}
}

static bool odd_address(u64 spa, struct reply *reply)
{
	if (spa & ((1u << PAGE_SHIFT) - 1) && ends(Q_RMPREAD_UNALIGNED, reply))
		return true;
	if (rmp_own(spa))
		return machine.init_done && ends(Q_RMPREAD_OWN, reply);
	return !ram_at(spa >> REGION_SHIFT) && ends(Q_RMPREAD_MMIO, reply);
}

/* While SnpEn is clear: [?], the kind machine reads, the harsh one knows no such opcode. */
enum outcome rmpread_execute(const struct insn *insn)
{
	struct reply reply = { NEXT, RMP_INUSE };
	u64 spa = reg_read(RAX);
	struct rmp_read entry;
	unsigned int vector;

	if (!machine.has_rmpread || reg_read(CS) & 3 || (harsh() && !snp_enabled(insn->cpu)))
		return PASS;
	machine_lock();
	vector = of_module(insn->pc) ? nth_fault(MACHINE_NTH_RMPREAD) : 0;
	if (vector)
		reply.outcome = vector == GP_VECTOR ? GP : PASS;	/* QEMU's own way is #UD */
	else if (!rmpread_busy(insn->pc) && !odd_address(spa, &reply))
		reply.code = read_entry(spa >> PAGE_SHIFT, &entry) ? RMP_OK : RMP_INPUT;
	count(insn->cpu, MACHINE_RMPREADS);
	cost_rmpread(insn->cpu);
	machine_unlock();
	if (reply.outcome != NEXT)
		return reply.outcome;
	if (reply.code == RMP_OK && !memory_write(reg_read(RCX), &entry, sizeof(entry)))
		return GP;
	reg_write(RAX, reply.code);
	return NEXT;
}
