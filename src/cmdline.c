// SPDX-License-Identifier: GPL-2.0
/*
 * The kill switch on the kernel command line. modprobe hands rmpopt.disable=1
 * over as a parameter, but drops rmpopt.disable without a value, and insmod
 * looks at neither. Who types it has a host in trouble, so it is looked for.
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/kstrtox.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "cmdline.h"

#define COMMAND_LINE	"/proc/cmdline"
#define SWITCH		"rmpopt.disable"

/* A bool parameter without a value is true, as everywhere in the kernel. */
static bool is_switch(const char *word)
{
	bool value = true;

	if (!strstarts(word, SWITCH))
		return false;
	word += strlen(SWITCH);
	if (*word == '=')
		return !kstrtobool(word + 1, &value) && value;
	return !*word;
}

static bool has_switch(char *line)
{
	char *word;

	while ((word = strsep(&line, "\n ")))
		if (is_switch(word))
			return true;
	return false;
}

/* saved_command_line is not exported; the file is the same. */
static ssize_t read_command_line(char *buf, size_t size)
{
	struct file *file = filp_open(COMMAND_LINE, O_RDONLY, 0);
	ssize_t length;
	loff_t pos = 0;

	if (IS_ERR(file))
		return PTR_ERR(file);
	length = kernel_read(file, buf, size, &pos);
	filp_close(file, NULL);
	return length;
}

/**
 * cmdline_disables - does the kernel command line say rmpopt.disable?
 *
 * At load; sleeps. Where /proc is not mounted yet the answer is no, and what
 * modprobe hands over has to do.
 */
bool cmdline_disables(void)
{
	char *line = kzalloc(SZ_4K, GFP_KERNEL);
	bool disables;

	if (!line)
		return false;
	disables = read_command_line(line, SZ_4K - 1) > 0 && has_switch(line);
	kfree(line);
	return disables;
}
