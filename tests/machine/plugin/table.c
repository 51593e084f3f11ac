// SPDX-License-Identifier: GPL-2.0
/*
 * The cores' RMPOPT tables: one bit for each GiB of a 2 TiB window.
 */
#include <string.h>

#include "machine.h"

static u64 first_region(unsigned int core)
{
	return (machine.core[core].base & RMPOPT_ADDRESS) >> REGION_SHIFT;
}

bool table_window(unsigned int core, u64 region)
{
	return region - first_region(core) < TABLE_REGIONS;
}

static u64 *word(unsigned int core, u64 region, u64 *mask)
{
	u64 index = region - first_region(core);

	*mask = 1ull << index % 64;
	return &machine.core[core].bits[index / 64];
}

bool table_bit(unsigned int core, u64 region)
{
	u64 mask;

	return table_window(core, region) && *word(core, region, &mask) & mask;
}

/* Software's way: a verify. */
void table_set(unsigned int core, u64 region, bool set)
{
	u64 mask, *w = word(core, region, &mask);

	if (set)
		*w |= mask;
	else
		*w &= ~mask;
	if (set && !rmp_owned(region))
		count(core * machine.threads, MACHINE_UNSAFE);
}

/* Hardware's way: a loss. Was there something to lose? */
bool table_clear_bit(unsigned int core, u64 region)
{
	u64 mask, *w;

	if (!table_bit(core, region))
		return false;
	w = word(core, region, &mask);
	*w &= ~mask;
	count(core * machine.threads, MACHINE_LOST);
	return true;
}

void table_broadcast(u64 region)
{
	for (unsigned int core = 0; core < nr_cores(); core++)
		table_clear_bit(core, region);
}

void table_lose(unsigned int core)
{
	struct core *c = &machine.core[core];

	for (unsigned int i = 0; i < TABLE_REGIONS / 64; i++)
		machine.vcpu[core * machine.threads].count[MACHINE_LOST] +=
			__builtin_popcountll(c->bits[i]);
	memset(c->bits, 0, sizeof(c->bits));
}

/* SNP_INIT; not counted as a loss. */
void table_zero_all(void)
{
	for (unsigned int core = 0; core < nr_cores(); core++)
		memset(machine.core[core].bits, 0, sizeof(machine.core[core].bits));
}

/* While SNP is enabled RMPOPT_EN can't be cleared, says AMD; a knob lets it. */
static bool locked(unsigned int core)
{
	unsigned int first = core * machine.threads;
	bool enabled = false;

	for (unsigned int i = 0; i < machine.threads; i++)
		enabled |= snp_enabled(first + i);
	return enabled && machine.core[core].base & RMPOPT_EN && !machine.knob[MACHINE_CLEARABLE];
}

/* What the harsh machine faults at. */
static bool refuses(unsigned int cpu, u64 value)
{
	u64 known = RMPOPT_ADDRESS | RMPOPT_EN | machine.knob[MACHINE_BASE_BITS];

	if (value & ~known || (value & RMPOPT_EN && !snp_enabled(cpu)))
		return true;
	return locked(core_of(cpu)) &&
	       (value ^ machine.core[core_of(cpu)].base) & (RMPOPT_ADDRESS | RMPOPT_EN);
}

/*
 * WRMSR RMPOPT_BASE. RMPOPT_EN wants SnpEn and a segmented RMP, and stays set
 * then; what happens otherwise, whether another base is taken meanwhile and
 * whether the table survives is not publicly known: the kind machine ignores,
 * takes and keeps, the harsh one faults, faults and forgets.
 */
enum outcome table_write_base(unsigned int cpu, u64 value)
{
	struct core *c = &machine.core[core_of(cpu)];

	if (harsh() && refuses(cpu, value))
		return GP;
	value &= RMPOPT_ADDRESS | (snp_enabled(cpu) ? RMPOPT_EN : 0);
	if (locked(core_of(cpu)) && !(value & RMPOPT_EN))
		return NEXT;
	if (value & RMPOPT_EN && !machine.init_done)
		count(cpu, MACHINE_TOO_EARLY);
	if (harsh() || (value ^ c->base) & RMPOPT_ADDRESS)
		table_lose(core_of(cpu));	/* the bits would mean other regions */
	c->base = value;
	return NEXT;
}

/* Whatever a vCPU executes shows that it is online. */
void cpu_seen(unsigned int cpu)
{
	if (!machine.vcpu[cpu].parked)
		return;
	machine_lock();
	machine.vcpu[cpu].parked = false;
	machine_unlock();
}

/* A core whose threads are all offline may lose its table [?]; RMPOPT_BASE stays. */
void cpu_parked(unsigned int cpu)
{
	unsigned int first = core_of(cpu) * machine.threads;
	bool all = true;

	machine_lock();
	machine.vcpu[cpu].parked = true;
	for (unsigned int i = 0; i < machine.threads; i++)
		all &= machine.vcpu[first + i].parked;
	if (all && harsh())
		table_lose(core_of(cpu));
	machine_unlock();
}

/* One core against the truth: regions that it wrongly has, and whether it differs at all. */
static u64 core_truth(unsigned int core, bool *differs)
{
	u64 unsafe = 0, first = first_region(core);

	*differs = false;
	for (u64 region = first; region < first + TABLE_REGIONS; region++) {
		bool owned = rmp_owned(region), bit = table_bit(core, region);

		unsafe += bit && !owned;
		*differs |= bit != owned;
	}
	return unsafe;
}

static bool is_offline(unsigned int core)
{
	for (unsigned int i = 0; i < machine.threads; i++)
		if (!machine.vcpu[core * machine.threads + i].parked)
			return false;
	return true;
}

/* Cores that are offline keep RMPOPT_EN; they are left out of two counts unless @all. */
void table_truth(u64 *unsafe, u64 *differ, u64 *armed, bool all)
{
	*unsafe = *differ = *armed = 0;
	for (unsigned int core = 0; core < nr_cores(); core++) {
		bool enabled = machine.core[core].base & RMPOPT_EN, differs;

		*unsafe += core_truth(core, &differs);
		if (!all && is_offline(core))
			continue;
		*armed += enabled;
		*differ += enabled && differs && snp_enabled(core * machine.threads);
	}
}
