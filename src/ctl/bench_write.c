// SPDX-License-Identifier: GPL-2.0
/*
 * bench: what an ordinary process gains. It writes 8 bytes at random places of
 * huge pages, on one core, with RMPOPT on and off.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

#define AREA		(256ul << 20)
#define HUGE_PAGE	(2ul << 20)
#define WRITES		(4u << 20)
#define ROUNDS		3

/* /proc/self/pagemap: bit 63 present, bits 54:0 the page's number. */
#define PAGE_PRESENT	BIT_ULL(63)
#define PAGE_NUMBER	(BIT_ULL(55) - 1)
#define REGION_PAGES	0x40000ull

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1e9 + time.tv_nsec;
}

/* ns of a write, the best of some rounds. */
static double time_writes(u64 *area)
{
	double best = 0, start, spent;
	u64 dice = 88172645463325252ull;
	u32 i, round;

	for (round = 0; round < ROUNDS; round++) {
		start = now();
		for (i = 0; i < WRITES; i++) {
			dice ^= dice << 13;
			dice ^= dice >> 7;
			dice ^= dice << 17;
			__atomic_store_n(&area[dice % (AREA / sizeof(*area))], dice, __ATOMIC_RELAXED);
		}
		spent = (now() - start) / WRITES;
		if (!round || spent < best)
			best = spent;
	}
	return best;
}

static bool stay_on(u32 cpu)
{
	cpu_set_t *set = CPU_ALLOC(cpu + 1);
	size_t size = CPU_ALLOC_SIZE(cpu + 1);
	int ret = -1;

	if (!set)
		return false;
	CPU_ZERO_S(size, set);
	CPU_SET_S(cpu, size, set);
	ret = sched_setaffinity(0, size, set);
	CPU_FREE(set);
	return !ret;
}

static bool region_of_page(int pagemap, const char *page, u64 *region)
{
	u64 entry;

	if (pread(pagemap, &entry, sizeof(entry), (unsigned long)page / 4096 * 8) != sizeof(entry) ||
	    !(entry & PAGE_PRESENT))
		return false;
	*region = (entry & PAGE_NUMBER) / REGION_PAGES;
	return true;
}

/* Has the regions of the area verified on that core; how many pages are in them. */
static int verify_area(struct bench *bench, const struct host *host,
		       const char *area, struct measure *measure)
{
	int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	const char *cpu = format("%u", bench->cores[0]);
	struct measure verify = { };
	u64 region, last = UNKNOWN;
	int ret = CTL_OK;
	size_t at;

	for (at = 0; pagemap >= 0 && at < AREA && !ret; at += HUGE_PAGE) {
		if (!region_of_page(pagemap, area + at, &region) ||
		    region >= REGIONS_MAX || !list_has(&host->covered, region))
			continue;
		measure->samples++;
		if (region != last) {
			verify.set = 0;
			ret = bench_ask(bench, "verify", region, cpu, &verify);
		}
		last = region;
		measure->set += !!verify.set;
	}
	if (pagemap >= 0)
		close(pagemap);
	return ret;
}

static int measure_writes(struct bench *bench, const struct host *host, char *area)
{
	struct measure on = { "write", "on", UNKNOWN, 1 };
	struct measure off = { "write", "off", UNKNOWN, 1 };
	int ret;

	memset(area, 1, AREA);
	ret = bench_do(bench, "on") ?: verify_area(bench, host, area, &on);
	if (ret)
		return ret;
	on.write_ns = time_writes((u64 *)area);
	ret = bench_do(bench, "off");
	if (ret)
		return ret;
	off.samples = on.samples;
	off.write_ns = time_writes((u64 *)area);
	ret = bench_do(bench, "on");
	bench_add(bench, &on);
	bench_add(bench, &off);
	return ret;
}

int bench_writes(struct bench *bench, const struct host *host)
{
	char *memory, *area;
	int ret;

	memory = mmap(NULL, AREA + HUGE_PAGE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return failed("no memory for writes: %s; %lu MiB are wanted", strerror(errno), AREA >> 20);
	area = (char *)(((unsigned long)memory + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1));
	madvise(area, AREA, MADV_HUGEPAGE);
	if (!stay_on(bench->cores[0]))
		ret = failed("can't stay on CPU %u: %s; is it in this program's cpuset?",
			     bench->cores[0], strerror(errno));
	else
		ret = measure_writes(bench, host, area);
	munmap(memory, AREA + HUGE_PAGE);
	return ret;
}
