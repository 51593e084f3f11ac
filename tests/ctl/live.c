// SPDX-License-Identifier: GPL-2.0
/*
 * Preloaded into rmpoptctl: it finds the files of a host in a folder ($LIVE), so
 * that commands that write can be tested without one. Whatever is asked of the
 * kernel about modules fails with $LIVE_ERRNO: nothing is loaded or unloaded.
 *
 * $LIVE_DENY	opening a path that ends so fails: not permitted
 * $LIVE_REFUSE	"END ERRNO [TIMES]": writing to a path that ends so fails, so often
 * $LIVE_LOG	gets each path that is opened
 * $LIVE_AT	"EVENT N": at its N-th and each later one sh runs $LIVE_DO; EVENT is
 *		the end of a path that is opened or of what a file is asked, or
 *		"insert", "remove" of a module
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NEXT(name)	((__typeof__(&name))dlsym(RTLD_NEXT, #name))

int klogctl(int type, char *buf, int size);

#define FDS	256

/* Files that are written and read are asked. */
static int asked[FDS];
/* Of files that may not be written to: the error. */
static int refused[FDS];

static int ends(const char *text, const char *end)
{
	size_t length = end ? strlen(end) : 0;

	return length && strlen(text) >= length &&
	       !strcmp(text + strlen(text) - length, end);
}

static void event(const char *name)
{
	static int met;
	char end[256];
	int from;

	if (sscanf(getenv("LIVE_AT") ?: "", "%255s %d", end, &from) != 2 ||
	    !ends(name, end) || ++met < from)
		return;
	unsetenv("LD_PRELOAD");
	if (system(getenv("LIVE_DO")))
		_exit(99);
}

/* The error of writing to a path, 0 if it may be written to. */
static int refusal(const char *path)
{
	static int met;
	char end[256];
	int error, times = -1;

	if (sscanf(getenv("LIVE_REFUSE") ?: "", "%255s %d %d", end, &error, &times) < 2 || !ends(path, end))
		return 0;
	if (times >= 0 && met >= times)
		return 0;
	met++;
	return error;
}

static const char *place(const char *path, char *buf)
{
	static const char * const ours[] = {
		"/sys/", "/dev/cpu/", "/dev/kmsg", "/proc/cpuinfo", "/lib/modules/"
	};
	size_t i;

	for (i = 0; i < sizeof(ours) / sizeof(*ours); i++) {
		if (strncmp(path, ours[i], strlen(ours[i])))
			continue;
		snprintf(buf, 4096, "%s%s", getenv("LIVE"), path);
		return buf;
	}
	return path;
}

static void note(const char *path)
{
	const char *to = getenv("LIVE_LOG");
	int fd = to ? NEXT(open)(to, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;

	if (fd < 0)
		return;
	dprintf(fd, "%s\n", path);
	close(fd);
}

int open64(const char *path, int flags, ...)
{
	char buf[4096];
	va_list args;
	int mode, fd;

	va_start(args, flags);
	mode = va_arg(args, int);
	va_end(args);
	note(path);
	event(path);
	if (ends(path, getenv("LIVE_DENY"))) {
		errno = EPERM;
		return -1;
	}
	fd = NEXT(open)(place(path, buf), flags, mode);
	if (fd >= 0 && fd < FDS) {
		asked[fd] = (flags & O_ACCMODE) == O_RDWR;
		refused[fd] = refusal(path);
	}
	return fd;
}

/* So libkmod reads its index. */
FILE *fopen64(const char *path, const char *mode)
{
	char buf[4096];

	return NEXT(fopen)(place(path, buf), mode);
}

int access(const char *path, int how)
{
	char buf[4096];

	return NEXT(access)(place(path, buf), how);
}

/* A question is not to spoil the file that has its answer. */
ssize_t write(int fd, const void *bytes, size_t count)
{
	if (fd >= 0 && fd < FDS && refused[fd]) {
		errno = refused[fd];
		return -1;
	}
	if (fd < 0 || fd >= FDS || !asked[fd])
		return NEXT(write)(fd, bytes, count);
	event(strndup(bytes, count));
	return count;
}

static int module_call(const char *name)
{
	event(name);
	errno = atoi(getenv("LIVE_ERRNO") ?: "0");
	return errno ? -1 : 0;
}

int init_module(void *image, unsigned long size, const char *values)
{
	return module_call("insert");
}

int delete_module(const char *name, unsigned int flags)
{
	return module_call("remove");
}

long syscall(long number, ...)
{
	long a[6];
	va_list args;
	size_t i;

	va_start(args, number);
	for (i = 0; i < 6; i++)
		a[i] = va_arg(args, long);
	va_end(args);
	if (number == SYS_finit_module || number == SYS_init_module)
		return module_call("insert");
	if (number == SYS_delete_module)
		return module_call("remove");
	return NEXT(syscall)(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* The kernel's log, from its beginning. */
int klogctl(int type, char *buf, int size)
{
	const char *log = getenv("LIVE_KLOG") ?: "";
	int length = strlen(log);

	if (type == 3 && buf)
		memcpy(buf, log, length < size ? length : size);
	return length;
}
