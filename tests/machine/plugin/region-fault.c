// SPDX-License-Identifier: GPL-2.0
/*
 * Regions of which every RMPOPT faults, on all cores or on one.
 */
#include <errno.h>
#include <string.h>

#include "machine.h"

#define MAX_FAULTS	256
#define EVERY_CORE	MAX_VCPUS

static struct region_fault {
	u64 region;
	unsigned int core;
	unsigned int vector;	/* 0: free */
} faults[MAX_FAULTS];

static unsigned int nr_faults;	/* 0 nearly always: then nobody looks */
static u32 counts[MAX_REGIONS];

static struct region_fault *find(u64 region, unsigned int core)
{
	for (unsigned int i = 0; nr_faults && i < MAX_FAULTS; i++)
		if (faults[i].vector && faults[i].region == region && faults[i].core == core)
			return &faults[i];
	return NULL;
}

static void drop(u64 region, unsigned int core)
{
	for (unsigned int i = 0; i < MAX_FAULTS; i++) {
		if (!faults[i].vector || faults[i].region != region ||
		    (core != EVERY_CORE && faults[i].core != core))
			continue;
		faults[i].vector = 0;
		nr_faults--;
	}
}

static int add(struct region_fault fault)
{
	for (unsigned int i = 0; i < MAX_FAULTS; i++) {
		if (faults[i].vector)
			continue;
		faults[i] = fault;
		nr_faults++;
		return 0;
	}
	return ENOSPC;
}

/* What was set for all cores, or for that one, is replaced. */
int region_fault_set(u64 region, u64 vector, u64 cpu)
{
	unsigned int core = cpu == MACHINE_ALL ? EVERY_CORE : core_of(cpu);

	if (region >= MAX_REGIONS || (vector && vector != UD_VECTOR && vector != GP_VECTOR) ||
	    (cpu != MACHINE_ALL && cpu >= machine.vcpus))
		return EINVAL;
	drop(region, core);
	return vector ? add((struct region_fault){ region, core, vector }) : 0;
}

/* The vector that an RMPOPT of @region gets on @core, and it is counted; 0: none. */
unsigned int region_fault(unsigned int core, u64 region)
{
	struct region_fault *f = find(region, core) ?: find(region, EVERY_CORE);

	if (!f)
		return 0;
	counts[region]++;
	return f->vector;
}

int region_fault_count(u64 region, u64 *count)
{
	if (region >= MAX_REGIONS)
		return EINVAL;
	*count = counts[region];
	return 0;
}

void region_fault_reset(bool counts_only)
{
	memset(counts, 0, sizeof(counts));
	if (counts_only)
		return;
	memset(faults, 0, sizeof(faults));
	nr_faults = 0;
}
