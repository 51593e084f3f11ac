// SPDX-License-Identifier: GPL-2.0
/*
 * Waiting for the module by poll(): a file of sysfs is ready (POLLPRI) if it has
 * changed since it was last read.
 */
#include <errno.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

#include "ctl.h"
#include "follow.h"

/* Only written while ppoll() waits, so no access is interrupted by a signal. */
static sig_atomic_t told_to_end;

static void on_signal(int number)
{
	told_to_end = number;
}

/* If started to ignore them (nohup, a script's "&"), it still does. */
static void catch_one(int number, sigset_t *set)
{
	struct sigaction action = { .sa_handler = on_signal }, old;

	if (sigaction(number, NULL, &old) || old.sa_handler == SIG_IGN)
		return;
	sigaction(number, &action, NULL);
	sigaddset(set, number);
}

/* They are only delivered while we wait. */
static void catch_signals(struct follow *follow)
{
	sigset_t set;

	sigemptyset(&set);
	catch_one(SIGINT, &set);
	catch_one(SIGTERM, &set);
	sigprocmask(SIG_BLOCK, &set, &follow->unheld);
}

/* Die of the signal, so that the parent sees which one it was. */
void follow_die(void)
{
	sigset_t set;

	fflush(stdout);
	signal(told_to_end, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, told_to_end);
	raise(told_to_end);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

/* After a complete read, only later changes are reported. */
static int read_again(int fd)
{
	char buf[64];

	return pread(fd, buf, sizeof(buf), 0) < 0 ? errno : 0;
}

/* 0 or an errno. */
int follow_open(struct follow *follow)
{
	catch_signals(follow);
	follow->state = -1;
	follow->served = -1;
	/* A saved tree does not change. */
	if (options.sysroot)
		return 0;
	follow->state = file_open(SYSFS "state");
	follow->served = file_open(SYSFS "served");
	if (follow->state < 0 || follow->served < 0)
		return errno;
	return read_again(follow->state) ?: read_again(follow->served);
}

/* Until a file changes, or so many ms; 0 or an errno, EINTR for a signal to end. */
int follow_wait(struct follow *follow, int ms)
{
	struct pollfd fds[] = {
		{ .fd = follow->state, .events = POLLPRI },
		{ .fd = follow->served, .events = POLLPRI },
	};
	const struct timespec most = { ms / 1000, ms % 1000 * 1000000 };

	errno = 0;
	ppoll(fds, ARRAY_SIZE(fds), &most, &follow->unheld);
	/* Being stopped and continued interrupts, too. */
	if (errno && (errno != EINTR || told_to_end))
		return errno;
	return read_again(follow->state) ?: read_again(follow->served);
}

void follow_close(struct follow *follow)
{
	if (follow->state >= 0)
		close(follow->state);
	if (follow->served >= 0)
		close(follow->served);
}
