// SPDX-License-Identifier: GPL-2.0
/*
 * check: what modprobe.d and the kernel command line say about the module.
 * libkmod reads both, but the command line always from the live /proc: it is
 * read here instead, below --sysroot if there is one.
 */
#include <string.h>

#include "kmod.h"
#include "parameters.h"

typedef struct kmod_config_iter *(*config_list)(const struct kmod_ctx *ctx);

/* The first @limit values of a list under the module's name, joined; NULL if there is none. */
static char *first_values(struct kmod_ctx *ctx, config_list list, u32 limit,
			  u32 *count)
{
	struct kmod_config_iter *iter = list(ctx);
	char *all = NULL;

	*count = 0;
	while (iter && *count < limit && kmod_config_iter_next(iter)) {
		if (strcmp(kmod_config_iter_get_key(iter), MODULE_NAME))
			continue;
		all = format("%s%s%s", all ?: "", all ? " " : "",
			     printable(kmod_config_iter_get_value(iter)) ?: "");
		++*count;
	}
	kmod_config_iter_free_iter(iter);
	return all;
}

/*
 * What files say. What the live command line says stands behind it, and is all
 * that there is where libkmod is given no files: so many are left out.
 */
static char *values(struct kmod_ctx *ctx, config_list list)
{
	struct kmod_ctx *bare = kmod_bare();
	u32 live = 0, all;

	if (bare)
		first_values(bare, list, -1, &live);
	kmod_close(bare, NULL);
	first_values(ctx, list, -1, &all);
	return first_values(ctx, list, all - live, &all);
}

/* Of modprobe.d; NULL if it can't be read, or there is none. */
static char *configured(config_list list, bool *readable)
{
	struct kmod_module *module;
	struct kmod_ctx *ctx;
	char *text = NULL;

	module = kmod_open(&ctx);
	*readable = ctx;
	if (ctx)
		text = values(ctx, list);
	kmod_close(ctx, module);
	return text;
}

static bool cmdline_blacklists(void)
{
	char *line = file_text("/proc/cmdline") ?: arena_copy(""), *word;
	const char *value;

	while ((word = next_word(&line))) {
		value = check_value_in(word, "modprobe.blacklist");
		if (value && check_lists(value, MODULE_NAME))
			return true;
	}
	return false;
}

struct answer check_blacklist(void)
{
	const char *disabled = file_text("/proc/sys/kernel/modules_disabled");
	const char *install, *blacklist;
	bool readable;

	if (disabled && *disabled == '1')
		return file_exists(MODULE) ?
		       skip("kernel.modules_disabled is 1, but it is loaded", NULL) :
		       fail("kernel.modules_disabled is 1: no module can be loaded before a reboot",
			    "load it before that is set (grep -r modules_disabled /etc/sysctl.d), and reboot");
	install = configured(kmod_config_get_install_commands, &readable);
	blacklist = configured(kmod_config_get_blacklists, &readable);
	if (!readable)
		return skip("can't read modprobe.d", NULL);
	if (install)
		return fail("modprobe.d has \"install rmpopt\" with another command",
			    "grep -r 'install rmpopt' /etc/modprobe.d, and remove that line");
	if (blacklist || cmdline_blacklists())
		return skip(format("%s blacklists it: it is not loaded by itself",
				   blacklist ? "modprobe.d" : "the kernel command line"),
			    "rmpoptctl load and modprobe rmpopt load it nevertheless");
	return pass("nothing in modprobe.d prevents it");
}

/*
 * rmpopt.NAME=VALUE on the command line, as modprobe hands it over: NAME=VALUE.
 * Of rmpopt.disable check_cmdline() tells.
 */
static char *cmdline_options(void)
{
	char *line = file_text("/proc/cmdline") ?: arena_copy(""), *word;
	size_t length = strlen(MODULE_NAME ".");
	char *all = NULL;

	while ((word = next_word(&line)))
		if (!strncmp(word, MODULE_NAME ".", length) && strchr(word, '=') &&
		    !check_value_in(word + length, "disable"))
			all = format("%s%s%s", all ?: "", all ? " " : "", word + length);
	return all;
}

/* What is wrong with one of NAME=VALUE...; NULL if nothing. */
static const char *wrong_option(const char *text)
{
	char *rest = arena_copy(text ?: ""), *word;
	const char *wrong, *value;

	while ((word = option_next(&rest))) {
		word = option_plain(word);
		wrong = parameter_wrong(word);
		value = check_value_in(word, "disable");
		if (!wrong && value && strchr("yY1", *value))
			wrong = "disable is set";
		if (wrong)
			return wrong;
	}
	return NULL;
}

struct answer check_parameters(void)
{
	bool readable;
	const char *files = configured(kmod_config_get_options, &readable);
	const char *line = cmdline_options(), *wrong;

	wrong = wrong_option(files);
	if (wrong)
		return fail(format("modprobe.d: %s", wrong),
			    "grep -r 'options rmpopt' /etc/modprobe.d, and fix that line");
	wrong = wrong_option(line);
	if (wrong)
		return fail(format("kernel command line: %s", wrong),
			    "fix it on the kernel command line, and reboot");
	if (!files && !line)
		return pass("modprobe.d has none: defaults");
	return pass(format("%s%s%s%s%s", files ? "modprobe.d: " : "", files ?: "",
			   files && line ? "; " : "",
			   line ? "kernel command line: " : "", line ?: ""));
}

/* The value that the next load takes for a parameter; NULL: none is configured. */
const char *configured_value(const struct parameter *parameter)
{
	bool readable;
	char *rest = format("%s %s", configured(kmod_config_get_options, &readable) ?: "",
			    cmdline_options() ?: "");
	const char *value = NULL, *found;
	char *word;

	while ((word = option_next(&rest))) {
		found = check_value_in(option_plain(word), parameter->name);
		value = found ?: value;
	}
	return value;
}
