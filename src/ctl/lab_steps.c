// SPDX-License-Identifier: GPL-2.0
/* lab: steps, from harmless to less harmless, with what each costs and risks. */
#include <string.h>

#include "lab.h"

/* The slowest published verify of a host that is up, and the average with all CPUs at once. */
#define VERIFY_CYCLES	83000u
#define ALL_CYCLES	140000u

/* Guesses for what nobody has published. */
#define REPORT_CYCLES	1000u
#define WRMSR_CYCLES	20000u

/* Of reports while a page is turned over, and of looking at the clock. */
#define LOSS_CYCLES	200u

/* CPUs that begin together wait for each other, interrupts disabled (LAB_TOGETHER). */
#define WAIT_NS		1000000u

/* Of prototypes, where the host does not say. */
#define TSC_KHZ		2000000u

const struct lab_step lab_steps[] = {
	{
		"host", "reads CPUID, SYSCFG and the RMP's MSRs on every CPU, and RMPOPT_BASE",
		"none: these are reads that the kernel does as well",
		PER_CPU, 6, 64, REPORT_CYCLES, true, false, false, step_host,
	}, {
		"arm", "reads by RMPREAD which regions have assigned pages. On cores where RMPOPT_EN is clear: one report on the first of them, then writes RMPOPT_BASE on all",
		"RMPOPT_EN can't be cleared again while SNP is enabled: cores keep this window until SNP shutdown or reset. It is the one that rmpopt gives them if its parameter coverage is not set",
		BLOCKS_ONE_CORE, 1, BLOCKS, REPORT_CYCLES, false, false, false, step_arm,
	}, {
		"report", "the same reads, unless done; then reports all regions on one core",
		"a fault, which is caught", BLOCKS_ONE_CORE, 1, BLOCKS, REPORT_CYCLES, true, false, false, step_report,
	}, {
		"verify", "verifies one region without assigned pages on one core, and reports it",
		"a fault, which is caught: a verify only sets or clears a bit of the table by what the RMP says",
		ONE_CORE, 2, 1, VERIFY_CYCLES, false, false, false, step_verify,
	}, {
		"operands", "RMPOPT with unusual RAX and RCX on one core: unaligned, outside the window, outside the RMP, in holes, unknown functions",
		"#GP or #UD, which are caught. Where the RMP has no entry for an address nobody has published what a verify does: a machine check can't be excluded",
		ONE_CORE, 40, 64, REPORT_CYCLES, false, false, false, step_operands,
	}, {
		"rmpread", "RMPREAD of a page of the RMP itself, of a page outside RAM, and of an unaligned address",
		"a fault, which is caught", ONE_CORE, 200, 64, REPORT_CYCLES, true, false, false, step_rmpread,
	}, {
		"core", "verifies and reports all regions on one core, three rounds",
		"this core is delayed",
		REGIONS_ONE_CORE, 2 * ROUNDS, 2 * CHUNK, VERIFY_CYCLES, false, false, false, step_core,
	}, {
		"sibling", "verifies a region on one thread of a core, and reports it on the other",
		"a fault, which is caught", ONE_CORE, 3, 1, VERIFY_CYCLES, false, false, false, step_sibling,
	}, {
		"cache", "verifies the same regions on two cores in turn, with pauses of up to 15 s",
		"these cores are delayed", ONE_CORE, 100, 4, VERIFY_CYCLES, false, false, false, step_cache,
	}, {
		"each", "verifies and reports all regions on every core, one core after the other, three rounds",
		"each core is delayed, one at a time",
		REGIONS_ALL_CORES, 2 * ROUNDS, 2 * CHUNK, VERIFY_CYCLES, false, false, false, step_each,
	}, {
		"together", "verifies and reports a few regions on 2, 4, 8 ... all cores at once, three rounds each",
		"all cores are delayed at the same time, which interactive guests may notice",
		PER_CORE, 2 * 2 * CHUNK * ROUNDS, 2 * CHUNK, ALL_CYCLES, false, false, true, step_together,
	}, {
		"base", "writes RMPOPT_BASE of one core while it is in use: the same value, RMPOPT_EN clear, another base; restores it",
		"the core's table is emptied until the next pass, or its window can't be restored. If the window moves but the table keeps its bits, writes of this core to guests' regions go unchecked for some microseconds, in which it executes nothing but these instructions and whatever its other thread runs",
		ONE_CORE, 25, 7, WRMSR_CYCLES, false, false, false, step_base,
	}, {
		"idle", "verifies a region on one core, leaves the core idle for 10 s, and reports",
		"none", ONE_CORE, 3, 2, VERIFY_CYCLES, false, false, false, step_idle,
	}, {
		"offline", "takes a thread of one core offline and online again, then the whole core",
		"what runs there moves to other CPUs; a CPU that does not come online again. Where the kernel forbids CPU hotplug nothing happens",
		ONE_CORE, 10, 2, VERIFY_CYCLES, false, false, false, step_offline,
	}, {
		"passes", "whole passes as the merged kernel code and the series v10 make them, and rmpopt's own, three each",
		"the merged algorithm stops all cores at once, with interrupts disabled, for a verify of every region: guests may notice, and with many cores watchdogs may complain",
		REGIONS_ALL_CORES, 3 * ROUNDS, WINDOW_REGIONS, ALL_CYCLES, false, false, true, step_passes,
	}, {
		"convert", "turns pages that the lab has allocated over to a guest that does not exist and takes them back; watches what is lost and when; measures writes to memory of this process with and without optimized regions",
		"a page that the kernel can't take back is lost until reset. The kernel's direct map is split into smaller pages around them, which stays. Regions lose their bits until the next pass",
		PER_CORE, LOSS_MOST * (1 + LOSS_REPORTS), LOSS_REPORTS, LOSS_CYCLES, false, true, true, step_convert,
	},
	{ }
};

/* NULL if there is no such step. */
const struct lab_step *step_find(const char *name, size_t length)
{
	const struct lab_step *step;

	for (step = lab_steps; step->name; step++)
		if (strlen(step->name) == length && !strncmp(step->name, name, length))
			return step;
	return NULL;
}

static u64 instructions(const struct lab *lab, const struct lab_step *step)
{
	switch (step->scale) {
	case PER_CPU:
		return (u64)step->rounds * lab->cpus;
	case PER_CORE:
		return (u64)step->rounds * lab->cores;
	case REGIONS_ONE_CORE:
		return (u64)step->rounds * lab->regions;
	case REGIONS_ALL_CORES:
		return (u64)step->rounds * lab->regions * lab->cores;
	case BLOCKS_ONE_CORE:
		return (u64)step->rounds * lab->regions * BLOCKS;
	default:
		return step->rounds;
	}
}

const char *step_cost(const struct lab *lab, const struct lab_step *step)
{
	static const char * const where[] = {
		[PER_CPU] = "on all CPUs", [PER_CORE] = "on all cores", [ONE_CORE] = "on one core, or two",
		[REGIONS_ONE_CORE] = "on one core", [REGIONS_ALL_CORES] = "on all cores", [BLOCKS_ONE_CORE] = "on one core",
	};

	return format("up to about %llu instructions %s", instructions(lab, step), where[step->scale]);
}

/* How long a CPU executes nothing else, by published costs. */
const char *step_stop(const struct lab *lab, const struct lab_step *step)
{
	u64 most = step->most, khz = lab->info.tsc_khz ?: TSC_KHZ;

	if (step->most == WINDOW_REGIONS && lab->regions < most)
		most = lab->regions ?: most;
	return format("%llu in one go: a CPU stands still for at most about %s%s", most,
		      duration(most * step->cycles * 1000000 / khz + (step->together ? WAIT_NS : 0)),
		      step->together ? ", with up to 1 ms in which it waits for others" : "");
}
