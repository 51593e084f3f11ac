/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Documents of json-c: no memory for one ends the program. And a table of
 * libsmartcols as such a document.
 */
#ifndef RMPOPTCTL_JSON_H
#define RMPOPTCTL_JSON_H

#include <json-c/json.h>
#include <libsmartcols.h>
#include <stdbool.h>

void put(struct json_object *object, const char *name, struct json_object *value);
void put_last(struct json_object *array, struct json_object *value);
const char *document_text(struct json_object *document, bool in_one_line);
void document_print(struct json_object *document, bool in_one_line);
void json_print(struct libscols_table *smart, bool in_one_line);

#endif /* RMPOPTCTL_JSON_H */
