// SPDX-License-Identifier: GPL-2.0
/* Tables, by libsmartcols, from tables of columns; json.c makes JSON of them. */
#include <string.h>
#include <stdlib.h>
#include <libsmartcols.h>
#include <unistd.h>

#include "ctl.h"
#include "json.h"

/**
 * struct table - what a command shows
 * @smart: the table of libsmartcols
 * @row: the row that is being filled
 * @columns: what there is
 * @place: of each of them where it is shown, -1 if it is not
 */
struct table {
	struct libscols_table *smart;
	struct libscols_line *row;
	const struct column *columns;
	int *place;
};

/* Are columns wanted, even if words are the default? */
bool table_wanted(void)
{
	return options.json || options.raw || options.pairs || options.output ||
	       options.output_all || options.no_headings;
}

static int find_column(const struct column *columns, const char *name,
		       size_t length)
{
	int i;

	for (i = 0; columns[i].name; i++)
		if (strlen(columns[i].name) == length &&
		    same_name(columns[i].name, name, length))
			return i;
	return -1;
}

/* Does a list like "cpu,role" name columns of these only? */
bool table_knows(const struct column *columns, const char *list)
{
	size_t length;

	list += *list == '+';
	for (;; list += length + 1) {
		length = strcspn(list, ",");
		if (find_column(columns, list, length) < 0)
			return false;
		if (!list[length])
			return true;
	}
}

static const char *heading(const char *name)
{
	char *copy = arena_copy(name), *c;

	for (c = copy; !options.json && *c; c++)
		*c = upper(*c);
	return copy;
}

/* A program reads a row as a line. */
static bool wraps(void)
{
	return !options.json && !options.raw && !options.pairs && isatty(STDOUT_FILENO);
}

static void show_column(struct table *table, int i, int place)
{
	static const int json_types[] = {
		[COLUMN_TEXT]	= SCOLS_JSON_STRING,
		[COLUMN_NUMBER]	= SCOLS_JSON_NUMBER,
		[COLUMN_BOOL]	= SCOLS_JSON_BOOLEAN,
		[COLUMN_LIST]	= SCOLS_JSON_STRING,
		[COLUMN_WORDS]	= SCOLS_JSON_STRING,
	};
	static const int flags[] = {
		[COLUMN_NUMBER]	= SCOLS_FL_RIGHT,
		[COLUMN_BOOL]	= 0,
		[COLUMN_LIST]	= SCOLS_FL_WRAP,
		[COLUMN_WORDS]	= SCOLS_FL_WRAP,
	};
	const struct column *column = &table->columns[i];
	struct libscols_column *smart;

	smart = scols_table_new_column(table->smart, heading(column->name), 0, flags[column->type]);
	if (!smart)
		exit(failed("not enough memory"));
	scols_column_set_json_type(smart, json_types[column->type]);
	if (flags[column->type] == SCOLS_FL_WRAP && wraps())
		scols_column_set_wrapfunc(smart, scols_wrapnl_chunksize, scols_wrapnl_nextchunk, NULL);
	table->place[i] = place;
}

/* None is shown yet. */
static int *no_places(const struct column *columns)
{
	size_t count = 0;

	while (columns[count].name)
		count++;
	return memset(arena_get(count * sizeof(int)), 0xff, count * sizeof(int));
}

static void show_all(struct table *table, bool extra)
{
	int i, place = 0;

	for (i = 0; table->columns[i].name; i++)
		if (extra || !table->columns[i].extra)
			show_column(table, i, place++);
}

static void show_list(struct table *table, const char *list)
{
	size_t length;
	int i;

	for (;; list += length + 1) {
		length = strcspn(list, ",");
		i = find_column(table->columns, list, length);
		if (i >= 0 && table->place[i] < 0)
			show_column(table, i, scols_table_get_ncols(table->smart));
		if (!list[length])
			return;
	}
}

/* Those that are wanted; in JSON all by default. */
static void show_columns(struct table *table, const char *defaults)
{
	const char *asked = options.output;
	bool all = options.output_all || (options.json && !asked);

	if (asked && *asked != '+')
		return show_list(table, asked);
	if (defaults && !all)
		show_list(table, defaults);
	else
		show_all(table, all);
	if (asked)
		show_list(table, asked + 1);
}

static void set_format(struct table *table)
{
	scols_table_enable_raw(table->smart, options.raw);
	scols_table_enable_export(table->smart, options.pairs);
	scols_table_enable_noheadings(table->smart, options.no_headings);
	if (isatty(STDOUT_FILENO) && screen_columns())
		scols_table_set_termwidth(table->smart, screen_columns());
}

/*
 * @name is that of the array in JSON; @defaults are the columns that are shown
 * unless others are asked for, NULL: all that are not extra.
 */
struct table *table_new(const char *name, const struct column *columns,
			const char *defaults)
{
	struct table *table = arena_get(sizeof(*table));

	table->smart = scols_new_table();
	if (!table->smart)
		exit(failed("not enough memory"));
	table->columns = columns;
	table->place = no_places(columns);
	scols_table_set_name(table->smart, name);
	set_format(table);
	show_columns(table, defaults);
	return table;
}

/* Blank cells would vanish where blanks separate columns. */
static void fill_row(struct table *table)
{
	size_t i;

	for (i = 0; options.raw && i < scols_table_get_ncols(table->smart); i++)
		scols_line_set_data(table->row, i, "-");
}

void table_row(struct table *table)
{
	table->row = scols_table_new_line(table->smart, NULL);
	if (!table->row)
		exit(failed("not enough memory"));
	fill_row(table);
}

/* Columns of a list on a terminal; two of them fit beside the others. */
#define LIST_COLUMNS	24
/* A scattered list would push the rest off the screen. */
#define LIST_LINES	4

/* Columns of words beside others on a terminal; a wide one has room for any. */
#define WORDS_COLUMNS	33
#define WIDE_COLUMNS	132

/* Words in lines. */
static char *words_in_lines(const char *text)
{
	char *copy = arena_copy(text), *word = copy, *blank;
	size_t at = 0, length;

	if (!*text || screen_width(STDOUT_FILENO) >= WIDE_COLUMNS)
		return copy;
	for (;; word = blank + 1) {
		length = strcspn(word, " ");
		if (at && at + length > WORDS_COLUMNS) {
			word[-1] = '\n';
			at = 0;
		}
		at += length + 1;
		blank = word + length;
		if (!*blank)
			return copy;
	}
}

/* The beginning of a list, in lines; "..." if it goes on. */
static char *list_in_lines(const char *text)
{
	char *copy = arena_get(2 * strlen(text) + sizeof("...")), *to = copy;
	size_t at = 0, lines = 1, length;

	for (; *text; text += length) {
		length = strcspn(text, ",");
		length += !!text[length];
		if (at && at + length > LIST_COLUMNS) {
			if (lines++ == LIST_LINES) {
				memcpy(to, "...", sizeof("..."));
				return copy;
			}
			*to++ = '\n';
			at = 0;
		}
		memcpy(to, text, length);
		to += length;
		at += length;
	}
	return copy;
}

static void set(struct table *table, const char *column, const char *text)
{
	int i = find_column(table->columns, column, strlen(column));

	if (i < 0)
		abort();
	if (table->columns[i].type == COLUMN_LIST && wraps())
		text = list_in_lines(text);
	if (table->columns[i].type == COLUMN_WORDS && wraps())
		text = words_in_lines(text);
	if (table->place[i] >= 0)
		scols_line_set_data(table->row, table->place[i], text);
}

/* A cell of the last row; what is not set is null in JSON. */
void table_set(struct table *table, const char *column, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	set(table, column, vformat(fmt, args));
	va_end(args);
}

void table_number(struct table *table, const char *column, u64 value)
{
	set(table, column, format("%llu", value));
}

void table_bool(struct table *table, const char *column, bool value)
{
	set(table, column, options.json ? (value ? "1" : "0") :
	    value ? "yes" : "no");
}

/* The table is gone then. */
int table_print(struct table *table)
{
	int ret = CTL_OK;

	if (options.json)
		json_print(table->smart, false);
	else
		ret = scols_print_table(table->smart) ? failed("can't print the table") : CTL_OK;
	scols_unref_table(table->smart);
	return ret;
}

/* As JSON in one line. */
void table_print_line(struct table *table)
{
	json_print(table->smart, true);
	scols_unref_table(table->smart);
}
