// SPDX-License-Identifier: GPL-2.0
/*
 * check: CPUs that keep SNP from being initialised. The kernel refuses while a
 * present CPU is offline; the firmware refuses if there are CPUs that the kernel
 * does not know.
 */
#include <string.h>

#include "check.h"

/* The words of the command line that begin with one of these; NULL if there are none. */
static const char *words_of(const char *line, const char * const *names)
{
	char *rest = arena_copy(line), *word;
	const char *found = NULL;
	size_t i;

	while ((word = next_word(&rest)))
		for (i = 0; names[i]; i++)
			if (!strncmp(word, names[i], strlen(names[i])))
				found = format("%s%s%s", found ?: "", found ? " " : "", word);
	return found;
}

/* Words that keep CPUs offline from boot on. */
static const char *offline_words(const char *line)
{
	static const char * const names[] = { "nosmt", "maxcpus=", "nosmp", NULL };
	const char *words = words_of(line, names), *mitigations = value_of(line, "mitigations");

	if (!mitigations || !check_lists(mitigations, "nosmt"))
		return words;
	return format("%s%smitigations=%s", words ?: "", words ? " " : "", mitigations);
}

/* As kvm_amd initialises SNP once they are online. */
static const char *then_start(const char *steps)
{
	return format("%s\n%s", steps, check_start_snp());
}

static struct answer some_offline(const struct list *cpus, const char *line)
{
	const char *smt = file_text(CPUS "smt/control"), *words = offline_words(line);
	const char *read = format("offline: CPU%s %s", plural(cpus->members), list_text(cpus));
	const char *steps = "echo 1 | tee " CPUS "cpu*/online";

	if (words)
		read = format("%s (kernel command line: %s)", read, words);
	if (smt && !strcmp(smt, "forceoff"))
		return fail(read, then_start("remove nosmt=force from the kernel command line, and reboot"));
	if (smt && !strcmp(smt, "off"))
		steps = format("echo on > " CPUS "smt/control\n%s", steps);
	if (words)
		steps = format("remove %s from the kernel command line, and reboot; or until the next boot:\n%s",
			       words, steps);
	return fail(read, then_start(steps));
}

/*
 * nr_cpus=N hides CPUs if there are more than N; that N are possible is all that shows.
 */
static struct answer some_hidden(const char *line, const struct list *present)
{
	static const char * const names[] = { "nr_cpus=", "possible_cpus=", NULL };
	const char *words = words_of(line, names);
	struct list possible;
	u64 limit;

	if (words && list_read(&possible, CPUS "possible") && strchr(words, '=') &&
	    parse_number(strchr(words, '=') + 1, &limit) && possible.members == limit)
		return fail(format("%s on the kernel command line may hide CPUs", words),
			    then_start(format("remove %s from the kernel command line, and reboot", words)));
	return pass(format("%llu CPU%s present, all online", present->members, plural(present->members)));
}

/* Once SNP is initialised, CPUs may go offline. */
struct answer check_cpus(void)
{
	const char *line = file_text("/proc/cmdline") ?: "";
	const char *kvm = file_text("/sys/module/kvm_amd/parameters/sev_snp");
	struct list online, present, missing;

	if (!list_read(&present, CPUS "present") || !list_read(&online, CPUS "online"))
		return skip("can't read " CPUS "present", NULL);
	list_subtract(&missing, &present, &online);
	if (missing.members && (check_snp_is_on() || (kvm && *kvm == 'Y')))
		return pass(format("offline: CPU%s %s; SNP was initialised before",
				   plural(missing.members), list_text(&missing)));
	if (missing.members)
		return some_offline(&missing, line);
	return check_snp_is_on() ? pass(format("%llu present, all online", present.members)) :
	       some_hidden(line, &present);
}
