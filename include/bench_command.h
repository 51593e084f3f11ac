/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the debugfs file bench asks of the worker.
 */
#ifndef RMPOPT_BENCH_COMMAND_H
#define RMPOPT_BENCH_COMMAND_H

#include <linux/cpumask.h>
#include <linux/types.h>

/* The first words of commands, in this order in debugfs_bench.c. */
enum bench_kind {
	BENCH_VERIFY,
	BENCH_REPORT,
	BENCH_CLEAR,
	BENCH_OFF,
	BENCH_ON,
};

/**
 * struct bench_command - one command
 * @kind: what
 * @region: of a verify or report: the region
 * @cpus: and which CPUs
 */
struct bench_command {
	enum bench_kind kind;
	u32 region;
	cpumask_var_t cpus;
};

struct bench_command *bench_command_waiting(void);
void bench_command_done(int result);
u64 bench_round(void);

#endif /* RMPOPT_BENCH_COMMAND_H */
