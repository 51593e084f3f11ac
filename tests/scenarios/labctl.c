// SPDX-License-Identifier: GPL-2.0
/*
 * labctl: one call of /dev/rmpopt_lab. Prints "ok" and what came of it, or the
 * name of the errno.
 *
 *	labctl info			version and flags
 *	labctl run CPULIST FLAGS LIMIT WHAT:TIMES:RAX:RCX...
 *					then for each CPU what each operation did: cf0, cf1,
 *					done or the vector; not-run
 *	labctl bad FIELD VALUE		a run of one report on CPU 0 with that field of
 *					struct lab_run set so; op.FIELD: of its operation
 *	labctl take REGION		a page of that region, which is given back at once
 *	labctl take-bad FIELD VALUE	the same, with that field of struct lab_take set so
 *	labctl convert REGION		such a page is turned over to a guest before that
 *	labctl stranger PAGE		a page that was not taken is turned over
 *	labctl hold FILE		the device stays open until FILE is gone; says "open" first
 *	labctl keep REGION FILE		such a page is turned over, and taken back when FILE is gone;
 *					says "open" before it waits for that
 *	labctl none			an ioctl that does not exist
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "rmpopt_lab.h"

#define GIB		(1ull << 30)
#define MAX_CPUS	64u
#define MAX_OPS		16u

static int fd;

/* Says how a call ended; true if well. */
static int ended(int error)
{
	puts(error ? strerrorname_np(error) : "ok");
	return !error;
}

static int call(unsigned long command, void *argument)
{
	return ioctl(fd, command, argument) ? errno : 0;
}

static uint64_t number(const char *text)
{
	return strtoull(text, NULL, 0);
}

/* "0,2-3" as bits; of CPUs below 64. */
static uint64_t cpu_bits(const char *list)
{
	uint64_t bits = 0;
	char *end;

	for (;; list = end + 1) {
		unsigned long first = strtoul(list, &end, 0), last = first;

		if (*end == '-')
			last = strtoul(end + 1, &end, 0);
		for (; first <= last && first < MAX_CPUS; first++)
			bits |= 1ull << first;
		if (*end != ',')
			return bits;
	}
}

static void show_result(const struct lab_op *op, const struct lab_result *result)
{
	if (result->outcome == LAB_NOT_RUN)
		printf(" not-run");
	else if (result->outcome == LAB_FAULT)
		printf(" vector-%u", result->vector);
	else if (op->what == LAB_RMPOPT)
		printf(" cf%u", result->cf);
	else
		printf(" done");
}

static int run(char **arg, int count)
{
	static struct lab_result results[MAX_CPUS * MAX_OPS];
	struct lab_op ops[MAX_OPS];
	uint64_t bits = cpu_bits(arg[0]);
	struct lab_run run = {
		.cpus = (uintptr_t)&bits, .cpus_bytes = sizeof(bits), .ops = (uintptr_t)ops,
		.results = (uintptr_t)results, .flags = number(arg[1]), .limit_ms = number(arg[2]),
	};
	const struct lab_result *result = results;
	int error;

	for (run.nr_ops = 0; (int)run.nr_ops < count - 3; run.nr_ops++) {
		struct lab_op *op = &ops[run.nr_ops];
		unsigned long long rax, rcx;

		if (sscanf(arg[3 + run.nr_ops], "%u:%u:%lli:%lli", &op->what, &op->times,
			   (long long *)&rax, (long long *)&rcx) != 4)
			return 2;
		op->rax = rax;
		op->rcx = rcx;
	}
	error = call(LAB_RUN, &run);
	if (!ended(error) && error != ETIMEDOUT)
		return 0;
	for (unsigned int cpu = 0; cpu < MAX_CPUS; cpu++) {
		if (!(bits & 1ull << cpu))
			continue;
		printf("%u", cpu);
		for (unsigned int i = 0; i < run.nr_ops; i++)
			show_result(&ops[i], result++);
		putchar('\n');
	}
	return 0;
}

struct field {
	const char *name;
	size_t offset, size;
};

#define FIELD(type, name)	{ #name, offsetof(struct type, name), sizeof(((struct type *)0)->name) }

static const struct field run_fields[] = {
	FIELD(lab_run, cpus), FIELD(lab_run, ops), FIELD(lab_run, results), FIELD(lab_run, cpus_bytes),
	FIELD(lab_run, nr_ops), FIELD(lab_run, limit_ms), FIELD(lab_run, flags), FIELD(lab_run, page),
	FIELD(lab_run, pad), { 0 }
};

static const struct field op_fields[] = {
	FIELD(lab_op, what), FIELD(lab_op, times), FIELD(lab_op, rax), FIELD(lab_op, rcx), { 0 }
};

static const struct field take_fields[] = {
	FIELD(lab_take, region), FIELD(lab_take, node), FIELD(lab_take, tries), FIELD(lab_take, pad), { 0 }
};

static void set(void *where, const struct field *field, const char *name, const char *value)
{
	uint64_t number_of = number(value);

	for (; field->name; field++) {
		if (strcmp(field->name, name))
			continue;
		memcpy((char *)where + field->offset, &number_of, field->size);
		return;
	}
	fprintf(stderr, "labctl: no field %s\n", name);
	exit(2);
}

static int bad(const char *name, const char *value)
{
	/* Room for what a run of too many would write, were it not refused. */
	struct lab_op *ops = calloc(LAB_MAX_OPS + 1, sizeof(*ops));
	struct lab_result *results = calloc(LAB_MAX_OPS + 1, sizeof(*results));
	uint64_t bits[4] = { 1 };
	struct lab_run run = {
		.cpus = (uintptr_t)bits, .cpus_bytes = 8, .ops = (uintptr_t)ops, .nr_ops = 1,
		.results = (uintptr_t)results, .limit_ms = 1000,
	};

	if (!ops || !results)
		return 1;
	for (unsigned int i = 0; i <= LAB_MAX_OPS; i++)
		ops[i] = (struct lab_op){ .what = LAB_RMPOPT, .times = 1, .rcx = 1 };
	if (!strncmp(name, "op.", 3))
		set(ops, op_fields, name + 3, value);
	else if (!strcmp(name, "bits"))
		bits[0] = number(value);
	else if (!strcmp(name, "far-bits"))
		bits[3] = number(value), run.cpus_bytes = sizeof(bits);
	else
		set(&run, run_fields, name, value);
	ended(call(LAB_RUN, &run));
	return 0;
}

static int take(const char *region, const char *name, const char *value, int convert)
{
	struct lab_take take = { .region = number(region), .node = -1, .tries = 1u << 20 };
	struct lab_convert over = { .private = 1 };
	int error;

	if (name)
		set(&take, take_fields, name, value);
	error = call(LAB_TAKE, &take);
	if (!ended(error) || !convert)
		return 0;
	over.page = take.page;
	if (ended(call(LAB_CONVERT, &over)))
		ended(over.error);
	ended(call(LAB_CONVERT, &over));
	return 0;
}

static int stranger(const char *page)
{
	struct lab_convert over = { .page = number(page), .private = 1 };

	ended(call(LAB_CONVERT, &over));
	return 0;
}

static int hold(const char *file)
{
	puts("open");
	fflush(stdout);
	while (!access(file, F_OK))
		usleep(20000);
	return 0;
}

static int keep(const char *region, const char *file)
{
	struct lab_take take = { .region = number(region), .node = -1, .tries = 1u << 20 };
	struct lab_convert over = { .private = 1 };

	if (!ended(call(LAB_TAKE, &take)))
		return 0;
	over.page = take.page;
	if (!ended(call(LAB_CONVERT, &over)))
		return 0;
	ended(over.error);
	hold(file);
	over.private = 0;
	if (ended(call(LAB_CONVERT, &over)))
		ended(over.error);
	return 0;
}

static int info(void)
{
	struct lab_segment segments[8] = { 0 };
	struct lab_info info = { .max_segments = 8, .segments = (uintptr_t)segments };

	if (!ended(call(LAB_INFO, &info)))
		return 0;
	printf("version %u flags 0x%x segments %u", info.version, info.flags, info.nr_segments);
	for (unsigned int i = 0; i < info.nr_segments && i < 8; i++)
		printf(" %u+%u@0x%llx", segments[i].first, segments[i].regions,
		       (unsigned long long)segments[i].rmp);
	putchar('\n');
	return 0;
}

int main(int count, char **arg)
{
	const char *what = count > 1 ? arg[1] : "";

	fd = open("/dev/rmpopt_lab", O_RDWR);
	if (fd < 0)
		return !ended(errno);
	if (!strcmp(what, "info"))
		return info();
	if (!strcmp(what, "run") && count > 5)
		return run(arg + 2, count - 2);
	if (!strcmp(what, "bad") && count == 4)
		return bad(arg[2], arg[3]);
	if ((!strcmp(what, "take") || !strcmp(what, "convert")) && count == 3)
		return take(arg[2], NULL, NULL, *what == 'c');
	if (!strcmp(what, "take-bad") && count == 4)
		return take("0", arg[2], arg[3], 0);
	if (!strcmp(what, "stranger") && count == 3)
		return stranger(arg[2]);
	if (!strcmp(what, "hold") && count == 3)
		return hold(arg[2]);
	if (!strcmp(what, "keep") && count == 4)
		return keep(arg[2], arg[3]);
	if (!strcmp(what, "none"))
		return ended(call(_IO('R', 0x7f), NULL)), 0;
	return 2;
}
