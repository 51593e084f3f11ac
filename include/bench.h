/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Benchmarks: single instructions, measured, while the worker stands still.
 */
#ifndef RMPOPT_BENCH_H
#define RMPOPT_BENCH_H

#include <linux/smp.h>
#include <linux/types.h>

struct core;

/**
 * struct shot - one instruction that a core executes for a benchmark
 * @csd: its IPI
 * @busy: from sending until the handler's last access to this structure
 * @round: number of the command that it belongs to
 * @cf: 1 the bit is set, 0 it is not, or the negative errno of a fault; -ENXIO
 *	as well if it was never executed
 * @cycles: how long the instruction took; 0 if it was never executed
 * @stall: for how many cycles interrupts were disabled
 */
struct shot {
	call_single_data_t csd;
	bool busy;
	u64 round;
	int cf;
	u64 cycles;
	u64 stall;
};

struct view;
struct file_operations;
extern const struct view bench_view;
extern const struct file_operations bench_fops;

void bench_prepare(struct core *core);
bool bench_lend(void);
void bench_serve(void);
void bench_drain(void);

#endif /* RMPOPT_BENCH_H */
