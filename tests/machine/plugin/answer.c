// SPDX-License-Identifier: GPL-2.0
/*
 * Answers to what no public text says: ../answers.h has the table.
 */
#include <errno.h>

#include "machine.h"

#define WORD	((1u << MACHINE_NUMBER_SHIFT) - 1)

/* Read without the lock, too. */
static u64 answers[Q_QUESTIONS];

enum machine_answer answer_to(enum machine_question question)
{
	return __atomic_load_n(&answers[question], __ATOMIC_RELAXED) & WORD;
}

u64 answer_number(enum machine_question question)
{
	return answers[question] >> MACHINE_NUMBER_SHIFT;
}

/* Only those that come with a number have one, and it is not 0. */
static bool allowed(u64 question, u64 value)
{
	u64 word = value & WORD, n = value >> MACHINE_NUMBER_SHIFT;

	return word < A_ANSWERS && questions[question].allowed & 1ull << word &&
	       !n == (word != A_MS && word != A_CODE);
}

/* MACHINE_ALL only asks. */
int answer_set(u64 question, u64 value, u64 *before)
{
	if (question >= Q_QUESTIONS)
		return EINVAL;
	*before = answers[question];
	if (value == MACHINE_ALL)
		return 0;
	if (!allowed(question, value))
		return EINVAL;
	__atomic_store_n(&answers[question], value, __ATOMIC_RELAXED);
	if (question == Q_SIBLING)
		table_forget_siblings();
	return 0;
}

/* RMPOPT_EN can be cleared, and then the base is free: a setting of its own, as tests ask for it often. */
bool answer_clearable(void)
{
	return answer_to(Q_EN_CLEAR) == A_CLEARED;
}

static void set_by_profile(enum machine_question question)
{
	u64 before;

	answer_set(question, harsh() ? questions[question].harsh : questions[question].kind, &before);
}

void answer_set_clearable(bool on)
{
	if (on) {
		answers[Q_EN_CLEAR] = A_CLEARED;
		answers[Q_OTHER_BASE] = A_TAKEN_EMPTIED;
	} else {
		set_by_profile(Q_EN_CLEAR);
		set_by_profile(Q_OTHER_BASE);
	}
}

void answer_reset(void)
{
	for (unsigned int question = 0; question < Q_QUESTIONS; question++)
		set_by_profile(question);
	if (machine.clearable)
		answer_set_clearable(true);
}

/* Another profile, with "clearable" as it is. */
void answer_profile(enum machine_profile profile)
{
	bool clearable = answer_clearable();

	machine.profile = profile;
	answer_reset();
	if (clearable)
		answer_set_clearable(true);
}
