// SPDX-License-Identifier: GPL-2.0
/*
 * Time. With --costs a TSC of 2.0 GHz, and while costs are modelled a clock of its own for
 * each vCPU that only RMPOPT, RMPREAD and RDTSC move: measured times then don't depend
 * on how busy the real machine is.
 *
 * Cycles from the figures that an AMD engineer posted in March 2026 for Zen 6
 * prototypes: minimum 60, mostly 2,000 to 5,000, average 114k to 140k with all
 * CPUs of a big machine at once. Attributed here, which nobody has published:
 * the 5,000 to a verify that reads the whole RMP of a region, the 2,000 to one
 * that finds a cached result, the 60 to report. RMPREAD's 100 are a guess.
 */
#include <errno.h>
#include <time.h>

#include "machine.h"

#define TSC_PER_NS	2
#define RDTSC_CYCLES	20
#define REPORT_CYCLES	60
#define EARLY_CYCLES	60
#define CACHED_CYCLES	2000
#define PAID_CYCLES	5000
#define RMPREAD_CYCLES	100
/* 5,000 -> 127,000 with 256 cores at once: a tenth more for each further core. */
#define CROWD_SHARE	10

/* Added to the host's time; moved only when costs are switched off. */
static int64_t tsc_offset;

static int64_t host_tsc(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (ts.tv_sec * 1000000000ll + ts.tv_nsec) * TSC_PER_NS;
}

u64 cost_report(void)
{
	return REPORT_CYCLES;
}

/* Cores that are in the middle of a stretch of verifies now, the asking one included. */
static u64 crowd(unsigned int cpu)
{
	u64 n = 0;

	if (machine.crowd)
		return machine.crowd;
	for (unsigned int other = 0; other < machine.vcpus; other++)
		n += core_of(other) != core_of(cpu) && stretch_verifies(other);
	return n + 1;
}

/* What the test has made slow takes longer than others. */
static u64 slow(u64 region, u64 cycles)
{
	return region == machine.slow_region && cycles < machine.slow_cycles ?
	       machine.slow_cycles : cycles;
}

/* @blocks: of 2 MiB that it reads, or would read without the cache. */
u64 cost_verify(unsigned int cpu, u64 region, enum verify_kind kind, unsigned int blocks)
{
	u64 cycles = EARLY_CYCLES + (u64)blocks * (PAID_CYCLES - EARLY_CYCLES) / BLOCKS_PER_REGION;

	if (kind == VERIFY_CACHED && cycles > CACHED_CYCLES)
		cycles = CACHED_CYCLES;
	cycles = slow(region, cycles + cycles * (crowd(cpu) - 1) / CROWD_SHARE);
	if (machine.costs && kind != VERIFY_CACHED)
		machine.vcpu[cpu].count[MACHINE_SCAN_CYCLES] += cycles;
	return cycles;
}

void cost_spend(unsigned int cpu, u64 cycles)
{
	if (!machine.costs)
		return;
	machine.vcpu[cpu].clock += cycles;
	machine.vcpu[cpu].count[MACHINE_CYCLES] += cycles;
}

/* Not among the cycles that are counted: those are RMPOPT's. */
void cost_rmpread(unsigned int cpu)
{
	if (machine.costs)
		machine.vcpu[cpu].clock += RMPREAD_CYCLES;
}

/* Each clock goes on from where the TSC is; afterwards the TSC goes on from the latest clock. */
int cost_switch(bool on)
{
	int64_t now = host_tsc() + __atomic_load_n(&tsc_offset, __ATOMIC_RELAXED), latest = 0;

	if (on && !machine.costs_allowed)
		return EPERM;
	if (on == machine.costs)
		return 0;
	for (unsigned int cpu = 0; cpu < machine.vcpus; cpu++) {
		if (on)
			machine.vcpu[cpu].clock = now;
		else if ((int64_t)machine.vcpu[cpu].clock > latest)
			latest = machine.vcpu[cpu].clock;
	}
	if (!on)
		__atomic_fetch_add(&tsc_offset, latest - now, __ATOMIC_RELAXED);
	__atomic_store_n(&machine.costs, on, __ATOMIC_RELEASE);
	return 0;
}

/* The TSC as @cpu reads it; a vCPU calls this for itself only. */
u64 clock_read(unsigned int cpu)
{
	if (__atomic_load_n(&machine.costs, __ATOMIC_ACQUIRE))
		return machine.vcpu[cpu].clock += RDTSC_CYCLES;
	return host_tsc() + __atomic_load_n(&tsc_offset, __ATOMIC_RELAXED);
}

/* In place of what QEMU's RDTSC or RDTSCP has shown. */
void clock_show(unsigned int cpu)
{
	u64 tsc = clock_read(cpu);

	reg_write(RAX, (u32)tsc);
	reg_write(RDX, tsc >> 32);
}
