// SPDX-License-Identifier: GPL-2.0
/*
 * hog CPU - keep a CPU for itself, as a real-time task, until it is killed.
 * Says "ready" on stdout when it has that CPU.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int count, char **arg)
{
	struct sched_param param = { .sched_priority = 50 };
	cpu_set_t cpus;

	if (count != 2) {
		fputs("usage: hog CPU\n", stderr);
		return 2;
	}
	CPU_ZERO(&cpus);
	CPU_SET(strtoul(arg[1], NULL, 10), &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus) ||
	    sched_setscheduler(0, SCHED_FIFO, &param)) {
		perror("hog");
		return 1;
	}
	puts("ready");
	fflush(stdout);
	execlp("machinectl", "machinectl", "spin", NULL);
	perror("machinectl");
	return 1;
}
