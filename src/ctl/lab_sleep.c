// SPDX-License-Identifier: GPL-2.0
/* lab: does a table outlive deep sleep, and CPUs that go offline? */
#include <errno.h>
#include <string.h>

#include "hw.h"
#include "lab.h"

#define IDLE_MS		10000u

/* So much of it, in percent, must have been spent in the deepest state. */
#define IDLE_SHARE	50

/* The deepest idle state of a CPU that is not disabled; -1 if there is none. */
static int deepest_state(u32 cpu)
{
	u64 disabled;
	int state = -1, i;

	for (i = 0; file_exists(CPUS "cpu%u/cpuidle/state%d", cpu, i); i++) {
		disabled = 0;
		file_number(&disabled, CPUS "cpu%u/cpuidle/state%d/disable", cpu, i);
		if (!disabled)
			state = i;
	}
	/* State 0 is a loop, which is no sleep. */
	return state > 0 ? state : -1;
}

/* Microseconds that all threads of a core have spent in their deepest state; the least of them. */
static u64 deep_us(const struct lab_core *core)
{
	u64 least = ~0ull, us;
	u32 i;

	for (i = 0; i < core->cpus; i++) {
		us = 0;
		file_number(&us, CPUS "cpu%u/cpuidle/state%d/time", core->cpu[i], deepest_state(core->cpu[i]));
		least = us < least ? us : least;
	}
	return least;
}

/* A region whose bit is set on the core now; NULL if there is none. */
static bool set_bit(struct lab *lab, const char *id, const struct lab_core *core, struct lab_region **region)
{
	struct lab_result result;
	struct lab_op op;

	*region = first_free(lab, core);
	if (!*region) {
		lab_unknown(lab, id, "no region is free of pages of guests and firmware");
		return true;
	}
	op = op_rmpopt((*region)->number, VERIFY);
	if (!lab_one(lab, core->cpu[0], &op, 1, &result))
		return false;
	lab_reading(lab, id, core->cpu[0], &op, &result);
	if (lab_cf(&result))
		return true;
	lab_unknown(lab, id, "the region was taken by a guest meanwhile");
	*region = NULL;
	return true;
}

static bool kept_or_not(struct lab *lab, const char *id, const struct lab_core *core, const struct lab_region *region)
{
	struct lab_op ops[] = { op_msr(MSR_RMPOPT_BASE), op_rmpopt(region->number, REPORT) };
	struct lab_result result[2];

	if (!lab_one(lab, core->cpu[0], ops, 2, result))
		return false;
	lab_readings(lab, id, core->cpu[0], ops, 2, result);
	lab_answer(lab, id, lab_cf(&result[1]) ? "kept" : "emptied");
	return true;
}

/* Where the kernel has no list of states, idle is what HLT makes of it. */
static bool sleep_and_look(struct lab *lab, const struct lab_core *core, const struct lab_region *region)
{
	int state = deepest_state(core->cpu[0]);
	struct json_object *line;
	u64 before = deep_us(core), us;

	if (!lab_sleep_ms(lab, IDLE_MS))
		return false;
	us = deep_us(core) - before;
	line = lab_note(lab, "idle");
	put_text(line, "state", state < 0 ? "not known: the kernel has no cpuidle driver" :
		 file_text(CPUS "cpu%u/cpuidle/state%d/name", core->cpu[0], state));
	put_number(line, "us_in_it", us);
	if (state < 0 || 100 * us >= IDLE_SHARE * 1000ull * IDLE_MS)
		return kept_or_not(lab, "idle", core, region);
	lab_answer(lab, "idle", "none");
	return true;
}

bool step_idle(struct lab *lab)
{
	struct lab_core *core = lab_test_core(lab);
	struct lab_region *region;
	bool good;

	if (!lab_needs_armed(lab) || !lab_survey(lab))
		return false;
	if (!set_bit(lab, "idle", core, &region))
		return false;
	if (!region)
		return true;
	lab_keep_away(lab, core);
	good = sleep_and_look(lab, core, region);
	lab_move_back();
	return good;
}

static int set_online(u32 cpu, bool online)
{
	return file_write(format(CPUS "cpu%u/online", cpu), online ? "1" : "0");
}

/* Takes CPUs of a core offline, but the first @stay; says which were. Returns an errno. */
static int all_offline(const struct lab_core *core, u32 stay, u32 *done)
{
	int error = 0;

	for (*done = stay; *done < core->cpus && !error; *done += !error)
		error = set_online(core->cpu[*done], false);
	return error;
}

static bool all_online(struct lab *lab, const struct lab_core *core, u32 stay, u32 done)
{
	int error;
	u32 i;

	for (i = stay; i < done; i++) {
		error = set_online(core->cpu[i], true);
		if (error)
			return lab_surprise(lab, "CPU %u does not come online again: %s", core->cpu[i],
					    strerror(error));
	}
	return true;
}

/* The first @stay threads of a core stay online. */
static bool ask_offline(struct lab *lab, const char *id, const struct lab_core *core, u32 stay)
{
	struct lab_region *region;
	bool good;
	u32 done;
	int error;

	if (!set_bit(lab, id, core, &region))
		return false;
	if (!region)
		return true;
	error = all_offline(core, stay, &done);
	good = all_online(lab, core, stay, done);
	if (error) {
		put_text(lab_note(lab, id), "error", strerror(error));
		lab_answer(lab, id, "refused");
	} else {
		good = good && kept_or_not(lab, id, core, region);
	}
	/* It may be gone with the table. */
	return restore_base(lab, core) && good;
}

/* CPU 0 can't go offline. */
bool step_offline(struct lab *lab)
{
	struct lab_core *core = lab_test_core(lab);
	bool good = true;

	if (!lab_needs_armed(lab) || !lab_survey(lab))
		return false;
	lab_keep_away(lab, core);
	if (core->cpus < 2)
		lab_unknown(lab, "offline-thread", "the core has one thread online");
	else
		good = ask_offline(lab, "offline-thread", core, 1);
	if (good && lab->cores < 2)
		lab_unknown(lab, "offline-core", "there is one core only");
	else if (good)
		good = ask_offline(lab, "offline-core", core, 0);
	lab_move_back();
	return good;
}
