// SPDX-License-Identifier: GPL-2.0
/*
 * Counters, and stretches of RMPOPTs with interrupts disabled.
 *
 * An interruption is a maximal run of RMPOPTs with EFLAGS.IF = 0 on one vCPU
 * without STI, POPF or IRET between them; those three are counted below (inline
 * code, no callback).
 */
#include <string.h>

#include "machine.h"
#include "machinectl.h"

static struct plugin_u64 ends;

void stretch_init(void)
{
	ends.score = qemu_plugin_scoreboard_new(sizeof(u64));
	ends.offset = 0;
}

struct plugin_u64 stretch_entry(void)
{
	return ends;
}

static bool in_stretch(unsigned int cpu)
{
	return qemu_plugin_u64_get(ends, cpu) < machine.vcpu[cpu].stretch_until;
}

/* The next end is an IRET of the machine's own, which is none. */
void stretch_goes_on(unsigned int cpu)
{
	machine_lock();
	machine.vcpu[cpu].stretch_until += in_stretch(cpu);
	machine_unlock();
}

/* In the middle of a stretch whose last RMPOPT was a verify? */
bool stretch_verifies(unsigned int cpu)
{
	return machine.vcpu[cpu].run_verifies && in_stretch(cpu);
}

void count(unsigned int cpu, enum machine_counter which)
{
	machine.vcpu[cpu].count[which]++;
	machine.ever_unsafe += which == MACHINE_UNSAFE;
}

/* @which: one of MACHINE_GAP_…; MACHINE_OFF_… if not even SnpEn is set. Nothing once SNP_INIT is done. */
void count_early(unsigned int cpu, enum machine_counter which)
{
	if (!snp_enabled(cpu))
		count(cpu, which - MACHINE_GAP_RMPOPTS + MACHINE_OFF_RMPOPTS);
	else if (!machine.init_done)
		count(cpu, which);
}

static void maximum(unsigned int cpu, enum machine_counter which, u64 value)
{
	u64 *c = &machine.vcpu[cpu].count[which];

	if (value > *c)
		*c = value;
}

/* Only the one that uses the budget up may be in the middle of it. */
static void count_overrun(unsigned int cpu, u64 cycles)
{
	struct vcpu *v = &machine.vcpu[cpu];
	u64 before = v->run_cycles - cycles;

	if (!machine.budget || v->run_cycles <= machine.budget)
		return;
	count(cpu, before <= machine.budget ? MACHINE_OVERRUNS : MACHINE_OVERRUN_LATE);
	if (cycles > machine.budget)
		count(cpu, MACHINE_OVERRUN_LONG);
	maximum(cpu, MACHINE_OVERRUN_RUN, v->run);
}

static void count_stretch(unsigned int cpu, bool verify, u64 cycles)
{
	struct vcpu *v = &machine.vcpu[cpu];

	count(cpu, MACHINE_IRQS_OFF);
	if (!in_stretch(cpu)) {
		count(cpu, MACHINE_INTERRUPTIONS);
		v->run = v->run_cycles = 0;
	}
	v->stretch_until = qemu_plugin_u64_get(ends, cpu) + 1;
	v->run_verifies = verify;
	maximum(cpu, MACHINE_LONGEST_RUN, ++v->run);
	if (!machine.costs)
		return;
	v->run_cycles += cycles;
	maximum(cpu, MACHINE_LONGEST_CYCLES, v->run_cycles);
	count_overrun(cpu, cycles);
}

/* One RMPOPT that did not fault. */
void count_rmpopt(unsigned int cpu, bool verify, bool irqs_off, u64 cycles)
{
	count(cpu, verify ? MACHINE_VERIFIES : MACHINE_REPORTS);
	if (cpu % machine.threads)
		count(cpu, MACHINE_SECONDARY);
	if (irqs_off)
		count_stretch(cpu, verify, cycles);
	else
		machine.vcpu[cpu].stretch_until = 0;
}

static bool is_maximum(u64 which)
{
	return which == MACHINE_LONGEST_RUN || which == MACHINE_LONGEST_CYCLES ||
	       which == MACHINE_OVERRUN_RUN;
}

bool count_get(u64 which, u64 cpu, u64 *value)
{
	*value = 0;
	if (which >= MACHINE_COUNTERS || (cpu != MACHINE_ALL && cpu >= machine.vcpus))
		return false;
	for (unsigned int i = 0; i < machine.vcpus; i++) {
		u64 c = machine.vcpu[i].count[which];

		if (cpu != MACHINE_ALL && cpu != i)
			continue;
		if (!is_maximum(which))
			*value += c;
		else if (c > *value)
			*value = c;
	}
	return true;
}

void count_reset(void)
{
	for (unsigned int i = 0; i < machine.vcpus; i++) {
		memset(machine.vcpu[i].count, 0, sizeof(machine.vcpu[i].count));
		memset(machine.vcpu[i].before, 0, sizeof(machine.vcpu[i].before));
	}
}

/* For kernels that can't be asked any more. */
void count_mark(unsigned int cpu)
{
	struct vcpu *v = &machine.vcpu[cpu];

	if (v->marked)
		return;
	v->marked = true;
	memcpy(v->before, v->count, sizeof(v->before));
}

static void tell_cpu(FILE *file, unsigned int cpu)
{
	const struct vcpu *v = &machine.vcpu[cpu];

	for (const struct word *w = counters; w->name; w++)
		if (!is_maximum(w->value) && v->count[w->value] != v->before[w->value])
			fprintf(file, "cpu %u %s %llu\n", cpu, w->name,
				(unsigned long long)(v->count[w->value] - v->before[w->value]));
}

/* What marked CPUs have counted since. */
void count_tell(FILE *file)
{
	for (unsigned int cpu = 0; cpu < machine.vcpus; cpu++) {
		if (!machine.vcpu[cpu].marked)
			continue;
		fprintf(file, "cpu %u marked\n", cpu);
		tell_cpu(file, cpu);
	}
}
