// SPDX-License-Identifier: GPL-2.0
/* load and unload, by libkmod; the kernel log has the reason if the module refuses. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "kmod.h"
#include "parameters.h"
#include "rmpopt.h"

#define KERNEL_LOG		"/dev/kmsg"
#define LOG_WORD		"rmpopt: "

/* Reads what the kernel says from now on; -1 if that can't be done. */
int load_log(void)
{
	int fd = open(KERNEL_LOG, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd >= 0 && lseek(fd, 0, SEEK_END) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/*
 * The last line that the module wrote since, NULL if there is none. A read is a record.
 */
static const char *last_words(int log, const char *word)
{
	char record[8192 + 1], *at;
	const char *last = NULL;
	ssize_t got;

	while ((got = read(log, record, sizeof(record) - 1)) > 0 || (got < 0 && errno == EPIPE)) {
		record[got > 0 ? got : 0] = '\0';
		for (at = record; (at = strstr(at, word));) {
			at += strlen(word);
			last = format("%.*s", (int)strcspn(at, "\n"), at);
		}
	}
	return last;
}

/* @word is in front of what the module says. */
const char *load_why_not(int error, int log, const char *word)
{
	const char *words = NULL;

	switch (error) {
	case EPERM:
	case EACCES:
		return "not permitted; run this as root; if you are root, see the signature in rmpoptctl check";
	case ENOKEY:
	case EKEYREJECTED:
		return "its key is not enrolled; see rmpoptctl check";
	case ENOEXEC:
		return "it is built for another kernel; build it for this one: " DKMS_BUILD_AGAIN;
	/* Of a symbol that no module has, too. */
	case ENOENT:
	case ENODEV:
	case EBUSY:
	case ECANCELED:
	case EINVAL:
	case ENOMEM:
		words = last_words(log, word);
	}
	if (!words && error == ENOENT)
		return "no such module; see rmpoptctl check";
	return words ?: format("%s; see dmesg", strerror(error));
}

static const char *joined(char **words)
{
	const char *text = "";

	for (; *words; words++)
		text = format("%s%s%s", text, *text ? " " : "", *words);
	return text;
}

static void say_loaded(void)
{
	struct host host;

	if (host_read(&host) && host.viewing)
		printf("rmpopt is loaded, view only: %s; rmpoptctl forecast shows what RMPOPT could optimize\n",
		       host_why(&host));
	else
		puts("rmpopt is loaded; rmpoptctl status shows what it does");
}

/* Like modprobe: an install command in modprobe.d runs instead, and may do anything. */
static int insert(struct kmod_module *module, char **words)
{
	const char *command = printable(kmod_module_get_install_commands(module));
	int log = load_log(), error, ret = CTL_OK;

	error = kmod_module_probe_insert_module(module, 0, joined(words), NULL, NULL, NULL);
	if (command && !host_loaded())
		ret = failed("rmpopt was not loaded: modprobe.d has \"install rmpopt %s\", which was run instead; remove this; "
			     FIND_INSTALL, command);
	else if (error < 0)
		ret = failed("rmpopt was not loaded: %s", load_why_not(-error, log, LOG_WORD));
	else if (!host_loaded())
		ret = failed("the kernel says that rmpopt was loaded, but it was not; see rmpoptctl check");
	else
		say_loaded();
	if (log >= 0)
		close(log);
	return ret;
}

/* This is a success, unless parameters are given. */
static int loaded_already(char **words)
{
	if (*words)
		return failed("rmpopt is loaded already; change parameters with rmpoptctl set, or unload it first");
	puts("rmpopt is loaded already; rmpoptctl status shows what it does");
	return CTL_OK;
}

int run_load(char **arguments)
{
	struct kmod_module *module;
	struct kmod_ctx *ctx;
	int ret = parameters_check(arguments, parameter_refused);

	if (ret)
		return ret;
	if (file_exists(MODULE "/initstate"))
		return loaded_already(arguments);
	module = kmod_open(&ctx);
	ret = module ? insert(module, arguments) :
	      failed("rmpopt is not installed for this kernel; see rmpoptctl check");
	kmod_close(ctx, module);
	return ret;
}

const char *load_why_stays(int error)
{
	switch (error) {
	case EPERM:
		return "not permitted; run this as root";
	case EAGAIN:
	case EBUSY:
		return "it is in use by another module (see lsmod), or a process has one of its files in debugfs open (see fuser -v "
		       DEBUGFS "*)";
	default:
		return strerror(error);
	}
}

/* No write to RMPOPT_BASE can switch the tables off while SNP is enabled. */
static void say_unloaded(bool viewing)
{
	if (viewing) {
		puts("rmpopt is unloaded; it was in view-only mode, so nothing changes");
		return;
	}
	puts("rmpopt is unloaded. Tables in use stay in use, and the hardware keeps them correct.\n"
	     "Regions that guests take lose their optimization until rmpopt runs again. SNP\n"
	     "shutdown or a reset clears the tables.");
}

int run_unload(char **arguments)
{
	struct kmod_module *module;
	struct kmod_ctx *ctx;
	struct host host;
	bool viewing;
	int error;

	(void)arguments;
	if (!file_exists(MODULE "/initstate") && errno != ENOENT)
		return failed("can't read " MODULE ": %s", strerror(errno));
	if (!file_exists(MODULE "/initstate")) {
		puts("rmpopt is not loaded: nothing to do");
		return CTL_OK;
	}
	viewing = host_read(&host) && host.viewing;
	module = kmod_loaded(&ctx, MODULE_NAME);
	error = module ? kmod_module_remove_module(module, 0) : -ENOMEM;
	kmod_close(ctx, module);
	if (error)
		return failed("rmpopt was not unloaded: %s", load_why_stays(-error));
	say_unloaded(viewing);
	return CTL_OK;
}
