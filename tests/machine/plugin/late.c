// SPDX-License-Identifier: GPL-2.0
/*
 * Losses that are late: RMPUPDATE has returned, and tables still have the bit.
 * Each loses it some RMPOPTs of the machine later, one after the other, and all
 * of them after a time. AMD says that this can't be.
 */
#include "machine.h"

#define MAX_LATE	64
#define LATE_RMPOPTS	1000		/* from one table to the next */
#define LATE_US		5000000		/* then all of them */

struct late {
	bool active;
	u64 region;
	unsigned int cpu;	/* that executed RMPUPDATE */
	u64 sequence;		/* of RMPOPTs at the last loss */
	int64_t since;
};

static struct late lates[MAX_LATE];

static void end(struct late *l)
{
	table_broadcast(l->region);
	l->active = false;
}

/* Tables lose what they have to lose by now. Whoever looks at tables calls this first. */
void late_settle(void)
{
	for (struct late *l = lates; l < lates + MAX_LATE; l++) {
		if (!l->active)
			continue;
		if (now_us() - l->since > LATE_US)
			end(l);
		while (l->active && machine.sequence - l->sequence >= LATE_RMPOPTS) {
			l->sequence += LATE_RMPOPTS;
			l->active = table_clear_next(l->cpu, l->region);
		}
	}
}

bool late_pending(u64 region)
{
	for (struct late *l = lates; l < lates + MAX_LATE; l++)
		if (l->active && l->region == region)
			return true;
	return false;
}

/* A new conversion of the region, or a fresh machine: what was still to come comes now. */
void late_end(u64 region)
{
	for (struct late *l = lates; l < lates + MAX_LATE; l++)
		if (l->active && (l->region == region || region == MACHINE_ALL))
			end(l);
}

/* Instead of the broadcast. With too many at a time it is one. */
void late_begin(unsigned int cpu, u64 region)
{
	table_clear_bit(cpu, region);
	for (struct late *l = lates; l < lates + MAX_LATE; l++) {
		if (l->active)
			continue;
		*l = (struct late){ true, region, cpu, machine.sequence, now_us() };
		return;
	}
	table_broadcast(region);
}
