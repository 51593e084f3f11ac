// SPDX-License-Identifier: GPL-2.0
/*
 * What a process for each region would take long for:
 *
 *	regions assign FIRST STEP LAST
 *		one page of each of these regions to a guest: page R of region R, ASID 1 + R % 900
 *	regions pages LAST
 *		how many pages of each region up to LAST are not the hypervisor's, in one line; of those
 *		that the RMP covers
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"

#define PAGES_PER_REGION	262144u

typedef uint64_t u64;

static int assign(u64 first, u64 step, u64 last)
{
	for (u64 region = first; region <= last; region += step) {
		u64 v[3] = { region * PAGES_PER_REGION + region, 1 + region % 900 };

		if (machine_call(MACHINE_ASSIGN, v)) {
			fprintf(stderr, "regions: region %ju: refused\n", region);
			return 1;
		}
	}
	return 0;
}

static int pages(u64 last)
{
	const char *blank = "";

	for (u64 region = 0; region <= last; region++) {
		u64 v[3] = { region };

		if (machine_call(MACHINE_PAGES, v))
			continue;
		printf("%s%ju", blank, v[0]);
		blank = " ";
	}
	putchar('\n');
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 5 && !strcmp(argv[1], "assign") && atoi(argv[3]) > 0)
		return assign(strtoul(argv[2], NULL, 0), strtoul(argv[3], NULL, 0),
			      strtoul(argv[4], NULL, 0));
	if (argc == 3 && !strcmp(argv[1], "pages"))
		return pages(strtoul(argv[2], NULL, 0));
	fprintf(stderr, "usage: regions assign FIRST STEP LAST | pages LAST\n");
	return 2;
}
