// SPDX-License-Identifier: GPL-2.0
/*
 * /etc/modprobe.d/rmpopt.conf: what set --persist keeps. Other lines stay as
 * they are; the file is replaced as a whole or not at all.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "kmod.h"
#include "parameters.h"
#include "persist.h"

#define NAME	"rmpopt.conf"
#define FOLDER	"/etc/modprobe.d"
#define PATH	FOLDER "/" NAME
#define LOCK	"/run/rmpoptctl.lock"

static const char header[] =
	"# Parameters of rmpopt; written by rmpoptctl set --persist, which keeps other lines.\n";

/* The next line of @text, with those that a backslash joins to it, and its newline. */
static char *take_line(char **text)
{
	char *end = *text, *line;

	if (!*end)
		return NULL;
	for (; *end && *end != '\n'; end++)
		end += *end == '\\' && end[1];
	end += *end == '\n';
	line = format("%.*s", (int)(end - *text), *text);
	*text = end;
	return line;
}

/* Does a line begin after it? Not if a backslash joins that to the last one. */
static bool is_closed(const char *text)
{
	bool closed = true;

	for (; *text; text++) {
		closed = *text == '\n';
		text += *text == '\\' && text[1];
	}
	return closed;
}

static bool is_set_again(const char *word, char **words)
{
	const struct parameter *parameter = parameter_of(option_plain(word));

	for (; *words; words++)
		if (parameter && parameter_of(*words) == parameter)
			return true;
	return false;
}

/* A line "options rmpopt ..." without what is set now; "" if nothing remains. */
static const char *without(const char *line, char **words)
{
	char *rest = join_lines(line), *word, *kept = "";
	bool dropped = false;

	rest[strcspn(rest, "\n")] = '\0';
	word = next_word(&rest);
	if (!word || strcmp(word, "options"))
		return line;
	word = next_word(&rest);
	if (!word || strcmp(word, "rmpopt"))
		return line;
	while ((word = option_next(&rest))) {
		if (is_set_again(word, words))
			dropped = true;
		else
			kept = format("%s %s", kept, word);
	}
	if (!dropped)
		return line;
	return *kept ? format("options rmpopt%s\n", kept) : "";
}

static const char *new_text(char *old, char **words)
{
	const char *start = *old ? "" : header, *text = "", *added = "";
	char *line;

	while ((line = take_line(&old)))
		text = format("%s%s", text, without(line, words));
	while (!is_closed(text))
		text = format("%s\n", text);
	/* A name alone is unset. */
	for (; *words; words++)
		if (strchr(*words, '='))
			added = format("%s %s", added, *words);
	return *added ? format("%s%soptions rmpopt%s\n", start, text, added) : text;
}

static int write_all(int fd, const char *text)
{
	size_t length = strlen(text);
	ssize_t n;

	for (; length; text += n, length -= n) {
		n = write(fd, text, length);
		if (n < 0)
			return errno;
	}
	return 0;
}

/* As the old file has them; a new one can be read by everybody. */
static int copy_owner(int fd, const char *path)
{
	struct stat old;

	if (stat(path, &old))
		return errno != ENOENT || fchmod(fd, 0644) ? errno : 0;
	return fchown(fd, old.st_uid, old.st_gid) || fchmod(fd, old.st_mode & 07777) ? errno : 0;
}

/* Where a link at PATH leads, else PATH. */
static const char *target(void)
{
	char *real = realpath(PATH, NULL);
	const char *path = arena_copy(real ?: PATH);

	free(real);
	return path;
}

/* Readers see the old file or the new one. Returns 0 or an errno. */
static int replace(const char *path, const char *text)
{
	char *new = format("%s.XXXXXX", path);
	int fd = mkostemp(new, O_CLOEXEC), error;

	if (fd < 0)
		return errno;
	error = write_all(fd, text) ?: copy_owner(fd, path);
	if (!error && fsync(fd))
		error = errno;
	if (close(fd) && !error)
		error = errno;
	if (!error && rename(new, path))
		error = errno;
	if (error)
		unlink(new);
	return error;
}

/*
 * Of files of one name modprobe reads only the first: ours begins as the one that it
 * hides. NULL and ENOENT if there is none, NULL and another errno on an error.
 */
static char *old_text(void)
{
	char *text = NULL;
	size_t size, i;

	errno = ENOENT;
	for (i = 0; kmod_places[i] && !text && errno == ENOENT; i++)
		text = file_bytes(format("%s/" NAME, kmod_places[i]), &size);
	if (text && memchr(text, '\0', size)) {
		errno = EILSEQ;
		return NULL;
	}
	return text;
}

/* Adds NAME=VALUE words to those of later loads. Returns 0 or an errno. */
int persist_write(char **words)
{
	char *old = old_text();
	const char *new;

	if (!old && errno != ENOENT)
		return errno;
	new = new_text(old ?: "", words);
	if (!strcmp(new, old ?: ""))
		return 0;
	/* A host that configures no module may lack it. */
	if (mkdir(FOLDER, 0755) && errno != EEXIST)
		return errno;
	return replace(target(), new);
}

/*
 * Two at once would lose what the first has written. Whoever can open a file can
 * lock it forever: only root can open this one. Returns a descriptor to be closed, -1
 * after an error.
 */
int persist_lock(void)
{
	int fd = open(LOCK, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd >= 0 && !flock(fd, LOCK_EX))
		return fd;
	failed(LOCK ": %s; nothing was changed%s", strerror(errno),
	       errno == EACCES ? ", run this as root" : "");
	return -1;
}

int persist_failed(int error, bool restored)
{
	return failed(PATH ": %s; %s%s", strerror(error),
		      restored ? "nothing was changed" : "but not all values could be restored",
		      error == EACCES ? ", run this as root" : "");
}

/* Y and 1 are the same. */
static bool is_same(const struct parameter *parameter, const char *a, const char *b)
{
	return !strcmp(a, b) ||
	       (parameter->kind == PARAMETER_BOOL && check_says_yes(a) == check_says_yes(b));
}

/*
 * Files with later names, and the kernel command line, override it. Returns the exit
 * code: CTL_PARTLY if the next load does not use a value.
 */
int persist_overridden(char **words)
{
	const char *value, *wanted;
	int ret = CTL_OK;

	for (; *words; words++) {
		value = configured_value(parameter_of(*words));
		wanted = strchr(*words, '=');
		if (wanted ? value && is_same(parameter_of(*words), value, wanted + 1) : !value)
			continue;
		failed("%s: " PATH " was changed, but the next load uses %s: see modprobe -c | grep rmpopt, and /proc/cmdline",
		       *words, value ?: "the default");
		ret = CTL_PARTLY;
	}
	return ret;
}
