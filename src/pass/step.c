// SPDX-License-Identifier: GPL-2.0
/*
 * Steps: single instructions of a core's order, executed on that core by its
 * slice or by a leader's thread.
 *
 * If RMPOPT_BASE is still what it was when the core joined, a fault concerns
 * the region, and the order goes on with the next one. Otherwise it concerns
 * the core, and the order ends.
 */
#include <asm/msr.h>
#include <asm/tsc.h>

#include "cores/cores.h"
#include "host/hw.h"
#include "state/state.h"
#include "step.h"

/**
 * step_execute - execute one instruction of a core's order
 * @core: the core, which this runs on and stays on
 * @place: of the region
 * @verify: a verify; else a report
 * @cycles: set to how long the instruction took; valid only if the result is a
 *	bit
 *
 * Any context in which the CPU can't change.
 *
 * Return: 0 or 1, the bit; STEP_FAULT the instruction faulted, which concerns
 * the region; STEP_SKIPPED it was not executed, as it has just faulted on two
 * other cores. These are noted in the plan. -ENODEV SnpEn is not set here,
 * -ENXIO RMPOPT_BASE is not what it was: nothing was noted.
 */
int step_execute(struct core *core, u32 place, bool verify, u64 *cycles)
{
	struct plan *plan = &the_plan;
	int bit, error;
	u64 start;

	if (plan_is_left_out(plan, place))
		return STEP_SKIPPED;
	start = rdtsc_ordered();
	bit = hw_rmpopt(plan->region[place].number,
			verify ? HW_VERIFY : HW_REPORT);
	*cycles = rdtsc_ordered() - start;
	if (bit >= 0) {
		plan_note(plan, &core->plan, place, bit);
		return bit;
	}
	error = hw_why_fault(core->base);
	if (error)
		return error;
	plan_note_fault(plan, &core->plan, place);
	return STEP_FAULT;
}
