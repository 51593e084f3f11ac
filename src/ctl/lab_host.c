// SPDX-License-Identifier: GPL-2.0
/* lab: the host's CPUs, cores and regions, and where to try what. */
#include <stdlib.h>
#include <string.h>

#include "hw.h"
#include "lab.h"

/* Of a page that another CPU works on. */
#define RMPREAD_IN_USE	3u
#define RMPREAD_TRIES	100u

static int node_of_cpu(u32 cpu)
{
	size_t count, i;
	char **names = file_names(format(CPUS "cpu%u", cpu), &count);
	u64 node;

	for (i = 0; i < count; i++)
		if (!strncmp(names[i], "node", 4) && parse_number(names[i] + 4, &node))
			return node;
	return NODE_NONE;
}

static void add_core(struct lab *lab, const struct list *siblings, const struct list *online)
{
	struct lab_core *core = &lab->core[lab->cores++];
	size_t i;
	u32 cpu;

	core->cpu = arena_get(siblings->members * sizeof(*core->cpu));
	for (i = 0; i < siblings->ranges; i++)
		for (cpu = siblings->range[i].first; cpu <= siblings->range[i].last; cpu++)
			if (list_has(online, cpu))
				core->cpu[core->cpus++] = cpu;
	core->node = node_of_cpu(core->cpu[0]);
	lab->cpus += core->cpus;
}

/* Of a CPU that is going offline the list is empty. */
static void read_siblings(struct list *siblings, u32 cpu)
{
	if (list_read(siblings, CPUS "cpu%u/topology/thread_siblings_list", cpu) &&
	    list_has(siblings, cpu))
		return;
	*siblings = (struct list){ 0 };
	list_append(siblings, cpu);
}

/* False if sysfs does not tell. */
bool lab_find_cpus(struct lab *lab)
{
	struct list online, siblings;
	size_t i;
	u32 cpu;

	if (!list_read(&online, CPUS "online") || !online.members)
		return false;
	lab->core = arena_get(online.members * sizeof(*lab->core));
	for (i = 0; i < online.ranges; i++)
		for (cpu = online.range[i].first; cpu <= online.range[i].last; cpu++) {
			read_siblings(&siblings, cpu);
			if (siblings.range[0].first == cpu || !core_of(lab, cpu))
				add_core(lab, &siblings, &online);
		}
	return true;
}

struct lab_core *core_of(struct lab *lab, u32 cpu)
{
	u32 i, j;

	for (i = 0; i < lab->cores; i++)
		for (j = 0; j < lab->core[i].cpus; j++)
			if (lab->core[i].cpu[j] == cpu)
				return &lab->core[i];
	return NULL;
}

/* Where one core is enough: the last one of the first core's node, which has the least to do. */
struct lab_core *lab_test_core(struct lab *lab)
{
	u32 i;

	for (i = lab->cores - 1; i; i--)
		if (lab->core[i].node == lab->core[0].node)
			return &lab->core[i];
	return &lab->core[lab->cores - 1];
}

/* A second one, where it takes two. */
struct lab_core *lab_other_core(struct lab *lab)
{
	return lab_test_core(lab) == lab->core ? lab->core + lab->cores - 1 : lab->core;
}

/* The first CPU of each core. */
u32 *lab_primaries(const struct lab *lab)
{
	u32 *cpus = arena_get(lab->cores * sizeof(*cpus)), i;

	for (i = 0; i < lab->cores; i++)
		cpus[i] = lab->core[i].cpu[0];
	return cpus;
}

/* How many are next at once: 2, 4, 8 ... and in the end all of them. */
u32 more_cores(const struct lab *lab, u32 cores)
{
	return 2 * cores < lab->cores ? 2 * cores : lab->cores;
}

/*
 * Regions in which /proc/iomem has RAM, or what the firmware keeps of it; needs root. RAM that a
 * driver has added ("System RAM (kmem)") stands below the driver's line.
 */
static void find_ram(struct list *ram, struct list *reserved)
{
	char *text = file_text("/proc/iomem"), *line;
	unsigned long long first, last;
	char name[32];

	memset(ram, 0, sizeof(*ram));
	memset(reserved, 0, sizeof(*reserved));
	while ((line = next_line(&text))) {
		if (sscanf(line, "%llx-%llx : %31[^\n]", &first, &last, name) != 3)
			continue;
		if (!strncmp(name, "System RAM", 10))
			list_insert(ram, first / GIB, last / GIB + 1);
		else if (*line != ' ' && !strcmp(name, "Reserved"))
			list_insert(reserved, first / GIB, last / GIB + 1);
	}
}

/* 4 MiB of RMP describe a region; in front of the first of them: bookkeeping and RST. */
static void find_rmp(const struct lab *lab, struct list *own)
{
	u32 i;

	memset(own, 0, sizeof(*own));
	list_insert(own, lab->rmp_base / GIB, lab->rmp_base / GIB + 1);
	for (i = 0; i < lab->info.nr_segments; i++)
		list_insert(own, lab->segment[i].rmp / GIB,
			    (lab->segment[i].rmp + lab->segment[i].regions * (4ull << 20) - 1) / GIB + 1);
}

static void add_segment(struct lab *lab, const struct lab_segment *segment, const struct list *ram,
			const struct list *reserved, const struct list *own)
{
	struct lab_region *region;
	u32 i, number;

	for (i = 0; i < segment->regions; i++) {
		number = segment->first + i;
		region = &lab->region[lab->regions++];
		*region = (struct lab_region){
			.number = number, .rmp_node = segment->node, .ram = list_has(ram, number),
			.kind = list_has(own, number) ? REGION_RMP : list_has(ram, number) ? REGION_RAM :
				REGION_HOLE,
		};
		/* Not RAM for us, but not nothing either. */
		region->readable = !list_has(reserved, number);
	}
}

static int compare_regions(const void *a, const void *b)
{
	u32 x = ((const struct lab_region *)a)->number, y = ((const struct lab_region *)b)->number;

	return (x > y) - (x < y);
}

/* All that the RST lists. */
bool lab_find_regions(struct lab *lab)
{
	struct list ram, reserved, own;
	u64 total = 0;
	u32 i;

	for (i = 0; i < lab->info.nr_segments; i++)
		total += lab->segment[i].regions;
	if (!total || total > REGIONS_MAX)
		return lab_surprise(lab, "the module found no RMP segments");
	find_ram(&ram, &reserved);
	find_rmp(lab, &own);
	lab->region = arena_get(total * sizeof(*lab->region));
	lab->play = arena_get(total * sizeof(*lab->play));
	for (i = 0; i < lab->info.nr_segments; i++)
		add_segment(lab, &lab->segment[i], &ram, &reserved, &own);
	qsort(lab->region, lab->regions, sizeof(*lab->region), compare_regions);
	return true;
}

/* NULL if the RMP does not cover it. */
struct lab_region *region_find(struct lab *lab, u32 number)
{
	const struct lab_region wanted = { .number = number };

	return bsearch(&wanted, lab->region, lab->regions, sizeof(wanted), compare_regions);
}

/* What of RMPOPT_BASE can be written, and counts. */
u64 base_of(u64 msr)
{
	return msr & (RMPOPT_WINDOW | RMPOPT_EN);
}

/* RMPOPT_BASE of every core. */
bool lab_read_bases(struct lab *lab)
{
	struct lab_op op = op_msr(MSR_RMPOPT_BASE);
	struct lab_result result;
	u32 i;

	for (i = 0; i < lab->cores; i++) {
		if (!lab_one(lab, lab->core[i].cpu[0], &op, 1, &result))
			return false;
		if (result.outcome != LAB_DONE)
			return lab_surprise(lab, "RMPOPT_BASE can't be read on CPU %u", lab->core[i].cpu[0]);
		lab->core[i].msr = result.rax;
		lab->core[i].base = base_of(result.rax);
	}
	return true;
}

bool core_armed(const struct lab_core *core)
{
	return core->base & RMPOPT_EN;
}

/* What executes RMPOPT needs this; false if the step can't run. */
bool lab_needs_armed(struct lab *lab)
{
	u32 i;

	for (i = 0; i < lab->cores && core_armed(&lab->core[i]); i++)
		;
	if (i < lab->cores)
		lab->skipped = format("RMPOPT_EN is not set on CPU %u; step arm sets it", lab->core[i].cpu[0]);
	return i == lab->cores;
}

bool region_in_window(const struct lab_core *core, u32 number)
{
	u64 base = core->base / GIB;

	return number >= base && number < base + WINDOW_REGIONS;
}

/* Has RAM, and lies in the core's window. */
bool region_usable(const struct lab *lab, const struct lab_core *core, const struct lab_region *region)
{
	return region->kind != REGION_HOLE && region_in_window(core, region->number);
}

/* And no page of it is assigned, as far as RMPREAD told. */
bool region_free(const struct lab *lab, const struct lab_core *core, const struct lab_region *region)
{
	return region->kind == REGION_RAM && region_usable(lab, core, region) &&
	       region->held == BLOCKS && region->readable;
}

struct lab_region *first_free(struct lab *lab, const struct lab_core *core)
{
	u32 i;

	for (i = 0; i < lab->regions; i++)
		if (region_free(lab, core, &lab->region[i]))
			return &lab->region[i];
	return NULL;
}

/* A region that the RMP covers and in which there is no RAM; preferably nothing at all. */
const struct lab_region *find_hole(const struct lab *lab, const struct lab_core *core)
{
	const struct lab_region *region, *found = NULL;
	u32 i;

	for (i = 0; i < lab->regions; i++) {
		region = &lab->region[i];
		if (region->kind != REGION_HOLE || !region_in_window(core, region->number))
			continue;
		if (region->readable)
			return region;
		found = found ?: region;
	}
	return found;
}

/* Those usable on a core are in lab->play then. */
u32 regions_in_play(struct lab *lab, const struct lab_core *core)
{
	u32 i, n = 0;

	for (i = 0; i < lab->regions; i++)
		if (region_usable(lab, core, &lab->region[i]))
			lab->play[n++] = &lab->region[i];
	return n;
}

/* "In use" is for a moment only. */
static bool read_again(struct lab *lab, const struct lab_op *op, struct lab_result *result)
{
	u32 tries = RMPREAD_TRIES;

	while (result->outcome == LAB_DONE && result->rax == RMPREAD_IN_USE && tries--)
		if (!lab_one(lab, lab_test_core(lab)->cpu[0], op, 1, result))
			return false;
	return true;
}

/* The first block of a region in which a page is assigned. */
static bool region_survey(struct lab *lab, struct lab_region *region)
{
	static struct lab_op op[BLOCKS];
	static struct lab_result result[BLOCKS];
	u32 i;

	for (i = 0; i < BLOCKS; i++)
		op[i] = op_rmpread(region->number * GIB + i * BLOCK);
	if (!lab_one(lab, lab_test_core(lab)->cpu[0], op, BLOCKS, result))
		return false;
	region->readable = true;
	region->held = BLOCKS;
	for (i = 0; i < BLOCKS; i++) {
		if (!read_again(lab, &op[i], &result[i]))
			return false;
		if (result[i].outcome != LAB_DONE || result[i].rax)
			region->readable = false;
		else if (region->held == BLOCKS && (result[i].value[1] & (RMP_ASSIGNED | RMP_BLOCK_HAS_SOME)))
			region->held = i;
	}
	return true;
}

/* Who has pages where there is RAM: read once, and again for a region that surprises. */
bool lab_survey(struct lab *lab)
{
	u32 i;

	for (i = 0; i < lab->regions && !lab->surveyed; i++)
		if (lab->region[i].kind != REGION_HOLE && !region_survey(lab, &lab->region[i]))
			return false;
	lab->surveyed = true;
	return true;
}

static bool is_held(const struct lab_region *region)
{
	return region->readable && region->held < BLOCKS;
}

/* CF = 1 though a page is assigned: as it seems, for pages change hands at any time. */
static bool judge_held(struct lab *lab, const struct lab_core *core, struct lab_region *region, u64 rcx)
{
	struct lab_result again;

	if (!region_survey(lab, region))
		return false;
	if (!is_held(region))
		return true;
	if (!lab_rmpopt(lab, core->cpu[0], region->number, rcx, &again) || !region_survey(lab, region))
		return false;
	if (!again.cf || !is_held(region))
		return true;
	return lab_surprise(lab,
			    "CPU %u: CF = 1 for a region of which a page is assigned by what RMPREAD says",
			    core->cpu[0]);
}

/**
 * lab_judge - does CF make sense?
 * @verify: of the region; or NULL
 * @report: of it, right after the verify
 *
 * Between the two a page may have been assigned, but then it still is: nobody gives
 * one back that soon. Returns false after a surprise.
 */
bool lab_judge(struct lab *lab, const struct lab_core *core, struct lab_region *region,
	       const struct lab_result *verify, const struct lab_result *report)
{
	bool was_held = is_held(region);

	if (verify && verify->cf != report->cf) {
		if (!region_survey(lab, region))
			return false;
		if (verify->cf && !was_held && is_held(region))
			return true;
		return lab_surprise(lab, "CPU %u: a verify of a region said CF = %u, a report right after it CF = %u",
			core->cpu[0], verify->cf, report->cf);
	}
	return !report->cf || !was_held || judge_held(lab, core, region, verify ? VERIFY : REPORT);
}

/* Is the RMP segment that describes a region on the core's node? NULL if that is not known. */
const char *region_distance(const struct lab_core *core, const struct lab_region *region)
{
	if (core->node == NODE_NONE || region->rmp_node == NODE_NONE)
		return NULL;
	return core->node == region->rmp_node ? "near" : "far";
}
