// SPDX-License-Identifier: GPL-2.0
/*
 * Waiting for the module by poll(): a file of sysfs is news (POLLPRI) if it has
 * changed since it was last read.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "ctl.h"
#include "follow.h"

/* Whoever has read all of it sees only what comes after. */
static int read_again(int fd)
{
	char buf[64];

	return pread(fd, buf, sizeof(buf), 0) < 0 ? errno : 0;
}

static int open_one(const char *name)
{
	return open(file_path(name), O_RDONLY | O_CLOEXEC);
}

/* 0 or an errno. */
int follow_open(struct follow *follow)
{
	follow->state = open_one(SYSFS "state");
	follow->served = open_one(SYSFS "served");
	if (follow->state < 0 || follow->served < 0)
		return errno;
	return read_again(follow->state) ?: read_again(follow->served);
}

/* Until there is news, or so many ms; 0 or an errno. */
int follow_wait(struct follow *follow, int ms)
{
	struct pollfd fds[] = {
		{ .fd = follow->state, .events = POLLPRI },
		{ .fd = follow->served, .events = POLLPRI },
	};

	/* A terminal that changes its size interrupts, too. */
	if (poll(fds, ARRAY_SIZE(fds), ms) < 0 && errno != EINTR)
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
