// SPDX-License-Identifier: GPL-2.0
/* lab: the directory of a report, which appears when it is whole. */
#include <errno.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "archive.h"
#include "lab.h"

extern char **environ;

/* Why no report can be written there, as far as that is known before; NULL. */
const char *report_refused(const char *to)
{
	if (!archive_is_folder(to))
		return "use the name of a new directory";
	return archive_refused(to);
}

static struct kept *keep(struct kept ***last, const char *path, const char *bytes, size_t size)
{
	struct kept *file = arena_get(sizeof(*file));

	*file = (struct kept){ NULL, path, bytes, size };
	**last = file;
	*last = &file->next;
	return file;
}

static int memory_with(const char *text)
{
	int fd = memfd_create("lab", MFD_CLOEXEC);

	if (fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) && !lseek(fd, 0, SEEK_SET))
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* All that a file without a name holds; NULL if it is empty. */
static char *all_of(int fd, size_t *size)
{
	struct stat stat;
	char *bytes;

	if (fstat(fd, &stat) || !stat.st_size)
		return NULL;
	*size = stat.st_size;
	bytes = arena_get(*size + 1);
	return pread(fd, bytes, *size, 0) == stat.st_size ? bytes : NULL;
}

/* The picture of a script of gnuplot; NULL without gnuplot, or if it fails. */
static char *draw(const char *script, size_t *size)
{
	static char * const words[] = { "gnuplot", NULL };
	int in = memory_with(script), out = memory_with(""), none = memory_with(""), status = -1;
	posix_spawn_file_actions_t actions;
	char *picture = NULL;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, none, STDERR_FILENO);
	if (in >= 0 && out >= 0 && none >= 0 && !posix_spawnp(&pid, words[0], &actions, NULL, words, environ)) {
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
		picture = status ? NULL : all_of(out, size);
	}
	posix_spawn_file_actions_destroy(&actions);
	close(in);
	close(out);
	close(none);
	return picture;
}

/* Scripts, and pictures if gnuplot makes all of them. */
static bool keep_plots(struct json_object *document, struct kept ***last)
{
	size_t count, i, size;
	struct plot_file *plots = plots_make(document, &count);
	bool drawn = true;
	char *picture;

	for (i = 0; i < count; i++) {
		keep(last, format("/%s.gp", plots[i].name), plots[i].text, strlen(plots[i].text));
		picture = drawn ? draw(plots[i].text, &size) : NULL;
		if (picture)
			keep(last, format("/%s.svg", plots[i].name), picture, size);
		else
			drawn = false;
	}
	return drawn;
}

/* False after an error message. */
bool report_write(struct lab *lab, const char *to)
{
	struct kept *first = NULL, **last = &first;
	const char *text, *error;
	bool drawn;

	text = format("%s\n", document_text(lab->document, false));
	keep(&last, "/lab.json", text, strlen(text));
	drawn = keep_plots(lab->document, &last);
	text = markdown(lab->document, drawn);
	keep(&last, "/lab.md", text, strlen(text));
	error = archive_write_all(to, first);
	if (error)
		return failed("can't write %s: %s", to, error) == CTL_OK;
	lab_say("The report is in %s: lab.md to read and to mail, lab.json for programs.", to);
	if (!drawn)
		lab_say("There are no plots: gnuplot is not installed. With it: for f in *.gp; do gnuplot $f >${f%%.gp}.svg; done");
	return true;
}
