// SPDX-License-Identifier: GPL-2.0
/* lab: what differs between two reports. */
#include <string.h>

#include "lab.h"

static bool same_text(struct json_object *a, struct json_object *b, const char *name)
{
	const char *x = json_text(a, name) ?: "", *y = json_text(b, name) ?: "";

	return !strcmp(x, y);
}

/* The line of an array that has the same values under these names; NULL. */
static struct json_object *like(struct json_object *array, struct json_object *wanted, const char * const *names)
{
	struct json_object *line;
	size_t i, j;

	for (i = 0; i < json_length(array); i++) {
		line = json_object_array_get_idx(array, i);
		for (j = 0; names[j] && same_text(line, wanted, names[j]); j++)
			;
		if (!names[j])
			return line;
	}
	return NULL;
}

static void compare_answers(struct json_object *a, struct json_object *b, struct json_object *to)
{
	static const char * const key[] = { "id", NULL };
	struct json_object *one, *other, *line;
	size_t i;

	for (i = 0; i < json_length(a); i++) {
		one = json_object_array_get_idx(a, i);
		other = like(b, one, key);
		if (same_text(one, other, "answer"))
			continue;
		line = array_new_object(to);
		put_text(line, "id", json_text(one, "id"));
		put_text(line, "a", json_text(one, "answer"));
		put_text(line, "b", json_text(other, "answer"));
	}
}

/**
 * struct kind - an array of numbers that are compared
 * @array: of the document
 * @value: the number
 * @key: what a line is about
 */
static const struct kind {
	const char *array;
	const char *value;
	const char *key[5];
} kinds[] = {
	{ "measurements", "median", { "id", "cores", "distance", "round" } },
	{ "passes", "total_us", { "algorithm", "cores", "regions", "round" } },
	{ "passes", "stolen_us", { "algorithm", "cores", "regions", "round" } },
	{ "passes", "longest_stop_us", { "algorithm", "cores", "regions", "round" } },
	{ "writes", "rate", { "what", "page_size", "optimized", "round" } },
};

static const char *name_of(struct json_object *line, const struct kind *kind)
{
	const char *text = kind->value;
	size_t i;

	for (i = 0; kind->key[i]; i++)
		text = format("%s %s", text, json_text(line, kind->key[i]) ?: "-");
	return text;
}

static void compare_kind(struct json_object *a, struct json_object *b, const struct kind *kind,
			 struct json_object *to)
{
	struct json_object *one, *other, *line;
	double x, y;
	size_t i;

	a = json_at(a, kind->array);
	b = json_at(b, kind->array);
	for (i = 0; i < json_length(a); i++) {
		one = json_object_array_get_idx(a, i);
		other = like(b, one, kind->key);
		if (!json_at(one, kind->value) || !json_at(other, kind->value))
			continue;
		x = json_object_get_double(json_at(one, kind->value));
		y = json_object_get_double(json_at(other, kind->value));
		line = array_new_object(to);
		put_text(line, "what", name_of(one, kind));
		put(line, "a", json_object_new_double(x));
		put(line, "b", json_object_new_double(y));
		put(line, "ratio", x > 0 ? json_object_new_double(y / x) : NULL);
	}
}

static void print_answers(struct json_object *lines)
{
	struct json_object *line;
	size_t i;

	printf("%s\n", json_length(lines) ? "Answers that differ:" : "All answers are the same.");
	for (i = 0; i < json_length(lines); i++) {
		line = json_object_array_get_idx(lines, i);
		printf("  %-18s %-18s %s\n", json_text(line, "id"), json_text(line, "a") ?: "-",
		       json_text(line, "b") ?: "-");
	}
}

static void print_numbers(struct json_object *lines)
{
	struct json_object *line, *ratio;
	size_t i;

	if (json_length(lines))
		printf("\n%-48s %12s %12s %8s\n", "Number", "A", "B", "B / A");
	for (i = 0; i < json_length(lines); i++) {
		line = json_object_array_get_idx(lines, i);
		ratio = json_at(line, "ratio");
		printf("%-48s %12.6g %12.6g %8s\n", json_text(line, "what"),
		       json_object_get_double(json_at(line, "a")), json_object_get_double(json_at(line, "b")),
		       ratio ? format("%.3f", json_object_get_double(ratio)) : "-");
	}
}

static struct json_object *differences(struct json_object *a, struct json_object *b)
{
	struct json_object *document = json_object_new_object(), *numbers;
	size_t i;

	put_number(document, "version", 1);
	compare_answers(json_at(a, "questions"), json_at(b, "questions"), put_array(document, "answers"));
	numbers = put_array(document, "numbers");
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		compare_kind(a, b, &kinds[i], numbers);
	return document;
}

int lab_compare(const char *path_a, const char *path_b)
{
	struct json_object *a = document_read(path_a), *b = a ? document_read(path_b) : NULL, *document;

	if (a && b) {
		document = differences(a, b);
		if (options.json) {
			document_print(document, false);
		} else {
			print_answers(json_at(document, "answers"));
			print_numbers(json_at(document, "numbers"));
		}
		json_object_put(document);
	}
	json_object_put(a);
	json_object_put(b);
	return a && b ? CTL_OK : CTL_FAILED;
}
