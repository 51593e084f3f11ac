// SPDX-License-Identifier: GPL-2.0
/*
 * The n-th RMPREAD, or the n-th access to an MSR of SNP's, faults once.
 */
#include <errno.h>

#include "machine.h"

static struct {
	u64 left;		/* 0: none is to fault */
	unsigned int vector;
} nth[MACHINE_NTHS];

int nth_set(u64 which, u64 n, u64 vector)
{
	if (which >= MACHINE_NTHS || !n || (vector != UD_VECTOR && vector != GP_VECTOR))
		return EINVAL;
	nth[which].left = n;
	nth[which].vector = vector;
	return 0;
}

/* The vector that this one gets, 0: none. */
unsigned int nth_fault(enum machine_nth which)
{
	return nth[which].left && !--nth[which].left ? nth[which].vector : 0;
}

/* How many have not faulted yet. */
u64 nth_pending(void)
{
	u64 pending = 0;

	for (unsigned int i = 0; i < MACHINE_NTHS; i++)
		pending += !!nth[i].left;
	return pending;
}

void nth_forget(void)
{
	for (unsigned int i = 0; i < MACHINE_NTHS; i++)
		nth[i].left = 0;
}
