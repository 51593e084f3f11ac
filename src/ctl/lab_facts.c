// SPDX-License-Identifier: GPL-2.0
/*
 * lab: what the report says of the host. No serial numbers, and nothing of
 * where guests are.
 */
#include <string.h>
#include <time.h>

#include "check.h"
#include "hw.h"
#include "lab.h"

#define DMI	"/sys/class/dmi/id/"

/* The emulated machine of the tests, or any other QEMU. */
static bool host_is_emulated(void)
{
	const char *vendor = file_text(DMI "sys_vendor");

	return vendor && !strncmp(vendor, "QEMU", 4);
}

/* The first line of /proc/cpuinfo of that name; NULL if there is none. */
static const char *said_of_cpu(const char *name)
{
	char *text = file_text("/proc/cpuinfo"), *line, *value;
	size_t length = strlen(name);

	while ((line = next_line(&text))) {
		value = strchr(line, ':');
		if (value && !strncmp(line, name, length) && line + length + strspn(line + length, " \t") == value)
			return value + 1 + strspn(value + 1, " ");
	}
	return NULL;
}

static void add_cpu(struct json_object *host)
{
	static const char * const names[][2] = {
		{ "cpu", "model name" }, { "family", "cpu family" }, { "model", "model" },
		{ "stepping", "stepping" }, { "microcode", "microcode" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		put_text(host, names[i][0], said_of_cpu(names[i][1]));
}

static void add_idle(struct json_object *host)
{
	const char *names = "", *name;
	int i;

	for (i = 0; (name = file_text(CPUS "cpu0/cpuidle/state%d/name", i)); i++)
		names = format("%s%s%s", names, *names ? " " : "", name);
	put_text(host, "idle_states", *names ? names : NULL);
}

static void add_segments(struct lab *lab, struct json_object *host)
{
	struct json_object *all = put_array(host, "rmp_segments"), *one;
	u32 i;

	for (i = 0; i < lab->info.nr_segments; i++) {
		one = array_new_object(all);
		put_number(one, "first_region", lab->segment[i].first);
		put_number(one, "regions", lab->segment[i].regions);
		if (lab->segment[i].node >= 0)
			put_number(one, "node", lab->segment[i].node);
		else
			put_text(one, "node", NULL);
	}
}

/* How often each value of RMPOPT_BASE was met, in front of the lab's first write. */
static void add_bases(const struct lab *lab, struct json_object *host)
{
	struct json_object *all = put_object(host, "rmpopt_base");
	const char *name;
	u32 i;

	for (i = 0; i < lab->cores; i++) {
		name = format("0x%llx", lab->core[i].msr);
		put_number(all, name, json_number(all, name) + 1);
	}
}

void facts_add(struct lab *lab)
{
	struct json_object *host = json_at(lab->document, "host");
	struct nodes nodes;
	u32 i, most = 0;

	nodes_read(&nodes);
	put_bool(lab->document, "emulated", host_is_emulated());
	put_text(lab->document, "date", time_text(time(NULL)));
	add_cpu(host);
	put_text(host, "bios_vendor", file_text(DMI "bios_vendor"));
	put_text(host, "bios_version", file_text(DMI "bios_version"));
	put_text(host, "bios_date", file_text(DMI "bios_date"));
	put_text(host, "kernel", check_release());
	for (i = 0; i < lab->cores; i++)
		most = lab->core[i].cpus > most ? lab->core[i].cpus : most;
	put_number(host, "cpus", lab->cpus);
	put_number(host, "cores", lab->cores);
	put_number(host, "threads_per_core", most);
	put_number(host, "nodes", nodes.count);
	put_number(host, "tsc_khz", lab->info.tsc_khz);
	add_idle(host);
}

/* What the RMP covers, and, when that is known, how much of it is free. */
void facts_regions(struct lab *lab)
{
	static const char * const kinds[] = {
		[REGION_RAM] = "regions_ram", [REGION_RMP] = "regions_rmp", [REGION_HOLE] = "regions_hole"
	};
	struct json_object *host = json_at(lab->document, "host");
	u64 count[ARRAY_SIZE(kinds)] = { }, held = 0;
	size_t i;

	for (i = 0; i < lab->regions; i++) {
		count[lab->region[i].kind]++;
		held += lab->region[i].kind == REGION_RAM && lab->region[i].held < BLOCKS;
	}
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		put_number(host, kinds[i], count[i]);
	if (lab->surveyed) {
		put_number(host, "regions_assigned", held);
		return;
	}
	put_text(host, "regions_assigned", NULL);
	add_segments(lab, host);
	add_bases(lab, host);
}
