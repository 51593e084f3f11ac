// SPDX-License-Identifier: GPL-2.0
/*
 * scan: requests a pass. Requests are numbered and merged; --wait waits until its
 * own number is served, that is for a pass that began after the request.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "eta.h"
#include "follow.h"
#include "rmpopt.h"
#include "status.h"

#define NS	1000000000ull

/* How often progress is read, as there is no notification for it. */
#define LOOK_MS	100

/* Width of the bar, and the least for which there is one. */
#define BAR		40
#define BAR_LEAST	8

/* No progress has been shown. */
#define NOTHING		(~0ull)

const struct column scan_columns[] = {
	{ "request", COLUMN_NUMBER, "number of the request" },
	{ "served", COLUMN_BOOL, "the pass has ended (with --wait)" },
	{ "result", COLUMN_TEXT, "ok, partial, cancelled, or failed" },
	{ "duration_us", COLUMN_NUMBER, "how long the pass took, in microseconds" },
	{ "stolen_us", COLUMN_NUMBER, "how much time it took from other cores in total, in microseconds" },
	{ "regions_covered", COLUMN_NUMBER, "regions covered" },
	{ "regions_optimized", COLUMN_NUMBER, "regions optimized" },
	{ }
};

static int refused(int error)
{
	struct host host;

	if (error == EOPNOTSUPP && host_read(&host))
		return failed("no pass: %s; in view-only mode there are none", host_why(&host));
	if (error == ENODEV && host_read(&host))
		return failed("no pass now: rmpopt %s: %s", host_is(&host), host.reason);
	if (error == EACCES)
		return failed("can't write " SYSFS "scan; run this as root");
	return failed("can't write " SYSFS "scan: %s; see rmpoptctl check",
		      strerror(error));
}

/*
 * The bar, where it fits, the share, and @text, where that fits; room is left
 * for the ^C of a terminal.
 */
static void draw_bar(u64 done, u64 total, const char *text)
{
	u32 width = screen_width(STDERR_FILENO) ?: 80;
	const char *share = format("%3llu %%", 100 * done / total);
	u32 used = strlen(share) + 6 + strlen(text);
	u32 length = used < width ? width - used : 0;
	char bar[BAR + 1] = "";

	if (length > BAR)
		length = BAR;
	memset(bar, '.', length);
	memset(bar, '#', done * length / total);
	if (length >= BAR_LEAST)
		fprintf(stderr, "\r[%s] %s%s\033[K", bar, share, text);
	else
		fprintf(stderr, "\r%s%s\033[K", share, used <= width ? text : "");
}

/* A bar on a terminal, else a line for each tenth. */
static void show_progress(const struct host *host, u64 left, u64 *shown)
{
	u64 done = host->done, total = host->total;

	if (!total || options.json)
		return;
	if (is_screen(STDERR_FILENO))
		draw_bar(done, total, format("  %llu of %llu%s", done, total, left == UNKNOWN ? "" :
					     format(", about %s left", seconds_text(left))));
	else if (10 * done / total != *shown)
		fprintf(stderr, "%llu of %llu instructions\n", done, total);
	*shown = 10 * done / total;
}

/* The bar of a complete pass stays, any other one is removed. */
static void end_progress(bool through, u64 shown)
{
	if (shown == NOTHING || options.json || !is_screen(STDERR_FILENO))
		return;
	if (through)
		draw_bar(1, 1, "");
	fputs(through ? "\n" : "\r\033[K", stderr);
}

/* Reads @host until the request is served; 0, ETIME or the error of a read. */
static int wait_served(struct host *host, u64 number)
{
	u64 end = options.timeout ? eta_now_ns() + options.timeout * NS : ~0ull;
	u64 shown = NOTHING;
	struct eta eta = { };
	struct follow follow;
	int error = follow_open(&follow);

	while (!error) {
		arena_clear();
		if (!host_read(host))
			error = ENODEV;
		else if (host->served != UNKNOWN && host->served >= number)
			break;
		else if (eta_now_ns() >= end)
			error = ETIME;
		else
			show_progress(host, eta_seconds(&eta, host), &shown);
		if (!error)
			error = follow_wait(&follow, LOOK_MS);
	}
	follow_close(&follow);
	end_progress(!error && !strcmp(host->last_result, "ok"), shown);
	return error;
}

static void print_row(const struct host *host, u64 number, bool served)
{
	struct table *table = table_new("scan", scan_columns, NULL);

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

static int tell_failure(const struct host *host)
{
	bool cancelled = strcmp(host->last_result, "failed");

	if (!host_takes_requests(host) || strcmp(host->reason, "ok"))
		return failed("the pass %s; rmpopt %s: %s", cancelled ? "was cancelled" : "failed",
			      host_is(host), host->reason);
	if (cancelled)
		return failed("the pass was cancelled by a request, or because rmpopt was stopped or suspended meanwhile; to request it again: rmpoptctl scan --wait");
	return failed("the pass failed, but rmpopt works again; to request another one: rmpoptctl scan --wait");
}

static int tell_result(const struct host *host, u64 number)
{
	const char *share = status_share(host), *cost = status_cost(host);
	bool ok = !strcmp(host->last_result, "ok");

	if (table_wanted())
		print_row(host, number, true);
	else
		fold(0, 2, format("%s%s%s%s%s", host->last_result, *share ? ": " : "",
				  share, *cost ? "; " : "", cost));
	if (ok)
		return CTL_OK;
	if (strcmp(host->last_result, "partial"))
		return tell_failure(host);
	failed("the pass was partial: a core did not respond in time, or left; rmpoptctl cores shows which cores are behind");
	return CTL_PARTLY;
}

/* What is known of the last pass is not about this request if none has ended since. */
static void forget_earlier(struct host *host, u64 passes)
{
	if (host->passes == UNKNOWN || host->passes != passes)
		return;
	host->last_pass_us = UNKNOWN;
	host->last_stolen_us = UNKNOWN;
}

/* @passes: how many had ended before the request */
static int wait_and_tell(u64 number, u64 passes)
{
	struct host host;
	int error = wait_served(&host, number);

	if (error == ETIME && table_wanted())
		print_row(&host, number, false);
	if (error == ETIME)
		return failed("request %llu is not served after %u s; it continues, rmpoptctl watch shows it",
			      number, options.timeout);
	if (error == EINTR) {
		failed("request %llu continues; rmpoptctl watch shows it", number);
		follow_die();
	}
	if (error)
		return failed("request %llu: " SYSFS " is gone: %s; was the module unloaded?",
			      number, strerror(error));
	forget_earlier(&host, passes);
	return tell_result(&host, number);
}

static const char *request_word(void)
{
	if (options.cancel)
		return "cancel";
	return options.full ? "full" : options.later ? "later" : "now";
}

/* Returns 0 or an errno. */
static int request(void)
{
	int error = file_write(SYSFS "scan", request_word());
	struct host host;

	/* The state that refused it may be over. */
	if (error == ENODEV && host_read(&host) && host_takes_requests(&host))
		error = file_write(SYSFS "scan", request_word());
	return error;
}

static int tell_request(const struct host *host, u64 number)
{
	if (table_wanted())
		print_row(host, number, false);
	else if (options.cancel)
		puts("cancelled; rmpoptctl status shows what is optimized");
	else
		printf("request %llu; rmpoptctl watch shows its progress\n", number);
	return CTL_OK;
}

int run_scan(char **arguments)
{
	u64 number, passes = UNKNOWN;
	struct host host;
	int error;

	(void)arguments;
	if (options.full + options.later + options.cancel > 1)
		return misused("--full, --later and --cancel exclude each other");
	if (options.cancel && options.wait)
		return misused("--cancel and --wait exclude each other");
	if (options.timeout && !options.wait)
		return misused("--timeout requires --wait");
	if (!host_loaded())
		return host_missing();
	file_number(&passes, SYSFS "passes");
	error = request();
	if (error)
		return refused(error);
	/* Requests of others may have come between: theirs include ours. */
	if (!file_number(&number, SYSFS "requested") || !host_read(&host))
		return failed("can't read " SYSFS "requested; was the module unloaded?");
	return options.wait ? wait_and_tell(number, passes) : tell_request(&host, number);
}
