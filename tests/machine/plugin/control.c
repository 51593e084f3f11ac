// SPDX-License-Identifier: GPL-2.0
/*
 * The control leaf: see control.h.
 */
#include <errno.h>
#include <stdio.h>

#include "psp.h"

struct call {
	u64 in[3];
	u64 out[3];
	unsigned int cpu;
	enum outcome outcome;
};

static bool cpu_ok(u64 cpu)
{
	return cpu < machine.vcpus;
}

static int hello(struct call *c)
{
	c->out[0] = MACHINE_MAGIC;
	c->out[1] = machine.vcpus;
	c->out[2] = machine.threads;
	return 0;
}

static int counter(struct call *c)
{
	return count_get(c->in[0], c->in[1], &c->out[0]) ? 0 : EINVAL;
}

static int reset(struct call *c)
{
	count_reset();
	region_fault_reset(true);
	return 0;
}

static int rmp_errno(enum rmp_code code)
{
	switch (code) {
	case RMP_OK:
		return 0;
	case RMP_INPUT:
		return EINVAL;
	case RMP_PERMISSION:
		return EPERM;
	case RMP_INUSE:
		return EBUSY;
	case RMP_OVERLAP:
		return EEXIST;
	}
	return EIO;
}

static int convert(struct call *c, const struct rmp_page *page)
{
	enum rmp_code code;

	if (c->in[2] > 1)
		return EINVAL;
	c->outcome = update_step(c->cpu, c->in[0], page, c->in[2], &code);
	return rmp_errno(code);
}

static int assign(struct call *c)
{
	const struct rmp_page page = { .gpa = c->in[0] << PAGE_SHIFT, .asid = c->in[1], .assigned = true };

	return convert(c, &page);
}

static int release(struct call *c)
{
	const struct rmp_page page = { 0 };

	return convert(c, &page);
}

static int snp(struct call *c)
{
	switch (c->in[0]) {
	case MACHINE_SNP_QUERY:
		break;
	case MACHINE_SNP_ENABLE:
		snp_enable();
		break;
	case MACHINE_SNP_DISABLE:
		snp_disable();
		break;
	case MACHINE_SNP_INIT:
		if (!snp_enabled(0))
			return EPERM;
		snp_init();
		break;
	default:
		return EINVAL;
	}
	for (unsigned int cpu = 0; cpu < machine.vcpus; cpu++)
		c->out[0] += snp_enabled(cpu);
	c->out[1] = machine.init_done;
	return 0;
}

static int event(struct call *c)
{
	return event_add(c->in[0], c->in[1], c->in[2]);
}

static int events(struct call *c)
{
	event_pending(&c->out[0], &c->out[1]);
	c->out[0] += nth_pending();
	return 0;
}

static int fault_nth(struct call *c)
{
	return nth_set(c->in[0], c->in[1], c->in[2]);
}

static int open_gate(struct call *c)
{
	u64 cpu = c->in[0] == 2 ? c->in[1] : MACHINE_ALL;

	if (cpu != MACHINE_ALL && cpu >= machine.vcpus)
		return EINVAL;
	event_open(!c->in[0], cpu);
	if (!c->in[0]) {
		nth_forget();
		psp_calm();
	}
	return 0;
}

static int truth(struct call *c)
{
	table_truth(&c->out[0], &c->out[1], &c->out[2], false);
	return 0;
}

static int bit(struct call *c)
{
	if (!cpu_ok(c->in[0]) || c->in[1] >= MAX_REGIONS)
		return EINVAL;
	c->out[0] = table_bit(c->in[0], c->in[1]);
	c->out[1] = table_window(c->in[0], c->in[1]);
	c->out[2] = rmp_owned(c->in[1]);
	return 0;
}

static int read_msr(struct call *c)
{
	return cpu_ok(c->in[0]) && msr_get(c->in[0], c->in[1], &c->out[0]) ? 0 : EINVAL;
}

static int plant_msr(struct call *c)
{
	return cpu_ok(c->in[0]) && msr_plant(c->in[0], c->in[1], c->in[2]) ? 0 : EINVAL;
}

static int pages(struct call *c)
{
	struct rmp_page page;
	bool huge;

	if (!rmp_covered(c->in[0]))
		return EINVAL;
	c->out[0] = rmp_region(c->in[0])->assigned;
	if (!c->out[0])
		return 0;
	c->out[2] = rmp_lowest_assigned(c->in[0]);
	rmp_get(c->out[2], &page, &huge);
	c->out[1] = page.asid;
	return 0;
}

static int costs(struct call *c)
{
	return c->in[0] > 1 ? EINVAL : cost_switch(c->in[0]);
}

static int slow(struct call *c)
{
	if (c->in[0] >= MAX_REGIONS)
		return EINVAL;
	machine.slow_region = c->in[0];
	machine.slow_cycles = c->in[1];
	machine.budget = c->in[2];
	return 0;
}

static int faulty(struct call *c)
{
	if (!cpu_ok(c->in[0]) || (c->in[1] && c->in[1] != 6 && c->in[1] != 13))
		return EINVAL;
	machine.core[core_of(c->in[0])].faulty = c->in[1];
	return 0;
}

static int faulty_region(struct call *c)
{
	return region_fault_set(c->in[0], c->in[1], c->in[2]);
}

static int faults_of_region(struct call *c)
{
	return region_fault_count(c->in[0], &c->out[0]);
}

static int lose(struct call *c)
{
	if (c->in[0] != MACHINE_ALL && !cpu_ok(c->in[0]))
		return EINVAL;
	for (unsigned int core = 0; core < nr_cores(); core++)
		if (c->in[0] == MACHINE_ALL || core_of(c->in[0]) == core)
			table_lose(core);
	return 0;
}

static int profile(struct call *c)
{
	if (c->in[0] > MACHINE_HARSH)
		return EINVAL;
	c->out[0] = machine.profile;
	answer_profile(c->in[0]);
	return 0;
}

static int knob(struct call *c)
{
	return knob_turn(c->in[0], c->in[1], &c->out[0]);
}

static int answer(struct call *c)
{
	return answer_set(c->in[0], c->in[1], &c->out[0]);
}

static int clearable(struct call *c)
{
	if (c->in[0] != MACHINE_ALL && c->in[0] > 1)
		return EINVAL;
	c->out[0] = answer_clearable();
	if (c->in[0] != MACHINE_ALL)
		answer_set_clearable(c->in[0]);
	return 0;
}

static int spin(struct call *c)
{
	c->outcome = HELD;
	return 0;
}

static int patience(struct call *c)
{
	machine.patience = c->in[0];
	return 0;
}

static int mark(struct call *c)
{
	if (c->in[0] != MACHINE_ALL && !cpu_ok(c->in[0]))
		return EINVAL;
	for (unsigned int cpu = 0; cpu < machine.vcpus; cpu++)
		if (c->in[0] == MACHINE_ALL || c->in[0] == cpu)
			count_mark(cpu);
	return 0;
}

static int crowd(struct call *c)
{
	c->out[0] = machine.crowd;
	machine.crowd = c->in[0];
	return 0;
}

/* For tests that share a boot; the guest's module has to be gone. */
static int fresh(struct call *c)
{
	if (c->in[0] > MACHINE_HARSH)
		return EINVAL;
	machine.profile = c->in[0];
	machine.patience = machine.crowd = machine.slow_cycles = machine.budget = 0;
	event_open(true, MACHINE_ALL);
	nth_forget();
	cost_switch(false);
	machine_reset();
	count_reset();
	region_fault_reset(false);
	return 0;
}

static int psp_command_counts(struct call *c)
{
	return psp_count(c->in[0], &c->out[0], &c->out[1], &c->out[2]);
}

static int psp_failing(struct call *c)
{
	return psp_fail(c->in[0], c->in[1], c->in[2]);
}

static int psp_holding(struct call *c)
{
	return psp_hold(c->in[0], c->in[1]);
}

static int psp_releasing(struct call *c)
{
	c->out[0] = psp_release();
	return 0;
}

static int psp_query(struct call *c)
{
	c->out[0] = machine.psp | machine.init_done << 1 | psp_legacy_ready() << 2;
	c->out[1] = psp_guests();
	psp_pending(&c->out[2]);
	return 0;
}

static int state_pages(struct call *c)
{
	if (c->in[0] >= MACHINE_PAGE_STATES || c->in[0] == MACHINE_PAGE_HYPERVISOR ||
	    (c->in[1] != MACHINE_ALL && c->in[1] >= MAX_REGIONS))
		return EINVAL;
	c->out[0] = pages_in_state(c->in[1], c->in[0]);
	return 0;
}

static int guest_pages(struct call *c)
{
	if (c->in[0] >= MAX_REGIONS)
		return EINVAL;
	c->out[0] = pages_of_guest(c->in[0], c->in[1], c->in[2], &c->out[1]);
	return 0;
}

/* The guest's command has ended: the launcher's own channel for its status. */
static int status(struct call *c)
{
	FILE *file = machine.status_file ? fopen(machine.status_file, "w") : NULL;

	if (!file)
		return ENOENT;
	fprintf(file, "%llu\n", (unsigned long long)c->in[0]);
	return fclose(file) ? EIO : 0;
}

static int (*const operations[])(struct call *c) = {
	[MACHINE_HELLO] = hello, [MACHINE_COUNT] = counter, [MACHINE_RESET] = reset,
	[MACHINE_ASSIGN] = assign, [MACHINE_RELEASE] = release, [MACHINE_SNP] = snp,
	[MACHINE_EVENT] = event, [MACHINE_EVENTS] = events, [MACHINE_OPEN] = open_gate,
	[MACHINE_TRUTH] = truth, [MACHINE_BIT] = bit, [MACHINE_RDMSR] = read_msr,
	[MACHINE_SLOW] = slow, [MACHINE_PATIENCE] = patience, [MACHINE_MARK] = mark,
	[MACHINE_WRMSR] = plant_msr, [MACHINE_PAGES] = pages, [MACHINE_COSTS] = costs,
	[MACHINE_FAULTY] = faulty, [MACHINE_LOSE] = lose, [MACHINE_PROFILE] = profile,
	[MACHINE_FAULT_REGION] = faulty_region, [MACHINE_REGION_FAULTS] = faults_of_region,
	[MACHINE_CROWD] = crowd, [MACHINE_KNOB] = knob, [MACHINE_STATUS] = status,
	[MACHINE_FRESH] = fresh, [MACHINE_PSP_COUNT] = psp_command_counts,
	[MACHINE_PSP_FAIL] = psp_failing, [MACHINE_PSP_HOLD] = psp_holding,
	[MACHINE_PSP_RELEASE] = psp_releasing, [MACHINE_PSP] = psp_query,
	[MACHINE_STATE_PAGES] = state_pages, [MACHINE_GUEST_PAGES] = guest_pages,
	[MACHINE_ANSWER] = answer, [MACHINE_CLEARABLE] = clearable,
	[MACHINE_FAULT_NTH] = fault_nth, [MACHINE_SPIN] = spin,
};

enum outcome control_execute(const struct insn *insn)
{
	u64 number = reg_read(RAX) & 0xffff;
	struct call c = {
		.in = { reg_read(RBX), reg_read(RCX), reg_read(RDX) },
		.cpu = insn->cpu, .outcome = NEXT,
	};
	u64 error = ENOSYS;

	machine_lock();
	late_settle();
	if (number < sizeof(operations) / sizeof(operations[0]) && operations[number])
		error = operations[number](&c);
	machine_unlock();
	if (c.outcome != NEXT)
		return c.outcome;
	reg_write(RAX, error);
	reg_write(RBX, c.out[0]);
	reg_write(RCX, c.out[1]);
	reg_write(RDX, c.out[2]);
	return NEXT;
}
