// SPDX-License-Identifier: GPL-2.0
/* check: the module, if it is loaded. */
#include <string.h>

#include "check.h"
#include "rmpopt.h"

bool check_is_loaded(void)
{
	return file_exists(SYSFS "state");
}

/* Or it is not known whether it is. */
static struct answer not_loaded(const char *fix)
{
	int error = host_hidden();

	if (error)
		return skip(format("can't read " SYSFS "state: %s", strerror(error)), NULL);
	return skip("not loaded", fix);
}

struct answer check_loaded(void)
{
	const char *version = file_text(MODULE "/version");

	if (!file_exists(MODULE) || host_hidden())
		return not_loaded("rmpoptctl load");
	if (!check_is_loaded())
		return fail("/sys/module/rmpopt exists, " SYSFS " does not",
			    "dmesg | grep rmpopt shows what it is doing");
	if (version && strcmp(version, RMPOPT_VERSION))
		return pass(format("version %s (rmpoptctl: %s)", version, RMPOPT_VERSION));
	return pass(version ? format("version %s", version) : "version not known");
}

/* It waits for SNP: the failure that prevents SNP explains it. */
static struct answer waits_for_snp(const char *reason)
{
	struct answer answer = fail(format("waiting: %s", reason), "see the reason");

	answer.needs = LINK_SNP;
	return answer;
}

struct answer check_state(void)
{
	const char *reason, *state = host_state(&reason);

	if (!state)
		return not_loaded(NULL);
	if (!*reason)
		reason = "no reason";
	if (!strcmp(state, "ready") || !strcmp(state, "scanning"))
		return pass(!strcmp(reason, "ok") ? state :
			    format("%s: %s", state, reason));
	if (!strcmp(state, "viewing"))
		return view(state, reason);
	if (!strcmp(state, "waiting"))
		return waits_for_snp(reason);
	if (!strcmp(state, "stopped"))
		return fail(format("stopped: %s", reason), "rmpoptctl enable");
	if (!strcmp(state, "failed"))
		return fail(format("failed: %s", reason), "it retries by itself; rmpoptctl enable retries at once");
	if (!strcmp(state, "leaving"))
		return skip(format("leaving: %s", reason), NULL);
	return skip(state, "check again after resume");
}

static bool viewing(void)
{
	const char *state = file_text(SYSFS "state");

	return state && !strcmp(state, "viewing");
}

struct answer check_hooks(void)
{
	const char *hooks = file_text(SYSFS "hooks");

	if (!check_is_loaded())
		return not_loaded(NULL);
	if (viewing())
		return skip("not used in view-only mode", NULL);
	if (!hooks)
		return skip("none", "not required: without hooks, the watch finds changes");
	if (!strncmp(hooks, "none", 4) || strchr(hooks, ';'))
		return skip(hooks, "not required: without hooks, the watch finds changes");
	return pass(hooks);
}

/* Lockdown closes those files of debugfs that can be written, and only those. */
struct answer check_debugfs(void)
{
	const char *lockdown = check_lockdown();

	if (!check_is_loaded())
		return not_loaded(NULL);
	if (!file_exists(DEBUGFS "rmp"))
		return skip("can't find " DEBUGFS "rmp",
			    "why and forecast require it: as root, mount -t debugfs none /sys/kernel/debug");
	if (lockdown)
		return skip(format("kernel locked down (%s): rmp_region can't be used", lockdown),
			    "why REGION shows blocks of 2 MiB instead of pages");
	return pass(DEBUGFS " can be read");
}
