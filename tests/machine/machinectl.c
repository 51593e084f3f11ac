// SPDX-License-Identifier: GPL-2.0
/*
 * machinectl: the control leaf for shell scripts inside the guest.
 * Prints bare values; see usage below and control.h.
 */
#define _GNU_SOURCE
#include <cpuid.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "call.h"
#include "machinectl-knobs.h"
#include "machinectl-lib.h"
#include "machinectl-psp.h"
#include "machinectl.h"

void fail(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fputs("machinectl: ", stderr);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
	va_end(args);
	exit(1);
}

/* The results overwrite @abc; any error ends the program. */
void ask(enum machine_op op, u64 abc[3])
{
	u64 error = machine_call(op, abc);

	if (error)
		fail("the machine refuses: %s", strerror(error));
}

u64 number(const char *text)
{
	char *end;
	u64 value;

	errno = 0;
	value = strtoull(text, &end, 0);
	if (errno || end == text || *end)
		fail("%s is not a number", text);
	return value;
}

u64 cpu_number(const char *text)
{
	return text && strcmp(text, "all") ? number(text) : MACHINE_ALL;
}

u64 lookup(const struct word *words, const char *text)
{
	for (const struct word *w = words; text && w->name; w++)
		if (!strcmp(w->name, text))
			return w->value;
	fprintf(stderr, "machinectl: %s is none of", text ? text : "(nothing)");
	for (const struct word *w = words; w->name; w++)
		fprintf(stderr, " %s", w->name);
	fputc('\n', stderr);
	exit(1);
}

static void hello(char **arg)
{
	u64 v[3] = { 0 };

	ask(MACHINE_HELLO, v);
	printf("%ju %ju\n", v[1], v[2]);
}

static u64 counter(u64 which, u64 cpu)
{
	u64 v[3] = { which, cpu };

	ask(MACHINE_COUNT, v);
	return v[0];
}

static void count(char **arg)
{
	u64 which = lookup(counters, *arg++);

	do {
		printf("%ju\n", counter(which, cpu_number(*arg)));
	} while (*arg && *++arg);
}

static void counts(char **arg)
{
	for (const struct word *w = counters; w->name; w++)
		printf("%s %ju\n", w->name, counter(w->value, cpu_number(arg[0])));
}

void simple(enum machine_op op, u64 a, u64 b, u64 c)
{
	u64 v[3] = { a, b, c };

	ask(op, v);
}

static void reset(char **arg)
{
	simple(MACHINE_RESET, 0, 0, 0);
}

static void assign(char **arg)
{
	if (!arg[0] || !arg[1])
		fail("assign wants PFN and ASID");
	simple(MACHINE_ASSIGN, number(arg[0]), number(arg[1]), lookup(sizes, arg[2] ? arg[2] : "4k"));
}

static void release(char **arg)
{
	if (!arg[0])
		fail("release wants a PFN");
	simple(MACHINE_RELEASE, number(arg[0]), 0, lookup(sizes, arg[1] ? arg[1] : "4k"));
}

static void snp(char **arg)
{
	u64 v[3] = { lookup(snp_names, arg[0] ? arg[0] : "query") };

	ask(MACHINE_SNP, v);
	printf("%ju %ju\n", v[0], v[1]);
}

static void event(char **arg)
{
	if (!arg[0] || !arg[1])
		fail("event wants N and NAME");
	simple(MACHINE_EVENT, number(arg[0]), lookup(event_names, arg[1]), cpu_number(arg[2]));
}

static void events(char **arg)
{
	u64 v[3] = { 0 };

	ask(MACHINE_EVENTS, v);
	printf("%ju %ju\n", v[0], v[1]);
}

static void wait_gate(char **arg)
{
	const struct timespec pause = { .tv_nsec = 20000000 };
	time_t end = time(NULL) + 30;
	u64 v[3] = { 0 }, wanted = 1;

	if (arg[0] && !strcmp(arg[0], "--timeout") && arg[1]) {
		end += number(arg[1]) - 30;
		arg += 2;
	}
	if (arg[0])
		wanted = number(arg[0]);
	for (;;) {
		ask(MACHINE_EVENTS, v);
		if (v[1] >= wanted)
			return;
		if (time(NULL) > end)
			fail("%ju vCPUs at the gate, %ju events not fired", v[1], v[0]);
		nanosleep(&pause, NULL);
	}
}

static void open_gate(char **arg)
{
	bool step = arg[0] && !strcmp(arg[0], "step");

	if (arg[0] && !step)
		simple(MACHINE_OPEN, 2, number(arg[0]), 0);
	else
		simple(MACHINE_OPEN, step, 0, 0);
}

static void truth(char **arg)
{
	u64 v[3] = { 0 };

	ask(MACHINE_TRUTH, v);
	printf("%ju %ju %ju\n", v[0], v[1], v[2]);
}

/* Bits of a region: 1 the core's, 2 in its window, 4 wholly hypervisor-owned; -1: beyond the end. */
static int region_bits(u64 cpu, u64 region)
{
	u64 v[3] = { cpu, region };

	if (machine_call(MACHINE_BIT, v))
		return -1;
	return v[0] | v[1] << 1 | v[2] << 2;
}

static u64 core_base(u64 cpu)
{
	u64 v[3] = { cpu, 0xc0010139 };

	ask(MACHINE_RDMSR, v);
	return (v[0] & ((1ull << 52) - 1)) >> 30;
}

static void table(char **arg)
{
	u64 cpu, region, start = 0, base;
	bool before = false;
	const char *comma = "";

	if (!arg[0])
		fail("table wants a CPU");
	cpu = number(arg[0]);
	base = core_base(cpu);
	for (region = base; region <= base + 2048; region++) {
		int bits = region < base + 2048 ? region_bits(cpu, region) : 0;
		bool set = bits > 0 && bits & 1;

		if (set && !before)
			start = region;
		if (!set && before) {
			printf(region - start > 1 ? "%s%ju-%ju" : "%s%ju", comma, start, region - 1);
			comma = ",";
		}
		before = set;
	}
	putchar('\n');
}

static void bit(char **arg)
{
	u64 v[3] = { 0 };

	if (!arg[0] || !arg[1])
		fail("bit wants CPU and REGION");
	v[0] = number(arg[0]);
	v[1] = number(arg[1]);
	ask(MACHINE_BIT, v);
	printf("%ju %ju %ju\n", v[0], v[1], v[2]);
}

static void map_row(u64 region, u64 cpus, u64 threads)
{
	int owned = region_bits(0, region) & 4;

	printf("%6ju %c ", region, owned ? 'o' : 'x');
	for (u64 cpu = 0; cpu < cpus; cpu += threads) {
		int bits = region_bits(cpu, region);

		putchar(bits & 1 ? '#' : bits & 2 ? '.' : '-');
	}
	putchar('\n');
}

/* Without LAST only rows that tell something: owned by the hypervisor, or with pages assigned. */
static void map(char **arg)
{
	u64 v[3] = { 0 }, last = arg[0] ? number(arg[0]) : 65535, cpus, threads;

	ask(MACHINE_HELLO, v);
	cpus = v[1];
	threads = v[2];
	for (u64 region = 0; region <= last; region++) {
		u64 pages[3] = { region };

		if (!machine_call(MACHINE_PAGES, pages))
			map_row(region, cpus, threads);
	}
}

static void rdmsr(char **arg)
{
	u64 v[3] = { 0 };

	if (!arg[0] || !arg[1])
		fail("rdmsr wants CPU and MSR");
	v[0] = number(arg[0]);
	v[1] = number(arg[1]);
	ask(MACHINE_RDMSR, v);
	printf("%#jx\n", v[0]);
}

static void wrmsr(char **arg)
{
	if (!arg[0] || !arg[1] || !arg[2])
		fail("wrmsr wants CPU, MSR and VALUE");
	simple(MACHINE_WRMSR, number(arg[0]), number(arg[1]), number(arg[2]));
}

static void pages(char **arg)
{
	u64 v[3] = { 0 };

	if (!arg[0])
		fail("pages wants a REGION");
	v[0] = number(arg[0]);
	ask(MACHINE_PAGES, v);
	printf("%ju %ju %#jx\n", v[0], v[1], v[2]);
}

static void mark(char **arg)
{
	if (!arg[0])
		fail("mark wants a CPU, or all");
	simple(MACHINE_MARK, cpu_number(arg[0]), 0, 0);
}

static void fresh(char **arg)
{
	simple(MACHINE_FRESH, lookup(profiles, arg[0]), 0, 0);
}

static void spin(char **arg)
{
	(void)arg;
	simple(MACHINE_SPIN, 0, 0, 0);
}

static void status(char **arg)
{
	if (!arg[0])
		fail("status wants a number");
	simple(MACHINE_STATUS, number(arg[0]), 0, 0);
}

static const struct {
	const char *name;
	void (*run)(char **arg);
} commands[] = {
	{ "hello", hello }, { "count", count }, { "counts", counts }, { "reset", reset },
	{ "assign", assign }, { "release", release }, { "snp", snp }, { "event", event },
	{ "events", events }, { "wait-gate", wait_gate }, { "open", open_gate },
	{ "truth", truth }, { "table", table }, { "bit", bit }, { "map", map },
	{ "slow", slow }, { "patience", patience }, { "mark", mark },
	{ "rdmsr", rdmsr }, { "wrmsr", wrmsr }, { "pages", pages }, { "costs", costs },
	{ "crowd", crowd }, { "faulty", faulty }, { "lose", lose }, { "profile", profile },
	{ "fresh", fresh }, { "status", status }, { "psp", psp }, { "states", states },
	{ "guest", guest }, { "clearable", clearable }, { "en-stays", en_stays }, { "deaf", deaf },
	{ "base-bits", base_bits }, { "fault-region", fault_region },
	{ "answer", answer }, { "answers", answers }, { "region-faults", region_faults }, { "fault-nth", fault_nth }, { "rmpread-busy", rmpread_busy },
	{ "spin", spin },
};

static void check_machine(void)
{
	u64 v[3] = { 0 };

	if (machine_call(MACHINE_HELLO, v) || v[0] != MACHINE_MAGIC)
		fail("this is not the emulated host (no answer at CPUID leaf %#x)", MACHINE_LEAF);
}

int main(int argc, char **argv)
{
	if (argc < 2 || !strcmp(argv[1], "--help")) {
		fputs(usage, argc < 2 ? stderr : stdout);
		return argc < 2;
	}
	check_machine();
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(argv[1], commands[i].name))
			continue;
		commands[i].run(argv + 2);
		return 0;
	}
	fail("no command %s, see machinectl --help", argv[1]);
	return 1;
}
