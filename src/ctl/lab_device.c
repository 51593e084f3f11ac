// SPDX-License-Identifier: GPL-2.0
/*
 * lab: the module's device, and runs of instructions. What a run must not do
 * (no answer in time) is a surprise and ends everything.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "hw.h"
#include "lab.h"

#define DEVICE		"/dev/rmpopt_lab"
#define KVM_MODULE	"/sys/module/kvm_amd/"

/* A CPU that has not answered by then is a surprise; longer lists have longer. */
#define LIMIT_MS	3000u

/* How long a CPU that is late is waited for if something must be restored there. */
#define RESTORE_NS	10000000000ull
#define RESTORE_STEP_US	20000u

/* Pages that are allocated, and given back, to find one of a region: 1 GiB at most. */
#define TAKE_TRIES	BIT(18)

#define SEGMENTS_MAX	1024u

/* 0 or an errno. */
int lab_open(struct lab *lab)
{
	lab->segment = arena_get(SEGMENTS_MAX * sizeof(*lab->segment));
	lab->info = (struct lab_info){
		.max_segments = SEGMENTS_MAX,
		.segments = (u64)(unsigned long)lab->segment,
	};
	lab->fd = open(DEVICE, O_RDWR | O_CLOEXEC);
	if (lab->fd < 0 || ioctl(lab->fd, LAB_INFO, &lab->info))
		return errno;
	if (lab->info.nr_segments > SEGMENTS_MAX)
		lab->info.nr_segments = SEGMENTS_MAX;
	return lab->info.version == LAB_VERSION ? 0 : EPROTO;
}

/*
 * What the module saw of the host when it was opened may be over: SNP is shut down
 * when kvm_amd is unloaded. While we have /dev/kvm open, it can't be. Only asked
 * for where kvm_amd is loaded, as this would load it.
 */
bool lab_snp_begin(struct lab *lab)
{
	struct lab_info info = { };
	const char *why;

	if (file_exists(KVM_MODULE "initstate"))
		lab->kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (ioctl(lab->fd, LAB_INFO, &info))
		return lab_surprise(lab, "the module does not answer: %s", strerror(errno));
	lab->info.flags = info.flags;
	why = lab_refusal_by_module(lab);
	return !why || lab_surprise(lab, "the host has changed: %s", why);
}

void lab_snp_end(struct lab *lab)
{
	if (lab->kvm >= 0)
		close(lab->kvm);
	lab->kvm = -1;
}

/* Only the first one counts. Returns false. */
bool lab_surprise(struct lab *lab, const char *fmt, ...)
{
	va_list args;

	if (lab->surprise || lab->signal)
		return false;
	va_start(args, fmt);
	lab->surprise = vformat(fmt, args);
	va_end(args);
	return false;
}

void trial_free(struct lab_trial *run)
{
	free(run->result);
	run->result = NULL;
}

/* CPUs that have not answered, or had to stop: their last operation was not executed. */
static const char *who_is_late(const struct lab_trial *run)
{
	struct list late = { };
	u32 i;

	for (i = 0; i < run->cpus; i++)
		if (run->result[(i + 1) * run->nr - 1].outcome == LAB_NOT_RUN)
			list_append(&late, run->cpu[i]);
	return late.ranges ? list_text(&late) : "(which one is not known)";
}

static bool run_failed(struct lab *lab, const struct lab_trial *run, int error, u32 limit)
{
	switch (error) {
	case ETIMEDOUT:
		return lab_surprise(lab, "CPU %s did not answer within %u ms", who_is_late(run), limit);
	case EBUSY:
		return lab_surprise(lab, "a CPU still executes an earlier run");
	case ENXIO:
		return lab_surprise(lab, "a CPU has gone offline");
	default:
		return lab_surprise(lab, "the module refused a run: %s", strerror(error));
	}
}

/* The first verify of a region may cost more than all later ones; odd operands and company don't count. */
static void note_firsts(struct lab *lab, const struct lab_trial *trial)
{
	const struct lab_op *op;
	struct lab_region *region;
	u32 i, j;

	for (i = 0; i < trial->cpus; i++)
		for (j = 0; j < trial->nr; j++) {
			const struct lab_result *result = &trial->result[i * trial->nr + j];

			op = &trial->ops[j];
			if (op->what != LAB_RMPOPT || op->rcx == REPORT || result->outcome != LAB_DONE ||
			    !lab->regions)
				continue;
			region = region_find(lab, op->rax / GIB);
			if (!region || region->tried)
				continue;
			region->tried = true;
			region->begin = result->begin;
			region->first_cf = result->cf;
			region->first = op->rcx == VERIFY && trial->cpus == 1 ? lab_cycles(lab, result) : 0;
		}
}

/* A region with RAM, in the window of an armed core, a verify or a report: this does not fault. */
static bool is_plain(struct lab *lab, const struct lab_op *op, u32 cpu)
{
	const struct lab_region *region = lab->regions ? region_find(lab, op->rax / GIB) : NULL;
	const struct lab_core *core = core_of(lab, cpu);

	return op->what == LAB_RMPOPT && op->rcx <= REPORT && !(op->rax % GIB) && core_armed(core) && region &&
	       region->kind != REGION_HOLE && region_in_window(core, region->number);
}

static bool check_faults(struct lab *lab, const struct lab_trial *trial)
{
	const struct lab_result *result;
	u32 i, j;

	for (i = 0; i < trial->cpus; i++)
		for (j = 0; j < trial->nr; j++) {
			result = &trial->result[i * trial->nr + j];
			if (result->outcome == LAB_FAULT && is_plain(lab, &trial->ops[j], trial->cpu[i]))
				return lab_surprise(lab, "a %s of %s on CPU %u: %s",
						    trial->ops[j].rcx == REPORT ? "report" : "verify",
						    address_name(lab, trial->ops[j].rax), trial->cpu[i],
						    result_word(result));
		}
	return true;
}

/* What restores runs in any case: when a CPU that is late has answered, and whatever we are told. 0 or an errno. */
static int run_ioctl(struct lab *lab, const struct lab_trial *run, struct lab_run *args)
{
	u64 end = now_ns() + RESTORE_NS;
	int error = EINTR;

	if (!run->restores && lab_check_signal(lab))
		return error;
	do {
		error = ioctl(lab->fd, LAB_RUN, args) ? errno : 0;
		if (error == EBUSY && run->restores)
			usleep(RESTORE_STEP_US);
	} while (run->restores && (error == EBUSY || error == EINTR) && now_ns() < end);
	return error;
}

/* False after a surprise, or if we are told to end. */
bool lab_execute(struct lab *lab, struct lab_trial *run)
{
	u32 words = run->cpu[run->cpus - 1] / 64 + 1, i;
	u64 *bitmap = calloc(words, sizeof(*bitmap));
	struct lab_run args = {
		.cpus = (u64)(unsigned long)bitmap, .cpus_bytes = words * sizeof(*bitmap),
		.ops = (u64)(unsigned long)run->ops, .nr_ops = run->nr,
		.limit_ms = LIMIT_MS + run->nr, .flags = run->flags, .page = run->page,
	};
	int error;

	run->result = calloc((size_t)run->cpus * run->nr, sizeof(*run->result));
	if (!bitmap || !run->result)
		exit(failed("not enough memory"));
	args.results = (u64)(unsigned long)run->result;
	for (i = 0; i < run->cpus; i++)
		bitmap[run->cpu[i] / 64] |= BIT_ULL(run->cpu[i] % 64);
	error = run_ioctl(lab, run, &args);
	free(bitmap);
	run->convert_begin = args.convert_begin;
	run->convert_end = args.convert_end;
	if (!error && (run->odd || check_faults(lab, run))) {
		note_firsts(lab, run);
		return true;
	}
	if (error)
		run_failed(lab, run, error, args.limit_ms);
	trial_free(run);
	return false;
}

static bool on_one(struct lab *lab, struct lab_trial *trial, struct lab_result *results)
{
	if (!lab_execute(lab, trial))
		return false;
	memcpy(results, trial->result, trial->nr * sizeof(*results));
	trial_free(trial);
	return true;
}

/* On one CPU; @results has room for all. */
bool lab_one(struct lab *lab, u32 cpu, const struct lab_op *ops, u32 nr, struct lab_result *results)
{
	struct lab_trial trial = { .ops = ops, .nr = nr, .cpu = &cpu, .cpus = 1 };

	return on_one(lab, &trial, results);
}

/* The same where a fault is an answer. */
bool lab_odd_one(struct lab *lab, u32 cpu, const struct lab_op *ops, u32 nr, struct lab_result *results)
{
	struct lab_trial trial = { .ops = ops, .nr = nr, .cpu = &cpu, .cpus = 1, .odd = true };

	return on_one(lab, &trial, results);
}

/* Also after a surprise, and when we are told to end; a fault is an answer. */
bool lab_restore_one(struct lab *lab, u32 cpu, const struct lab_op *ops, u32 nr, struct lab_result *results)
{
	struct lab_trial trial = { .ops = ops, .nr = nr, .cpu = &cpu, .cpus = 1, .odd = true, .restores = true };

	return on_one(lab, &trial, results);
}

struct lab_op op_rmpopt(u32 region, u64 rcx)
{
	return (struct lab_op){ .what = LAB_RMPOPT, .times = 1, .rax = region * GIB, .rcx = rcx };
}

struct lab_op op_rmpread(u64 spa)
{
	return (struct lab_op){ .what = LAB_RMPREAD, .times = 1, .rax = spa };
}

struct lab_op op_msr(u32 msr)
{
	return (struct lab_op){ .what = LAB_READ_MSR, .times = 1, .rcx = msr };
}

struct lab_op op_base(u64 value)
{
	return (struct lab_op){ .what = LAB_WRITE_BASE, .times = 1, .rax = value };
}

/* A verify or report of a region with RAM. */
bool lab_rmpopt(struct lab *lab, u32 cpu, u32 region, u64 rcx, struct lab_result *result)
{
	struct lab_op op = op_rmpopt(region, rcx);

	return lab_one(lab, cpu, &op, 1, result);
}

bool lab_cf(const struct lab_result *result)
{
	return result->outcome == LAB_DONE && result->cf;
}

/* Without those of measuring. */
u64 lab_cycles(const struct lab *lab, const struct lab_result *result)
{
	return result->cycles > lab->overhead ? result->cycles - lab->overhead : 0;
}

#define EMPTY_RUNS	64

bool lab_measure_overhead(struct lab *lab)
{
	struct lab_op op[EMPTY_RUNS] = { };
	struct lab_result result[EMPTY_RUNS];
	struct samples samples = { };
	u32 i;

	for (i = 0; i < EMPTY_RUNS; i++)
		op[i] = (struct lab_op){ .what = LAB_NOTHING, .times = 1 };
	if (!lab_one(lab, lab_test_core(lab)->cpu[0], op, EMPTY_RUNS, result))
		return false;
	for (i = 0; i < EMPTY_RUNS; i++)
		samples_add(&samples, result[i].cycles);
	lab->overhead = samples_at(&samples, 500);
	lab_measured(lab, "nothing", "what measuring itself takes; taken off all other numbers", 1, NULL, 1,
		     &samples);
	return true;
}

/* A page of ours in that region; false if there is none, or after a surprise. */
bool lab_take(struct lab *lab, u32 region, u64 *page)
{
	u64 tries = available_memory() / 8 / PAGE;
	struct lab_take take = { .region = region, .node = -1, .tries = tries < TAKE_TRIES ? tries : TAKE_TRIES };

	if (lab_check_signal(lab))
		return false;
	if (!ioctl(lab->fd, LAB_TAKE, &take)) {
		*page = take.page;
		return true;
	}
	if (errno != ENOENT && errno != ENOMEM && errno != ENOSPC)
		lab_surprise(lab, "the module can't take a page: %s", strerror(errno));
	return false;
}

/* Turns it over to a guest, or back. */
bool lab_convert(struct lab *lab, u64 page, bool private, struct lab_convert *answer)
{
	struct lab_convert args = { .page = page, .private = private };

	if (ioctl(lab->fd, LAB_CONVERT, &args))
		return lab_surprise(lab, "the module can't convert a page: %s", strerror(errno));
	if (args.error)
		return lab_surprise(lab, "the kernel could not %s a page: %s", private ? "turn over" : "take back",
				    strerror(args.error < 0 ? -args.error : args.error));
	if (answer)
		*answer = args;
	return true;
}

/* The region's bit is lost on all cores then, and so is what was remembered of it. */
bool lab_convert_and_back(struct lab *lab, u64 page)
{
	return lab_convert(lab, page, true, NULL) && lab_convert(lab, page, false, NULL);
}

void lab_give_all(struct lab *lab)
{
	if (ioctl(lab->fd, LAB_GIVE_ALL))
		lab_surprise(lab, "the module can't give its pages back: %s", strerror(errno));
}

u64 now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

/* False if we are told to end. */
bool lab_sleep_ms(struct lab *lab, u32 ms)
{
	u64 end = now_ns() + ms * 1000000ull;
	struct timespec until = { end / 1000000000, end % 1000000000 };

	while (!lab_check_signal(lab) && clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
		;
	return !lab->signal;
}
