// SPDX-License-Identifier: GPL-2.0
/* lab: where it does not begin, and the way out. */
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "hw.h"
#include "lab.h"

/* The kernel drives RMPOPT itself: nothing but reads then. */
bool lab_is_in_kernel(void)
{
	return check_in_kernel().verdict == VERDICT_VIEW;
}

/* CPUs that are present, but offline; those of an SMT that is off are no loss. */
static const char *offline_cpus(void)
{
	struct list present, online, missing;
	const char *smt = file_text(CPUS "smt/control");

	if (!list_read(&present, CPUS "present") || !list_read(&online, CPUS "online") ||
	    (smt && (!strcmp(smt, "off") || !strcmp(smt, "forceoff"))))
		return NULL;
	list_subtract(&missing, &present, &online);
	return missing.ranges ? list_text(&missing) : NULL;
}

/* What can be known before the module is loaded; NULL if nothing prevents it. */
const char *lab_refusal(void)
{
	struct answer hypervisor = check_hypervisor(), snp;
	const char *cpus;

	if (!hw_has_rmpopt())
		return "this CPU has no RMPOPT; rmpoptctl forecast shows what RMPOPT could optimize on this host";
	if (hypervisor.verdict == VERDICT_FAIL)
		return "this is a virtual machine; run it on the host";
	if (!options.sysroot && geteuid())
		return "run this as root";
	snp = check_snp_init();
	if (snp.verdict == VERDICT_FAIL)
		return format("SNP is not initialised: %s; %s", snp.read, printable(snp.fix));
	cpus = offline_cpus();
	if (cpus)
		return format("CPUs are offline: %s; bring them online: echo 1 >" CPUS "cpuN/online", cpus);
	return NULL;
}

/* RMPREAD of a page of the RMP's own; true if it says that nobody has it: so SNP_INIT is still to come. */
static bool is_unassigned(struct lab *lab, u64 spa)
{
	struct lab_op op = op_rmpread(spa);
	struct lab_result result;

	return lab_one(lab, lab->core[0].cpu[0], &op, 1, &result) && result.outcome == LAB_DONE &&
	       !result.rax && !(result.value[1] & RMP_ASSIGNED);
}

/*
 * The module takes the RMP's own pages for the sign of SNP_INIT, which is inferred. [I]
 * Where they can't be read although SnpEn is set that is an answer, and no reason to refuse.
 */
static bool is_not_initialised(struct lab *lab)
{
	struct lab_op op[] = { op_msr(MSR_SYSCFG), op_msr(MSR_RMP_BASE) };
	struct lab_result result[ARRAY_SIZE(op)];

	if (lab->info.flags & LAB_SNP_READY)
		return false;
	return !lab_one(lab, lab->core[0].cpu[0], op, ARRAY_SIZE(op), result) ||
	       !(result[0].rax & SYSCFG_SNP_EN) || is_unassigned(lab, result[1].rax) ||
	       !lab->info.nr_segments || is_unassigned(lab, lab->segment[0].rmp);
}

/* The same when it is. */
const char *lab_refusal_by_module(struct lab *lab)
{
	if (!(lab->info.flags & LAB_HAS_RMPOPT))
		return "the module finds no RMPOPT on this CPU, or no segmented RMP; rmpoptctl check shows why";
	if (!(lab->info.flags & LAB_HAS_RMPREAD))
		return
			"this CPU has no RMPREAD, without which it is not known which regions are free";
	if ((lab->info.flags & LAB_IN_KERNEL) && !lab->beside)
		return "the kernel drives RMPOPT itself";
	if (is_not_initialised(lab))
		return format("SNP is not initialised; %s", check_start_snp());
	return NULL;
}
