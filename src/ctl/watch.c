// SPDX-License-Identifier: GPL-2.0
/* watch: the status, again and again; off a terminal one line per change. */
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "follow.h"
#include "rmpopt.h"
#include "status.h"

#define ROUND_MS	1000

/* Lines are about what an admin would note, not about each instruction. */
static const char *change_line(const struct host *host)
{
	return format("%s, %llu of %llu GiB optimized, %llu pass%s, last %s, %llu core%s behind%s%s",
		      host->state, host->regions_optimized, host->regions_covered,
		      host->passes, host->passes == 1 ? "" : "es",
		      host->last_result, host->behind.members,
		      plural(host->behind.members),
		      strcmp(host->reason, "ok") ? ": " : "",
		      strcmp(host->reason, "ok") ? host->reason : "");
}

static void draw(const struct host *host)
{
	char clock[16];
	time_t now = time(NULL);

	strftime(clock, sizeof(clock), "%H:%M:%S", localtime(&now));
	printf("\033[H\033[Jrmpoptctl watch, %s (Ctrl-C ends it)\n\n", clock);
	status_show(host);
	fflush(stdout);
}

/* Prints what is new; returns whether there was anything. */
static bool show(const struct host *host, char *last, size_t size)
{
	const char *line = change_line(host);

	if (is_screen(STDOUT_FILENO)) {
		draw(host);
		return true;
	}
	if (!strcmp(line, last))
		return false;
	snprintf(last, size, "%s", line);
	puts(line);
	fflush(stdout);
	return true;
}

static int watch(struct follow *follow)
{
	char last[1024] = "";
	struct host host;
	u32 shown = 0;
	int error = 0;

	for (;;) {
		arena_clear();
		if (!host_read(&host))
			error = ENODEV;
		else
			shown += show(&host, last, sizeof(last));
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
		if (is_screen(STDOUT_FILENO))
			fputs("\r\033[K", stdout);
		return CTL_OK;
	}
	return error ? failed("the files in " SYSFS " have gone: %s; was the module unloaded?",
			      strerror(error)) : CTL_OK;
}
