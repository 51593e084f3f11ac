// SPDX-License-Identifier: GPL-2.0
/*
 * machinectl: how the machine behaves. All of it lasts until fresh.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "answers.h"
#include "machinectl-knobs.h"
#include "machinectl-lib.h"
#include "machinectl.h"

void costs(char **arg)
{
	simple(MACHINE_COSTS, lookup(switches, arg[0]), 0, 0);
}

void crowd(char **arg)
{
	if (!arg[0])
		fail("crowd wants a number of cores");
	simple(MACHINE_CROWD, number(arg[0]), 0, 0);
}

void patience(char **arg)
{
	if (!arg[0])
		fail("patience wants milliseconds");
	simple(MACHINE_PATIENCE, number(arg[0]), 0, 0);
}

void slow(char **arg)
{
	if (!arg[0] || !arg[1] || !arg[2])
		fail("slow wants REGION, CYCLES and BUDGET");
	simple(MACHINE_SLOW, number(arg[0]), number(arg[1]), number(arg[2]));
}

void faulty(char **arg)
{
	if (!arg[0])
		fail("faulty wants CPU and none, ud or gp");
	simple(MACHINE_FAULTY, number(arg[0]), lookup(vectors, arg[1]), 0);
}

void lose(char **arg)
{
	if (!arg[0])
		fail("lose wants a CPU, or all");
	simple(MACHINE_LOSE, cpu_number(arg[0]), 0, 0);
}

void profile(char **arg)
{
	u64 v[3] = { lookup(profiles, arg[0]) };

	ask(MACHINE_PROFILE, v);
	puts(profiles[v[0]].name);
}

static u64 knob(enum machine_knob which)
{
	u64 v[3] = { which, MACHINE_ALL };

	ask(MACHINE_KNOB, v);
	return v[0];
}

static void on_off(enum machine_knob which, char **arg)
{
	if (arg[0])
		simple(MACHINE_KNOB, which, lookup(switches, arg[0]), 0);
	else
		puts(switches[knob(which)].name);
}

void clearable(char **arg)
{
	u64 v[3] = { arg[0] ? lookup(switches, arg[0]) : MACHINE_ALL };

	ask(MACHINE_CLEARABLE, v);
	if (!arg[0])
		puts(switches[v[0]].name);
}

void en_stays(char **arg)
{
	on_off(MACHINE_EN_STAYS, arg);
}

void deaf(char **arg)
{
	on_off(MACHINE_DEAF, arg);
}

void base_bits(char **arg)
{
	if (arg[0])
		simple(MACHINE_KNOB, MACHINE_BASE_BITS, number(arg[0]), 0);
	else
		printf("%#jx\n", knob(MACHINE_BASE_BITS));
}

void rmpread_busy(char **arg)
{
	if (arg[0])
		simple(MACHINE_KNOB, MACHINE_RMPREAD_BUSY, number(arg[0]), 0);
	else
		printf("%ju\n", knob(MACHINE_RMPREAD_BUSY));
}

void fault_region(char **arg)
{
	if (!arg[0] || !arg[1])
		fail("fault-region wants a region and gp, ud or off");
	simple(MACHINE_FAULT_REGION, number(arg[0]), lookup(region_vectors, arg[1]),
	       cpu_number(arg[2]));
}

void fault_nth(char **arg)
{
	static const struct word instructions[] = {
		{ "rmpread", MACHINE_NTH_RMPREAD }, { "msr", MACHINE_NTH_MSR }, { }
	};

	if (!arg[0] || !arg[1] || !arg[2])
		fail("fault-nth wants rmpread or msr, N, and gp or ud");
	simple(MACHINE_FAULT_NTH, lookup(instructions, arg[0]), number(arg[1]),
	       lookup(vectors, arg[2]));
}

void region_faults(char **arg)
{
	u64 v[3] = { 0 };

	if (!arg[0])
		fail("region-faults wants a region");
	v[0] = number(arg[0]);
	ask(MACHINE_REGION_FAULTS, v);
	printf("%ju\n", v[0]);
}

static unsigned int question_number(const char *text)
{
	for (unsigned int q = 0; text && q < Q_QUESTIONS; q++)
		if (!strcmp(questions[q].name, text))
			return q;
	fail("%s is no question; machinectl answers has them all", text ? text : "(nothing)");
}

/* A word, a number of ms, or code-N. */
static u64 answer_value(const char *text)
{
	size_t prefix = strlen(answer_words[A_CODE]);

	if (isdigit((unsigned char)*text))
		return number(text) << MACHINE_NUMBER_SHIFT | A_MS;
	if (!strncmp(text, answer_words[A_CODE], prefix))
		return number(text + prefix) << MACHINE_NUMBER_SHIFT | A_CODE;
	for (unsigned int a = 0; a < A_MS; a++)
		if (!strcmp(answer_words[a], text))
			return a;
	fail("%s is no answer", text);
}

static void print_answer(unsigned int question)
{
	u64 v[3] = { question, MACHINE_ALL }, n;

	ask(MACHINE_ANSWER, v);
	n = v[0] >> MACHINE_NUMBER_SHIFT;
	printf("%s", answer_words[v[0] & ((1u << MACHINE_NUMBER_SHIFT) - 1)]);
	printf(n ? "%ju\n" : "\n", n);
}

void answer(char **arg)
{
	unsigned int question = question_number(arg[0]);

	if (arg[1])
		simple(MACHINE_ANSWER, question, answer_value(arg[1]), 0);
	else
		print_answer(question);
}

void answers(char **arg)
{
	for (unsigned int q = 0; q < Q_QUESTIONS; q++) {
		printf("%s ", questions[q].name);
		print_answer(q);
	}
}
