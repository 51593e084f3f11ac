// SPDX-License-Identifier: GPL-2.0
/* lab: RMPOPT_BASE: what is before it is written, and what later writes do. */
#include "hw.h"
#include "lab.h"

/* The windows of cores that have none; those of one node have the same. */
static bool place_windows(struct lab *lab)
{
	struct lab_core *core, *before = NULL;
	u32 i;

	for (i = 0; i < lab->cores; i++) {
		core = &lab->core[i];
		if (core_armed(core))
			continue;
		if (before && before->node == core->node)
			core->place = before->place;
		else if (!lab_place_window(lab, core->node, &core->place))
			return false;
		before = core;
	}
	return true;
}

static const struct lab_region *first_ram(const struct lab *lab)
{
	u32 i;

	for (i = 0; i + 1 < lab->regions; i++)
		if (lab->region[i].kind == REGION_RAM)
			break;
	return &lab->region[i];
}

static bool ask_disarmed(struct lab *lab, const struct lab_core *core)
{
	struct lab_op op = op_rmpopt(first_ram(lab)->number, REPORT);
	struct lab_result result;

	if (!lab_one(lab, core->cpu[0], &op, 1, &result))
		return false;
	lab_reading(lab, "disarmed", core->cpu[0], &op, &result);
	lab_answer(lab, "disarmed", result_word(&result) ?: "unknown");
	return true;
}

/* Of a region in the window that is free, so that no other answer is mixed with this one. */
static bool arm_and_report(struct lab *lab, struct lab_core *core)
{
	struct lab_core armed = { .base = core->place };
	const struct lab_region *region = first_free(lab, &armed) ?: first_ram(lab);
	struct lab_op ops[] = {
		op_base(armed.base), op_rmpopt(region->number, REPORT), op_msr(MSR_RMPOPT_BASE),
	};
	struct lab_result result[ARRAY_SIZE(ops)];

	if (!lab_odd_one(lab, core->cpu[0], ops, ARRAY_SIZE(ops), result))
		return false;
	lab_readings(lab, "report-first", core->cpu[0], ops, ARRAY_SIZE(ops), result);
	if (result[0].outcome != LAB_DONE)
		return lab_surprise(lab, "RMPOPT_BASE can't be written on CPU %u: %s", core->cpu[0],
				    result_word(&result[0]) ?: "not executed");
	lab_answer(lab, "report-first", result_word(&result[1]) ?: "unknown");
	return true;
}

static bool arm(struct lab *lab, struct lab_core *core)
{
	struct lab_op op = op_base(core->place);
	struct lab_result result;

	if (!lab_one(lab, core->cpu[0], &op, 1, &result))
		return false;
	if (result.outcome == LAB_DONE)
		return true;
	return lab_surprise(lab, "RMPOPT_BASE can't be written on CPU %u: %s", core->cpu[0],
			    result_word(&result) ?: "not executed");
}

static bool all_armed(struct lab *lab)
{
	u32 i;

	if (!lab_read_bases(lab))
		return false;
	for (i = 0; i < lab->cores; i++)
		if (!core_armed(&lab->core[i]))
			return lab_surprise(lab, "RMPOPT_EN is still clear on CPU %u after it was written",
					    lab->core[i].cpu[0]);
	return true;
}

/* Cores that are armed keep what they have: it can't be moved. */
bool step_arm(struct lab *lab)
{
	struct lab_core *first = NULL;
	u32 i;

	if (!lab_survey(lab))
		return false;
	for (i = lab->cores; i--;)
		if (!core_armed(&lab->core[i]))
			first = &lab->core[i];
	if (!first) {
		lab_unknown(lab, "disarmed",
			    "RMPOPT_EN was set on all cores before; it is clear after SNP_INIT only");
		lab_unknown(lab, "report-first",
			    "RMPOPT_EN was set on all cores before; it is clear after SNP_INIT only");
		return true;
	}
	if (!place_windows(lab)) {
		lab->skipped =
			"can't tell whose memory each region is, to place windows; load rmpopt once to set RMPOPT_EN";
		return false;
	}
	if (!ask_disarmed(lab, first) || !arm_and_report(lab, first))
		return false;
	for (i = 0; i < lab->cores; i++)
		if (&lab->core[i] != first && !core_armed(&lab->core[i]) && !arm(lab, &lab->core[i]))
			return false;
	return all_armed(lab);
}

/**
 * restore_base - RMPOPT_BASE of a core is again what it was
 *
 * Whatever has happened, after a surprise and a signal, too. Says so if it can't be
 * done, as the report may have another surprise. Returns false then.
 */
bool restore_base(struct lab *lab, const struct lab_core *core)
{
	const struct lab_op ops[] = { op_msr(MSR_RMPOPT_BASE), op_base(core->base), op_msr(MSR_RMPOPT_BASE) };
	struct lab_result result[ARRAY_SIZE(ops)] = { };
	u32 cpu = core->cpu[0];

	if (lab_restore_one(lab, cpu, ops, 1, result) && result[0].outcome == LAB_DONE &&
	    base_of(result[0].rax) == core->base)
		return true;
	if (lab_restore_one(lab, cpu, ops, 3, result) && result[2].outcome == LAB_DONE &&
	    base_of(result[2].rax) == core->base)
		return true;
	failed("RMPOPT_BASE of CPU %u can't be set to 0x%llx again", cpu, core->base);
	return lab_surprise(lab, "RMPOPT_BASE of CPU %u reads as 0x%llx and can't be set to 0x%llx again",
			    cpu, result[2].rax, core->base);
}

#define WRITE_VALUE_OPS	7

/*
 * The region's bit is set, then @value is written to RMPOPT_BASE, read back, and
 * replaced by the value before. All writes in one list, which is executed to its
 * end even if we are killed.
 */
static bool write_value(struct lab *lab, const char *id, const struct lab_core *core,
			const struct lab_region *region, u64 value, struct lab_result *result)
{
	const struct lab_op ops[WRITE_VALUE_OPS] = {
		op_rmpopt(region->number, VERIFY), op_rmpopt(region->number, REPORT),
		op_base(value), op_msr(MSR_RMPOPT_BASE), op_rmpopt(region->number, REPORT),
		op_base(core->base), op_msr(MSR_RMPOPT_BASE),
	};
	u32 cpu = core->cpu[0];

	/* By itself, as here a fault is no answer. */
	if (!lab_one(lab, cpu, ops, 1, result))
		return false;
	if (!lab_odd_one(lab, cpu, ops + 1, WRITE_VALUE_OPS - 1, result + 1))
		return false;
	lab_readings(lab, id, cpu, ops, WRITE_VALUE_OPS, result);
	if (!lab_cf(&result[0]) || !lab_cf(&result[1]))
		lab_unknown(lab, id, "the region was taken by a guest meanwhile");
	return true;
}

static bool ask_same_base(struct lab *lab, const struct lab_core *core, const struct lab_region *region)
{
	struct lab_result result[WRITE_VALUE_OPS];

	if (!write_value(lab, "same-base", core, region, core->base, result))
		return false;
	if (result[2].outcome == LAB_FAULT)
		lab_answer(lab, "same-base", result_word(&result[2]));
	else if (lab_cf(&result[0]) && lab_cf(&result[1]))
		lab_answer(lab, "same-base", lab_cf(&result[4]) ? "kept" : "emptied");
	return true;
}

static bool ask_en_clear(struct lab *lab, const struct lab_core *core, const struct lab_region *region)
{
	struct lab_result result[WRITE_VALUE_OPS];

	if (!write_value(lab, "en-clear", core, region, core->base & ~RMPOPT_EN, result))
		return false;
	if (result[2].outcome == LAB_FAULT)
		lab_answer(lab, "en-clear", result_word(&result[2]));
	else
		lab_answer(lab, "en-clear", result[3].rax & RMPOPT_EN ? "ignored" : "cleared");
	return true;
}

/*
 * All in one list, so that the core executes nothing else while its window is
 * another one: if a table were kept by its places, bits would then be those of
 * other regions.
 */
static bool ask_other_base(struct lab *lab, const struct lab_core *core, const struct lab_region *region)
{
	u64 other = core->base + GIB;
	struct lab_op ops[] = {
		op_rmpopt(region->number, VERIFY), op_base(other), op_msr(MSR_RMPOPT_BASE),
		op_rmpopt(region->number, REPORT), op_rmpopt(region->number + 1, REPORT),
		op_base(core->base), op_msr(MSR_RMPOPT_BASE),
	};
	struct lab_result result[ARRAY_SIZE(ops)];

	if (!lab_odd_one(lab, core->cpu[0], ops, ARRAY_SIZE(ops), result))
		return false;
	lab_readings(lab, "other-base", core->cpu[0], ops, ARRAY_SIZE(ops), result);
	if (result[1].outcome == LAB_FAULT)
		lab_answer(lab, "other-base", result_word(&result[1]));
	else if (base_of(result[2].rax) == core->base)
		lab_answer(lab, "other-base", "ignored");
	else if (base_of(result[2].rax) != other)
		lab_unknown(lab, "other-base", "it reads as 0x%llx then", result[2].rax);
	else if (!lab_cf(&result[0]))
		lab_unknown(lab, "other-base", "the region was taken by a guest meanwhile");
	else
		lab_answer(lab, "other-base",
			   lab_cf(&result[3]) || lab_cf(&result[4]) ? "taken-kept" : "taken-emptied");
	return true;
}

/* In its window also if that is moved by one region. */
static const struct lab_region *inner_region(const struct lab *lab, const struct lab_core *core)
{
	u32 i;

	for (i = 0; i < lab->regions; i++)
		if (region_free(lab, core, &lab->region[i]) && lab->region[i].number > core->base / GIB)
			return &lab->region[i];
	return NULL;
}

bool step_base(struct lab *lab)
{
	static const char * const ids[] = { "same-base", "en-clear", "other-base" };
	static bool (* const ask[])(struct lab *, const struct lab_core *, const struct lab_region *) = {
		ask_same_base, ask_en_clear, ask_other_base
	};
	struct lab_core *core = lab_test_core(lab);
	const struct lab_region *region;
	bool good = true;
	size_t i;

	if (!lab_needs_armed(lab) || !lab_survey(lab))
		return false;
	region = inner_region(lab, core);
	for (i = 0; i < ARRAY_SIZE(ids) && !region; i++)
		lab_unknown(lab, ids[i], "no region is free of pages of guests and firmware");
	for (i = 0; i < ARRAY_SIZE(ids) && region && good; i++) {
		good = ask[i](lab, core, region);
		good &= restore_base(lab, core);
	}
	return good;
}
