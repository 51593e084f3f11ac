// SPDX-License-Identifier: GPL-2.0
/* libkmod, below --sysroot. */
#include <string.h>

#include "check.h"
#include "kmod.h"

static struct kmod_ctx *open_context(void)
{
	/* What kmod itself looks at, in its order. */
	static const char * const places[] = {
		"/etc/modprobe.d", "/run/modprobe.d", "/usr/local/lib/modprobe.d",
		"/usr/lib/modprobe.d", "/lib/modprobe.d",
	};
	const char *paths[ARRAY_SIZE(places) + 1] = { };
	size_t i;

	if (!options.sysroot)
		return kmod_new(NULL, NULL);
	for (i = 0; i < ARRAY_SIZE(places); i++)
		paths[i] = file_path(places[i]);
	return kmod_new(file_path(format("/lib/modules/%s", check_release())), paths);
}

static void be_quiet(void *data, int priority, const char *file, int line,
		     const char *function, const char *fmt, va_list args)
{
}

static struct kmod_ctx *quieted(struct kmod_ctx *ctx)
{
	if (ctx)
		kmod_set_log_fn(ctx, be_quiet, NULL);
	return ctx;
}

/* libkmod without files: it knows the live kernel command line only. */
struct kmod_ctx *kmod_bare(void)
{
	static const char * const no_files[] = { NULL };

	return quieted(kmod_new(NULL, no_files));
}

/* The module that is loaded, whether it has a file or not; NULL without memory. */
struct kmod_module *kmod_loaded(struct kmod_ctx **ctx)
{
	struct kmod_module *module = NULL;

	*ctx = quieted(open_context());
	if (*ctx && kmod_module_new_from_name(*ctx, MODULE_NAME, &module))
		return NULL;
	return module;
}

/* The module of the running kernel, NULL if there is none; @ctx is NULL on an error. */
struct kmod_module *kmod_open(struct kmod_ctx **ctx)
{
	struct kmod_list *list = NULL;
	struct kmod_module *module = NULL;

	*ctx = quieted(open_context());
	if (!*ctx)
		return NULL;
	if (!kmod_module_new_from_lookup(*ctx, MODULE_NAME, &list) && list)
		module = kmod_module_get_module(list);
	kmod_module_unref_list(list);
	return module;
}

void kmod_close(struct kmod_ctx *ctx, struct kmod_module *module)
{
	if (module)
		kmod_module_unref(module);
	if (ctx)
		kmod_unref(ctx);
}

/* What modinfo says under a key, printable; NULL if nothing. */
char *kmod_fact(struct kmod_module *module, const char *key)
{
	struct kmod_list *list = NULL, *entry;
	char *value = NULL, *c;

	if (kmod_module_get_info(module, &list) < 0)
		return NULL;
	kmod_list_foreach(entry, list) {
		if (strcmp(kmod_module_info_get_key(entry), key))
			continue;
		value = arena_copy(kmod_module_info_get_value(entry));
		break;
	}
	kmod_module_info_free_list(list);
	for (c = value; c && *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	return value;
}

/* What @look says about the module, or that there is none. */
struct answer kmod_answer(struct answer (*look)(struct kmod_module *))
{
	struct answer answer = skip("there is no module for this kernel", NULL);
	struct kmod_module *module;
	struct kmod_ctx *ctx;

	module = kmod_open(&ctx);
	if (module)
		answer = look(module);
	kmod_close(ctx, module);
	return answer;
}
