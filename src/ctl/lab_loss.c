// SPDX-License-Identifier: GPL-2.0
/*
 * lab: do all cores lose the bit of a region at once, and before RMPUPDATE has
 * returned? For each core two times are known: the bit was still set at the first,
 * and clear at the second. Only what follows from these counts, so a core that
 * reports late changes no answer.
 */
#include <x86intrin.h>

#include "lab.h"

/* Tries that show something: so many are enough if they show that not all lose it at once. */
#define LOSS_TRIES	12u

/* TSCs of two cores may differ by so much. */
#define TSC_SLACK	500u

/**
 * struct loss - when cores lost the bit of a region; TSC
 * @first: by when one core had lost it: the end of its first report with CF = 0
 * @last: until when one core had it: the beginning of its last report with CF = 1
 * @cores: how many were watched
 */
struct loss {
	u64 first;
	u64 last;
	u32 cores;
};

/* Do TSCs of cores agree with ours? All was executed between @begin and @end. */
static bool clocks_agree(const struct lab_trial *trial, u64 begin, u64 end)
{
	u32 i;

	for (i = 0; i < trial->cpus; i++)
		if (trial->result[i * trial->nr].begin + TSC_SLACK < begin ||
		    trial->result[i * trial->nr].begin > end + TSC_SLACK)
			return false;
	return true;
}

/* One core's: false if it has not seen the bit set at all. */
static bool note_loss(const struct lab_trial *trial, u32 cpu, struct loss *loss)
{
	const struct lab_result *result = &trial->result[cpu * trial->nr];
	u64 end;
	u32 i;

	if (!lab_cf(&result[0]))
		return false;
	for (i = 1; i < trial->nr && lab_cf(&result[i]); i++)
		;
	end = i < trial->nr ? result[i].begin + result[i].cycles : ~0ull;
	loss->first = end < loss->first ? end : loss->first;
	loss->last = result[i - 1].begin > loss->last ? result[i - 1].begin : loss->last;
	loss->cores++;
	return true;
}

static bool note_losses(struct lab *lab, const struct lab_trial *trial, struct loss *loss)
{
	struct json_object *line;
	u32 i;

	*loss = (struct loss){ .first = ~0ull };
	for (i = 0; i < trial->cpus; i++)
		if (!note_loss(trial, i, loss))
			return false;
	/* The page was turned over while nobody looked any more. */
	if (loss->first == ~0ull && loss->last < trial->convert_end)
		return false;
	line = lab_note(lab, "loss");
	put_number(line, "cores", loss->cores);
	put_number(line, "cycles_of_conversion", trial->convert_end - trial->convert_begin);
	put(line, "one_had_lost_it_before_return", loss->first == ~0ull ? NULL :
	    json_object_new_int64(trial->convert_end - loss->first));
	put(line, "one_had_it_still_before_return", json_object_new_int64(trial->convert_end - loss->last));
	return true;
}

enum when {
	LOSS_AT_ONCE,
	LOSS_BEFORE_RETURN,
	LOSS_LATE,
	LOSS_KINDS,
};

/* What is proved: a core had the bit when the conversion was over, or when another had lost it. */
static enum when when_lost(const struct lab_trial *trial, const struct loss *loss)
{
	if (loss->last > trial->convert_end + TSC_SLACK)
		return LOSS_LATE;
	return loss->first != ~0ull && loss->last > loss->first + TSC_SLACK ? LOSS_BEFORE_RETURN : LOSS_AT_ONCE;
}

/* The bit of the region, one core after the other: the first one reads the RMP, others find what it found. */
static bool set_bits(struct lab *lab, u32 region, const u32 *cpus, u32 nr)
{
	const struct lab_op op = op_rmpopt(region, VERIFY);
	struct lab_trial trial = { .ops = &op, .nr = 1, .cpu = cpus, .cpus = nr };

	if (!lab_execute(lab, &trial))
		return false;
	trial_free(&trial);
	return true;
}

/*
 * One try: all cores but the first, which converts, report while a page is turned
 * over. Nothing but reports: a verify of all of them at once takes longer than a
 * conversion. The last of @kinds: clocks differ.
 */
static bool lose(struct lab *lab, u32 region, u64 page, u32 *kinds)
{
	struct lab_op *ops = arena_get(LOSS_REPORTS * sizeof(*ops));
	struct lab_trial trial = {
		.ops = ops, .nr = LOSS_REPORTS, .cpu = lab_primaries(lab) + 1, .cpus = lab->cores - 1,
		.flags = LAB_TOGETHER | LAB_CONVERT_IT, .page = page,
	};
	struct loss loss;
	u64 begin;
	u32 i;

	while (trial.nr * trial.cpus > LAB_MAX_RESULTS)
		trial.nr /= 2;
	for (i = 0; i < trial.nr; i++)
		ops[i] = op_rmpopt(region, REPORT);
	if (!set_bits(lab, region, trial.cpu, trial.cpus))
		return false;
	begin = __rdtsc();
	if (!lab_execute(lab, &trial))
		return false;
	if (!clocks_agree(&trial, begin, __rdtsc()))
		kinds[LOSS_KINDS]++;
	else if (note_losses(lab, &trial, &loss))
		kinds[when_lost(&trial, &loss)]++;
	trial_free(&trial);
	return lab_convert(lab, page, false, NULL);
}

static u32 tries_of(const u32 *kinds)
{
	return kinds[LOSS_AT_ONCE] + kinds[LOSS_BEFORE_RETURN] + kinds[LOSS_LATE];
}

static bool is_enough(const u32 *kinds)
{
	return tries_of(kinds) >= LOSS_TRIES && kinds[LOSS_BEFORE_RETURN] + kinds[LOSS_LATE] > 1;
}

/* The worst that was proved more than once; one may be a core's TSC that was off. */
static const char *word_of(const u32 *kinds)
{
	if (kinds[LOSS_LATE] > 1)
		return "late";
	if (kinds[LOSS_BEFORE_RETURN] + kinds[LOSS_LATE] > 1)
		return "before-return";
	return tries_of(kinds) ? "at-once" : NULL;
}

/* @page: of ours, one in each of @nr regions. */
bool ask_loss(struct lab *lab, const u32 *regions, const u64 *pages, u32 nr)
{
	u32 kinds[LOSS_KINDS + 1] = { }, i;
	struct json_object *line;
	bool good = true;

	if (lab->cores < 3) {
		lab_unknown(lab, "loss", "it takes three cores: one that converts, and two that lose");
		return true;
	}
	if (!lab_bind_to(lab->core[0].cpu[0])) {
		lab_unknown(lab, "loss", "the cpuset of this process does not have CPU %u, where the page is turned over",
			    lab->core[0].cpu[0]);
		return true;
	}
	for (i = 0; i < LOSS_MOST && good && !is_enough(kinds); i++)
		good = lose(lab, regions[i % nr], pages[i % nr], kinds);
	lab_move_back();
	line = lab_note(lab, "loss");
	put_number(line, "tries_at_once", kinds[LOSS_AT_ONCE]);
	put_number(line, "tries_before_return", kinds[LOSS_BEFORE_RETURN]);
	put_number(line, "tries_late", kinds[LOSS_LATE]);
	if (good && word_of(kinds))
		lab_answer(lab, "loss", word_of(kinds));
	else if (good && kinds[LOSS_KINDS])
		lab_unknown(lab, "loss", "TSCs of cores differ, so it can't be told what was first");
	else if (good)
		lab_unknown(lab, "loss", "no core was seen to lose the bit while the page was turned over");
	return good;
}
