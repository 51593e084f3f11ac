// SPDX-License-Identifier: GPL-2.0
/*
 * check: every condition, in the order in which they are fixed: CPU, BIOS,
 * kernel, SNP, module. All are checked before anything is printed, as a failure is
 * shown with those that it explains. Only reads; never sends a command to the PSP.
 */
#include <string.h>
#include <unistd.h>

#include "check.h"

const struct column check_columns[] = {
	{ "name", COLUMN_TEXT, "name of the condition, for scripts" },
	{ "result", COLUMN_TEXT, "PASS, FAIL, VIEW (view only without this), or SKIP (not known, or harmless)" },
	{ "read", COLUMN_TEXT, "what was read" },
	{ "fix", COLUMN_TEXT, "what to do; with VIEW what is missing" },
	{ "cause", COLUMN_TEXT, "name of the failed condition that explains this failure", true },
	{ "title", COLUMN_TEXT, "the condition in words", true },
	{ }
};

static const struct condition conditions[] = {
	{ "vendor", "CPU vendor is AMD", check_vendor, LINK_ALL, 0, DECIDES },
	{ "hypervisor", "bare metal", check_hypervisor, LINK_ALL, 0, DECIDES },
	{ "snp", "CPU has SEV-SNP", check_snp, LINK_SNP_ALL },
	{ "rmpread", "CPU has RMPREAD", check_rmpread },
	{ "segments", "CPU has the segmented RMP", check_segments },
	{ "rmpopt", "CPU has RMPOPT", check_rmpopt },
	{ "syscfg", "BIOS enables memory encryption", check_syscfg, LINK_SNP_ALL },
	{ "rmp_base", "BIOS reserves the RMP", check_rmp_base, LINK_SNP_ALL },
	{ "rmp_cfg", "RMP is segmented", check_rmp_cfg },
	{ "iommu", "IOMMU supports SNP", check_iommu, LINK_SNP_ALL, LINK_IOMMU },
	{ "kernel", "kernel is new enough", check_kernel, LINK_SNP_ALL | LINK_BUILD },
	{ "config_sev", "kernel is built for SNP hosts", check_config_sev, LINK_KVM | LINK_SNP | LINK_BUILD },
	{ "config_kprobes", "kernel has kprobes", check_config_kprobes },
	{ "in_kernel", "kernel leaves RMPOPT alone", check_in_kernel },
	{ "kdump", "not a kdump kernel", check_kdump, LINK_ALL },
	{ "cmdline", "kernel command line", check_cmdline },
	{ "modprobe", "modprobe.d leaves SNP on", check_modprobe, LINK_KVM | LINK_SNP },
	{ "cpus", "all CPUs are online", check_cpus, LINK_KVM | LINK_SNP },
	{ "snp_host", "kernel is an SNP host", check_snp_host, LINK_KVM | LINK_SNP, LINK_HOST },
	{ "kvm_amd", "kvm_amd has SNP", check_kvm_amd, LINK_SNP, LINK_KVM },
	{ "snp_init", "SNP is enabled on all CPUs", check_snp_init, LINK_SNP, LINK_SNP },
	{ "built", "module is installed", check_built, 0, LINK_BUILD, OF_MODULE },
	{ "vermagic", "module is for this kernel", check_vermagic, 0, 0, OF_MODULE },
	{ "signature", "module is signed if required", check_signature, 0, 0, OF_MODULE },
	{ "key", "key of the module is enrolled", check_key, 0, 0, OF_MODULE },
	{ "blacklist", "module may be loaded", check_blacklist, 0, 0, OF_MODULE },
	{ "parameters", "parameters are valid", check_parameters, 0, 0, OF_MODULE },
	{ "loaded", "module is loaded", check_loaded, 0, 0, OF_MODULE },
	{ "state", "module works", check_state, 0, 0, OF_MODULE },
	{ "hooks", "hooks are attached", check_hooks, 0, 0, OF_MODULE },
	{ "debugfs", "debugfs can be read", check_debugfs, 0, 0, OF_MODULE },
};

#define CONDITIONS	ARRAY_SIZE(conditions)

/* No other condition explains it. */
#define NO_CAUSE	CONDITIONS

/**
 * struct finding - what was found about a condition
 * @answer: the result of its check
 * @cause: index of the failed condition that explains it, or NO_CAUSE
 */
struct finding {
	struct answer answer;
	size_t cause;
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

/* Columns in which the value that was read, and the fix below it, begin. */
#define READ_COLUMN	41
#define FIX_COLUMN	9

void check_add(struct answer *answer, const char *read, const char *fix)
{
	answer->verdict = VERDICT_FAIL;
	answer->read = answer->read ? format("%s; %s", answer->read, read) : read;
	answer->fix = answer->fix ? format("%s\n%s", answer->fix, fix) : fix;
}

/* Is there no room next to the titles? */
static bool is_narrow(void)
{
	u32 width = screen_width(STDOUT_FILENO);

	return width && width < READ_COLUMN + FIX_COLUMN;
}

static void say_below(const char *start, const char *text)
{
	printf("%*s", FIX_COLUMN, "");
	fold(FIX_COLUMN, FIX_COLUMN, start ? format("%s%s%s", start, text, color_end()) : text);
}

/* What fails because of it and needs no fix of its own. */
static void say_explained(const struct finding *findings, size_t cause)
{
	const char *titles = NULL;
	size_t i;

	for (i = 0; i < CONDITIONS; i++)
		if (findings[i].cause == cause)
			titles = format("%s%s\"%s\"", titles ?: "", titles ? ", " : "", conditions[i].title);
	if (titles)
		say_below(color(COLOR_DIM), format("because of this, these fail too: %s", titles));
}

static void say(const struct finding *findings, size_t i)
{
	const struct answer *answer = &findings[i].answer;
	char *fixes = arena_copy(answer->fix ?: ""), *fix;

	printf("[ %s%s%s ] ", color(colors[answer->verdict]), words[answer->verdict], color_end());
	if (is_narrow()) {
		puts(conditions[i].title);
		say_below(NULL, answer->read);
	} else {
		printf("%-31s ", conditions[i].title);
		fold(READ_COLUMN, READ_COLUMN, answer->read);
	}
	while ((fix = next_line(&fixes)))
		say_below(color(COLOR_BOLD), fix);
	say_explained(findings, i);
}

/* In a table cell the steps are joined. */
static const char *in_line(const char *fix)
{
	char *rest = arena_copy(fix), *line;
	const char *all = NULL;

	while ((line = next_line(&rest)))
		all = all ? format("%s; %s", all, line) : line;
	return all;
}

static void add(struct table *table, const struct finding *finding, const struct condition *condition)
{
	table_row(table);
	table_set(table, "name", "%s", condition->name);
	table_set(table, "result", "%s", words[finding->answer.verdict]);
	table_set(table, "read", "%s", finding->answer.read);
	if (finding->answer.fix)
		table_set(table, "fix", "%s", in_line(finding->answer.fix));
	if (finding->cause != NO_CAUSE)
		table_set(table, "cause", "%s", conditions[finding->cause].name);
	table_set(table, "title", "%s", condition->title);
}

/**
 * struct sum - how many conditions there are
 * @count: by verdict
 * @explained: failures that another one explains
 * @open: skipped, although others need it, and with advice
 * @contiguous: view only as the RMP is not segmented, which can be changed
 * @fixed: view only for what can't be changed on this host and kernel
 */
struct sum {
	u32 count[ARRAY_SIZE(words)];
	u32 explained;
	u32 open;
	u32 contiguous;
	u32 fixed;
};

/* The state of the module has the same reason as other conditions. */
static void count_view(struct sum *sum, const struct condition *condition)
{
	if (condition->look == check_rmp_cfg)
		sum->contiguous++;
	else if (condition->place != OF_MODULE)
		sum->fixed++;
}

static struct sum count_all(const struct finding *findings)
{
	struct sum sum = { };
	size_t i;

	for (i = 0; i < CONDITIONS; i++) {
		sum.count[findings[i].answer.verdict]++;
		sum.explained += findings[i].cause != NO_CAUSE;
		sum.open += findings[i].answer.verdict == VERDICT_SKIP && findings[i].answer.fix &&
			    conditions[i].breaks;
		if (findings[i].answer.verdict == VERDICT_VIEW)
			count_view(&sum, &conditions[i]);
	}
	return sum;
}

/* What all this means, and what to do next. */
static const char *what_now(const struct sum *sum)
{
	bool loaded = check_is_loaded();

	if (sum->count[VERDICT_FAIL])
		return "Fix what failed, then check again.";
	if (sum->contiguous && !sum->fixed)
		return "View only until the RMP is segmented: do what \"RMP is segmented\" says.";
	if (sum->count[VERDICT_VIEW])
		return format("View only: rmpopt shows what the RMP and the tables hold, and changes nothing. Next: %srmpoptctl forecast.",
			      loaded ? "" : "rmpoptctl load, then ");
	if (loaded)
		return "rmpopt works on this host. Next: rmpoptctl status.";
	return sum->open ? "As far as is known, this host can use rmpopt; see what was skipped. Next: rmpoptctl load." :
	       "This host can use rmpopt. Next: rmpoptctl load.";
}

static void sum_up(const struct sum *sum)
{
	const u32 *count = sum->count;
	u32 causes = count[VERDICT_FAIL] - sum->explained;

	fold(0, 0, format("%u passed, %u failed%s, %u skipped%s.", count[VERDICT_PASS], causes,
			  sum->explained ? format(" (and %u because of %s)", sum->explained,
						  causes == 1 ? "that" : "those") : "",
			  count[VERDICT_SKIP],
			  count[VERDICT_VIEW] ? format(", %u view only", count[VERDICT_VIEW]) : ""));
	fold(0, 0, what_now(sum));
}

/* If the module can't be used here, advice to install it would be misleading. */
static struct answer look(const struct condition *condition, const char *hopeless)
{
	if (hopeless && condition->place == OF_MODULE)
		return skip(format("the module can't be used here: see \"%s\"", hopeless), NULL);
	return condition->look();
}

static void look_at_all(struct finding *findings)
{
	const char *hopeless = NULL;
	struct answer *answer;
	size_t i;

	for (i = 0; i < CONDITIONS; i++) {
		answer = &findings[i].answer;
		*answer = look(&conditions[i], hopeless);
		answer->breaks = answer->breaks ?: conditions[i].breaks;
		answer->needs = answer->needs ?: conditions[i].needs;
		findings[i].cause = NO_CAUSE;
		if (answer->verdict == VERDICT_FAIL && conditions[i].place == DECIDES && !hopeless)
			hopeless = conditions[i].title;
	}
}

/* The first failure that breaks what @i needs. */
static size_t find_cause(const struct finding *findings, size_t i)
{
	const struct answer *other;
	size_t j;

	for (j = 0; j < CONDITIONS; j++) {
		other = &findings[j].answer;
		if (j != i && other->verdict == VERDICT_FAIL && (other->breaks & findings[i].answer.needs))
			return j;
	}
	return NO_CAUSE;
}

/* Links have no cycles, so this ends. */
static size_t first_cause(const struct finding *findings, size_t i)
{
	size_t cause = find_cause(findings, i), before;

	if (cause == NO_CAUSE)
		return NO_CAUSE;
	before = first_cause(findings, cause);
	return before == NO_CAUSE ? cause : before;
}

static void find_causes(struct finding *findings)
{
	size_t i;

	for (i = 0; i < CONDITIONS; i++)
		if (findings[i].answer.verdict == VERDICT_FAIL)
			findings[i].cause = first_cause(findings, i);
}

static bool has_failed(const struct finding *findings, struct answer (*check)(void))
{
	size_t i;

	for (i = 0; i < CONDITIONS; i++)
		if (findings[i].answer.verdict == VERDICT_FAIL && (!check || conditions[i].look == check))
			return true;
	return false;
}

/* Advice about what was skipped is no use before a failure is fixed, or repeats its fix. */
static void drop_advice(struct finding *findings)
{
	bool any = has_failed(findings, NULL), snp = has_failed(findings, check_snp_init);
	struct answer *answer;
	size_t i;

	for (i = 0; i < CONDITIONS; i++) {
		answer = &findings[i].answer;
		if (answer->verdict != VERDICT_SKIP)
			continue;
		if ((any && conditions[i].look == check_loaded) ||
		    (snp && (conditions[i].look == check_snp_host || conditions[i].look == check_kvm_amd)))
			answer->fix = NULL;
	}
}

static int print_table(const struct finding *findings)
{
	struct table *table = table_new("check", check_columns, NULL);
	size_t i;

	for (i = 0; i < CONDITIONS; i++)
		add(table, &findings[i], &conditions[i]);
	return table_print(table);
}

/* Failures last, as a screen shows the end. */
static void print_words(const struct finding *findings, const struct sum *sum)
{
	size_t i;

	for (i = 0; i < CONDITIONS; i++)
		if (findings[i].answer.verdict != VERDICT_FAIL)
			say(findings, i);
	for (i = 0; i < CONDITIONS; i++)
		if (findings[i].answer.verdict == VERDICT_FAIL && findings[i].cause == NO_CAUSE)
			say(findings, i);
	sum_up(sum);
}

int run_check(char **arguments)
{
	struct finding findings[CONDITIONS];
	struct sum sum;
	int ret = CTL_OK;

	(void)arguments;
	if (options.quiet && table_wanted())
		return misused("--quiet excludes all options about columns");
	look_at_all(findings);
	find_causes(findings);
	drop_advice(findings);
	sum = count_all(findings);
	if (table_wanted())
		ret = print_table(findings);
	else if (!options.quiet)
		print_words(findings, &sum);
	return ret ?: sum.count[VERDICT_FAIL] ? CTL_FAILED : CTL_OK;
}
