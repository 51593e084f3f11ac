// SPDX-License-Identifier: GPL-2.0
/*
 * tsc: prints how many kHz the TSC of this machine has, which is that of QEMU's vCPUs, too.
 *
 * A guest's kernel would measure it by the emulated PIT, and may find a small part of it if QEMU
 * is not scheduled in time: its clock then runs many times too fast.
 */
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <x86intrin.h>

#define WINDOW_NS	50000000ll
#define TRIES		100

struct moment {
	uint64_t tsc;
	int64_t ns;
};

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
	return ts.tv_sec * 1000000000ll + ts.tv_nsec;
}

/* Both clocks at once: of many tries the one between whose two TSCs least time has passed. */
static struct moment moment(void)
{
	struct moment best = { };
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < TRIES; i++) {
		uint64_t before = __rdtsc();
		int64_t ns = now_ns();
		uint64_t took = __rdtsc() - before;

		if (took < least) {
			least = took;
			best = (struct moment){ before + took / 2, ns };
		}
	}
	return best;
}

int main(void)
{
	struct timespec window = { .tv_nsec = WINDOW_NS };
	struct moment begin = moment(), end;

	nanosleep(&window, NULL);
	end = moment();
	printf("%.0f\n", (end.tsc - begin.tsc) * 1e6 / (end.ns - begin.ns));
	return 0;
}
