// SPDX-License-Identifier: GPL-2.0
/* cores: each core by its primary; from debugfs, or as much as sysfs tells. */
#include "rmpopt.h"

const struct column cores_columns[] = {
	{ "cpu", COLUMN_NUMBER, "first online CPU of the core" },
	{ "node", COLUMN_NUMBER, "NUMA node" },
	{ "base", COLUMN_NUMBER, "first region of the core's window" },
	{ "role", COLUMN_TEXT, "leader, follower, or out (not in use); null: not known" },
	{ "behind", COLUMN_BOOL, "the table may lack bits" },
	{ "owes", COLUMN_NUMBER, "regions to catch up on" },
	{ "error", COLUMN_NUMBER, "negative errno if the core is not in use, else 0" },
	{ "slices", COLUMN_NUMBER, "slices executed" },
	{ "worst_slice_ns", COLUMN_NUMBER, "longest slice, in nanoseconds" },
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
	/* In view-only mode there are no leaders. */
	if (!host->viewing)
		table_set(table, "role", "%s", list_has(&host->leaders, cpu) ?
			  "leader" : "follower");
	table_bool(table, "behind", list_has(&host->behind, cpu));
}

/* What the table alone would not tell. */
static void explain(const struct host *host, u32 rows)
{
	if (table_wanted())
		return;
	if (host->viewing)
		fold(0, 0, format("View only: %s.%s", host_why(host),
				  host->tables ? "" : " No core's table is in use."));
	else if (!rows)
		fold(0, 0, format("No core is in use: rmpopt %s: %s", host_is(host), host->reason));
}

/* Is this core, or one of its other threads, among @wanted? NULL: all are. */
static bool is_wanted(const struct list *wanted, u32 cpu)
{
	struct list threads;
	size_t i, j;

	if (!wanted || list_has(wanted, cpu))
		return true;
	list_read(&threads, CPUS "cpu%u/topology/thread_siblings_list", cpu);
	for (i = 0; i < threads.ranges; i++)
		for (j = 0; j < wanted->ranges; j++)
			if (threads.range[i].first <= wanted->range[j].last &&
			    threads.range[i].last >= wanted->range[j].first)
				return true;
	return false;
}

/* Returns how many rows there are. */
static u32 from_sysfs(struct table *table, const struct host *host, const struct list *wanted)
{
	size_t i;
	u32 cpu, rows = 0;

	for (i = 0; i < host->cores.ranges; i++)
		for (cpu = host->cores.range[i].first; cpu <= host->cores.range[i].last; cpu++)
			if (is_wanted(wanted, cpu)) {
				add_cpu(table, host, cpu);
				rows++;
			}
	return rows;
}

static u32 from_debugfs(struct table *table, const struct records *records,
			const struct list *wanted)
{
	size_t i;
	u64 cpu;
	u32 rows = 0;

	for (i = 0; i < records_count(records); i++)
		if (!wanted || (record_number(records, i, "cpu", &cpu) && is_wanted(wanted, cpu))) {
			add_record(table, records, i);
			rows++;
		}
	return rows;
}

int run_cores(char **arguments)
{
	struct records *records;
	struct list list, *wanted = *arguments ? &list : NULL;
	struct table *table;
	struct host host;
	int ret = CTL_OK;
	u32 rows;

	if (wanted && (!**arguments || !list_parse(wanted, *arguments)))
		return misused("cores %s: use a list of CPUs in ascending order, like 0-3,8", *arguments);
	if (!host_read(&host))
		return host_missing();
	records = records_read(DEBUGFS "cores");
	table = table_new("cores", cores_columns, records ? NULL : "cpu,role,behind");
	rows = records ? from_debugfs(table, records, wanted) : from_sysfs(table, &host, wanted);
	if (wanted && !rows)
		ret = failed("no core of CPU %s is known; rmpoptctl cores shows all", *arguments);
	else
		explain(&host, rows);
	return table_print(table) ?: ret;
}
