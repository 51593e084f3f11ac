// SPDX-License-Identifier: GPL-2.0
/*
 * The kill switch on the kernel command line. modprobe hands rmpopt.disable=1
 * over as a parameter, but drops rmpopt.disable without a value, and insmod
 * looks at neither. Who types it has a host in trouble, so it is looked for.
 */
#include <linux/ctype.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/kstrtox.h>
#include <linux/minmax.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "cmdline.h"

#define COMMAND_LINE	"/proc/cmdline"
#define SWITCH		"rmpopt.disable"

/**
 * struct word - one word of the command line, which comes in pieces
 * @text: its beginning: all of the switch, and all that a bool's value needs
 * @length: how much of @text is in use
 */
struct word {
	char text[sizeof(SWITCH "=off")];
	size_t length;
};

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

/* Nothing is a word, too, and not the switch. */
static bool end_word(struct word *word)
{
	word->text[word->length] = 0;
	word->length = 0;
	return is_switch(word->text);
}

static bool take(struct word *word, const char *piece, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++) {
		if (!isspace(piece[i])) {
			word->text[word->length] = piece[i];
			word->length = min(word->length + 1,
					   sizeof(word->text) - 1);
		} else if (end_word(word)) {
			return true;
		}
	}
	return false;
}

/* Of any length: a boot configuration may add to it. */
static bool has_switch(struct file *file, char *piece)
{
	struct word word = {};
	loff_t pos = 0;
	ssize_t length;

	for (;;) {
		length = kernel_read(file, piece, SZ_4K, &pos);
		if (length <= 0)
			return end_word(&word);
		if (take(&word, piece, length))
			return true;
	}
}

/**
 * cmdline_disables - does the kernel command line say rmpopt.disable?
 *
 * At load; sleeps. Where /proc is not mounted yet the answer is no, and what
 * modprobe hands over has to do.
 */
bool cmdline_disables(void)
{
	char *piece = kmalloc(SZ_4K, GFP_KERNEL);
	bool disables = false;
	struct file *file;

	if (!piece)
		return false;
	/* saved_command_line is not exported; the file is the same. */
	file = filp_open(COMMAND_LINE, O_RDONLY, 0);
	if (!IS_ERR(file)) {
		disables = has_switch(file, piece);
		filp_close(file, NULL);
	}
	kfree(piece);
	return disables;
}
