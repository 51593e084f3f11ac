// SPDX-License-Identifier: GPL-2.0
/* lab: the command line, the order of things, and what comes out. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "follow.h"
#include "hw.h"
#include "lab.h"

/* A sleep ends early, and the report is written. */
static void catch_signals(void)
{
	follow_catch(SIGINT);
	follow_catch(SIGTERM);
	follow_catch(SIGHUP);
}

/* Are we told to end? */
bool lab_check_signal(struct lab *lab)
{
	lab->signal = follow_told();
	return lab->signal;
}

/* Steps of --steps; all without. The names are checked. */
static bool is_wanted(const struct lab_step *step)
{
	const char *at = options.steps;
	size_t length;

	/* Everything else needs what it reads. */
	if (step->run == step_host)
		return true;
	if (!at)
		return !step->converts || options.convert;
	for (;; at += length + 1) {
		length = strcspn(at, ",");
		if (step_find(at, length) == step)
			return true;
		if (!at[length])
			return false;
	}
}

static int check_steps(void)
{
	const char *at = options.steps;
	const struct lab_step *step;
	size_t length;

	for (; at; at = at[length] ? at + length + 1 : NULL) {
		length = strcspn(at, ",");
		step = step_find(at, length);
		if (!step)
			return misused("--steps %.*s: no such step; rmpoptctl lab --dry-run shows all of them",
				(int)length, at);
		if (step->converts && !options.convert)
			return misused("--steps %s: this step requires --convert", step->name);
	}
	return CTL_OK;
}

static struct json_object *add_step(struct lab *lab, const struct lab_step *step, const char *state, const char *why)
{
	struct json_object *line = array_new_object(json_at(lab->document, "steps"));

	put_text(line, "id", step->name);
	put_text(line, "state", state);
	put_text(line, "why", why);
	put_text(line, "does", step->what);
	put_text(line, "costs", format("%s, %s", step_cost(lab, step), step_stop(lab, step)));
	put_text(line, "worst", step->worst);
	return line;
}

/* How many regions there may be, by the spans of nodes: the module knows more. */
static u32 guess_regions(void)
{
	struct list regions = { };
	struct nodes nodes;
	u64 count = 0;
	size_t i;

	nodes_read(&nodes);
	for (i = 0; i < nodes.spans; i++)
		list_insert(&regions, nodes.span[i].first, nodes.span[i].last + 1ull);
	for (i = 0; i < regions.ranges; i++)
		count += regions.range[i].last - regions.range[i].first + 1;
	return count;
}

static int dry_run(struct lab *lab)
{
	const char *refusal = lab_refusal();
	const struct lab_step *step;

	lab->regions = guess_regions();
	lab_say("%u CPUs in %u cores, about %u regions of 1 GiB. Dry run: nothing is executed.",
		lab->cpus, lab->cores, lab->regions);
	if (refusal)
		lab_say("On this host the lab would refuse: %s", refusal);
	if (lab_is_in_kernel())
		lab_say("The kernel drives RMPOPT itself: only steps that read would be run.");
	for (step = lab_steps; step->name; step++)
		if (is_wanted(step)) {
			lab_describe(lab, step);
			add_step(lab, step, "planned", NULL);
		}
	if (!options.convert && !options.steps)
		lab_say("With --convert there is one more step, which turns pages of the lab's own over to a guest that does not exist; see rmpoptctl lab --dry-run --convert");
	return CTL_OK;
}

/* Which state a step has ended in. */
static const char *state_of(const struct lab *lab, bool good)
{
	if (lab->signal)
		return "interrupted";
	return good ? "done" : lab->skipped ? "skipped" : "surprise";
}

static bool run_step(struct lab *lab, const struct lab_step *step)
{
	struct json_object *line;
	u64 begin = now_ns();
	const char *state;
	bool good;

	lab->step = step;
	lab->skipped = NULL;
	good = (!step->converts || lab_snp_begin(lab)) && step->run(lab);
	lab_snp_end(lab);
	lab_check_signal(lab);
	state = state_of(lab, good);
	line = add_step(lab, step, state, lab->skipped ?: lab->surprise);
	put_number(line, "took_ms", (now_ns() - begin) / 1000000);
	if (lab->skipped)
		lab_say("  skipped: %s", lab->skipped);
	else if (lab->surprise)
		lab_say("  a surprise, which ends the lab: %s", lab->surprise);
	return !lab->signal && (good || lab->skipped);
}

/* False if there is no next step. */
static bool do_step(struct lab *lab, const struct lab_step *step)
{
	enum lab_reply reply;

	if (lab->beside && !step->reads) {
		add_step(lab, step, "skipped", "the kernel drives RMPOPT itself");
		return true;
	}
	reply = lab_ask(lab, step);
	if (reply == REPLY_YES)
		return run_step(lab, step);
	add_step(lab, step, "declined", NULL);
	/* Without the first one there is none. */
	return reply == REPLY_NO && step->run != step_host;
}

/* Nothing was declined, skipped or cut short. */
static bool all_done(const struct lab *lab)
{
	struct json_object *steps = json_at(lab->document, "steps");
	size_t i;

	for (i = 0; i < json_length(steps); i++)
		if (strcmp(json_text(json_object_array_get_idx(steps, i), "state"), "done"))
			return false;
	return true;
}

/* True if all that were wanted are done. */
static bool do_steps(struct lab *lab)
{
	const struct lab_step *step;

	questions_start(lab);
	for (step = lab_steps; step->name; step++)
		if (is_wanted(step) && !do_step(lab, step))
			break;
	lab_check_signal(lab);
	questions_end(lab);
	if (lab->surveyed)
		facts_regions(lab);
	return !step->name && all_done(lab);
}

/* The line of a step that was done; NULL. */
static struct json_object *done_step(const struct lab *lab, const char *name)
{
	struct json_object *steps = json_at(lab->document, "steps"), *one;
	size_t i;

	for (i = 0; i < json_object_array_length(steps); i++) {
		one = json_object_array_get_idx(steps, i);
		if (!strcmp(json_text(one, "id"), name))
			return strcmp(json_text(one, "state"), "done") ? NULL : one;
	}
	return NULL;
}

/* Passes of rmpopt itself come last: the lab's module is unloaded for them. False if some are missing. */
static bool do_ours(struct lab *lab, struct guard *guard)
{
	struct json_object *step = done_step(lab, "passes");
	const char *why;

	if (!step || lab->surprise || lab->signal)
		return true;
	why = guard_ours_begin(guard) ?: passes_ours(lab);
	if (!why)
		return true;
	why = format("rmpopt's own passes are not measured, or not all of them: %s", why);
	put_text(step, "why", why);
	lab_say("%s", why);
	return false;
}

static int refused(struct lab *lab, const char *why)
{
	put_text(lab->document, "refused", why);
	return failed("%s", why);
}

/* The document of a lab that could not even begin. */
void lab_print_refused(const char *why)
{
	struct json_object *document = document_new();

	put_text(document, "refused", why);
	document_print(document, false);
	json_object_put(document);
}

static const char *open_device(struct lab *lab, struct guard *guard)
{
	const char *why = guard_insert_lab(guard, lab->beside);
	int error;

	if (why)
		return why;
	error = lab_open(lab);
	if (error == EPROTO)
		return "rmpopt_lab is of another version than rmpoptctl; install the same version of both";
	if (error)
		return format("can't open the module's device: %s", strerror(error));
	return lab_refusal_by_module(lab);
}

/* The host is as it was when this returns. @complete: all steps were done. */
static int with_guard(struct lab *lab, bool *complete)
{
	const char *why;
	struct guard *guard = guard_start(lab, &why);
	int ret;

	if (!guard)
		return refused(lab, why);
	lab->fd = -1;
	why = open_device(lab, guard);
	if (!why) {
		facts_add(lab);
		*complete = do_steps(lab);
	}
	if (lab->fd >= 0)
		close(lab->fd);
	if (!why && !do_ours(lab, guard))
		*complete = false;
	ret = guard_end(guard);
	return why ? refused(lab, why) : ret;
}

static const char *default_output(void)
{
	char text[32];
	time_t now = time(NULL);
	struct tm tm;

	localtime_r(&now, &tm);
	strftime(text, sizeof(text), "%Y%m%d-%H%M%S", &tm);
	return format("rmpopt-lab-%s", text);
}

static int run_lab_here(struct lab *lab)
{
	const char *to = options.output ?: default_output(), *why = lab_refusal() ?: report_refused(to);
	bool complete = false;
	int ret;

	if (why)
		return refused(lab, why);
	lab->beside = lab_is_in_kernel();
	if (lab->beside)
		lab_say("The kernel drives RMPOPT itself: only steps that read are run.");
	if (lab_begin() != REPLY_YES)
		return failed("nothing was done; --yes runs it without questions");
	catch_signals();
	ret = with_guard(lab, &complete);
	if (json_text(lab->document, "refused"))
		return ret;
	put_text(lab->document, "surprise", lab->surprise);
	put_bool(lab->document, "complete", complete);
	if (!report_write(lab, to))
		ret = CTL_FAILED;
	if (!ret && !complete) {
		ret = CTL_PARTLY;
		failed("not all steps were run%s%s", lab->surprise ? ": " : "", lab->surprise ?: "");
	}
	return ret;
}

static int show(const char *path)
{
	struct json_object *document = document_read(path);

	if (!document)
		return CTL_FAILED;
	if (options.json)
		document_print(document, false);
	else
		fputs(markdown(document, false), stdout);
	json_object_put(document);
	return CTL_OK;
}

static int check_usage(char **arguments)
{
	int count = !arguments[0] ? 0 : !arguments[1] ? 1 : 2;

	if (options.compare)
		return count == 2 ? CTL_OK : misused("--compare requires two reports; see rmpoptctl lab --help");
	if (count == 2)
		return misused("two reports require --compare; see rmpoptctl lab --help");
	if (count && (options.steps || options.yes || options.dry_run || options.convert || options.output))
		return misused("a report that is shown takes no options of a run; see rmpoptctl lab --help");
	if (options.sysroot && !options.dry_run && !count)
		return misused("lab can't run with --sysroot; with --dry-run it says what it would do");
	return check_steps();
}

int run_lab(char **arguments)
{
	struct lab lab = { .fd = -1, .kvm = -1 };
	int ret = check_usage(arguments);

	if (ret)
		return ret;
	if (options.compare)
		return lab_compare(arguments[0], arguments[1]);
	if (arguments[0])
		return show(arguments[0]);
	lab.document = document_new();
	lab.convert = options.convert;
	if (!lab_find_cpus(&lab))
		ret = refused(&lab, "can't read /sys/devices/system/cpu/online");
	else
		ret = options.dry_run ? dry_run(&lab) : run_lab_here(&lab);
	if (options.json)
		document_print(lab.document, false);
	json_object_put(lab.document);
	/* It may have come while the host was restored, or the report written. */
	if (lab_check_signal(&lab))
		follow_die();
	return ret;
}
