/* SPDX-License-Identifier: GPL-2.0 */
/*
 * DOC: the laboratory's interface
 *
 * rmpopt_lab executes single instructions on given CPUs and returns the result
 * of each. Its whole interface is /dev/rmpopt_lab, for root, opened by one
 * process at a time. The experiments themselves are in "rmpoptctl lab".
 *
 * A run is a list of operations and a set of CPUs. Each of these executes the
 * list once, in an interrupt handler, with interrupts disabled; either one CPU
 * after the other, or all of them at once. Nothing waits longer than the run's
 * time limit: a CPU that has not answered by then is reported as late and
 * begins no further operation, and no other run is accepted until it has
 * answered. Nor does a handler, which has interrupts disabled, begin one after
 * LAB_MAX_STOP_MS.
 *
 * Pages that are converted (LAB_CONVERT) were allocated by the module, which
 * takes them back when the file is closed, for whatever reason.
 *
 * Not an ABI: module and tool come from one package, and LAB_INFO has a version
 * in case they do not.
 */
#ifndef RMPOPT_LAB_H
#define RMPOPT_LAB_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define LAB_VERSION		1u

/* Limits of a run. */
#define LAB_MAX_OPS		2048u		/* operations */
#define LAB_MAX_RESULTS		1048576u	/* operations x CPUs */
#define LAB_MAX_LIMIT_MS	60000u
#define LAB_MAX_CPUS_BYTES	8192u		/* 65,536 CPUs */

/* Half of what Linux calls a hard lockup. */
#define LAB_MAX_STOP_MS		5000u

/* Some 2 s if each takes as long as the slowest published, 1.1M cycles. */
#define LAB_MAX_TIMES		4096u

/* Pages that may be held at the same time. */
#define LAB_MAX_PAGES		4096u

/**
 * enum lab_what - what one operation is
 * @LAB_RMPOPT: RMPOPT with the given RAX and RCX
 * @LAB_RMPREAD: RMPREAD with the given RAX; RCX points to the result
 * @LAB_READ_MSR: the MSR whose number is in @rcx; only those that LAB_INFO's
 *	comment lists
 * @LAB_WRITE_BASE: WRMSR RMPOPT_BASE, the value in @rax
 * @LAB_CPUID: CPUID, leaf in @rax, subleaf in @rcx
 * @LAB_NOTHING: nothing, to measure the cost of measuring
 */
enum lab_what {
	LAB_RMPOPT,
	LAB_RMPREAD,
	LAB_READ_MSR,
	LAB_WRITE_BASE,
	LAB_CPUID,
	LAB_NOTHING,
	LAB_WHATS
};

/**
 * struct lab_op - one operation
 * @what: enum lab_what
 * @times: how often at most, 1 ... LAB_MAX_TIMES. More than once only for
 *	LAB_RMPOPT, which is repeated as long as CF = 1 and nothing faults
 * @rax: register RAX
 * @rcx: register RCX
 */
struct lab_op {
	__u32 what;
	__u32 times;
	__u64 rax;
	__u64 rcx;
};

/* enum lab_outcome - the result of an operation */
enum lab_outcome {
	LAB_NOT_RUN,	/* not reached within the time limit, or LAB_MAX_STOP_MS */
	LAB_DONE,
	LAB_FAULT,	/* the instruction faulted; @vector */
};

/**
 * struct lab_result - the result of one operation on one CPU
 * @outcome: enum lab_outcome
 * @vector: the exception's vector if it faulted (6 #UD, 13 #GP, 14 #PF). The
 *	kernel's exception table keeps no error code.
 * @cf: CF after LAB_RMPOPT, of the last time
 * @times: how often it was executed
 * @begin: TSC before it (before the first time)
 * @cycles: TSC cycles that it took, all times together
 * @rax: RAX after it; EAX of LAB_CPUID, EDX << 32 | EAX of LAB_READ_MSR
 * @value: the 16 bytes of LAB_RMPREAD; EBX | ECX << 32 and EDX of LAB_CPUID
 */
struct lab_result {
	__u8 outcome;
	__u8 vector;
	__u8 cf;
	__u8 pad;
	__u32 times;
	__u64 begin;
	__u64 cycles;
	__u64 rax;
	__u64 value[2];
};

/* lab_run.flags */
#define LAB_TOGETHER	0x1u	/* all CPUs at once: each waits for all of them, 1 ms at most */
#define LAB_CONVERT_IT	0x2u	/* with LAB_TOGETHER: meanwhile assign @page */

/**
 * struct lab_run - a list of operations for a set of CPUs
 * @cpus: user address of a bitmap of CPUs
 * @ops: user address of struct lab_op[@nr_ops]
 * @results: user address of struct lab_result[CPUs in the bitmap][@nr_ops], the
 *	CPUs in ascending order
 * @cpus_bytes: size of the bitmap, a multiple of 8, at most LAB_MAX_CPUS_BYTES
 * @nr_ops: number of operations
 * @limit_ms: the time limit, 1 ... LAB_MAX_LIMIT_MS
 * @flags: LAB_TOGETHER, LAB_CONVERT_IT
 * @page: the page's system physical address (LAB_CONVERT_IT), held by LAB_TAKE
 *	and converted and given back at least once before, so that the kernel's
 *	direct map is split already
 * @convert_begin: out: TSC before the conversion
 * @convert_end: out: TSC after it, when RMPUPDATE has returned
 * @late: out: CPUs that have not answered in time, or not executed all
 *
 * The sum of all @times of the operations is at most LAB_MAX_TIMES.
 * With LAB_CONVERT_IT the caller must run on a CPU that is not in the bitmap.
 *
 * Results: 0; -ETIMEDOUT if @late is not 0 (what has answered is stored);
 * -EINVAL the run is malformed; -ENXIO a CPU is not online; -EBUSY a CPU has
 * not answered an earlier run yet; -EPERM not only reports and reads, and the
 * module was loaded with beside=1; -EINTR interrupted before it began, or
 * killed; -ENODEV SnpEn is clear (LAB_CONVERT_IT); or the errno of the kernel's
 * function for a conversion.
 */
struct lab_run {
	__u64 cpus;
	__u64 ops;
	__u64 results;
	__u32 cpus_bytes;
	__u32 nr_ops;
	__u32 limit_ms;
	__u32 flags;
	__u64 page;
	__u64 convert_begin;
	__u64 convert_end;
	__u32 late;
	__u32 pad;
};

/* lab_info.flags */
#define LAB_HAS_RMPOPT		0x1u
#define LAB_HAS_RMPREAD		0x2u
#define LAB_SNP_READY		0x4u	/* SnpEn set, SNP_INIT done, as seen from one CPU */
#define LAB_BESIDE		0x8u	/* reports and reads only */
#define LAB_IN_KERNEL		0x10u	/* the kernel drives RMPOPT itself */

/**
 * struct lab_segment - a segment of the RMP, as the RST lists it
 * @first: number of the first region that it covers
 * @regions: how many
 * @rmp: system physical address of its part of the RMP
 * @node: of that memory, -1 if it is not known
 */
struct lab_segment {
	__u32 first;
	__u32 regions;
	__u64 rmp;
	__s32 node;
	__u32 pad;
};

/**
 * struct lab_info - what the module knows of the host
 * @version: LAB_VERSION of the module
 * @flags: see above
 * @tsc_khz: cycles of the TSC per ms; 0 if the kernel does not know
 * @nr_segments: segments in use; those that fit are in @segments
 * @max_segments: in: room in @segments
 * @segments: user address of struct lab_segment[]
 *
 * MSRs that LAB_READ_MSR reads: SYSCFG C001_0010, RMP_BASE C001_0132, RMP_END
 * C001_0133, RMP_CFG C001_0136, RMPOPT_BASE C001_0139, the microcode's revision
 * 0000_008B.
 */
struct lab_info {
	__u32 version;
	__u32 flags;
	__u32 tsc_khz;
	__u32 nr_segments;
	__u32 max_segments;
	__u32 pad;
	__u64 segments;
};

/**
 * struct lab_take - a page for conversions
 * @region: in: the region that it must lie in
 * @node: in: the node to take it from, -1: any
 * @tries: in: how many 4 KiB pages may be allocated (and given back) to find it
 * @pad: 0
 * @page: out: its system physical address
 *
 * Results: 0; -ENOENT no page of that region was found; -ENOMEM; -ENOSPC
 * LAB_MAX_PAGES are held.
 */
struct lab_take {
	__u32 region;
	__s32 node;
	__u32 tries;
	__u32 pad;
	__u64 page;
};

/**
 * struct lab_convert - assign a page as a guest's, or take it back
 * @page: its system physical address, from LAB_TAKE
 * @private: 1: assign it (to an ASID that no guest has), 0: take it back
 * @error: out: result of the kernel's function, 0 or an errno
 * @begin: out: TSC before it
 * @end: out: TSC after it
 *
 * Results: 0, with @error; -ENOENT the page is not held; -EALREADY it is so
 * already; -ENODEV SNP is not initialised, or has no ASID: nothing was done. A
 * page that can't be taken back for that reason is given back all the same
 * when the file is closed: without SnpEn no RMP check is made.
 */
struct lab_convert {
	__u64 page;
	__u32 private;
	__s32 error;
	__u64 begin;
	__u64 end;
};

#define LAB_INFO	_IOWR('R', 0x40, struct lab_info)
#define LAB_RUN		_IOWR('R', 0x41, struct lab_run)
#define LAB_TAKE	_IOWR('R', 0x42, struct lab_take)
#define LAB_CONVERT	_IOWR('R', 0x43, struct lab_convert)
/* Gives back all pages that were taken. */
#define LAB_GIVE_ALL	_IO('R', 0x44)

#endif /* RMPOPT_LAB_H */
