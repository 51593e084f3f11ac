// SPDX-License-Identifier: GPL-2.0
/* Tables by libsmartcols, and the same as JSON by json-c, from tables of columns. */
#include <json-c/json.h>
#include <string.h>
#include <stdlib.h>
#include <libsmartcols.h>
#include <unistd.h>

#include "ctl.h"

/**
 * struct table - what a command shows
 * @name: of the array in JSON
 * @smart: as libsmartcols has it; NULL with --json
 * @line: the row that is being filled
 * @rows: as JSON; NULL without --json
 * @object: the row that is being filled
 * @columns: what there is
 * @shown: the places of those that are shown, in their order
 * @shown_count: how many those are
 */
struct table {
	const char *name;
	struct libscols_table *smart;
	struct libscols_line *line;
	struct json_object *rows;
	struct json_object *object;
	const struct column *columns;
	int *shown;
	int shown_count;
};

static int no_memory(void)
{
	return failed("not enough memory");
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

	for (c = copy; *c; c++)
		*c = upper(*c);
	return copy;
}

static void add_heading(struct table *table, const struct column *column)
{
	static const int flags[] = {
		[COLUMN_NUMBER]	= SCOLS_FL_RIGHT,
		[COLUMN_BOOL]	= 0,
		[COLUMN_LIST]	= SCOLS_FL_WRAP,
	};
	struct libscols_column *smart;

	smart = scols_table_new_column(table->smart, heading(column->name), 0, flags[column->type]);
	if (!smart)
		exit(no_memory());
	if (column->type == COLUMN_LIST)
		scols_column_set_wrapfunc(smart, scols_wrapnl_chunksize, scols_wrapnl_nextchunk, NULL);
}

/* Where a column is shown, -1 if it is not. */
static int place_of(const struct table *table, int column)
{
	int i;

	for (i = 0; i < table->shown_count; i++)
		if (table->shown[i] == column)
			return i;
	return -1;
}

static void show_column(struct table *table, int column)
{
	if (place_of(table, column) >= 0)
		return;
	table->shown[table->shown_count++] = column;
	if (table->smart)
		add_heading(table, &table->columns[column]);
}

static void show_chosen(struct table *table, const char *list)
{
	size_t length;
	int i;

	for (;; list += length + 1) {
		length = strcspn(list, ",");
		i = find_column(table->columns, list, length);
		if (i >= 0)
			show_column(table, i);
		if (!list[length])
			return;
	}
}

static void show_columns(struct table *table)
{
	int i, count = 0;

	while (table->columns[count].name)
		count++;
	table->shown = arena_get(count * sizeof(*table->shown));
	if (options.output)
		show_chosen(table, options.output);
	for (i = 0; i < count && !options.output; i++)
		show_column(table, i);
}

/* Shows the columns of --output, all without; @name is that of the JSON array. */
struct table *table_new(const char *name, const struct column *columns)
{
	struct table *table = arena_get(sizeof(*table));

	table->name = name;
	table->columns = columns;
	if (options.json)
		table->rows = json_object_new_array();
	else
		table->smart = scols_new_table();
	if (!table->rows && !table->smart)
		exit(no_memory());
	if (table->smart)
		scols_table_enable_noheadings(table->smart, options.no_headings);
	show_columns(table);
	return table;
}

static void put(struct table *table, int column, struct json_object *value)
{
	if (json_object_object_add(table->object, table->columns[column].name, value))
		exit(no_memory());
}

/* What is not set later is null. */
static void add_object(struct table *table)
{
	int i;

	table->object = json_object_new_object();
	if (!table->object || json_object_array_add(table->rows, table->object))
		exit(no_memory());
	for (i = 0; i < table->shown_count; i++)
		put(table, table->shown[i], NULL);
}

void table_row(struct table *table)
{
	if (table->rows) {
		add_object(table);
		return;
	}
	table->line = scols_table_new_line(table->smart, NULL);
	if (!table->line)
		exit(no_memory());
}

/* Columns of a list on a terminal; two of them fit beside the others. */
#define LIST_COLUMNS	24
/* A scattered list would push the rest off the screen. */
#define LIST_LINES	4

/* The beginning of a list, in lines; "..." if it goes on. */
static char *in_lines(const char *text)
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

static void set_object(struct table *table, int column, const char *text)
{
	struct json_object *value;

	switch (table->columns[column].type) {
	case COLUMN_NUMBER:
		value = *text == '-' ? json_object_new_int64(strtoll(text, NULL, 10)) :
			json_object_new_uint64(strtoull(text, NULL, 10));
		break;
	case COLUMN_BOOL:
		value = json_object_new_boolean(!strcmp(text, "yes"));
		break;
	default:
		value = json_object_new_string(text);
	}
	if (!value)
		exit(no_memory());
	put(table, column, value);
}

static void set(struct table *table, const char *name, const char *text)
{
	int column = find_column(table->columns, name, strlen(name)), place;

	if (column < 0)
		abort();
	place = place_of(table, column);
	if (place < 0)
		return;
	if (table->rows) {
		set_object(table, column, text);
		return;
	}
	/* A program reads a row as a line. */
	if (table->columns[column].type == COLUMN_LIST && screen_width(STDOUT_FILENO))
		text = in_lines(text);
	if (scols_line_set_data(table->line, place, text))
		exit(no_memory());
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
	set(table, column, value ? "yes" : "no");
}

/* The table is gone then. */
static int print_json(struct table *table, int flags)
{
	struct json_object *document = json_object_new_object();
	const char *text;

	if (!document || json_object_object_add(document, table->name, table->rows))
		exit(no_memory());
	text = json_object_to_json_string_ext(document, flags | JSON_C_TO_STRING_SPACED |
					      JSON_C_TO_STRING_NOSLASHESCAPE);
	if (text)
		puts(text);
	json_object_put(document);
	return text ? CTL_OK : no_memory();
}

int table_print(struct table *table)
{
	int ret;

	if (table->rows)
		return print_json(table, JSON_C_TO_STRING_PRETTY);
	ret = scols_print_table(table->smart);
	scols_unref_table(table->smart);
	return ret ? failed("can't print the table") : CTL_OK;
}

/* As JSON, in one line. */
int table_print_line(struct table *table)
{
	return print_json(table, 0);
}
