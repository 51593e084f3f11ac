// SPDX-License-Identifier: GPL-2.0
/*
 * lab: what only a conversion shows. Pages are the module's own; each is taken
 * back at once, and at the latest when the device is closed.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "lab.h"

/* Pages that are used: so many in each of so many regions. */
#define OWN_REGIONS	4u
#define OWN_PAGES	6u

/* So much memory is used between two pages, that they don't lie side by side. */
#define SPREAD		(64ull << 20)

/**
 * struct own - pages of ours in a region
 */
struct own {
	u32 region;
	u32 pages;
	u64 page[OWN_PAGES];
};

/**
 * struct supply - all of them
 */
struct supply {
	struct own own[OWN_REGIONS];
	u32 regions;
};

/* Uses memory, page by page; it is given back when the process ends. @left: how much it may be. */
static void use_some(u64 *left)
{
	char *bytes = MAP_FAILED;

	if (*left >= SPREAD)
		bytes = mmap(NULL, SPREAD, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (bytes == MAP_FAILED)
		return;
	*left -= SPREAD;
	madvise(bytes, SPREAD, MADV_NOHUGEPAGE);
	memset(bytes, 1, SPREAD);
}

/* The kernel's map is split at the first conversion: not to be measured with what follows. */
static bool take_some(struct lab *lab, struct own *own, u32 number, u64 *left)
{
	own->region = number;
	own->pages = 0;
	while (own->pages < OWN_PAGES && lab_take(lab, number, &own->page[own->pages])) {
		if (!lab_convert_and_back(lab, own->page[own->pages++]))
			return false;
		use_some(left);
	}
	return !lab->surprise && !lab->signal;
}

/* In regions that the kernel gives memory of, and that both cores can optimize. */
static bool take_all(struct lab *lab, struct supply *supply)
{
	struct lab_core *core = lab_test_core(lab);
	u64 left = available_memory() / 4;
	const struct lab_region *region;
	struct list at_hand;
	size_t i;
	u32 number;

	regions_at_hand(&at_hand);
	for (i = at_hand.ranges; i--;)
		for (number = at_hand.range[i].first; number <= at_hand.range[i].last; number++) {
			region = region_find(lab, number);
			if (!region || supply->regions == OWN_REGIONS || !region_free(lab, core, region) ||
			    !region_free(lab, lab->core, region))
				continue;
			if (!take_some(lab, &supply->own[supply->regions], number, &left))
				return false;
			supply->regions += supply->own[supply->regions].pages > 0;
		}
	return true;
}

/* After a conversion the first verify reads the RMP; what does the second one cost, by another core? */
static bool measure_paid(struct lab *lab, const struct supply *supply)
{
	static const char paid[] = "after a conversion of a page of the region";
	const struct lab_core *core = lab_test_core(lab), *other = lab_other_core(lab);
	struct samples first = { }, second = { };
	struct lab_result result;
	u32 round, i, j;

	for (round = 1; round <= ROUNDS; round++) {
		for (i = 0; i < supply->regions; i++)
			for (j = 0; j < supply->own[i].pages; j++) {
				if (!lab_convert_and_back(lab, supply->own[i].page[j]) ||
				    !lab_rmpopt(lab, core->cpu[0], supply->own[i].region, VERIFY, &result))
					return false;
				if (result.cf)
					samples_add(&first, lab_cycles(lab, &result));
				if (!lab_rmpopt(lab, other->cpu[0], supply->own[i].region, VERIFY, &result))
					return false;
				if (result.cf)
					samples_add(&second, lab_cycles(lab, &result));
			}
		if (round == 1)
			lab->paid = samples_at(&first, 500) ?: lab->paid;
		lab_measured(lab, "verify-paid", paid, 1, NULL, round, &first);
		lab_measured(lab, "verify-cached", "right after the success of another core", 1, NULL, round,
			     &second);
	}
	return true;
}

static u32 block_of(u64 page)
{
	return page % GIB / BLOCK;
}

/* The whole region, read by all cores at once after a conversion. */
static bool measure_together(struct lab *lab, const struct supply *supply)
{
	struct lab_op op = op_rmpopt(supply->own[0].region, VERIFY);
	struct lab_trial trial = { .ops = &op, .nr = 1, .cpu = lab_primaries(lab), .flags = LAB_TOGETHER };
	struct samples samples = { };
	u32 cores = 1, i, round, try;

	while (cores < lab->cores) {
		cores = more_cores(lab, cores);
		trial.cpus = cores;
		for (round = 1; round <= ROUNDS; round++) {
			for (try = 0; try < OWN_PAGES; try++) {
				if (!lab_convert_and_back(lab, supply->own[0].page[0]) || !lab_execute(lab, &trial))
					return false;
				for (i = 0; i < cores; i++)
					if (lab_cf(&trial.result[i]))
						samples_add(&samples, lab_cycles(lab, &trial.result[i]));
				trial_free(&trial);
			}
			lab_measured(lab, "verify-raced", "after a conversion, by these cores at once", cores,
				     NULL, round, &samples);
		}
	}
	return true;
}

/**
 * struct failures - verifies that failed
 * @cost: cycles by block of the assigned page
 * @late: how many came late enough for a cache to show
 * @cheap: of those, how often a second core failed sooner
 */
struct failures {
	u64 cost[BLOCKS];
	u32 late;
	u32 cheap;
};

static bool fail_twice(struct lab *lab, u32 region, u64 page, struct failures *failures)
{
	const struct lab_core *core = lab_test_core(lab), *other = lab_other_core(lab);
	struct lab_result first, second;

	if (!lab_convert(lab, page, true, NULL))
		return false;
	if (!lab_rmpopt(lab, core->cpu[0], region, VERIFY, &first) ||
	    !lab_rmpopt(lab, other->cpu[0], region, VERIFY, &second))
		return false;
	if (!lab_convert(lab, page, false, NULL))
		return false;
	if (first.cf || second.cf)
		return lab_surprise(lab, "CF = 1 for a region of which a page of ours is a guest's");
	failures->cost[block_of(page)] = lab_cycles(lab, &first);
	note_failure(lab, "cache-failure", block_of(page), lab_cycles(lab, &first), lab_cycles(lab, &second));
	if (is_late_failure(lab, lab_cycles(lab, &first))) {
		failures->late++;
		failures->cheap += is_cheap(lab_cycles(lab, &second), lab_cycles(lab, &first));
	}
	return true;
}

static bool ask_failures(struct lab *lab, const struct supply *supply)
{
	struct failures failures = { };
	u32 i, j;

	for (i = 0; i < supply->regions; i++)
		for (j = 0; j < supply->own[i].pages; j++)
			if (!fail_twice(lab, supply->own[i].region, supply->own[i].page[j], &failures))
				return false;
	judge_failures(lab, failures.cost);
	if (lab->cores < 2)
		lab_unknown(lab, "cache-failure", "it takes two cores");
	else if (failures.late)
		lab_answer(lab, "cache-failure", 2 * failures.cheap > failures.late ? "yes" : "none");
	else
		lab_unknown(lab, "cache-failure",
			    "all pages that could be had lie too near to the beginning of their regions");
	return true;
}

/* A bit that is clear on all cores is what these need. */
static bool ask_open(struct lab *lab, const u32 *numbers, const u64 *pages, u32 nr)
{
	u32 i;

	for (i = 0; i < nr; i++)
		if (!lab_convert_and_back(lab, pages[i]))
			return false;
	if (!ask_functions(lab) || (lab_answered(lab, "sibling", "unknown") && !step_sibling(lab)))
		return false;
	return !lab->paid || !lab_answered(lab, "cache-success", "unknown") ||
	       ask_cache(lab, numbers, pages, nr);
}

/* For these one page in each region is enough. */
static bool ask_by_one(struct lab *lab, const struct supply *supply)
{
	u32 numbers[OWN_REGIONS], i;
	u64 pages[OWN_REGIONS];

	for (i = 0; i < supply->regions; i++) {
		numbers[i] = supply->own[i].region;
		pages[i] = supply->own[i].page[0];
	}
	return ask_open(lab, numbers, pages, supply->regions) && ask_loss(lab, numbers, pages, supply->regions);
}

static bool with_pages(struct lab *lab)
{
	struct supply supply = { };

	if (!take_all(lab, &supply))
		return false;
	lab_say("  pages of our own in %u regions", supply.regions);
	if (!supply.regions) {
		lab_unknown(lab, "loss", "no page could be had of a region that is free of guests' pages");
		lab_unknown(lab, "failure-cost", "no page could be had of a region that is free of guests' pages");
		return true;
	}
	if (!measure_paid(lab, &supply) || !measure_together(lab, &supply))
		return false;
	if (paid_is_known(lab, "guests have taken the regions meanwhile") && !ask_failures(lab, &supply))
		return false;
	return ask_by_one(lab, &supply);
}

bool step_convert(struct lab *lab)
{
	bool good;

	if (!lab_needs_armed(lab) || !lab_survey(lab))
		return false;
	good = with_pages(lab) && (lab_give_all(lab), measure_writes(lab));
	lab_give_all(lab);
	return good;
}
