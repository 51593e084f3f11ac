// SPDX-License-Identifier: GPL-2.0
/* lab: what differs between two reports. */
#include <string.h>

#include "lab.h"

static bool same_text(struct json_object *a, struct json_object *b, const char *name)
{
	const char *x = json_text(a, name) ?: "", *y = json_text(b, name) ?: "";

	return !strcmp(x, y);
}

static bool same_key(struct json_object *a, struct json_object *b, const char * const *names)
{
	for (; *names && same_text(a, b, *names); names++)
		;
	return !*names;
}

/* How many lines before this one have the same values under these names. */
static size_t same_before(struct json_object *array, size_t line, const char * const *names)
{
	struct json_object *one = json_object_array_get_idx(array, line);
	size_t i, n = 0;

	for (i = 0; i < line; i++)
		n += same_key(json_object_array_get_idx(array, i), one, names);
	return n;
}

/* Of the lines that have the same values under these names, the one after so many others; NULL. */
static struct json_object *like(struct json_object *array, struct json_object *wanted, const char * const *names,
				size_t others)
{
	struct json_object *line;
	size_t i;

	for (i = 0; i < json_length(array); i++) {
		line = json_object_array_get_idx(array, i);
		if (same_key(line, wanted, names) && !others--)
			return line;
	}
	return NULL;
}

typedef void pair_function(struct json_object *one, struct json_object *other, const void *with,
			   struct json_object *to);

/* Each line of @a with the one of @b that is like it, then what only @b has; NULL for what is missing. */
static void each_pair(struct json_object *a, struct json_object *b, const char * const *names,
		      pair_function *compare, const void *with, struct json_object *to)
{
	struct json_object *line;
	size_t i;

	for (i = 0; i < json_length(a); i++) {
		line = json_object_array_get_idx(a, i);
		compare(line, like(b, line, names, same_before(a, i, names)), with, to);
	}
	for (i = 0; i < json_length(b); i++) {
		line = json_object_array_get_idx(b, i);
		if (!like(a, line, names, same_before(b, i, names)))
			compare(NULL, line, with, to);
	}
}

static void compare_answer(struct json_object *one, struct json_object *other, const void *with,
			   struct json_object *to)
{
	struct json_object *line;

	if (same_text(one, other, "answer"))
		return;
	line = array_new_object(to);
	put_text(line, "id", json_text(one ?: other, "id"));
	put_text(line, "a", json_text(one, "answer"));
	put_text(line, "b", json_text(other, "answer"));
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
	const char *key[6];
} kinds[] = {
	{ "measurements", "median", { "step", "id", "cores", "distance", "round" } },
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

static void put_real(struct json_object *line, const char *name, struct json_object *value)
{
	put(line, name, value ? json_object_new_double(json_object_get_double(value)) : NULL);
}

static void compare_number(struct json_object *one, struct json_object *other, const void *with,
			   struct json_object *to)
{
	const struct kind *kind = with;
	struct json_object *line, *x = json_at(one, kind->value), *y = json_at(other, kind->value);
	bool both = x && y && json_object_get_double(x) > 0;

	if (!x && !y)
		return;
	line = array_new_object(to);
	put_text(line, "what", name_of(one ?: other, kind));
	put_real(line, "a", x);
	put_real(line, "b", y);
	put(line, "ratio", both ? json_object_new_double(json_object_get_double(y) / json_object_get_double(x)) : NULL);
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

static const char *real(struct json_object *line, const char *name)
{
	struct json_object *value = json_at(line, name);

	return value ? format("%.6g", json_object_get_double(value)) : "-";
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
		printf("%-48s %12s %12s %8s\n", json_text(line, "what"), real(line, "a"), real(line, "b"),
		       ratio ? format("%.3f", json_object_get_double(ratio)) : "-");
	}
}

static struct json_object *differences(struct json_object *a, struct json_object *b)
{
	static const char * const id[] = { "id", NULL };
	struct json_object *document = json_object_new_object(), *numbers;
	size_t i;

	put_number(document, "version", 1);
	each_pair(json_at(a, "questions"), json_at(b, "questions"), id, compare_answer, NULL,
		  put_array(document, "answers"));
	numbers = put_array(document, "numbers");
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		each_pair(json_at(a, kinds[i].array), json_at(b, kinds[i].array), kinds[i].key, compare_number,
			  &kinds[i], numbers);
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
