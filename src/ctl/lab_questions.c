// SPDX-License-Identifier: GPL-2.0
/*
 * lab: what is asked of the hardware. doc/hardware.md names each question where
 * it says what is not known; a test holds the two together.
 */
#include <string.h>

#include "lab.h"

/**
 * struct question - one that nobody has answered in public
 * @id: its name
 * @step: the step that asks it
 * @asks: the question
 * @done: what is done
 * @settles: the fact that is unknown without it
 */
static const struct question {
	const char *id;
	const char *step;
	const char *asks;
	const char *done;
	const char *settles;
} questions[] = {
	{ "disarmed", "arm", "What does RMPOPT do while RMPOPT_EN is clear?",
	  "a report on a core whose RMPOPT_EN is clear", "the exception, or none, without RMPOPT_EN" },
	{ "report-first", "arm", "What does a report say before any verify?",
	  "RMPOPT_BASE is written, and a report follows at once, in one list",
	  "what a table holds when it is first used" },
	{ "rax-unaligned", "operands", "What if RAX is not aligned to 1 GiB?",
	  "verify of a region, then a report with RAX 4 KiB further", "alignment of RAX" },
	{ "rax-upper", "operands", "Do bits 63:52 of RAX count?",
	  "verify of a region, then a report with these bits set", "reserved bits of RAX" },
	{ "rax-below", "operands", "What if RAX is below the window?",
	  "a report 2 TiB below an optimized region, or of the last region below the window",
	  "RAX outside the window" },
	{ "rax-above", "operands", "What if RAX is above the window?",
	  "a report 2 TiB above an optimized region", "RAX outside the window" },
	{ "rax-beyond-rmp", "operands", "What does a verify do where the RMP has no entries?",
	  "a verify of a region in the window that the RST does not cover", "RAX outside of the coverage" },
	{ "rax-hole", "operands", "What does a verify do where there is no RAM?",
	  "a verify of a region that the RST covers and that has no RAM", "holes in the coverage" },
	{ "rcx-2", "operands", "What does RCX = 2 do?",
	  "RMPOPT of a region whose bit is clear and would be set by a verify; a report follows", "RCX above 1" },
	{ "rcx-3", "operands", "What does RCX = 3 do?",
	  "the same with RCX = 3", "RCX above 1" },
	{ "rcx-upper", "operands", "Do the upper bits of RCX count?",
	  "the same with bit 32 set: once with bit 0 set, then with bit 0 clear", "reserved bits of RCX" },
	{ "rmpread-own", "rmpread", "What does RMPREAD return for the RMP's own pages?",
	  "RMPREAD of the page at RMP_BASE", "whether that is a sign of SNP_INIT" },
	{ "rmpread-mmio", "rmpread", "What does RMPREAD return where there is no RAM?",
	  "RMPREAD of a page outside RAM", "RMPREAD of MMIO" },
	{ "rmpread-unaligned", "rmpread", "What if RAX of RMPREAD is not aligned?",
	  "RMPREAD of the page at RMP_BASE, or of another one if that can't be read, and 16 bytes further",
	  "alignment of RMPREAD's RAX" },
	{ "sibling", "sibling", "Does a verify by one thread count for its sibling?",
	  "verify on one thread of a core, report on the other", "whether siblings share a table" },
	{ "cache-success", "cache", "Is a success remembered for other cores, and how long?",
	  "a region is verified by one core, and later by another; the ages at which that is cheaper",
	  "the cached result of a scan" },
	{ "cache-failure", "cache", "Is a failure remembered for other cores?",
	  "the same for a region with an assigned page", "caching of failures" },
	{ "failure-cost", "convert", "Does a failing verify end at the first assigned page?",
	  "cost of verifies that fail, by the place of the assigned page in the region", "the cost of failures" },
	{ "en-clear", "base", "What happens if RMPOPT_EN is cleared while SNP is enabled?",
	  "RMPOPT_BASE is written with RMPOPT_EN clear, read back, and restored",
	  "whether it is ignored or faults" },
	{ "other-base", "base", "Can the window be moved while RMPOPT_EN is set?",
	  "RMPOPT_BASE is written with another base (1 GiB further), read back, and restored",
	  "whether another base can be written" },
	{ "same-base", "base", "Does the table survive if the same base is written again?",
	  "verify of a region, the same value is written to RMPOPT_BASE, report", "what a repeated write does" },
	{ "idle", "idle", "Does a table survive deep idle?",
	  "verify, 10 s in which the core has nothing to do, report", "what deep C-states do to a table" },
	{ "offline-thread", "offline", "Does a table survive if a thread goes offline?",
	  "verify, the sibling goes offline and comes back, report", "CPU hotplug of a thread" },
	{ "offline-core", "offline", "Does a table survive if the core goes offline?",
	  "verify, all threads of the core go offline and come back, report", "what INIT does to a table" },
	{ "loss", "convert", "When have all cores lost the bit of a region?",
	  "all cores verify a region, then report it without pause while a page of it is turned over; TSC of the first CF = 0 of each",
	  "whether the broadcast is one instant, and over when RMPUPDATE returns" },
};

static struct json_object *find(const struct lab *lab, const char *id)
{
	struct json_object *all = json_at(lab->document, "questions"), *one;
	size_t i;

	for (i = 0; i < json_object_array_length(all); i++) {
		one = json_object_array_get_idx(all, i);
		if (!strcmp(json_text(one, "id"), id))
			return one;
	}
	return NULL;
}

void questions_start(struct lab *lab)
{
	struct json_object *all = json_at(lab->document, "questions"), *one;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(questions); i++) {
		one = array_new_object(all);
		put_text(one, "id", questions[i].id);
		put_text(one, "question", questions[i].asks);
		put_text(one, "done", questions[i].done);
		put_text(one, "settles", questions[i].settles);
		put_text(one, "step", questions[i].step);
		put_text(one, "answer", "unknown");
		put_text(one, "why", NULL);
		put_array(one, "readings");
	}
}

/* A later step may answer better than an earlier one; the last word counts. */
void lab_answer(struct lab *lab, const char *id, const char *answer)
{
	struct json_object *one = find(lab, id);

	put_text(one, "answer", answer);
	put_text(one, "why", NULL);
	lab_say("  %s: %s", id, answer);
}

/* Unless it is known already. */
void lab_unknown(struct lab *lab, const char *id, const char *fmt, ...)
{
	struct json_object *one = find(lab, id);
	va_list args;
	const char *why;

	if (strcmp(json_text(one, "answer"), "unknown"))
		return;
	va_start(args, fmt);
	why = vformat(fmt, args);
	va_end(args);
	put_text(one, "why", why);
	lab_say("  %s: unknown: %s", id, why);
}

bool lab_answered(const struct lab *lab, const char *id, const char *answer)
{
	return !strcmp(json_text(find(lab, id), "answer"), answer);
}

/* Those that are open have been asked by no step. */
void questions_end(struct lab *lab)
{
	struct json_object *all = json_at(lab->document, "questions"), *one;
	size_t i;

	for (i = 0; i < json_object_array_length(all); i++) {
		one = json_object_array_get_idx(all, i);
		if (!strcmp(json_text(one, "answer"), "unknown") && !json_text(one, "why"))
			put_text(one, "why", format("step %s did not get that far", json_text(one, "step")));
	}
}

static const char * const what_words[LAB_WHATS] = {
	[LAB_RMPOPT]		= "RMPOPT",
	[LAB_RMPREAD]		= "RMPREAD",
	[LAB_READ_MSR]		= "RDMSR",
	[LAB_WRITE_BASE]	= "WRMSR RMPOPT_BASE",
	[LAB_CPUID]		= "CPUID",
	[LAB_NOTHING]		= "nothing",
};

static const char *hexadecimal(u64 value)
{
	return format("0x%llx", value);
}

/* One with RAM; NULL for others, in which no guest is. */
static const char *region_name(struct lab *lab, u64 number)
{
	struct lab_region *region = lab->regions ? region_find(lab, number) : NULL;

	if (!region || region->kind != REGION_RAM)
		return NULL;
	if (!region->name)
		region->name = ++lab->names;
	return format("R%u", region->name);
}

/**
 * address_name - an address for the report
 * @address: RAX of RMPOPT and RMPREAD
 *
 * The report must not tell where guests are. So a region with RAM gets a name that stands
 * for it in this report only: R1, R2, ... as they come, with what is odd about RAX after it.
 */
const char *address_name(struct lab *lab, u64 address)
{
	u64 upper = address >> 52 << 52, number = (address - upper) / GIB, odd = upper + address % GIB;
	const char *name = region_name(lab, number);

	if (!name && number >= WINDOW_REGIONS) {
		name = region_name(lab, number - WINDOW_REGIONS);
		odd += WINDOW_REGIONS * GIB;
	}
	if (!name)
		return hexadecimal(address);
	return odd ? format("%s+%s", name, hexadecimal(odd)) : name;
}

/* A reading that the caller fills in. */
struct json_object *lab_note(struct lab *lab, const char *id)
{
	return array_new_object(json_at(find(lab, id), "readings"));
}

/* Notes what was read; returns the reading, for more to be added. */
struct json_object *lab_reading(struct lab *lab, const char *id, u32 cpu, const struct lab_op *op,
				const struct lab_result *result)
{
	bool of_region = op->what == LAB_RMPOPT || op->what == LAB_RMPREAD;
	struct json_object *one = lab_note(lab, id);

	put_number(one, "cpu", cpu);
	put_text(one, "what", what_words[op->what]);
	put_text(one, "rax", of_region ? address_name(lab, op->rax) : hexadecimal(op->rax));
	put_text(one, "rcx", hexadecimal(op->rcx));
	put_text(one, "outcome", result->outcome == LAB_DONE ? "done" :
		 result->outcome == LAB_FAULT ? "fault" : "not run");
	if (result->outcome == LAB_FAULT)
		put_number(one, "vector", result->vector);
	if (result->outcome != LAB_DONE)
		return one;
	if (op->what == LAB_RMPOPT) {
		put_number(one, "cf", result->cf);
	} else if (op->what == LAB_RMPREAD) {
		put_number(one, "code", result->rax);
		put_number(one, "assigned", result->value[1] & 1);
	} else if (op->what == LAB_READ_MSR) {
		put_text(one, "value", hexadecimal(result->rax));
	}
	if (op->times > 1)
		put_number(one, "times", result->times);
	put_number(one, "cycles", lab_cycles(lab, result));
	return one;
}

void lab_readings(struct lab *lab, const char *id, u32 cpu, const struct lab_op *ops, u32 nr,
		  const struct lab_result *results)
{
	u32 i;

	for (i = 0; i < nr; i++)
		lab_reading(lab, id, cpu, &ops[i], &results[i]);
}

/* ud, gp, pf, vector-N; cf0, cf1 of RMPOPT; NULL if it was not executed. */
const char *result_word(const struct lab_result *result)
{
	if (result->outcome == LAB_DONE)
		return result->cf ? "cf1" : "cf0";
	if (result->outcome != LAB_FAULT)
		return NULL;
	switch (result->vector) {
	case 6:
		return "ud";
	case 13:
		return "gp";
	case 14:
		return "pf";
	default:
		return format("vector-%u", result->vector);
	}
}
