// SPDX-License-Identifier: GPL-2.0
/*
 * RMPOPT: verify and report, what they count and what they cost.
 */
#include "machine.h"

struct request {
	unsigned int cpu, core;
	u64 region;
	bool verify;
	bool irqs_off;
};

static enum outcome carry(bool set)
{
	return set ? CARRY_SET : CARRY_CLEAR;
}

/*
 * Read the RMP up to the first assigned page, or believe the cached result of
 * a core that did. A conversion under way looks like an assigned page.
 */
static enum verify_kind scan(const struct request *rq, unsigned int *blocks)
{
	struct region *region = rmp_covered(rq->region) ? rmp_region(rq->region) : NULL;
	bool cached;

	*blocks = 0;
	if (!region || update_running(region))
		return VERIFY_EARLY;
	*blocks = rmp_first_assigned_block(rq->region);
	if (*blocks < BLOCKS_PER_REGION)
		return VERIFY_EARLY;
	cached = region->cached;
	region->cached = true;
	return cached ? VERIFY_CACHED : VERIFY_PAID;
}

static bool verify(const struct request *rq, u64 *cycles)
{
	static const enum machine_counter counters[] = {
		[VERIFY_PAID] = MACHINE_PAID, [VERIFY_CACHED] = MACHINE_CACHED,
		[VERIFY_EARLY] = MACHINE_EARLY_EXIT,
	};
	unsigned int blocks;
	enum verify_kind kind = scan(rq, &blocks);

	*cycles = cost_verify(rq->cpu, rq->region, kind, blocks);
	count(rq->cpu, counters[kind]);
	table_set(rq->core, rq->region, kind != VERIFY_EARLY);
	return kind != VERIFY_EARLY;
}

static enum outcome perform(const struct request *rq)
{
	bool inside = table_window(rq->core, rq->region), set = false;
	u64 cycles = cost_report();

	if (inside && rq->verify)
		set = verify(rq, &cycles);
	else if (inside)
		set = table_bit(rq->core, rq->region);
	else
		count(rq->cpu, MACHINE_OUTSIDE);
	cost_spend(rq->cpu, cycles);
	count_rmpopt(rq->cpu, rq->verify, rq->irqs_off, cycles);
	return carry(set);
}

/* Operands of which the outcome is not publicly known: do they make a fault? */
static bool odd_operands(const struct request *rq, u64 rax, u64 rcx)
{
	bool aligned = !(rax & ((1u << REGION_SHIFT) - 1));

	if (aligned && table_window(rq->core, rq->region) && rcx <= 1)
		return false;
	if (!harsh()) {
		if (!aligned && table_window(rq->core, rq->region))
			count(rq->cpu, MACHINE_OUTSIDE);
		return false;
	}
	if (rcx <= 1)
		count(rq->cpu, MACHINE_OUTSIDE);
	return true;
}

/* The fault that this RMPOPT gets for a reason of the test's or the machine's; 0: none. */
static unsigned int faults(const struct request *rq, struct forced forced)
{
	const struct core *c = &machine.core[rq->core];

	if (forced.ud || !machine.has_rmpopt || !machine.segmented || !(c->base & RMPOPT_EN) ||
	    !snp_enabled(rq->cpu))
		return UD_VECTOR;
	if (forced.gp)
		return GP_VECTOR;
	return c->faulty ?: region_fault(rq->core, rq->region);
}

static enum outcome execute_locked(const struct insn *insn, u64 rax, u64 rcx, bool irqs_off)
{
	struct request rq = {
		.cpu = insn->cpu, .core = core_of(insn->cpu),
		.region = rax >> REGION_SHIFT, .verify = !(rcx & 1), .irqs_off = irqs_off,
	};
	struct forced forced = event_fire(insn);
	unsigned int vector;

	if (forced.hold)
		return HELD;
	count_early(rq.cpu, MACHINE_GAP_RMPOPTS);
	vector = faults(&rq, forced);
	if (!vector && odd_operands(&rq, rax, rcx))
		vector = GP_VECTOR;
	if (vector) {
		count(rq.cpu, MACHINE_FAULTS);
		return vector == GP_VECTOR ? GP : PASS;		/* QEMU's own way is #UD */
	}
	if (!machine.init_done)
		count(rq.cpu, MACHINE_TOO_EARLY);
	return perform(&rq);
}

enum outcome rmpopt_execute(const struct insn *insn)
{
	bool irqs_off = !(reg_read(EFLAGS) & EFLAGS_IF);
	u64 rax = reg_read(RAX), rcx = reg_read(RCX);
	enum outcome outcome;

	if (reg_read(CS) & 3)		/* [?]: not in user mode, in any profile */
		return PASS;
	machine_lock();
	outcome = execute_locked(insn, rax, rcx, irqs_off);
	machine_unlock();
	return outcome;
}
