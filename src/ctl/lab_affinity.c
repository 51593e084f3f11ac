// SPDX-License-Identifier: GPL-2.0
/* lab: where this process itself runs. */
#include <sched.h>

#include "lab.h"

static cpu_set_t *new_set(size_t *size)
{
	*size = CPU_ALLOC_SIZE(REGIONS_MAX);
	return arena_get(*size);
}

/* On that CPU alone. */
bool lab_bind_to(u32 cpu)
{
	size_t size;
	cpu_set_t *set = new_set(&size);

	CPU_SET_S(cpu, size, set);
	return !sched_setaffinity(0, size, set);
}

/* Anywhere but on that core, if there is another one; NULL: anywhere. */
void lab_keep_away(const struct lab *lab, const struct lab_core *core)
{
	size_t size;
	cpu_set_t *set = new_set(&size);
	u32 i, j;

	for (i = 0; i < lab->cores; i++)
		for (j = 0; j < lab->core[i].cpus && &lab->core[i] != core; j++)
			CPU_SET_S(lab->core[i].cpu[j], size, set);
	if (CPU_COUNT_S(size, set))
		sched_setaffinity(0, size, set);
}
