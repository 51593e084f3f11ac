// SPDX-License-Identifier: GPL-2.0
/*
 * libkmod. It follows all links, and blocks on FIFOs, so with --sysroot it only
 * gets files that are open already.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "kmod.h"

/* The module's file below --sysroot; -1: none is open. */
static int saved_fd = -1;
static const char *saved_path;

static void be_quiet(void *data, int priority, const char *file, int line,
		     const char *function, const char *fmt, va_list args)
{
}

/*
 * kmod_new() prints errors with text of files to standard error before it can be
 * given a log function. 0 means emergencies only.
 */
static struct kmod_ctx *quiet_context(const char *dir, const char * const *configs)
{
	const char *before = getenv("KMOD_LOG");
	char *kept = before ? arena_copy(before) : NULL;
	struct kmod_ctx *ctx;

	setenv("KMOD_LOG", "0", 1);
	ctx = kmod_new(dir, configs);
	if (kept)
		setenv("KMOD_LOG", kept, 1);
	else
		unsetenv("KMOD_LOG");
	if (ctx)
		kmod_set_log_fn(ctx, be_quiet, NULL);
	return ctx;
}

static const char *path_of(int fd)
{
	return format("/proc/self/fd/%d", fd);
}

static bool is_configuration(const char *name)
{
	size_t length = strlen(name);

	return length > 5 && !strcmp(name + length - 5, ".conf");
}

/**
 * struct source - a file of modprobe.d
 * @name: its name
 * @path: its path
 */
struct source {
	const char *name;
	const char *path;
};

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct source *)a)->name, ((const struct source *)b)->name);
}

/* Of files of the same name the first counts. */
static size_t add_sources(struct source *sources, size_t count, const char *dir,
			  char **names, size_t names_count)
{
	size_t i, j;

	for (i = 0; i < names_count; i++) {
		for (j = 0; j < count && strcmp(sources[j].name, names[i]); j++)
			;
		if (j == count && is_configuration(names[i]))
			sources[count++] = (struct source){ names[i], format("%s/%s", dir, names[i]) };
	}
	return count;
}

/* What kmod itself looks at, in its order; NULL after the last. */
const char * const kmod_places[] = {
	"/etc/modprobe.d", "/run/modprobe.d", "/usr/local/lib/modprobe.d",
	"/usr/lib/modprobe.d", "/lib/modprobe.d", NULL
};

static struct source *find_sources(size_t *count)
{
	struct source *sources = NULL;
	size_t i, more, size = sizeof(*sources);
	char **names;

	*count = 0;
	for (i = 0; kmod_places[i]; i++) {
		names = file_names(kmod_places[i], &more);
		sources = arena_grow(sources, *count * size, (*count + more) * size);
		*count = add_sources(sources, *count, kmod_places[i], names, more);
	}
	if (*count)
		qsort(sources, *count, size, compare);
	return sources;
}

/* All of modprobe.d in one file without a name; NULL and errno on an error. */
static FILE *gather(void)
{
	int fd = memfd_create("modprobe.d", MFD_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
	size_t count, i, size;
	struct source *sources = find_sources(&count);
	char *bytes;

	for (i = 0; i < count && file; i++) {
		bytes = file_bytes(sources[i].path, &size);
		if (!bytes)
			continue;
		fwrite(bytes, 1, size, file);
		/* A backslash at the end of a file does not join it to the next file. */
		fputs("\n\n", file);
	}
	return file;
}

static struct kmod_ctx *saved_context(void)
{
	/* Needed often, so it is collected once. */
	static FILE *file;
	const char *configs[2] = { };

	if (!file)
		file = gather();
	if (!file || fflush(file))
		return NULL;
	configs[0] = path_of(fileno(file));
	/* Not a directory, so it finds no index there. */
	return quiet_context(configs[0], configs);
}

static struct kmod_ctx *open_context(void)
{
	return options.sysroot ? saved_context() : quiet_context(NULL, NULL);
}

/* libkmod without files: it knows the live kernel command line only. */
struct kmod_ctx *kmod_bare(void)
{
	static const char * const no_files[] = { NULL };

	return quiet_context(NULL, no_files);
}

/* Where depmod found the module, NULL if nowhere. */
static const char *saved_place(void)
{
	const char *folder = format("/lib/modules/%s/", check_release()), *name;
	char *text = file_text("%smodules.dep", folder), *line;
	static const char wanted[] = MODULE_NAME ".ko";

	while ((line = next_line(&text))) {
		line[strcspn(line, ":")] = '\0';
		name = strrchr(line, '/');
		name = name ? name + 1 : line;
		if (!strncmp(name, wanted, strlen(wanted)) && strchr(".", name[strlen(wanted)]))
			return *line == '/' ? line : format("%s%s", folder, line);
	}
	return NULL;
}

static struct kmod_module *saved_module(struct kmod_ctx *ctx)
{
	struct kmod_module *module = NULL;

	saved_path = saved_place();
	saved_fd = saved_path ? file_open(saved_path) : -1;
	if (saved_fd < 0 || kmod_module_new_from_path(ctx, path_of(saved_fd), &module))
		return NULL;
	return module;
}

/* The module that is loaded, whether it has a file or not; NULL without memory. */
struct kmod_module *kmod_loaded(struct kmod_ctx **ctx, const char *name)
{
	struct kmod_module *module = NULL;

	*ctx = open_context();
	if (*ctx && kmod_module_new_from_name(*ctx, name, &module))
		return NULL;
	return module;
}

/* A module of the running kernel, NULL if there is none; @ctx is NULL on an error. */
struct kmod_module *kmod_find(struct kmod_ctx **ctx, const char *name)
{
	struct kmod_list *list = NULL;
	struct kmod_module *module = NULL;

	*ctx = open_context();
	if (!*ctx)
		return NULL;
	if (!kmod_module_new_from_lookup(*ctx, name, &list) && list)
		module = kmod_module_get_module(list);
	kmod_module_unref_list(list);
	return module;
}

/* rmpopt itself, also of a saved tree. */
struct kmod_module *kmod_open(struct kmod_ctx **ctx)
{
	if (!options.sysroot)
		return kmod_find(ctx, MODULE_NAME);
	*ctx = open_context();
	return *ctx ? saved_module(*ctx) : NULL;
}

void kmod_close(struct kmod_ctx *ctx, struct kmod_module *module)
{
	if (module)
		kmod_module_unref(module);
	if (ctx)
		kmod_unref(ctx);
	if (saved_fd >= 0)
		close(saved_fd);
	saved_fd = -1;
}

/* The path of its file on that host; NULL if it has none. */
const char *kmod_path(struct kmod_module *module)
{
	return options.sysroot ? saved_path : printable(kmod_module_get_path(module));
}

/* What modinfo says under a key, printable; NULL if nothing. */
char *kmod_fact(struct kmod_module *module, const char *key)
{
	struct kmod_list *list = NULL, *entry;
	char *value = NULL;

	if (kmod_module_get_info(module, &list) < 0)
		return NULL;
	kmod_list_foreach(entry, list) {
		if (strcmp(kmod_module_info_get_key(entry), key))
			continue;
		value = printable(kmod_module_info_get_value(entry));
		break;
	}
	kmod_module_info_free_list(list);
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
