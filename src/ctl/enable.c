// SPDX-License-Identifier: GPL-2.0
/* enable and disable: the file enabled. */
#include <errno.h>
#include <string.h>

#include "rmpopt.h"

#define ENABLED		SYSFS "enabled"

/* Writes @value to enabled, and prints @done. */
static int write_enabled(const char *value, const char *done)
{
	int error;

	if (!host_loaded())
		return host_missing();
	error = file_write(ENABLED, value);
	switch (error) {
	case 0:
		puts(done);
		return CTL_OK;
	case EOPNOTSUPP:
		return failed("rmpopt is in view-only mode: there is nothing to enable or disable");
	case EACCES:
		return failed("can't write " ENABLED "; run this as root");
	default:
		return failed("can't write " ENABLED ": %s", strerror(error));
	}
}

int run_enable(char **arguments)
{
	(void)arguments;
	return write_enabled("1", "rmpopt is enabled; rmpoptctl status shows what it does");
}

int run_disable(char **arguments)
{
	(void)arguments;
	return write_enabled("0",
		"rmpopt is disabled. Tables in use stay in use, and the hardware keeps them correct.\n"
		"Regions that guests take lose their optimization until rmpoptctl enable.");
}
