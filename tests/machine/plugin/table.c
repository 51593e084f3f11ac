// SPDX-License-Identifier: GPL-2.0
/*
 * The RMPOPT tables: one bit for each GiB of a 2 TiB window. A core has one, or
 * each of its threads; a table is named by the first CPU that has it.
 */
#include <string.h>

#include "machine.h"

/* CPUs that share a table. */
static unsigned int sharers(void)
{
	return answer_to(Q_SIBLING) == A_OWN ? 1 : machine.threads;
}

static unsigned int table_of(unsigned int cpu)
{
	return cpu - cpu % sharers();
}

u64 table_first(unsigned int cpu)
{
	return (machine.core[core_of(cpu)].base & RMPOPT_ADDRESS) >> REGION_SHIFT;
}

bool table_window(unsigned int cpu, u64 region)
{
	return region - table_first(cpu) < TABLE_REGIONS;
}

static u64 *word(unsigned int cpu, u64 region, u64 *mask)
{
	u64 index = region - table_first(cpu);

	*mask = 1ull << index % 64;
	return &machine.vcpu[table_of(cpu)].bits[index / 64];
}

bool table_bit(unsigned int cpu, u64 region)
{
	u64 mask;

	return table_window(cpu, region) && *word(cpu, region, &mask) & mask;
}

/* Software's way: a verify. */
void table_set(unsigned int cpu, u64 region, bool set)
{
	u64 mask, *w = word(cpu, region, &mask);

	if (set)
		*w |= mask;
	else
		*w &= ~mask;
	if (set && rmp_assigned(region))
		count(table_of(cpu), MACHINE_UNSAFE);
}

/* Hardware's way: a loss. Was there something to lose? */
bool table_clear_bit(unsigned int cpu, u64 region)
{
	u64 mask, *w;

	if (!table_bit(cpu, region))
		return false;
	w = word(cpu, region, &mask);
	*w &= ~mask;
	count(table_of(cpu), MACHINE_LOST);
	return true;
}

void table_broadcast(u64 region)
{
	for (unsigned int cpu = 0; cpu < machine.vcpus; cpu += sharers())
		table_clear_bit(cpu, region);
}

/* One more table loses the bit, that of @cpu last; false: none has it any more. */
bool table_clear_next(unsigned int cpu, u64 region)
{
	for (unsigned int i = sharers(); i <= machine.vcpus; i += sharers())
		if (table_clear_bit((table_of(cpu) + i) % machine.vcpus, region))
			return true;
	return false;
}

/* How many tables have the bit? */
unsigned int table_holders(u64 region)
{
	unsigned int n = 0;

	for (unsigned int cpu = 0; cpu < machine.vcpus; cpu += sharers())
		n += table_bit(cpu, region);
	return n;
}

static void lose(unsigned int cpu)
{
	u64 *bits = machine.vcpu[cpu].bits;

	for (unsigned int i = 0; i < TABLE_REGIONS / 64; i++)
		machine.vcpu[cpu].count[MACHINE_LOST] += __builtin_popcountll(bits[i]);
	memset(bits, 0, sizeof(machine.vcpu[cpu].bits));
}

/* All tables of a core. */
void table_lose(unsigned int core)
{
	for (unsigned int i = 0; i < machine.threads; i += sharers())
		lose(core * machine.threads + i);
}

/* SNP_INIT; not counted as a loss. */
void table_zero_all(void)
{
	for (unsigned int cpu = 0; cpu < machine.vcpus; cpu++)
		memset(machine.vcpu[cpu].bits, 0, sizeof(machine.vcpu[cpu].bits));
}

/* What threads have of their own begins empty, and ends so. */
void table_forget_siblings(void)
{
	for (unsigned int cpu = 0; cpu < machine.vcpus; cpu++)
		if (cpu % machine.threads)
			memset(machine.vcpu[cpu].bits, 0, sizeof(machine.vcpu[cpu].bits));
}

/* A core that comes armed with all that there is to know. */
static void fill(unsigned int core)
{
	unsigned int first = core * machine.threads;

	for (unsigned int cpu = first; cpu < first + machine.threads; cpu += sharers())
		for (u64 i = 0; i < TABLE_REGIONS; i++)
			if (rmp_optimizable(table_first(cpu) + i))
				table_set(cpu, table_first(cpu) + i, true);
}

/* While SNP is enabled RMPOPT_EN can't be cleared, says AMD; an answer lets it. */
static bool locked(unsigned int core)
{
	unsigned int first = core * machine.threads;
	bool enabled = false;

	for (unsigned int i = 0; i < machine.threads; i++)
		enabled |= snp_enabled(first + i);
	return enabled && machine.core[core].base & RMPOPT_EN;
}

/* Which question is a write while RMPOPT_EN is set? */
static enum machine_question question_of(unsigned int core, u64 value)
{
	if (!(value & RMPOPT_EN))
		return Q_EN_CLEAR;
	return (value ^ machine.core[core].base) & RMPOPT_ADDRESS ? Q_OTHER_BASE : Q_SAME_BASE;
}

/* The bits of the regions in both windows stay theirs. */
static void move(unsigned int core, u64 value)
{
	unsigned int first = core * machine.threads;
	u64 old = table_first(first), new = (value & RMPOPT_ADDRESS) >> REGION_SHIFT;

	for (unsigned int cpu = first; cpu < first + machine.threads; cpu += sharers()) {
		u64 bits[TABLE_REGIONS / 64] = { 0 };

		for (u64 i = 0; i < TABLE_REGIONS; i++)
			if (new + i - old < TABLE_REGIONS && table_bit(cpu, new + i))
				bits[i / 64] |= 1ull << i % 64;
		memcpy(machine.vcpu[cpu].bits, bits, sizeof(bits));
	}
}

/* The write is taken. What becomes of the table? */
static void take(unsigned int core, u64 value, bool was_locked)
{
	struct core *c = &machine.core[core];
	bool armed = c->base & RMPOPT_EN;

	if ((value ^ c->base) & RMPOPT_ADDRESS) {
		if (was_locked && answer_to(Q_OTHER_BASE) == A_TAKEN_KEPT)
			move(core, value);
		else
			table_lose(core);	/* the bits would mean other regions */
	} else if (answer_to(Q_SAME_BASE) == A_EMPTIED) {
		table_lose(core);
	}
	c->base = value;
	if (!armed && value & RMPOPT_EN && answer_to(Q_REPORT_FIRST) == A_CF1)
		fill(core);
}

/*
 * WRMSR RMPOPT_BASE. RMPOPT_EN wants SnpEn and a segmented RMP, and stays set
 * then. What happens otherwise goes by the profile: the kind machine ignores
 * what can't be set, the harsh one faults. While RMPOPT_EN is set the answers
 * say what becomes of a write.
 */
enum outcome table_write_base(unsigned int cpu, u64 value)
{
	u64 known = RMPOPT_ADDRESS | RMPOPT_EN | machine.knob[MACHINE_BASE_BITS];
	bool was_locked = locked(core_of(cpu));
	enum machine_answer a;

	if (harsh() && (value & ~known || (value & RMPOPT_EN && !snp_enabled(cpu))))
		return GP;
	value &= RMPOPT_ADDRESS | (snp_enabled(cpu) ? RMPOPT_EN : 0);
	a = was_locked ? answer_to(question_of(core_of(cpu), value)) : A_KEPT;
	if (a == A_GP)
		return GP;
	if (a == A_IGNORED)
		return NEXT;
	if (value & RMPOPT_EN && !machine.init_done)
		count(cpu, MACHINE_TOO_EARLY);
	take(core_of(cpu), value, was_locked);
	return NEXT;
}

/* One table against the truth: regions that it wrongly has, and whether it differs at all. */
static u64 table_against(unsigned int cpu, bool *differs)
{
	u64 unsafe = 0, first = table_first(cpu);

	for (u64 region = first; region < first + TABLE_REGIONS; region++) {
		bool bit = table_bit(cpu, region);

		unsafe += bit && rmp_assigned(region) && !late_pending(region);
		*differs |= rmp_covered(region) && bit != rmp_optimizable(region);
	}
	return unsafe;
}

/* Cores that are offline keep RMPOPT_EN; they are left out of two counts unless @all. */
void table_truth(u64 *unsafe, u64 *differ, u64 *armed, bool all)
{
	*unsafe = *differ = *armed = 0;
	for (unsigned int core = 0; core < nr_cores(); core++) {
		bool enabled = machine.core[core].base & RMPOPT_EN, differs = false;
		unsigned int first = core * machine.threads;

		for (unsigned int i = 0; i < machine.threads; i += sharers())
			*unsafe += table_against(first + i, &differs);
		if (!all && core_offline(core))
			continue;
		*armed += enabled;
		*differ += enabled && differs && snp_enabled(first);
	}
}
