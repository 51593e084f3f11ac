// SPDX-License-Identifier: GPL-2.0
/* Numbers, words and lines in what files say. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <langinfo.h>
#include <string.h>
#include <time.h>

#include "ctl.h"

static bool parse(const char *text, int base, u64 *value)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, base);
	return !errno && end != text && !*end;
}

/* So that it can't control a terminal; newlines stay. */
void make_printable(char *text, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++) {
		if (text[i] == '\t')
			text[i] = ' ';
		else if (text[i] != '\n' && (text[i] < ' ' || text[i] > '~'))
			text[i] = '?';
	}
}

/* A copy of it that can be shown in one line; NULL of NULL. */
char *printable(const char *text)
{
	char *copy = text ? arena_copy(text) : NULL, *c;

	if (copy)
		make_printable(copy, strlen(copy));
	for (c = copy; c && (c = strchr(c, '\n')); c++)
		*c = '?';
	return copy;
}

bool is_printable(const char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			return false;
	return true;
}

/*
 * Names are ASCII, whatever the user's language is: in Turkish i and I are not
 * the same letter.
 */
char upper(char c)
{
	return c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c;
}

bool same_name(const char *a, const char *b, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++)
		if (upper(a[i]) != upper(b[i]) || !a[i])
			return false;
	return true;
}

/* Digits and nothing else: strtoull() alone would take " -1". */
bool parse_number(const char *text, u64 *value)
{
	return isdigit((unsigned char)*text) && parse(text, 10, value);
}

/* With or without 0x in front. */
bool parse_hex(const char *text, u64 *value)
{
	return isxdigit((unsigned char)*text) && parse(text, 16, value);
}

/* Where the word @word[0..length) begins in a text of blank-separated words. */
static const char *find_word(const char *text, const char *word, size_t length,
			     const char *behind)
{
	const char *at = text;

	while (length && (at = strstr(at, word))) {
		if ((at == text || isspace((unsigned char)at[-1])) &&
		    (strchr(behind, at[length]) || !at[length]))
			return at;
		at++;
	}
	return NULL;
}

bool has_word(const char *text, const char *word)
{
	return find_word(text, word, strlen(word), "\t\n ");
}

/* Of the first word NAME=VALUE the value, of NAME alone "", else NULL. */
const char *value_of(const char *text, const char *name)
{
	const char *at = find_word(text, name, strlen(name), "=\t\n ");

	if (!at)
		return NULL;
	at += strlen(name);
	if (*at != '=')
		return "";
	return format("%.*s", (int)strcspn(at + 1, "\t\n "), at + 1);
}

/* The next line without its end, NULL after the last; @text moves on. */
char *next_line(char **text)
{
	char *line = *text;

	if (!line || !*line)
		return NULL;
	*text = strchr(line, '\n');
	if (*text)
		*(*text)++ = '\0';
	return line;
}

/* A copy as modprobe reads modprobe.d: a backslash and the newline after it are nothing. */
char *join_lines(const char *text)
{
	char *copy = arena_get(strlen(text) + 1), *to = copy;

	for (; *text; text++) {
		if (text[0] == '\\' && text[1] == '\n') {
			text++;
			continue;
		}
		*to++ = *text;
		/* One that is escaped itself escapes nothing. */
		if (text[0] == '\\' && text[1])
			*to++ = *++text;
	}
	return copy;
}

/* The next word of a line, NULL after the last; @line moves on. */
char *next_word(char **line)
{
	char *word = *line + strspn(*line, " \t");
	size_t length = strcspn(word, " \t");

	if (!length)
		return NULL;
	*line = word + length;
	if (**line)
		*(*line)++ = '\0';
	return word;
}

const char *plural(u64 n)
{
	return n == 1 ? "" : "s";
}

/* u if the character set has no Greek letters. */
const char *micro(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") ? "u" : "\302\265";
}

/* A duration in a readable unit, with three digits; what would be rounded to 1000 is 1 of the next. */
const char *duration(u64 ns)
{
	if (ns < 1000)
		return format("%llu ns", ns);
	if (ns < 999500)
		return format("%.3g %ss", ns / 1e3, micro());
	if (ns < 999500 * 1000)
		return format("%.3g ms", ns / 1e6);
	return format("%.*f s", ns < 100ULL * 1000 * 1000 * 1000 ? 1 : 0, ns / 1e9);
}

/* A longer time, in one unit. */
const char *seconds_text(u64 seconds)
{
	if (seconds < 120)
		return format("%llu s", seconds);
	if (seconds < 120 * 60)
		return format("%llu min", seconds / 60);
	if (seconds < 48 * 60 * 60)
		return format("%llu h", seconds / (60 * 60));
	return format("%llu days", seconds / (24 * 60 * 60));
}

/* Seconds since 1970 as local time, RFC 3339. */
const char *time_text(u64 seconds)
{
	time_t when = seconds;
	char text[40];
	struct tm tm;
	size_t length;

	if (!localtime_r(&when, &tm))
		return "";
	length = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S%z", &tm);
	if (length < 3)
		return "";
	return format("%.*s:%s", (int)length - 2, text, text + length - 2);
}
