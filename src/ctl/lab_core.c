// SPDX-License-Identifier: GPL-2.0
/* lab: what reports and verifies cost, on one core, on each, and together. */
#include <stdlib.h>

#include "hw.h"
#include "lab.h"

enum distance {
	DISTANCE_NONE,
	DISTANCE_NEAR,
	DISTANCE_FAR,
	DISTANCES,
};

static const char * const distance_words[DISTANCES] = { NULL, "near", "far" };

/**
 * struct sweep - verifies of all regions in play, and a report after each
 * @first: cycles of verifies that said CF = 1, the first ones of their regions
 * @again: of those that were not the first
 * @failure: of those that said CF = 0
 * @report: of reports
 */
struct sweep {
	struct samples first[DISTANCES];
	struct samples again[DISTANCES];
	struct samples failure[DISTANCES];
	struct samples report;
};

static enum distance distance_of(const struct lab_core *core, const struct lab_region *region)
{
	const char *word = region_distance(core, region);

	return !word ? DISTANCE_NONE : *word == 'n' ? DISTANCE_NEAR : DISTANCE_FAR;
}

/* Only on a virgin host is a first verify known to read the RMP. */
static void sweep_measured(struct lab *lab, struct sweep *sweep, const char *again, const char *basis,
			   u32 cores, u32 round)
{
	static const char paid[] = "first verify since SNP_INIT: RMPOPT_EN was clear on all cores";
	static const char first[] = "first verify of this run; whether others have verified before is not known";
	size_t i;

	for (i = 0; i < DISTANCES; i++) {
		lab_measured(lab, lab->virgin ? "verify-paid" : "verify-first", lab->virgin ? paid : first, cores,
			     distance_words[i], round, &sweep->first[i]);
		lab_measured(lab, again, basis, cores, distance_words[i], round, &sweep->again[i]);
		lab_measured(lab, "verify-failed", NULL, cores, distance_words[i], round, &sweep->failure[i]);
	}
	lab_measured(lab, "report", NULL, cores, NULL, round, &sweep->report);
}

/* What each CPU says of itself, and whether SNP is enabled on all of them. */
static bool read_cpu(struct lab *lab, u32 cpu)
{
	const struct lab_op ops[] = {
		{ .what = LAB_CPUID, .times = 1, .rax = CPUID_SEV },
		{ .what = LAB_CPUID, .times = 1, .rax = CPUID_RMP },
		op_msr(MSR_SYSCFG),
		op_msr(MSR_RMP_BASE),
		op_msr(MSR_RMP_CFG),
	};
	struct lab_result result[ARRAY_SIZE(ops)];

	if (!lab_one(lab, cpu, ops, ARRAY_SIZE(ops), result))
		return false;
	if (!(result[1].value[1] & CPUID_EDX_RMPOPT))
		return lab_surprise(lab, "CPU %u has no RMPOPT by its CPUID", cpu);
	if (result[2].outcome != LAB_DONE || !(result[2].rax & SYSCFG_SNP_EN))
		return lab_surprise(lab, "SnpEn is not set on CPU %u", cpu);
	if (result[3].outcome != LAB_DONE || result[4].outcome != LAB_DONE)
		return lab_surprise(lab, "CPU %u can't read the RMP's MSRs", cpu);
	if (lab->rmp_base && lab->rmp_base != result[3].rax)
		return lab_surprise(lab, "RMP_BASE of CPU %u is not that of the others", cpu);
	lab->rmp_base = result[3].rax;
	return true;
}

bool step_host(struct lab *lab)
{
	u32 i, j;

	for (i = 0; i < lab->cores; i++)
		for (j = 0; j < lab->core[i].cpus; j++)
			if (!read_cpu(lab, lab->core[i].cpu[j]))
				return false;
	if (!lab_measure_overhead(lab) || !lab_read_bases(lab) || !lab_find_regions(lab))
		return false;
	lab->virgin = true;
	for (i = 0; i < lab->cores; i++)
		lab->virgin &= !core_armed(&lab->core[i]);
	facts_regions(lab);
	return true;
}

/* Reports of so many regions. */
static bool report_some(struct lab *lab, const struct lab_core *core, struct lab_region **regions, u32 nr,
			struct samples *samples)
{
	struct lab_result result[CHUNK];
	struct lab_op ops[CHUNK] = { };
	u32 i;

	for (i = 0; i < nr; i++)
		ops[i] = op_rmpopt(regions[i]->number, REPORT);
	if (!lab_one(lab, core->cpu[0], ops, nr, result))
		return false;
	for (i = 0; i < nr; i++) {
		samples_add(samples, lab_cycles(lab, &result[i]));
		if (!lab_judge(lab, core, regions[i], NULL, &result[i]))
			return false;
	}
	return true;
}

/* How many there are in the next run, of @nr, @at of which were before. */
u32 next_chunk(u32 at, u32 nr)
{
	return nr - at < CHUNK ? nr - at : CHUNK;
}

bool step_report(struct lab *lab)
{
	struct lab_core *core = lab_test_core(lab);
	struct samples samples = { };
	u32 nr, round, i;

	if (!lab_needs_armed(lab) || !lab_survey(lab))
		return false;
	nr = regions_in_play(lab, core);
	for (round = 1; round <= ROUNDS; round++) {
		for (i = 0; i < nr; i += CHUNK)
			if (!report_some(lab, core, lab->play + i, next_chunk(i, nr), &samples))
				return false;
		lab_measured(lab, "report", "step report: before the lab's own verifies", 1, NULL, round, &samples);
	}
	return true;
}

bool step_verify(struct lab *lab)
{
	struct lab_core *core = lab_test_core(lab);
	struct lab_result verify, report;
	struct lab_region *region;

	if (!lab_needs_armed(lab) || !lab_survey(lab))
		return false;
	region = first_free(lab, core);
	if (!region) {
		lab->skipped = format("in each region in the window of CPU %u a page is assigned", core->cpu[0]);
		return false;
	}
	return lab_rmpopt(lab, core->cpu[0], region->number, VERIFY, &verify) &&
	       lab_rmpopt(lab, core->cpu[0], region->number, REPORT, &report) &&
	       lab_judge(lab, core, region, &verify, &report);
}

static void sample(struct lab *lab, const struct lab_core *core, const struct lab_region *region,
		   const struct lab_result *result, struct sweep *sweep)
{
	bool first = region->first && region->begin == result[0].begin;
	struct samples *samples = !result[0].cf ? sweep->failure : first ? sweep->first : sweep->again;

	samples_add(&samples[distance_of(core, region)], lab_cycles(lab, &result[0]));
	samples_add(&sweep->report, lab_cycles(lab, &result[1]));
}

/* A verify and a report of each: 2 * @nr operations. */
static void verify_and_report(struct lab_op *ops, struct lab_region **regions, u32 nr)
{
	u32 i;

	for (i = 0; i < nr; i++) {
		ops[2 * i] = op_rmpopt(regions[i]->number, VERIFY);
		ops[2 * i + 1] = op_rmpopt(regions[i]->number, REPORT);
	}
}

static bool verify_some(struct lab *lab, const struct lab_core *core, struct lab_region **regions, u32 nr,
			struct sweep *sweep)
{
	struct lab_result result[2 * CHUNK];
	struct lab_op ops[2 * CHUNK] = { };
	u32 i;

	verify_and_report(ops, regions, nr);
	if (!lab_one(lab, core->cpu[0], ops, 2 * nr, result))
		return false;
	for (i = 0; i < nr; i++) {
		sample(lab, core, regions[i], &result[2 * i], sweep);
		if (!lab_judge(lab, core, regions[i], &result[2 * i], &result[2 * i + 1]))
			return false;
	}
	return true;
}

static bool sweep_core(struct lab *lab, const struct lab_core *core, struct sweep *sweep)
{
	u32 nr = regions_in_play(lab, core), i;

	for (i = 0; i < nr; i += CHUNK)
		if (!verify_some(lab, core, lab->play + i, next_chunk(i, nr), sweep))
			return false;
	return true;
}

/* What a verify costs that reads the RMP: known only where each first one had to. */
static u64 median_of_firsts(const struct lab *lab)
{
	struct samples all = { };
	u64 median;
	u32 i;

	for (i = 0; i < lab->regions; i++)
		if (lab->region[i].first && lab->region[i].first_cf)
			samples_add(&all, lab->region[i].first);
	median = samples_at(&all, 500);
	samples_free(&all);
	return median;
}

bool step_core(struct lab *lab)
{
	struct lab_core *core = lab_test_core(lab);
	struct sweep sweep = { };
	u32 round;

	if (!lab_needs_armed(lab) || !lab_survey(lab))
		return false;
	for (round = 1; round <= ROUNDS; round++) {
		if (!sweep_core(lab, core, &sweep))
			return false;
		sweep_measured(lab, &sweep, "verify-again", "again by the same core", 1, round);
	}
	if (lab->virgin)
		lab->paid = median_of_firsts(lab);
	return true;
}

bool step_each(struct lab *lab)
{
	struct sweep sweep = { };
	u32 round, i;

	if (!lab_needs_armed(lab) || !lab_survey(lab))
		return false;
	for (round = 1; round <= ROUNDS; round++) {
		for (i = 0; i < lab->cores; i++)
			if (!sweep_core(lab, &lab->core[i], &sweep))
				return false;
		sweep_measured(lab, &sweep, "verify-cached", "by one core after the other", 1, round);
	}
	return true;
}

/* Free regions in the windows of the first @cores cores. */
static u32 common_regions(struct lab *lab, u32 cores, struct lab_region **regions)
{
	u32 i, j, n = 0;

	for (i = 0; i < lab->regions && n < CHUNK; i++) {
		for (j = 0; j < cores && region_free(lab, &lab->core[j], &lab->region[i]); j++)
			;
		if (j == cores)
			regions[n++] = &lab->region[i];
	}
	return n;
}

static bool sample_all(struct lab *lab, const struct lab_trial *trial, struct lab_region **regions,
		       struct sweep *sweep)
{
	const struct lab_result *result;
	u32 i, j;

	for (i = 0; i < trial->cpus; i++)
		for (j = 0; j < trial->nr / 2; j++) {
			result = &trial->result[i * trial->nr + 2 * j];
			sample(lab, &lab->core[i], regions[j], result, sweep);
			if (!lab_judge(lab, &lab->core[i], regions[j], &result[0], &result[1]))
				return false;
		}
	return true;
}

/* The first @cores cores at once, all on the same regions. */
static bool at_once(struct lab *lab, u32 cores, struct sweep *sweep)
{
	struct lab_region *regions[CHUNK];
	u32 nr = common_regions(lab, cores, regions);
	struct lab_op ops[2 * CHUNK] = { };
	struct lab_trial trial = {
		.ops = ops, .nr = 2 * nr, .cpu = lab_primaries(lab), .cpus = cores, .flags = LAB_TOGETHER,
	};
	bool good;

	if (!nr)
		return true;
	verify_and_report(ops, regions, nr);
	if (!lab_execute(lab, &trial))
		return false;
	good = sample_all(lab, &trial, regions, sweep);
	trial_free(&trial);
	return good;
}

bool step_together(struct lab *lab)
{
	struct sweep sweep = { };
	u32 round, cores = 1;

	if (!lab_needs_armed(lab) || !lab_survey(lab))
		return false;
	while (cores < lab->cores) {
		cores = more_cores(lab, cores);
		for (round = 1; round <= ROUNDS; round++) {
			if (!at_once(lab, cores, &sweep))
				return false;
			sweep_measured(lab, &sweep, "verify-cached",
				       "by these cores at once, the same regions", cores, round);
		}
	}
	return true;
}
