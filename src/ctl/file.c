// SPDX-License-Identifier: GPL-2.0
/*
 * Files, below --sysroot if there is one: then nothing outside that folder is
 * opened, wherever links in it lead. What is read is not trusted: text is made
 * printable, so that nothing in a saved tree can steer a terminal.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/openat2.h>

#include "ctl.h"

/* Far larger than any file that is read. */
#define FILE_MAX	(64u << 20)

/* The folder of --sysroot, -1 without. */
static int root = -1;

/* ".." and links, absolute ones as well, stay below the folder. */
static int open_in_root(const char *path, u64 flags)
{
	struct open_how how = {
		.flags = flags | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT,
	};
	int fd;

	/* The kernel gives up if something is renamed just then. */
	do
		fd = syscall(SYS_openat2, root, path, &how, sizeof(how));
	while (fd < 0 && errno == EAGAIN);
	return fd;
}

/* A descriptor of a folder or anything else, not for reading. */
static int open_place(const char *path, int flags)
{
	return root < 0 ? open(path, O_PATH | O_CLOEXEC | flags) :
	       open_in_root(path, O_PATH | flags);
}

static int not_hidden(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* Names in a folder that can be shown, sorted; NULL and errno if it can't be read. */
char **file_names(const char *dir, size_t *count)
{
	int fd = open_place(dir, O_DIRECTORY), n, i;
	struct dirent **entries;
	char **names;

	*count = 0;
	if (fd < 0)
		return NULL;
	n = scandirat(fd, ".", &entries, not_hidden, alphasort);
	close(fd);
	if (n < 0)
		return NULL;
	names = arena_get((n + 1) * sizeof(*names));
	for (i = 0; i < n; i++) {
		if (is_printable(entries[i]->d_name))
			names[(*count)++] = arena_copy(entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	return names;
}

/* What may not be read is not missing: nearly everything in a tree saved by root. */
static int check_access(void)
{
	/* Each saved tree has them. */
	static const char * const folders[] = { "/sys", "/proc", "/rmpoptctl" };
	int error = 0, fd;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(folders) && !error; i++) {
		fd = open_place(folders[i], O_DIRECTORY);
		if (fd < 0)
			continue;
		if (faccessat(fd, ".", R_OK | X_OK, AT_EACCESS))
			error = errno;
		close(fd);
	}
	return error;
}

/* All files are those below this folder from now on. Returns 0 or an errno. */
int file_root(const char *dir)
{
	int fd;

	root = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return errno;
	/*
	 * openat2(2) requires Linux 5.6; "/." requires permission to search the folder.
	 */
	fd = open_place("/.", O_DIRECTORY);
	if (fd < 0)
		return errno == EACCES ? EACCES : EOPNOTSUPP;
	close(fd);
	return check_access();
}

/* Files of the kernel have no size: read until there is no more. */
static char *read_all(int fd, size_t *size)
{
	size_t room = 4096, used = 0;
	char *bytes = malloc(room + 1), *more;
	ssize_t got = 0;

	while (bytes) {
		if (used == room) {
			room *= 2;
			more = room > FILE_MAX ? NULL : realloc(bytes, room + 1);
			if (!more) {
				errno = EFBIG;
				break;
			}
			bytes = more;
		}
		got = read(fd, bytes + used, room - used);
		if (got <= 0)
			break;
		used += got;
	}
	if (!bytes || got)
		goto bad;
	bytes[used] = '\0';
	*size = used;
	return bytes;
bad:
	free(bytes);
	return NULL;
}

/* Files of the kernel are regular as well, of size 0 or a page. */
static bool is_file(int fd)
{
	struct stat stat;

	if (fstat(fd, &stat))
		return false;
	errno = S_ISREG(stat.st_mode) ? EFBIG : EINVAL;
	return S_ISREG(stat.st_mode) && stat.st_size <= FILE_MAX;
}

/* Opening a device may do anything, so the type is checked before. */
static int open_saved(const char *path)
{
	int place = open_place(path, 0), fd = -1, error;

	if (place < 0)
		return place;
	if (is_file(place))
		fd = open(format("/proc/self/fd/%d", place), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	error = errno;
	close(place);
	errno = error;
	return fd;
}

/* A regular file, for reading; -1 and errno if it is not: a FIFO would block. */
int file_open(const char *path)
{
	int fd, error;

	if (root >= 0)
		return open_saved(path);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || is_file(fd))
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

/* All of a file, and a NUL after it; NULL and errno if it can't be read. */
char *file_bytes(const char *path, size_t *size)
{
	int fd = file_open(path), error;
	char *bytes, *kept;

	if (fd < 0)
		return NULL;
	bytes = read_all(fd, size);
	error = errno;
	close(fd);
	errno = error;
	if (!bytes)
		return NULL;
	kept = arena_get(*size + 1);
	memcpy(kept, bytes, *size);
	free(bytes);
	return kept;
}

static char *text_at(const char *path)
{
	size_t size;
	char *text = file_bytes(path, &size);

	if (!text)
		return NULL;
	make_printable(text, size);
	while (size && text[size - 1] == '\n')
		text[--size] = '\0';
	return text;
}

/* The text of a file without its last newline; NULL and errno without. */
char *file_text(const char *fmt, ...)
{
	va_list args;
	char *path;

	va_start(args, fmt);
	path = vformat(fmt, args);
	va_end(args);
	return text_at(path);
}

/* False, and @value untouched, if the file can't be read or holds no number. */
bool file_number(u64 *value, const char *fmt, ...)
{
	va_list args;
	u64 number;
	char *text;

	va_start(args, fmt);
	text = text_at(vformat(fmt, args));
	va_end(args);
	if (!text || !parse_number(text, &number))
		return false;
	*value = number;
	return true;
}

/* False and errno if it does not, or if that can't be known. */
bool file_exists(const char *fmt, ...)
{
	va_list args;
	int fd;

	va_start(args, fmt);
	fd = open_place(vformat(fmt, args), 0);
	va_end(args);
	if (fd < 0)
		return false;
	close(fd);
	return true;
}

/* In one write(2), as files of the kernel want it. Returns 0 or an errno. */
int file_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int error = 0;

	if (fd < 0)
		return errno;
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		error = errno;
	close(fd);
	return error;
}

/* What a file answers to what is written to it; NULL and errno if nothing. */
char *file_ask(const char *path, const char *question)
{
	int fd = open(path, O_RDWR | O_CLOEXEC), error;
	char *bytes = NULL, *kept;
	size_t size;

	if (fd < 0)
		return NULL;
	if (write(fd, question, strlen(question)) == (ssize_t)strlen(question) &&
	    lseek(fd, 0, SEEK_SET) == 0)
		bytes = read_all(fd, &size);
	error = errno;
	close(fd);
	errno = error;
	if (!bytes)
		return NULL;
	kept = arena_copy(bytes);
	free(bytes);
	make_printable(kept, strlen(kept));
	return kept;
}
