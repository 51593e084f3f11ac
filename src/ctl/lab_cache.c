// SPDX-License-Identifier: GPL-2.0
/* lab: what one CPU's verify does for others: its sibling, and other cores. */
#include <stdlib.h>
#include <string.h>

#include "lab.h"

/* Regions that are tried together: the median counts. */
#define CACHED_REGIONS	4u

#define NEVER	(~0ull)

/* A failure that comes sooner than so many percent of a whole scan shows nothing. */
#define EARLY	60

/* A verify that costs less than so many percent of one that read the RMP did not read it. */
#define CHEAP	75

bool is_cheap(u64 cycles, u64 paid)
{
	return 100 * cycles < CHEAP * paid;
}

bool is_late_failure(const struct lab *lab, u64 cycles)
{
	return 100 * cycles >= EARLY * lab->paid;
}

static struct lab_core *core_with_siblings(struct lab *lab, const struct lab_core *like)
{
	u32 i;

	if (like && like->cpus > 1)
		return core_of(lab, like->cpu[0]);
	for (i = lab->cores; i--;)
		if (lab->core[i].cpus > 1)
			return &lab->core[i];
	return NULL;
}

static bool step_on_sibling(struct lab *lab, struct lab_core *core, const struct lab_region *region)
{
	const struct lab_op report = op_rmpopt(region->number, REPORT), verify = op_rmpopt(region->number, VERIFY);
	struct lab_result result[3];

	if (!lab_one(lab, core->cpu[1], &report, 1, &result[0]) ||
	    !lab_one(lab, core->cpu[0], &verify, 1, &result[1]) ||
	    !lab_one(lab, core->cpu[1], &report, 1, &result[2]))
		return false;
	lab_reading(lab, "sibling", core->cpu[1], &report, &result[0]);
	lab_reading(lab, "sibling", core->cpu[0], &verify, &result[1]);
	lab_reading(lab, "sibling", core->cpu[1], &report, &result[2]);
	if (lab_cf(&result[0]) || !lab_cf(&result[1]))
		lab_unknown(lab, "sibling", "the region's bit was not clear before, or not set by the verify");
	else
		lab_answer(lab, "sibling", lab_cf(&result[2]) ? "shared" : "own");
	return true;
}

/* The bit must be clear before, or nothing is seen. */
bool step_sibling(struct lab *lab)
{
	struct lab_region *region;
	struct lab_core *core;

	if (!lab_needs_armed(lab) || !lab_survey(lab) || !find_clear(lab, &core, &region))
		return false;
	if (!core_with_siblings(lab, NULL))
		lab_unknown(lab, "sibling", "no core has two threads online");
	else if (!region || core->cpus < 2)
		lab_unknown(lab, "sibling",
			    "the bits of all free regions are set; use --convert, or run the lab first after SNP_INIT");
	else
		return step_on_sibling(lab, core, region);
	return true;
}

/**
 * struct cached - regions whose verifies are compared
 * @region: which
 * @page: of ours in each; 0: there is none, and nothing is converted
 * @nr: how many
 * @core: the two that take turns
 */
struct cached {
	struct lab_region *region[CACHED_REGIONS];
	u64 page[CACHED_REGIONS];
	u32 nr;
	struct lab_core *core[2];
};

/* Median cycles of verifies of all of them by one core. */
static bool verify_all(struct lab *lab, const char *id, const struct cached *cached,
		       const struct lab_core *core, u64 *median)
{
	struct lab_result result[CACHED_REGIONS];
	struct lab_op ops[CACHED_REGIONS];
	struct samples samples = { };
	bool all = true;
	u32 i;

	for (i = 0; i < cached->nr; i++)
		ops[i] = op_rmpopt(cached->region[i]->number, VERIFY);
	if (!lab_one(lab, core->cpu[0], ops, cached->nr, result))
		return false;
	lab_readings(lab, id, core->cpu[0], ops, cached->nr, result);
	for (i = 0; i < cached->nr; i++) {
		all &= lab_cf(&result[i]);
		samples_add(&samples, lab_cycles(lab, &result[i]));
	}
	/* A guest's page fails sooner than any of ours succeeds: no word about the cache. */
	*median = all ? samples_at(&samples, 500) : lab->paid;
	samples_free(&samples);
	return true;
}

static bool forget(struct lab *lab, const struct cached *cached)
{
	u32 i;

	for (i = 0; i < cached->nr; i++)
		if (cached->page[i] && !lab_convert_and_back(lab, cached->page[i]))
			return false;
	return true;
}

/**
 * struct ages - what is known; ns
 * @most_known: it was remembered at this age
 * @least_gone: and forgotten at this one; NEVER
 * @begin: of the last verify that had to read the RMP, which makes it new; 0: not seen yet
 */
struct ages {
	u64 most_known;
	u64 least_gone;
	u64 begin;
};

/* A verify by one of the two; false after a surprise. */
static bool verify_at(struct lab *lab, const struct cached *cached, u32 which, struct ages *ages, bool *cheap)
{
	u64 begin = now_ns(), cycles;

	if (!verify_all(lab, "cache-success", cached, cached->core[which & 1], &cycles))
		return false;
	*cheap = is_cheap(cycles, lab->paid);
	if (*cheap)
		return true;
	if (ages->begin && now_ns() - ages->begin < ages->least_gone)
		ages->least_gone = now_ns() - ages->begin;
	ages->begin = begin;
	return true;
}

/*
 * One core verifies, after @ms the other one does. How old it is then is known
 * for sure only if the first had to read the RMP; it is older if not.
 */
static bool try_age(struct lab *lab, struct cached *cached, u32 ms, struct ages *ages)
{
	bool cheap, known;
	u32 tries;
	u64 end;

	for (tries = 0; tries < 3; tries++) {
		if (!forget(lab, cached))
			return false;
		/* What was converted is forgotten for that, not for its age. */
		if (cached->page[0])
			ages->begin = 0;
		if (!verify_at(lab, cached, tries, ages, &cheap))
			return false;
		end = now_ns();
		if (!lab_sleep_ms(lab, ms))
			return false;
		known = ages->begin;
		if (!verify_at(lab, cached, tries + 1, ages, &cheap))
			return false;
		if (cheap && now_ns() - end > ages->most_known)
			ages->most_known = ms ? ms * 1000000ull : 1;
		/* Gone at an age that nobody knows: once more, from the read that this took. */
		if (cheap || known)
			return true;
	}
	return true;
}

/* Two thirds of it, and half as much again: what lies between is said to be that. */
static bool is_narrow(const struct ages *ages)
{
	return ages->least_gone < ages->most_known * 9 / 4;
}

/* In the middle of the two, as their ratio goes. */
static u32 between_ms(const struct ages *ages)
{
	u64 low = ages->most_known, high = ages->least_gone, middle;

	while (high > low * 3 / 2) {
		middle = (low + high) / 2;
		/* The geometric mean is below the other one. */
		if (middle / (low ?: 1) > high / middle)
			high = middle;
		else
			break;
	}
	return (low + high) / 2 / 1000000;
}

/* A power of ten if there is one between, else the middle. */
static const char *some_ms(const struct ages *ages)
{
	u64 ten;

	for (ten = 1; ten <= 100000; ten *= 10)
		if (ages->most_known <= ten * 1000000 && ten * 1000000 <= ages->least_gone)
			return format("%llu", ten);
	return format("%u", between_ms(ages));
}

static bool ask_success(struct lab *lab, struct cached *cached)
{
	static const u32 ms[] = { 0, 5, 15, 50, 150, 500, 1500, 5000, 15000 };
	struct ages ages = { .least_gone = NEVER };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ms) && ages.least_gone == NEVER; i++)
		if (!try_age(lab, cached, ms[i], &ages))
			return false;
	for (i = 0; i < 6 && ages.least_gone != NEVER && ages.most_known && !is_narrow(&ages); i++)
		if (!try_age(lab, cached, between_ms(&ages), &ages))
			return false;
	if (ages.least_gone != NEVER && ages.most_known)
		lab_answer(lab, "cache-success", some_ms(&ages));
	else
		lab_answer(lab, "cache-success", ages.most_known ? "until-conversion" : "none");
	return true;
}

/* Regions and cores for it; false if there are not enough. */
static bool cached_find(struct lab *lab, struct cached *cached)
{
	struct lab_core *one = lab_test_core(lab), *other = lab_other_core(lab);
	u32 i;

	if (lab->cores < 2)
		return false;
	cached->core[0] = one;
	cached->core[1] = other;
	for (i = 0; i < lab->regions && cached->nr < CACHED_REGIONS; i++)
		if (region_free(lab, one, &lab->region[i]) && region_free(lab, other, &lab->region[i]))
			cached->region[cached->nr++] = &lab->region[i];
	return cached->nr;
}

/* @page: of ours, one in each of the regions of @numbers; may be none. */
bool ask_cache(struct lab *lab, const u32 *numbers, const u64 *page, u32 nr)
{
	struct cached cached = { };
	u32 i;

	if (!cached_find(lab, &cached)) {
		lab_unknown(lab, "cache-success",
			    "it takes two cores, and a region without assigned pages in the windows of both");
		return true;
	}
	if (nr)
		cached.nr = nr < CACHED_REGIONS ? nr : CACHED_REGIONS;
	for (i = 0; i < cached.nr && nr; i++) {
		cached.region[i] = region_find(lab, numbers[i]);
		cached.page[i] = page[i];
	}
	return ask_success(lab, &cached);
}

/**
 * note_failure - notes what a verify that failed has cost
 * @block: of the first assigned page; not the region, which has pages of a guest
 * @first: cycles of the first core
 * @second: and of another one after it; NEVER: there was none
 */
void note_failure(struct lab *lab, const char *id, u32 block, u64 first, u64 second)
{
	struct json_object *one = lab_note(lab, id);

	put_number(one, "first_assigned_block", block);
	put_number(one, "cycles", first);
	if (second != NEVER)
		put_number(one, "cycles_by_another_core", second);
}

/* Regions that fail late enough: does another core fail sooner than the first one did? */
static bool ask_failure(struct lab *lab)
{
	struct lab_core *core = lab_other_core(lab);
	u32 i, cheap = 0, all = 0;
	struct lab_result result;
	struct lab_op op;

	if (lab->cores < 2) {
		lab_unknown(lab, "cache-failure", "it takes two cores");
		return true;
	}
	for (i = 0; i < lab->regions; i++) {
		if (!region_usable(lab, core, &lab->region[i]) || lab->region[i].held == BLOCKS ||
		    !is_late_failure(lab, lab->region[i].first))
			continue;
		op = op_rmpopt(lab->region[i].number, VERIFY);
		if (!lab_one(lab, core->cpu[0], &op, 1, &result))
			return false;
		if (result.outcome != LAB_DONE || result.cf)
			continue;
		note_failure(lab, "cache-failure", lab->region[i].held, lab->region[i].first, lab_cycles(lab, &result));
		all++;
		cheap += is_cheap(lab_cycles(lab, &result), lab->region[i].first);
	}
	if (all)
		lab_answer(lab, "cache-failure", 2 * cheap > all ? "yes" : "none");
	else
		lab_unknown(lab, "cache-failure", "no region fails late enough to tell; use --convert");
	return true;
}

/**
 * judge_failures - is the cost of a failure that of an early exit?
 * @cost: of verifies that failed, BLOCKS numbers; 0: none with the first assigned page in that block
 */
void judge_failures(struct lab *lab, const u64 *cost)
{
	u32 block, early = 0, all = 0;

	for (block = 0; block < 3 * BLOCKS / 4; block++) {
		if (!cost[block])
			continue;
		note_failure(lab, "failure-cost", block, cost[block], NEVER);
		all++;
		/* Nearer to its share of the whole cost than to the whole? */
		early += 2 * cost[block] < lab->paid + lab->paid * (block + 1) / BLOCKS;
	}
	if (all)
		lab_answer(lab, "failure-cost", 2 * early > all ? "early" : "whole");
	else
		lab_unknown(lab, "failure-cost",
			    "no verify failed in the first three quarters of a region; use --convert");
}

static void judge_first_failures(struct lab *lab)
{
	u64 cost[BLOCKS] = { };
	u32 i;

	for (i = 0; i < lab->regions; i++)
		if (lab->region[i].kind != REGION_HOLE && lab->region[i].held < BLOCKS && lab->region[i].first &&
		    !lab->region[i].first_cf)
			cost[lab->region[i].held] = lab->region[i].first;
	judge_failures(lab, cost);
}

/* Costs tell something only beside that of a verify that read the RMP; false, and @why, without it. */
bool paid_is_known(struct lab *lab, const char *why)
{
	static const char * const ids[] = { "cache-success", "cache-failure", "failure-cost" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ids) && !lab->paid; i++)
		lab_unknown(lab, ids[i], "what a verify costs that reads the RMP is not known: %s", why);
	return lab->paid;
}

bool step_cache(struct lab *lab)
{
	if (!lab_needs_armed(lab) || !lab_survey(lab))
		return false;
	if (!paid_is_known(lab, "results may have been remembered before; use --convert"))
		return true;
	judge_first_failures(lab);
	return ask_cache(lab, NULL, NULL, 0) && ask_failure(lab);
}
