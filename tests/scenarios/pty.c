// SPDX-License-Identifier: GPL-2.0
/*
 * pty: a terminal for a test.
 *
 *	pty run COLUMNSxROWS FILE COMMAND...	runs COMMAND on a terminal, types what comes
 *						on standard input, keeps in FILE what is
 *						written; returns COMMAND's status, or 128 +
 *						the signal that killed it
 *	pty show COLUMNSxROWS <FILE		prints what such a terminal shows in the end:
 *						a line "cursor ROW COLUMN shown|hidden
 *						plain|coloured", the next character's colour,
 *						then the screen without empty lines at its end
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <vterm.h>

static int complain(const char *what)
{
	fprintf(stderr, "pty: %s: %s\n", what, strerror(errno));
	return 125;
}

/* False when there is nothing more to come. */
static int copy(int from, int to)
{
	char buf[4096];
	ssize_t n = read(from, buf, sizeof(buf));

	return n > 0 && write(to, buf, n) == n;
}

/* The kernel echoes ^C after the signal: before or after what the program writes for that one. */
static void no_control_echo(void)
{
	struct termios settings;

	if (!tcgetattr(STDIN_FILENO, &settings)) {
		settings.c_lflag &= ~ECHOCTL;
		tcsetattr(STDIN_FILENO, TCSANOW, &settings);
	}
}

static int run(struct winsize *size, const char *file, char **command)
{
	struct pollfd fds[2] = { { .events = POLLIN }, { .events = POLLIN } };
	int status, out = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	pid_t child;

	if (out < 0)
		return complain(file);
	child = forkpty(&fds[0].fd, NULL, NULL, size);
	if (child < 0)
		return complain("forkpty");
	if (!child) {
		no_control_echo();
		/* A script's "&" has them ignored; who sits at a terminal has not. */
		signal(SIGINT, SIG_DFL);
		signal(SIGQUIT, SIG_DFL);
		execvp(command[0], command);
		_exit(complain(command[0]));
	}
	/* A descriptor below 0 is not waited for. */
	while (poll(fds, 2, -1) >= 0) {
		if (fds[0].revents && !copy(fds[0].fd, out))
			break;
		if (fds[1].revents && !copy(fds[1].fd, fds[0].fd))
			fds[1].fd = -1;
	}
	if (waitpid(child, &status, 0) < 0)
		return complain("waitpid");
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int cursor_shown = 1;

static int on_property(VTermProp property, VTermValue *value, void *user)
{
	if (property == VTERM_PROP_CURSORVISIBLE)
		cursor_shown = value->boolean;
	return 1;
}

static int is_coloured(VTerm *term)
{
	VTermValue value;

	vterm_state_get_penattr(vterm_obtain_state(term), VTERM_ATTR_FOREGROUND, &value);
	return !VTERM_COLOR_IS_DEFAULT_FG(&value.color);
}

static void print_screen(VTermScreen *screen, const struct winsize *size)
{
	char line[4 * 512 + 1];
	size_t length;
	int row, blank = 0;

	for (row = 0; row < size->ws_row; row++) {
		VTermRect all = { row, row + 1, 0, size->ws_col };

		length = vterm_screen_get_text(screen, line, sizeof(line) - 1, all);
		while (length && (line[length - 1] == ' ' || line[length - 1] == '\n'))
			length--;
		line[length] = '\0';
		if (!length) {
			blank++;
			continue;
		}
		for (; blank; blank--)
			putchar('\n');
		puts(line);
	}
}

static int show(const struct winsize *size)
{
	static const VTermScreenCallbacks callbacks = { .settermprop = on_property };
	VTerm *term = vterm_new(size->ws_row, size->ws_col);
	VTermScreen *screen = vterm_obtain_screen(term);
	VTermPos at;
	char buf[4096];
	size_t n;

	vterm_screen_set_callbacks(screen, &callbacks, NULL);
	vterm_screen_reset(screen, 1);
	while ((n = fread(buf, 1, sizeof(buf), stdin)))
		vterm_input_write(term, buf, n);
	vterm_state_get_cursorpos(vterm_obtain_state(term), &at);
	printf("cursor %d %d %s %s\n", at.row, at.col, cursor_shown ? "shown" : "hidden",
	       is_coloured(term) ? "coloured" : "plain");
	print_screen(screen, size);
	vterm_free(term);
	return 0;
}

int main(int argc, char **argv)
{
	struct winsize size = {};

	if (argc > 2 && sscanf(argv[2], "%hux%hu", &size.ws_col, &size.ws_row) == 2 &&
	    size.ws_col && size.ws_col <= 512) {
		if (argc > 4 && !strcmp(argv[1], "run"))
			return run(&size, argv[3], argv + 4);
		if (argc == 3 && !strcmp(argv[1], "show"))
			return show(&size);
	}
	fputs("usage: pty run COLUMNSxROWS FILE COMMAND... | show COLUMNSxROWS\n", stderr);
	return 125;
}
