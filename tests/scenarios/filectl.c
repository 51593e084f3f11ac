// SPDX-License-Identifier: GPL-2.0
/*
 * filectl: what a shell can't do with a file of sysfs.
 *
 *	filectl write FILE BYTES...	one write(2) of each; prints "ok" or the errno's name
 *	filectl to FD BYTES		the same to a descriptor that the shell has opened
 *	filectl poll FILE SECONDS	prints "polling", returns 0 when it changes
 *
 * BYTES may hold \n, \0 and \\.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int complain(const char *what, const char *file)
{
	fprintf(stderr, "filectl: %s %s: %s\n", what, file, strerror(errno));
	return 2;
}

static size_t unescape(char *text)
{
	char *to = text;
	const char *from;

	for (from = text; *from; from++) {
		if (*from != '\\') {
			*to++ = *from;
			continue;
		}
		from++;
		*to++ = *from == 'n' ? '\n' : *from == '0' ? '\0' : *from;
	}
	return to - text;
}

static int write_to(int fd, char *text)
{
	size_t length = unescape(text);
	ssize_t done = write(fd, text, length);

	puts(done < 0 ? strerrorname_np(errno) :
	     (size_t)done == length ? "ok" : "short");
	return 0;
}

static int do_write(const char *file, char **text)
{
	for (; *text; text++) {
		int fd = open(file, O_WRONLY);

		if (fd < 0)
			return complain("open", file);
		write_to(fd, *text);
		close(fd);
	}
	return 0;
}

static int do_poll(const char *file, const char *seconds)
{
	struct pollfd poller = { .events = POLLPRI };
	char buf[256];

	poller.fd = open(file, O_RDONLY);
	if (poller.fd < 0)
		return complain("open", file);
	/* sysfs tells of changes since the last read. */
	if (read(poller.fd, buf, sizeof(buf)) < 0)
		return complain("read", file);
	puts("polling");
	fflush(stdout);
	return poll(&poller, 1, atoi(seconds) * 1000) == 1 ? 0 : 1;
}

int main(int argc, char **argv)
{
	if (argc >= 4 && !strcmp(argv[1], "write"))
		return do_write(argv[2], argv + 3);
	if (argc == 4 && !strcmp(argv[1], "to"))
		return write_to(atoi(argv[2]), argv[3]);
	if (argc == 4 && !strcmp(argv[1], "poll"))
		return do_poll(argv[2], argv[3]);
	fputs("usage: filectl write FILE BYTES... | to FD BYTES | poll FILE SECONDS\n", stderr);
	return 2;
}
