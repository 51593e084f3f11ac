// SPDX-License-Identifier: GPL-2.0
/* check: what modprobe.d says about the module. */
#include <string.h>

#include "check.h"
#include "kmod.h"
#include "parameters.h"

/* The value of the first entry of a configuration list under the module's name. */
static char *configured(struct kmod_config_iter *iter)
{
	char *value = NULL;
	const char *text;

	while (iter && !value && kmod_config_iter_next(iter)) {
		if (strcmp(kmod_config_iter_get_key(iter), MODULE_NAME))
			continue;
		text = kmod_config_iter_get_value(iter);
		value = arena_copy(text ?: "");
	}
	kmod_config_iter_free_iter(iter);
	return value;
}

struct answer check_blacklist(void)
{
	struct kmod_module *module;
	struct kmod_ctx *ctx;
	const char *install = NULL, *blacklist = NULL;

	module = kmod_open(&ctx);
	if (ctx) {
		install = configured(kmod_config_get_install_commands(ctx));
		blacklist = configured(kmod_config_get_blacklists(ctx));
	}
	kmod_close(ctx, module);
	if (!ctx)
		return skip("can't read modprobe.d", NULL);
	if (install)
		return fail("modprobe.d has \"install rmpopt\" with a command of its own",
			    "grep -r 'install rmpopt' /etc/modprobe.d, and remove that line");
	if (blacklist)
		return skip("modprobe.d blacklists it: it is not loaded by itself",
			    "rmpoptctl load and modprobe rmpopt load it all the same");
	return pass("nothing in modprobe.d forbids it");
}

/* The options of modprobe.d for the module, of all files. */
static char *configured_options(void)
{
	struct kmod_config_iter *iter;
	struct kmod_module *module;
	struct kmod_ctx *ctx;
	char *all = "";

	module = kmod_open(&ctx);
	iter = ctx ? kmod_config_get_options(ctx) : NULL;
	while (iter && kmod_config_iter_next(iter))
		if (!strcmp(kmod_config_iter_get_key(iter), MODULE_NAME))
			all = format("%s%s%s", all, *all ? " " : "",
				     kmod_config_iter_get_value(iter));
	kmod_config_iter_free_iter(iter);
	kmod_close(ctx, module);
	return all;
}

struct answer check_parameters(void)
{
	char *all = configured_options();
	char *rest = arena_copy(all), *word;
	const char *wrong;

	while ((word = next_word(&rest))) {
		wrong = parameter_wrong(word);
		if (!wrong && !strncmp(word, "disable=", 8) && strchr("yY1", word[8]))
			wrong = "disable is set";
		if (wrong)
			return fail(format("modprobe.d: %s", wrong),
				    "grep -r 'options rmpopt' /etc/modprobe.d, and mend that line");
	}
	return pass(*all ? format("modprobe.d: %s", all) :
		    "modprobe.d has none: defaults");
}
