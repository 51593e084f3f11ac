// SPDX-License-Identifier: GPL-2.0
/*
 * Hotplug: CPUs come and go. The callbacks count and kick; they take no lock
 * that sleeps, never wait and never veto. The worker does the rest: a core that
 * was armed stays armed, others are armed at its next look.
 */
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>

#include "cores/cores.h"
#include "state/state.h"
#include "state/trace.h"
#include "hotplug.h"

static enum cpuhp_state online_state, gone_state;

/* Runs on the CPU that comes online. */
static int cpu_comes(unsigned int cpu)
{
	cores_came();
	trace_event(TRACE_ONLINE, cpu, -1);
	state_kick();
	return 0;
}

/* Runs on the CPU that goes offline. A sibling that stays takes over. */
static int cpu_goes(unsigned int cpu)
{
	trace_event(TRACE_OFFLINE, cpu, -1);
	cores_touch();
	state_kick();
	return 0;
}

/* Runs elsewhere, when the CPU is no longer in the online mask. */
static int cpu_is_gone(unsigned int cpu)
{
	cores_touch();
	state_kick();
	return 0;
}

/**
 * hotplug_start - begin to follow CPU hotplug
 *
 * Return: 0 or an errno.
 */
int hotplug_start(void)
{
	int ret = cpuhp_setup_state_nocalls(CPUHP_BP_PREPARE_DYN, "rmpopt:gone",
					    NULL, cpu_is_gone);

	if (ret < 0)
		return ret;
	gone_state = ret;

	ret = cpuhp_setup_state_nocalls(CPUHP_AP_ONLINE_DYN, "rmpopt:online",
					cpu_comes, cpu_goes);
	if (ret < 0) {
		cpuhp_remove_state_nocalls(gone_state);
		return ret;
	}
	online_state = ret;
	return 0;
}

/**
 * hotplug_stop - stop following CPU hotplug
 *
 * Runs no callback, as nothing has to be undone on any CPU.
 */
void hotplug_stop(void)
{
	cpuhp_remove_state_nocalls(online_state);
	cpuhp_remove_state_nocalls(gone_state);
}
