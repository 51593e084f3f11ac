// SPDX-License-Identifier: GPL-2.0
/* lab: the report as a document of json-c. What is read from a file is not trusted. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "lab.h"

/* Of the document; a new one if a name goes or changes its meaning. */
#define LAB_JSON_VERSION	1

/* null of NULL. */
void put_text(struct json_object *object, const char *name, const char *value)
{
	put(object, name, value ? json_object_new_string(value) : NULL);
}

void put_number(struct json_object *object, const char *name, u64 value)
{
	put(object, name, json_object_new_uint64(value));
}

void put_bool(struct json_object *object, const char *name, bool value)
{
	put(object, name, json_object_new_boolean(value));
}

struct json_object *put_object(struct json_object *object, const char *name)
{
	struct json_object *value = json_object_new_object();

	put(object, name, value);
	return value;
}

struct json_object *put_array(struct json_object *object, const char *name)
{
	struct json_object *value = json_object_new_array();

	put(object, name, value);
	return value;
}

struct json_object *array_new_object(struct json_object *array)
{
	struct json_object *value = json_object_new_object();

	put_last(array, value);
	return value;
}

/* NULL if there is nothing of that name. */
struct json_object *json_at(struct json_object *object, const char *name)
{
	struct json_object *value = NULL;

	if (json_object_is_type(object, json_type_object))
		json_object_object_get_ex(object, name, &value);
	return value;
}

/* Printable; NULL for null, and for what is no text and no number. */
const char *json_text(struct json_object *object, const char *name)
{
	struct json_object *value = json_at(object, name);

	switch (json_object_get_type(value)) {
	case json_type_string:
	case json_type_int:
	case json_type_double:
	case json_type_boolean:
		return printable(json_object_get_string(value));
	default:
		return NULL;
	}
}

/* Of an array; of anything else 0. */
size_t json_length(struct json_object *array)
{
	return json_object_is_type(array, json_type_array) ? json_object_array_length(array) : 0;
}

u64 json_number(struct json_object *object, const char *name)
{
	return json_object_get_uint64(json_at(object, name));
}

/* All of its names, empty. */
struct json_object *document_new(void)
{
	static const char * const arrays[] = {
		"steps", "questions", "measurements", "passes", "writes"
	};
	struct json_object *document = json_object_new_object();
	size_t i;

	put_number(document, "version", LAB_JSON_VERSION);
	put_text(document, "program", "rmpoptctl " RMPOPT_VERSION);
	put_text(document, "date", NULL);
	put_bool(document, "emulated", false);
	put_bool(document, "complete", false);
	put_text(document, "refused", NULL);
	put_text(document, "surprise", NULL);
	put_object(document, "host");
	for (i = 0; i < ARRAY_SIZE(arrays); i++)
		put_array(document, arrays[i]);
	return document;
}

/* A report of an earlier run: the file, or the directory that it is in. NULL after an error message. */
struct json_object *document_read(const char *path)
{
	const char *file = path;
	struct json_object *document;
	struct stat stat_of;
	size_t size;
	char *bytes;

	if (!stat(path, &stat_of) && S_ISDIR(stat_of.st_mode))
		file = format("%s/lab.json", path);
	bytes = file_bytes(file, &size);
	if (!bytes) {
		failed("can't read %s: %s", printable(file), strerror(errno));
		return NULL;
	}
	document = strlen(bytes) == size ? json_tokener_parse(bytes) : NULL;
	if (json_number(document, "version") == LAB_JSON_VERSION && json_at(document, "questions"))
		return document;
	json_object_put(document);
	failed("%s: not a report of this version of rmpoptctl lab", printable(file));
	return NULL;
}
