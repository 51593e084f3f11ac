// SPDX-License-Identifier: GPL-2.0
/* lab: where this process itself runs. */
#include <sched.h>

#include "lab.h"

/* Where it ran before it was moved, by taskset for one; NULL: it has not been moved yet. */
static cpu_set_t *before;

static cpu_set_t *new_set(size_t *size)
{
	*size = CPU_ALLOC_SIZE(REGIONS_MAX);
	return arena_get(*size);
}

static bool move_to(const cpu_set_t *set, size_t size)
{
	size_t size_before;

	if (!before) {
		before = new_set(&size_before);
		if (sched_getaffinity(0, size_before, before))
			before = NULL;
	}
	return !sched_setaffinity(0, size, set);
}

/* On that CPU alone; false if its cpuset does not have it. */
bool lab_bind_to(u32 cpu)
{
	size_t size;
	cpu_set_t *set = new_set(&size);

	CPU_SET_S(cpu, size, set);
	return move_to(set, size);
}

/* Anywhere but on that core, if there is another one. */
void lab_keep_away(const struct lab *lab, const struct lab_core *core)
{
	size_t size;
	cpu_set_t *set = new_set(&size);
	u32 i, j;

	for (i = 0; i < lab->cores; i++)
		for (j = 0; j < lab->core[i].cpus && &lab->core[i] != core; j++)
			CPU_SET_S(lab->core[i].cpu[j], size, set);
	if (CPU_COUNT_S(size, set))
		move_to(set, size);
}

/* Where it ran before. */
void lab_move_back(void)
{
	if (before)
		sched_setaffinity(0, CPU_ALLOC_SIZE(REGIONS_MAX), before);
}
