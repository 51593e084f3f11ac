/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What code inside the emulated SNP host may ask of the machine around it.
 *
 * One private CPUID leaf, usable from any ring and from any CPU:
 *
 *	in:	EAX = MACHINE_LEAF | operation, RBX, RCX, RDX = a, b, c
 *	out:	RAX = 0 or an errno value, RBX, RCX, RDX = results
 *
 * All registers are used whole (64 bits). "cpu" is the kernel's CPU number,
 * which is the vCPU's index; "core" is the set of vCPUs that share one RMPOPT
 * table and is named by any of its CPUs. MACHINE_ALL stands for all of them.
 *
 * This file is included by the plugin (which answers), by machinectl (the
 * command of the scenarios) and by test modules.
 */
#ifndef RMPOPT_TESTS_CONTROL_H
#define RMPOPT_TESTS_CONTROL_H

#define MACHINE_LEAF	0x40520000u
#define MACHINE_MAGIC	0x54504f504d52ull	/* "RMPOPT" */
#define MACHINE_ALL	(~0ull)

enum machine_op {
	/* () -> magic, vCPUs, threads per core */
	MACHINE_HELLO		= 0,
	/* (enum machine_counter, cpu or ALL) -> value; ALL adds up, or takes the maximum of a longest-run counter */
	MACHINE_COUNT		= 1,
	/* () -> ; all counters to 0 */
	MACHINE_RESET		= 2,
	/* (pfn, asid, size: 0 4 KiB, 1 2 MiB) -> ; as a guest's RMPUPDATE would; asid 0: a firmware page */
	MACHINE_ASSIGN		= 3,
	/* (pfn, -, size) -> ; back to the hypervisor, as RMPUPDATE would */
	MACHINE_RELEASE		= 4,
	/* (enum machine_snp) -> number of CPUs with SnpEn set, 1 if SNP_INIT is done */
	MACHINE_SNP		= 5,
	/* (n, enum machine_event, argument) -> ; at the n-th RMPOPT from now on any core (1: the next); several may be armed */
	MACHINE_EVENT		= 6,
	/* () -> events not fired yet, vCPUs held at a gate */
	MACHINE_EVENTS		= 7,
	/*
	 * (0: forget, 1: keep, 2: keep, cpu) -> ; let go whoever is held at a gate,
	 * with 2 only on the core of cpu; forget the events not fired yet and let
	 * go the PSP, or keep both
	 */
	MACHINE_OPEN		= 8,
	/* () -> unsafe bits now, and of cores online: those that differ from the truth, those with RMPOPT_EN */
	MACHINE_TRUTH		= 9,
	/* (cpu, region) -> bit in its core's table, 1 if in its window, 1 if the region is wholly hypervisor-owned */
	MACHINE_BIT		= 10,
	/* (cpu, msr) -> value as that CPU would read it */
	MACHINE_RDMSR		= 11,
	/* (cpu, msr, value) -> ; planted, past every check */
	MACHINE_WRMSR		= 12,
	/* (region) -> assigned 4 KiB pages, ASID of the lowest one, its pfn */
	MACHINE_PAGES		= 13,
	/* (0 off, 1 on) -> ; model costs and the clock that RDTSC reads */
	MACHINE_COSTS		= 14,
	/* (cpu, vector: 0 none, 6 #UD, 13 #GP) -> ; every RMPOPT on that core faults so */
	MACHINE_FAULTY		= 15,
	/* (cpu or ALL) -> ; that core loses its table all by itself */
	MACHINE_LOSE		= 16,
	/* (enum machine_profile) -> the one in force before; all answers are the profile's, no other change */
	MACHINE_PROFILE		= 17,
	/* (n) -> the one before; verifies cost as if n cores verified at once, 0: as many as really do */
	MACHINE_CROWD		= 18,
	/* (region, cycles, budget) -> ; a verify of that region takes so many cycles (0: none is slow); interruptions of more than budget are overruns (0: none are) */
	MACHINE_SLOW		= 28,
	/* (status) -> ; /init tells the launcher how the guest's command ended */
	MACHINE_STATUS		= 19,
	/* (enum machine_profile) -> ; as at boot: SNP, MSRs, tables, pages, events, faults, costs, counters */
	MACHINE_FRESH		= 20,
	/* (command of the PSP) -> times it succeeded, times it failed, times it has yet to fail */
	MACHINE_PSP_COUNT	= 21,
	/* (command, status, n) -> ; its next n executions fail with that status and do nothing */
	MACHINE_PSP_FAIL	= 22,
	/* (command, 0 or 1) -> ; it is neither done nor answered before MACHINE_PSP_RELEASE */
	MACHINE_PSP_HOLD	= 23,
	/* () -> 1 if a command was waiting and is done now; nothing is held any more */
	MACHINE_PSP_RELEASE	= 24,
	/* () -> bits: there is a PSP, SNP_INIT is done, INIT is done; guest contexts; command that waits, or 0 */
	MACHINE_PSP		= 25,
	/* (enum machine_page_state, region or ALL) -> 4 KiB pages in that state; not for hypervisor pages */
	MACHINE_STATE_PAGES	= 26,
	/* (region, guest address, size) -> pages of guests there at such guest addresses, ASID of one of them */
	MACHINE_GUEST_PAGES	= 27,
	/* (ms) -> ; gates open by themselves after so long on the host's clock; 0: never */
	MACHINE_PATIENCE	= 29,
	/* (cpu or ALL) -> ; what it counts from now on is told in the launcher's log when the machine ends; marked once, it stays so */
	MACHINE_MARK		= 30,
	/* (enum machine_knob, value, or ALL to ask only) -> the value before */
	MACHINE_KNOB		= 31,
	/*
	 * (region, vector: 0 none, 6 #UD, 13 #GP, cpu or ALL) -> ; every RMPOPT of
	 * that region faults so, on that core or on all; 0 with ALL ends all of them
	 */
	MACHINE_FAULT_REGION	= 32,
	/* (region) -> faults by MACHINE_FAULT_REGION there */
	MACHINE_REGION_FAULTS	= 33,
	/* (enum machine_question, an answer, or ALL to ask only) -> the answer before; both are in answers.h */
	MACHINE_ANSWER		= 34,
	/* (1 on, 0 off, or ALL to ask only) -> 1 if it was: RMPOPT_EN can be cleared, and the base changed, while SnpEn is set; two answers in one */
	MACHINE_CLEARABLE	= 35,
	/* (enum machine_nth, n, vector: 6 #UD, 13 #GP) -> ; the n-th such instruction from now faults; an event like others */
	MACHINE_FAULT_NTH	= 36,
	/* () -> never; a task that always runs, without taking the time of the real machine. Interrupts come. */
	MACHINE_SPIN		= 37,
};

/* What may fault once, by MACHINE_FAULT_NTH. */
enum machine_nth {
	MACHINE_NTH_RMPREAD	= 0,	/* of a module */
	MACHINE_NTH_MSR,		/* RDMSR or WRMSR of SYSCFG, RMP_BASE, RMP_END, RMP_CFG or RMPOPT_BASE, by anybody; always #GP */
	MACHINE_NTHS
};

/* What stays as it is set until MACHINE_FRESH, which sets 0. */
enum machine_knob {
	MACHINE_EN_STAYS	= 0,	/* 1: an x86 SNP shutdown leaves RMPOPT_EN and the tables as they are */
	MACHINE_BASE_BITS,		/* bits of RMPOPT_BASE that always read as 1; not those with a meaning */
	MACHINE_RMPREAD_BUSY,		/* every so many-th RMPREAD of a module answers "in use" and stores nothing; 0: none */
	MACHINE_DEAF,			/* 1: a vCPU at a gate takes no interrupt, as an instruction that never ends would have it */
	MACHINE_KNOBS
};

/* What a page is, in the words of the firmware's interface. */
enum machine_page_state {
	MACHINE_PAGE_HYPERVISOR	= 0,
	MACHINE_PAGE_HV_FIXED,		/* the hypervisor's for good: what SNP_INIT_EX was told to keep */
	MACHINE_PAGE_FIRMWARE,
	MACHINE_PAGE_RECLAIM,		/* back from the firmware, RMPUPDATE may take it */
	MACHINE_PAGE_CONTEXT,		/* a guest's context */
	MACHINE_PAGE_PRE_GUEST,		/* a guest's, before LAUNCH_UPDATE */
	MACHINE_PAGE_GUEST,		/* a guest's, valid */
	MACHINE_PAGE_UNVALIDATED,	/* a guest's, assigned while it runs (MACHINE_ASSIGN makes these) */
	MACHINE_PAGE_STATES
};

/* Arguments of MACHINE_SNP. */
enum machine_snp {
	MACHINE_SNP_QUERY	= 0,
	MACHINE_SNP_ENABLE	= 1,	/* SnpEn set on all CPUs, SNP_INIT not done */
	MACHINE_SNP_DISABLE	= 2,	/* what an x86 SNP shutdown does */
	MACHINE_SNP_INIT	= 3,	/* tables zeroed, the RMP's own pages become firmware pages */
};

/* Arguments of MACHINE_EVENT; they happen just before the RMPOPT executes. */
enum machine_event {
	MACHINE_EVENT_UD	= 0,	/* this RMPOPT gets #UD; CPU as below */
	MACHINE_EVENT_GP	= 1,	/* this RMPOPT gets #GP; CPU as below */
	MACHINE_EVENT_SNP_OFF	= 2,	/* an x86 SNP shutdown */
	MACHINE_EVENT_EN_OFF	= 3,	/* RMPOPT_BASE = 0 on the core of CPU (argument; ALL: the executing core) */
	MACHINE_EVENT_ASSIGN	= 4,	/* page (argument: pfn) goes to ASID 1 */
	MACHINE_EVENT_RELEASE	= 5,	/* page (argument: pfn) comes back */
	MACHINE_EVENT_LOSE	= 6,	/* the core of CPU (argument; ALL: every core) loses its table */
	/*
	 * This RMPOPT is held until MACHINE_OPEN: the vCPU executes nothing,
	 * but takes interrupts if they are enabled. With a CPU as argument (not
	 * ALL) only RMPOPTs on its core are counted.
	 */
	MACHINE_EVENT_GATE	= 7,
	MACHINE_EVENT_PSP	= 8,	/* MACHINE_PSP_RELEASE: the command that waits is done; CPU as above */
	MACHINE_EVENT_LIE	= 9,	/* this RMPOPT answers the opposite of what it found; CPU as above */
};

/* What the public facts leave open: answers.h has what they say to each question. */
enum machine_profile {
	MACHINE_KIND		= 0,
	MACHINE_HARSH		= 1,
};

enum machine_counter {
	MACHINE_VERIFIES = 0,	/* RMPOPT with RCX = 0 that did not fault */
	MACHINE_REPORTS,	/* RMPOPT with RCX = 1 that did not fault */
	MACHINE_FAULTS,		/* RMPOPT that faulted */
	MACHINE_IRQS_OFF,	/* RMPOPT executed with interrupts disabled */
	MACHINE_INTERRUPTIONS,	/* stretches with interrupts disabled that executed RMPOPT */
	MACHINE_LONGEST_RUN,	/* most RMPOPTs in one such stretch (a maximum) */
	MACHINE_LONGEST_CYCLES,	/* most modelled cycles in one such stretch (a maximum; costs on) */
	MACHINE_CYCLES,		/* modelled cycles spent in RMPOPT (costs on) */
	MACHINE_SCAN_CYCLES,	/* modelled cycles of verifies that read the RMP (costs on) */
	MACHINE_OVERRUNS,	/* interruptions that took more cycles than the budget; see MACHINE_SLOW */
	MACHINE_OVERRUN_RUN,	/* most RMPOPTs in one of them (a maximum) */
	MACHINE_OVERRUN_LONG,	/* RMPOPTs in them that took more than the budget all alone */
	MACHINE_OVERRUN_LATE,	/* RMPOPTs in them that began when the budget was used up */
	MACHINE_SECONDARY,	/* RMPOPT on a thread that is not the first of its core */
	MACHINE_OUTSIDE,	/* RMPOPT with RAX unaligned or outside the window */
	MACHINE_TOO_EARLY,	/* RMPOPT, or RMPOPT_EN written, while SNP_INIT is not done */
	MACHINE_PAID,		/* verifies that read the RMP to the end */
	MACHINE_CACHED,		/* verifies answered from the result cache */
	MACHINE_EARLY_EXIT,	/* verifies that stopped at an assigned page */
	MACHINE_BASE_WRITES,	/* WRMSR RMPOPT_BASE, whether taken, ignored or refused */
	MACHINE_BASE_WRITES_ARMED, /* those while RMPOPT_EN was set on the core */
	MACHINE_RMPREADS,
	MACHINE_RMPUPDATES,
	MACHINE_PSMASHES,
	MACHINE_LOST,		/* bits cleared by hardware: conversions, rewriting of the base, going offline */
	/* While SnpEn is set on the CPU but SNP_INIT is not done, faults included: */
	MACHINE_GAP_RMPOPTS,	/* RMPOPT */
	MACHINE_GAP_BASE_SETS,	/* WRMSR RMPOPT_BASE of something */
	MACHINE_GAP_BASE_CLEARS, /* WRMSR RMPOPT_BASE of 0 */
	/* The same while SnpEn is clear on the CPU: */
	MACHINE_OFF_RMPOPTS,
	MACHINE_OFF_BASE_SETS,
	MACHINE_OFF_BASE_CLEARS,
	MACHINE_LATE,		/* bits that outlived RMPUPDATE by the answer "late" */
	MACHINE_UNSAFE,		/* times that a bit was set over a region with an assigned page: 0 always */
	MACHINE_COUNTERS
};

#endif /* RMPOPT_TESTS_CONTROL_H */
