// SPDX-License-Identifier: GPL-2.0
/*
 * Events at the n-th RMPOPT, and the gate.
 *
 * A vCPU at the gate executes its RMPOPT again and again. The execution is
 * told by its address and stack pointer, so an RMPOPT in an interrupt handler
 * on the same vCPU is another one and passes.
 */
#include <errno.h>

#include "psp.h"

#define MAX_EVENTS	64
#define MAX_HELD	64

struct event {
	u64 at;			/* what the counter below comes to; 0: free */
	const u64 *counter;	/* RMPOPTs: machine.sequence, or one core's */
	u64 what;
	u64 arg;
};

struct held {
	u64 pc;			/* 0: free */
	u64 rsp;
	int64_t since;
	unsigned int core;
	bool open;
};

static struct event events[MAX_EVENTS];
static struct held held[MAX_HELD];
static u64 by_core[MAX_VCPUS];

/* What has no argument of its own may wait for one core's RMPOPTs. */
static const u64 *counter_of(u64 what, u64 arg)
{
	const u64 ours = 1u << MACHINE_EVENT_GATE | 1u << MACHINE_EVENT_PSP | 1u << MACHINE_EVENT_UD |
			 1u << MACHINE_EVENT_GP | 1u << MACHINE_EVENT_LIE;

	if (ours & 1ull << what && arg < machine.vcpus)
		return &by_core[core_of(arg)];
	return &machine.sequence;
}

int event_add(u64 n, u64 what, u64 arg)
{
	const u64 *counter;

	if (!n || what > MACHINE_EVENT_LIE)
		return EINVAL;
	counter = counter_of(what, arg);
	for (int i = 0; i < MAX_EVENTS; i++) {
		if (events[i].at)
			continue;
		events[i] = (struct event){ *counter + n, counter, what, arg };
		return 0;
	}
	return ENOSPC;
}

static struct held *find_held(u64 pc, u64 rsp)
{
	for (int i = 0; i < MAX_HELD; i++)
		if (held[i].pc == pc && held[i].rsp == rsp)
			return &held[i];
	return NULL;
}

static bool hold(const struct insn *insn, u64 rsp)
{
	struct held *h = find_held(0, 0);

	if (h)
		*h = (struct held){ insn->pc, rsp, now_us(), core_of(insn->cpu), false };
	return h;
}

static bool is_open(const struct held *h)
{
	return h->open || (machine.patience && now_us() - h->since >= (int64_t)machine.patience * 1000);
}

static void convert(unsigned int cpu, u64 pfn, bool assign)
{
	const struct rmp_page page = { .assigned = assign, .asid = assign };
	enum rmp_code code;

	update_now(cpu, pfn, &page, false, &code);
	if (code != RMP_OK)
		machine_error("event: page %#llx can't be converted, RMPUPDATE would say %d",
			      (unsigned long long)pfn, code);
}

static void for_cores(unsigned int cpu, u64 arg, bool own, void (*act)(unsigned int core))
{
	if (arg != MACHINE_ALL && arg < machine.vcpus)
		act(core_of(arg));
	else if (own)
		act(core_of(cpu));
	else
		for (unsigned int core = 0; core < nr_cores(); core++)
			act(core);
}

static void disarm(unsigned int core)
{
	machine.core[core].base = 0;
}

static void happen(const struct insn *insn, const struct event *e, u64 rsp, struct forced *forced)
{
	switch (e->what) {
	case MACHINE_EVENT_UD:
		forced->ud = true;
		break;
	case MACHINE_EVENT_GP:
		forced->gp = true;
		break;
	case MACHINE_EVENT_SNP_OFF:
		snp_disable();
		break;
	case MACHINE_EVENT_EN_OFF:
		for_cores(insn->cpu, e->arg, true, disarm);
		break;
	case MACHINE_EVENT_ASSIGN:
		convert(insn->cpu, e->arg, true);
		break;
	case MACHINE_EVENT_RELEASE:
		convert(insn->cpu, e->arg, false);
		break;
	case MACHINE_EVENT_LOSE:
		for_cores(insn->cpu, e->arg, false, table_lose);
		break;
	case MACHINE_EVENT_GATE:
		forced->hold = hold(insn, rsp);
		break;
	case MACHINE_EVENT_PSP:
		psp_release();
		break;
	case MACHINE_EVENT_LIE:
		forced->lie = true;
		break;
	}
}

/* Is it for this RMPOPT, which has just been counted? */
static bool due(const struct event *e, unsigned int cpu)
{
	return e->at && e->at == *e->counter &&
	       (e->counter == &machine.sequence || e->counter == &by_core[core_of(cpu)]);
}

/* A new RMPOPT begins, or one that is held executes once more. */
struct forced event_fire(const struct insn *insn)
{
	struct forced forced = { 0 };
	u64 rsp = reg_read(RSP);
	struct held *h = find_held(insn->pc, rsp);

	if (h) {
		forced.hold = !is_open(h);
		if (!forced.hold)
			*h = (struct held){ 0 };
		return forced;
	}
	machine.sequence++;
	by_core[core_of(insn->cpu)]++;
	for (int i = 0; i < MAX_EVENTS; i++) {
		struct event e = events[i];

		if (!due(&e, insn->cpu))
			continue;
		events[i].at = 0;
		happen(insn, &e, rsp, &forced);
	}
	return forced;
}

/* Whoever is held, or only on the core of that CPU. */
void event_open(bool forget, u64 cpu)
{
	for (int i = 0; forget && i < MAX_EVENTS; i++)
		events[i].at = 0;
	for (int i = 0; i < MAX_HELD; i++)
		if (held[i].pc && (cpu == MACHINE_ALL || held[i].core == core_of(cpu)))
			held[i].open = true;
}

void event_pending(u64 *waiting, u64 *at_gate)
{
	*waiting = *at_gate = 0;
	for (int i = 0; i < MAX_EVENTS; i++)
		*waiting += !!events[i].at;
	for (int i = 0; i < MAX_HELD; i++)
		*at_gate += held[i].pc && !held[i].open;
}
