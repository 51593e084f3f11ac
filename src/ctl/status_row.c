// SPDX-License-Identifier: GPL-2.0
/* status: the host as a row of columns; watch prints it, too. */
#include "rmpopt.h"
#include "status.h"

const struct column status_columns[] = {
	{ "loaded", COLUMN_BOOL, "the module is loaded" },
	{ "version", COLUMN_TEXT, "of the module" },
	{ "state", COLUMN_TEXT,
	  "waiting, ready, scanning, stopped, failed, suspended, leaving, or viewing (view only)" },
	{ "reason", COLUMN_TEXT, "why it is in this state, or ok" },
	{ "regions_covered", COLUMN_NUMBER, "regions (1 GiB each) covered" },
	{ "regions_optimized", COLUMN_NUMBER, "regions optimized on every core in use" },
	{ "regions_rmp", COLUMN_NUMBER, "regions that hold the RMP itself; never optimized" },
	{ "regions_held", COLUMN_NUMBER,
	  "regions that held pages of guests or firmware when last tried; null: not known yet" },
	{ "regions_backoff", COLUMN_NUMBER,
	  "regions that were lost again soon after they were regained, or are being converted, to be retried later" },
	{ "regions_uncovered", COLUMN_NUMBER, "regions in no core's window" },
	{ "regions_faulty", COLUMN_NUMBER, "regions in which RMPOPT faults, to be retried later" },
	{ "regions_optimizable", COLUMN_NUMBER,
	  "regions that could be optimized but are not; null unless in view-only mode" },
	{ "cores", COLUMN_NUMBER, "cores in use" },
	{ "cores_behind", COLUMN_NUMBER, "cores whose tables may lack bits" },
	{ "leaders", COLUMN_NUMBER, "cores that lead" },
	{ "requested", COLUMN_NUMBER, "number of the last request" },
	{ "served", COLUMN_NUMBER, "number of the last request whose pass has ended" },
	{ "done", COLUMN_NUMBER, "instructions of the running pass executed so far" },
	{ "total", COLUMN_NUMBER, "instructions of the running pass; 0 if there is none" },
	{ "passes", COLUMN_NUMBER, "passes ended" },
	{ "last_result", COLUMN_TEXT, "none, ok, partial, cancelled, or failed" },
	{ "last_trigger", COLUMN_TEXT, "what started the last pass" },
	{ "last_pass_time_s", COLUMN_NUMBER, "when the last pass ended, in seconds since 1970" },
	{ "last_pass_us", COLUMN_NUMBER, "how long it took, in microseconds" },
	{ "last_stolen_us", COLUMN_NUMBER, "how much time it took from other cores in total, in microseconds" },
	{ "slices", COLUMN_NUMBER, "slices executed" },
	{ "overruns", COLUMN_NUMBER, "slices longer than slice_us" },
	{ "faults", COLUMN_NUMBER, "instructions that faulted" },
	{ "worst_slice_ns", COLUMN_NUMBER, "longest slice, in nanoseconds" },
	{ "worst_slice_cpu", COLUMN_NUMBER, "CPU of the longest slice" },
	{ "hooks", COLUMN_TEXT, "attached hooks" },
	{ "time", COLUMN_TEXT, "of watch: when this was read", true },
	{ "eta_s", COLUMN_NUMBER, "of watch: seconds until the running pass ends", true },
	{ }
};

static void set_number(struct table *table, const char *name, u64 value)
{
	if (value != UNKNOWN)
		table_number(table, name, value);
}

static void add_counts(struct table *table, const struct host *host)
{
	const struct { const char *name; u64 value; } numbers[] = {
		{ "regions_covered", host->regions_covered },
		{ "regions_optimized", host->regions_optimized },
		{ "regions_uncovered", host->regions_uncovered },
		{ "regions_faulty", host->regions_faulty },
		{ "cores", host->cores_count },
		{ "cores_behind", host->behind_count },
		{ "leaders", host->leaders_count },
		{ "requested", host->requested }, { "served", host->served },
		{ "done", host->done }, { "total", host->total },
		{ "passes", host->passes },
		{ "last_pass_time_s", host->last_pass_time_s },
		{ "last_pass_us", host->last_pass_us },
		{ "last_stolen_us", host->last_stolen_us },
		{ "slices", host->slices }, { "overruns", host->overruns },
		{ "faults", host->faults },
		{ "worst_slice_ns", host->worst_slice_ns },
		{ "worst_slice_cpu", host->worst_slice_cpu },
		{ "eta_s", host->eta_s },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		set_number(table, numbers[i].name, numbers[i].value);
}

static void add_host(struct table *table, const struct host *host)
{
	u64 count[REGION_STATES];

	if (*host->version)
		table_set(table, "version", "%s", host->version);
	table_set(table, "state", "%s", host->state);
	table_set(table, "reason", "%s", host->reason);
	if (*host->last_result)
		table_set(table, "last_result", "%s", host->last_result);
	if (host->last_trigger)
		table_set(table, "last_trigger", "%s", host->last_trigger);
	if (host->hooks)
		table_set(table, "hooks", "%s", host->hooks);
	add_counts(table, host);
	if (!host->root)
		return;
	host_count(host, count);
	table_number(table, "regions_rmp", count[REGION_OWN]);
	if (host->knows_free)
		table_number(table, "regions_optimizable", count[REGION_OPTIMIZABLE]);
	if (!host->looked && !host->knows_free)
		return;
	table_number(table, "regions_held", count[REGION_HELD]);
	table_number(table, "regions_backoff", count[REGION_BACKOFF]);
}

/* The whole host in one row. */
void status_row(struct table *table, const struct host *host, bool loaded)
{
	table_row(table);
	table_bool(table, "loaded", loaded);
	if (loaded)
		add_host(table, host);
}
