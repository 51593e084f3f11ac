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

static _Atomic int told_to_end;

static void on_signal(int number)
{
	told_to_end = number;
}

/*
 * A signal does not kill any more, but ends what waits: no SA_RESTART. If started
 * to ignore it (nohup, a script's "&"), it still does.
 */
void follow_catch(int number)
{
	struct sigaction action = { .sa_handler = on_signal }, old;

	if (!sigaction(number, NULL, &old) && old.sa_handler != SIG_IGN)
		sigaction(number, &action, NULL);
}

/* The signal that told us to end, 0 if none. */
int follow_told(void)
{
	return told_to_end;
}

/* For a child that ignores signals: what its parent was told before does not count. */
void follow_forget(void)
{
	told_to_end = 0;
}

/* Until follow_close() only delivered while we wait, so that no access is interrupted. */
static void hold_signals(struct follow *follow)
{
	sigset_t set;

	follow_catch(SIGINT);
	follow_catch(SIGTERM);
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, &follow->unheld);
}

/* Die of the signal, so that the parent sees which one it was. */
void follow_die(void)
{
	sigset_t set;

	fflush(NULL);
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
	hold_signals(follow);
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
	sigprocmask(SIG_SETMASK, &follow->unheld, NULL);
}
