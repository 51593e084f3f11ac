// SPDX-License-Identifier: GPL-2.0
/*
 * RMPOPT: verify and report, what they count and what they cost.
 */
#include <unistd.h>

#include "machine.h"

struct request {
	unsigned int cpu, core;
	u64 region;
	bool verify;
	bool irqs_off;
	bool nothing;		/* CF = 0, whatever the region */
};

/* What a verify finds. */
struct finding {
	enum verify_kind kind;
	bool owned;
	unsigned int blocks;	/* that it reads, or would read if there were no cache */
};

static enum outcome carry(bool set)
{
	return set ? CARRY_SET : CARRY_CLEAR;
}

/* Is the result of the last verify that succeeded still there? This one's will be. */
static bool recall(struct region *region)
{
	bool cached = region->cached;

	if (answer_to(Q_CACHE_SUCCESS) == A_NONE)
		return false;
	if (answer_to(Q_CACHE_SUCCESS) == A_MS)
		cached &= now_us() - region->cached_at < (int64_t)answer_number(Q_CACHE_SUCCESS) * 1000;
	if (!cached)
		region->cached_at = now_us();
	region->cached = true;
	return cached;
}

static void failure(struct region *region, struct finding *f)
{
	if (answer_to(Q_FAILURE_COST) == A_WHOLE)
		f->blocks = BLOCKS_PER_REGION;
	if (answer_to(Q_CACHE_FAILURE) == A_YES && region->failed)
		f->kind = VERIFY_CACHED;
	region->failed = true;
}

/*
 * Read the RMP up to the first assigned page, or believe the cached result of
 * a core that did. A conversion under way looks like an assigned page.
 */
static struct finding scan(const struct request *rq)
{
	struct finding f = { .kind = VERIFY_EARLY };
	struct region *region;

	if (!rmp_covered(rq->region)) {
		f.owned = answer_to(Q_RAX_BEYOND_RMP) == A_CF1;
		return f;
	}
	region = rmp_region(rq->region);
	if (!region || update_running(region))
		return f;
	f.blocks = rmp_first_assigned_block(rq->region);
	f.owned = rmp_optimizable(rq->region);
	if (f.owned)
		f.kind = recall(region) ? VERIFY_CACHED : VERIFY_PAID;
	else if (f.blocks < BLOCKS_PER_REGION)
		failure(region, &f);
	else
		f.blocks = 0;	/* where there is no RAM */
	return f;
}

static bool verify(const struct request *rq, u64 *cycles)
{
	static const enum machine_counter counters[] = {
		[VERIFY_PAID] = MACHINE_PAID, [VERIFY_CACHED] = MACHINE_CACHED,
		[VERIFY_EARLY] = MACHINE_EARLY_EXIT,
	};
	struct finding f = scan(rq);

	*cycles = cost_verify(rq->cpu, rq->region, f.kind, f.blocks);
	count(rq->cpu, counters[f.kind]);
	table_set(rq->cpu, rq->region, f.owned);
	return f.owned;
}

static enum outcome perform(const struct request *rq, bool lie)
{
	u64 cycles = cost_report();
	bool set = false;

	if (rq->nothing)
		set = false;
	else if (rq->verify)
		set = verify(rq, &cycles);
	else
		set = table_bit(rq->cpu, rq->region);
	cost_spend(rq->cpu, cycles);
	count_rmpopt(rq->cpu, rq->verify, rq->irqs_off, cycles);
	return carry(set != lie);
}

/* Does the answer to @question end it? */
static bool ends(struct request *rq, enum machine_question question)
{
	rq->nothing |= answer_to(question) == A_CF0;
	return answer_to(question) == A_GP;
}

/* RCX: is it a verify or a report? True: #GP. */
static bool odd_function(struct request *rq, u64 rcx)
{
	enum machine_question question = rcx & 1 ? Q_RCX_3 : Q_RCX_2;

	rq->verify = !(rcx & 1);
	if (rcx >> 32 && ends(rq, Q_RCX_UPPER))
		return true;
	if ((u32)rcx <= 1)
		return false;
	rq->verify = answer_to(question) == A_VERIFY;
	return ends(rq, question);
}

/* RAX: which region is it? True: #GP. */
static bool odd_address(struct request *rq, u64 rax)
{
	bool unaligned = rax & ((1u << REGION_SHIFT) - 1), upper = rax >> 52;
	bool outside = !table_window(rq->cpu, rq->region);
	u64 first = table_first(rq->cpu);

	if (unaligned || upper || outside)
		count(rq->cpu, MACHINE_OUTSIDE);
	if ((unaligned && ends(rq, Q_RAX_UNALIGNED)) || (upper && ends(rq, Q_RAX_UPPER)))
		return true;
	if (!outside)
		return false;
	if (ends(rq, rq->region < first ? Q_RAX_BELOW : Q_RAX_ABOVE))
		return true;
	rq->region = first + (rq->region - first) % TABLE_REGIONS;
	return false;
}

/* A verify where there are no RMP entries, or some but no RAM. True: #GP. */
static bool odd_place(struct request *rq)
{
	if (!rq->verify || rq->nothing)
		return false;
	if (!rmp_covered(rq->region))
		return answer_to(Q_RAX_BEYOND_RMP) == A_GP;
	return rmp_owned(rq->region) && !ram_at(rq->region) && answer_to(Q_RAX_HOLE) == A_GP;
}

/* The fault that this RMPOPT gets for a reason of the test's or the machine's; 0: none. */
static unsigned int faults(struct request *rq, struct forced forced)
{
	const struct core *c = &machine.core[rq->core];
	bool armed = c->base & RMPOPT_EN;

	if (forced.ud || !machine.has_rmpopt || !machine.segmented || !snp_enabled(rq->cpu) ||
	    (!armed && answer_to(Q_DISARMED) == A_UD))
		return UD_VECTOR;
	if (forced.gp || (!armed && ends(rq, Q_DISARMED)))
		return GP_VECTOR;
	return c->faulty ?: region_fault(rq->core, rq->region);
}

static enum outcome execute_locked(const struct insn *insn, u64 rax, u64 rcx, bool irqs_off)
{
	struct request rq = {
		.cpu = insn->cpu, .core = core_of(insn->cpu),
		.region = (rax & RMPOPT_ADDRESS) >> REGION_SHIFT, .irqs_off = irqs_off,
	};
	struct forced forced = event_fire(insn);
	unsigned int vector;

	if (forced.hold)
		return HELD;
	late_settle();
	machine.core[rq.core].slept = 0;
	count_early(rq.cpu, MACHINE_GAP_RMPOPTS);
	vector = faults(&rq, forced);
	if (!vector && (odd_function(&rq, rcx) | odd_address(&rq, rax) || odd_place(&rq)))
		vector = GP_VECTOR;
	if (vector) {
		count(rq.cpu, MACHINE_FAULTS);
		return vector == GP_VECTOR ? GP : PASS;		/* QEMU's own way is #UD */
	}
	if (!machine.init_done)
		count(rq.cpu, MACHINE_TOO_EARLY);
	return perform(&rq, forced.lie);
}

enum outcome rmpopt_execute(const struct insn *insn)
{
	bool irqs_off = !(reg_read(EFLAGS) & EFLAGS_IF);
	u64 rax = reg_read(RAX), rcx = reg_read(RCX);
	enum outcome outcome;

	if (reg_read(CS) & 3)		/* [?]: not in user mode, in any profile */
		return PASS;
	for (;;) {
		bool deaf;

		machine_lock();
		outcome = execute_locked(insn, rax, rcx, irqs_off);
		deaf = machine.knob[MACHINE_DEAF];
		machine_unlock();
		if (outcome != HELD || !deaf)
			return outcome;
		usleep(200);
	}
}
