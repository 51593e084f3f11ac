/* SPDX-License-Identifier: GPL-2.0 */
/*
 * bench: measures through the module, which takes its worker for that and gives
 * it back when the file is closed, whatever happens to this program.
 */
#ifndef RMPOPTCTL_BENCH_H
#define RMPOPTCTL_BENCH_H

#include "rmpopt.h"

/**
 * struct measure - what one kind of instruction took
 * @kind: leader_verify, follower_verify, report, write
 * @round: found, repeated, clear; of writes: on, off
 * @region: which, UNKNOWN if it is about all
 * @cores: how many at once
 * @samples: how many were measured
 * @set: how many of them found or set the bit
 * @min: fewest cycles
 * @max: most cycles
 * @sum: all cycles
 * @stall_ns: longest time that a core was stopped
 * @write_ns: a write, in ns; 0 for instructions
 */
struct measure {
	const char *kind;
	const char *round;
	u64 region;
	u32 cores;
	u64 samples;
	u64 set;
	u64 min;
	u64 max;
	u64 sum;
	u64 stall_ns;
	double write_ns;
};

/**
 * struct bench - a benchmark
 * @fd: the module's file; closing it ends the benchmark
 * @cores: primaries; the first one leads
 * @count: how many
 * @regions: the regions to measure
 * @measures: how many there are
 * @measure: them
 */
struct bench {
	int fd;
	u32 *cores;
	u32 count;
	struct list regions;
	size_t measures;
	struct measure *measure;
};

/* bench_file.c */
int bench_open(struct bench *bench);
int bench_do(struct bench *bench, const char *command);
int bench_ask(struct bench *bench, const char *function, u32 region,
	      const char *cpus, struct measure *measure);

/* bench_write.c */
int bench_writes(struct bench *bench, const struct host *host);

/* bench_show.c */
void bench_add(struct bench *bench, const struct measure *measure);
int bench_show(const struct bench *bench);

#endif /* RMPOPTCTL_BENCH_H */
