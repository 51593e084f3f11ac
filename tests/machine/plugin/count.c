// SPDX-License-Identifier: GPL-2.0
/*
 * Counters, and stretches of RMPOPTs with interrupts disabled.
 *
 * An interruption is a maximal run of RMPOPTs with EFLAGS.IF = 0 on one vCPU
 * without STI, POPF or IRET between them; those three clear the mark below
 * (inline code, no callback).
 */
#include <string.h>

#include "machine.h"

static struct plugin_u64 mark;

void stretch_init(void)
{
	mark.score = qemu_plugin_scoreboard_new(sizeof(u64));
	mark.offset = 0;
}

struct plugin_u64 stretch_entry(void)
{
	return mark;
}

static bool in_stretch(unsigned int cpu)
{
	return qemu_plugin_u64_get(mark, cpu);
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

static void count_stretch(unsigned int cpu, bool verify, u64 cycles)
{
	struct vcpu *v = &machine.vcpu[cpu];

	count(cpu, MACHINE_IRQS_OFF);
	if (!in_stretch(cpu)) {
		qemu_plugin_u64_set(mark, cpu, 1);
		count(cpu, MACHINE_INTERRUPTIONS);
		v->run = v->run_cycles = 0;
	}
	v->run_verifies = verify;
	maximum(cpu, MACHINE_LONGEST_RUN, ++v->run);
	if (!machine.costs)
		return;
	v->run_cycles += cycles;
	maximum(cpu, MACHINE_LONGEST_CYCLES, v->run_cycles);
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
		qemu_plugin_u64_set(mark, cpu, 0);
}

static bool is_maximum(u64 which)
{
	return which == MACHINE_LONGEST_RUN || which == MACHINE_LONGEST_CYCLES;
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
	for (unsigned int i = 0; i < machine.vcpus; i++)
		memset(machine.vcpu[i].count, 0, sizeof(machine.vcpu[i].count));
}
