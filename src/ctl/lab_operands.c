// SPDX-License-Identifier: GPL-2.0
/* lab: odd operands of RMPOPT and RMPREAD. */
#include <string.h>

#include "hw.h"
#include "lab.h"

/* Reports in one go: the cheapest of all instructions. */
#define REPORTS	64u

/* An operation that may do anything; noted for a question. */
static bool try(struct lab *lab, const char *id, u32 cpu, struct lab_op op, struct lab_result *result)
{
	if (!lab_odd_one(lab, cpu, &op, 1, result))
		return false;
	lab_reading(lab, id, cpu, &op, result);
	return true;
}

/* A region whose bit is set on the core; NULL in @found if there is none. */
static bool find_set(struct lab *lab, const struct lab_core *core, struct lab_region **found)
{
	struct lab_result result;
	u32 i;

	for (i = 0; i < lab->regions; i++) {
		*found = &lab->region[i];
		if (!region_free(lab, core, *found))
			continue;
		if (!lab_rmpopt(lab, core->cpu[0], (*found)->number, VERIFY, &result))
			return false;
		if (result.cf)
			return true;
	}
	*found = NULL;
	return true;
}

/* Free regions from @from on, @nr at most; returns how many. */
static u32 collect(struct lab *lab, const struct lab_core *core, u32 *from, u32 nr, struct lab_region **regions)
{
	u32 n = 0;

	for (; *from < lab->regions && n < nr; ++*from)
		if (region_free(lab, core, &lab->region[*from]))
			regions[n++] = &lab->region[*from];
	return n;
}

static bool find_clear_on(struct lab *lab, const struct lab_core *core, struct lab_region **found)
{
	struct lab_region *regions[REPORTS];
	struct lab_result result[REPORTS];
	struct lab_op ops[REPORTS];
	u32 from = 0, n, i;

	while ((n = collect(lab, core, &from, REPORTS, regions))) {
		for (i = 0; i < n; i++)
			ops[i] = op_rmpopt(regions[i]->number, REPORT);
		if (!lab_one(lab, core->cpu[0], ops, n, result))
			return false;
		for (i = 0; i < n && !*found; i++)
			if (!result[i].cf)
				*found = regions[i];
		if (*found)
			break;
	}
	return true;
}

/* A core, and a region whose bit is clear there though no page is assigned; NULL if there is none. */
bool find_clear(struct lab *lab, struct lab_core **core, struct lab_region **region)
{
	u32 i;

	*region = NULL;
	*core = lab_test_core(lab);
	if (!find_clear_on(lab, *core, region))
		return false;
	for (i = 0; i < lab->cores && !*region; i++) {
		*core = &lab->core[i];
		if (!find_clear_on(lab, *core, region))
			return false;
	}
	return true;
}

static bool ask_alignment(struct lab *lab, const struct lab_core *core, const struct lab_region *region)
{
	struct lab_op unaligned = op_rmpopt(region->number, REPORT), upper = unaligned;
	struct lab_result result;

	unaligned.rax += PAGE;
	if (!try(lab, "rax-unaligned", core->cpu[0], unaligned, &result))
		return false;
	lab_answer(lab, "rax-unaligned", lab_cf(&result) ? "rounded" : result_word(&result) ?: "unknown");
	upper.rax |= 0xfffull << 52;
	if (!try(lab, "rax-upper", core->cpu[0], upper, &result))
		return false;
	lab_answer(lab, "rax-upper", lab_cf(&result) ? "ignored" : result_word(&result) ?: "unknown");
	return true;
}

static bool ask_above(struct lab *lab, const struct lab_core *core, const struct lab_region *region)
{
	struct lab_result result;

	if (!try(lab, "rax-above", core->cpu[0], op_rmpopt(region->number + WINDOW_REGIONS, REPORT), &result))
		return false;
	lab_answer(lab, "rax-above", lab_cf(&result) ? "wraps" : result_word(&result) ?: "unknown");
	return true;
}

/* CF = 0 tells something only if the bit is set that a wrap would find. */
static bool ask_below_of(struct lab *lab, const struct lab_core *core)
{
	struct lab_region *wrapped = region_find(lab, core->base / GIB + WINDOW_REGIONS - 1);
	struct lab_result set = { }, result;

	if (wrapped && region_free(lab, core, wrapped) &&
	    !lab_rmpopt(lab, core->cpu[0], wrapped->number, VERIFY, &set))
		return false;
	if (!try(lab, "rax-below", core->cpu[0], op_rmpopt(core->base / GIB - 1, REPORT), &result))
		return false;
	if (lab_cf(&result))
		lab_answer(lab, "rax-below", "wraps");
	else if (result.outcome == LAB_DONE && !lab_cf(&set))
		lab_unknown(lab, "rax-below",
			    "CF = 0, which a wrap to the clear bit of the window's last region would give as well");
	else
		lab_answer(lab, "rax-below", result_word(&result) ?: "unknown");
	return true;
}

static bool ask_below(struct lab *lab)
{
	u32 i;

	for (i = 0; i < lab->cores; i++)
		if (lab->core[i].base / GIB)
			return ask_below_of(lab, &lab->core[i]);
	lab_unknown(lab, "rax-below", "the window begins at address 0: nothing lies below");
	return true;
}

/* The first region in the window that no segment covers; REGIONS_MAX if there is none. */
static u32 find_beyond(struct lab *lab, const struct lab_core *core)
{
	u32 base = core->base / GIB, i;

	for (i = base; i < base + WINDOW_REGIONS; i++)
		if (!region_find(lab, i))
			return i;
	return REGIONS_MAX;
}

/* A verify where it may find nothing. */
static bool ask_verify(struct lab *lab, const char *id, const struct lab_core *core, u32 region)
{
	struct lab_result result;

	if (!try(lab, id, core->cpu[0], op_rmpopt(region, VERIFY), &result))
		return false;
	lab_answer(lab, id, result_word(&result) ?: "unknown");
	return true;
}

static bool ask_outside(struct lab *lab, const struct lab_core *core)
{
	const struct lab_region *hole = find_hole(lab, core);
	u32 beyond = find_beyond(lab, core);

	if (beyond == REGIONS_MAX)
		lab_unknown(lab, "rax-beyond-rmp", "the RMP covers the whole window");
	else if (!ask_verify(lab, "rax-beyond-rmp", core, beyond))
		return false;
	if (hole)
		return ask_verify(lab, "rax-hole", core, hole->number);
	lab_unknown(lab, "rax-hole", "there is RAM in all regions that the RMP covers");
	return true;
}

/* RMPOPT with an odd RCX where a verify would set the bit; @after: the bit then. */
static bool odd_function(struct lab *lab, const char *id, const struct lab_core *core,
			 const struct lab_region *region, u64 rcx, struct lab_result *result,
			 struct lab_result *after)
{
	u32 cpu = core->cpu[0];

	return try(lab, id, cpu, op_rmpopt(region->number, rcx), result) &&
	       try(lab, id, cpu, op_rmpopt(region->number, REPORT), after);
}

/* Would a verify have set it? */
static bool would_set(struct lab *lab, const char *id, const struct lab_core *core, const struct lab_region *region,
		      bool *would)
{
	struct lab_result result;

	if (!try(lab, id, core->cpu[0], op_rmpopt(region->number, VERIFY), &result))
		return false;
	*would = lab_cf(&result);
	return true;
}

/* What an odd function has not set, a verify must: else a guest has taken the region since the survey. */
static bool answer_if_free(struct lab *lab, const char *id, const struct lab_core *core,
			   const struct lab_region *region, const char *answer)
{
	bool would;

	if (!would_set(lab, id, core, region, &would))
		return false;
	if (would)
		lab_answer(lab, id, answer);
	else
		lab_unknown(lab, id, "the region was taken by a guest meanwhile");
	return true;
}

static void no_clear_bit(struct lab *lab, const char *id)
{
	lab_unknown(lab, id,
		    "the bits of all free regions are set on all cores; use --convert, or run the lab first after SNP_INIT");
}

static bool ask_function(struct lab *lab, const char *id, u64 rcx)
{
	struct lab_result result, after;
	struct lab_region *region;
	struct lab_core *core;

	if (!find_clear(lab, &core, &region))
		return false;
	if (!region) {
		no_clear_bit(lab, id);
		return true;
	}
	if (!odd_function(lab, id, core, region, rcx, &result, &after))
		return false;
	if (result.outcome != LAB_DONE)
		lab_answer(lab, id, result_word(&result) ?: "unknown");
	else if (lab_cf(&after))
		lab_answer(lab, id, "verify");
	else
		return answer_if_free(lab, id, core, region, "report");
	return true;
}

/* Ignored if, with bit 32 set, bit 0 alone tells which function it is. */
static bool ask_upper(struct lab *lab)
{
	struct lab_result result[4] = { };
	struct lab_region *region;
	struct lab_core *core;

	if (!find_clear(lab, &core, &region))
		return false;
	if (!region) {
		no_clear_bit(lab, "rcx-upper");
		return true;
	}
	if (!odd_function(lab, "rcx-upper", core, region, BIT_ULL(32) | REPORT, &result[0], &result[1]) ||
	    !odd_function(lab, "rcx-upper", core, region, BIT_ULL(32) | VERIFY, &result[2], &result[3]))
		return false;
	if (result[0].outcome == LAB_FAULT)
		lab_answer(lab, "rcx-upper", result_word(&result[0]));
	else if (result[2].outcome == LAB_FAULT)
		lab_answer(lab, "rcx-upper", result_word(&result[2]));
	else if (!lab_cf(&result[1]) && lab_cf(&result[2]) && lab_cf(&result[3]))
		lab_answer(lab, "rcx-upper", "ignored");
	else
		return answer_if_free(lab, "rcx-upper", core, region, "other");
	return true;
}

/* Those that are still open: they need bits that are clear. */
bool ask_functions(struct lab *lab)
{
	return (!lab_answered(lab, "rcx-2", "unknown") || ask_function(lab, "rcx-2", 2)) &&
	       (!lab_answered(lab, "rcx-3", "unknown") || ask_function(lab, "rcx-3", 3)) &&
	       (!lab_answered(lab, "rcx-upper", "unknown") || ask_upper(lab));
}

bool step_operands(struct lab *lab)
{
	static const char * const ids[] = { "rax-unaligned", "rax-upper", "rax-above" };
	struct lab_core *core = lab_test_core(lab);
	struct lab_region *region;
	size_t i;

	if (!lab_needs_armed(lab) || !lab_survey(lab) || !find_set(lab, core, &region))
		return false;
	for (i = 0; i < ARRAY_SIZE(ids) && !region; i++)
		lab_unknown(lab, ids[i], "no region can be optimized");
	if (region && (!ask_alignment(lab, core, region) || !ask_above(lab, core, region)))
		return false;
	return ask_below(lab) && ask_outside(lab, core) && ask_functions(lab);
}

static const char *rmpread_word(const struct lab_result *result)
{
	if (result->outcome != LAB_DONE)
		return result_word(result) ?: "unknown";
	if (result->rax)
		return format("code-%llu", result->rax);
	return result->value[1] & RMP_ASSIGNED ? "assigned" : "unassigned";
}

/* A page whose entry can be read: of the RMP itself, which is assigned, if possible. */
static bool ask_unaligned(struct lab *lab, const struct lab_core *core, u64 page)
{
	struct lab_result aligned, unaligned;
	u32 cpu = core->cpu[0];

	if (!try(lab, "rmpread-unaligned", cpu, op_rmpread(page), &aligned) ||
	    !try(lab, "rmpread-unaligned", cpu, op_rmpread(page + 16), &unaligned))
		return false;
	if (unaligned.outcome != LAB_DONE || unaligned.rax)
		lab_answer(lab, "rmpread-unaligned", rmpread_word(&unaligned));
	else
		lab_answer(lab, "rmpread-unaligned",
			   memcmp(aligned.value, unaligned.value, sizeof(aligned.value)) ? "other" : "rounded");
	return true;
}

static bool ask_own(struct lab *lab, const struct lab_core *core)
{
	const struct lab_region *other = first_free(lab, core);
	struct lab_result own;
	bool told;

	if (!try(lab, "rmpread-own", core->cpu[0], op_rmpread(lab->rmp_base), &own))
		return false;
	lab_answer(lab, "rmpread-own", rmpread_word(&own));
	told = own.outcome == LAB_DONE && !own.rax;
	if (told || other)
		return ask_unaligned(lab, core, told ? lab->rmp_base : other->number * GIB);
	lab_unknown(lab, "rmpread-unaligned", "there is no page whose entry can be read");
	return true;
}

static bool ask_mmio(struct lab *lab, const struct lab_core *core)
{
	const struct lab_region *hole = find_hole(lab, core);
	u32 region = hole ? hole->number : find_beyond(lab, core);
	struct lab_result result;

	if (region == REGIONS_MAX) {
		lab_unknown(lab, "rmpread-mmio", "there is RAM in all of the window");
		return true;
	}
	if (!try(lab, "rmpread-mmio", core->cpu[0], op_rmpread(region * GIB), &result))
		return false;
	lab_answer(lab, "rmpread-mmio", rmpread_word(&result));
	return true;
}

static bool measure_rmpread(struct lab *lab, const struct lab_core *core)
{
	const struct lab_region *region = first_free(lab, core);
	struct lab_result result[REPORTS];
	struct samples samples = { };
	struct lab_op ops[REPORTS];
	u32 round, i;

	for (round = 1; round <= ROUNDS && region; round++) {
		for (i = 0; i < REPORTS; i++)
			ops[i] = op_rmpread(region->number * GIB + i * BLOCK);
		if (!lab_one(lab, core->cpu[0], ops, REPORTS, result))
			return false;
		for (i = 0; i < REPORTS; i++)
			if (result[i].outcome == LAB_DONE && !result[i].rax)
				samples_add(&samples, lab_cycles(lab, &result[i]));
		lab_measured(lab, "rmpread", NULL, 1, region_distance(core, region), round, &samples);
	}
	return true;
}

bool step_rmpread(struct lab *lab)
{
	struct lab_core *core = lab_test_core(lab);

	return lab_survey(lab) && ask_own(lab, core) && ask_mmio(lab, core) && measure_rmpread(lab, core);
}
