// SPDX-License-Identifier: GPL-2.0
/*
 * lab: the caretaker, a process in a session of its own. It knows what the host
 * was like, waits until the lab has ended, however that comes about (the pipe
 * between the two has no writer any more), and makes the host like that again.
 * There is no other way in which the lab cleans up.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "follow.h"
#include "kmod.h"
#include "lab.h"
#include "parameters.h"
#include "rmpopt.h"

#define LOCK		"/run/rmpoptctl-lab.lock"
#define LAB_NAME	"rmpopt_lab"
#define LAB_MODULE	"/sys/module/" LAB_NAME

/* While a CPU has not answered the module can't be unloaded. */
#define UNLOAD_MS	120000u
#define UNLOAD_STEP_MS	20u

/**
 * struct guard - what the host was like
 * @loaded: rmpopt was loaded
 * @words: with these parameters
 * @tune: values of tune/ in the order of parameters[], NULL for what can't be tuned
 * @stopped: enabled was 0
 * @online: CPUs
 * @pid: the caretaker
 * @pipe: its reading and our writing end
 */
struct guard {
	bool loaded;
	const char *words;
	const char **tune;
	bool stopped;
	struct list online;
	pid_t pid;
	int pipe[2];
};

static bool is_loaded(const char *place)
{
	return file_exists("%s/initstate", place);
}

static void remember(struct guard *guard)
{
	const struct parameter *parameter = parameters;
	const char *value;
	size_t i = 0;

	guard->loaded = is_loaded(MODULE);
	guard->words = "";
	list_read(&guard->online, CPUS "online");
	while (parameters[i].name)
		i++;
	guard->tune = arena_get(i * sizeof(*guard->tune));
	for (i = 0; parameter->name && guard->loaded; parameter++, i++) {
		value = file_text(MODULE "/parameters/%s", parameter->name);
		if (value)
			guard->words = format("%s %s=%s", guard->words, parameter->name, value);
		guard->tune[i] = file_text(SYSFS "tune/%s", parameter->name);
	}
	value = file_text(SYSFS "enabled");
	guard->stopped = value && *value == '0';
}

/* NULL, or why it was not loaded. Like modprobe: an install command in modprobe.d runs instead, and may do anything. */
static const char *insert(const char *name, const char *place, const char *words)
{
	struct kmod_module *module;
	struct kmod_ctx *ctx;
	int log = load_log(), error = -ENOENT;
	const char *why = NULL, *command;

	module = kmod_find(&ctx, name);
	command = printable(kmod_module_get_install_commands(module));
	if (module)
		error = kmod_module_probe_insert_module(module, 0, words, NULL, NULL, NULL);
	kmod_close(ctx, module);
	if (command && !is_loaded(place))
		why = format("modprobe.d has \"install %s %s\", which was run instead; remove it", name, command);
	else if (error < 0)
		why = load_why_not(-error, log, format("%s: ", name));
	else if (!is_loaded(place))
		why = "the kernel says that it was loaded, but it was not";
	if (log >= 0)
		close(log);
	return why;
}

static int remove_once(const char *name)
{
	struct kmod_module *module;
	struct kmod_ctx *ctx;
	int error = -ENOMEM;

	module = kmod_loaded(&ctx, name);
	if (module)
		error = kmod_module_remove_module(module, 0);
	kmod_close(ctx, module);
	return error == -ENOENT ? 0 : -error;
}

/* NULL, or why it is still loaded. A signal to end ends the wait, but for the caretaker, who is told nothing. */
static const char *unload(const char *name, const char *place)
{
	u32 ms = 0;
	int error = 0;

	for (; is_loaded(place) && ms < UNLOAD_MS; ms += UNLOAD_STEP_MS) {
		if (follow_told())
			return "a signal came";
		error = remove_once(name);
		if (!error)
			return NULL;
		if (error != EAGAIN && error != EBUSY)
			break;
		usleep(UNLOAD_STEP_MS * 1000);
	}
	return is_loaded(place) ? load_why_stays(error) : NULL;
}

/* Loaded as it was, and tuned as it was. */
static const char *bring_back(const struct guard *guard)
{
	const struct parameter *parameter = parameters;
	const char *why = insert(MODULE_NAME, MODULE, guard->words), *now;
	size_t i;

	for (i = 0; parameter->name && !why; parameter++, i++) {
		now = guard->tune[i] ? file_text(SYSFS "tune/%s", parameter->name) : NULL;
		if (now && strcmp(now, guard->tune[i]) &&
		    file_write(format(SYSFS "tune/%s", parameter->name), guard->tune[i]))
			why = format("can't write " SYSFS "tune/%s", parameter->name);
	}
	if (!why && guard->stopped && file_write(SYSFS "enabled", "0"))
		why = "can't write " SYSFS "enabled";
	return why;
}

static void all_online(const struct guard *guard)
{
	struct list now, missing;
	size_t i;
	u32 cpu;

	if (!list_read(&now, CPUS "online"))
		return;
	list_subtract(&missing, &guard->online, &now);
	for (i = 0; i < missing.ranges; i++)
		for (cpu = missing.range[i].first; cpu <= missing.range[i].last; cpu++)
			if (file_write(format(CPUS "cpu%u/online", cpu), "1"))
				failed("CPU %u did not come online again; try: echo 1 >" CPUS "cpu%u/online", cpu, cpu);
}

/* Returns the exit code. */
static int restore(const struct guard *guard)
{
	const char *why;

	all_online(guard);
	why = unload(LAB_NAME, LAB_MODULE);
	if (why)
		return failed(LAB_NAME " is still loaded: %s; run rmmod " LAB_NAME
			      ", then rmpoptctl load if rmpopt was loaded before", why);
	if (is_loaded(MODULE) && !guard->loaded)
		why = unload(MODULE_NAME, MODULE);
	else if (guard->loaded && !is_loaded(MODULE))
		why = bring_back(guard);
	if (!why)
		return CTL_OK;
	return failed("rmpopt was not restored to its earlier state: %s; do that with rmpoptctl load or unload", why);
}

static void be_caretaker(const struct guard *guard)
{
	char byte;

	setsid();
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	follow_forget();
	close(guard->pipe[1]);
	while (read(guard->pipe[0], &byte, 1) < 0 && errno == EINTR)
		;
	_exit(restore(guard));
}

/* Held until the caretaker has ended, too. */
static const char *lock(void)
{
	int fd = open(LOCK, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return format("can't open " LOCK ": %s", strerror(errno));
	if (!flock(fd, LOCK_EX | LOCK_NB))
		return NULL;
	return "another rmpoptctl lab runs, or restores the host; wait until it has ended";
}

static bool is_installed(const char *name)
{
	struct kmod_ctx *ctx;
	struct kmod_module *module = kmod_find(&ctx, name);
	bool found = module;

	kmod_close(ctx, module);
	return found;
}

/* NULL and a reason if the lab can't begin; nothing has been changed then. */
struct guard *guard_start(struct lab *lab, const char **error)
{
	struct guard *guard = arena_get(sizeof(*guard));

	*error = lock();
	if (*error)
		return NULL;
	remember(guard);
	if (!is_installed(LAB_NAME)) {
		*error = LAB_NAME " is not installed for this kernel: " KMOD_INSTALL
			 "; the kernel's headers are required, and dkms status shows what failed";
		return NULL;
	}
	if (guard->loaded && !is_installed(MODULE_NAME)) {
		*error = "rmpopt is loaded but not installed, so it could not be loaded again; install it first";
		return NULL;
	}
	fflush(NULL);
	guard->pid = pipe2(guard->pipe, O_CLOEXEC) ? -1 : fork();
	if (guard->pid < 0) {
		*error = format("can't start the process that restores the host: %s", strerror(errno));
		return NULL;
	}
	if (!guard->pid)
		be_caretaker(guard);
	close(guard->pipe[0]);
	return guard;
}

/* Waits until the host is as it was; returns an exit code. */
int guard_end(struct guard *guard)
{
	int status = 0;

	close(guard->pipe[1]);
	while (waitpid(guard->pid, &status, 0) < 0)
		if (errno != EINTR)
			return failed("the process that restores the host is gone: %s; see rmpoptctl status",
				      strerror(errno));
	return WIFEXITED(status) ? WEXITSTATUS(status) :
	       failed("the process that restores the host was killed; see rmpoptctl status");
}

/* NULL, or why the lab's module is not loaded in place of rmpopt. */
const char *guard_insert_lab(struct guard *guard, bool beside)
{
	const char *why = guard->loaded && !beside ? unload(MODULE_NAME, MODULE) : NULL;

	if (why)
		return format("rmpopt can't be unloaded: %s", why);
	why = unload(LAB_NAME, LAB_MODULE) ?: insert(LAB_NAME, LAB_MODULE, beside ? "beside=1" : "");
	return why ? format(LAB_NAME " can't be loaded: %s", why) : NULL;
}

/* rmpopt in place of the lab's module, with its own parameters if it has some; NULL, or why not. */
const char *guard_ours_begin(struct guard *guard)
{
	const char *why;

	if (guard->stopped)
		return "it was stopped before; rmpoptctl enable ends that";
	why = unload(LAB_NAME, LAB_MODULE);
	if (why || is_loaded(MODULE))
		return why;
	return guard->loaded ? bring_back(guard) : insert(MODULE_NAME, MODULE, "");
}
