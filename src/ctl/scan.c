// SPDX-License-Identifier: GPL-2.0
/*
 * scan: asks for a pass. Requests are numbered and merged; who waits for his
 * number to be served waits for a pass that began after he asked.
 */
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "follow.h"
#include "rmpopt.h"
#include "status.h"

#define NS	1000000000ull

/* How often progress is looked at: nothing tells of it. */
#define LOOK_MS	100

const struct column scan_columns[] = {
	{ "request", COLUMN_NUMBER, "its number" },
	{ "served", COLUMN_BOOL, "the pass has ended (with --wait)" },
	{ "result", COLUMN_TEXT, "ok, partial, cancelled, failed" },
	{ "duration_us", COLUMN_NUMBER, "how long the pass took, in us" },
	{ "stolen_us", COLUMN_NUMBER, "what it took of other cores' time, added up, in us" },
	{ "regions_covered", COLUMN_NUMBER, "regions looked after" },
	{ "regions_optimized", COLUMN_NUMBER, "of them optimized" },
	{ }
};

static u64 now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS + now.tv_nsec;
}

static int refused(int error)
{
	struct host host;

	if (error == ENODEV && host_read(&host))
		return failed("no scan now: rmpopt is %s: %s", host.state, host.reason);
	if (error == EACCES)
		return failed("can't write " SYSFS "scan; run this as root");
	return failed("can't write " SYSFS "scan: %s; rmpoptctl check says more",
		      strerror(error));
}

static void draw_bar(u64 done, u64 total)
{
	char bar[41];
	u64 filled = total ? done * 40 / total : 0;

	memset(bar, '.', 40);
	memset(bar, '#', filled);
	bar[40] = '\0';
	fprintf(stderr, "\r[%s] %llu of %llu", bar, done, total);
}

/* A bar on a terminal, else a line for each tenth. */
static void show_progress(const struct host *host, u64 *shown)
{
	u64 tenth = host->total ? 10 * host->done / host->total : 0;

	if (!host->total || options.json)
		return;
	if (is_screen(STDERR_FILENO)) {
		draw_bar(host->done, host->total);
	} else if (tenth != *shown) {
		fprintf(stderr, "%llu of %llu instructions\n", host->done, host->total);
		*shown = tenth;
	}
}

/* Reads @host until the request is served; 0, ETIME or the error of a read. */
static int wait_served(struct host *host, u64 number)
{
	u64 end = options.timeout ? now_ns() + options.timeout * NS : ~0ull;
	u64 shown = ~0ull;
	struct follow follow;
	int error = follow_open(&follow);

	while (!error) {
		arena_clear();
		if (!host_read(host))
			error = ENODEV;
		else if (host->served != UNKNOWN && host->served >= number)
			break;
		else if (now_ns() >= end)
			error = ETIME;
		else
			show_progress(host, &shown);
		if (!error)
			error = follow_wait(&follow, LOOK_MS);
	}
	follow_close(&follow);
	if (is_screen(STDERR_FILENO) && !options.json)
		fprintf(stderr, "\r\033[K");
	return error;
}

static void print_row(const struct host *host, u64 number, bool served)
{
	struct table *table = table_new("scan", scan_columns);

	table_row(table);
	table_number(table, "request", number);
	table_bool(table, "served", served);
	if (served) {
		if (*host->last_result)
			table_set(table, "result", "%s", host->last_result);
		if (host->last_pass_us != UNKNOWN)
			table_number(table, "duration_us", host->last_pass_us);
		if (host->last_stolen_us != UNKNOWN)
			table_number(table, "stolen_us", host->last_stolen_us);
	}
	if (host->regions_covered != UNKNOWN)
		table_number(table, "regions_covered", host->regions_covered);
	if (host->regions_optimized != UNKNOWN)
		table_number(table, "regions_optimized", host->regions_optimized);
	table_print(table);
}

static bool plain(void)
{
	return !options.json && !options.output && !options.no_headings;
}

static int tell_result(const struct host *host, u64 number)
{
	const char *share = status_share(host), *cost = status_cost(host);
	bool ok = !strcmp(host->last_result, "ok");

	if (!plain())
		print_row(host, number, true);
	else
		printf("%s%s%s%s%s\n", host->last_result, *share ? ": " : "", share,
		       *cost ? "; " : "", cost);
	if (ok)
		return CTL_OK;
	if (strcmp(host->last_result, "partial"))
		return failed("the scan was %s; rmpopt is %s: %s",
			      host->last_result, host->state, host->reason);
	failed("the scan is partial: a core could not be reached in time, or a leader left; rmpoptctl cores shows who is behind");
	return CTL_PARTLY;
}

static int wait_and_tell(u64 number)
{
	struct host host;
	int error = wait_served(&host, number);

	if (error == ETIME && !plain())
		print_row(&host, number, false);
	if (error == ETIME)
		return failed("request %llu is not served after %u s; it goes on, rmpoptctl watch shows it",
			      number, options.timeout);
	if (error)
		return failed("request %llu: the files in " SYSFS " have gone: %s; was the module unloaded?",
			      number, strerror(error));
	return tell_result(&host, number);
}

int run_scan(char **arguments)
{
	const char *word = options.full ? "full" : options.later ? "later" : "now";
	struct host host;
	u64 number;
	int error;

	(void)arguments;
	if (options.full && options.later)
		return misused("--full and --later exclude each other");
	if (options.timeout && !options.wait)
		return misused("--timeout wants --wait");
	if (!host_loaded())
		return host_missing(NULL, NULL);
	error = file_write(SYSFS "scan", word);
	if (error)
		return refused(error);
	/* Requests of others may have come between: theirs include ours. */
	if (!file_number(&number, SYSFS "requested") || !host_read(&host))
		return failed("can't read " SYSFS "requested; was the module unloaded?");
	if (options.wait)
		return wait_and_tell(number);
	if (!plain())
		print_row(&host, number, false);
	else
		printf("request %llu; rmpoptctl watch shows what comes of it\n", number);
	return CTL_OK;
}
