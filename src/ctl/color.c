// SPDX-License-Identifier: GPL-2.0
/* Colors, where they are wanted: --color, then NO_COLOR, then what the terminal can do. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"

static const char * const sequences[] = {
	[COLOR_GOOD]	= "\033[32m",
	[COLOR_BAD]	= "\033[31m",
	[COLOR_DIM]	= "\033[2m",
	[COLOR_WARN]	= "\033[33m",
	[COLOR_BOLD]	= "\033[1m",
};

static bool color_wanted(void)
{
	const char *no_color = getenv("NO_COLOR");

	if (options.color && strcmp(options.color, "auto"))
		return !strcmp(options.color, "always");
	return !(no_color && *no_color) && is_screen(STDOUT_FILENO);
}

const char *color(enum color color)
{
	return color_wanted() ? sequences[color] : "";
}

const char *color_end(void)
{
	return color_wanted() ? "\033[0m" : "";
}
