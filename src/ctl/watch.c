// SPDX-License-Identifier: GPL-2.0
/* watch: the status, updated all the time; without a terminal, a line for each change. */
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "eta.h"
#include "follow.h"
#include "rmpopt.h"
#include "status.h"

#define ROUND_MS	1000

/* Lines are about changes that matter, not about each instruction. */
static const char *change_line(const struct host *host)
{
	const char *share = status_share(host), *passes = "", *behind = "";
	bool fine = !strcmp(host->reason, "ok");

	if (host->viewing)
		return format("viewing%s%s: %s", *share ? ", " : "", share, host->reason);
	if (host->passes != UNKNOWN)
		passes = format(", %llu pass%s", host->passes, host->passes == 1 ? "" : "es");
	if (host->behind_count != UNKNOWN)
		behind = format(", %llu core%s behind", host->behind_count,
				plural(host->behind_count));
	return format("%s%s%s%s%s%s%s%s%s", host->state, *share ? ", " : "", share, passes,
		      *host->last_result ? ", last " : "", host->last_result, behind,
		      fine ? "" : ": ", fine ? "" : host->reason);
}

static void draw(const struct host *host)
{
	fputs("\033[H\033[J", stdout);
	fold(0, 2, format("rmpoptctl watch, %s (Ctrl-C ends it)", time_text(time(NULL))));
	putchar('\n');
	status_show(host);
}

/* What status --json says, in a line. */
static void print_json(const struct host *host)
{
	struct table *table = table_new("watch", status_columns, NULL);

	status_row(table, host, true);
	table_set(table, "time", "%s", time_text(time(NULL)));
	table_print_line(table);
}

/* Prints what is new; returns whether there was anything. */
static bool show(const struct host *host, char *last, size_t size)
{
	const char *line = change_line(host);

	if (!options.json && is_screen(STDOUT_FILENO)) {
		draw(host);
		return true;
	}
	if (!strcmp(line, last))
		return false;
	snprintf(last, size, "%s", line);
	if (options.json)
		print_json(host);
	else
		printf("%s %s\n", time_text(time(NULL)), line);
	return true;
}

static int watch(struct follow *follow)
{
	char last[1024] = "";
	struct eta eta = { };
	struct host host;
	u32 shown = 0;
	int error = 0;

	for (;;) {
		arena_clear();
		if (!host_read(&host)) {
			error = ENODEV;
		} else {
			host_read_places(&host);
			host.eta_s = eta_seconds(&eta, &host);
		}
		shown += !error && show(&host, last, sizeof(last));
		/* The reader is gone; main() reports it. */
		if (fflush(stdout))
			return 0;
		/* A saved tree does not change. */
		if (error || options.sysroot || (options.count && shown >= options.count))
			return error;
		error = follow_wait(follow, ROUND_MS);
	}
}

int run_watch(char **arguments)
{
	struct follow follow;
	int error;

	(void)arguments;
	if (!host_loaded())
		return host_missing();
	/* A picture is written in one piece: nothing flickers. */
	if (is_screen(STDOUT_FILENO))
		setvbuf(stdout, NULL, _IOFBF, BUFSIZ);
	error = follow_open(&follow) ?: watch(&follow);
	follow_close(&follow);
	if (error == EINTR) {
		/* The picture stays; the ^C below it goes. */
		if (!options.json && is_screen(STDOUT_FILENO))
			fputs("\r\033[K", stdout);
		return CTL_OK;
	}
	return error ? failed(SYSFS " is gone: %s; was the module unloaded?", strerror(error)) : CTL_OK;
}
