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

/* Followers that are measured alone; at once it is all of them. */
#define BENCH_ALONE	4u

/* 2, 4, 8 ... and all of at most 2^32. */
#define BENCH_CROWDS	33

/**
 * struct crowd - cores that execute at once
 * @cores: how many
 * @cpus: them, as the module takes them
 */
struct crowd {
	u32 cores;
	const char *cpus;
};

/**
 * struct stall - how long a core was stopped
 * @times: how often
 * @worst_ns: the longest
 */
struct stall {
	u64 times;
	u64 worst_ns;
};

/**
 * struct bench_about - the host that is measured, NULL for what is not known
 * @date: when it began
 * @model: the CPU's name
 * @microcode: its revision
 * @kernel: its release
 * @version: of the module
 * @began_ns: when it began, by the clock
 * @began_tsc: and by the TSC
 * @tsc_khz: the TSC's frequency, 0 until it has ended
 */
struct bench_about {
	const char *date;
	const char *model;
	const char *microcode;
	const char *kernel;
	const char *version;
	u64 began_ns;
	u64 began_tsc;
	u64 tsc_khz;
};

/**
 * struct bench - a benchmark
 * @fd: the module's file; closing it ends the benchmark
 * @about: the host
 * @cores: primaries, ascending; the first one leads
 * @count: how many
 * @stall: of each of them
 * @leader: the first one, as the module takes it
 * @alone: some of the others, one by one
 * @crowds: how many crowds there are
 * @crowd: the others, at once
 * @regions: the regions to measure
 * @measures: how many there are
 * @measure: them
 */
struct bench {
	int fd;
	struct bench_about about;
	u32 *cores;
	u32 count;
	struct stall *stall;
	const char *leader;
	const char *alone[BENCH_ALONE];
	u32 crowds;
	struct crowd crowd[BENCH_CROWDS];
	struct list regions;
	size_t measures;
	struct measure *measure;
};

/* bench.c */
bool bench_stopped(void);

/* bench_file.c */
int bench_open(struct bench *bench);
int bench_do(struct bench *bench, const char *command);
int bench_ask(struct bench *bench, const char *function, u32 region,
	      const char *cpus, struct measure *measure);

/* bench_write.c */
int bench_writes(struct bench *bench, const struct host *host);

/* bench_about.c */
void bench_begins(struct bench *bench, const struct host *host);
void bench_ended(struct bench *bench);
struct table *bench_host_table(const struct bench *bench);
void bench_host_show(const struct bench *bench);

/* bench_show.c */
void bench_add(struct bench *bench, const struct measure *measure);
int bench_show(const struct bench *bench);

#endif /* RMPOPTCTL_BENCH_H */
