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
static bool scan(const struct request *rq, u64 *cycles)
{
	struct region *region = rmp_covered(rq->region) ? rmp_region(rq->region) : NULL;
	unsigned int blocks;

	if (!region || update_running(region)) {
		count(rq->cpu, MACHINE_EARLY_EXIT);
		*cycles = cost_verify(rq->cpu, VERIFY_EARLY, 0);
		return false;
	}
	blocks = rmp_first_assigned_block(rq->region);
	if (blocks < BLOCKS_PER_REGION) {
		count(rq->cpu, MACHINE_EARLY_EXIT);
		*cycles = cost_verify(rq->cpu, VERIFY_EARLY, blocks);
		return false;
	}
	count(rq->cpu, region->cached ? MACHINE_CACHED : MACHINE_PAID);
	*cycles = cost_verify(rq->cpu, region->cached ? VERIFY_CACHED : VERIFY_PAID, blocks);
	region->cached = true;
	return true;
}

static enum outcome perform(const struct request *rq)
{
	bool inside = table_window(rq->core, rq->region), set = false;
	u64 cycles = cost_report();

	if (inside && rq->verify) {
		set = scan(rq, &cycles);
		table_set(rq->core, rq->region, set);
	} else if (inside) {
		set = table_bit(rq->core, rq->region);
	} else {
		count(rq->cpu, MACHINE_OUTSIDE);
	}
	cost_spend(rq->cpu, cycles);
	count_rmpopt(rq->cpu, rq->verify, rq->irqs_off, cycles);
	return carry(set);
}

/* Operands of which the outcome is not publicly known. */
static enum outcome odd_operands(const struct request *rq, u64 rax, u64 rcx)
{
	bool aligned = !(rax & ((1u << REGION_SHIFT) - 1));

	if (aligned && table_window(rq->core, rq->region) && rcx <= 1)
		return PASS;
	if (!harsh()) {
		if (!aligned && table_window(rq->core, rq->region))
			count(rq->cpu, MACHINE_OUTSIDE);
		return PASS;
	}
	if (rcx <= 1)
		count(rq->cpu, MACHINE_OUTSIDE);
	return GP;
}

/* A fault for a reason of the test's or the machine's; PASS: none. */
static enum outcome faults(const struct request *rq, struct forced forced, bool *ud)
{
	const struct core *c = &machine.core[rq->core];

	*ud = forced.ud || c->faulty == 6 || !machine.has_rmpopt || !machine.segmented ||
	      !(c->base & RMPOPT_EN) || !snp_enabled(rq->cpu);
	if (!*ud && (forced.gp || c->faulty == 13))
		return GP;
	return PASS;
}

static enum outcome execute_locked(const struct insn *insn, u64 rax, u64 rcx, bool irqs_off)
{
	struct request rq = {
		.cpu = insn->cpu, .core = core_of(insn->cpu),
		.region = rax >> REGION_SHIFT, .verify = !(rcx & 1), .irqs_off = irqs_off,
	};
	struct forced forced = event_fire(insn);
	enum outcome outcome;
	bool ud;

	if (forced.hold)
		return HELD;
	count_early(rq.cpu, MACHINE_GAP_RMPOPTS);
	outcome = faults(&rq, forced, &ud);
	if (outcome == PASS && !ud)
		outcome = odd_operands(&rq, rax, rcx);
	if (outcome == GP || ud) {
		count(rq.cpu, MACHINE_FAULTS);
		return outcome;
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
