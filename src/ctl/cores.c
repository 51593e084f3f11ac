// SPDX-License-Identifier: GPL-2.0
/* cores: each core by its primary; from debugfs, or as much as sysfs tells. */
#include "rmpopt.h"

const struct column cores_columns[] = {
	{ "cpu", COLUMN_NUMBER, "first online CPU of the core" },
	{ "node", COLUMN_NUMBER, "its node" },
	{ "base", COLUMN_NUMBER, "first region of its window" },
	{ "role", COLUMN_TEXT, "leader, follower, out (takes no part); null: not known, or none" },
	{ "behind", COLUMN_BOOL, "its table may lack bits" },
	{ "owes", COLUMN_NUMBER, "regions that it has to catch up" },
	{ "error", COLUMN_NUMBER, "why it is left out, a negative errno; 0 if it is not" },
	{ "slices", COLUMN_NUMBER, "interruptions so far" },
	{ "worst_slice_ns", COLUMN_NUMBER, "the longest of them, in ns" },
	{ }
};

static void copy(struct table *table, const struct records *records, size_t row,
		 const char *name)
{
	u64 value;

	if (record_number(records, row, name, &value))
		table_number(table, name, value);
}

/* The only number that may be below 0. */
static void copy_error(struct table *table, const struct records *records, size_t row)
{
	const char *text = record_text(records, row, "error");
	u64 value;

	if (text && parse_number(text + (*text == '-'), &value))
		table_set(table, "error", "%s%llu", *text == '-' && value ? "-" : "", value);
}

static void add_record(struct table *table, const struct records *records,
		       size_t row)
{
	static const char * const numbers[] = {
		"cpu", "node", "base", "owes", "slices", "worst_slice_ns"
	};
	const char *role = record_text(records, row, "role");
	u64 owes;
	size_t i;

	table_row(table);
	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		copy(table, records, row, numbers[i]);
	copy_error(table, records, row);
	if (role)
		table_set(table, "role", "%s", role);
	if (record_number(records, row, "owes", &owes))
		table_bool(table, "behind", owes);
}

static void add_cpu(struct table *table, const struct host *host, u32 cpu)
{
	table_row(table);
	table_number(table, "cpu", cpu);
	/* Nobody leads where the module only looks. */
	if (!host->viewing)
		table_set(table, "role", "%s", list_has(&host->leaders, cpu) ?
			  "leader" : "follower");
	table_bool(table, "behind", list_has(&host->behind, cpu));
}

/* An empty screen would say nothing. */
static void say_view(const struct host *host, bool in_words)
{
	if (in_words && host->viewing)
		fold(0, 0, format("View only: %s.%s", host_why(host),
				  host->tables ? "" : " No core's table is in use."));
}

static int from_sysfs(const struct host *host)
{
	struct table *table;
	size_t i;
	u32 cpu;

	if (!options.json && !options.output)
		options.output = "cpu,role,behind";
	table = table_new("cores", cores_columns);
	for (i = 0; i < host->cores.ranges; i++)
		for (cpu = host->cores.range[i].first; cpu <= host->cores.range[i].last; cpu++)
			add_cpu(table, host, cpu);
	return table_print(table);
}

int run_cores(char **arguments)
{
	struct records *records;
	bool in_words = !options.json && !options.output && !options.no_headings;
	struct table *table;
	struct host host;
	size_t i;

	(void)arguments;
	if (!host_read(&host))
		return host_missing("cores", cores_columns);
	say_view(&host, in_words);
	records = records_read(DEBUGFS "cores");
	if (!records)
		return from_sysfs(&host);
	table = table_new("cores", cores_columns);
	for (i = 0; i < records_count(records); i++)
		add_record(table, records, i);
	return table_print(table);
}
