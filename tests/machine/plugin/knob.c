// SPDX-License-Identifier: GPL-2.0
/*
 * Knobs: how the machine behaves until a test turns them, or makes it fresh.
 */
#include <errno.h>
#include <string.h>

#include "machine.h"

/* Where Linux with KASLR, as Debian builds it, puts modules; its own text lies below. */
#define MODULES		0xffffffffc0000000ull

static u64 reads;	/* of modules, since the knob was turned */

static bool allowed(u64 which, u64 value)
{
	if (which == MACHINE_BASE_BITS)
		return !(value & (RMPOPT_ADDRESS | RMPOPT_EN));
	return which == MACHINE_RMPREAD_BUSY || value <= 1;
}

int knob_turn(u64 which, u64 value, u64 *before)
{
	if (which >= MACHINE_KNOBS)
		return EINVAL;
	*before = machine.knob[which];
	if (value == MACHINE_ALL)
		return 0;
	if (!allowed(which, value))
		return EINVAL;
	machine.knob[which] = value;
	if (which == MACHINE_RMPREAD_BUSY)
		reads = 0;
	return 0;
}

void knob_reset(void)
{
	memset(machine.knob, 0, sizeof(machine.knob));
}

bool of_module(u64 pc)
{
	return pc >= MODULES;
}

/* The kernel's own RMPREADs are spared: KVM warns of one that fails, which is a panic here. */
bool rmpread_busy(u64 pc)
{
	u64 every = machine.knob[MACHINE_RMPREAD_BUSY];

	return every && of_module(pc) && ++reads % every == 0;
}
