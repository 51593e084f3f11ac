// SPDX-License-Identifier: GPL-2.0
/*
 * Arguments of the plugin, and its entry points.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "psp.h"

__attribute__((visibility("default"))) int qemu_plugin_version = PLUGIN_API_VERSION;

struct machine machine = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.nodes = 1, .cores = 2, .threads = 1,
	.has_rmpopt = true, .has_rmpread = true, .segmented = true,
};

static void complain(const char *fmt, va_list args)
{
	fputs("machine: ", stderr);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
}

void machine_error(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	complain(fmt, args);
	va_end(args);
}

void machine_die(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	complain(fmt, args);
	va_end(args);
	abort();
}

/* The machine's own clock. */
int64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000ll + ts.tv_nsec / 1000;
}

static bool number(const char *text, u64 max, u64 *value)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, 0);
	return !errno && end != text && !*end && *value <= max;
}

static bool small(const char *text, unsigned int *value)
{
	u64 v;

	if (!number(text, MAX_VCPUS, &v) || !v)
		return false;
	*value = v;
	return true;
}

static bool on_off(const char *text, bool *value)
{
	*value = !strcmp(text, "on");
	return *value || !strcmp(text, "off");
}

static const char *rst;
static u64 segments_at;
static bool preset;
static const char *sockets;

static bool profile(const char *text)
{
	machine.profile = !strcmp(text, "harsh") ? MACHINE_HARSH : MACHINE_KIND;
	return harsh() || !strcmp(text, "kind");
}

static bool rmp(const char *text)
{
	machine.segmented = !strcmp(text, "segmented");
	return machine.segmented || !strcmp(text, "contiguous");
}

static bool text_argument(const char *value, const char **where)
{
	*where = strdup(value);
	return *where;
}

static bool argument(const char *key, const char *value)
{
	if (!strcmp(key, "nodes"))
		return small(value, &machine.nodes);
	if (!strcmp(key, "cores"))
		return small(value, &machine.cores);
	if (!strcmp(key, "threads"))
		return small(value, &machine.threads);
	if (!strcmp(key, "rmp"))
		return rmp(value);
	if (!strcmp(key, "base"))
		return number(value, ~0ull, &machine.rmp_base);
	if (!strcmp(key, "segments"))
		return number(value, ~0ull, &segments_at);
	if (!strcmp(key, "rst"))
		return text_argument(value, &rst);
	if (!strcmp(key, "profile"))
		return profile(value);
	if (!strcmp(key, "snp"))
		return on_off(value, &preset);
	if (!strcmp(key, "ram"))
		return ram_parse(value);
	if (!strcmp(key, "rmpopt"))
		return on_off(value, &machine.has_rmpopt);
	if (!strcmp(key, "rmpread"))
		return on_off(value, &machine.has_rmpread);
	if (!strcmp(key, "costs"))
		return on_off(value, &machine.costs_allowed);
	if (!strcmp(key, "clearable"))
		return on_off(value, &machine.clearable);
	if (!strcmp(key, "psp"))
		return on_off(value, &machine.psp);
	if (!strcmp(key, "sockets"))
		return text_argument(value, &sockets);
	if (!strcmp(key, "status"))
		return text_argument(value, &machine.status_file);
	if (!strcmp(key, "marks"))
		return text_argument(value, &machine.marks_file);
	return false;
}

static bool arguments(int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		char *value = strchr(argv[i], '=');

		if (value)
			*value++ = '\0';
		if (!value || !argument(argv[i], value)) {
			machine_error("bad argument %s=%s", argv[i], value ?: "");
			return false;
		}
	}
	machine.vcpus = machine.nodes * machine.cores * machine.threads;
	if (machine.vcpus > MAX_VCPUS) {
		machine_error("%u vCPUs are more than %u", machine.vcpus, MAX_VCPUS);
		return false;
	}
	return true;
}

/* What the firmware hands to the kernel. */
void machine_reset(void)
{
	for (unsigned int core = 0; core < nr_cores(); core++)
		machine.core[core] = (struct core){ 0 };
	late_end(MACHINE_ALL);
	table_zero_all();
	for (unsigned int cpu = 0; cpu < machine.vcpus; cpu++)
		machine.vcpu[cpu].syscfg = SYSCFG_MEM_ENCRYPT;
	msr_reset();
	knob_reset();
	answer_reset();
	machine.init_done = false;
	rmp_wipe();
	psp_forget();
	if (preset) {
		snp_enable();
		snp_init();
	}
}

static bool build(void)
{
	machine.core = calloc(nr_cores(), sizeof(*machine.core));
	machine.vcpu = calloc(machine.vcpus, sizeof(*machine.vcpu));
	if (!machine.core || !machine.vcpu)
		return false;
	for (unsigned int cpu = 1; cpu < machine.vcpus; cpu++)
		machine.vcpu[cpu].parked = true;
	if (!rmp_parse(rst ?: "33/0:8", segments_at))
		return false;
	stretch_init();
	machine_reset();
	return true;
}

static void vcpu_init(unsigned int cpu, void *unused)
{
	if (cpu >= machine.vcpus)
		machine_die("vCPU %u, but nodes, cores and threads make only %u", cpu, machine.vcpus);
	machine_lock();
	regs_find();
	machine_unlock();
}

/* Only if there is a mark. */
static void tell_marks(void)
{
	u64 unsafe, differ, armed, waiting, held;
	bool any = false;
	FILE *file;

	for (unsigned int cpu = 0; cpu < machine.vcpus; cpu++)
		any |= machine.vcpu[cpu].marked;
	file = any && machine.marks_file ? fopen(machine.marks_file, "w") : NULL;
	if (!file)
		return;
	machine_lock();
	table_truth(&unsafe, &differ, &armed, true);
	event_pending(&waiting, &held);
	count_tell(file);
	machine_unlock();
	fprintf(file, "armed %llu\nheld %llu\ninitialised %d\n", (unsigned long long)armed,
		(unsigned long long)held, machine.init_done);
	fclose(file);
}

/* The promise behind every test: no table ever said what the RMP didn't. */
static void at_exit(uint64_t id, void *unused)
{
	tell_marks();
	if (machine.ever_unsafe)
		machine_error("a bit was set over an assigned page %llu times",
			      (unsigned long long)machine.ever_unsafe);
}

__attribute__((visibility("default")))
int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
	if (!arguments(argc, argv) || !build())
		return -1;
	if (sockets && !pci_start(sockets, machine.psp))
		return -1;
	qemu_plugin_register_vcpu_init_cb(id, vcpu_init, NULL);
	qemu_plugin_register_vcpu_idle_cb(id, cpu_sleeps, NULL);
	qemu_plugin_register_vcpu_resume_cb(id, cpu_wakes, NULL);
	qemu_plugin_register_vcpu_tb_trans_cb(id, decode_block, NULL);
	qemu_plugin_register_atexit_cb(id, at_exit, NULL);
	return 0;
}
