// SPDX-License-Identifier: GPL-2.0
/*
 * Which CPUs are online, which ones sleep, and what that does to tables.
 *
 * A kernel parks an offline CPU by HLT with interrupts off; its idle loop's HLT
 * has them on, and QEMU tells when a vCPU begins to wait and when it goes on.
 */
#include "machine.h"

/*
 * A core that has slept for so long, in all, since its last RMPOPT was in its
 * deepest state. In one go would be truer, but a guest's CPUs wake several
 * times a second.
 */
#define DEEP_US		5000000

/* Whatever a vCPU executes shows that it is online. */
void cpu_seen(unsigned int cpu)
{
	if (!machine.vcpu[cpu].parked)
		return;
	machine_lock();
	machine.vcpu[cpu].parked = false;
	machine_unlock();
}

bool core_offline(unsigned int core)
{
	for (unsigned int i = 0; i < machine.threads; i++)
		if (!machine.vcpu[core * machine.threads + i].parked)
			return false;
	return true;
}

/* RMPOPT_BASE stays, whatever becomes of the table [?]. */
void cpu_parked(unsigned int cpu)
{
	bool all;

	machine_lock();
	machine.vcpu[cpu].parked = true;
	all = core_offline(core_of(cpu));
	if (answer_to(all ? Q_OFFLINE_CORE : Q_OFFLINE_THREAD) == A_EMPTIED)
		table_lose(core_of(cpu));
	machine_unlock();
}

void cpu_sleeps(unsigned int cpu, void *unused)
{
	__atomic_store_n(&machine.vcpu[cpu].asleep, now_us(), __ATOMIC_RELEASE);
}

/* Since when have all its threads that are online been asleep? 0: not all of them are. */
static int64_t core_asleep(unsigned int core)
{
	int64_t since = 0;

	for (unsigned int i = 0; i < machine.threads; i++) {
		const struct vcpu *v = &machine.vcpu[core * machine.threads + i];
		int64_t one = __atomic_load_n(&v->asleep, __ATOMIC_ACQUIRE);

		if (v->parked)
			continue;
		if (!one)
			return 0;
		if (one > since)
			since = one;
	}
	return since;
}

/* QEMU's own lock is held here, so the machine's must never be held while waiting for that. */
void cpu_wakes(unsigned int cpu, void *unused)
{
	struct core *c = &machine.core[core_of(cpu)];
	int64_t since = core_asleep(core_of(cpu));

	__atomic_store_n(&machine.vcpu[cpu].asleep, 0, __ATOMIC_RELEASE);
	if (answer_to(Q_IDLE) != A_EMPTIED || !since)
		return;
	machine_lock();
	c->slept += now_us() - since;
	if (c->slept > DEEP_US)
		table_lose(core_of(cpu));
	machine_unlock();
}
