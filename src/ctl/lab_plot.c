// SPDX-License-Identifier: GPL-2.0
/* lab: plots, as scripts of gnuplot that hold their data and print an SVG. */
#include <stdlib.h>
#include <string.h>

#include "lab.h"

static const char head[] =
	"set terminal svg size 760,460 font 'sans-serif,12' background 'white'\n"
	"set grid ytics lt 0 lw 0.5\n"
	"set key below\n"
	"set title \"%s%s\" noenhanced\n";

typedef bool want_function(struct json_object *line);

static bool is_text(struct json_object *line, const char *name, const char *value)
{
	const char *text = json_text(line, name);

	return text && !strcmp(text, value);
}

/* "$NAME << EOD": of each line of @id cores, median, minimum, 99 %. Returns how many. */
static size_t data_of(FILE *to, struct json_object *lines, const char *id, const char *name)
{
	size_t i, n = 0;

	fprintf(to, "$%s << EOD\n", name);
	for (i = 0; i < json_length(lines); i++) {
		struct json_object *line = json_object_array_get_idx(lines, i);

		if (!is_text(line, "id", id))
			continue;
		fprintf(to, "%llu %llu %llu %llu\n", json_number(line, "cores"), json_number(line, "median"),
			json_number(line, "min"), json_number(line, "p99"));
		n++;
	}
	fprintf(to, "EOD\n");
	return n;
}

/* Medians of each kind, from the minimum to the 99th percentile, by cores at once. */
static bool plot_cycles(FILE *to, struct json_object *document)
{
	static const char * const kinds[][2] = {
		{ "verify-paid", "paid" }, { "verify-first", "first" }, { "verify-again", "again" },
		{ "verify-cached", "cached" }, { "verify-raced", "raced" },
		{ "verify-failed", "failed" }, { "report", "report" }, { "rmpread", "rmpread" },
	};
	struct json_object *lines = json_at(document, "measurements");
	const char *between = "plot ";
	size_t i, n = 0;

	fprintf(to,
		"set xlabel 'cores at once'\nset ylabel 'cycles'\nset logscale xy\nset xtics (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)\n"
		"set xrange [0.8:*]\n");
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!data_of(to, lines, kinds[i][0], kinds[i][1]))
			fprintf(to, "undefine $%s\n", kinds[i][1]);
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		size_t j;

		for (j = 0;
		     j < json_length(lines) && !is_text(json_object_array_get_idx(lines, j), "id", kinds[i][0]);
		     j++)
			;
		if (j == json_length(lines))
			continue;
		fprintf(to,
			"%s$%s using ($1*%.2f):($2+1):($3+1):($4+1) with yerrorbars pt 7 ps 0.5 title '%s'",
			between, kinds[i][1], 0.85 + 0.05 * i, kinds[i][0]);
		between = ", ";
		n++;
	}
	fputc('\n', to);
	return n;
}

/* What a failure costs, by the block of 2 MiB in which the first assigned page lies. */
static bool plot_failures(FILE *to, struct json_object *document)
{
	struct json_object *questions = json_at(document, "questions"), *readings, *one;
	size_t i, j, n = 0;

	fprintf(to,
		"set xlabel 'first assigned page, block of 2 MiB'\nset ylabel 'cycles'\nset xrange [0:512]\nset yrange [0:*]\n$failures << EOD\n");
	for (i = 0; i < json_length(questions); i++) {
		one = json_object_array_get_idx(questions, i);
		if (!is_text(one, "id", "failure-cost") && !is_text(one, "id", "cache-failure"))
			continue;
		readings = json_at(one, "readings");
		for (j = 0; j < json_length(readings); j++, n++) {
			one = json_object_array_get_idx(readings, j);
			fprintf(to, "%llu %llu\n", json_number(one, "first_assigned_block"),
				json_number(one, "cycles"));
		}
	}
	fprintf(to, "EOD\nplot $failures using 1:2 with points pt 7 ps 0.6 notitle\n");
	return n;
}

/* Bars; the data are lines of a name and two numbers. */
static void plot_bars(FILE *to, const char *a, const char *b)
{
	fprintf(to, "set style data histograms\nset style fill solid 0.7\nset boxwidth 0.9\nset xtics noenhanced rotate by -25\n"
		"plot $bars using 2:xtic(1) title '%s', '' using 3 title '%s'\n", a, b);
}

static bool plot_passes(FILE *to, struct json_object *document)
{
	struct json_object *passes = json_at(document, "passes"), *line;
	size_t i, n = 0;

	fprintf(to, "set ylabel 'microseconds'\nset logscale y\nset yrange [0.1:*]\n$bars << EOD\n");
	for (i = 0; i < json_length(passes); i++) {
		line = json_object_array_get_idx(passes, i);
		fprintf(to, "\"%s %s\" %g %g\n", json_text(line, "algorithm") ?: "?",
			json_text(line, "round") ?: "", json_object_get_double(json_at(line, "stolen_us")),
			json_object_get_double(json_at(line, "longest_stop_us")));
		n++;
	}
	fprintf(to, "EOD\n");
	plot_bars(to, "stolen from other cores", "longest stop of one");
	return n;
}

/* The best round of one kind of write; 0 if there is none. */
static double best(struct json_object *writes, const char *what, u64 size, bool optimized)
{
	struct json_object *line;
	double most = 0, rate;
	size_t i;

	for (i = 0; i < json_length(writes); i++) {
		line = json_object_array_get_idx(writes, i);
		rate = json_object_get_double(json_at(line, "rate"));
		if (is_text(line, "what", what) && json_number(line, "page_size") == size &&
		    json_object_get_boolean(json_at(line, "optimized")) == optimized && rate > most)
			most = rate;
	}
	return most;
}

static bool plot_writes(FILE *to, struct json_object *document)
{
	static const struct {
		const char *what;
		u64 size;
		const char *name;
	} kinds[] = {
		{ "random", PAGE, "random, 4 KiB pages" }, { "random", BLOCK, "random, 2 MiB pages" },
		{ "copy", PAGE, "copy, 4 KiB pages" }, { "copy", BLOCK, "copy, 2 MiB pages" },
	};
	struct json_object *writes = json_at(document, "writes");
	size_t i, n = 0;
	double without;

	fprintf(to, "set ylabel 'rate, not optimized = 1'\nset yrange [0:*]\n$bars << EOD\n");
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		without = best(writes, kinds[i].what, kinds[i].size, false);
		if (without <= 0)
			continue;
		fprintf(to, "\"%s\" 1 %g\n", kinds[i].name,
			best(writes, kinds[i].what, kinds[i].size, true) / without);
		n++;
	}
	fprintf(to, "EOD\n");
	plot_bars(to, "not optimized", "optimized");
	return n;
}

static const struct {
	const char *name;
	const char *title;
	bool (*print)(FILE *to, struct json_object *document);
} plots[] = {
	{ "lab-cycles", "Cycles of one instruction: median, from minimum to 99 %", plot_cycles },
	{ "lab-failures", "Cycles of a verify that fails", plot_failures },
	{ "lab-passes", "Passes: time taken from other cores", plot_passes },
	{ "lab-writes", "Writes of one process, best round", plot_writes },
};

static const char *script_of(struct json_object *document, size_t i)
{
	bool emulated = json_object_get_boolean(json_at(document, "emulated")), has;
	char *text, *kept;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	if (!to)
		exit(failed("not enough memory"));
	fprintf(to, head, plots[i].title, emulated ? " (emulated host)" : "");
	has = plots[i].print(to, document);
	if (fclose(to))
		exit(failed("not enough memory"));
	kept = has ? arena_copy(text) : NULL;
	free(text);
	return kept;
}

/* Those for which there are data. */
struct plot_file *plots_make(struct json_object *document, size_t *count)
{
	struct plot_file *files = arena_get(ARRAY_SIZE(plots) * sizeof(*files));
	const char *text;
	size_t i;

	*count = 0;
	for (i = 0; i < ARRAY_SIZE(plots); i++) {
		text = script_of(document, i);
		if (text)
			files[(*count)++] = (struct plot_file){ plots[i].name, plots[i].title, text };
	}
	return files;
}
