// SPDX-License-Identifier: GPL-2.0
/*
 * sim FOLDER	tables to stdout and into FOLDER, as text and as JSON
 * sim --check	what must be exact, as TAP
 * sim --sizes	what it believes of the sizes of the module's structures
 * sim --host-s REGIONS	the cases of tests/bench, in its words
 */
#include <stdlib.h>
#include <string.h>

#include "sim.h"

static FILE *create(const char *folder, const char *name)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	if (!file) {
		perror(path);
		exit(1);
	}
	return file;
}

static void print_memory(FILE *text, FILE *json)
{
	struct host *host = host_new(1024, 8, 8192);

	fprintf(text, "\n1,024 cores of 2 threads, 8 nodes, 8 TiB, bytes\n");
	fprintf(json, "{\"cores\": 1024, \"tib\": 8, \"bytes\": %zu}\n",
		memory_of(host, text));
	host_free(host);
}

/* One table into two files, and what people read also to stdout. */
static void make(const char *folder, const char *name,
		 void (*table)(FILE *text, FILE *json))
{
	char file[64], line[512];
	FILE *text, *json;

	snprintf(file, sizeof(file), "%s.json", name);
	json = create(folder, file);
	snprintf(file, sizeof(file), "%s.txt", name);
	text = create(folder, file);
	table(text, json);
	fclose(json);
	fclose(text);
	snprintf(line, sizeof(line), "%s/%s", folder, file);
	text = fopen(line, "r");
	while (text && fgets(line, sizeof(line), text))
		fputs(line, stdout);
	if (text)
		fclose(text);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "--check"))
		return check_all();
	if (argc == 2 && !strcmp(argv[1], "--sizes")) {
		memory_sizes(stdout);
		return 0;
	}
	if (argc == 3 && !strcmp(argv[1], "--host-s"))
		return host_s(strtoul(argv[2], NULL, 10));
	if (argc != 2) {
		fprintf(stderr, "usage: sim FOLDER | --check | --sizes | --host-s REGIONS\n");
		return 2;
	}
	make(argv[1], "hosts", tables_hosts);
	make(argv[1], "sweep", tables_sweep);
	make(argv[1], "scale", tables_scale);
	make(argv[1], "memory", print_memory);
	return 0;
}
