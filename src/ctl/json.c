// SPDX-License-Identifier: GPL-2.0
/*
 * A table of libsmartcols as JSON, by json-c: an object with a version and an array of
 * rows, which may be empty. libsmartcols prints no such table, and none in one line.
 */
#include <stdlib.h>

#include "ctl.h"
#include "json.h"

/* Of the format; it changes if a name is removed or gets another meaning. */
#define JSON_VERSION	1

void put(struct json_object *object, const char *name, struct json_object *value)
{
	if (!object || json_object_object_add(object, name, value))
		exit(failed("not enough memory"));
}

void put_last(struct json_object *array, struct json_object *value)
{
	if (!array || !value || json_object_array_add(array, value))
		exit(failed("not enough memory"));
}

/* Valid until the document is changed or freed. */
const char *document_text(struct json_object *document, bool in_one_line)
{
	int flags = JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE |
		    (in_one_line ? 0 : JSON_C_TO_STRING_PRETTY);
	const char *text = json_object_to_json_string_ext(document, flags);

	if (!text)
		exit(failed("not enough memory"));
	return text;
}

/* One was printed. */
static bool printed;

bool document_printed(void)
{
	return printed;
}

void document_print(struct json_object *document, bool in_one_line)
{
	puts(document_text(document, in_one_line));
	printed = true;
}

/* What was not set is null. */
static struct json_object *cell(int type, const char *text)
{
	if (!text || !*text)
		return NULL;
	switch (type) {
	case SCOLS_JSON_NUMBER:
		return *text == '-' ? json_object_new_int64(strtoll(text, NULL, 10)) :
		       json_object_new_uint64(strtoull(text, NULL, 10));
	case SCOLS_JSON_BOOLEAN:
		return json_object_new_boolean(*text == '1');
	default:
		return json_object_new_string(text);
	}
}

static struct json_object *row(struct libscols_table *smart, struct libscols_line *line)
{
	struct json_object *object = json_object_new_object();
	struct libscols_column *column;
	size_t i;

	for (i = 0; (column = scols_table_get_column(smart, i)); i++)
		put(object, scols_cell_get_data(scols_column_get_header(column)),
		    cell(scols_column_get_json_type(column),
			 scols_cell_get_data(scols_line_get_column_cell(line, column))));
	return object;
}

static struct json_object *rows(struct libscols_table *smart)
{
	struct json_object *array = json_object_new_array();
	struct libscols_iter *place = scols_new_iter(SCOLS_ITER_FORWARD);
	struct libscols_line *line;

	if (!place)
		exit(failed("not enough memory"));
	while (!scols_table_next_line(smart, place, &line))
		put_last(array, row(smart, line));
	scols_free_iter(place);
	return array;
}

void json_print(struct libscols_table *smart, bool in_one_line)
{
	struct json_object *document = json_object_new_object();

	put(document, "version", json_object_new_int(JSON_VERSION));
	put(document, scols_table_get_name(smart), rows(smart));
	document_print(document, in_one_line);
	json_object_put(document);
}
