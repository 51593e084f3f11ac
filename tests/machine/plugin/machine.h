/* SPDX-License-Identifier: GPL-2.0 */
/*
 * DOC: the machine
 *
 * A QEMU plugin that makes TCG answer a dozen instructions as an SEV-SNP host
 * with RMPOPT would. decode.c finds the instructions and runs their handlers;
 * regs.c, trap.c, gadget.c and fault.c are the ways back into the guest; cpuid.c,
 * msr.c, rmp.c and pages.c (page states), update.c (RMPUPDATE, PSMASH),
 * late.c, rmpread.c, table.c (the cores' RMPOPT tables) and rmpopt.c are the hardware;
 * event.c, nth.c, knob.c, region-fault.c, cost.c, count.c and control.c are what tests need. answer.c says
 * what the hardware does where the public facts end, online.c which CPUs are online and which ones
 * sleep. psp.h describes the PSP.
 *
 * Locking: vCPUs run in threads of their own, so everything below struct
 * machine is under machine.lock unless said otherwise. A handler has to drop
 * the lock before it returns, because leaving for the guest is a longjmp.
 */
#ifndef MACHINE_PLUGIN_H
#define MACHINE_PLUGIN_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "answers.h"
#include "api.h"
#include "control.h"

typedef uint64_t u64;
typedef uint32_t u32;
typedef uint16_t u16;
typedef uint8_t u8;

#define PAGE_SHIFT		12
#define REGION_SHIFT		30
#define PAGES_PER_BLOCK		512u
#define BLOCKS_PER_REGION	512u
#define PAGES_PER_REGION	(PAGES_PER_BLOCK * BLOCKS_PER_REGION)
#define MAX_REGIONS		65536u		/* 64 TiB: 52 address bits less 6 for encryption */
#define MAX_VCPUS		1024u
#define MAX_SEGMENTS		512u		/* one page of 8-byte RST entries */
#define MAX_RAM			16u		/* stretches of it */
#define TABLE_REGIONS		2048u		/* 2 TiB window */

#define MSR_SYSCFG		0xc0010010u
#define SYSCFG_MEM_ENCRYPT	(1ull << 23)
#define SYSCFG_SNP_EN		(1ull << 24)
#define SYSCFG_VMPL_EN		(1ull << 25)
#define MSR_RMPOPT_BASE		0xc0010139u
#define RMPOPT_EN		1ull
#define UD_VECTOR		6
#define GP_VECTOR		13
#define RMPOPT_ADDRESS		0x000fffffc0000000ull	/* 1 GiB-aligned, 52 bits */

#define EFLAGS_IF		(1ull << 9)
#define CR0_PE			1ull

/* How an instruction ends; decode.c does it once the handler is back. */
enum outcome {
	PASS,		/* QEMU's own way; #UD for the SNP opcodes */
	NEXT,		/* done, go on behind it */
	AGAIN,		/* execute it again, interrupts may come between */
	HELD,		/* the same, but nothing will change soon */
	CARRY_CLEAR,	/* done, CF = 0 */
	CARRY_SET,	/* done, CF = 1 */
	GP,		/* #GP(0) */
};

/* One execution of an instruction that was taken over. */
struct insn {
	unsigned int cpu;
	u64 pc;
	u64 next;
};

enum reg {
	RAX, RBX, RCX, RDX, RSP, RIP, EFLAGS, CS, SS, CR0, CR3, CR4, REGS
};

/* What the instruction came to for which #UD is raised now; PASS: none. */
struct trap {
	struct insn insn;
	enum outcome outcome;
};

struct vcpu {
	u64 syscfg;
	u64 hwcr;
	u64 hsave_pa;
	bool parked;		/* HLT with interrupts off: offline */
	u64 run;		/* RMPOPTs and cycles of the present stretch */
	u64 run_cycles;
	bool run_verifies;
	u64 clock;		/* own cycles while costs are modelled; owner only */
	int64_t asleep;		/* since when it waits for an interrupt, 0: it does not; atomic */
	u64 bits[TABLE_REGIONS / 64];	/* the table, of the first that shares it */
	u64 stretch_until;	/* the present stretch lasts until so many have ended; see count.c */
	struct trap trap;	/* owner only */
	u64 count[MACHINE_COUNTERS];
	u64 before[MACHINE_COUNTERS];	/* at the mark */
	bool marked;
};

struct core {
	u64 base;		/* MSR RMPOPT_BASE */
	int64_t slept;		/* µs since its last RMPOPT */
	unsigned int faulty;	/* vector that every RMPOPT gets, 0: none */
};

struct segment {
	u64 first;		/* region */
	u64 regions;
	u64 base;		/* of its part of the RMP; not for RAM */
};

struct machine {
	pthread_mutex_t lock;
	/* Set at start, constant then. */
	unsigned int nodes, cores, threads, vcpus;
	bool has_rmpopt, has_rmpread, segmented, costs_allowed, psp, clearable;
	unsigned int segment_shift;
	u64 rmp_base, rmp_end, rmp_cfg;
	struct segment segments[MAX_SEGMENTS];
	unsigned int nr_segments;
	struct segment ram[MAX_RAM];
	unsigned int nr_ram;
	const char *status_file, *marks_file;
	/* State. */
	enum machine_profile profile;
	bool init_done;
	u64 sequence;		/* RMPOPTs so far */
	u64 ever_unsafe;	/* MACHINE_UNSAFE, past every reset */
	u64 patience;		/* ms for which a gate holds, 0: until it is opened */
	u64 crowd;		/* cores taken to verify at once, 0: as seen */
	u64 slow_region;	/* its verifies take slow_cycles, if that is more */
	u64 slow_cycles;
	u64 knob[MACHINE_KNOBS];
	u64 budget;		/* cycles of an interruption that is no overrun yet, 0: none is */
	bool costs;		/* read without the lock */
	struct core *core;
	struct vcpu *vcpu;
};

extern struct machine machine;

static inline bool harsh(void)
{
	return machine.profile == MACHINE_HARSH;
}

static inline void machine_lock(void)
{
	pthread_mutex_lock(&machine.lock);
}

static inline void machine_unlock(void)
{
	pthread_mutex_unlock(&machine.lock);
}

static inline unsigned int core_of(unsigned int cpu)
{
	return cpu / machine.threads;
}

static inline unsigned int nr_cores(void)
{
	return machine.vcpus / machine.threads;
}

static inline u64 pfn_region(u64 pfn)
{
	return pfn >> (REGION_SHIFT - PAGE_SHIFT);
}

/* main.c */
void machine_reset(void);
int64_t now_us(void);
void machine_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void machine_die(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

/* regs.c: the executing vCPU's registers and memory */
void regs_find(void);
u64 reg_read(enum reg reg);
void reg_write(enum reg reg, u64 value);
bool memory_read(u64 vaddr, void *buf, size_t len);
bool memory_write(u64 vaddr, const void *buf, size_t len);
bool physical_read(u64 addr, void *buf, size_t len);
bool physical_write(u64 addr, const void *buf, size_t len);
bool executable(u64 vaddr);

/* decode.c */
void decode_block(struct qemu_plugin_tb *tb, void *unused);

/* trap.c, gadget.c, fault.c: the ways back */
bool trap_begins(u64 block);
void trap_expect(const struct insn *insn, enum outcome outcome);
void trap_entered(unsigned int cpu, void *unused);
enum gadget { GADGET_CLI, GADGET_IRET, GADGETS };
void gadget_text(u64 lstar);
u64 gadget_find(enum gadget kind);
u64 fault_handler(unsigned int vector);
void fault_gp(const struct insn *insn);

/* handlers */
enum outcome cpuid_execute(const struct insn *insn);
enum outcome rdmsr_execute(const struct insn *insn);
enum outcome wrmsr_execute(const struct insn *insn);
enum outcome rmpopt_execute(const struct insn *insn);
enum outcome rmpread_execute(const struct insn *insn);
enum outcome rmpupdate_execute(const struct insn *insn);
enum outcome psmash_execute(const struct insn *insn);
enum outcome control_execute(const struct insn *insn);

/* msr.c */
bool msr_get(unsigned int cpu, u32 msr, u64 *value);
bool msr_plant(unsigned int cpu, u32 msr, u64 value);
void msr_reset(void);
bool snp_enabled(unsigned int cpu);
void snp_enable(void);
void snp_disable(void);
void snp_init(void);

/* rmp.c: what the RMP says about pages */
enum rmp_code { RMP_OK = 0, RMP_INPUT = 1, RMP_PERMISSION = 2, RMP_INUSE = 3, RMP_OVERLAP = 4 };

struct rmp_page {
	u64 gpa;
	u32 asid;
	bool assigned;
	bool immutable;
	bool vmsa;
	bool validated;
};

struct update {
	bool active;
	u64 pfn;
	u64 sequence;		/* of RMPOPTs at the last step */
	unsigned int waits;
	int64_t touched;	/* monotonic µs */
};

struct region {
	u32 assigned;		/* 4 KiB pages */
	bool cached;		/* the result of a paid verify is still around, */
	int64_t cached_at;	/* since then (now_us()) */
	bool failed;		/* that of a verify that found an assigned page is */
	struct update update;
	struct block *blocks[BLOCKS_PER_REGION];
};

bool rmp_covered(u64 region);
struct region *rmp_region(u64 region);
bool rmp_owned(u64 region);
bool rmp_assigned(u64 region);
bool rmp_optimizable(u64 region);
void rmp_forget_results(u64 region);
enum rmp_code rmp_check(u64 pfn, const struct rmp_page *page, bool huge);
void rmp_set(u64 pfn, const struct rmp_page *page, bool huge);
enum rmp_code rmp_smash(u64 pfn);
bool rmp_get(u64 pfn, struct rmp_page *page, bool *huge);
bool rmp_block_assigned(u64 pfn);
unsigned int rmp_first_assigned_block(u64 region);
u64 rmp_lowest_assigned(u64 region);
void rmp_wipe(void);
void rmp_assign_own(void);
bool rmp_parse(const char *spec, u64 segments);
bool rmp_own(u64 spa);
bool ram_parse(const char *spec);
bool ram_at(u64 region);
void rmp_write_rst(void);
struct tally;
void rmp_each(u64 region, void (*visit)(const struct rmp_page *page, struct tally *tally),
	      struct tally *tally);

/* pages.c */
enum machine_page_state page_state(const struct rmp_page *page);
u64 pages_in_state(u64 region, enum machine_page_state state);
u64 pages_of_guest(u64 region, u64 gpa, u64 size, u64 *asid);
void raw_set(u64 pfn, const struct rmp_page *page, bool huge);

/* update.c */
enum outcome update_step(unsigned int cpu, u64 pfn, const struct rmp_page *page, bool huge,
			 enum rmp_code *code);
void update_now(unsigned int cpu, u64 pfn, const struct rmp_page *page, bool huge,
		enum rmp_code *code);
void update_by_firmware(u64 pfn, const struct rmp_page *page);
bool update_running(struct region *region);

/* late.c: losses behind RMPUPDATE */
void late_begin(unsigned int cpu, u64 region);
void late_settle(void);
bool late_pending(u64 region);
void late_end(u64 region);

/* table.c: the cores' tables, or their threads' */
u64 table_first(unsigned int cpu);
bool table_window(unsigned int cpu, u64 region);
bool table_bit(unsigned int cpu, u64 region);
void table_set(unsigned int cpu, u64 region, bool set);
bool table_clear_bit(unsigned int cpu, u64 region);
bool table_clear_next(unsigned int cpu, u64 region);
unsigned int table_holders(u64 region);
void table_broadcast(u64 region);
void table_lose(unsigned int core);
void table_zero_all(void);
void table_forget_siblings(void);
enum outcome table_write_base(unsigned int cpu, u64 value);
void table_truth(u64 *unsafe, u64 *differ, u64 *armed, bool all);

/* online.c */
void cpu_seen(unsigned int cpu);
void cpu_parked(unsigned int cpu);
bool core_offline(unsigned int core);
void cpu_sleeps(unsigned int cpu, void *unused);
void cpu_wakes(unsigned int cpu, void *unused);

/* answer.c; ../answers.h has the questions */
enum machine_answer answer_to(enum machine_question question);
u64 answer_number(enum machine_question question);
int answer_set(u64 question, u64 value, u64 *before);
bool answer_clearable(void);
void answer_set_clearable(bool on);
void answer_profile(enum machine_profile profile);
void answer_reset(void);

/* event.c */
struct forced {
	bool ud, gp, hold, lie;
};
struct forced event_fire(const struct insn *insn);
int event_add(u64 n, u64 what, u64 arg);
void event_open(bool forget, u64 cpu);
void event_pending(u64 *waiting, u64 *held);

/* cost.c */
enum verify_kind { VERIFY_PAID, VERIFY_CACHED, VERIFY_EARLY };
u64 cost_report(void);
void cost_rmpread(unsigned int cpu);
u64 cost_verify(unsigned int cpu, u64 region, enum verify_kind kind, unsigned int blocks);
void cost_spend(unsigned int cpu, u64 cycles);
int cost_switch(bool on);
u64 clock_read(unsigned int cpu);
void clock_show(unsigned int cpu);

/* knob.c */
int knob_turn(u64 which, u64 value, u64 *before);
void knob_reset(void);
bool rmpread_busy(u64 pc);
bool of_module(u64 pc);

/* nth.c */
int nth_set(u64 which, u64 n, u64 vector);
unsigned int nth_fault(enum machine_nth which);
u64 nth_pending(void);
void nth_forget(void);

/* region-fault.c */
int region_fault_set(u64 region, u64 vector, u64 cpu);
unsigned int region_fault(unsigned int core, u64 region);
int region_fault_count(u64 region, u64 *count);
void region_fault_reset(bool counts_only);

/* count.c */
void stretch_init(void);
struct plugin_u64 stretch_entry(void);
bool stretch_verifies(unsigned int cpu);
void stretch_goes_on(unsigned int cpu);
void count(unsigned int cpu, enum machine_counter which);
void count_early(unsigned int cpu, enum machine_counter which);
void count_rmpopt(unsigned int cpu, bool verify, bool irqs_off, u64 cycles);
bool count_get(u64 which, u64 cpu, u64 *value);
void count_reset(void);
void count_mark(unsigned int cpu);
void count_tell(FILE *file);

#endif /* MACHINE_PLUGIN_H */
