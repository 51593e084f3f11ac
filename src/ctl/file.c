// SPDX-License-Identifier: GPL-2.0
/*
 * Files, below --sysroot if there is one. What is read is not trusted: text is
 * made printable, so that nothing in a saved tree can steer a terminal.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl.h"

/* No file that is read comes near it; who saved a larger one, saved something else. */
#define FILE_MAX	(256u << 20)
#define PATH_SIZE	4096

const char *file_path(const char *path)
{
	return options.sysroot ? format("%s%s", options.sysroot, path) : path;
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

/* A FIFO in a saved tree would be waited for, a device does who knows what. */
static int open_file(const char *path)
{
	int fd = open(file_path(path), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat stat;

	if (fd < 0)
		return fd;
	if (fstat(fd, &stat) || !S_ISREG(stat.st_mode)) {
		close(fd);
		errno = EINVAL;
		return -1;
	}
	return fd;
}

/* All of a file and a NUL behind it; NULL and errno if it can't be read. */
char *file_bytes(const char *path, size_t *size)
{
	int fd = open_file(path), error;
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

static void make_printable(char *text, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++) {
		if (text[i] == '\t')
			text[i] = ' ';
		else if (text[i] != '\n' && (text[i] < ' ' || text[i] > '~'))
			text[i] = '?';
	}
	while (size && text[size - 1] == '\n')
		text[--size] = '\0';
}

static char *text_at(const char *path)
{
	size_t size;
	char *text = file_bytes(path, &size);

	if (text)
		make_printable(text, size);
	return text;
}

/* The text of a file without its last newline; NULL and errno without. */
char *file_text(const char *fmt, ...)
{
	char path[PATH_SIZE];
	va_list args;

	va_start(args, fmt);
	vsnprintf(path, sizeof(path), fmt, args);
	va_end(args);
	return text_at(path);
}

/* False, and @value untouched, if the file can't be read or holds no number. */
bool file_number(u64 *value, const char *fmt, ...)
{
	char path[PATH_SIZE];
	va_list args;
	u64 number;
	char *text;

	va_start(args, fmt);
	vsnprintf(path, sizeof(path), fmt, args);
	va_end(args);
	text = text_at(path);
	if (!text || !parse_number(text, &number))
		return false;
	*value = number;
	return true;
}

bool file_exists(const char *fmt, ...)
{
	char path[PATH_SIZE];
	va_list args;

	va_start(args, fmt);
	vsnprintf(path, sizeof(path), fmt, args);
	va_end(args);
	return !access(file_path(path), F_OK);
}

/* In one write(2), as files of the kernel want it. Returns 0 or an errno. */
int file_write(const char *path, const char *text)
{
	int fd = open(file_path(path), O_WRONLY | O_CLOEXEC);
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

static int not_hidden(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* Names in a folder, sorted; NULL if it can't be read. */
char **file_names(const char *dir, size_t *count)
{
	struct dirent **entries;
	int i, n = scandir(file_path(dir), &entries, not_hidden, alphasort);
	char **names;

	*count = 0;
	if (n < 0)
		return NULL;
	names = arena_get((n + 1) * sizeof(*names));
	for (i = 0; i < n; i++) {
		names[i] = arena_copy(entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	*count = n;
	return names;
}
