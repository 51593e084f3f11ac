// SPDX-License-Identifier: GPL-2.0
/* load and unload, by libkmod; the kernel log says why not. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/klog.h>

#include "kmod.h"
#include "parameters.h"

#define SYSLOG_READ_ALL		3
#define SYSLOG_SIZE		10

#define LOG_WORD		"rmpopt: "

/* The last line of the kernel log that the module wrote, NULL if there is none. */
static const char *last_words(void)
{
	int size = klogctl(SYSLOG_SIZE, NULL, 0);
	char *log, *at, *last = NULL;

	if (size <= 0)
		return NULL;
	log = arena_get(size + 1);
	size = klogctl(SYSLOG_READ_ALL, log, size);
	if (size <= 0)
		return NULL;
	for (at = log; (at = strstr(at, LOG_WORD)); at += strlen(LOG_WORD))
		last = at + strlen(LOG_WORD);
	return last ? format("%.*s", (int)strcspn(last, "\n"), last) : NULL;
}

static const char *why_not(int error)
{
	const char *words = NULL;

	switch (error) {
	case EPERM:
	case EACCES:
		return "not permitted; run this as root, and see rmpoptctl check for signatures";
	case ENOENT:
		return "no such module; rmpoptctl check says more";
	case ENOKEY:
	case EKEYREJECTED:
		return "its key is not enrolled; rmpoptctl check says more";
	case ENOEXEC:
		return "it is built for another kernel; make install builds it for this one";
	case ENODEV:
	case EBUSY:
	case ECANCELED:
	case EINVAL:
	case ENOMEM:
		words = last_words();
	}
	return words ?: format("%s; dmesg says more", strerror(error));
}

static int insert(struct kmod_module *module, char **words)
{
	const char *text = "";
	int error;

	for (; *words; words++)
		text = format("%s%s%s", text, *text ? " " : "", *words);
	error = kmod_module_probe_insert_module(module, 0, text, NULL, NULL, NULL);
	if (error < 0)
		return failed("rmpopt was not loaded: %s", why_not(-error));
	puts("rmpopt is loaded; rmpoptctl status shows what it does");
	return CTL_OK;
}

int run_load(char **arguments)
{
	struct kmod_module *module;
	struct kmod_ctx *ctx;
	int ret = parameters_check(arguments);

	if (ret)
		return ret;
	if (file_exists(MODULE "/initstate"))
		return failed("rmpopt is loaded already; rmpoptctl set changes what can be tuned, rmpoptctl unload unloads it");
	module = kmod_open(&ctx);
	ret = module ? insert(module, arguments) :
	      failed("no rmpopt for this kernel; make install builds it by DKMS, rmpoptctl check says more");
	kmod_close(ctx, module);
	return ret;
}

int run_unload(char **arguments)
{
	struct kmod_module *module = NULL;
	struct kmod_ctx *ctx;
	int error;

	(void)arguments;
	if (!file_exists(MODULE "/initstate"))
		return failed("rmpopt is not loaded");
	ctx = kmod_new(NULL, NULL);
	error = ctx ? kmod_module_new_from_name(ctx, MODULE_NAME, &module) : -ENOMEM;
	if (!error)
		error = kmod_module_remove_module(module, 0);
	kmod_close(ctx, module);
	if (error)
		return failed("rmpopt was not unloaded: %s%s", strerror(-error),
			      error == -EPERM ? "; run this as root" :
			      error == -EAGAIN || error == -EBUSY ?
			      "; somebody uses it, lsmod shows which module" : "");
	puts("rmpopt is unloaded; all writes check the RMP again");
	return CTL_OK;
}
