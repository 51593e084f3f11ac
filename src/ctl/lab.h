/* SPDX-License-Identifier: GPL-2.0 */
/*
 * DOC: rmpoptctl lab
 *
 * Experiments on a host with RMPOPT, by the module rmpopt_lab, which executes
 * single instructions where it is told to (src/lab/rmpopt_lab.h). Steps go from
 * harmless to less harmless; the first surprise ends the run, with a report of
 * all before.
 *
 * lab.c		command line, order of things, exit codes
 * lab_talk.c		what is said and asked
 * lab_steps.c		the table of steps
 * lab_questions.c	the table of questions, their answers and readings
 * lab_device.c		runs
 * lab_host.c, lab_facts.c	CPUs, cores, regions; facts for the report
 * lab_guard.c, lab_modules.c	the caretaker, which restores the host in the end
 * lab_*.c		experiments by theme
 * lab_json.c, lab_markdown.c, lab_plot.c	the report
 * lab_compare.c	two reports
 */
#ifndef RMPOPTCTL_LAB_H
#define RMPOPTCTL_LAB_H

#include "../lab/rmpopt_lab.h"
#include "ctl.h"
#include "json.h"
#include "nodes.h"

#define GIB		BIT_ULL(30)
#define PAGE		4096ull
#define BLOCK		(2ull << 20)
/* Blocks of 2 MiB in a region. */
#define BLOCKS		512u

/* RCX of RMPOPT. */
#define VERIFY		0ull
#define REPORT		1ull

/* Verifies that a CPU executes in one go, where nothing else is measured by it. */
#define CHUNK		8u

#define ROUNDS		3

/* Reports while a page is turned over, and how often that is tried at most. */
#define LOSS_REPORTS	2048u
#define LOSS_MOST	60u

/**
 * struct lab_core - siblings that share a table
 * @cpu: its online CPUs, ascending
 * @cpus: how many
 * @node: of the core, NODE_NONE if it is not known
 * @msr: RMPOPT_BASE as it was last read, whatever is in it
 * @base: of that the window and RMPOPT_EN, which is all that is written
 * @place: and what step arm writes there, if RMPOPT_EN is clear
 */
struct lab_core {
	u32 *cpu;
	u32 cpus;
	int node;
	u64 msr;
	u64 base;
	u64 place;
};

enum lab_kind {
	/* Has RAM that is not the RMP's. */
	REGION_RAM,
	/* Holds a part of the RMP. */
	REGION_RMP,
	/* Covered, and no RAM. */
	REGION_HOLE,
};

/**
 * struct lab_region - a region that the RMP covers
 * @number: of the region
 * @kind: what lies there
 * @ram: the kernel has memory there, which may be beside a part of the RMP
 * @rmp_node: node of the RMP segment that describes it
 * @name: what the report calls it, 0: nothing yet
 * @held: block of 2 MiB in which the first assigned page lies; BLOCKS: there is none
 * @readable: RMPREAD answered for all of it; of a hole before: nothing at all lies there
 * @first: cycles of the first verify of this run; 0: there was none, or an odd one
 * @first_cf: and what it said
 * @tried: there was a first one
 * @begin: its TSC
 */
struct lab_region {
	u32 number;
	enum lab_kind kind;
	bool ram;
	int rmp_node;
	u32 name;
	u32 held;
	bool readable;
	bool tried;
	bool first_cf;
	u64 first;
	u64 begin;
};

/**
 * struct samples - what was measured, again and again
 */
struct samples {
	u64 *value;
	size_t count;
	size_t room;
};

/**
 * struct lab - the run
 * @fd: the module's device, -1 if it is not open
 * @kvm: /dev/kvm, -1 if it is not open
 * @beside: the kernel drives RMPOPT itself: only what reads
 * @info: what the module says of the host
 * @segment: the RMP's segments, @info.nr_segments of them
 * @core: cores, by their first CPU
 * @cores: how many
 * @cpus: CPUs online
 * @region: covered regions, ascending
 * @regions: how many
 * @names: how many of them have one in the report
 * @play: room for as many
 * @rmp_base: MSR RMP_BASE
 * @surveyed: owners of pages have been read
 * @virgin: nobody can have verified anything since SNP_INIT: no core was armed
 * @convert: pages may be converted
 * @overhead: cycles that measuring itself takes
 * @paid: median cycles of a verify that read the whole RMP, 0 if not known
 * @paid_basis: how that is known
 * @document: the report
 * @step: the step that runs
 * @surprise: what ended the run; NULL if nothing did
 * @skipped: why the step that runs can't, which is no surprise; NULL
 * @signal: that told us to end, 0 if none
 */
struct lab {
	int fd;
	int kvm;
	bool beside;
	struct lab_info info;
	struct lab_segment *segment;
	struct lab_core *core;
	u32 cores;
	u32 cpus;
	struct lab_region *region;
	u32 regions;
	u32 names;
	struct lab_region **play;
	u64 rmp_base;
	bool surveyed;
	bool virgin;
	bool convert;
	u64 overhead;
	u64 paid;
	const char *paid_basis;
	struct json_object *document;
	const struct lab_step *step;
	const char *surprise;
	const char *skipped;
	int signal;
};

/**
 * struct lab_trial - a run, and what came of it
 * @ops: the operations
 * @nr: how many
 * @cpu: CPUs, ascending
 * @cpus: how many
 * @flags: LAB_TOGETHER, LAB_CONVERT_IT
 * @odd: whatever comes of it is an answer; else a fault of RMPOPT is a surprise
 * @restores: it restores something, so it is run whatever has happened
 * @page: to convert
 * @result: @nr for each CPU; free it by trial_free()
 * @convert_begin: TSC in front of the conversion
 * @convert_end: and after it
 */
struct lab_trial {
	const struct lab_op *ops;
	u32 nr;
	const u32 *cpu;
	u32 cpus;
	u32 flags;
	bool odd;
	bool restores;
	u64 page;
	struct lab_result *result;
	u64 convert_begin;
	u64 convert_end;
};

/**
 * struct lab_step - a step
 * @name: in --steps
 * @what: what it does
 * @worst: the worst that could happen
 * @scale: how its cost is told
 * @rounds: of @scale
 * @most: instructions that a CPU executes in one go, interrupts disabled
 * @cycles: of the slowest of them
 * @reads: it only reads, so it may run beside a kernel that drives RMPOPT
 * @converts: only with --convert
 * @together: CPUs wait for each other, to begin at the same time
 * @run: false if it found a surprise
 */
struct lab_step {
	const char *name;
	const char *what;
	const char *worst;
	enum {
		PER_CPU,
		PER_CORE,
		/* Instructions on one core. */
		ONE_CORE,
		/* For each region on one core; on all of them. */
		REGIONS_ONE_CORE,
		REGIONS_ALL_CORES,
		/* For each block of 2 MiB. */
		BLOCKS_ONE_CORE,
	} scale;
	u32 rounds;
	u32 most;
	u32 cycles;
	bool reads;
	bool converts;
	bool together;
	bool (*run)(struct lab *lab);
};

/* lab_steps.c */
extern const struct lab_step lab_steps[];
const struct lab_step *step_find(const char *name, size_t length);
const char *step_cost(const struct lab *lab, const struct lab_step *step);
const char *step_stop(const struct lab *lab, const struct lab_step *step);

/* lab_talk.c */
__printf(1, 2) void lab_say(const char *fmt, ...);
enum lab_reply {
	REPLY_YES,
	REPLY_NO,
	REPLY_QUIT,
};

enum lab_reply lab_ask(struct lab *lab, const struct lab_step *step);
enum lab_reply lab_begin(void);
void lab_describe(const struct lab *lab, const struct lab_step *step);

/* lab_questions.c */
void questions_start(struct lab *lab);
void questions_end(struct lab *lab);
void lab_answer(struct lab *lab, const char *id, const char *answer);
__printf(3, 4) void lab_unknown(struct lab *lab, const char *id, const char *fmt, ...);
bool lab_answered(const struct lab *lab, const char *id, const char *answer);
struct json_object *lab_reading(struct lab *lab, const char *id, u32 cpu, const struct lab_op *op,
				const struct lab_result *result);
void lab_readings(struct lab *lab, const char *id, u32 cpu, const struct lab_op *ops, u32 nr,
		  const struct lab_result *results);
struct json_object *lab_note(struct lab *lab, const char *id);
const char *address_name(struct lab *lab, u64 address);
const char *result_word(const struct lab_result *result);

/* lab_json.c */
void put_text(struct json_object *object, const char *name, const char *value);
void put_number(struct json_object *object, const char *name, u64 value);
void put_bool(struct json_object *object, const char *name, bool value);
struct json_object *put_object(struct json_object *object, const char *name);
struct json_object *put_array(struct json_object *object, const char *name);
struct json_object *array_new_object(struct json_object *array);
struct json_object *json_at(struct json_object *object, const char *name);
const char *json_text(struct json_object *object, const char *name);
u64 json_number(struct json_object *object, const char *name);
size_t json_length(struct json_object *array);
struct json_object *document_new(void);
struct json_object *document_read(const char *path);

/* lab_host.c */
bool lab_find_cpus(struct lab *lab);
bool lab_find_regions(struct lab *lab);
u64 base_of(u64 msr);
bool lab_read_bases(struct lab *lab);
bool lab_survey(struct lab *lab);
struct lab_region *region_find(struct lab *lab, u32 number);
bool region_usable(const struct lab *lab, const struct lab_core *core, const struct lab_region *region);
bool region_free(const struct lab *lab, const struct lab_core *core, const struct lab_region *region);
struct lab_region *first_free(struct lab *lab, const struct lab_core *core);
const struct lab_region *find_hole(const struct lab *lab, const struct lab_core *core);
struct lab_core *lab_test_core(struct lab *lab);
struct lab_core *lab_other_core(struct lab *lab);
u32 *lab_primaries(const struct lab *lab);
u32 more_cores(const struct lab *lab, u32 cores);
struct lab_core *core_of(struct lab *lab, u32 cpu);
bool core_armed(const struct lab_core *core);
bool lab_needs_armed(struct lab *lab);
bool region_in_window(const struct lab_core *core, u32 number);
u32 regions_in_play(struct lab *lab, const struct lab_core *core);

/* lab_facts.c */
void facts_add(struct lab *lab);
void facts_regions(struct lab *lab);

/* lab_device.c */
int lab_open(struct lab *lab);
bool lab_snp_begin(struct lab *lab);
void lab_snp_end(struct lab *lab);
__printf(2, 3) bool lab_surprise(struct lab *lab, const char *fmt, ...);
bool lab_execute(struct lab *lab, struct lab_trial *run);
void trial_free(struct lab_trial *run);
bool lab_odd_one(struct lab *lab, u32 cpu, const struct lab_op *ops, u32 nr, struct lab_result *results);
bool lab_one(struct lab *lab, u32 cpu, const struct lab_op *ops, u32 nr, struct lab_result *results);
bool lab_restore_one(struct lab *lab, u32 cpu, const struct lab_op *ops, u32 nr, struct lab_result *results);
struct lab_op op_rmpopt(u32 region, u64 rcx);
struct lab_op op_rmpread(u64 spa);
struct lab_op op_msr(u32 msr);
struct lab_op op_base(u64 value);
bool lab_rmpopt(struct lab *lab, u32 cpu, u32 region, u64 rcx, struct lab_result *result);
bool lab_cf(const struct lab_result *result);
u64 lab_cycles(const struct lab *lab, const struct lab_result *result);
bool lab_measure_overhead(struct lab *lab);
bool lab_take(struct lab *lab, u32 region, u64 *page);
bool lab_convert(struct lab *lab, u64 page, bool private, struct lab_convert *answer);
bool lab_convert_and_back(struct lab *lab, u64 page);
void lab_give_all(struct lab *lab);
u32 next_chunk(u32 at, u32 nr);
bool lab_check_signal(struct lab *lab);
bool lab_sleep_ms(struct lab *lab, u32 ms);
u64 now_ns(void);

/* lab_stats.c */
void samples_add(struct samples *samples, u64 value);
void samples_free(struct samples *samples);
u64 samples_at(struct samples *samples, u32 permille);
void lab_measured(struct lab *lab, const char *id, const char *basis, u32 cores, const char *distance,
		  u32 round, struct samples *samples);

/* lab_refuse.c */
const char *lab_refusal(void);
const char *lab_refusal_by_module(struct lab *lab);
bool lab_is_in_kernel(void);

/* lab_report.c */
const char *report_refused(const char *to);
bool report_write(struct lab *lab, const char *to);

/* lab_guard.c */
struct guard;
struct guard *guard_start(struct lab *lab, const char **error);
int guard_end(struct guard *guard);
const char *guard_insert_lab(struct guard *guard, bool beside);
const char *guard_ours_begin(struct guard *guard);

/* lab_window.c */
bool lab_place_window(const struct lab *lab, int node, u64 *base);
/* lab_base.c */
bool step_arm(struct lab *lab);
bool step_base(struct lab *lab);
bool restore_base(struct lab *lab, const struct lab_core *core);
/* lab_operands.c */
bool step_operands(struct lab *lab);
bool step_rmpread(struct lab *lab);
bool ask_functions(struct lab *lab);
bool find_clear(struct lab *lab, struct lab_core **core, struct lab_region **region);
/* lab_core.c */
bool step_host(struct lab *lab);
bool step_report(struct lab *lab);
bool step_verify(struct lab *lab);
bool step_core(struct lab *lab);
bool step_each(struct lab *lab);
bool step_together(struct lab *lab);
bool lab_judge(struct lab *lab, const struct lab_core *core, struct lab_region *region,
	       const struct lab_result *verify, const struct lab_result *report);
const char *region_distance(const struct lab_core *core, const struct lab_region *region);
/* lab_cache.c */
bool step_sibling(struct lab *lab);
bool step_cache(struct lab *lab);
bool ask_cache(struct lab *lab, const u32 *numbers, const u64 *page, u32 nr);
void judge_failures(struct lab *lab, const u64 *cost);
bool paid_is_known(struct lab *lab, const char *why);
bool is_cheap(u64 cycles, u64 paid);
bool is_late_failure(const struct lab *lab, u64 cycles);
void note_failure(struct lab *lab, const char *id, u32 block, u64 first, u64 second);
/* lab_sleep.c */
bool step_idle(struct lab *lab);
bool step_offline(struct lab *lab);
/* lab_affinity.c */
bool lab_bind_to(u32 cpu);
void lab_keep_away(const struct lab *lab, const struct lab_core *core);
void lab_move_back(void);

/* lab_passes.c */
bool step_passes(struct lab *lab);
const char *passes_ours(struct lab *lab);
/* lab_convert.c */
bool step_convert(struct lab *lab);
/* lab_loss.c */
bool ask_loss(struct lab *lab, const u32 *regions, const u64 *pages, u32 nr);
/* lab_write.c */
bool measure_writes(struct lab *lab);
u64 available_memory(void);
void regions_at_hand(struct list *regions);

/* lab_markdown.c, lab_plot.c, lab_compare.c */
const char *markdown(struct json_object *document, bool plots);

/**
 * struct plot_file - a plot
 * @name: of its files
 * @title: above it
 * @text: a script of gnuplot, with its data, that prints an SVG
 */
struct plot_file {
	const char *name;
	const char *title;
	const char *text;
};

struct plot_file *plots_make(struct json_object *document, size_t *count);
int lab_compare(const char *a, const char *b);

#endif /* RMPOPTCTL_LAB_H */
