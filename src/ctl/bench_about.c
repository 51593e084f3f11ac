// SPDX-License-Identifier: GPL-2.0
/* bench: on which host, without which numbers of others can't be compared. */
#include <string.h>
#include <time.h>
#include <x86intrin.h>

#include "bench.h"
#include "check.h"

const struct column bench_host_columns[] = {
	{ "date", COLUMN_TEXT, "when it began, in UTC" },
	{ "model", COLUMN_TEXT, "the CPU's name" },
	{ "microcode", COLUMN_TEXT, "its microcode's revision" },
	{ "kernel", COLUMN_TEXT, "the kernel's release" },
	{ "version", COLUMN_TEXT, "rmpopt's version" },
	{ "tsc_khz", COLUMN_NUMBER, "TSC cycles in a ms, measured while it ran" },
	{ "cores", COLUMN_NUMBER, "cores that took part" },
	{ "regions", COLUMN_NUMBER, "regions that were measured" },
	{ }
};

/* Of the first CPU; NULL if it is not told. */
static const char *cpu_fact(const char *name)
{
	char *text = file_text("/proc/cpuinfo"), *line, *value;

	while ((line = next_line(&text))) {
		value = strchr(line, ':');
		if (value && !strncmp(line, name, strlen(name)))
			return value + 1 + strspn(value + 1, " ");
	}
	return NULL;
}

static u64 now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_RAW, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

static const char *date(void)
{
	time_t now = time(NULL);
	char text[32] = "";

	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
	return arena_copy(text);
}

/* Before the first instruction. */
void bench_begins(struct bench *bench, const struct host *host)
{
	bench->about = (struct bench_about){
		.date = date(),
		.model = cpu_fact("model name"),
		.microcode = cpu_fact("microcode"),
		.kernel = check_release(),
		.version = host->version,
		.began_ns = now_ns(),
		.began_tsc = __rdtsc(),
	};
}

/* Behind the last one: the time between is long, so the frequency is exact. */
void bench_ended(struct bench *bench)
{
	u64 ns = now_ns() - bench->about.began_ns;

	if (ns)
		bench->about.tsc_khz = (__rdtsc() - bench->about.began_tsc) * 1e6 / ns;
}

static void set(struct table *table, const char *column, const char *text)
{
	if (text && *text)
		table_set(table, column, "%s", text);
}

struct table *bench_host_table(const struct bench *bench)
{
	struct table *table = table_new("host", bench_host_columns);
	const struct bench_about *about = &bench->about;

	table_row(table);
	set(table, "date", about->date);
	set(table, "model", about->model);
	set(table, "microcode", about->microcode);
	set(table, "kernel", about->kernel);
	set(table, "version", about->version);
	if (about->tsc_khz)
		table_number(table, "tsc_khz", about->tsc_khz);
	table_number(table, "cores", bench->count);
	table_number(table, "regions", bench->regions.members);
	return table;
}

/* The same for people, in front of the table. */
void bench_host_show(const struct bench *bench)
{
	const struct bench_about *about = &bench->about;

	printf("rmpopt %s on %s, microcode %s\nLinux %s, %u core%s, %llu region%s, TSC %.1f MHz, %s\n\n",
	       about->version, about->model ?: "an unknown CPU",
	       about->microcode ?: "unknown", about->kernel,
	       bench->count, plural(bench->count),
	       bench->regions.members, plural(bench->regions.members),
	       about->tsc_khz / 1e3, about->date);
}
