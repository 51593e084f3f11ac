// SPDX-License-Identifier: GPL-2.0
/*
 * lab: the window of a core, placed by the planner's own code. What /proc does
 * not tell is not guessed, as the window stays until SNP shutdown.
 */
#include "plan/coverage.h"
#include "plan/plan.h"
#include "hw.h"
#include "lab.h"

/**
 * struct memory - regions that the RMP covers, as the module has them
 * @all: all of them
 * @ram: those that are memory
 * @own: of the core's node
 */
struct memory {
	struct coverage all;
	struct coverage ram;
	struct coverage own;
};

/* Does the one begin in the region in which the other ends? */
static bool comes_after(const struct node_span *a, const struct node_span *b)
{
	return a->first == b->last;
}

/* The node of a region's first memory; NODE_NONE if it can't be told, as spans overlap. */
static int node_of(const struct nodes *nodes, u32 region)
{
	const struct node_span *found = NULL, *span;
	size_t i;

	for (i = 0; i < nodes->spans; i++) {
		span = &nodes->span[i];
		if (region < span->first || region > span->last)
			continue;
		if (!found || comes_after(found, span))
			found = span;
		else if (found->node != span->node && !comes_after(span, found))
			return NODE_NONE;
	}
	return found ? found->node : NODE_NONE;
}

static bool find_covered(const struct lab *lab, struct memory *memory)
{
	u32 i;

	for (i = 0; i < lab->regions; i++)
		if (coverage_add(&memory->all, lab->region[i].number, 1))
			return false;
	return true;
}

static bool find_memory(const struct lab *lab, int node, struct memory *memory)
{
	const struct lab_region *region;
	struct nodes nodes;
	int whose;
	u32 i;

	nodes_read(&nodes);
	for (i = 0; i < lab->regions; i++) {
		region = &lab->region[i];
		if (!region->ram)
			continue;
		whose = node_of(&nodes, region->number);
		if (whose == NODE_NONE || coverage_add(&memory->ram, region->number, 1) ||
		    (whose == node && coverage_add(&memory->own, region->number, 1)))
			return false;
	}
	return true;
}

/**
 * lab_place_window - the RMPOPT_BASE that rmpopt gives to cores of a node
 * @node: the node; NODE_NONE: the kernel knows of one only
 * @base: out: the window, with RMPOPT_EN
 *
 * False if it can't be told.
 */
bool lab_place_window(const struct lab *lab, int node, u64 *base)
{
	struct memory *memory = arena_get(sizeof(*memory));

	if (!find_covered(lab, memory))
		return false;
	/* One window holds all of it, whoever's memory that is. */
	if (coverage_end(&memory->all) - coverage_lowest(&memory->all) > PLAN_WINDOW_REGIONS &&
	    !find_memory(lab, node == NODE_NONE ? 0 : node, memory))
		return false;
	*base = plan_place_window(&memory->all, &memory->ram, &memory->own) * GIB | RMPOPT_EN;
	return true;
}
