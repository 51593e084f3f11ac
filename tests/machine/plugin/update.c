// SPDX-License-Identifier: GPL-2.0
/*
 * RMPUPDATE, PSMASH, and the broadcast that clears a region's bit.
 *
 * When RMPUPDATE completes, the bit reads clear on every core (stated by AMD).
 * Whether all cores lose it in one instant is not publicly known. By the answer
 * "at-once" they do; by "before-return" core after core loses it while RMPUPDATE
 * executes again and again, so that other vCPUs' RMPOPTs come between: the page
 * changes hands at the end, and until then a verify of the region fails. By
 * "late" (late.c) it is not even true that the bit reads clear.
 */
#include "machine.h"

#define INTERLEAVED	4		/* others' RMPOPTs between two steps, */
#define PATIENCE	64		/* or so many executions if there are none */
#define ABANDONED	1000000		/* µs after which an unfinished one is forgotten */

/* The operand of RMPUPDATE. */
struct rmp_state {
	u64 gpa;
	u8 assigned;
	u8 pagesize;
	u8 immutable;
	u8 reserved;
	u32 asid;
};

_Static_assert(sizeof(struct rmp_state) == 16, "operand");

/* Is a conversion under way? Its process may have been killed in the middle: then not. */
bool update_running(struct region *region)
{
	if (region->update.active && now_us() - region->update.touched > ABANDONED)
		region->update.active = false;
	return region->update.active;
}

static void commit(unsigned int cpu, u64 pfn, const struct rmp_page *page, bool huge)
{
	u64 region = pfn_region(pfn);
	unsigned int left;

	late_end(region);
	if (page->assigned && answer_to(Q_LOSS) == A_LATE)
		late_begin(cpu, region);
	else
		table_broadcast(region);
	rmp_forget_results(region);
	rmp_region(region)->update.active = false;
	rmp_set(pfn, page, huge);
	for (left = rmp_assigned(region) ? table_holders(region) : 0; left; left--)
		count(cpu, late_pending(region) ? MACHINE_LATE : MACHINE_UNSAFE);
}

/* All cores at once. */
void update_now(unsigned int cpu, u64 pfn, const struct rmp_page *page, bool huge,
		enum rmp_code *code)
{
	*code = rmp_check(pfn, page, huge);
	if (*code == RMP_OK)
		commit(cpu, pfn, page, huge);
}

/* As the PSP changes a page: past the checks of RMPUPDATE, which are the CPU's. */
void update_by_firmware(u64 pfn, const struct rmp_page *page)
{
	commit(0, pfn, page, false);
}

/* Has something come between since the last step, or have we waited enough? */
static bool due(struct update *u)
{
	if (machine.sequence - u->sequence < INTERLEAVED && u->waits++ < PATIENCE)
		return false;
	u->sequence = machine.sequence;
	u->waits = 0;
	return true;
}

/*
 * One execution of a conversion: AGAIN, or NEXT with the result in @code.
 * Whoever executes the same conversion goes on with it: the task may have been
 * moved. A different one in the same region finishes the first one's broadcast.
 */
enum outcome update_step(unsigned int cpu, u64 pfn, const struct rmp_page *page, bool huge,
			 enum rmp_code *code)
{
	struct region *region;
	struct update *u;

	*code = rmp_check(pfn, page, huge);
	if (*code != RMP_OK)
		return NEXT;
	region = rmp_region(pfn_region(pfn));
	u = &region->update;
	if (answer_to(Q_LOSS) != A_BEFORE_RETURN || (update_running(region) && u->pfn != pfn)) {
		commit(cpu, pfn, page, huge);
		return NEXT;
	}
	if (!u->active)
		*u = (struct update){ .active = true, .pfn = pfn, .sequence = machine.sequence - INTERLEAVED };
	u->touched = now_us();
	if (!due(u) || table_clear_next(cpu, pfn_region(pfn)))
		return AGAIN;
	commit(cpu, pfn, page, huge);
	return NEXT;
}

/* These instructions exist in kernel mode and while SNP is enabled; else #UD. */
static bool allowed(const struct insn *insn)
{
	return !(reg_read(CS) & 3) && snp_enabled(insn->cpu);
}

enum outcome rmpupdate_execute(const struct insn *insn)
{
	u64 spa = reg_read(RAX);
	enum rmp_code code = RMP_INPUT;
	enum outcome outcome = NEXT;
	struct rmp_state state;
	struct rmp_page page;

	if (!allowed(insn))
		return PASS;
	if (!memory_read(reg_read(RCX), &state, sizeof(state)))
		return GP;
	page = (struct rmp_page){ state.gpa, state.asid, state.assigned & 1, state.immutable & 1 };
	machine_lock();
	if (!(spa & ((1u << PAGE_SHIFT) - 1)))
		outcome = update_step(insn->cpu, spa >> PAGE_SHIFT, &page, state.pagesize & 1, &code);
	if (outcome == NEXT)
		count(insn->cpu, MACHINE_RMPUPDATES);
	machine_unlock();
	if (outcome == NEXT)
		reg_write(RAX, code);
	return outcome;
}

/* Ownership stays the same, but AMD says that a split costs the region its bit, too. */
enum outcome psmash_execute(const struct insn *insn)
{
	u64 spa = reg_read(RAX);
	enum rmp_code code = RMP_INPUT;

	if (!allowed(insn))
		return PASS;
	machine_lock();
	if (!(spa & ((1u << PAGE_SHIFT) - 1)))
		code = rmp_smash(spa >> PAGE_SHIFT);
	if (code == RMP_OK) {
		table_broadcast(spa >> REGION_SHIFT);
		rmp_forget_results(spa >> REGION_SHIFT);
	}
	count(insn->cpu, MACHINE_PSMASHES);
	machine_unlock();
	reg_write(RAX, code);
	return NEXT;
}
