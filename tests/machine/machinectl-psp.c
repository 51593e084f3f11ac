// SPDX-License-Identifier: GPL-2.0
/*
 * machinectl psp, states, guest.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "machinectl-lib.h"
#include "machinectl-psp.h"

/* include/linux/psp-sev.h has the numbers. */
static const struct {
	const char *name;
	unsigned int number;
} commands[] = {
	{ "sev-init", 0x01 }, { "sev-shutdown", 0x02 }, { "sev-factory-reset", 0x03 },
	{ "sev-platform-status", 0x04 }, { "sev-pek-gen", 0x05 }, { "sev-pdh-gen", 0x09 },
	{ "sev-df-flush", 0x0a }, { "snp-init", 0x81 }, { "snp-shutdown", 0x82 },
	{ "snp-platform-status", 0x83 }, { "snp-df-flush", 0x84 }, { "snp-init-ex", 0x85 },
	{ "snp-shutdown-ex", 0x86 }, { "decommission", 0x90 }, { "activate", 0x91 },
	{ "gctx-create", 0x93 }, { "launch-start", 0xa0 }, { "launch-update", 0xa1 },
	{ "launch-finish", 0xa2 }, { "page-reclaim", 0xc7 }, { "snp-config", 0xc9 },
	{ "snp-commit", 0xcb }, { "feature-info", 0xce },
};

#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static const char *const state_names[MACHINE_PAGE_STATES] = {
	[MACHINE_PAGE_HV_FIXED] = "hv-fixed", [MACHINE_PAGE_FIRMWARE] = "firmware",
	[MACHINE_PAGE_RECLAIM] = "reclaim", [MACHINE_PAGE_CONTEXT] = "context",
	[MACHINE_PAGE_PRE_GUEST] = "pre-guest", [MACHINE_PAGE_GUEST] = "guest",
	[MACHINE_PAGE_UNVALIDATED] = "unvalidated",
};

static u64 command_number(const char *text)
{
	if (!text)
		fail("which command of the PSP?");
	for (size_t i = 0; i < NR_COMMANDS; i++)
		if (!strcmp(commands[i].name, text))
			return commands[i].number;
	if (isdigit((unsigned char)*text))
		return number(text);
	fail("the PSP has no command %s; machinectl psp counts shows them", text);
}

static void print_command(u64 command)
{
	for (size_t i = 0; i < NR_COMMANDS; i++) {
		if (commands[i].number == command) {
			printf("%s", commands[i].name);
			return;
		}
	}
	printf(command ? "%#jx" : "none", command);
}

static void psp_state(void)
{
	u64 v[3] = { 0 };

	ask(MACHINE_PSP, v);
	printf("%s %s %ju ", v[0] & 2 ? "init" : "uninit", v[0] & 4 ? "init" : "uninit", v[1]);
	print_command(v[2]);
	putchar('\n');
}

static void psp_count(u64 command)
{
	u64 v[3] = { command };

	ask(MACHINE_PSP_COUNT, v);
	printf("%ju %ju\n", v[0], v[1]);
}

static void psp_counts(void)
{
	for (size_t i = 0; i < NR_COMMANDS; i++) {
		printf("%s ", commands[i].name);
		psp_count(commands[i].number);
	}
}

static void psp_fail(char **arg)
{
	u64 v[3] = { command_number(arg[0]) };

	if (!arg[1])
		fail("psp fail wants COMMAND and STATUS");
	v[1] = number(arg[1]);
	v[2] = arg[2] ? number(arg[2]) : 1;
	ask(MACHINE_PSP_FAIL, v);
}

static void psp_hold(char **arg)
{
	u64 v[3] = { command_number(arg[0]), 1 };

	ask(MACHINE_PSP_HOLD, v);
}

static void psp_wait(char **arg)
{
	const struct timespec pause = { .tv_nsec = 20000000 };
	u64 v[3], wanted = command_number(arg[0]);
	time_t end = time(NULL) + (arg[1] ? number(arg[1]) : 30);

	for (;;) {
		memset(v, 0, sizeof(v));
		ask(MACHINE_PSP, v);
		if (v[2] == wanted)
			return;
		if (time(NULL) > end)
			fail("the PSP was not given that command");
		nanosleep(&pause, NULL);
	}
}

static void psp_release(void)
{
	u64 v[3] = { 0 };

	ask(MACHINE_PSP_RELEASE, v);
}

void psp(char **arg)
{
	const char *what = arg[0] ? arg[0] : "state";

	if (!strcmp(what, "state"))
		psp_state();
	else if (!strcmp(what, "count"))
		psp_count(command_number(arg[1]));
	else if (!strcmp(what, "counts"))
		psp_counts();
	else if (!strcmp(what, "fail"))
		psp_fail(arg + 1);
	else if (!strcmp(what, "hold"))
		psp_hold(arg + 1);
	else if (!strcmp(what, "wait"))
		psp_wait(arg + 1);
	else if (!strcmp(what, "release"))
		psp_release();
	else
		fail("psp is followed by state, count, counts, fail, hold, wait or release");
}

static u64 in_state(unsigned int state, u64 region)
{
	u64 v[3] = { state, region };

	ask(MACHINE_STATE_PAGES, v);
	return v[0];
}

/* [STATE] [REGION]: that number, or all of them by name. */
void states(char **arg)
{
	const char *region = arg[0] && arg[1] ? arg[1] : arg[0];
	u64 where = region && isdigit((unsigned char)*region) ? number(region) : MACHINE_ALL;

	for (unsigned int i = 1; i < MACHINE_PAGE_STATES; i++) {
		if (arg[0] && !strcmp(arg[0], state_names[i])) {
			printf("%ju\n", in_state(i, where));
			return;
		}
	}
	if (arg[0] && !isdigit((unsigned char)*arg[0]))
		fail("no state of pages is called %s; machinectl states shows them", arg[0]);
	for (unsigned int i = 1; i < MACHINE_PAGE_STATES; i++)
		printf("%s %ju\n", state_names[i], in_state(i, where));
}

/* GPA SIZE: regions in which a guest has pages at these guest addresses, and how many. */
void guest(char **arg)
{
	if (!arg[0] || !arg[1])
		fail("guest wants a guest address and a size");
	for (u64 region = 0; region < 65536; region++) {
		u64 v[3] = { region, number(arg[0]), number(arg[1]) };

		ask(MACHINE_GUEST_PAGES, v);
		if (v[0])
			printf("%ju %ju %ju\n", region, v[0], v[1]);
	}
}
