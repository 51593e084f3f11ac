// SPDX-License-Identifier: GPL-2.0
/*
 * Pages of many regions at once, for benches inside the emulated machine:
 *
 *	pages assign|release FIRST STEP COUNT PAGE
 *		PAGE (0 ... 262143) of COUNT regions: FIRST, FIRST + STEP, ...
 *	pages owned
 *		prints how many regions the RMP covers, and how many are wholly the hypervisor's
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"

#define PAGES_PER_REGION	262144u
#define REGIONS_MAX		65536u

typedef uint64_t u64;

static int change(enum machine_op op, char **arg)
{
	u64 first = strtoul(arg[0], NULL, 0), step = strtoul(arg[1], NULL, 0);
	u64 count = strtoul(arg[2], NULL, 0), page = strtoul(arg[3], NULL, 0);

	for (u64 i = 0; i < count; i++) {
		u64 v[3] = { (first + i * step) * PAGES_PER_REGION + page, op == MACHINE_ASSIGN };

		if (machine_call(op, v)) {
			fprintf(stderr, "pages: region %ju: refused\n", first + i * step);
			return 1;
		}
	}
	return 0;
}

static int owned(void)
{
	unsigned int covered = 0, whole = 0;

	for (u64 region = 0; region < REGIONS_MAX; region++) {
		u64 pages[3] = { region }, bit[3] = { 0, region };

		if (machine_call(MACHINE_PAGES, pages) || machine_call(MACHINE_BIT, bit))
			continue;
		covered++;
		whole += !!bit[2];
	}
	printf("%u %u\n", covered, whole);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "owned"))
		return owned();
	if (argc == 6 && !strcmp(argv[1], "assign"))
		return change(MACHINE_ASSIGN, argv + 2);
	if (argc == 6 && !strcmp(argv[1], "release"))
		return change(MACHINE_RELEASE, argv + 2);
	fputs("usage: pages assign|release FIRST STEP COUNT PAGE, or pages owned\n", stderr);
	return 2;
}
