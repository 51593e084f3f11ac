// SPDX-License-Identifier: GPL-2.0
/*
 * sleeper CPU - an ordinary task that wants a CPU for a moment every millisecond,
 * until it is killed. Says "ready" on stdout when it does.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int main(int count, char **arg)
{
	struct timespec pause = { .tv_nsec = 1000000 };
	cpu_set_t cpus;

	if (count != 2) {
		fputs("usage: sleeper CPU\n", stderr);
		return 2;
	}
	CPU_ZERO(&cpus);
	CPU_SET(strtoul(arg[1], NULL, 10), &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus)) {
		perror("sleeper");
		return 1;
	}
	puts("ready");
	fflush(stdout);
	for (;;)
		clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
}
