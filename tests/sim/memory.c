// SPDX-License-Identifier: GPL-2.0
/*
 * How much memory the module takes: what the planner's own structures and maps
 * need, exactly, and what the kernel part adds, as src/cores/cores.h,
 * src/cores/registry.c, src/cores/windows.c, src/pass/lead_work.h, src/events/events.c and src/worker/worker.c have
 * it. Not counted: the module's code and constants, per-CPU counters,
 * task_structs, allocators' own overhead, and what is allocated while a file is
 * read (a struct probe for each core, if it is the table) or at load. sim.t
 * holds all of them against the structures in the built module.
 */
#include "sim.h"

/* struct core without what the planner has, at most. */
#define KERNEL_CORE	384u
/* struct lead, at most. */
#define KERNEL_LEAD	128u
/* Cores are allocated in chunks of whole pages. */
#define CHUNK		64u
#define PAGE		4096u
/* Of the worker's thread and of each leader's, x86-64. */
#define STACK		16384u
/* Threads per core. */
#define THREADS		2u

static size_t line(FILE *out, const char *what, size_t bytes)
{
	if (out)
		fprintf(out, "  %-52s %9zu\n", what, bytes);
	return bytes;
}

static size_t of_planner(const struct host *host, FILE *out)
{
	const struct plan *plan = &host->plan;
	size_t cores = plan->cores, sum = 0;

	sum += line(out, "planner: struct plan", sizeof(*plan));
	sum += line(out, "planner: region maps", plan_longs(plan) * sizeof(long));
	sum += line(out, "planner: regions",
		    plan->regions * sizeof(*plan->region));
	sum += line(out, "planner: cores", cores * sizeof(struct plan_core));
	sum += line(out, "planner: cores' maps",
		    cores * plan_core_longs(plan) * sizeof(long));
	return sum;
}

/* Bytes; what they are made of to @out, if there is one. */
size_t memory_of(const struct host *host, FILE *out)
{
	const struct plan *plan = &host->plan;
	size_t cores = plan->cores, cpus = cores * THREADS;
	size_t sum = of_planner(host, out);

	sum += line(out, "kernel: rest of struct core with its slice (at most)",
		    cores * KERNEL_CORE);
	sum += line(out, "kernel: cores' chunks rounded up to pages (at most)",
		    (cores + CHUNK - 1) / CHUNK * PAGE);
	sum += line(out, "kernel: tables of pointers by CPU, siblings",
		    cpus * (3 * sizeof(void *) + sizeof(int)));
	sum += line(out, "kernel: coverage",
		    sizeof(struct coverage));
	sum += line(out, "kernel: marks and stamps of conversions",
		    plan->regions * sizeof(u32) + plan->words * sizeof(long));
	sum += line(out, "kernel: leaders (at most)",
		    PLAN_LEADERS_MAX * KERNEL_LEAD);
	sum += line(out, "kernel: stacks of the threads",
		    (1 + host->nodes) * STACK);
	line(out, "sum", sum);
	return sum;
}

/* What was counted for each structure: "=" exactly, "<" at most so many bytes. */
void memory_sizes(FILE *out)
{
	fprintf(out, "plan = %zu\n", sizeof(struct plan));
	fprintf(out, "plan_window = %zu\n", sizeof(struct plan_window));
	fprintf(out, "plan_region = %zu\n", sizeof(struct plan_region));
	fprintf(out, "plan_core = %zu\n", sizeof(struct plan_core));
	fprintf(out, "coverage = %zu\n", sizeof(struct coverage));
	fprintf(out, "core < %zu\n", sizeof(struct plan_core) + KERNEL_CORE);
	fprintf(out, "lead < %u\n", KERNEL_LEAD);
}
