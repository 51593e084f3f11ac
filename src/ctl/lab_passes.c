// SPDX-License-Identifier: GPL-2.0
/*
 * lab: whole passes by the algorithms that were written for the kernel itself,
 * and by rmpopt. "v10" is the last series that was posted: a leader verifies a
 * region, then all others do, region by region. "merged" is what was merged: one
 * core verifies the whole range, then all others at once do, each in one go with
 * interrupts disabled.
 */
#include <errno.h>
#include <string.h>

#include "follow.h"
#include "lab.h"
#include "rmpopt.h"

/**
 * struct pass - what a pass did
 * @total: cycles of its instructions, from the first to the last on the CPU that took longest, run by run
 * @stolen: cycles that it took from cores other than the leader
 * @stop: most cycles that one core executed in one go, interrupts disabled
 * @verifies: how many
 */
struct pass {
	u64 total;
	u64 stolen;
	u64 stop;
	u64 verifies;
};

static void put_time(struct json_object *line, const struct lab *lab, const char *name, u64 cycles)
{
	put_number(line, format("%s_cycles", name), cycles);
	if (lab->info.tsc_khz)
		put(line, format("%s_us", name), json_object_new_double(1000.0 * cycles / lab->info.tsc_khz));
}

static void pass_measured(struct lab *lab, const char *algorithm, u32 round, u32 regions, const struct pass *pass)
{
	struct json_object *line = array_new_object(json_at(lab->document, "passes"));

	put_text(line, "algorithm", algorithm);
	put_number(line, "round", round);
	put_number(line, "regions", regions);
	put_number(line, "cores", lab->cores);
	put_number(line, "verifies", pass->verifies);
	put_time(line, lab, "total", pass->total);
	put_time(line, lab, "stolen", pass->stolen);
	put_time(line, lab, "longest_stop", pass->stop);
}

/*
 * The range that the kernel has: from the lowest to the highest RAM, 2 TiB at
 * most, and holes that the RMP covers; there a fault is none of a surprise.
 */
static u32 make_range(struct lab *lab, struct lab_op *ops)
{
	u32 i, nr = 0, last = lab->regions;

	while (last && lab->region[last - 1].kind == REGION_HOLE)
		last--;
	for (i = 0; i < last && nr < WINDOW_REGIONS; i++)
		if (nr || lab->region[i].kind != REGION_HOLE)
			ops[nr++] = op_rmpopt(lab->region[i].number, VERIFY);
	return nr;
}

/* What a CPU took for its part of a run. */
static u64 span(const struct lab_result *first, u32 nr)
{
	const struct lab_result *last = first + nr - 1;

	return last->begin + last->cycles - first->begin;
}

/*
 * Cycles of the instructions alone. In the kernel these algorithms don't prepare
 * runs, return results and judge them, as the lab does between two runs; nor is
 * there what it takes to reach the CPUs, so if anything these passes get off
 * lightly.
 */
static bool lead(struct lab *lab, const struct lab_op *ops, u32 nr, struct pass *pass)
{
	struct lab_result result[CHUNK];

	if (!lab_one(lab, lab->core[0].cpu[0], ops, nr, result))
		return false;
	pass->total += span(result, nr);
	pass->verifies += nr;
	return true;
}

static bool follow(struct lab *lab, const struct lab_op *ops, u32 nr, const u32 *cpus, u32 cores, struct pass *pass)
{
	struct lab_trial trial = { .ops = ops, .nr = nr, .cpu = cpus, .cpus = cores, .flags = LAB_TOGETHER };
	u64 cycles, longest = 0;
	u32 i;

	if (!cores)
		return true;
	if (!lab_execute(lab, &trial))
		return false;
	for (i = 0; i < cores; i++) {
		cycles = span(&trial.result[i * nr], nr);
		pass->stolen += cycles;
		longest = cycles > longest ? cycles : longest;
	}
	pass->total += longest;
	pass->stop = longest > pass->stop ? longest : pass->stop;
	pass->verifies += (u64)nr * cores;
	trial_free(&trial);
	return true;
}

static bool pass_merged(struct lab *lab, const struct lab_op *ops, u32 nr, const u32 *cpus, u32 cores,
			struct pass *pass)
{
	u32 i;

	for (i = 0; i < nr; i += CHUNK)
		if (!lead(lab, ops + i, next_chunk(i, nr), pass))
			return false;
	return follow(lab, ops, nr, cpus, cores, pass);
}

static bool pass_v10(struct lab *lab, const struct lab_op *ops, u32 nr, const u32 *cpus, u32 cores, struct pass *pass)
{
	u32 i;

	for (i = 0; i < nr; i++)
		if (!lead(lab, ops + i, 1, pass) || !follow(lab, ops + i, 1, cpus, cores, pass))
			return false;
	return true;
}

/* Those algorithms know one window only. */
static bool one_window(const struct lab *lab)
{
	u32 i;

	for (i = 1; i < lab->cores; i++)
		if (lab->core[i].base != lab->core[0].base)
			return false;
	return true;
}

bool step_passes(struct lab *lab)
{
	static const struct {
		const char *name;
		bool (*run)(struct lab *lab, const struct lab_op *ops, u32 nr, const u32 *cpus, u32 cores,
			    struct pass *pass);
	} algorithms[] = { { "merged", pass_merged }, { "v10", pass_v10 } };
	struct lab_op *ops = arena_get(WINDOW_REGIONS * sizeof(*ops));
	u32 *followers = lab_primaries(lab) + 1, nr, round;
	size_t i;

	if (!lab_needs_armed(lab) || !lab_survey(lab))
		return false;
	nr = make_range(lab, ops);
	for (i = 0; i < ARRAY_SIZE(algorithms) && one_window(lab); i++)
		for (round = 1; round <= ROUNDS; round++) {
			struct pass pass = { };

			if (!algorithms[i].run(lab, ops, nr, followers, lab->cores - 1, &pass))
				return false;
			pass_measured(lab, algorithms[i].name, round, nr, &pass);
		}
	return true;
}

#define WAIT_MS		60000u

/* How soon a signal is heeded that came just before a wait. */
#define LOOK_MS		100

/* Ready for a pass; it takes its time after a load. */
static bool is_ready(u64 number)
{
	const char *state = file_text(SYSFS "state");

	return state && !strcmp(state, "ready");
}

static bool is_served(u64 number)
{
	u64 served;

	return file_number(&served, SYSFS "served") && served >= number;
}

static bool wait_until(bool (*is_so)(u64 number), u64 number, struct lab *lab, struct follow *follow)
{
	u64 end = now_ns() + WAIT_MS * 1000000ull;

	while (!is_so(number))
		if (lab_check_signal(lab) || now_ns() > end || follow_wait(follow, LOOK_MS))
			return false;
	return true;
}

static void put_file(struct json_object *line, const char *name, const char *file, double unit)
{
	u64 value;

	if (file_number(&value, SYSFS "%s", file))
		put(line, name, json_object_new_double(value * unit));
}

/* By rmpopt's own counts; NULL, or why there is no next one. */
static const char *pass_ours(struct lab *lab, struct follow *follow, u32 round)
{
	struct json_object *line;
	u64 number, regions;

	if (!wait_until(is_ready, 0, lab, follow))
		return format("it is not ready, but %s: %s", file_text(SYSFS "state") ?: "gone",
			      file_text(SYSFS "reason") ?: "the reason is not known");
	if (file_write(SYSFS "stats/worst_slice_ns", "0") || file_write(SYSFS "scan", "full") ||
	    !file_number(&number, SYSFS "requested"))
		return "a pass can't be requested";
	if (!wait_until(is_served, number, lab, follow))
		return format("a pass has not ended within %u s", WAIT_MS / 1000);
	if (!file_number(&regions, SYSFS "regions_covered"))
		return "its files can't be read";
	line = array_new_object(json_at(lab->document, "passes"));
	put_text(line, "algorithm", "rmpopt");
	put_number(line, "round", round);
	put_number(line, "regions", regions);
	put_number(line, "cores", lab->cores);
	put_file(line, "total_us", "stats/last_pass_us", 1);
	put_file(line, "stolen_us", "stats/last_stolen_us", 1);
	put_file(line, "longest_stop_us", "stats/worst_slice_ns", 0.001);
	return NULL;
}

/* Full passes of rmpopt, which is loaded; NULL, or why there are not all of them. */
const char *passes_ours(struct lab *lab)
{
	struct follow follow;
	const char *why = follow_open(&follow) ? "its files can't be read" : NULL;
	u32 round;

	for (round = 1; round <= ROUNDS && !why; round++)
		why = pass_ours(lab, &follow, round);
	follow_close(&follow);
	return why && lab_check_signal(lab) ? "interrupted" : why;
}
