// SPDX-License-Identifier: GPL-2.0
/*
 * Knobs: how the machine behaves until a test turns them, or makes it fresh.
 */
#include <errno.h>
#include <string.h>

#include "machine.h"

static bool allowed(u64 which, u64 value)
{
	if (which == MACHINE_BASE_BITS)
		return !(value & (RMPOPT_ADDRESS | RMPOPT_EN));
	return value <= 1;
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
	return 0;
}

void knob_reset(void)
{
	memset(machine.knob, 0, sizeof(machine.knob));
	machine.knob[MACHINE_CLEARABLE] = machine.clearable;
}
