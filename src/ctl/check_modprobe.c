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

/*
 * The first @limit values of a list under a module's name, joined; NULL if there is none.
 */
static char *first_values(struct kmod_ctx *ctx, config_list list, const char *module,
			  u32 limit, u32 *count)
{
	struct kmod_config_iter *iter = list(ctx);
	char *all = NULL;

	*count = 0;
	while (iter && *count < limit && kmod_config_iter_next(iter)) {
		if (strcmp(kmod_config_iter_get_key(iter), module))
			continue;
		all = format("%s%s%s", all ?: "", all ? " " : "",
			     printable(kmod_config_iter_get_value(iter)) ?: "");
		++*count;
	}
	kmod_config_iter_free_iter(iter);
	return all;
}

/*
 * What files say. libkmod puts what the live command line says after it, and only
 * has that if it is given no files: so many are left out.
 */
static char *values(struct kmod_ctx *ctx, config_list list, const char *module)
{
	struct kmod_ctx *bare = kmod_bare();
	u32 live = 0, all;

	if (bare)
		first_values(bare, list, module, -1, &live);
	kmod_close(bare, NULL);
	first_values(ctx, list, module, -1, &all);
	return first_values(ctx, list, module, all - live, &all);
}

/* Of modprobe.d about a module; NULL if it can't be read, or there is none. */
static char *configured(config_list list, const char *name, bool *readable)
{
	struct kmod_module *module;
	struct kmod_ctx *ctx;
	char *text = NULL;

	module = kmod_open(&ctx);
	*readable = ctx;
	if (ctx)
		text = values(ctx, list, name);
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

/* Commands by which files keep a module from being loaded. */
static bool loads_nothing(const char *command)
{
	static const char * const commands_of[] = {
		"/bin/false", "/bin/true", "/usr/bin/false", "/usr/bin/true", "false", "true", ":",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands_of); i++)
		if (!strcmp(command, commands_of[i]))
			return true;
	return false;
}

static const char find_snp[] =
	"remove this; find it with: grep -rsE '(install|options) (ccp|kvm)' " KMOD_FOLDERS;

/*
 * What keeps SNP from being initialised: a module that is not loaded, or loaded without
 * it.
 */
static void add_install(struct answer *answer, const char *module, bool *readable)
{
	const char *install = configured(kmod_config_get_install_commands, module, readable);

	if (install && loads_nothing(install))
		check_add(answer, format("install %s %s", module, install), find_snp);
}

/* Of several values the last one counts; NULL if there is none. */
static const char *last_value(const char *text, const char *name)
{
	char *rest = arena_copy(text ?: ""), *word;
	const char *value, *last = NULL;

	while ((word = option_next(&rest))) {
		value = check_value_in(option_plain(word), name);
		last = value ?: last;
	}
	return last;
}

static void add_option(struct answer *answer, const char *options_of, const char *name)
{
	const char *last = last_value(options_of, name);

	if (last && !check_says_yes(last))
		check_add(answer, format("options kvm_amd %s=%s", name, last), find_snp);
}

struct answer check_modprobe(void)
{
	static const char * const modules[] = { "ccp", "kvm", "kvm_amd" };
	static const char * const names[] = { "npt", "nrips", "sev", "sev_es", "sev_snp" };
	const char *now = file_text("/sys/module/kvm_amd/parameters/sev_snp"), *kvm;
	struct answer answer = { };
	bool readable;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(modules); i++)
		add_install(&answer, modules[i], &readable);
	kvm = configured(kmod_config_get_options, "kvm_amd", &readable);
	for (i = 0; i < ARRAY_SIZE(names); i++)
		add_option(&answer, kvm, names[i]);
	if (!readable)
		return skip("can't read modprobe.d", NULL);
	if (!answer.read)
		return pass("nothing in modprobe.d prevents SNP");
	if (now && *now == 'Y')
		return skip(format("%s; kvm_amd has SNP now, but will not have it after its next load",
				   answer.read), find_snp);
	answer.fix = format("%s\n%s", find_snp, check_start_snp());
	return answer;
}

/* What keeps the module from being loaded. */
static void add_obstacles(struct answer *answer, bool *readable)
{
	const char *disabled = file_text("/proc/sys/kernel/modules_disabled");
	const char *install = configured(kmod_config_get_install_commands, MODULE_NAME, readable);

	if (disabled && *disabled == '1')
		check_add(answer, "kernel.modules_disabled is 1: no module can be loaded before a reboot",
			  "load it before that is set (grep -r modules_disabled /etc/sysctl.d), and reboot");
	if (install)
		check_add(answer, format("modprobe.d has \"install rmpopt %s\"", install),
			  "remove this; " FIND_INSTALL);
}

struct answer check_blacklist(void)
{
	struct answer answer = { };
	const char *blacklist;
	bool readable;

	add_obstacles(&answer, &readable);
	if (answer.read && file_exists(MODULE))
		return skip(format("%s, but it is loaded", answer.read), NULL);
	if (answer.read)
		return answer;
	if (!readable)
		return skip("can't read modprobe.d", NULL);
	blacklist = configured(kmod_config_get_blacklists, MODULE_NAME, &readable);
	if (blacklist || cmdline_blacklists())
		return skip(format("blacklisted by %s: not loaded automatically",
				   blacklist ? "modprobe.d" : "the kernel command line"),
			    "rmpoptctl load and modprobe rmpopt load it nevertheless");
	return pass("nothing in modprobe.d prevents it");
}

/* rmpopt.NAME=VALUE on the command line, as modprobe hands it over: NAME=VALUE. */
static char *cmdline_options(void)
{
	char *line = file_text("/proc/cmdline") ?: arena_copy(""), *word;
	size_t length = strlen(MODULE_NAME ".");
	char *all = NULL;

	while ((word = next_word(&line)))
		if (!strncmp(word, MODULE_NAME ".", length) && strchr(word, '='))
			all = format("%s%s%s", all ?: "", all ? " " : "", word + length);
	return all;
}

/* What the kernel knows of every module. */
static bool is_of_all_modules(const char *word)
{
	return check_value_in(word, "dyndbg") || check_value_in(word, "async_probe");
}

/*
 * All that is wrong with NAME=VALUE...; @where they are, and what to do about that.
 * What the module does not know is ignored: it @fails only for the others.
 */
static void add_wrong(struct answer *answer, const char *text, const char *where, const char *fix, bool *fails)
{
	char *rest = arena_copy(text ?: ""), *word;
	const char *wrong, *all = NULL;

	while ((word = option_next(&rest))) {
		word = option_plain(word);
		wrong = is_of_all_modules(word) ? NULL : parameter_refused(word);
		if (!wrong)
			continue;
		*fails |= !!parameter_of(word);
		all = format("%s%s%s", all ?: "", all ? "; " : "", wrong);
	}
	if (all)
		check_add(answer, format("%s: %s", where, all), fix);
}

/* Do files say so? The command line is read after them; what it says, check_cmdline() tells. */
static bool is_disabled(const char *files, const char *line)
{
	const char *first = last_value(files, "disable"), *then = last_value(line, "disable");

	return first && check_says_yes(first) && (!then || check_says_yes(then));
}

static char *without_disable(const char *options_of)
{
	char *rest = arena_copy(options_of ?: ""), *word, *all = NULL;

	while ((word = option_next(&rest)))
		if (!check_value_in(option_plain(word), "disable"))
			all = format("%s%s%s", all ?: "", all ? " " : "", word);
	return all;
}

struct answer check_parameters(void)
{
	bool readable;
	const char *files = configured(kmod_config_get_options, MODULE_NAME, &readable);
	const char *line = cmdline_options();
	static const char fix[] = "fix this; find it with: grep -rs 'options rmpopt' " KMOD_FOLDERS;
	struct answer answer = { };
	bool fails = false;

	add_wrong(&answer, files, "modprobe.d", fix, &fails);
	if (is_disabled(files, line)) {
		check_add(&answer, "modprobe.d: disable=Y: the module refuses to load", fix);
		fails = true;
	}
	add_wrong(&answer, line, "kernel command line", "fix this on the kernel command line, and reboot", &fails);
	if (answer.read && !fails)
		answer.verdict = VERDICT_SKIP;
	if (answer.read)
		return answer;
	line = without_disable(line);
	if (!files && !line)
		return pass("none in modprobe.d: defaults");
	return pass(format("%s%s%s%s%s", files ? "modprobe.d: " : "", files ?: "",
			   files && line ? "; " : "",
			   line ? "kernel command line: " : "", line ?: ""));
}

/* The value that the next load uses for a parameter; NULL: none is configured. */
const char *configured_value(const struct parameter *parameter)
{
	bool readable;
	const char *files = configured(kmod_config_get_options, MODULE_NAME, &readable);

	return last_value(format("%s %s", files ?: "", cmdline_options() ?: ""), parameter->name);
}
