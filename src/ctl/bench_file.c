// SPDX-License-Identifier: GPL-2.0
/* bench: debugfs bench, one command by each write, its result by the read after it. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

#define BENCH	DEBUGFS "bench"

/* 0 or the exit code, after saying why. */
int bench_open(struct bench *bench)
{
	bench->fd = open(BENCH, O_RDWR | O_CLOEXEC);
	if (bench->fd >= 0)
		return CTL_OK;
	switch (errno) {
	case EBUSY:
		return failed(BENCH ": another benchmark runs; wait for its end");
	case ENODEV:
		return failed(BENCH ": only while rmpopt is ready; rmpoptctl status says what it is");
	case EPERM:
		return failed(BENCH ": not permitted: the kernel is locked down (/sys/kernel/security/lockdown), as with Secure Boot");
	case EACCES:
		return failed(BENCH ": run this as root");
	default:
		return failed(BENCH ": %s; it wants debugfs and a module that has it", strerror(errno));
	}
}

int bench_do(struct bench *bench, const char *command)
{
	if (bench_stopped())
		return CTL_PARTLY;
	if (write(bench->fd, command, strlen(command)) == (ssize_t)strlen(command))
		return CTL_OK;
	return failed(BENCH ": %s: %s; the module's state says more (rmpoptctl status)",
		      command, strerror(errno));
}

static struct records *result(struct bench *bench)
{
	size_t used = 0, room = 0;
	char *text = NULL;
	ssize_t got;

	do {
		if (used + 4096 > room) {
			text = arena_grow(text, used, 2 * room + 8192);
			room = 2 * room + 8191;
		}
		got = pread(bench->fd, text + used, room - used, used);
		used += got > 0 ? got : 0;
	} while (got > 0);
	while (used && text[used - 1] == '\n')
		text[--used] = '\0';
	return got < 0 ? NULL : records_parse(text);
}

static void take(struct measure *measure, u64 cycles, u64 cf, u64 stall)
{
	if (!measure->samples || cycles < measure->min)
		measure->min = cycles;
	if (cycles > measure->max)
		measure->max = cycles;
	if (stall > measure->stall_ns)
		measure->stall_ns = stall;
	measure->samples++;
	measure->sum += cycles;
	measure->set += cf;
}

static int compare(const void *a, const void *b)
{
	u32 x = *(const u32 *)a, y = *(const u32 *)b;

	return (x > y) - (x < y);
}

static void note_stall(struct bench *bench, u32 cpu, u64 ns)
{
	u32 *core = bsearch(&cpu, bench->cores, bench->count, sizeof(cpu), compare);
	struct stall *stall;

	if (!core)
		return;
	stall = &bench->stall[core - bench->cores];
	stall->times++;
	if (ns > stall->worst_ns)
		stall->worst_ns = ns;
}

static void take_record(struct bench *bench, const struct records *records,
			size_t i, struct measure *measure)
{
	u64 cpu, cycles, cf, stall;

	/* A core that has faulted or gone has no numbers. */
	if (!record_number(records, i, "cycles", &cycles) ||
	    !record_number(records, i, "cf", &cf) || cf > 1)
		return;
	if (!record_number(records, i, "stall_ns", &stall))
		stall = 0;
	take(measure, cycles, cf, stall);
	if (record_number(records, i, "cpu", &cpu) && cpu < REGIONS_MAX)
		note_stall(bench, cpu, stall);
}

static int ask(struct bench *bench, const char *command, struct measure *measure)
{
	struct records *records;
	size_t i;
	int ret = bench_do(bench, command);

	if (ret)
		return ret;
	records = result(bench);
	if (!records || !records_count(records))
		return failed(BENCH ": %s: no result; is the module of another version?", command);
	for (i = 0; i < records_count(records); i++)
		take_record(bench, records, i, measure);
	return CTL_OK;
}

/*
 * Has a region verified or reported; adds what each core took to @measure. There
 * are very many of these: memory is given back each time.
 */
int bench_ask(struct bench *bench, const char *function, u32 region,
	      const char *cpus, struct measure *measure)
{
	void *mark = arena_mark();
	int ret = ask(bench, format("%s %u %s", function, region, cpus), measure);

	arena_release(mark);
	return ret;
}
