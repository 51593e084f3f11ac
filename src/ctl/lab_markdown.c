// SPDX-License-Identifier: GPL-2.0
/* lab: the report as Markdown, from its JSON alone, so that an old one can be shown as well. */
#include <stdlib.h>
#include <string.h>

#include "lab.h"

/* What is said where nothing is known. */
#define NOTHING	"–"

/* In a cell of a table. */
static const char *cell(struct json_object *line, const char *name)
{
	const char *text = json_text(line, name);
	char *copy = arena_copy(text ?: NOTHING), *at = copy;

	while ((at = strchr(at, '|')))
		*at = '/';
	return copy;
}

static const char *real(struct json_object *line, const char *name)
{
	struct json_object *value = json_at(line, name);

	return value ? format("%.3g", json_object_get_double(value)) : NOTHING;
}

typedef void line_function(FILE *to, struct json_object *line);

static size_t each(FILE *to, struct json_object *array, line_function *print)
{
	size_t i, n = json_length(array);

	for (i = 0; i < n; i++)
		print(to, json_object_array_get_idx(array, i));
	return n;
}

static void print_picture(FILE *to, struct json_object *document, const char *name, bool plots)
{
	size_t count, i;
	struct plot_file *files = plots_make(document, &count);

	for (i = 0; i < count; i++)
		if (plots && !strcmp(files[i].name, name))
			fprintf(to, "\n![%s](%s.svg)\n", files[i].title, name);
}

static void print_segment(FILE *to, struct json_object *segment)
{
	fprintf(to, "| RMP segment | %llu GiB from %llu GiB on, its part of the RMP on node %s |\n",
		json_number(segment, "regions"), json_number(segment, "first_region"), cell(segment, "node"));
}

static void print_bases(FILE *to, struct json_object *bases)
{
	if (!json_object_is_type(bases, json_type_object))
		return;
	json_object_object_foreach(bases, base, cores)
		fprintf(to, "| RMPOPT_BASE before | %s on %s core(s) |\n", printable(base),
			printable(json_object_get_string(cores) ?: "null"));
}

static void print_host(FILE *to, struct json_object *document)
{
	static const char * const names[][2] = {
		{ "cpu", "CPU" }, { "family", "family" }, { "model", "model" }, { "stepping", "stepping" },
		{ "microcode", "microcode" }, { "bios_vendor", "BIOS vendor" }, { "bios_version", "BIOS version" },
		{ "bios_date", "BIOS date" }, { "kernel", "kernel" }, { "nodes", "nodes" }, { "cores", "cores" },
		{ "cpus", "CPUs" }, { "tsc_khz", "TSC, kHz" }, { "idle_states", "idle states" },
		{ "regions_ram", "regions (1 GiB) with RAM" }, { "regions_assigned", "of these with assigned pages" },
		{ "regions_rmp", "regions that hold the RMP" }, { "regions_hole", "regions covered without RAM" },
	};
	struct json_object *host = json_at(document, "host");
	size_t i;

	fprintf(to, "## Host\n\n| | |\n|---|---|\n");
	for (i = 0; i < ARRAY_SIZE(names); i++)
		fprintf(to, "| %s | %s |\n", names[i][1], cell(host, names[i][0]));
	each(to, json_at(host, "rmp_segments"), print_segment);
	print_bases(to, json_at(host, "rmpopt_base"));
}

static void print_answer(FILE *to, struct json_object *question)
{
	const char *why = json_text(question, "why");

	fprintf(to, "| `%s` | %s | **%s**%s%s | %s |\n", cell(question, "id"), cell(question, "question"),
		cell(question, "answer"), why ? ": " : "", why ? cell(question, "why") : "",
		cell(question, "settles"));
}

static void print_measurement(FILE *to, struct json_object *line)
{
	fprintf(to, "| %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", cell(line, "id"),
		cell(line, "cores"), cell(line, "distance"), cell(line, "round"), cell(line, "count"),
		cell(line, "min"), cell(line, "median"), cell(line, "p99"), cell(line, "max"),
		cell(line, "basis"));
}

static void print_pass(FILE *to, struct json_object *line)
{
	fprintf(to, "| %s | %s | %s | %s | %s | %s | %s | %s |\n", cell(line, "algorithm"),
		cell(line, "round"), cell(line, "regions"), cell(line, "cores"), cell(line, "verifies"),
		real(line, "total_us"), real(line, "stolen_us"), real(line, "longest_stop_us"));
}

static void print_write(FILE *to, struct json_object *line)
{
	fprintf(to, "| %s | %s | %s | %s | %s |\n", cell(line, "what"), cell(line, "page_size"),
		json_object_get_boolean(json_at(line, "optimized")) ? "yes" : "no", cell(line, "round"),
		real(line, "rate"));
}

static void print_step(FILE *to, struct json_object *line)
{
	fprintf(to, "| `%s` | %s | %s | %s |\n", cell(line, "id"), cell(line, "state"), cell(line, "took_ms"),
		cell(line, "why"));
}

static void print_reading(FILE *to, struct json_object *reading)
{
	const char *blank = "";

	if (!json_object_is_type(reading, json_type_object))
		return;
	json_object_object_foreach(reading, name, value) {
		fprintf(to, "%s%s=%s", blank, printable(name), printable(json_object_get_string(value) ?: "null"));
		blank = " ";
	}
	fputc('\n', to);
}

static void print_readings(FILE *to, struct json_object *question)
{
	struct json_object *readings = json_at(question, "readings");

	if (!json_length(readings))
		return;
	fprintf(to, "\n### %s: %s\n\nDone: %s.\n\n```\n", cell(question, "id"), cell(question, "answer"),
		cell(question, "done"));
	each(to, readings, print_reading);
	fprintf(to, "```\n");
}

/**
 * struct part - a table of the report
 * @array: of the document
 * @title: above it
 * @head: its first two lines
 * @note: below it
 * @plot: its picture
 * @print: prints a line
 */
static const struct part {
	const char *array;
	const char *title;
	const char *head;
	const char *note;
	const char *plot;
	line_function *print;
} parts[] = {
	{
		"questions", "Answers",
		"| id | question | answer | settles |\n|---|---|---|---|\n",
		"Raw readings are below.",
		"lab-failures", print_answer
	}, {
		"measurements", "Cycles",
		"| what | cores at once | RMP segment | round | count | minimum | median | 99 % | maximum | how it is known |\n|---|---|---|---|---|---|---|---|---|---|\n",
		"Cycles of the TSC, minus the cost of measuring. `paid`: the RMP was read; `raced`: by one core, while others verify the same; `cached`, `again`: verified before; `first`: not known which.",
		"lab-cycles", print_measurement
	}, {
		"passes", "Passes",
		"| algorithm | round | regions | cores | verifies | total, us | stolen from other cores, us | longest stop, us |\n|---|---|---|---|---|---|---|---|\n",
		"Total: of rmpopt the whole pass, of the others the instructions alone, without what it takes to reach the CPUs. Longest stop: one core, interrupts disabled, in one go (of rmpopt: its longest slice).",
		"lab-passes", print_pass
	}, {
		"writes", "Writes",
		"| what | page size | optimized | round | rate |\n|---|---|---|---|---|\n",
		"Rate: millions of random 8-byte writes a second; GB/s of copies. One process on one core; not optimized: the same pages, while the bits of their regions are clear.",
		"lab-writes", print_write
	}, {
		"steps", "Steps",
		"| step | state | ms | why |\n|---|---|---|---|\n",
		NULL, NULL, print_step
	},
};

static void print_part(FILE *to, struct json_object *document, const struct part *part, bool plots)
{
	struct json_object *array = json_at(document, part->array);

	if (!json_length(array))
		return;
	fprintf(to, "\n## %s\n\n%s", part->title, part->head);
	each(to, array, part->print);
	if (part->note)
		fprintf(to, "\n%s\n", part->note);
	if (part->plot)
		print_picture(to, document, part->plot, plots);
}

static void print_head(FILE *to, struct json_object *document)
{
	const char *surprise = json_text(document, "surprise"), *refused = json_text(document, "refused");

	fprintf(to, "# RMPOPT on %s\n\nBy %s, %s.\n\n", cell(json_at(document, "host"), "cpu"),
		cell(document, "program"), cell(document, "date"));
	if (json_object_get_boolean(json_at(document, "emulated")))
		fprintf(to,
			"**Emulated host: answers and costs are those that the machine was told to have. Nothing here is a measurement.**\n\n");
	if (refused)
		fprintf(to, "Refused: %s.\n\n", refused);
	if (surprise)
		fprintf(to, "**The run ended early: %s.** What follows was found before.\n\n", surprise);
	else if (!json_object_get_boolean(json_at(document, "complete")))
		fprintf(to, "Not all steps were run.\n\n");
}

/* @plots: the pictures lie beside it. */
const char *markdown(struct json_object *document, bool plots)
{
	char *text, *kept;
	size_t size, i;
	FILE *to = open_memstream(&text, &size);

	if (!to)
		exit(failed("not enough memory"));
	print_head(to, document);
	print_host(to, document);
	for (i = 0; i < ARRAY_SIZE(parts); i++)
		print_part(to, document, &parts[i], plots);
	fprintf(to,
		"\n## Readings\n\nR1, R2 ... are regions with RAM; which ones they are is not told, as it would tell where guests are.\n");
	each(to, json_at(document, "questions"), print_readings);
	if (fclose(to))
		exit(failed("not enough memory"));
	kept = arena_copy(text);
	free(text);
	return kept;
}
