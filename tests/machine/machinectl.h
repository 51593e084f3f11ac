/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The words of machinectl, and what they are in the control leaf.
 */
#ifndef RMPOPT_TESTS_MACHINECTL_H
#define RMPOPT_TESTS_MACHINECTL_H

#include <stddef.h>

#include "machinectl-lib.h"

static const struct word counters[] = {
	{ "verifies", MACHINE_VERIFIES }, { "reports", MACHINE_REPORTS },
	{ "faults", MACHINE_FAULTS }, { "irqs-off", MACHINE_IRQS_OFF },
	{ "interruptions", MACHINE_INTERRUPTIONS }, { "longest-run", MACHINE_LONGEST_RUN },
	{ "longest-cycles", MACHINE_LONGEST_CYCLES }, { "cycles", MACHINE_CYCLES },
	{ "scan-cycles", MACHINE_SCAN_CYCLES },
	{ "overruns", MACHINE_OVERRUNS }, { "overrun-run", MACHINE_OVERRUN_RUN },
	{ "overrun-long", MACHINE_OVERRUN_LONG }, { "overrun-late", MACHINE_OVERRUN_LATE },
	{ "secondary", MACHINE_SECONDARY }, { "outside", MACHINE_OUTSIDE },
	{ "too-early", MACHINE_TOO_EARLY }, { "paid", MACHINE_PAID },
	{ "cached", MACHINE_CACHED }, { "early-exit", MACHINE_EARLY_EXIT },
	{ "base-writes", MACHINE_BASE_WRITES }, { "base-writes-armed", MACHINE_BASE_WRITES_ARMED },
	{ "rmpreads", MACHINE_RMPREADS },
	{ "rmpupdates", MACHINE_RMPUPDATES }, { "psmashes", MACHINE_PSMASHES },
	{ "lost", MACHINE_LOST }, { "gap-rmpopts", MACHINE_GAP_RMPOPTS },
	{ "gap-base-sets", MACHINE_GAP_BASE_SETS }, { "gap-base-clears", MACHINE_GAP_BASE_CLEARS },
	{ "off-rmpopts", MACHINE_OFF_RMPOPTS }, { "off-base-sets", MACHINE_OFF_BASE_SETS },
	{ "off-base-clears", MACHINE_OFF_BASE_CLEARS }, { "late", MACHINE_LATE }, { "unsafe", MACHINE_UNSAFE }, { NULL, 0 }
};

_Static_assert(sizeof(counters) / sizeof(counters[0]) == MACHINE_COUNTERS + 1,
	       "every counter has a name");

static const struct word event_names[] = {
	{ "ud", MACHINE_EVENT_UD }, { "gp", MACHINE_EVENT_GP },
	{ "snp-off", MACHINE_EVENT_SNP_OFF }, { "en-off", MACHINE_EVENT_EN_OFF },
	{ "assign", MACHINE_EVENT_ASSIGN }, { "release", MACHINE_EVENT_RELEASE },
	{ "lose", MACHINE_EVENT_LOSE }, { "gate", MACHINE_EVENT_GATE },
	{ "psp", MACHINE_EVENT_PSP }, { "lie", MACHINE_EVENT_LIE }, { NULL, 0 }
};

static const struct word snp_names[] = {
	{ "query", MACHINE_SNP_QUERY }, { "enable", MACHINE_SNP_ENABLE },
	{ "disable", MACHINE_SNP_DISABLE }, { "init", MACHINE_SNP_INIT }, { NULL, 0 }
};

static const struct word switches[] = { { "off", 0 }, { "on", 1 }, { NULL, 0 } };
static const struct word vectors[] = { { "none", 0 }, { "ud", 6 }, { "gp", 13 }, { NULL, 0 } };
static const struct word region_vectors[] = {
	{ "off", 0 }, { "ud", 6 }, { "gp", 13 }, { NULL, 0 }
};

static const struct word sizes[] = { { "4k", 0 }, { "2m", 1 }, { NULL, 0 } };
static const struct word profiles[] = {
	{ "kind", MACHINE_KIND }, { "harsh", MACHINE_HARSH }, { NULL, 0 }
};

static const char usage[] =
"usage: machinectl COMMAND\n"
"  hello                         vCPUs and threads per core\n"
"  count COUNTER [CPU|all]...    one counter, a line for each\n"
"  counts [CPU|all]              all counters, one per line\n"
"  reset                         counters to 0\n"
"  mark CPU|all                  tell in the log, when the machine ends, what it counts from now on\n"
"  assign PFN ASID [4k|2m]       as a guest takes a page; ASID 0: firmware\n"
"  release PFN [4k|2m]           back to the hypervisor\n"
"  snp [query|enable|disable|init]  CPUs with SnpEn, 1 if SNP_INIT is done\n"
"  event N NAME [ARG]            at the N-th RMPOPT from now; NAME one of\n"
"                                ud gp snp-off en-off assign release lose gate psp lie\n"
"  events                        events not fired yet, vCPUs held at a gate\n"
"  wait-gate [--timeout S] [N]   until N vCPUs (1) are held\n"
"  open [step]                   open the gate, let the PSP go, forget events and failures\n"
"                                (step: the gate only)\n"
"  patience MS                   gates open by themselves after so long (0: never)\n"
"  truth                         unsafe bits; of cores online: those that differ, those armed\n"
"  table CPU                     regions whose bit is set, one list\n"
"  bit CPU REGION                bit, in window, wholly hypervisor-owned\n"
"  map [LAST]                    regions (rows) by cores: # set . clear - outside\n"
"  rdmsr CPU MSR                 what that CPU would read\n"
"  wrmsr CPU MSR VALUE           planted, past every check\n"
"  pages REGION                  assigned pages, ASID and PFN of the lowest\n"
"  costs on|off, crowd N         modelled costs; as if N cores verified at once\n"
"  slow REGION CYCLES BUDGET     what a verify of it takes; what interruptions may\n"
"  faulty CPU none|ud|gp         every RMPOPT on that core faults\n"
"  lose CPU|all                  a core loses its table by itself\n"
"  profile kind|harsh            all answers are its; prints the one before\n"
"  answer QUESTION [VALUE]       what the hardware does where the public facts end\n"
"  answers                       all of them, QUESTION VALUE in each line\n"
"  fault-region N gp|ud|off [CPU]  every RMPOPT of that region faults, on all cores or on that one\n"
"  fault-nth rmpread|msr N gp|ud  the N-th RMPREAD of a module, access to an MSR of SNP's: an event, too\n"
"  region-faults N               how often it did\n"
"  rmpread-busy [K]              every K-th RMPREAD of a module answers \"in use\" (0: none)\n"
"  clearable [on|off]            can RMPOPT_EN be cleared while SnpEn is set?\n"
"  en-stays [on|off]             does an SNP shutdown leave RMPOPT_EN set?\n"
"  deaf [on|off]                 does a vCPU at a gate take no interrupt?\n"
"  base-bits [MASK]              bits of RMPOPT_BASE that always read as 1\n"
"  fresh kind|harsh             everything as at boot, in that profile\n"
"  psp [state]                   SNP, SEV (uninit or init), guest contexts, command held\n"
"  psp count COMMAND, psp counts times it succeeded and failed; all of them by name\n"
"  psp fail COMMAND STATUS [N]   its next N (1) executions fail and do nothing\n"
"  psp hold COMMAND              it is neither done nor answered before:\n"
"  psp release                   the one that waits is done; event N psp does it, too\n"
"  psp wait COMMAND [SECONDS]    until it is held\n"
"  states [STATE] [REGION]       4 KiB pages by state, or their number in that one\n"
"  guest GPA SIZE                region, pages, ASID of a guest's pages at these addresses\n"
"  spin                          a task that never sleeps, until it is killed; costs the real\n"
"                                machine next to nothing\n"
"  status N                      for /init\n";

#endif /* RMPOPT_TESTS_MACHINECTL_H */
