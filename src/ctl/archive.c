// SPDX-License-Identifier: GPL-2.0
/*
 * Files as a tar or a folder, by libarchive. Until it is complete it has no name,
 * or another one, so that nothing incomplete can be taken for it. What remains of
 * a save that was killed is removed by the next save of the same name. Errors are
 * sentences; NULL is none.
 */
#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "archive.h"

/**
 * struct kind - a kind of tar
 * @end: suffix of its name
 * @filter: its compression, as libarchive calls it; NULL: none
 */
static const struct kind {
	const char *end;
	const char *filter;
} kinds[] = {
	{ ".tar" },
	{ ".tar.gz", "gzip" }, { ".tgz", "gzip" },
	{ ".tar.bz2", "bzip2" }, { ".tbz2", "bzip2" },
	{ ".tar.xz", "xz" }, { ".txz", "xz" },
	{ ".tar.zst", "zstd" }, { ".tzst", "zstd" },
};

/* With such a name a directory is not what was meant. */
static const char * const strange[] = {
	".gz", ".bz2", ".xz", ".zst", ".lz4", ".lzma", ".zip", ".7z", ".cpio",
};

static bool ends(const char *text, const char *end)
{
	size_t length = strlen(text), wanted = strlen(end);

	return length > wanted && !strcmp(text + length - wanted, end);
}

static const struct kind *kind_of(const char *to)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (archive_is_stdout(to) || ends(to, kinds[i].end))
			return &kinds[i];
	return NULL;
}

bool archive_is_stdout(const char *to)
{
	return !strcmp(to, "-");
}

bool archive_is_folder(const char *to)
{
	return !kind_of(to);
}

static const char *folder_of(const char *path)
{
	return dirname(arena_copy(path));
}

/* Why nothing can be written there, and what to do, as far as is known before trying. */
const char *archive_refused(const char *to)
{
	struct stat stat;
	size_t i;

	if (archive_is_stdout(to))
		return isatty(STDOUT_FILENO) ? "standard output is a terminal; redirect it, or use --save FILE" : NULL;
	for (i = 0; i < ARRAY_SIZE(strange) && !kind_of(to); i++)
		if (ends(to, strange[i]))
			return format("unknown archive format *%s; use .tar, .tar.gz, .tar.xz or .tar.zst", strange[i]);
	if (!lstat(to, &stat))
		return format("%s; use a new name", strerror(EEXIST));
	if (access(folder_of(to), W_OK | X_OK))
		return format("%s; use a directory that you can write to", strerror(errno));
	return NULL;
}

/* libarchive's own words, "Write error", say less than the errno does. */
static const char *what_failed(struct archive *archive)
{
	int error = archive_errno(archive);

	return error > 0 ? strerror(error) :
	       printable(archive_error_string(archive)) ?: "not enough memory";
}

static const char *put_file(struct archive *archive, const char *path, const struct kept *file)
{
	struct archive_entry *entry = archive_entry_new();
	const char *error = NULL;

	if (!entry)
		return strerror(ENOMEM);
	archive_entry_set_pathname(entry, path);
	archive_entry_set_size(entry, file->size);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, 0600);
	archive_entry_set_mtime(entry, time(NULL), 0);
	if (archive_write_header(archive, entry) != ARCHIVE_OK ||
	    archive_write_data(archive, file->bytes, file->size) != (la_ssize_t)file->size ||
	    archive_write_finish_entry(archive) != ARCHIVE_OK)
		error = what_failed(archive);
	archive_entry_free(entry);
	return error;
}

/* Ends the archive, too. */
static const char *put_all(struct archive *archive, const char *folder, const struct kept *files)
{
	const char *error = NULL;

	for (; files && !error; files = files->next)
		error = put_file(archive, format("%s%s", folder, files->path + !*folder), files);
	if (!error && archive_write_close(archive) != ARCHIVE_OK)
		error = what_failed(archive);
	archive_write_free(archive);
	return error;
}

static const char *write_tar(int fd, const char *filter, const struct kept *files)
{
	struct archive *archive = archive_write_new();
	const char *error;

	if (!archive)
		return strerror(ENOMEM);
	/* ARCHIVE_WARN would mean that an external program is run. */
	if (archive_write_set_format_pax_restricted(archive) == ARCHIVE_OK &&
	    (!filter || archive_write_add_filter_by_name(archive, filter) == ARCHIVE_OK) &&
	    archive_write_open_fd(archive, fd) == ARCHIVE_OK)
		return put_all(archive, "", files);
	error = what_failed(archive);
	archive_write_free(archive);
	return error;
}

static int remove_one(const char *path, const struct stat *stat, int type, struct FTW *ftw)
{
	return remove(path);
}

static void remove_all(const char *path)
{
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Its name until it is complete: one that nobody gives to something else. */
static char *temporary_name(const char *to, const char *end)
{
	return format("%s/.%s.rmpoptctl-%s", folder_of(to), basename(arena_copy(to)), end);
}

/* Whoever writes it holds a lock on it. */
static void remove_unused(const char *path)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat stat;

	if (fd < 0)
		return;
	if (!fstat(fd, &stat) && stat.st_uid == geteuid() && !flock(fd, LOCK_EX | LOCK_NB))
		remove_all(path);
	close(fd);
}

/* What remains of saves of this name that were killed. */
static void remove_leftovers(const char *to)
{
	const char *folder = folder_of(to), *start = temporary_name(to, "") + strlen(folder) + 1;
	DIR *dir = opendir(folder);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (!strncmp(entry->d_name, start, strlen(start)))
			remove_unused(format("%s/%s", folder, entry->d_name));
	if (dir)
		closedir(dir);
}

/* Gives it its final name, unless that exists. */
static const char *publish(const char *from, const char *to)
{
	if (!renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE))
		return NULL;
	/* Network file systems can't do this; a directory can't be linked either. */
	if (errno != EINVAL)
		return strerror(errno);
	if (!link(from, to))
		return unlink(from) ? strerror(errno) : NULL;
	if (errno == EEXIST)
		return strerror(errno);
	return rename(from, to) ? strerror(errno) : NULL;
}

static const char *finish_tar(int fd, const char *to, const struct kept *files)
{
	return write_tar(fd, kind_of(to)->filter, files) ?:
	       (fsync(fd) ? strerror(errno) : NULL);
}

/* For file systems on which a file must have a name. */
static const char *write_named_tar(const char *to, const struct kept *files)
{
	char *name = temporary_name(to, "XXXXXX");
	const char *error;
	int fd;

	remove_leftovers(to);
	/* Until the result is complete, or removed. */
	signals_hold();
	fd = mkostemp(name, O_CLOEXEC);
	if (fd < 0) {
		error = strerror(errno);
	} else {
		flock(fd, LOCK_EX);
		error = finish_tar(fd, to, files) ?: publish(name, to);
		if (error)
			unlink(name);
		close(fd);
	}
	signals_release();
	return error;
}

static const char *write_tar_file(const char *to, const struct kept *files)
{
	int fd = open(folder_of(to), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	const char *error;

	if (fd < 0)
		return write_named_tar(to, files);
	error = finish_tar(fd, to, files);
	if (!error && linkat(AT_FDCWD, format("/proc/self/fd/%d", fd), AT_FDCWD, to, AT_SYMLINK_FOLLOW))
		error = strerror(errno);
	close(fd);
	return error;
}

static const char *fill_folder(const char *folder, const struct kept *files)
{
	struct archive *archive = archive_write_disk_new();

	return archive ? put_all(archive, folder, files) : strerror(ENOMEM);
}

static const char *write_folder(const char *to, const struct kept *files)
{
	char *name = temporary_name(to, "XXXXXX");
	const char *error;
	mode_t mask = umask(077);
	int fd;

	remove_leftovers(to);
	/* Until the result is complete, or removed. */
	signals_hold();
	if (!mkdtemp(name)) {
		error = strerror(errno);
	} else {
		fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		flock(fd, LOCK_EX);
		error = fill_folder(name, files) ?: publish(name, to);
		if (error)
			remove_all(name);
		close(fd);
	}
	signals_release();
	umask(mask);
	return error;
}

/* Only the caller can read the result; existing files are not changed. */
const char *archive_write_all(const char *to, const struct kept *files)
{
	size_t length = strlen(to);

	if (archive_is_stdout(to))
		return write_tar(STDOUT_FILENO, NULL, files);
	if (kind_of(to))
		return write_tar_file(to, files);
	while (length > 1 && to[length - 1] == '/')
		length--;
	return write_folder(format("%.*s", (int)length, to), files);
}
