// SPDX-License-Identifier: GPL-2.0
/*
 * Files of the module in debugfs: a line "# " and names of columns, then a line
 * of as many words for each record. Columns are found by name, so that later
 * ones may come between.
 */
#include <errno.h>
#include <string.h>

#include "ctl.h"

#define COLUMNS_MAX	32

struct records {
	size_t columns;
	char *name[COLUMNS_MAX];
	size_t rows;
	char **cell;
};

static bool take_names(struct records *records, char *line)
{
	char *word;

	if (!line || strncmp(line, "# ", 2))
		return false;
	line += 2;
	while (records->columns < COLUMNS_MAX && (word = next_word(&line)))
		records->name[records->columns++] = word;
	return records->columns;
}

static size_t count_lines(const char *text)
{
	size_t n = 1;

	while ((text = strchr(text, '\n'))) {
		n++;
		text++;
	}
	return n;
}

static bool take_row(struct records *records, char *line)
{
	char **cell = &records->cell[records->rows * records->columns];
	size_t i;

	for (i = 0; i < records->columns; i++) {
		cell[i] = next_word(&line);
		if (!cell[i])
			return false;
	}
	records->rows++;
	return !next_word(&line);
}

/* Parses @text; NULL and EBADMSG if it is invalid. */
struct records *records_parse(char *text)
{
	struct records *records = arena_get(sizeof(*records));
	char *line;

	if (!take_names(records, next_line(&text)))
		goto bad;
	if (!text)
		return records;
	records->cell = arena_get(count_lines(text) * records->columns *
				  sizeof(*records->cell));
	while ((line = next_line(&text)))
		if (!take_row(records, line))
			goto bad;
	return records;
bad:
	errno = EBADMSG;
	return NULL;
}

/* The same of a file; NULL and another errno if it can't be read. */
struct records *records_read(const char *path)
{
	char *text = file_text("%s", path);

	return text ? records_parse(text) : NULL;
}

size_t records_count(const struct records *records)
{
	return records ? records->rows : 0;
}

/* NULL if there is no such column, or nothing ("-") in it. */
const char *record_text(const struct records *records, size_t row,
			const char *column)
{
	const char *cell;
	size_t i;

	for (i = 0; i < records->columns; i++) {
		if (strcmp(records->name[i], column))
			continue;
		cell = records->cell[row * records->columns + i];
		return strcmp(cell, "-") ? cell : NULL;
	}
	return NULL;
}

bool record_number(const struct records *records, size_t row,
		   const char *column, u64 *value)
{
	const char *text = record_text(records, row, column);

	return text && parse_number(text, value);
}
