// SPDX-License-Identifier: GPL-2.0
/* What a terminal can do, and text in its width. */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "ctl.h"

/* Can the cursor be moved there? */
bool is_screen(int fd)
{
	const char *term = getenv("TERM");

	return isatty(fd) && term && strcmp(term, "dumb");
}

#define SCREEN_MAX	4096

/* The value of COLUMNS; 0 if it is not set or invalid. */
u32 screen_columns(void)
{
	const char *text = getenv("COLUMNS");
	u64 columns;

	return text && parse_number(text, &columns) && columns <= SCREEN_MAX ? columns : 0;
}

/* Columns that may be used; 0: any number, as in a file. */
u32 screen_width(int fd)
{
	struct winsize size;

	if (screen_columns())
		return screen_columns();
	return isatty(fd) && !ioctl(fd, TIOCGWINSZ, &size) ? size.ws_col : 0;
}

/* Columns that a word takes: sequences of colours take none. */
static u32 columns(const char *word, size_t length)
{
	bool hidden = false;
	u32 n = 0;
	size_t i;

	for (i = 0; i < length; i++) {
		hidden |= word[i] == '\033';
		n += !hidden;
		hidden &= word[i] != 'm';
	}
	return n;
}

/* If an indent leaves less room than this, it is reduced. */
#define ROOM_LEAST	24

/*
 * Prints a line of text from column @at on. On a terminal words that do not fit
 * go to the next line, @indent blanks from the left, or fewer if a word is long.
 */
void fold(u32 at, u32 indent, const char *text)
{
	u32 width = screen_width(STDOUT_FILENO), needed, blank = 0;
	size_t length;

	if (indent + ROOM_LEAST > width)
		indent = 2;
	for (; width && *text; text += length + (text[length] == ' ')) {
		length = strcspn(text, " ");
		needed = columns(text, length);
		if (at + blank + needed > width && (at > indent || needed <= width)) {
			putchar('\n');
			at = 0;
			blank = indent;
			if (blank + needed > width)
				blank = needed < width ? width - needed : 0;
		}
		printf("%*s%.*s", (int)blank, "", (int)length, text);
		at += blank + needed;
		blank = 1;
	}
	puts(text);
}
