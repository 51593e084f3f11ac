// SPDX-License-Identifier: GPL-2.0
/*
 * check: every condition in order. The order is that in which they are fixed:
 * CPU, BIOS, kernel, SNP, module. Reads only; never a command to the PSP.
 */
#include "check.h"

const struct column check_columns[] = {
	{ "name", COLUMN_TEXT, "word for the condition" },
	{ "result", COLUMN_TEXT, "PASS; FAIL; VIEW: the module then only looks; SKIP: not known, or no meaning here" },
	{ "read", COLUMN_TEXT, "what was read" },
	{ "fix", COLUMN_TEXT, "what to do; of VIEW what is lacking" },
	{ }
};

static const struct condition conditions[] = {
	{ "vendor", "CPU is AMD's", check_vendor, DECIDES },
	{ "hypervisor", "bare metal", check_hypervisor, DECIDES },
	{ "snp", "CPU has SEV-SNP", check_snp },
	{ "rmpread", "CPU has RMPREAD", check_rmpread },
	{ "segments", "CPU has the segmented RMP", check_segments },
	{ "rmpopt", "CPU has RMPOPT", check_rmpopt },
	{ "syscfg", "BIOS enables memory encryption", check_syscfg },
	{ "rmp_base", "BIOS reserves the RMP", check_rmp_base },
	{ "rmp_cfg", "RMP is segmented", check_rmp_cfg },
	{ "iommu", "IOMMU can do SNP", check_iommu },
	{ "kernel", "kernel version", check_kernel },
	{ "config_sev", "kernel can be an SNP host", check_config_sev },
	{ "config_kprobes", "kernel has kprobes", check_config_kprobes },
	{ "in_kernel", "kernel leaves RMPOPT alone", check_in_kernel },
	{ "kdump", "no kdump kernel", check_kdump },
	{ "cmdline", "kernel command line", check_cmdline },
	{ "snp_host", "kernel is an SNP host", check_snp_host },
	{ "kvm_amd", "kvm_amd has SNP", check_kvm_amd },
	{ "snp_init", "SNP is enabled on all CPUs", check_snp_init },
	{ "built", "module is installed", check_built, OF_MODULE },
	{ "vermagic", "module is for this kernel", check_vermagic, OF_MODULE },
	{ "signature", "module is signed if required", check_signature, OF_MODULE },
	{ "key", "key of the module is enrolled", check_key, OF_MODULE },
	{ "blacklist", "modprobe may load it", check_blacklist, OF_MODULE },
	{ "parameters", "parameters are valid", check_parameters, OF_MODULE },
	{ "loaded", "module is loaded", check_loaded, OF_MODULE },
	{ "state", "module works", check_state, OF_MODULE },
	{ "hooks", "hooks are attached", check_hooks, OF_MODULE },
	{ "debugfs", "debugfs can be used", check_debugfs, OF_MODULE },
};

static const char * const words[] = {
	[VERDICT_PASS]	= "PASS",
	[VERDICT_FAIL]	= "FAIL",
	[VERDICT_SKIP]	= "SKIP",
	[VERDICT_VIEW]	= "VIEW",
};

static const enum color colors[] = {
	[VERDICT_PASS]	= COLOR_GOOD,
	[VERDICT_FAIL]	= COLOR_BAD,
	[VERDICT_SKIP]	= COLOR_DIM,
	[VERDICT_VIEW]	= COLOR_WARN,
};

static void say(const struct condition *condition, const struct answer *answer)
{
	printf("[ %s%s%s ] %-31s %s\n", color(colors[answer->verdict]),
	       words[answer->verdict], color_end(), condition->title,
	       answer->read);
	if (answer->fix)
		printf("         %s%s%s\n", color(COLOR_BOLD), answer->fix,
		       color_end());
}

static void add(struct table *table, const struct condition *condition,
		const struct answer *answer)
{
	table_row(table);
	table_set(table, "name", "%s", condition->name);
	table_set(table, "result", "%s", words[answer->verdict]);
	table_set(table, "read", "%s", answer->read);
	if (answer->fix)
		table_set(table, "fix", "%s", answer->fix);
}

static void sum_up(const u32 *count)
{
	printf("%u passed, %u failed, %u skipped%s.\n", count[VERDICT_PASS],
	       count[VERDICT_FAIL], count[VERDICT_SKIP],
	       count[VERDICT_VIEW] ? format(", %u view only", count[VERDICT_VIEW]) : "");
	if (count[VERDICT_FAIL])
		puts("Fix what failed from the top: later conditions often depend on earlier ones.");
	else if (count[VERDICT_VIEW])
		puts("View only: the module can be loaded, and shows what the RMP and the tables hold; it\n"
		     "changes nothing. rmpoptctl forecast shows what RMPOPT could optimize.");
}

/* Where the module can't be used, nobody is told how to install it. */
static struct answer look(const struct condition *condition, const char *hopeless)
{
	if (hopeless && condition->place == OF_MODULE)
		return skip(format("the module can't be used here: see %s", hopeless), NULL);
	return condition->look();
}

int run_check(char **arguments)
{
	bool columns = options.json || options.output || options.no_headings;
	struct table *table = columns ? table_new("check", check_columns) : NULL;
	u32 count[ARRAY_SIZE(words)] = { };
	const char *hopeless = NULL;
	struct answer answer;
	size_t i;

	(void)arguments;
	for (i = 0; i < ARRAY_SIZE(conditions); i++) {
		answer = look(&conditions[i], hopeless);
		count[answer.verdict]++;
		if (answer.verdict == VERDICT_FAIL && conditions[i].place == DECIDES && !hopeless)
			hopeless = conditions[i].name;
		if (options.quiet)
			continue;
		if (table)
			add(table, &conditions[i], &answer);
		else
			say(&conditions[i], &answer);
	}
	if (!table && !options.quiet)
		sum_up(count);
	else if (table && !options.quiet && table_print(table))
		return CTL_FAILED;
	return count[VERDICT_FAIL] ? CTL_FAILED : CTL_OK;
}
